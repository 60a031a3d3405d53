"""Sentences and formatted numbers from a summary."""
