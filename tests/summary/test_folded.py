"""Accuracy over the folds of a protocol, or over folds that share no person, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from faceproof.errors import ConfigurationError
from faceproof.findings.linked import linked_scores
from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics.folds import cross_validated_accuracy, person_disjoint_folds
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.summary.evaluation_schema import Folds
from faceproof.summary.folded import folded_accuracy


def scored(*rows: tuple[str, float], fold: list[int] | None = None, people_known: bool = True) -> ScoredComparisons:
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
        people_known=people_known,
    )


def folded(comparisons: ScoredComparisons, folds: int, seed: int) -> Folds:
    return folded_accuracy(comparisons, linked_scores(comparisons), folds, seed)


# Fold 0 alone is split at 0.5, fold 1 alone at 0.3; at 0.5 the mated comparison of fold 1 is lost.
ROWS = [("aa", 0.9), ("ab", 0.1), ("cc", 0.4), ("cd", 0.2)]


def test_each_fold_of_the_protocol_is_judged_at_the_threshold_of_the_others() -> None:
    found = folded(scored(*ROWS, fold=[0, 0, 1, 1]), 10, 0)
    assert (found.kind, found.k, found.left_out, found.reason) == ("protocol", 2, 0, None)
    assert [(row.fold, row.accuracy, row.comparisons) for row in found.per_fold] == [(0, 1.0, 2), (1, 0.5, 2)]
    assert [row.threshold_similarity for row in found.per_fold] == pytest.approx([0.3, 0.5])
    assert [row.threshold_distance for row in found.per_fold] == [
        distance_from_similarity(row.threshold_similarity) for row in found.per_fold
    ]
    assert (found.accuracy.value, found.accuracy.n, found.accuracy.optimistic) == (0.75, 4, False)
    # The standard deviation of 1 and 0.5 with one degree of freedom, over the square root of 2.
    assert found.accuracy.standard_error == pytest.approx(0.25)
    assert found.accuracy.how == found.how
    assert found.how.endswith("The mean over folds.")


def test_comparisons_in_no_fold_are_left_out_and_those_without_a_score_count_nowhere() -> None:
    rows = [*ROWS, ("ee", 0.8), ("ef", math.nan), ("ef", math.nan)]
    found = folded(scored(*rows, fold=[0, 0, 1, 1, -1, 0, -1]), 10, 0)
    assert (found.kind, found.k, found.left_out, found.accuracy.n) == ("protocol", 2, 1, 4)


def test_without_folds_people_are_split_and_pairs_across_are_left_out() -> None:
    """In two groups that meet in one comparison; each group is a fold."""
    rows = [("aa", 0.9), ("bb", 0.8), ("ab", 0.1), ("ab", 0.2), ("cc", 0.9), ("dd", 0.8), ("cd", 0.1), ("cd", 0.2)]
    found = folded(scored(*rows), 2, 0)
    assert (found.kind, found.k, found.left_out, found.accuracy.value) == ("person_disjoint", 2, 0, 1.0)
    assert [row.comparisons for row in found.per_fold] == [4, 4]
    assert "people are split into folds" in found.how


def ends(found: Folds) -> tuple[float, float]:
    assert found.accuracy.low is not None
    assert found.accuracy.high is not None
    return found.accuracy.low, found.accuracy.high


def wilson(errors: int, n: int) -> tuple[float, float]:
    found = stats.binomtest(errors, n).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def five_folds(seed: int, *, apart: float = 0.5, folds: int = 5) -> ScoredComparisons:
    """Forty comparisons of each kind in each fold, of two people in a group of their own; the people are unknown."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(folds):
        rows += [("aa", float(one)) for one in rng.normal(0.2 + apart, 0.2, 40)]
        rows += [("ab", float(one)) for one in rng.normal(0.2, 0.2, 40)]
    return scored(*rows, fold=np.repeat(np.arange(folds), 80).tolist(), people_known=False)


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_combines_fmr_and_fnmr_of_the_decisions_of_all_folds(seed: int) -> None:
    """By hand, of unknown people: both rates have Wilson's interval, and half of the comparisons are of each kind."""
    found = folded(five_folds(seed), 10, 0)
    one = five_folds(seed)
    wrong = [
        (int(np.count_nonzero(at >= row.threshold_similarity)), kind)
        for row in found.per_fold
        for kind in (True, False)
        for at in [one.similarity[(one.fold == row.fold) & (one.mated == kind)]]
    ]
    fn, fp = 200 - sum(n for n, kind in wrong if kind), sum(n for n, kind in wrong if not kind)
    assert min(fn, fp) > 3
    (fnmr_low, fnmr_high), (fmr_low, fmr_high) = wilson(fn, 200), wilson(fp, 200)
    accuracy = 1 - (fn + fp) / 400
    assert found.accuracy.value == pytest.approx(accuracy)
    assert ends(found) == pytest.approx(
        (
            accuracy - math.hypot(fnmr_high - fn / 200, fmr_high - fp / 200) / 2,
            accuracy + math.hypot(fn / 200 - fnmr_low, fp / 200 - fmr_low) / 2,
        )
    )


def test_folds_of_equal_size_give_the_plain_mean_and_others_the_share_of_all_decisions() -> None:
    """Fold 0 has all of four right, fold 1 one of two."""
    rows = [("aa", 0.9), ("ab", 0.1), ("ee", 0.8), ("ef", 0.15), ("cc", 0.4), ("cd", 0.2)]
    unequal = folded(scored(*rows, fold=[0, 0, 0, 0, 1, 1]), 10, 0)
    assert [(row.accuracy, row.comparisons) for row in unequal.per_fold] == [(1.0, 4), (0.5, 2)]
    assert (unequal.accuracy.value, unequal.accuracy.standard_error) == (pytest.approx(5 / 6), None)
    assert unequal.how.endswith("Each comparison counts the same.")


def test_a_mean_of_folds_in_which_comparisons_are_missing_moves_the_interval_along() -> None:
    """All folds have 80 comparisons, so their mean counts, although half of the first could not be made."""
    whole = five_folds(1, apart=0.3)
    lost = (whole.fold == 0) & (np.arange(len(whole)) % 2 == 0)
    some = replace(whole, similarity=np.where(lost, math.nan, whole.similarity))
    found = folded(some, 10, 0)
    accuracies = [row.accuracy for row in found.per_fold]
    assert [row.comparisons for row in found.per_fold] == [40, 80, 80, 80, 80]
    assert found.accuracy.value == pytest.approx(np.mean(accuracies))
    weighted = np.average(accuracies, weights=[40, 80, 80, 80, 80])
    assert abs(weighted - np.mean(accuracies)) > 1e-4
    low, high = ends(found)
    # As far apart as without the shift, and about the mean.
    assert low < found.accuracy.value < high
    assert found.accuracy.n == 360


def test_the_interval_of_a_mean_of_folds_stays_within_0_to_1() -> None:
    """In nine of ten folds few comparisons could be made, and all are right; in the tenth half are wrong."""
    few = [("aa", 0.9), ("ab", 0.1)] + [("aa", math.nan), ("ab", math.nan)] * 9
    bad = [("cc", 0.9), ("cd", 0.1), ("cc", 0.1), ("cd", 0.9)] * 5
    fold = np.repeat(np.arange(10), 20).tolist()
    found = folded(scored(*few * 9, *bad, fold=fold, people_known=False), 10, 0)
    assert found.accuracy.value == pytest.approx(0.95)
    low, high = ends(found)
    assert 0 <= low <= 0.95 <= high <= 1


def everybody(people: int, photos: int) -> ScoredComparisons:
    """All pairs of photos."""
    a, b = np.triu_indices(people * photos, 1)
    person_a, person_b = a // photos, b // photos
    mated = person_a == person_b
    noise = np.random.default_rng(0).normal(0, 1, a.size)
    columns = {"photo_a": a, "photo_b": b, "person_a": person_a, "person_b": person_b}
    return ScoredComparisons(
        comparison=np.arange(a.size),
        mated=mated,
        fold=np.full(a.size, -1),
        similarity=np.where(mated, 2.6, 0.0) + noise,
        names=pa.table({name: pa.array(column.astype(str), pa.string()) for name, column in columns.items()}),
    )


def test_folds_of_people_give_the_accuracy_at_the_mix_of_the_whole_list() -> None:
    """Folds keep one in ten non-mated comparisons: at their own mix the accuracy would be 2 points lower."""
    one = everybody(60, 4)
    mates = int(np.count_nonzero(one.mated))
    found = folded(one, 10, 0)
    assert (found.kind, found.k) == ("person_disjoint", 10)
    member = person_disjoint_folds(*one.person_codes(), 10, 0).astype(np.int64)
    want = cross_validated_accuracy(one.similarity, one.mated, member, mix=(mates, one.mated.size - mates))
    assert found.accuracy.value == pytest.approx(want.accuracy)
    assert found.accuracy.n == np.count_nonzero(member >= 0)
    assert found.accuracy.standard_error is None
    assert found.left_out == one.mated.size - found.accuracy.n
    assert abs(found.accuracy.value - folded(one, 3, 0).accuracy.value) < 0.003
    own_mix = cross_validated_accuracy(one.similarity, one.mated, member, plain_mean=False)
    assert own_mix.accuracy < found.accuracy.value - 0.01
    low, high = ends(found)
    assert low < found.accuracy.value < high < 1
    # The interval is at the mix of the list too: nearly that of FMR alone.
    assert high - low < 0.02


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
    found = folded(scored(*rows, fold=fold), 7, 0)
    assert (found.kind, found.k, found.per_fold, found.reason) == (None, 7, [], reason)
    assert (found.accuracy.value, found.accuracy.reason, found.accuracy.standard_error) == (None, reason, None)


def test_fewer_than_two_folds_of_people_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        folded(scored(*ROWS), 1, 0)
