"""Charts of runs, for the page and as files."""
