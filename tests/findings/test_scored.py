"""Similarities beside their comparisons: joined by number, held to the range of a cosine."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from faceproof.errors import RunFolderError
from faceproof.findings.scored import join_scores


def run_of(comparison, scored, similarity, *, people_known=True):
    """A run of comparisons with these numbers, and scores of others or in another order."""
    names = {name: [f"{name} {number}" for number in comparison] for name in ("photo_a", "photo_b")}
    people = {name: ["ann"] * len(comparison) for name in ("person_a", "person_b")}
    mated = pa.array([True] * len(comparison))
    numbers = pa.array(comparison, pa.int64())
    fold = pa.nulls(len(comparison), pa.int16())
    return SimpleNamespace(
        condition="clean",
        manifest=SimpleNamespace(people_known=people_known),
        comparisons=pa.table({"comparison": numbers, "mated": mated, "fold": fold, **names, **people}),
        scores=pa.table({"comparison": pa.array(scored, pa.int64()), "similarity": pa.array(similarity, pa.float64())}),
    )


def joined(comparison, scored, similarity):
    return join_scores(run_of(comparison, scored, similarity)).similarity


def test_similarities_are_joined_by_number_and_not_by_row():
    np.testing.assert_array_equal(joined([7, 3, 5], [3, 5, 7], [0.3, 0.5, 0.7]), [0.7, 0.3, 0.5])
    np.testing.assert_array_equal(joined([7, 3, 5], [5, 7], [0.5, 0.7]), [0.7, np.nan, 0.5])


@pytest.mark.parametrize("unknown", [2, 4, 6, 99])
def test_a_score_of_no_comparison_is_refused_wherever_its_number_lies(unknown):
    with pytest.raises(RunFolderError, match=rf"scores\.parquet has comparison {unknown}, which"):
        joined([3, 5, 7], [3, unknown], [0.3, 0.5])


def test_a_number_that_is_there_twice_is_refused_even_beside_itself():
    with pytest.raises(RunFolderError, match=r"comparisons\.parquet has comparison 5 more than once"):
        joined([3, 5, 5, 7], [3, 5, 7], [0.3, 0.5, 0.7])
    with pytest.raises(RunFolderError, match=r"scores\.parquet has comparison 5 more than once"):
        joined([3, 5, 7], [3, 5, 5, 7], [0.3, 0.5, 0.6, 0.7])


def test_rounding_up_to_a_millionth_beyond_one_is_taken_off():
    np.testing.assert_array_equal(joined([0, 1], [0, 1], [1 + 9e-7, -1 - 9e-7]), [1, -1])
    np.testing.assert_array_equal(joined([0, 1, 2], [0, 1, 2], [-0.5, 0.25, np.nan]), [-0.5, 0.25, np.nan])


@pytest.mark.parametrize("similarity", [1 + 2e-6, -1 - 2e-6, 1.5])
def test_a_similarity_further_beyond_one_is_no_cosine(similarity):
    with pytest.raises(RunFolderError, match=r"the similarity of comparison 1 is .* a cosine lies between -1 and 1"):
        joined([0, 1], [0, 1], [0.5, similarity])


@pytest.mark.parametrize("known", [True, False])
def test_the_run_says_whether_the_people_are_known(known):
    assert join_scores(run_of([0, 1], [0, 1], [0.5, 0.1], people_known=known)).people_known is known


def test_people_and_photos_are_numbered_by_name_on_both_sides_alike():
    names = {"photo_a": ["b/2", "a/1", "c/1"], "photo_b": ["a/1", "c/1", "b/1"]}
    people = {f"person_{side}": [photo[0] for photo in names[f"photo_{side}"]] for side in "ab"}
    scored = replace(join_scores(run_of([0, 1, 2], [], [])), names=pa.table(names | people))
    assert [side.tolist() for side in scored.photo_codes()] == [[2, 0, 3], [0, 3, 1]]
    assert [side.tolist() for side in scored.person_codes()] == [[1, 0, 2], [0, 2, 1]]
