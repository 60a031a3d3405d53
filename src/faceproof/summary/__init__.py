"""Typed summaries of an evaluation, a stress run or a comparison of runs, computed from the tables of runs."""
