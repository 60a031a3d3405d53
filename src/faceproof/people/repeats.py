"""Repeated pairs of a list, also with swapped sides: each pair is counted once, with a note."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from faceproof.people.pairing import Rows
from faceproof.people.problems import Problems

_EXAMPLES = 3

LinesOf = Callable[[Sequence[int]], Mapping[int, int]]
"""A function from positions in a list to line numbers of the file, from 1."""


def first_places(side_a: Rows, side_b: Rows, *, ordered: bool = False) -> Rows:
    """The position of the first occurrence of each pair.

    Args:
        side_a: int64 (n,), numbers of the first photos, from 0.
        side_b: int64 (n,), numbers of the second photos.
        ordered: treat a pair with swapped sides as another pair.

    Returns:
        int64 (n,), the first position with the same pair; for a first occurrence, its own position.

    >>> first_places(np.array([4, 7, 7]), np.array([7, 4, 5])).tolist()
    [0, 0, 2]
    """
    low, high = (side_a, side_b) if ordered else (np.minimum(side_a, side_b), np.maximum(side_a, side_b))
    key = low * (int(high.max(initial=0)) + 1) + high
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    first = np.empty(len(key), np.int64)
    first[order] = np.repeat(order[starts], np.diff(starts, append=len(key)))
    return first


def count_once(
    side_a: Rows, side_b: Rows, mated: NDArray[np.bool_], fold: NDArray[np.integer], line: Rows, problems: Problems
) -> tuple[Rows, list[str]]:
    """The positions of the first occurrences in a pair list, and notes on the repeated pairs.

    Args:
        side_a: int64 (n,), numbers of the first photos, from 0.
        side_b: int64 (n,), numbers of the second photos.
        mated: bool (n,), true for mated pairs.
        fold: integers (n,), fold of each pair.
        line: int64 (n,), line of each pair in the file.
        problems: collects the pairs that have both labels.

    Returns:
        int64 (m,), positions in ascending order, and notes.

    Raises:
        PeopleError: a pair is mated on one line and non-mated on another.
    """
    first = first_places(side_a, side_b)
    for place in np.flatnonzero(mated != mated[first]).tolist():
        label, other = ("mated", "non-mated") if mated[place] else ("non-mated", "mated")
        problems.add(int(line[place]), f"{label}, but line {line[first[place]]:,} has the same pair as {other}")
    problems.check("Give each pair one label.")
    new = first == np.arange(len(first))
    repeats = np.flatnonzero(~new)
    notes = repeat_notes(repeats, first, side_a, fold, lambda places: {place: int(line[place]) for place in places})
    return np.flatnonzero(new), notes


def repeat_notes(
    repeats: Rows,
    first: Rows,
    side_a: Rows,
    fold: NDArray[np.integer],
    lines_of: LinesOf,
) -> list[str]:
    """Notes on pairs that a list has more than once, and that are counted once.

    Args:
        repeats: int64 (m,), the positions that are left out, in ascending order.
        first: int64 (n,), result of `first_places`.
        side_a: int64 (n,), numbers of the first photos.
        fold: integers (n,), fold of each position.
        lines_of: finds the line numbers of positions.

    Returns:
        The notes; none if ``repeats`` is empty.
    """
    if not repeats.size:
        return []
    shown = repeats[:_EXAMPLES].tolist()
    lines = lines_of([*shown, *first[shown].tolist()])
    examples = [f"line {lines[place]:,} repeats line {lines[int(first[place])]:,}" for place in shown]
    if repeats.size > _EXAMPLES:
        examples.append(f"and {repeats.size - _EXAMPLES:,} more")
    swapped = int(np.count_nonzero(side_a[repeats] != side_a[first[repeats]]))
    how = f", {swapped:,} of them with the sides swapped" if swapped else ""
    lines_repeat = "1 line repeats the pair" if repeats.size == 1 else f"{repeats.size:,} lines repeat the pair"
    notes = [f"{lines_repeat} of an earlier line{how}. Each pair is counted once: {', '.join(examples)}."]
    if elsewhere := int(np.count_nonzero(fold[repeats] != fold[first[repeats]])):
        notes.append(
            f"{elsewhere:,} of these lines put the pair into another fold than its first line does. It is counted in "
            "the fold of the first line: a threshold must not be judged on a pair that was used to set it."
        )
    return notes
