"""Make `Comparisons` from rows of a photo set; used by every protocol."""

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
    """Comparisons of the photos that occur in the pairs, each photo once, in the order of first appearance.

    Args:
        people: the photos.
        rows_a: int64 (n,), rows of ``people.photos``.
        rows_b: int64 (n,), rows of the second photos.
        mated: bool (n,), true for mated pairs.
        protocol: name of the protocol.
        settings: settings of the protocol, as JSON values.
        fold: int16 (n,) from 0, None if the protocol has no folds. A single fold counts as none.
        notes: notes of the protocol.

    Returns:
        The comparisons, with additional notes if both photos of a pair are identical files.

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
    """A number for each photo, int64 (n,) from 0, equal for photos of the same person."""
    numbers: dict[str, int] = {}
    return np.fromiter((numbers.setdefault(p.person, len(numbers)) for p in photos), np.int64, len(photos))


def some(names: Sequence[str], most: int = 5) -> str:
    """The first few names and the number of the others: ``a, b and 3 more``."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def _first_appearances(rows: Rows, photos: int) -> Rows:
    """The distinct rows, int64, in the order of their first appearance."""
    first = np.full(photos, len(rows), dtype=np.int64)
    np.minimum.at(first, rows, np.arange(len(rows)))
    seen = np.flatnonzero(first < len(rows))
    return seen[np.argsort(first[seen])]


def _same_file_notes(photos: Sequence[Photo], row_a: Rows, row_b: Rows, mated: NDArray[np.bool_]) -> list[str]:
    """Notes on pairs whose photos are copies of the same file."""
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
        notes.append(f"{too_easy:,} mated comparisons are of two copies of the same file, so they are too easy.")
    if mislabelled:
        notes.append(
            f"{mislabelled:,} non-mated comparisons are of two copies of the same file: "
            "the same photo is in the folders of two people."
        )
    return notes


def _nothing_to_compare(people: PhotoSet, protocol: str, notes: Sequence[str]) -> str:
    """The message for a protocol without comparisons."""
    persons = len(people.by_person())
    return " ".join(
        [
            f"Protocol {protocol!r} finds nothing to compare in {people.root} "
            f"({len(people.photos):,} photos, {persons:,} people).",
            *notes,
            "Expected people with two photos or more, or at least two people.",
        ]
    )
