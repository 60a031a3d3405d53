"""How good the decisions are: pure functions on arrays, NumPy in float64."""
