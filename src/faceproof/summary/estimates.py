"""A number with its uncertainty and its story, as the dict that the page and ``metrics.json`` carry.

An estimate has ``value``, ``low``, ``high``, ``n``, ``how``, ``reason`` and ``optimistic``. One that cannot
be told has no value and a reason; it is never 0. ``optimistic`` marks what was measured on the comparisons
that set the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

from faceproof.metrics.intervals import wilson

Estimate = dict[str, Any]

INDEPENDENT = "Comparisons are taken as independent; they share people, so the interval is somewhat too narrow."
_Z = NormalDist().inv_cdf(0.975)


def told(
    value: float,
    interval: tuple[float, float] | None,
    n: int,
    how: str,
    *,
    optimistic: bool = False,
) -> Estimate:
    """An estimate that has a value.

    Args:
        value: the number.
        interval: lower and upper end of the 95% interval; None where none is given.
        n: number of trials behind it.
        how: one plain sentence on how it was computed.
        optimistic: measured on the comparisons that set the threshold.

    Returns:
        The dict; not-a-number in the interval becomes None.
    """
    low, high = (finite_or_none(end) for end in interval or (None, None))
    return {
        "value": float(value),
        "low": low,
        "high": high,
        "n": int(n),
        "how": how,
        "reason": None,
        "optimistic": optimistic,
    }


def untold(reason: str, how: str, n: int | None = 0) -> Estimate:
    """An estimate without a value, and why."""
    blank = {"value": None, "low": None, "high": None, "n": n}
    return blank | {"how": how, "reason": reason, "optimistic": False}


def rate(part: int, whole: int, how: str, reason: str, *, optimistic: bool = False) -> Estimate:
    """A counted share with Wilson's 95% interval.

    Args:
        part: how many.
        whole: of how many.
        how: what is counted, one sentence.
        reason: why there is no value where ``whole`` is 0.
        optimistic: measured on the comparisons that set the threshold.

    Returns:
        The estimate; without a value where ``whole`` is 0.

    >>> found = rate(8, 10, "Of ten.", "nothing was counted")
    >>> found["value"], round(found["low"], 4), round(found["high"], 4)
    (0.8, 0.4902, 0.9433)
    """
    if whole == 0:
        return untold(reason, how)
    return told(part / whole, wilson(part, whole), whole, how, optimistic=optimistic)


def f1_interval(tp: int, fp: int, fn: int) -> tuple[float, float]:
    """95% interval of F1 = 2 TP / (2 TP + FP + FN).

    F1 is 2 J / (1 + J) of J = TP / (TP + FP + FN), the share of true positives in all comparisons that are
    mated or accepted. J is a counted share; its Wilson interval carries over because F1 rises with J.

    Returns:
        Lower and upper end; both NaN without such comparisons.
    """
    low, high = wilson(tp, tp + fp + fn)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def auc_interval(auc: float, mated: int, non_mated: int) -> tuple[float, float]:
    """95% interval of the area under the ROC; at an area of 0 or 1 it does not shrink to nothing.

    The ends are the areas whose standard error, by Hanley and McNeil's formula with N = (mated + non_mated) /
    2 - 1 in both of its terms, puts the observed area 1.96 of it away.

    Args:
        auc: the observed area, 0 to 1.
        mated: mated comparisons, 1 or more.
        non_mated: non-mated comparisons, 1 or more.

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
    """95% interval of d' for bell-shaped similarities, whose two kinds may differ in size and in spread.

    With s^2 = (u + v) / 2 for the variances u and v of m and n similarities, the variance of d' is about
    (u / m + v / n) / s^2 + d'^2 (u^2 / (m - 1) + v^2 / (n - 1)) / (8 s^4): the delta method.

    Args:
        d_prime: the observed value.
        variances: sample variances of mated and of non-mated similarities, not both 0.
        sizes: how many there are of each, 2 or more.
    """
    (u, v), (m, n) = variances, sizes
    square = (u + v) / 2
    of_means = (u / m + v / n) / square
    of_spread = d_prime**2 * (u**2 / (m - 1) + v**2 / (n - 1)) / (8 * square**2)
    half = _Z * math.sqrt(of_means + of_spread)
    return d_prime - half, d_prime + half


def finite_or_none(value: float | None) -> float | None:
    """The number as a Python float; None for NaN, an infinity or None."""
    return None if value is None or not math.isfinite(value) else float(value)


def _edge(too_far: Callable[[float], bool], outside: float, inside: float) -> float:
    """The border between values that are too far from ``inside`` and values that are not."""
    for _ in range(60):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if too_far(middle) else (outside, middle)
    return outside if outside in (0.0, 1.0) else inside
