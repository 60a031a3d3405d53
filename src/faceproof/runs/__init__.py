"""Run folders: the manifest and the tables of a run on disk."""
