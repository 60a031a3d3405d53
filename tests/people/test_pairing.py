"""What every protocol makes of its rows: photos in order of appearance, folds, and notes on copies."""

from __future__ import annotations

import numpy as np
import pytest
from photo_sets import ROOT, assert_well_formed, photo_set

from faceproof.errors import PeopleError
from faceproof.people.pairing import NO_FOLD, compose, person_codes, some
from faceproof.people.protocols import all_protocol, folders_protocol
from faceproof.people.types import Comparisons, Photo, PhotoSet


def composed(people: PhotoSet, pairs: list[tuple[int, int]], mated: list[bool], fold: list[int] | None) -> Comparisons:
    rows_a, rows_b = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    folds = None if fold is None else np.array(fold, np.int16)
    return compose(people, rows_a, rows_b, np.array(mated, np.bool_), protocol="own", settings={"n": 3}, fold=folds)


def test_photos_come_once_in_the_order_in_which_pairs_name_them() -> None:
    people = photo_set(Ann=3, Ben=2)
    comparisons = composed(people, [(4, 1), (1, 0), (3, 4)], [False, True, True], [0, 1, 0])
    assert [photo.id for photo in comparisons.photos] == [people.photos[row].id for row in (4, 1, 0, 3)]
    assert comparisons.row_a.tolist() == [0, 1, 3]
    assert comparisons.row_b.tolist() == [1, 2, 0]
    assert comparisons.mated.tolist() == [False, True, True]
    assert (comparisons.protocol, comparisons.settings, comparisons.notes) == ("own", {"n": 3}, ())
    assert_well_formed(comparisons)


@pytest.mark.parametrize(
    ("fold", "expected", "notes"),
    [
        (None, [NO_FOLD] * 2, 0),
        ([0, 0], [NO_FOLD] * 2, 1),
        ([3, 3], [NO_FOLD] * 2, 1),
        ([NO_FOLD, NO_FOLD], [NO_FOLD] * 2, 0),
        ([0, 1], [0, 1], 0),
    ],
)
def test_a_single_fold_counts_as_none_and_is_noted(fold: list[int] | None, expected: list[int], notes: int) -> None:
    comparisons = composed(photo_set(Ann=2, Ben=1), [(0, 1), (0, 2)], [True, False], fold)
    assert comparisons.fold.tolist() == expected
    assert comparisons.fold.dtype == np.int16
    assert comparisons.notes == ("All comparisons are in one fold, which counts as having no folds.",) * notes


def test_a_single_photo_gives_nothing_to_compare() -> None:
    with pytest.raises(PeopleError, match=r"nothing to compare in people \(1 photos, 1 people\)"):
        folders_protocol(photo_set(Ann=1))


def test_two_copies_of_one_file_are_noted() -> None:
    photos = tuple(Photo(f"{p}/{n}", ROOT / p / n, p, "same") for p in ("Ann", "Ben") for n in ("1.jpg", "2.jpg"))
    comparisons = all_protocol(PhotoSet(ROOT, photos))
    assert any(note.startswith("2 mated") for note in comparisons.notes)
    assert any(note.startswith("4 non-mated") for note in comparisons.notes)


def test_photos_that_cannot_be_read_are_not_taken_for_copies() -> None:
    photos = tuple(Photo(f"Ann/{n}.jpg", ROOT / f"{n}.jpg", "Ann", "") for n in range(3))
    assert all_protocol(PhotoSet(ROOT, photos)).notes == ()


def test_people_are_numbered_from_0_in_the_order_of_their_first_photo() -> None:
    photos = [Photo(f"{number}.jpg", ROOT, person, "") for number, person in enumerate("BABCA")]
    codes = person_codes(photos)
    assert codes.tolist() == [0, 1, 0, 2, 1]
    assert codes.dtype == np.int64
    assert person_codes([]).tolist() == []


def test_five_names_are_all_listed_and_of_six_the_last_is_counted() -> None:
    assert some([]) == ""
    assert some(list("abcde")) == "a, b, c, d, e"
    assert some(list("abcdef")) == "a, b, c, d, e and 1 more"
    assert some(["x"] * 1005, most=2) == "x, x and 1,003 more"
