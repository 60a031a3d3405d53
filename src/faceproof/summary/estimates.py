"""A number with its 95% interval; every number on a page is an `Estimate`."""

from __future__ import annotations

import math
from typing import Any, Self

from faceproof.metrics.intervals import wilson
from faceproof.records import Record

INDEPENDENT = "Comparisons are taken as independent; they share people, so the interval is somewhat too narrow."


class Estimate(Record):
    """A number with its 95% interval, or the reason why there is none.

    Attributes:
        value: the number; None, not 0, where it cannot be computed.
        low: lower end of the interval; None where there is none.
        high: upper end of the interval; None where there is none.
        n: number of trials that the number is computed from.
        how: how the number was computed, one sentence.
        reason: why there is no value; None where there is one.
        optimistic: whether the number was measured on the comparisons that set the threshold.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    how: str = ""
    reason: str | None = None
    optimistic: bool = False

    @classmethod
    def of(
        cls,
        value: float,
        interval: tuple[float, float] | None,
        n: int,
        how: str,
        *,
        optimistic: bool = False,
        **more: Any,
    ) -> Self:
        """An estimate that has a value.

        Args:
            value: the number.
            interval: lower and upper end of the 95% interval; None where there is none. An end that is not finite
                becomes None.
            n: number of trials that the number is computed from.
            how: how the number was computed, one sentence.
            optimistic: whether the number was measured on the comparisons that set the threshold.
            more: fields of a subclass.
        """
        low, high = (finite_or_none(end) for end in interval or (None, None))
        return cls(
            value=float(value), low=low, high=high, n=int(n), how=how, reason=None, optimistic=optimistic, **more
        )

    @classmethod
    def absent(cls, reason: str, how: str, n: int | None = 0, **more: Any) -> Self:
        """An estimate without a value.

        Args:
            reason: why there is no value.
            how: how the number would be computed.
            n: number of trials.
            more: fields of a subclass.
        """
        return cls(value=None, low=None, high=None, n=n, how=how, reason=reason, optimistic=False, **more)


def rate(part: int, whole: int, how: str, reason: str, *, optimistic: bool = False) -> Estimate:
    """A counted share with Wilson's 95% interval.

    Args:
        part: number of counted cases, 0 to ``whole``.
        whole: number of all cases.
        how: what is counted, one sentence.
        reason: why there is no value, used where ``whole`` is 0.
        optimistic: whether the share was measured on the comparisons that set the threshold.

    Returns:
        The estimate; without a value where ``whole`` is 0.

    >>> found = rate(8, 10, "Of ten.", "nothing was counted")
    >>> found.value, round(found.low, 4), round(found.high, 4)
    (0.8, 0.4902, 0.9433)
    """
    if whole == 0:
        return Estimate.absent(reason, how)
    return Estimate.of(part / whole, wilson(part, whole), whole, how, optimistic=optimistic)


def finite_or_none(value: float | None) -> float | None:
    """The number as a Python float; None for NaN, an infinity or None."""
    return None if value is None or not math.isfinite(value) else float(value)
