"""Comparisons of several runs are found by their photos, whatever their order, and never guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from five_pairs import PAIRS, SIMILARITY

from faceproof.findings.joined import how_pair_lists_differ, join_runs, named_runs
from faceproof.runs.run_folder import read_run


def pairs_of(scored):
    return list(zip(*scored.names_of(np.arange(len(scored)), ("photo_a", "photo_b")).values(), strict=True))


def test_equal_lists_are_joined_whole_and_in_order(named):
    joined = join_runs(named({}, {"similarity": [0.5, 0.4, 0.3, 0.2, 0.1]}))
    assert len(joined) == 5
    assert joined.left_out == (0, 0)
    np.testing.assert_array_equal(joined.similarity, [SIMILARITY, [0.5, 0.4, 0.3, 0.2, 0.1]])
    assert how_pair_lists_differ(*joined.runs) == []


def test_rows_are_joined_by_photos_and_not_by_their_order(named):
    order = [3, 0, 4, 1, 2]
    runs = named({}, {"pairs": [PAIRS[row] for row in order], "similarity": [SIMILARITY[row] for row in order]})
    joined = join_runs(runs)
    np.testing.assert_array_equal(joined.similarity[1], SIMILARITY)
    assert joined.scored[1].comparison.tolist() == [1, 3, 4, 0, 2]
    assert pairs_of(joined.scored[0]) == PAIRS
    assert how_pair_lists_differ(*runs) == ["the same comparisons in another order"]


def test_which_side_comes_first_changes_nothing(named):
    runs = named({}, {"pairs": [(b, a) for a, b in PAIRS]})
    np.testing.assert_array_equal(join_runs(runs).similarity[1], SIMILARITY)
    assert how_pair_lists_differ(*runs) == ["the sides of comparisons swapped"]


def test_what_one_run_lacks_is_left_out_and_counted(named):
    joined = join_runs(named({}, {"pairs": PAIRS[1:4], "similarity": SIMILARITY[1:4]}, {}))
    assert len(joined) == 3
    assert joined.left_out == (2, 0, 2)
    assert pairs_of(joined.scored[2]) == PAIRS[1:4]
    assert {len(photos) for photos in joined.photos} == {5}


def test_photos_that_take_no_part_are_left_out(named):
    shared = [PAIRS[0]]
    joined = join_runs(named({}, {"pairs": shared, "similarity": [0.5]}))
    assert [table["photo"].to_pylist() for table in joined.photos] == [["ann/1", "ann/2"]] * 2


def test_another_file_under_the_same_name_is_another_photo(named):
    runs = named({}, {"other_bytes": frozenset({"cem/1"})})
    joined = join_runs(runs)
    assert pairs_of(joined.scored[0]) == PAIRS[:3]
    assert joined.left_out == (2, 2)
    said = how_pair_lists_differ(*runs)
    assert said == [
        "1 other photo (1 of them under a name that the other has too)",
        "2 pairs that the other does not have",
    ]


def test_another_label_is_another_comparison(named):
    runs = named({}, {"labels": [True, True, False, False, True]})
    assert len(join_runs(runs)) == 4
    assert how_pair_lists_differ(*runs) == ["1 of the same pairs with another label or more than once"]


def test_folds_count_where_all_runs_agree_on_them(named):
    same, other = {"fold": [0, 0, 1, 1, 1]}, {"fold": [0, 0, 1, 1, 0]}
    assert join_runs(named(same, same)).scored[1].fold.tolist() == [0, 0, 1, 1, 1]
    runs = named(same, other)
    assert [scored.fold.tolist() for scored in join_runs(runs).scored] == [[-1] * 5] * 2
    assert how_pair_lists_differ(*runs) == ["1 comparison in another fold"]


@pytest.mark.parametrize("different", [0, 1, 2])
def test_of_three_runs_one_with_other_folds_takes_the_folds_from_all(named, different):
    runs = named(*({"fold": [0, 0, 1, 1, int(place != different)]} for place in range(3)))
    assert [scored.fold.tolist() for scored in join_runs(runs).scored] == [[-1] * 5] * 3


def test_a_pair_that_is_there_twice_is_joined_twice(named):
    twice = {"pairs": [PAIRS[0], PAIRS[1], PAIRS[0]], "similarity": [0.9, 0.8, 0.7]}
    joined = join_runs(named(twice, twice))
    np.testing.assert_array_equal(joined.similarity, [[0.9, 0.8, 0.7]] * 2)
    assert len(join_runs(named(twice, {}))) == 2


def test_nothing_in_common_is_an_empty_join(named):
    runs = named({}, {"pairs": [("dee/1", "dee/2")], "similarity": [0.5]})
    joined = join_runs(runs)
    assert len(joined) == 0
    assert joined.left_out == (5, 1)
    assert how_pair_lists_differ(*runs)[0] == "1 comparison instead of 5"


class TestNames:
    def test_a_run_is_called_by_its_model(self, named):
        assert [run.name for run in named({"model": "x"}, {"model": "y"})] == ["x", "y"]

    def test_or_by_its_folder_where_models_are_the_same(self, named):
        assert [run.name for run in named({"model": "x"}, {"model": "y"}, {"model": "x"})] == ["run-0", "y", "run-2"]

    def test_or_by_its_path_where_folders_are_called_the_same(self, made_up_run, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        folders = [made_up_run(PAIRS, SIMILARITY).write(Path(place) / "run") for place in "ab"]
        named = named_runs(folders, [read_run(folder) for folder in folders])
        assert [run.name for run in named] == [str(Path("a/run")), str(Path("b/run"))]

    def test_a_folder_called_like_another_model_is_no_second_name(self, named):
        names = [run.name for run in named({"model": "x"}, {"model": "x"}, {"model": "run-0"})]
        assert len(set(names)) == 3
