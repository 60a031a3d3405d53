"""Pairs of photos as numbers: equal in all runs where photos and label are, and different within one run."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from five_pairs import PAIRS

from faceproof.errors import RunFolderError
from faceproof.findings.joined import join_runs, named_runs
from faceproof.findings.pair_lists import pair_lists
from faceproof.runs.manifest_file import write_manifest
from faceproof.runs.run_folder import open_run, read_run


def same(one, other):
    """Which comparisons of the first list have which place in the second; None: it lacks them."""
    places = {key: place for place, key in enumerate(other.tolist())}
    return [places.get(key) for key in one.tolist()]


def test_equal_pairs_have_equal_keys_whatever_their_order_and_sides(named):
    first, second = pair_lists(named({}, {"pairs": [pair[::-1] for pair in PAIRS[:0:-1]], "similarity": [0.5] * 4}))
    assert same(first.key, second.key) == [None, 3, 2, 1, 0]
    assert same(first.couple, second.couple) == [None, 3, 2, 1, 0]
    assert first.photo_a[1:].tolist() == second.photo_b[::-1].tolist()
    assert len(set(first.key.tolist())) == 5


def test_another_label_changes_the_key_and_not_the_couple(named):
    first, second = pair_lists(named({}, {"labels": [True, False, False, True, False]}))
    assert same(first.key, second.key) == [0, None, 2, None, 4]
    assert first.couple.tolist() == second.couple.tolist()


def test_a_pair_that_is_there_again_has_a_key_for_each_time(named):
    once, twice = PAIRS[:2], [PAIRS[0], PAIRS[1], PAIRS[0][::-1], PAIRS[0]]
    first, second = pair_lists(
        named({"pairs": once, "similarity": [0.9] * 2}, {"pairs": twice, "similarity": [0.9] * 4})
    )
    assert same(first.key, second.key) == [0, 1]
    assert len(set(second.key.tolist())) == 4
    assert second.couple[[0, 2, 3]].tolist() == [first.couple[0]] * 3


def test_photos_are_numbered_by_id_and_bytes_and_names_by_id_alone(named):
    other = {"other_bytes": frozenset({"cem/1"}), "pairs": PAIRS[2:4], "similarity": [0.5] * 2}
    first, second = pair_lists(named({}, other))
    assert (first.photo_a[2:4] == second.photo_a).tolist() == [True, True]
    assert (first.photo_b[2:4] == second.photo_b).tolist() == [True, False]
    assert (len(first.names), len(second.names)) == (5, 4)
    assert set(second.names.tolist()) < set(first.names.tolist())
    assert first.photos["photo"].to_pylist() == ["ann/1", "ann/2", "ben/1", "ben/2", "cem/1"]


def test_a_run_without_comparisons_has_no_keys(named):
    first, second = pair_lists(named({}, {"pairs": [], "similarity": []}))
    assert (len(first.key), len(second.key), len(second.names)) == (5, 0, 0)


def test_a_run_of_scores_needs_no_rows_of_photos(named):
    source = {"kind": "scores", "file": "scores.csv", "sha256": "0" * 64}
    runs = named({}, {"manifest": {"systems": [{"name": "model-a", "card": None, "source": source}]}})
    bare = replace(runs[1].tables, photos=runs[1].tables.photos.slice(0, 0))
    first, second = pair_lists([runs[0], replace(runs[1], tables=bare)])
    assert first.key.tolist() == second.key.tolist()


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


def test_a_photo_without_a_row_is_named(named):
    runs = named({}, {})
    photos = pq.read_table(runs[1].folder / "photos.parquet")
    kept = photos.filter(pa.array([name != "cem/1" for name in photos["photo"].to_pylist()]))
    tables = [runs[0].tables, replace(runs[1].tables, photos=kept)]
    damaged = named_runs([run.folder for run in runs], tables)
    with pytest.raises(RunFolderError, match=r"run-1.*lacks 'cem/1'"):
        join_runs(damaged)


def test_a_photo_that_one_run_could_not_read_goes_by_its_name(named):
    runs = named({}, {}, {})
    photos = pq.read_table(runs[1].folder / "photos.parquet")
    digests = ["" if row["photo"] == "cem/1" else row["sha256"] for row in photos.to_pylist()]
    column = photos.column_names.index("sha256")
    pq.write_table(photos.set_column(column, "sha256", pa.array(digests)), runs[1].folder / "photos.parquet")
    write_manifest(runs[1].folder, open_run(runs[1].folder).manifest)
    assert len(join_runs(named_runs([one.folder for one in runs], [read_run(one.folder) for one in runs]))) == 5
