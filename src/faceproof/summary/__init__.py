"""Numbers of an evaluation, a stress run or a comparison, from the tables of runs."""
