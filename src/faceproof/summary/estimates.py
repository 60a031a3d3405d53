"""A number with its 95% interval; every number on a page is an `Estimate`."""

from __future__ import annotations

import math
from typing import Any, Self

from faceproof.metrics.intervals import Interval
from faceproof.records import Record


class Estimate(Record):
    """A number with its 95% interval, or the reason why there is none.

    Attributes:
        value: the number; None, not 0, where it cannot be computed.
        low: lower end of the interval; None where there is none.
        high: upper end of the interval; None where there is none.
        level: level of the interval.
        n: number of trials that the number is computed from.
        method: how the interval was computed, a few words; empty where there is none.
        effective_people: number of people that carry the error of the number, as many as would have the same share
            each; None where unknown.
        how: how the number was computed, one sentence.
        reason: why there is no value; None where there is one.
        no_end: why the interval has no lower or no upper end; None where it has both, or there is no value.
        optimistic: whether the number was measured on the comparisons that set the threshold.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    n: int | None = None
    method: str = ""
    effective_people: float | None = None
    how: str = ""
    reason: str | None = None
    no_end: str | None = None
    optimistic: bool = False

    @classmethod
    def of(cls, value: float, interval: Interval, n: int, how: str, *, optimistic: bool = False, **more: Any) -> Self:
        """An estimate that has a value.

        Args:
            value: the number.
            interval: its 95% interval.
            n: number of trials that the number is computed from.
            how: how the number was computed, one sentence.
            optimistic: whether the number was measured on the comparisons that set the threshold.
            more: fields of a subclass.
        """
        return cls(
            value=float(value),
            low=finite_or_none(interval.low),
            high=finite_or_none(interval.high),
            n=int(n),
            method=interval.method,
            effective_people=finite_or_none(interval.effective_people),
            how=how,
            reason=None,
            no_end=interval.reason,
            optimistic=optimistic,
            **more,
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


def finite_or_none(value: float | None) -> float | None:
    """The number as a Python float; None for NaN, an infinity or None."""
    return None if value is None or not math.isfinite(value) else float(value)
