"""Engine: makes the templates of a plan, in batches, with a cache; a run that was stopped goes on."""
