"""Protocols: who is compared with whom, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photo_sets import ROOT, assert_well_formed, pairs_of, people_of, photo_set

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.people.protocols import (
    PROTOCOLS,
    all_protocol,
    folders_protocol,
    list_protocols,
    make_comparisons,
    sampled_protocol,
)
from faceproof.people.types import Comparisons, Photo, PhotoSet

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


# registry


def test_the_registry_lists_every_protocol() -> None:
    assert list_protocols() == ["all", "csv", "folders", "lfw", "sampled"]
    assert set(PROTOCOLS) == set(list_protocols())


def test_make_comparisons_passes_settings_on(tmp_path: Path) -> None:
    people = photo_set(Ann=2, Ben=1, Cid=3)
    assert make_comparisons("all", people, limit=20).settings == {"limit": 20}
    (tmp_path / "pairs.txt").write_text("1\nAnn 1 2\nAnn 1 Ben 1\n")
    assert make_comparisons("lfw", people, pairs=tmp_path / "pairs.txt").settings.keys() == {"pairs", "sha256"}


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
