"""Error rates, curves, thresholds and intervals: pure functions on NumPy arrays, computed in float64."""
