"""Wilson's score interval, which the intervals of rates are where no person recurs."""

from __future__ import annotations

from scipy.stats import binomtest


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Lower and upper end of the 95% interval of a proportion."""
    found = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)
