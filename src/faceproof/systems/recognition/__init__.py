"""Recognisers: networks that turn a prepared face into a template."""
