"""How sure one may be of a rate that was counted.

All of this takes comparisons as independent draws. Comparisons that share people are not, so the true uncertainty is
somewhat larger than these intervals say (Fogliato, Patil and Perona, arXiv 2306.01198).
"""

from __future__ import annotations

import math
from statistics import NormalDist

from faceproof.errors import ConfigurationError


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a proportion, without continuity correction.

    Args:
        successes: how many of n, 0 to n.
        n: number of trials.
        level: coverage aimed at, above 0 and below 1.

    Returns:
        Lower and upper end, within 0 to 1; both NaN where n is 0.

    Raises:
        ConfigurationError: an argument is out of range.

    Source: E. B. Wilson, JASA 22 (1927) 209-212: the ends are the p with (successes/n - p)^2 = z^2 p (1 - p) / n.

    >>> [round(end, 4) for end in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    if not 0 < level < 1:
        raise ConfigurationError(f"the level of an interval lies above 0 and below 1, not {level}")
    _check_counts(successes, n)
    if n == 0:
        return math.nan, math.nan
    z = -NormalDist().inv_cdf((1 - level) / 2)
    share = successes / n
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the edges the formula gives 0 and 1 up to rounding; say them exactly.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def rule_of_three(n: int) -> float:
    """Upper 95% bound of a rate of which no case was seen in n trials: 3/n, at most 1; NaN where n is 0.

    >>> rule_of_three(3000)
    0.001
    """
    _check_counts(0, n)
    return min(1.0, 3 / n) if n else math.nan


def smallest_resolvable_rate(n: int) -> float:
    """The smallest rate above zero that n trials can show, 1/n; NaN where n is 0.

    >>> smallest_resolvable_rate(10_000)
    0.0001
    """
    _check_counts(0, n)
    return 1 / n if n else math.nan


def _check_counts(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise ConfigurationError(f"{successes} of {n} is no proportion; expected 0 <= successes <= n")
