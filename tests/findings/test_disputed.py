"""Disputed comparisons against plain loops, and their file against odd names."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from faceproof.findings.compared import pair_runs
from faceproof.findings.disputed import COLUMNS, Disputed, write_flips_csv
from faceproof.findings.joined import join_runs, named_runs
from faceproof.runs.run_folder import read_run
from faceproof.scoring.similarity import distance_from_similarity


def disputed_of(folders, seed=0):
    joined = join_runs(named_runs(folders, [read_run(folder) for folder in folders]))
    first = joined.scored[0]
    return Disputed(joined, pair_runs(joined.similarity, first.mated, *first.person_codes(), first.fold, seed))


@pytest.fixture
def disputed(made_up_run, two_scores, tmp_path):
    """Three runs; the second cannot make two comparisons that the others can, nobody can make a third."""
    pairs, first, second = two_scores()
    lost = {"second": frozenset({pairs[3][1], pairs[5][0]}), "first": frozenset({pairs[5][0]})}
    runs = [
        made_up_run(pairs, first, failed=lost["first"], model="first"),
        made_up_run(pairs, second, failed=lost["second"], model="second"),
        made_up_run(pairs[::-1], 2 * first[::-1] - second[::-1], failed=lost["first"], model="third"),
    ]
    return disputed_of([run.write(tmp_path / str(place)) for place, run in enumerate(runs)])


def test_flips_are_those_of_a_plain_loop_worst_first(disputed):
    paired = disputed.paired
    wanted = []
    for place, row in enumerate(paired.rows):
        accepted = [paired.similarity[run, place] >= paired.threshold[run, place] for run in (0, 1)]
        if (accepted[0] == paired.mated[place]) and (accepted[1] != paired.mated[place]):
            distance = distance_from_similarity(paired.similarity[1, place])
            threshold = distance_from_similarity(paired.threshold[1, place])
            wanted.append((-abs(distance - threshold), int(disputed.joined.scored[0].comparison[row])))
    found = disputed.flips(1, 0, winner=0)
    assert [(-entry.margin, entry.comparison) for entry in found] == sorted(wanted)
    assert len(found) > 10
    assert disputed.right_in(0, 1).size == len(found)
    assert disputed.flips(1, 0, winner=0, limit=4) == found[:4]
    for entry in found:
        assert entry.kind == "right in baseline"
        assert (entry.decided_baseline == "accepted") == entry.mated
        assert (entry.decided == "accepted") != entry.mated
        assert (entry.distance <= entry.threshold_distance) == (entry.decided == "accepted")
        assert entry.margin == pytest.approx(abs(entry.distance - entry.threshold_distance))


def test_the_other_direction_has_the_margin_of_the_other_run(disputed):
    found = disputed.flips(0, 1, winner=0)
    assert len(found) == disputed.right_in(0, 1).size > 10
    for entry in found:
        assert entry.kind == "right in run"
        assert (entry.decided == "accepted") == entry.mated
        gap = abs(entry.distance_baseline - entry.threshold_distance_baseline)
        assert entry.margin == pytest.approx(gap)


def test_the_two_directions_are_all_decisions_that_differ(disputed):
    assert not set(disputed.right_in(0, 1)) & set(disputed.right_in(1, 0))
    differ = np.flatnonzero(disputed.paired.accepted[0] != disputed.paired.accepted[1])
    both = np.concatenate([disputed.right_in(0, 1), disputed.right_in(1, 0)])
    assert sorted(both) == differ.tolist()


def test_numbers_are_those_of_each_run(disputed):
    n = len(disputed.joined)
    for entry in disputed.flips(2, 0, winner=0) + disputed.flips(2, 0, winner=2):
        assert entry.comparison_in_run == n - 1 - entry.comparison


def test_what_one_run_made_and_another_could_not_is_listed_with_the_reason(disputed):
    assert disputed.missing(0) == disputed.missing(2) == []
    lost = disputed.missing(1)
    photo = disputed.joined.scored[0].names["photo_b"][3].as_py()
    assert lost
    assert all(photo in {entry.photo_a, entry.photo_b} for entry in lost)
    assert {entry.reason.partition(": ")[2] for entry in lost} == {"detect: no face was found"}
    assert all(entry.baseline == "first" and entry.decided == "not made" for entry in lost)
    similarity = disputed.joined.scored[0].similarity
    for entry in lost:
        assert entry.distance_baseline == pytest.approx(distance_from_similarity(similarity[entry.comparison]))
    assert disputed.missing(1, limit=1) == lost[:1]


def test_without_thresholds_nothing_is_disputed_but_what_was_not_made(made_up_run, tmp_path):
    pairs = [("a/1", "a/2"), ("b/1", "b/2"), ("a/1", "b/1")]
    runs = [made_up_run(pairs, [0.9, 0.8, 0.1]), made_up_run(pairs, [0.1, 0.1, 0.9], failed=frozenset({"a/2"}))]
    disputed = disputed_of([run.write(tmp_path / str(place)) for place, run in enumerate(runs)])
    assert disputed.flips(1, 0, winner=0) == []
    assert [row.kind for row in disputed.every()] == ["not made"]


def test_the_file_has_every_row_and_gives_names_back(disputed, tmp_path):
    rows = list(disputed.every())
    assert write_flips_csv(tmp_path / "flips.csv", rows) == len(rows)
    with (tmp_path / "flips.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert tuple(read[0]) == COLUMNS
    assert [row["comparison"] for row in read] == [str(row.comparison) for row in rows]
    assert {row["run"] for row in read} == {"second", "third"}
    for row, wanted in zip(read, rows, strict=True):
        at = wanted.threshold_distance
        assert row["threshold_distance"] == ("" if at is None else str(at))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["flips.csv"]


@pytest.mark.parametrize("name", ["=1+1", "@sum", "-2", "'tis", "line\nbreak", 'quo"te, comma', "Zoë 🦊"])
def test_no_name_becomes_a_formula_or_a_row(made_up_run, tmp_path, name):
    pairs = [(f"{name}/1", f"{name}/2"), ("b/1", "b/2")]
    runs = [made_up_run(pairs, [0.9, 0.8], model=name), made_up_run(pairs, [0.1, 0.2], failed=frozenset({f"{name}/1"}))]
    disputed = disputed_of([run.write(tmp_path / str(place)) for place, run in enumerate(runs)])
    assert write_flips_csv(tmp_path / "flips.csv", disputed.every()) == 1
    with (tmp_path / "flips.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    guard = "'" if name[0] in "=@-'" else ""
    assert row["person_a"] == row["baseline"] == f"{guard}{name}"
