"""Pair lists of LFW's format, and what holds for every pair list that a user gives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photo_sets import ROOT, assert_well_formed, pairs_of, people_of, photo_set

from faceproof.errors import PeopleError
from faceproof.people.pair_csv import csv_protocol
from faceproof.people.pair_files import lfw_protocol
from faceproof.people.protocols import folders_protocol
from faceproof.people.types import Comparisons, Photo, PhotoSet

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
        "from faceproof.people.pair_files import lfw_protocol\n"
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
