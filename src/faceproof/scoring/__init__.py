"""Similarity of templates, and the scales of other systems' scores."""
