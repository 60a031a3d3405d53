"""The model check: whether a model separates people, and whether its preprocessing is right."""
