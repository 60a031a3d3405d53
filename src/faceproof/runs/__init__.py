"""Run folders on disk: the manifest and the tables of a run."""
