"""Tables of runs on the console."""
