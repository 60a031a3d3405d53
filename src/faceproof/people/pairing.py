"""From rows of a photo set to `Comparisons`: what every protocol shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import PeopleError
from faceproof.people.types import Comparisons, Photo, PhotoSet

Rows = NDArray[np.int64]

NO_FOLD = -1


def compose(
    people: PhotoSet,
    rows_a: Rows,
    rows_b: Rows,
    mated: NDArray[np.bool_],
    *,
    protocol: str,
    settings: Mapping[str, object],
    fold: NDArray[np.int16] | None = None,
    notes: Sequence[str] = (),
) -> Comparisons:
    """Comparisons of the photos that take part, each photo once, in the order of first appearance.

    Args:
        people: where the photos are.
        rows_a: int64 (n,), rows of ``people.photos``.
        rows_b: the same for the other side.
        mated: bool (n,).
        protocol: its name.
        settings: what it was asked for, as JSON values.
        fold: int16 (n,) from 0, None where the protocol has none. One fold alone counts as none.
        notes: what a reader should know.

    Returns:
        The comparisons, with further notes where both sides of a pair are byte for byte the same file.

    Raises:
        PeopleError: there is nothing to compare.
    """
    if not len(rows_a):
        raise PeopleError(_nothing_to_compare(people, protocol, notes))
    rows = np.stack((rows_a, rows_b), axis=1).ravel()
    taking_part = _first_appearances(rows, len(people.photos))
    place = np.empty(len(people.photos), dtype=np.int64)
    place[taking_part] = np.arange(len(taking_part))
    photos = tuple(people.photos[row] for row in taking_part.tolist())
    row_a, row_b = place[rows_a], place[rows_b]
    all_notes = [*notes, *_same_file_notes(photos, row_a, row_b, mated)]
    if fold is None or fold.max() == fold.min():
        if fold is not None and fold[0] != NO_FOLD:
            all_notes.append("All comparisons are in one fold, which counts as having no folds.")
        fold = np.full(len(row_a), NO_FOLD, dtype=np.int16)
    return Comparisons(photos, row_a, row_b, mated, fold, protocol, dict(settings), tuple(all_notes))


def person_codes(photos: Sequence[Photo]) -> Rows:
    """One number per photo, int64 (n,), equal for photos of the same person."""
    numbers: dict[str, int] = {}
    return np.fromiter((numbers.setdefault(p.person, len(numbers)) for p in photos), np.int64, len(photos))


def some(names: Sequence[str], most: int = 5) -> str:
    """The first few names and how many more there are: ``a, b and 3 more``."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def _first_appearances(rows: Rows, photos: int) -> Rows:
    """The distinct rows in the order in which each is first seen."""
    first = np.full(photos, len(rows), dtype=np.int64)
    np.minimum.at(first, rows, np.arange(len(rows)))
    seen = np.flatnonzero(first < len(rows))
    return seen[np.argsort(first[seen])]


def _same_file_notes(photos: Sequence[Photo], row_a: Rows, row_b: Rows, mated: NDArray[np.bool_]) -> list[str]:
    numbers: dict[str, int] = {}
    contents = np.fromiter(
        (numbers.setdefault(p.sha256 or f"unreadable {place}", len(numbers)) for place, p in enumerate(photos)),
        np.int64,
        len(photos),
    )
    same = contents[row_a] == contents[row_b]
    too_easy, mislabelled = int((same & mated).sum()), int((same & ~mated).sum())
    notes = []
    if too_easy:
        notes.append(f"{too_easy:,} mated comparisons are of two copies of the same file, which is too easy.")
    if mislabelled:
        notes.append(
            f"{mislabelled:,} non-mated comparisons are of two copies of the same file: "
            "one face lies in the folders of two people."
        )
    return notes


def _nothing_to_compare(people: PhotoSet, protocol: str, notes: Sequence[str]) -> str:
    persons = len(people.by_person())
    return " ".join(
        [
            f"Protocol {protocol!r} finds nothing to compare in {people.root} "
            f"({len(people.photos):,} photos, {persons:,} people).",
            *notes,
            "Expected people with two photos or more, or at least two people.",
        ]
    )
