"""Drives photos through decode, detection and recognition: batches, cache, resume."""
