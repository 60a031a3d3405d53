"""Analysis of errors: failed comparisons and photos, changed decisions, and differences between runs."""
