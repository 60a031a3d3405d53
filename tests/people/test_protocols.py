"""Protocols: who is compared with whom, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.people.protocols import (
    PROTOCOLS,
    all_protocol,
    csv_protocol,
    folders_protocol,
    lfw_protocol,
    list_protocols,
    make_comparisons,
    sampled_protocol,
)
from faceproof.people.types import Comparisons, Group, Photo, PhotoSet

ROOT = Path("people")


def people_of(counts: dict[str, int], group: Group = "any") -> tuple[Photo, ...]:
    """So many photos of each person, named as in LFW."""
    prefix = {"any": "", "mated": "matched_faces/", "non_mated": "mismatched_faces/"}[group]
    return tuple(
        Photo(name, ROOT / name, person, f"digest of {name}", group)
        for person in sorted(counts)
        for place in range(1, counts[person] + 1)
        for name in [f"{prefix}{person}/{person}_{place:04d}.jpg"]
    )


def photo_set(**counts: int) -> PhotoSet:
    return PhotoSet(ROOT, people_of(counts))


def pairs_of(comparisons: Comparisons, *, mated: bool | None = None) -> list[tuple[str, str]]:
    rows = zip(comparisons.row_a, comparisons.row_b, comparisons.mated, strict=True)
    names = [photo.id.rpartition("/")[2].removesuffix(".jpg") for photo in comparisons.photos]
    return [(names[a], names[b]) for a, b, is_mated in rows if mated in {None, bool(is_mated)}]


def assert_well_formed(comparisons: Comparisons) -> None:
    n = len(comparisons)
    for column, dtype in (("row_a", "int64"), ("row_b", "int64"), ("mated", "bool"), ("fold", "int16")):
        value = getattr(comparisons, column)
        assert value.dtype == dtype
        assert value.shape == (n,)
    seen = np.stack((comparisons.row_a, comparisons.row_b), axis=1).ravel().tolist()
    assert list(dict.fromkeys(seen)) == list(range(len(comparisons.photos)))
    assert len({photo.id for photo in comparisons.photos}) == len(comparisons.photos)
    assert all(a != b for a, b in zip(comparisons.row_a, comparisons.row_b, strict=True))
    json.dumps(comparisons.settings, allow_nan=False)


# folders


def test_first_two_photos_are_mated_and_neighbours_with_one_photo_are_not() -> None:
    comparisons = folders_protocol(photo_set(Ann=2, Ben=1, Cid=3, Dan=1, Eve=1, Fay=1))
    assert pairs_of(comparisons, mated=True) == [("Ann_0001", "Ann_0002"), ("Cid_0001", "Cid_0002")]
    assert pairs_of(comparisons, mated=False) == [("Ben_0001", "Dan_0001"), ("Eve_0001", "Fay_0001")]
    assert comparisons.fold.tolist() == [-1] * 4
    assert comparisons.notes == ()
    assert_well_formed(comparisons)


def test_an_odd_one_out_is_left_out_and_named() -> None:
    comparisons = folders_protocol(photo_set(Ann=1, Ben=1, Cid=1))
    assert pairs_of(comparisons) == [("Ann_0001", "Ben_0001")]
    assert "Cid" in comparisons.notes[0]


def test_only_the_first_one_photo_people_are_used_when_asked() -> None:
    people = photo_set(**{f"P{number}": 1 for number in range(8)})
    comparisons = folders_protocol(people, one_photo_people=5)
    assert pairs_of(comparisons) == [("P0_0001", "P1_0001"), ("P2_0001", "P3_0001")]
    assert comparisons.settings == {"one_photo_people": 5}
    assert any("first 5 of 8" in note for note in comparisons.notes)
    assert any("P4" in note for note in comparisons.notes)


def test_asking_for_as_many_one_photo_people_as_there_are_is_no_matter() -> None:
    people = photo_set(Ann=1, Ben=1, Cid=1, Dan=1)
    comparisons = folders_protocol(people, one_photo_people=4)
    assert pairs_of(comparisons) == pairs_of(folders_protocol(people))
    assert comparisons.notes == ()


def test_asking_for_more_one_photo_people_than_there_are_is_noted() -> None:
    comparisons = folders_protocol(photo_set(Ann=1, Ben=1), one_photo_people=3360)
    assert len(comparisons) == 1
    assert "there are 2" in comparisons.notes[0]


def test_nobody_with_one_photo_leaves_no_non_mated_comparison_and_advice() -> None:
    comparisons = folders_protocol(photo_set(Ann=2, Ben=2))
    assert comparisons.mated.all()
    assert "sampled" in comparisons.notes[0]


def test_group_folders_decide_who_is_mated() -> None:
    photos = people_of({"Ann": 2, "Ben": 1, "Cid": 4}, "mated") + people_of({"Dan": 3, "Eve": 1, "Fay": 1}, "non_mated")
    comparisons = folders_protocol(PhotoSet(ROOT, photos))
    assert pairs_of(comparisons, mated=True) == [("Ann_0001", "Ann_0002"), ("Cid_0001", "Cid_0002")]
    assert pairs_of(comparisons, mated=False) == [("Dan_0001", "Eve_0001")]
    assert any("Ben" in note for note in comparisons.notes)
    assert any("Fay" in note for note in comparisons.notes)


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


# all


def test_all_makes_every_pair_once() -> None:
    people = photo_set(Ann=2, Ben=3, Cid=1)
    comparisons = all_protocol(people)
    names = [photo.id.rpartition("/")[2].removesuffix(".jpg") for photo in people.photos]
    assert pairs_of(comparisons) == list(combinations(names, 2))
    assert comparisons.mated.sum() == 1 + 3
    assert_well_formed(comparisons)


def test_all_refuses_more_than_the_limit_and_says_how_many() -> None:
    with pytest.raises(PeopleError, match=r"makes 15 comparisons, above the limit of 14.*sampled"):
        all_protocol(photo_set(Ann=6), limit=14)
    assert len(all_protocol(photo_set(Ann=6), limit=15)) == 15


# sampled

COUNTS = st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(1, 6), min_size=1)


@given(COUNTS, st.integers(0, 40), st.integers(0, 40), st.integers(0, 2**70))
@settings(deadline=None)
def test_a_sample_has_distinct_pairs_with_right_labels_in_the_number_asked_for(
    counts: dict[str, int], mated: int, non_mated: int, seed: int
) -> None:
    people = PhotoSet(ROOT, people_of(counts))
    there_are_mated = sum(n * (n - 1) // 2 for n in counts.values())
    there_are = sum(counts.values()) * (sum(counts.values()) - 1) // 2
    expected = min(mated, there_are_mated), min(non_mated, there_are - there_are_mated)
    if not sum(expected):
        with pytest.raises(PeopleError, match="nothing to compare"):
            sampled_protocol(people, mated=mated, non_mated=non_mated, seed=seed)
        return
    comparisons = sampled_protocol(people, mated=mated, non_mated=non_mated, seed=seed)
    assert_well_formed(comparisons)
    assert (len(pairs_of(comparisons, mated=True)), len(pairs_of(comparisons, mated=False))) == expected
    assert len({frozenset(pair) for pair in pairs_of(comparisons)}) == len(comparisons)
    assert all((a[0] == b[0]) == bool(m) for (a, b), m in zip(pairs_of(comparisons), comparisons.mated, strict=True))
    assert len(comparisons.notes) == (mated > expected[0]) + (non_mated > expected[1])


def test_a_sample_is_the_same_today_and_on_every_machine() -> None:
    people = photo_set(**{f"P{number:02d}": 1 + number % 4 for number in range(40)})
    comparisons = sampled_protocol(people, mated=3, non_mated=3, seed=7)
    assert pairs_of(comparisons) == GOLDEN_SAMPLE
    assert sampled_protocol(people, mated=3, non_mated=3, seed=7).digest() == comparisons.digest()
    assert sampled_protocol(people, mated=3, non_mated=3, seed=8).digest() != comparisons.digest()


GOLDEN_SAMPLE = [
    ("P03_0001", "P03_0004"),
    ("P31_0001", "P31_0003"),
    ("P38_0002", "P38_0003"),
    ("P02_0003", "P05_0002"),
    ("P08_0001", "P30_0003"),
    ("P22_0003", "P35_0001"),
]


def test_how_many_mated_are_drawn_does_not_change_the_non_mated() -> None:
    people = photo_set(**{f"P{number:02d}": 1 + number % 4 for number in range(40)})
    few = sampled_protocol(people, mated=1, non_mated=20, seed=3)
    many = sampled_protocol(people, mated=25, non_mated=20, seed=3)
    assert pairs_of(few, mated=False) == pairs_of(many, mated=False)


@pytest.mark.parametrize("wanted", [3, 12])
def test_every_pair_is_as_likely_as_any_other(wanted: int) -> None:
    people = photo_set(Ann=2, Ben=2, Cid=2)
    seeds, there_are = 2000, 12
    times: dict[tuple[str, str], int] = {}
    for seed in range(seeds if wanted < there_are else 1):
        for pair in pairs_of(sampled_protocol(people, mated=0, non_mated=wanted, seed=seed)):
            times[pair] = times.get(pair, 0) + 1
    if wanted == there_are:
        assert list(times.values()) == [1] * there_are
        return
    expected = seeds * wanted / there_are
    assert len(times) == there_are
    # Five standard deviations of a binomial count: one such run in about 150,000 would fail by chance.
    assert max(abs(n - expected) for n in times.values()) < 5 * np.sqrt(expected * (1 - wanted / there_are))


def test_a_sample_of_a_million_photos_takes_no_quadratic_memory() -> None:
    photos = tuple(Photo(f"{n // 2}/{n}", ROOT, str(n // 2), "") for n in range(1_000_000))
    comparisons = sampled_protocol(PhotoSet(ROOT, photos), mated=1000, non_mated=1000, seed=0)
    assert len(comparisons) == 2000
    assert int(comparisons.mated.sum()) == 1000
    assert_well_formed(comparisons)


def test_people_in_both_groups_are_one_person() -> None:
    photos = people_of({"Ann": 2, "Ben": 2}, "mated") + people_of({"Ann": 1}, "non_mated")
    comparisons = sampled_protocol(PhotoSet(ROOT, photos), mated=100, non_mated=100, seed=0)
    assert (int(comparisons.mated.sum()), len(comparisons)) == (4, 10)


# lfw

PAIRS = "2\t1\nAnn\t1\t2\nAnn\t1\tBen\t1\nCid\t3\t1\nBen\t1\tCid\t2\n"


def lfw_file(tmp_path: Path, text: str | bytes = PAIRS) -> Path:
    path = tmp_path / "pairs.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        PAIRS,
        PAIRS.replace("\t", " "),
        PAIRS.replace("\n", "\r\n"),
        "\ufeff" + PAIRS,
        PAIRS + "\n\n",
        PAIRS.replace("\t", " \t ").rstrip("\n"),
    ],
)
def test_lfw_pairs_get_label_and_fold_from_their_place(tmp_path: Path, text: str) -> None:
    comparisons = lfw_protocol(photo_set(Ann=2, Ben=1, Cid=3), lfw_file(tmp_path, text))
    assert pairs_of(comparisons) == [
        ("Ann_0001", "Ann_0002"),
        ("Ann_0001", "Ben_0001"),
        ("Cid_0003", "Cid_0001"),
        ("Ben_0001", "Cid_0002"),
    ]
    assert comparisons.mated.tolist() == [True, False, True, False]
    assert comparisons.fold.tolist() == [0, 0, 1, 1]
    assert_well_formed(comparisons)


def test_a_header_with_one_number_means_no_folds(tmp_path: Path) -> None:
    text = "2\nAnn 1 2\nCid 1 2\nAnn 1 Ben 1\nBen 1 Cid 2\n"
    comparisons = lfw_protocol(photo_set(Ann=2, Ben=1, Cid=3), lfw_file(tmp_path, text))
    assert comparisons.fold.tolist() == [-1] * 4
    assert comparisons.mated.tolist() == [True, True, False, False]


def test_lfw_photos_are_found_with_any_suffix_and_in_group_folders(tmp_path: Path) -> None:
    photos = (
        Photo("matched_faces/Ann/Ann_0001.PNG", ROOT, "Ann", "1", "mated"),
        Photo("matched_faces/Ann/Ann_0002.webp", ROOT, "Ann", "2", "mated"),
        Photo("mismatched_faces/Ben/Ben_0001.jpeg", ROOT, "Ben", "3", "non_mated"),
    )
    comparisons = lfw_protocol(PhotoSet(ROOT, photos), lfw_file(tmp_path, "1\nAnn 1 2\nAnn 1 Ben 1\n"))
    assert [photo.sha256 for photo in comparisons.photos] == ["1", "2", "3"]


def test_names_are_found_in_either_unicode_form(tmp_path: Path) -> None:
    composed, decomposed = "Jos\u00e9", "Jose\u0301"
    people = PhotoSet(ROOT, people_of({decomposed: 2, "Ben": 1}))
    assert len(lfw_protocol(people, lfw_file(tmp_path, f"1\n{composed}\t1\t2\n{composed}\t1\tBen\t1\n"))) == 2


def test_missing_photos_are_listed_with_line_and_count(tmp_path: Path) -> None:
    with pytest.raises(PeopleError, match=r"line 2: no photo Ann/Ann_0002\.\*; line 4: .*not in people"):
        lfw_protocol(photo_set(Ann=1, Ben=1, Cid=2), lfw_file(tmp_path))
    with pytest.raises(PeopleError, match=r"and 3 more"):
        lfw_protocol(photo_set(Zoe=1), lfw_file(tmp_path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("Ann 1 2\n", r"line 1 is 'Ann 1 2'; expected the number of folds"),
        ("0 300\n", "line 1 is '0 300'"),
        ("10 300 5\n", "line 1"),
        ("40000 1\n", "line 1"),
        ("1\nAnn 1 2\n", r"announces 2 pairs, 1 follow"),
        (
            "1\nAnn 1 2\nAnn 1 Ben 1\nAnn 2 Ben 1\n",
            r"\('1'\) announces 2 pairs, 3 follow: 1 with three fields \(mated\) and 2 with four \(non-mated\)\. .*csv",
        ),
        ("10 300\n", r"announces 6,000 pairs, 0 follow"),
        ("1\t999999999\nAnn 1 2\n", r"announces 1,999,999,998 pairs, 1 follow"),
        ("999999999\n", r"announces 1,999,999,998 pairs, 0 follow"),
        ("32767 999999999\nAnn 1 2\n", r"announces 65,533,999,934,466 pairs, 1 follow"),
        ("a/1.jpg b/1.jpg 1\n", r"Protocol csv reads lists of other forms"),
        ("1\nAnn 1 Ben 1\nAnn 1 2\n", r"line 2: 'Ann 1 Ben 1', expected 'name n1 n2' \(mated\) here; line 3"),
        ("1\nAnn 1\nAnn 1 Ben 1\n", "line 2: 'Ann 1', expected"),
        ("1\nAnn 1 two\nAnn 1 Ben 1\n", "line 2"),
        ("1\nAnn -1 2\nAnn 1 Ben 1\n", "line 2"),
        ("1\nAnn 1 1\nAnn 1 Ben 1\n", "line 2: 'Ann 1 1' compares a photo with itself"),
        ("1\nAnn 1 2\nAnn 1 Ann 2\n", "line 3: 'Ann 1 Ann 2' is one person"),
        ("1\nAnn 1 ٢\nAnn 1 Ben 1\n", "line 2"),
        (b"1\nAnn 1 2\nJos\xe9 1 Ben 1\n", "line 3 is not UTF-8"),
    ],
)
def test_malformed_pair_files_are_refused_with_line_and_expectation(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    path = lfw_file(tmp_path, text)
    with pytest.raises(PeopleError, match=message) as caught:
        lfw_protocol(photo_set(Ann=2, Ben=1), path)
    assert str(path) in str(caught.value)


def test_no_size_that_a_pair_file_claims_takes_memory(tmp_path: Path) -> None:
    """In a process of its own with little memory, so that a list that is believed costs no more than that process."""
    path = lfw_file(tmp_path, "1\t999999999\n")
    code = (
        "import resource, pathlib, sys\n"
        "from faceproof.people.protocols import lfw_protocol\n"
        "from faceproof.people.types import Photo, PhotoSet\n"
        "from faceproof.errors import PeopleError\n"
        "room = 256 << 20\n"
        "used = int(pathlib.Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + room, used + room))\n"
        "people = PhotoSet(pathlib.Path('p'), (Photo('a/1.jpg', pathlib.Path('p'), 'a', ''),))\n"
        "try: lfw_protocol(people, sys.argv[1])\n"
        "except PeopleError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True, timeout=60
    )  # fmt: skip
    assert "announces 1,999,999,998 pairs, 0 follow" in done.stdout


@pytest.mark.parametrize("protocol", [lfw_protocol, csv_protocol])
def test_a_pair_list_that_has_no_end_is_refused_before_it_is_opened(
    tmp_path: Path, protocol: Callable[[PhotoSet, Path], Comparisons]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(PeopleError, match=r"The pair list .* is a (pipe|device)\. Expected a regular file"):
            protocol(photo_set(Ann=2), path)


def test_fold_numbers_of_a_csv_file_are_names_and_no_sizes(tmp_path: Path) -> None:
    text = "Ann/Ann_0001.jpg,Ann/Ann_0002.jpg,1,999999999\nAnn/Ann_0001.jpg,Ben/Ben_0001.jpg,0,5\n"
    assert csv_of(tmp_path, text).fold.tolist() == [1, 0]
    with pytest.raises(PeopleError, match="line 1: fold is '9999999999', expected a whole number"):
        csv_of(tmp_path, text.replace("999999999", "9999999999"))


def test_a_pair_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PeopleError, match=r"none\.txt cannot be read \(No such file"):
        lfw_protocol(photo_set(Ann=2), tmp_path / "none.txt")


@given(st.text(alphabet="An 1\t\r\n\u0663é,", max_size=60))
@settings(deadline=None)
def test_any_text_gives_comparisons_or_a_people_error(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = lfw_file(Path(folder), text)
        for protocol in (lfw_protocol, csv_protocol):
            reason = None
            try:
                protocol(photo_set(Ann=2, A=1, n=2), path)
            except PeopleError as error:
                reason = str(error)
            assert reason is None or str(path) in reason


@pytest.mark.real_photos
def test_the_real_lfw_view_2_has_ten_folds_of_600(shared: Path) -> None:
    folder = shared / "data" / "lfw-deepfunneled"
    photos = tuple(
        Photo(f"{person.name}/{file.name}", file, person.name, "")
        for person in sorted(folder.iterdir())
        for file in sorted(person.iterdir())
    )
    comparisons = lfw_protocol(PhotoSet(folder, photos), shared / "data" / "lfw-pairs.txt")
    assert (int(comparisons.mated.sum()), int((~comparisons.mated).sum())) == (3000, 3000)
    assert np.bincount(comparisons.fold).tolist() == [600] * 10
    assert len(comparisons.photos) == 7701
    assert_well_formed(comparisons)
    study = folders_protocol(PhotoSet(folder, photos), one_photo_people=3360)
    assert (int(study.mated.sum()), int((~study.mated).sum())) == (1680, 1680)


# csv

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


def test_a_single_fold_counts_as_none(tmp_path: Path) -> None:
    comparisons = csv_of(tmp_path, "Ann/Ann_0001.jpg,Ann/Ann_0002.jpg,1,4\n")
    assert comparisons.fold.tolist() == [-1]
    assert "one fold" in comparisons.notes[0]


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


# registry


def test_the_registry_lists_every_protocol() -> None:
    assert list_protocols() == ["all", "csv", "folders", "lfw", "sampled"]
    assert set(PROTOCOLS) == set(list_protocols())


def test_make_comparisons_passes_settings_on(tmp_path: Path) -> None:
    people = photo_set(Ann=2, Ben=1, Cid=3)
    assert make_comparisons("all", people, limit=20).settings == {"limit": 20}
    assert make_comparisons("lfw", people, pairs=lfw_file(tmp_path)).settings.keys() == {"pairs", "sha256"}


@pytest.mark.parametrize(
    ("name", "asked", "message"),
    [
        ("sample", {}, r"no protocol 'sample'. Did you mean 'sampled'\? Expected one of all, csv"),
        ("xyz", {}, r"no protocol 'xyz'. Expected one of"),
        ("folders", {"one_photo_persons": 2}, r"no setting 'one_photo_persons'. Did you mean 'one_photo_people'"),
        ("lfw", {}, "needs the setting 'pairs'"),
        ("csv", {"pairs": None}, "needs the setting 'pairs'"),
        ("lfw", {"pairs_file": "p"}, r"no setting 'pairs_file'. Did you mean 'pairs'\?"),
        ("csv", {"csv_file": "p"}, "no setting 'csv_file'. Expected one of pairs"),
        ("folders", {"one_photo_people": -1}, "one_photo_people is -1"),
        ("sampled", {"mated": -1}, "mated is -1"),
        ("sampled", {"seed": -1}, "seed is -1"),
        ("all", {"limit": -1}, "limit is -1"),
    ],
)
def test_wrong_names_and_settings_are_configuration_errors(name: str, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make_comparisons(name, photo_set(Ann=2, Ben=2), **asked)


Protocol = Callable[[PhotoSet], Comparisons]


@pytest.mark.parametrize("protocol", [folders_protocol, all_protocol, sampled_protocol])
def test_the_same_photos_elsewhere_give_the_same_digest(protocol: Protocol) -> None:
    def moved(photos: Sequence[Photo]) -> PhotoSet:
        return PhotoSet(Path("elsewhere"), tuple(Photo(p.id, Path(p.id), p.person, p.sha256, p.group) for p in photos))

    people = photo_set(Ann=2, Ben=1, Cid=3, Dan=1)
    assert protocol(people).digest() == protocol(moved(people.photos)).digest()
