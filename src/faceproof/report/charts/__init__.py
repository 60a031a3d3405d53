"""Charts of runs, on the page and as files."""
