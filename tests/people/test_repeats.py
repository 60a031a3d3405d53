"""A pair that is listed twice is counted once, whichever protocol and whichever side comes first, and that is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.errors import PeopleError
from faceproof.people.protocols import csv_protocol, lfw_protocol
from faceproof.people.repeats import first_places
from faceproof.people.types import Comparisons, Photo, PhotoSet
from faceproof.systems.external.score_file import read_scores

ROOT = Path("people")


def people_of(persons: int = 4, photos: int = 6) -> PhotoSet:
    names = [f"{person}/{person}_{n:04d}.jpg" for person in "ABCDEFGH"[:persons] for n in range(1, photos + 1)]
    return PhotoSet(ROOT, tuple(Photo(name, ROOT / name, name[0], f"digest of {name}") for name in names))


def pairs_in(comparisons: Comparisons) -> list[tuple[str, str]]:
    ids = [photo.id.rpartition("/")[2].removesuffix(".jpg") for photo in comparisons.photos]
    return [(ids[a], ids[b]) for a, b in zip(comparisons.row_a, comparisons.row_b, strict=True)]


def csv_of(tmp_path: Path, rows: list[str]) -> Comparisons:
    path = tmp_path / "pairs.csv"
    lines = [row.split() for row in rows]
    path.write_text("".join(f"{a[0]}/{a}.jpg,{b[0]}/{b}.jpg,{','.join(rest)}\n" for a, b, *rest in lines))
    return csv_protocol(people_of(), path)


def lfw_of(tmp_path: Path, text: str) -> Comparisons:
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    return lfw_protocol(people_of(), path)


# the rule itself

PLACES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=30)


@given(PLACES, st.booleans())
def test_first_places_are_those_of_a_plain_search(pairs: list[tuple[int, int]], ordered: bool) -> None:
    side_a, side_b = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    known: dict[object, int] = {}
    expected = [known.setdefault(pair if ordered else frozenset(pair), place) for place, pair in enumerate(pairs)]
    assert first_places(side_a, side_b, ordered=ordered).tolist() == expected


# pair lists


def test_a_repeated_pair_of_a_csv_file_is_counted_once(tmp_path: Path) -> None:
    comparisons = csv_of(
        tmp_path, ["A_0001 A_0002 1", "A_0001 B_0001 0", "A_0002 A_0001 1", "B_0001 C_0001 0", "A_0001 B_0001 0"]
    )
    assert pairs_in(comparisons) == [("A_0001", "A_0002"), ("A_0001", "B_0001"), ("B_0001", "C_0001")]
    assert comparisons.mated.tolist() == [True, False, False]
    assert comparisons.notes == (
        "2 lines repeat the pair of an earlier line, 1 of them with the sides swapped. Each pair is counted once: "
        "line 3 repeats line 1, line 5 repeats line 2.",
    )


def test_a_repeated_pair_of_an_lfw_list_is_counted_once_after_the_header_was_held_to_its_promise(
    tmp_path: Path,
) -> None:
    text = "3\nA 1 2\nA 2 1\nB 1 2\nA 1 B 1\nB 1 A 1\nC 1 A 1\n"
    comparisons = lfw_of(tmp_path, text)
    assert pairs_in(comparisons) == [
        ("A_0001", "A_0002"),
        ("B_0001", "B_0002"),
        ("A_0001", "B_0001"),
        ("C_0001", "A_0001"),
    ]
    assert comparisons.mated.tolist() == [True, True, False, False]
    assert comparisons.fold.tolist() == [-1] * 4
    assert comparisons.notes == (
        "2 lines repeat the pair of an earlier line, 2 of them with the sides swapped. Each pair is counted once: "
        "line 3 repeats line 2, line 6 repeats line 5.",
    )
    with pytest.raises(PeopleError, match="announces 6 pairs, 5 follow"):
        lfw_of(tmp_path, text.replace("A 2 1\n", ""))


def test_the_first_three_repeats_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    comparisons = csv_of(tmp_path, ["A_0001 A_0002 1"] * 6)
    assert len(comparisons) == 1
    assert comparisons.notes == (
        "5 lines repeat the pair of an earlier line. Each pair is counted once: line 2 repeats line 1, line 3 repeats "
        "line 1, line 4 repeats line 1, and 2 more.",
    )


def test_one_repeat_is_told_in_the_singular(tmp_path: Path) -> None:
    note = csv_of(tmp_path, ["A_0001 A_0002 1"] * 2).notes[0]
    assert note.startswith("1 line repeats the pair of an earlier line. Each")


def test_a_pair_in_two_folds_is_counted_in_the_first(tmp_path: Path) -> None:
    rows = ["A_0001 A_0002 1 3", "A_0001 B_0001 0 3", "A_0002 A_0001 1 1", "C_0001 B_0001 0 1", "A_0001 B_0001 0 3"]
    comparisons = csv_of(tmp_path, rows)
    assert comparisons.fold.tolist() == [1, 1, 0]
    assert len(comparisons.notes) == 2
    assert comparisons.notes[1].startswith("1 of these lines put the pair into another fold than its first line does.")
    text = "2 1\nA 1 2\nA 1 B 1\nA 2 1\nC 1 D 1\n"
    comparisons = lfw_of(tmp_path, text)
    assert (comparisons.fold.tolist(), len(comparisons.notes)) == ([0, 0, 1], 2)


def test_a_fold_of_nothing_but_repeats_leaves_no_hole(tmp_path: Path) -> None:
    comparisons = lfw_of(tmp_path, "3 1\nA 1 2\nA 1 B 1\nA 2 1\nB 1 A 1\nC 1 2\nC 1 D 1\n")
    assert comparisons.fold.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("again", ["A_0001 A_0002 0", "A_0002 A_0001 0"])
def test_a_pair_with_both_labels_is_refused_with_its_lines(tmp_path: Path, again: str) -> None:
    with pytest.raises(
        PeopleError, match=r"line 3: non-mated, but line 1 has the same pair as mated\. Give each pair one"
    ):
        csv_of(tmp_path, ["A_0001 A_0002 1", "A_0001 B_0001 0", again])


def test_a_published_list_with_swapped_repeats_keeps_all_its_pairs(tmp_path: Path) -> None:
    """7,000 lines in ten folds, 130 of which are earlier pairs of their fold with the sides swapped."""
    people = people_of(8, 60)
    mated = [(f"{p}_{a:04d}", f"{p}_{b:04d}") for p in "ABCDEFGH" for a in range(1, 61) for b in range(1, a)]
    other = [(f"A_{a:04d}", f"{p}_{b:04d}") for p in "BC" for a in range(1, 61) for b in range(1, 61)]
    rows = []
    for fold in range(10):
        for label, pairs in ((1, mated), (0, other)):
            fresh = pairs[fold * 350 : fold * 350 + 350]
            if label:
                fresh = fresh[:337] + [(b, a) for a, b in fresh[:13]]
            rows += [f"{a[0]}/{a}.jpg,{b[0]}/{b}.jpg,{label},{fold}\n" for a, b in fresh]
    path = tmp_path / "pairs.csv"
    path.write_text("".join(rows))
    comparisons = csv_protocol(people, path)
    assert (len(rows), len(comparisons)) == (7000, 6870)
    assert np.bincount(comparisons.fold).tolist() == [687] * 10
    assert (int(comparisons.mated.sum()), len(set(map(frozenset, pairs_in(comparisons))))) == (3370, 6870)
    assert comparisons.notes[0].startswith("130 lines repeat the pair of an earlier line, 130 of them with the sides")


@pytest.mark.real_photos
def test_the_real_lfw_view_2_repeats_no_pair(shared: Path) -> None:
    lines = (shared / "data" / "lfw-pairs.txt").read_text().splitlines()[1:]
    fields = [line.split("\t") for line in lines]
    pairs = {frozenset([(f[0], f[1]), (f[-2] if len(f) == 4 else f[0], f[-1])]) for f in fields}
    assert len(pairs) == len(lines) == 6000


def test_one_table_serves_as_score_file_and_as_pair_list(tmp_path: Path) -> None:
    rows = ".9,A/A_0001.jpg,A/A_0002.jpg,genuine\n.1,A/A_0001.jpg,B/B_0001.jpg,impostor\n"
    path = tmp_path / "scores.csv"
    path.write_text(f"similarity,Photo A,path-b,label\n{rows}.9,A/A_0002.jpg,A/A_0001.jpg,Genuine\n")
    scores, pairs = read_scores(path), csv_protocol(people_of(), path)
    assert scores.mated.tolist() == pairs.mated.tolist() == [True, False]
    assert pairs_in(pairs) == [("A_0001", "A_0002"), ("A_0001", "B_0001")]
    assert scores.names["photo_b"].to_pylist() == ["A/A_0002.jpg", "B/B_0001.jpg"]
    assert scores.notes[0] == pairs.notes[0]
