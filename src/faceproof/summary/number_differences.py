"""Numbers of two summaries that differ, each with its interval."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SERIES = ("curves", "histogram", "threshold_table", "scatter")
"""Parts of a summary that are long series."""
NOT_RESULTS = ("times", "schema_version")
"""Parts of a summary that are no results."""
LISTS = ("failures", "flips")
"""Parts of a summary that list single comparisons."""

_OF_MANIFEST = ("run", "conditions")
_OF_ESTIMATE = ("value", "low", "high")
_NAMED_BY = ("name", "condition", "family", "fmr", "fold", "comparison")
_DETAILS = ("level", "n", "effective_people")


@dataclass(frozen=True, slots=True)
class StoredNumber:
    """A number of a summary, with the ends of its 95% interval where it has them."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class NumberDifference:
    """A number that differs between two summaries.

    Attributes:
        name: place of the number in ``metrics.json``, such as ``operating_points[fmr_0.01].fnmr``.
        a: the number in the first; None where the first does not have it.
        b: the number in the second; None likewise.
    """

    name: str
    a: StoredNumber | None
    b: StoredNumber | None


def numbers_in(summary: Mapping[str, Any], leave_out: Collection[str] = ()) -> dict[str, StoredNumber]:
    """Every number of a summary by its place; flags count as 0 and 1, texts and the manifest are left out.

    Args:
        summary: JSON values of a summary.
        leave_out: names of parts that are left out, at any depth.

    >>> numbers_in({"eer": {"value": 0.1, "low": 0.0, "high": 0.2, "n": 5}, "points": [{"name": "x", "tp": 3}]})
    {'eer': StoredNumber(value=0.1, low=0.0, high=0.2), 'points[x].tp': StoredNumber(value=3, low=None, high=None)}
    """
    own = {name: value for name, value in summary.items() if name not in _OF_MANIFEST}
    return dict(_numbers(own, "", frozenset(leave_out)))


def _numbers(value: object, place: str, leave_out: frozenset[str]) -> Iterator[tuple[str, StoredNumber]]:
    if isinstance(value, Mapping):
        own: tuple[str, ...] = ()
        if {"value", "low", "high"} <= value.keys():
            own = (*_OF_ESTIMATE, *_DETAILS)
            yield place, StoredNumber(value["value"], value["low"], value["high"])
        for name, one in value.items():
            if name not in leave_out and name not in own:
                yield from _numbers(one, f"{place}.{name}" if place else name, leave_out)
    elif isinstance(value, list):
        for row, one in enumerate(value):
            yield from _numbers(one, f"{place}[{_label(one, row)}]", leave_out)
    elif isinstance(value, int | float) or value is None:
        yield place, StoredNumber(value)


def _label(entry: object, row: int) -> object:
    """Name of an entry of a list; its index where it has none."""
    if isinstance(entry, Mapping):
        return next((entry[name] for name in _NAMED_BY if entry.get(name) is not None), row)
    return row


def different_numbers(
    a: Mapping[str, StoredNumber], b: Mapping[str, StoredNumber], tolerance: float = 0.0
) -> tuple[NumberDifference, ...]:
    """Numbers that differ, in the order of the first summary.

    Args:
        a: numbers of the first summary by place.
        b: numbers of the second summary by place.
        tolerance: largest absolute difference of two numbers, or of two ends of intervals, that counts as equal.
    """
    places = [*a, *(place for place in b if place not in a)]
    return tuple(
        NumberDifference(place, a.get(place), b.get(place))
        for place in places
        if not _same(a.get(place), b.get(place), tolerance)
    )


def _same(a: StoredNumber | None, b: StoredNumber | None, tolerance: float) -> bool:
    if a is None or b is None:
        # A place that only one of them has is the same where there is no number in it.
        return (a or b) == StoredNumber(None)
    pairs = ((a.value, b.value), (a.low, b.low), (a.high, b.high))
    return all(x == y or (x is not None and y is not None and abs(x - y) <= tolerance) for x, y in pairs)
