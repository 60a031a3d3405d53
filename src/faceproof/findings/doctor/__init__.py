"""Audit of face verification results that were made elsewhere: checks of scores, decisions, pair lists and claims."""
