"""Pair lists as CSV files: columns, labels, folds, and every mistake with its line."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from photo_sets import ROOT, assert_well_formed, pairs_of, photo_set

from faceproof.errors import PeopleError
from faceproof.people.pair_csv import csv_protocol
from faceproof.people.protocols import all_protocol
from faceproof.people.types import Comparisons

CSV = "path_a,path_b,mated\nAnn/Ann_0001.jpg,Ann/Ann_0002.jpg,1\nAnn/Ann_0001.jpg,Ben/Ben_0001.jpg,0\n"


def csv_of(tmp_path: Path, text: str, **counts: int) -> Comparisons:
    path = tmp_path / "pairs.csv"
    path.write_bytes(text.encode())
    return csv_protocol(photo_set(**(counts or {"Ann": 2, "Ben": 1})), path)


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        CSV.partition("\n")[2],
        CSV.replace("\n", "\r\n"),
        "\ufeff" + CSV,
        CSV.replace(",", ";"),
        CSV.replace(",", "\t"),
        CSV.replace(",1", ",TRUE").replace(",0", ", False "),
        CSV.replace("path_a,path_b", "Path A, photo-b"),
        CSV.replace("mated", " Label"),
        "\n\n" + CSV.replace(",", ";"),
        CSV.replace("Ann/", "./Ann//"),
        CSV.replace("/", "\\"),
        '"path_a","path_b","mated"\n"Ann/Ann_0001.jpg","Ann/Ann_0002.jpg","yes"\n\nAnn/Ann_0001.jpg,Ben/Ben_0001.jpg,no',
        CSV.replace("Ann/", str(ROOT.absolute() / "Ann") + "/"),
    ],
)
def test_csv_in_many_spellings_gives_the_same_comparisons(tmp_path: Path, text: str) -> None:
    comparisons = csv_of(tmp_path, text)
    assert pairs_of(comparisons) == [("Ann_0001", "Ann_0002"), ("Ann_0001", "Ben_0001")]
    assert comparisons.mated.tolist() == [True, False]
    assert comparisons.fold.tolist() == [-1, -1]
    assert comparisons.notes == ()
    assert_well_formed(comparisons)


def test_csv_columns_go_by_name_and_others_are_noted(tmp_path: Path) -> None:
    text = "quality,mated,fold,path_b,path_a\n9,1,3,Ann/Ann_0002.jpg,Ann/Ann_0001.jpg\n"
    text += "8,0,1,Ben/Ben_0001.jpg,Ann/Ann_0001.jpg\n"
    comparisons = csv_of(tmp_path, text)
    assert pairs_of(comparisons) == [("Ann_0001", "Ann_0002"), ("Ann_0001", "Ben_0001")]
    assert comparisons.fold.tolist() == [1, 0]
    assert comparisons.notes == ("Columns of the CSV file that are ignored: quality.",)


def test_labels_that_contradict_the_folders_are_followed_and_counted(tmp_path: Path) -> None:
    comparisons = csv_of(tmp_path, CSV.replace(",1", ",x").replace(",0", ",1").replace(",x", ",0"))
    assert comparisons.mated.tolist() == [False, True]
    assert [note.partition(" comparisons")[0] for note in comparisons.notes] == ["1", "1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("left,right,equal\n", r"line 1 is 'left,right,equal'. Expected the columns"),
        ("left,right,same\n", r"line 1 is 'left,right,same', which are neither names of columns nor photos in"),
        (CSV.replace("\n", ",label\n", 1), "with the column mated more than once: mated, label. Keep one"),
        (CSV.replace("\n", ",photo_a\n", 1), "with the column photo_a more than once: path_a, photo_a. Keep one"),
        (CSV.replace("\nAnn", '\n"Ann', 1), r"the row that starts in line 2 is not CSV \(unexpected end of data"),
        (
            CSV.replace("\nAnn", '\n"Ann', 1).replace(",0", '",2,0'),
            "a cell in quotes that ends in line 3 has line breaks",
        ),
        (CSV.replace("\nAnn", '\n"Ann"', 1), r"the row that starts in line 2 is not CSV \(',' expected after"),
        ("Ann/Ann_0001.jpg,Ann/Ann_0002.jpg\n", "line 1 is"),
        (
            CSV.replace(",1", ",maybe"),
            r"the column mated are 'maybe' \(1 row, first in line 2\), '0' \(1 row, first in line",
        ),
        (CSV.replace(",1", ",yes"), "No pair of labels has all of them"),
        (CSV.replace(",1", ""), "line 2: 2 columns, expected 3"),
        (CSV.replace("Ann_0002", "Ann_0009"), r"line 2: no photo 'Ann/Ann_0009.jpg'.*such as 'Ann/Ann_0001.jpg'"),
        (CSV.replace("Ben/", "../Ben/"), "line 3: no photo"),
        (CSV.replace("Ben/", "/elsewhere/Ben/"), "line 3: no photo"),
        (CSV.replace("Ben/Ben_0001", "Ann/Ann_0001"), "line 3: 'Ann/Ann_0001.jpg' is compared with itself"),
        (
            CSV + "Ben/Ben_0001.jpg,Ann/Ann_0001.jpg,1\n",
            "line 4: mated, but line 3 has the same pair as non-mated. Give",
        ),
        ("Ann/Ann_0001.jpg,Ann/Ann_0002.jpg,1,first\n", "line 1: fold is 'first', expected a whole number"),
        ("Ann/Ann_0001.jpg,Ann/Ann_0002.jpg,1,1\nAnn/Ann_0001.jpg,Ben/Ben_0001.jpg,0,\n", "line 2: fold is ''"),
        ("path_a,path_b,mated\n", "nothing to compare"),
    ],
)
def test_malformed_csv_is_refused_with_line_and_expectation(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PeopleError, match=message):
        csv_of(tmp_path, text)


def test_only_the_first_problems_are_spelt_out(tmp_path: Path) -> None:
    text = "path_a,path_b,mated\n" + "".join(f"Zoe/{n}.jpg,Ann/Ann_0001.jpg,0\n" for n in range(100))
    with pytest.raises(PeopleError, match=r"line 6: no photo 'Zoe/4.jpg'; and 95 more"):
        csv_of(tmp_path, text)


@pytest.mark.parametrize(("folds", "refused"), [(32_767, False), (32_768, True)])
def test_a_csv_file_has_as_many_folds_as_an_int16_can_count(tmp_path: Path, folds: int, refused: bool) -> None:
    names = [f"P/P_{place:04d}.jpg" for place in range(1, 258)]
    pairs = list(combinations(names, 2))[:folds]
    assert len(pairs) == folds
    text = "".join(f"{a},{b},1,{fold}\n" for fold, (a, b) in enumerate(pairs))
    if refused:
        with pytest.raises(PeopleError, match=r"32,768 folds, expected 32,767 at most"):
            csv_of(tmp_path, text, P=257)
    else:
        assert csv_of(tmp_path, text, P=257).fold.tolist() == list(range(folds))


def test_what_csv_was_written_from_comparisons_gives_them_again(tmp_path: Path) -> None:
    people = photo_set(Ann=3, Ben=2, Cid=1)
    before = all_protocol(people)
    path = tmp_path / "again.csv"
    ids = [photo.id for photo in before.photos]
    rows = zip(before.row_a, before.row_b, before.mated, strict=True)
    path.write_text("".join(f"{ids[a]},{ids[b]},{int(m)}\n" for a, b, m in rows), encoding="utf-8")
    assert csv_protocol(people, path).digest() == before.digest()


def test_fold_numbers_of_a_csv_file_are_names_and_no_sizes(tmp_path: Path) -> None:
    text = "Ann/Ann_0001.jpg,Ann/Ann_0002.jpg,1,999999999\nAnn/Ann_0001.jpg,Ben/Ben_0001.jpg,0,5\n"
    assert csv_of(tmp_path, text).fold.tolist() == [1, 0]
    with pytest.raises(PeopleError, match="line 1: fold is '9999999999', expected a whole number"):
        csv_of(tmp_path, text.replace("999999999", "9999999999"))
