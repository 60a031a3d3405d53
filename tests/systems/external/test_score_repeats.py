"""A comparison that a score file lists twice is counted once, and one with another score is none of these."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from faceproof.errors import PeopleError
from faceproof.systems.external.score_file import read_scores


def scores_of(tmp_path: Path, text: str, header: str = "similarity,mated,photo_a,photo_b") -> Path:
    path = tmp_path / "scores.csv"
    path.write_text(f"{header}\n{text}")
    return path


def test_a_repeated_comparison_of_a_score_file_is_counted_once(tmp_path: Path) -> None:
    file = read_scores(scores_of(tmp_path, ".9,1,a,b\n.1,0,a,c\n.9,1,b,a\n.1,0,a,c\n,0,c,d\n,0,c,d\n.9,1,c,b\n"))
    np.testing.assert_array_equal(file.score, [0.9, 0.1, np.nan, 0.9])
    assert file.mated.tolist() == [True, False, False, True]
    assert file.names["photo_a"].to_pylist() == ["a", "a", "c", "c"]
    assert file.names["photo_b"].to_pylist() == ["b", "c", "d", "b"]
    assert file.row.tolist() == [1, 2, 5, 7]
    assert len(file) == len(file.fold) == 4
    assert file.notes == (
        "3 lines repeat the pair of an earlier line, 1 of them with the sides swapped. Each pair is counted once: "
        "line 4 repeats line 2, line 5 repeats line 3, line 7 repeats line 6.",
    )


def test_another_score_with_the_sides_swapped_is_a_comparison_of_its_own(tmp_path: Path) -> None:
    file = read_scores(scores_of(tmp_path, ".9,1,a,b\n.8,1,b,a\n.8,1,b,a\n.9,1,a,b\n.1,0,a,c\n,0,c,a\n"))
    np.testing.assert_array_equal(file.score, [0.9, 0.8, 0.1, np.nan])
    assert file.notes == (
        "2 lines repeat the pair of an earlier line. Each pair is counted once: line 4 repeats line 3, line 5 repeats "
        "line 2.",
        "2 comparisons are of the photos of an earlier row with the sides swapped, and have another score: line 3 and "
        "line 2, for example. All are counted.",
    )


@pytest.mark.parametrize("again", [".8,1,a,b", ",1,a,b", ".90000001,1,a,b"])
def test_two_scores_of_the_same_photos_are_refused_with_their_lines(tmp_path: Path, again: str) -> None:
    path = scores_of(tmp_path, f".9,1,a,b\n.1,0,a,c\n{again}\n")
    with pytest.raises(PeopleError, match=r"line 4: the photos of line 2 with another score\. Give each"):
        read_scores(path)


@pytest.mark.parametrize("again", [".9,0,a,b", ".9,0,b,a", ".7,0,b,a"])
def test_two_labels_of_the_same_photos_are_refused_with_their_lines(tmp_path: Path, again: str) -> None:
    with pytest.raises(PeopleError, match=r"line 4: the photos of line 2 with another label\. Give each"):
        read_scores(scores_of(tmp_path, f".9,1,a,b\n.1,0,a,c\n{again}\n"))


def test_many_contradictions_are_counted_and_the_first_five_shown(tmp_path: Path) -> None:
    rows = [".9,1,a,b\n", *[f".{n},1,a,b\n" for n in range(10, 30)]]
    with pytest.raises(PeopleError, match=r"line 3: .*line 7: the photos of line 2 with another score; and 15 more\."):
        read_scores(scores_of(tmp_path, "".join(rows)))


def test_photos_of_one_name_are_told_apart_by_their_persons(tmp_path: Path) -> None:
    header = "similarity,mated,photo_a,photo_b,person_a,person_b,fold"
    file = read_scores(scores_of(tmp_path, ".9,1,1,2,A,A,0\n.9,1,1,2,B,B,1\n.9,1,2,1,A,A,1\n", header))
    assert file.names["person_a"].to_pylist() == ["A", "B"]
    assert file.fold.tolist() == [0, 1]
    assert file.notes[1].startswith("1 of these lines put the pair into another fold")


def test_scores_without_photos_are_never_repeats(tmp_path: Path) -> None:
    assert len(read_scores(scores_of(tmp_path, ".9,1\n.9,1\n", "similarity,mated"))) == 2
    header = "similarity,mated,person_a,person_b"
    assert len(read_scores(scores_of(tmp_path, ".9,1,A,A\n.9,1,A,A\n", header))) == 2


def test_photos_of_a_long_file_keep_their_numbers_from_one_part_of_it_to_the_next(tmp_path: Path) -> None:
    """pyarrow reads in parts of a megabyte; the repeat is in another part than the pair."""
    rows = [f"0.5,0,photo number {n:09d},photo number {n + 1:09d}\n" for n in range(60_000)]
    path = scores_of(tmp_path, "".join([*rows, rows[0]]))
    assert path.stat().st_size > 2 << 20
    file = read_scores(path)
    assert len(file) == 60_000
    assert "line 60,002 repeats line 2" in file.notes[0]
