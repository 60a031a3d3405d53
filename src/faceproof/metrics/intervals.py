"""95% intervals: one function for each kind of number.

All intervals except the bootstrap intervals treat comparisons as independent. Comparisons that share people are not
independent, so the true uncertainty is somewhat larger (Fogliato, Patil and Perona, arXiv 2306.01198).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError

_Z = NormalDist().inv_cdf(0.975)


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a proportion, without continuity correction.

    Args:
        successes: number of successes, 0 to n.
        n: number of trials.
        level: nominal coverage, above 0 and below 1.

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
    # At 0 and n successes the formula gives 0 and 1 up to rounding; return them exactly.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def eer_interval(eer: float, mated: int, non_mated: int) -> tuple[float, float]:
    """95% interval of an equal error rate: the Wilson interval of that rate in the smaller kind of comparison.

    Args:
        eer: the observed rate, 0 to 1.
        mated: number of mated comparisons, 1 or more.
        non_mated: number of non-mated comparisons, 1 or more.
    """
    smaller = min(mated, non_mated)
    return wilson(round(eer * smaller), smaller)


def mean_accuracy_interval(accuracy: float, n: int) -> tuple[float, float]:
    """95% interval of a mean accuracy over folds: the Wilson interval of ``accuracy * n`` right decisions of n.

    Args:
        accuracy: the mean, 0 to 1.
        n: number of comparisons in all folds, 1 or more.
    """
    return wilson(round(accuracy * n), n)


def f1_interval(tp: int, fp: int, fn: int) -> tuple[float, float]:
    """95% interval of F1 = 2 TP / (2 TP + FP + FN).

    F1 = 2 J / (1 + J), where J = TP / (TP + FP + FN) is the share of true positives in all comparisons that are
    mated or accepted. J is a proportion, and F1 rises with J. So the Wilson interval of J gives the interval of F1.

    Returns:
        Lower and upper end, 0 to 1; both NaN where no comparison is mated or accepted.
    """
    low, high = wilson(tp, tp + fp + fn)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def auc_interval(auc: float, mated: int, non_mated: int) -> tuple[float, float]:
    """95% interval of the area under the ROC. It has a width above 0 also where the area is 0 or 1.

    Each end is the area that lies 1.96 of its own standard errors from the observed area. The standard error is by
    Hanley and McNeil's formula, with N = (mated + non_mated) / 2 - 1 in both terms.

    Args:
        auc: the observed area, 0 to 1.
        mated: number of mated comparisons, 1 or more.
        non_mated: number of non-mated comparisons, 1 or more.

    Source: R. G. Newcombe, Statistics in Medicine 25 (2006) 559-573, method 5.

    >>> [round(end, 3) for end in auc_interval(1.0, 20, 20)]
    [0.899, 1.0]
    """
    spare = (mated + non_mated) / 2 - 1

    def too_far(area: float) -> bool:
        terms = 1 + spare * (1 - area) / (2 - area) + spare * area / (1 + area)
        return abs(area - auc) > _Z * math.sqrt(area * (1 - area) * terms / (mated * non_mated))

    return _edge(too_far, 0.0, auc), _edge(too_far, 1.0, auc)


def d_prime_interval(d_prime: float, variances: tuple[float, float], sizes: tuple[int, int]) -> tuple[float, float]:
    """95% interval of d' for normally distributed similarities; the two kinds may differ in number and variance.

    With s^2 = (u + v) / 2 for the variances u and v of m and n similarities, the variance of d' is about
    (u / m + v / n) / s^2 + d'^2 (u^2 / (m - 1) + v^2 / (n - 1)) / (8 s^4): the delta method.

    Args:
        d_prime: the observed value.
        variances: sample variances of mated and of non-mated similarities, not both 0.
        sizes: number of mated and of non-mated similarities, each 2 or more.
    """
    (u, v), (m, n) = variances, sizes
    square = (u + v) / 2
    of_means = (u / m + v / n) / square
    of_spread = d_prime**2 * (u**2 / (m - 1) + v**2 / (n - 1)) / (8 * square**2)
    half = _Z * math.sqrt(of_means + of_spread)
    return d_prime - half, d_prime + half


def bootstrap_interval(draws: NDArray[np.float64]) -> tuple[float, float] | None:
    """95% interval from bootstrap draws of a number: their 2.5% and 97.5% percentiles.

    Args:
        draws: float64 (draws,), NaN where the number is undefined in a draw; such draws are left out.

    Returns:
        Lower and upper end; None where the number is undefined in all draws.

    >>> bootstrap_interval(np.array([0.0, 1.0, np.nan]))
    (0.025, 0.975)
    """
    finite = draws[np.isfinite(draws)]
    if not finite.size:
        return None
    low, high = np.percentile(finite, [2.5, 97.5]).tolist()
    return low, high


def difference_interval(draws: NDArray[np.float64], n: int) -> tuple[float, float] | None:
    """95% interval of a difference of two rates, from paired bootstrap draws of the difference.

    Args:
        draws: float64 (draws,), NaN where the difference is undefined in a draw.
        n: number of comparisons in the denominator of the rates.

    Returns:
        As `bootstrap_interval`. Where all draws are equal, the interval reaches 3/n to either side (`rule_of_three`).

    >>> difference_interval(np.zeros(200), 300)
    (-0.01, 0.01)
    """
    interval = bootstrap_interval(draws)
    if interval is None:
        return None
    low, high = interval
    finite = draws[np.isfinite(draws)]
    if finite.min() == finite.max() and n:
        return low - rule_of_three(n), high + rule_of_three(n)
    return low, high


def rule_of_three(n: int) -> float:
    """Upper 95% bound of the rate of an event that did not occur in n trials: 3/n, at most 1; NaN where n is 0.

    >>> rule_of_three(3000)
    0.001
    """
    _check_counts(0, n)
    return min(1.0, 3 / n) if n else math.nan


def smallest_resolvable_rate(n: int) -> float:
    """The smallest rate above zero that can be observed in n trials, 1/n; NaN where n is 0.

    >>> smallest_resolvable_rate(10_000)
    0.0001
    """
    _check_counts(0, n)
    return 1 / n if n else math.nan


def _check_counts(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise ConfigurationError(f"{successes} of {n} is no proportion; expected 0 <= successes <= n")


def _edge(too_far: Callable[[float], bool], outside: float, inside: float) -> float:
    """The border between values that are too far from ``inside`` and values that are not."""
    for _ in range(60):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if too_far(middle) else (outside, middle)
    return outside if outside in (0.0, 1.0) else inside
