"""Accuracy over the folds of a protocol, or over folds that share no person, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from faceproof.errors import ConfigurationError
from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics.intervals import wilson
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.summary.folded import folded_accuracy


def scored(*rows: tuple[str, float], fold: list[int] | None = None) -> ScoredComparisons:
    """Comparisons of two people each, such as ``("aa", 0.9)``; two equal letters are a mated one."""
    people = [(pair[0], pair[1]) for pair, _ in rows]
    names = {
        **{f"photo_{side}": [f"{two[place]}/{n}" for n, two in enumerate(people)] for place, side in enumerate("ab")},
        **{f"person_{side}": [two[place] for two in people] for place, side in enumerate("ab")},
    }
    return ScoredComparisons(
        comparison=np.arange(len(rows)),
        mated=np.array([a == b for a, b in people], np.bool_),
        fold=np.full(len(rows), -1) if fold is None else np.array(fold, np.int64),
        similarity=np.array([similarity for _, similarity in rows], np.float64),
        names=pa.table({name: pa.array(cells, pa.string()) for name, cells in names.items()}),
    )


# Fold 0 alone is split at 0.5, fold 1 alone at 0.3; at 0.5 the mated comparison of fold 1 is lost.
ROWS = [("aa", 0.9), ("ab", 0.1), ("cc", 0.4), ("cd", 0.2)]


def test_each_fold_of_the_protocol_is_judged_at_the_threshold_of_the_others() -> None:
    found = folded_accuracy(scored(*ROWS, fold=[0, 0, 1, 1]), 10, 0)
    assert (found.kind, found.k, found.left_out, found.reason) == ("protocol", 2, 0, None)
    assert [(row.fold, row.accuracy, row.comparisons) for row in found.per_fold] == [(0, 1.0, 2), (1, 0.5, 2)]
    assert [row.threshold_similarity for row in found.per_fold] == pytest.approx([0.3, 0.5])
    assert [row.threshold_distance for row in found.per_fold] == [
        distance_from_similarity(row.threshold_similarity) for row in found.per_fold
    ]
    assert (found.accuracy.value, found.accuracy.n, found.accuracy.optimistic) == (0.75, 4, False)
    assert (found.accuracy.low, found.accuracy.high) == wilson(3, 4)
    # The standard deviation of 1 and 0.5 with one degree of freedom, over the square root of 2.
    assert found.accuracy.standard_error == pytest.approx(0.25)
    assert found.accuracy.how.startswith(found.how)


def test_comparisons_in_no_fold_are_left_out_and_those_without_a_score_count_nowhere() -> None:
    rows = [*ROWS, ("ee", 0.8), ("ef", math.nan), ("ef", math.nan)]
    found = folded_accuracy(scored(*rows, fold=[0, 0, 1, 1, -1, 0, -1]), 10, 0)
    assert (found.kind, found.k, found.left_out, found.accuracy.n) == ("protocol", 2, 1, 4)


def test_without_folds_people_are_split_and_pairs_across_are_left_out() -> None:
    """In two groups that meet in one comparison; each group is a fold."""
    rows = [("aa", 0.9), ("bb", 0.8), ("ab", 0.1), ("ab", 0.2), ("cc", 0.9), ("dd", 0.8), ("cd", 0.1), ("cd", 0.2)]
    found = folded_accuracy(scored(*rows), 2, 0)
    assert (found.kind, found.k, found.left_out, found.accuracy.value) == ("person_disjoint", 2, 0, 1.0)
    assert [row.comparisons for row in found.per_fold] == [4, 4]
    assert "people are split into folds" in found.how


@pytest.mark.parametrize(
    ("rows", "fold", "reason"),
    [
        ([], [], "no comparison could be made"),
        ([("aa", math.nan)], [0], "no comparison could be made"),
        (
            [("aa", 0.9), ("bb", 0.8), ("ab", math.nan)],
            [0, 1, 1],
            "no non-mated comparison could be made, and a threshold needs both kinds",
        ),
        ([("ab", 0.9)], [0], "no mated comparison could be made, and a threshold needs both kinds"),
        (ROWS[:2], [0, 0], "There are 1 folds with comparisons; a threshold from the others needs two."),
        (
            ROWS,
            [0, 1, 0, 1],
            "Leaving out a fold leaves comparisons of one kind only, so it gets no threshold.",
        ),
    ],
)
def test_without_an_accuracy_there_is_a_reason(rows: list[tuple[str, float]], fold: list[int], reason: str) -> None:
    found = folded_accuracy(scored(*rows, fold=fold), 7, 0)
    assert (found.kind, found.k, found.per_fold, found.reason) == (None, 7, [], reason)
    assert (found.accuracy.value, found.accuracy.reason, found.accuracy.standard_error) == (None, reason, None)


def test_fewer_than_two_folds_of_people_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        folded_accuracy(scored(*ROWS), 1, 0)
