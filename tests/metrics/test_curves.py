"""Error rates over all thresholds, against plain loops and scikit-learn."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from faceproof.errors import ConfigurationError, MetricUndefinedError
from faceproof.metrics.confusion import confusion_at
from faceproof.metrics.confusion import fmr as false_match_rate
from faceproof.metrics.confusion import fnmr as false_non_match_rate
from faceproof.metrics.curves import ErrorCurve, auc, count_steps, error_curve

# Eighths tie often and are exact in binary.
LEVELS = st.integers(-8, 8).map(lambda eighths: eighths / 8)
SCORES = st.lists(LEVELS, min_size=1, max_size=25)
ANY_SCORES = st.lists(st.floats(-1, 1), min_size=1, max_size=25)

Columns = tuple[np.ndarray, np.ndarray]


def columns(mates: list[float], others: list[float]) -> Columns:
    mated = np.repeat([True, False], [len(mates), len(others)])
    return np.array([*mates, *others], dtype=np.float64), mated


def normal_scores(n: int, seed: int = 0) -> Columns:
    rng = np.random.default_rng(seed)
    return columns(list(rng.normal(2, 1, n)), list(rng.normal(0, 1, n)))


def test_tied_comparisons_are_accepted_together_as_one_vertex() -> None:
    steps = count_steps([0.5, 0.5, 0.5, 0.1], [True, False, True, False])
    assert steps.similarity.tolist() == [0.5, 0.1]
    assert steps.tp.tolist() == [0, 2, 2]
    assert steps.fp.tolist() == [0, 1, 2]
    assert (steps.mated, steps.non_mated) == (2, 2)


def test_both_zeros_are_one_similarity() -> None:
    assert count_steps([0.0, -0.0, 0.0], [True, False, True]).tp.tolist() == [0, 2]


def test_all_comparisons_tied_is_a_coin_toss() -> None:
    assert auc([0.5] * 5, [True, False, False, True, True]) == 0.5


def test_perfect_and_reversed_orders_have_an_area_of_exactly_one_and_zero() -> None:
    mated = [True] * 3 + [False] * 7
    ranks = np.arange(10) / 10
    assert auc(-ranks, mated) == 1.0
    assert auc(ranks, mated) == 0.0


def test_the_curve_starts_where_nothing_is_accepted_and_ends_where_everything_is() -> None:
    curve = error_curve([0.3, 0.8], [False, True])
    assert curve.thresholds.tolist() == [math.inf, 0.8, 0.3]
    assert curve.fmr.tolist() == [0, 0, 1]
    assert curve.fnmr.tolist() == [1, 0, 0]
    assert curve.tmr.tolist() == [0, 1, 1]


def test_with_one_kind_only_the_rate_of_the_other_is_nan_throughout() -> None:
    only_mated = error_curve([0.3, 0.8], [True, True])
    assert np.isnan(only_mated.fmr).all()
    assert only_mated.fnmr.tolist() == [1, 0.5, 0]
    only_others = error_curve([0.3, 0.8], [False, False])
    assert only_others.fmr.tolist() == [0, 0.5, 1]
    assert np.isnan(only_others.fnmr).all()
    assert np.isnan(only_others.tmr).all()
    assert math.isnan(auc([0.3, 0.8], [True, True]))
    assert math.isnan(auc([0.3, 0.8], [False, False]))


def test_without_comparisons_one_vertex_without_rates_remains() -> None:
    curve = error_curve([], [])
    assert curve.thresholds.tolist() == [math.inf]
    assert np.isnan([curve.fmr[0], curve.fnmr[0]]).all()
    assert math.isnan(auc([], []))


def test_a_similarity_that_is_nan_is_refused() -> None:
    for measure in (count_steps, error_curve, auc):
        with pytest.raises(MetricUndefinedError, match="1 of 2"):
            measure([0.5, math.nan], [True, False])


@given(SCORES, SCORES)
def test_rates_at_each_vertex_are_those_of_counting_at_its_threshold(mates: list[float], others: list[float]) -> None:
    scores, mated = columns(mates, others)
    curve = error_curve(scores, mated)
    assert curve.thresholds[1:].tolist() == sorted(set(mates + others), reverse=True)
    at = [confusion_at(scores, mated, threshold) for threshold in curve.thresholds]
    assert curve.fmr.tolist() == [false_match_rate(one) for one in at]
    assert curve.fnmr.tolist() == [false_non_match_rate(one) for one in at]


@given(ANY_SCORES, ANY_SCORES)
def test_fmr_falls_and_fnmr_rises_as_the_threshold_rises(mates: list[float], others: list[float]) -> None:
    curve = error_curve(*columns(mates, others))
    assert (np.diff(curve.thresholds[1:]) < 0).all()
    assert (np.diff(curve.fmr) >= 0).all()
    assert (np.diff(curve.fnmr) <= 0).all()
    assert (curve.fmr[0], curve.fmr[-1], curve.fnmr[0], curve.fnmr[-1]) == (0, 1, 1, 0)


@given(ANY_SCORES, ANY_SCORES)
def test_the_area_is_how_often_a_mated_comparison_wins_with_a_tie_as_half(
    mates: list[float], others: list[float]
) -> None:
    halves = sum(2 if mate > other else mate == other for mate in mates for other in others)
    # Both sides are one correctly rounded division of the same whole numbers.
    assert auc(*columns(mates, others)) == float(Fraction(halves, 2 * len(mates) * len(others)))


@given(SCORES, SCORES, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(mates: list[float], others: list[float], random: object) -> None:
    scores, mated = columns(mates, others)
    order = list(range(scores.size))
    random.shuffle(order)
    one, two = error_curve(scores, mated), error_curve(scores[order], mated[order])
    np.testing.assert_array_equal(one.thresholds, two.thresholds)
    np.testing.assert_array_equal(one.fmr, two.fmr)
    np.testing.assert_array_equal(one.fnmr, two.fnmr)
    assert auc(scores, mated) == auc(scores[order], mated[order])


@given(SCORES, SCORES, st.lists(st.floats(-1e6, 1e6), min_size=17, max_size=17, unique=True))
def test_a_monotone_rescale_keeps_rates_and_area(mates: list[float], others: list[float], scale: list[float]) -> None:
    scores, mated = columns(mates, others)
    rescaled = np.sort(scale)[(scores * 8 + 8).astype(int)]
    one, two = error_curve(scores, mated), error_curve(rescaled, mated)
    np.testing.assert_array_equal(one.fmr, two.fmr)
    np.testing.assert_array_equal(one.fnmr, two.fnmr)
    assert auc(scores, mated) == auc(rescaled, mated)


@given(SCORES, SCORES)
def test_turning_scores_around_turns_the_area_and_turning_kinds_as_well_brings_it_back(
    mates: list[float], others: list[float]
) -> None:
    scores, mated = columns(mates, others)
    assert auc(-scores, mated) == pytest.approx(1 - auc(scores, mated), rel=1e-15, abs=1e-15)
    assert auc(-scores, ~mated) == auc(scores, mated)


@settings(deadline=None)
@given(SCORES, SCORES)
def test_roc_agrees_with_scikit_learn(mates: list[float], others: list[float]) -> None:
    scores, mated = columns(mates, others)
    fpr, tpr, thresholds = sk.roc_curve(mated, scores, drop_intermediate=False)
    curve = error_curve(scores, mated)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    np.testing.assert_array_equal(curve.fmr, fpr)
    # tmr is 1 - FNMR: one subtraction of a rounded quotient away.
    np.testing.assert_allclose(curve.tmr, tpr, rtol=0, atol=1e-15)
    # The area there is a sum of rounded trapezoids, here one quotient of counts.
    assert auc(scores, mated) == pytest.approx(sk.roc_auc_score(mated, scores), rel=1e-12, abs=1e-12)


@settings(deadline=None)
@given(SCORES, SCORES)
def test_det_agrees_with_scikit_learn_wherever_that_has_a_vertex(mates: list[float], others: list[float]) -> None:
    scores, mated = columns(mates, others)
    fpr, fnr, thresholds = sk.det_curve(mated, scores)
    curve = error_curve(scores, mated)
    where = {threshold: i for i, threshold in enumerate(curve.thresholds.tolist())}
    mine = [where[threshold] for threshold in thresholds.tolist()]
    np.testing.assert_array_equal(curve.fmr[mine], fpr)
    np.testing.assert_array_equal(curve.fnmr[mine], fnr)


def test_roc_and_area_agree_with_scikit_learn_on_many_scores_with_ties() -> None:
    scores, mated = normal_scores(20_000)
    scores = scores.round(3)
    fpr, tpr, thresholds = sk.roc_curve(mated, scores, drop_intermediate=False)
    curve = error_curve(scores, mated)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    np.testing.assert_array_equal(curve.fmr, fpr)
    np.testing.assert_allclose(curve.tmr, tpr, rtol=0, atol=1e-15)
    assert auc(scores, mated) == pytest.approx(sk.roc_auc_score(mated, scores), rel=1e-12)


def test_a_short_curve_is_not_thinned() -> None:
    curve = error_curve(*normal_scores(20))
    assert curve.thinned(41) is curve
    assert curve.thinned(40) is not curve


def test_too_few_points_for_a_curve_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="7 points"):
        error_curve([0.5], [True]).thinned(7)


@given(st.integers(8, 120), st.integers(1, 300), st.integers(0, 300), st.integers(0, 3))
@settings(deadline=None)
def test_a_thinned_curve_keeps_both_ends_and_invents_no_vertex(mates: int, others: int, points: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    curve = error_curve(*columns(list(rng.normal(1, 1, mates)), list(rng.normal(0, 1, others))))
    thin = curve.thinned(points + 8)
    whole = list(zip(curve.thresholds, curve.fmr, curve.fnmr, strict=True))
    kept = list(zip(thin.thresholds, thin.fmr, thin.fnmr, strict=True))
    assert len(kept) <= points + 8
    assert kept[0] == whole[0]
    assert kept[-1] == whole[-1]
    assert set(kept) <= set(whole)
    assert (np.diff(thin.thresholds[1:]) < 0).all()


def _widest_step(values: np.ndarray) -> float:
    return float(np.abs(np.diff(values)).max())


def test_a_thinned_curve_leaves_no_gap_on_linear_or_logarithmic_axes() -> None:
    n, points = 30_000, 200
    curve = error_curve(*normal_scores(n))
    thin = curve.thinned(points)
    share = (points - 2) // 3
    # One even step of each axis, and the jump of the vertex that ends it: 1/n, or the first count on a log axis.
    assert _widest_step(thin.fmr - thin.fnmr) <= 2 / (share - 1) + 2 / n
    for rate in (thin.fmr, thin.fnmr):
        assert rate[rate > 0].min() == 1 / n
        assert _widest_step(np.log(rate[rate > 0])) <= math.log(n) / (share - 1) + math.log(2)


@pytest.mark.parametrize("kind", [True, False])
def test_a_curve_of_one_kind_can_be_thinned(kind: bool) -> None:
    curve = error_curve(np.arange(1000) / 1000, np.full(1000, kind))
    thin = curve.thinned(50)
    assert isinstance(thin, ErrorCurve)
    assert thin.thresholds.size == 50
    assert np.isnan(thin.fmr).all() == kind
    assert np.isnan(thin.fnmr).all() == (not kind)
    known = thin.fnmr if kind else thin.fmr
    assert {known[0], known[-1]} == {0.0, 1.0}
