"""Pairs that a list names more than once, whichever side comes first: each is counted once, and that is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from faceproof.people.pairing import Rows
from faceproof.people.problems import Problems

_EXAMPLES = 3

LinesOf = Callable[[Sequence[int]], Mapping[int, int]]
"""From places in a list to the lines of the file on which they are."""


def first_places(side_a: Rows, side_b: Rows, *, ordered: bool = False) -> Rows:
    """Where each pair stands for the first time.

    Args:
        side_a: int64 (n,), numbers of photos from 0.
        side_b: the same for the other side.
        ordered: take a pair with its sides swapped for another pair.

    Returns:
        int64 (n,), the first place with the same pair; a place whose pair is new has its own number.

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
    """The places of a pair list whose pair is new, and what a reader should know of the others.

    Args:
        side_a: int64 (n,), numbers of photos from 0.
        side_b: the same for the other side.
        mated: bool (n,).
        fold: integers (n,), fold of each pair.
        line: int64 (n,), lines of the file.
        problems: gets the pairs that have both labels.

    Returns:
        int64 (m,), places in rising order, and notes.

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
    """What a reader should know of pairs that are counted once though a list has them more than once.

    Args:
        repeats: int64 (m,), the places that are left out, in rising order.
        first: int64 (n,), see `first_places`.
        side_a: int64 (n,), numbers of photos.
        fold: integers (n,), fold of each place.
        lines_of: the lines of some places.

    Returns:
        Nothing where ``repeats`` is empty.
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
            "the fold of the first line: no threshold may be judged on a pair that helped to set it."
        )
    return notes
