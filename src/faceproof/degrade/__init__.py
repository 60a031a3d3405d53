"""Conditions: pure functions that degrade a photo, their severities, and suites of them."""
