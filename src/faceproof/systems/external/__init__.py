"""Templates and scores that another system made, read from files."""
