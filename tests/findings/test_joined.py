"""Comparisons of several runs are found by their photos, whatever their order, and never guessed."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from faceproof.errors import RunFolderError
from faceproof.findings.joined import how_pair_lists_differ, join_runs, named_runs
from faceproof.runs.manifest_file import write_manifest
from faceproof.runs.run_folder import open_run, read_run

PAIRS = [("ann/1", "ann/2"), ("ben/1", "ben/2"), ("ann/1", "ben/1"), ("ann/2", "cem/1"), ("ben/2", "cem/1")]
SIMILARITY = [0.9, 0.8, 0.1, 0.2, 0.3]


@pytest.fixture
def named(made_up_run, tmp_path):
    """Write runs, each from what it is made of, and read them."""

    def named(*settings):
        folders = [
            made_up_run(**{"pairs": PAIRS, "similarity": SIMILARITY} | one).write(tmp_path / f"run-{place}")
            for place, one in enumerate(settings)
        ]
        return named_runs(folders, [read_run(folder) for folder in folders])

    return named


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


def test_every_pair_of_some_photos_is_found_in_any_order(named):
    """Numbers of photos follow each other, so that the numbers of two pairs must not meet."""
    photos = ["ann/1", "ann/2", "ben/1", "ben/2", "cem/1"]
    pairs = list(combinations(photos, 2))
    similarity = np.arange(len(pairs)) / 100
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(len(pairs))
        swapped = [pairs[row][::-1] if row % 2 else pairs[row] for row in order]
        runs = named({"pairs": pairs, "similarity": similarity}, {"pairs": swapped, "similarity": similarity[order]})
        np.testing.assert_array_equal(join_runs(runs).similarity, [similarity] * 2)


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


def test_a_photo_without_a_row_is_named(named):
    runs = named({}, {})
    photos = pq.read_table(runs[1].folder / "photos.parquet")
    kept = photos.filter(pa.array([name != "cem/1" for name in photos["photo"].to_pylist()]))
    tables = [runs[0].tables, replace(runs[1].tables, photos=kept)]
    damaged = named_runs([run.folder for run in runs], tables)
    with pytest.raises(RunFolderError, match=r"run-1.*lacks 'cem/1'"):
        join_runs(damaged)


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


def test_a_photo_that_one_run_could_not_read_goes_by_its_name(named):
    runs = named({}, {}, {})
    photos = pq.read_table(runs[1].folder / "photos.parquet")
    digests = ["" if row["photo"] == "cem/1" else row["sha256"] for row in photos.to_pylist()]
    column = photos.column_names.index("sha256")
    pq.write_table(photos.set_column(column, "sha256", pa.array(digests)), runs[1].folder / "photos.parquet")
    write_manifest(runs[1].folder, open_run(runs[1].folder).manifest)
    assert len(join_runs(named_runs([one.folder for one in runs], [read_run(one.folder) for one in runs]))) == 5
