"""Comparisons of the same two photos in a score file.

A comparison that is there again with the same score is counted once. With another score it is no repeat: in the same
order of sides the file contradicts itself, with the sides swapped it is a comparison of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from faceproof.people.csv_table import Cells
from faceproof.people.pairing import Rows
from faceproof.people.problems import Problems
from faceproof.people.repeats import first_places, repeat_notes

_SHOWN = 5


def once_each(
    cells: Cells,
    names: Mapping[str, pa.ChunkedArray[pa.StringScalar]],
    score: NDArray[np.float64],
    mated: NDArray[np.bool_],
    fold: NDArray[np.int16],
) -> tuple[Rows, list[str]]:
    """The rows to keep, and what a reader should know of pairs of photos that are there more than once.

    Args:
        cells: the score file.
        names: its columns of names; nothing is a repeat where they lack photos.
        score: float64 (n,), NaN where there is none.
        mated: bool (n,).
        fold: int16 (n,).

    Returns:
        int64 (m,), rows in rising order, and notes.

    Raises:
        PeopleError: a pair has both labels, or the same two photos, in the same order, have two scores.
    """
    everything = np.arange(len(score))
    if "photo_a" not in names:
        return everything, []
    side_a, side_b = photo_numbers(names)
    first = first_places(side_a, side_b)
    if (first == everything).all():
        return everything, []
    same_order = first_places(side_a, side_b, ordered=True)
    wrong_label = mated != mated[first]
    wrong_score = ~_same(score, score[same_order])
    _refuse(cells, wrong_label, first, "the photos of line {line:,} with another label", "Give each pair one label.")
    what_now = "Give each comparison once, and each system or condition a file of its own."
    _refuse(cells, wrong_score, same_order, "the photos of line {line:,} with another score", what_now)
    # Each order of sides has one score now.
    earlier = np.where(same_order != everything, same_order, first)
    repeated = (earlier != everything) & _same(score, score[earlier])
    repeats = np.flatnonzero(repeated)
    notes = repeat_notes(repeats, earlier, side_a, fold, cells.lines)
    other = np.flatnonzero((earlier != everything) & ~repeated)
    if other.size:
        place = int(other[0])
        lines = cells.lines([place, int(first[place])])
        notes.append(
            f"{other.size:,} comparisons are of the photos of an earlier row with the sides swapped, and have another "
            f"score: line {lines[place]:,} and line {lines[int(first[place])]:,}, for example. All are counted."
        )
    return np.flatnonzero(~repeated), notes


def photo_numbers(names: Mapping[str, pa.ChunkedArray[pa.StringScalar]]) -> tuple[Rows, Rows]:
    """A number for the photo on each side, int64 (n,) each; a photo has another number with another person."""
    numbers = text_numbers(names["photo_a"], names["photo_b"])
    if "person_a" in names:
        person = text_numbers(names["person_a"], names["person_b"])
        numbers = np.unique(person * (int(numbers.max()) + 1) + numbers, return_inverse=True)[1]
    half = len(numbers) // 2
    return numbers[:half], numbers[half:]


def text_numbers(side_a: pa.ChunkedArray[pa.StringScalar], side_b: pa.ChunkedArray[pa.StringScalar]) -> Rows:
    """The same number for the same text, int64 (2n,), first side a, then side b."""
    both = pa.chunked_array([*side_a.chunks, *side_b.chunks], pa.string())
    coded = cast("pa.ChunkedArray[pa.DictionaryScalar[Any, Any]]", both.dictionary_encode())
    return np.concatenate([chunk.indices.to_numpy() for chunk in coded.iterchunks()]).astype(np.int64)


def _same(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)))


def _refuse(cells: Cells, wrong: NDArray[np.bool_], first: Rows, text: str, what_now: str) -> None:
    """Raise where any row is ``wrong``, with the lines of the first few and of the rows that they contradict."""
    rows = np.flatnonzero(wrong)[:_SHOWN].tolist()
    if not rows:
        return
    lines = cells.lines([*rows, *first[rows].tolist()])
    problems = Problems(cells.source.path)
    for row in rows:
        problems.add(lines[row], text.format(line=lines[int(first[row])]))
    problems.count = int(np.count_nonzero(wrong))
    problems.check(what_now)
