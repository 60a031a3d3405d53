"""Sentences and formatted numbers, made from a summary."""
