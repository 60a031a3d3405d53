"""The least cost against a search of every threshold, and the weighted equal error rate against the plain one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from faceproof.metrics.cost import SortedScores, least_cost, price_of_false_matches, weighted_eer
from faceproof.metrics.operating_points import eer

# Eighths tie often, and they are exact in binary.
LEVELS = st.integers(-8, 8).map(lambda eighths: eighths / 8)
ROWS = st.lists(st.tuples(LEVELS, st.booleans(), st.integers(0, 3)), max_size=25)
COSTS = st.sampled_from([0.0, 0.01, 0.1, 1.0, 2.5, 10.0])

Rows = list[tuple[float, bool, int]]


def columns(rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores, mated, weights = ([row[i] for row in rows] for i in range(3))
    return np.array(scores, np.float64), np.array(mated, np.bool_), np.array(weights, np.float64)


def sorted_scores(scores: np.ndarray, mated: np.ndarray) -> SortedScores:
    return SortedScores.of(scores, mated, np.arange(scores.size))


def plain_least_cost(
    scores: np.ndarray, mated: np.ndarray, weights: np.ndarray, cost_mated: float, cost_other: float
) -> float:
    """Every threshold that decides differently, on every comparison."""
    costs = []
    for threshold in [math.inf, *scores.tolist()]:
        cost = 0.0
        for score, same, weight in zip(scores, mated, weights.tolist(), strict=True):
            if same and score < threshold:
                cost += weight * cost_mated
            if not same and score >= threshold:
                cost += weight * cost_other
        costs.append(cost)
    return min(costs)


@settings(deadline=None)
@given(ROWS, COSTS, COSTS)
def test_the_least_cost_is_that_of_the_best_of_all_thresholds(rows: Rows, cost_mated: float, cost_other: float) -> None:
    scores, mated, weights = columns(rows)
    found = least_cost(
        sorted_scores(scores, mated), np.array([cost_mated]), np.array([cost_other]), weights[np.newaxis]
    )
    assert found.shape == (1,)
    assert found[0] == pytest.approx(plain_least_cost(scores, mated, weights, cost_mated, cost_other), abs=1e-12)


@settings(deadline=None)
@given(ROWS, st.lists(st.tuples(COSTS, COSTS), min_size=1, max_size=5), st.integers(0, 10_000))
def test_many_weightings_at_once_are_each_as_alone(rows: Rows, costs: list[tuple[float, float]], seed: int) -> None:
    scores, mated, _ = columns(rows)
    weights = np.random.default_rng(seed).integers(0, 4, (len(costs), len(rows))).astype(np.float32)
    cost_mated, cost_other = np.array(costs).T
    found = least_cost(sorted_scores(scores, mated), cost_mated, cost_other, weights)
    want = [plain_least_cost(scores, mated, row, *cost) for row, cost in zip(weights, costs, strict=True)]
    np.testing.assert_allclose(found, want, rtol=0, atol=1e-12)


@settings(deadline=None)
@given(ROWS)
def test_comparisons_that_were_not_made_take_no_part(rows: Rows) -> None:
    scores, mated, weights = columns(rows)
    made = weights > 0
    with_gaps = np.where(made, scores, math.nan)
    some = SortedScores.of(with_gaps, mated, np.flatnonzero(made))
    one = np.ones(1)
    alone = least_cost(sorted_scores(scores[made], mated[made]), one, 3 * one, weights[np.newaxis, made])
    np.testing.assert_array_equal(least_cost(some, one, 3 * one, weights[np.newaxis]), alone)
    np.testing.assert_array_equal(
        weighted_eer(some, weights[np.newaxis]),
        weighted_eer(sorted_scores(scores[made], mated[made]), weights[np.newaxis, made]),
    )


@given(ROWS, COSTS)
def test_rejecting_or_accepting_everybody_never_costs_less(rows: Rows, price: float) -> None:
    scores, mated, weights = columns(rows)
    assume(weights[mated].sum() and weights[~mated].sum())
    cost_mated, cost_other = 1 / weights[mated].sum(), price / weights[~mated].sum()
    found = least_cost(
        sorted_scores(scores, mated), np.array([cost_mated]), np.array([cost_other]), weights[np.newaxis]
    )[0]
    assert -1e-12 <= found <= min(1, price) + 1e-12


def test_scores_that_tell_all_apart_cost_nothing_and_tied_ones_cannot_be_parted() -> None:
    mated = np.array([True, True, False, False, False])
    half, third, once = np.array([1 / 2]), np.array([1 / 3]), np.ones((1, 5))
    apart = sorted_scores(np.array([0.9, 0.8, 0.3, 0.2, 0.1]), mated)
    assert least_cost(apart, half, third, once)[0] == pytest.approx(0, abs=1e-15)
    tied = sorted_scores(np.full(5, 0.5), mated)
    assert least_cost(tied, half, third, once)[0] == pytest.approx(1)
    assert least_cost(tied, half, third / 10, once)[0] == pytest.approx(1 / 10)


def test_without_comparisons_the_least_cost_is_zero_and_the_eer_undefined() -> None:
    none = SortedScores.of(np.full(3, math.nan), np.array([True, False, True]), np.zeros(0, np.int64))
    weights = np.ones((2, 3), np.float32)
    assert least_cost(none, np.ones(2), np.ones(2), weights).tolist() == [0, 0]
    assert np.isnan(weighted_eer(none, weights)).tolist() == [True, True]


def test_sorting_puts_the_most_alike_first_and_marks_where_ties_end() -> None:
    scores = np.array([0.2, math.nan, 0.9, 0.2, -0.5, 0.9])
    mated = np.array([True, True, False, False, True, True])
    found = SortedScores.of(scores, mated, np.array([0, 2, 3, 4, 5]))
    assert scores[found.order].tolist() == [0.9, 0.9, 0.2, 0.2, -0.5]
    assert sorted(found.order.tolist()) == [0, 2, 3, 4, 5]
    assert found.mated.tolist() == mated[found.order].tolist()
    assert found.ends.tolist() == [False, True, False, True, True]


@settings(deadline=None)
@given(ROWS, st.sampled_from([0.5, 1.0, 3.0]))
def test_with_equal_weights_the_equal_error_rate_is_the_plain_one(rows: Rows, weight: float) -> None:
    scores, mated, _ = columns(rows)
    found = weighted_eer(sorted_scores(scores, mated), np.full((1, len(rows)), weight, np.float32))
    assert found[0] == pytest.approx(eer(scores, mated)[0], abs=1e-12, nan_ok=True)


@settings(deadline=None)
@given(ROWS)
def test_a_whole_weight_counts_as_so_many_comparisons(rows: Rows) -> None:
    scores, mated, weights = columns(rows)
    times = weights.astype(int)
    found = weighted_eer(sorted_scores(scores, mated), weights[np.newaxis])
    want = eer(np.repeat(scores, times), np.repeat(mated, times))[0]
    assert found[0] == pytest.approx(want, abs=1e-12, nan_ok=True)


def test_on_many_tied_comparisons_too() -> None:
    rng = np.random.default_rng(0)
    mated = rng.random(5000) < 0.3
    scores = np.where(mated, rng.normal(0.6, 0.2, 5000), rng.normal(0.2, 0.2, 5000)).round(2)
    weights = rng.integers(0, 5, (6, 5000)).astype(np.float32)
    found = weighted_eer(sorted_scores(scores, mated), weights)
    want = [eer(np.repeat(scores, row.astype(int)), np.repeat(mated, row.astype(int)))[0] for row in weights]
    assert found == pytest.approx(want, abs=1e-12)
    assert len(set(found.tolist())) == 6
    assert 0.1 < found.min() < found.max() < 0.25


@settings(deadline=None)
@given(ROWS)
def test_only_the_order_of_scores_counts(rows: Rows) -> None:
    scores, mated, weights = columns(rows)
    before, after = (sorted_scores(values, mated) for values in (scores, np.exp(3 * scores) - 5))
    one, every = np.ones(1), weights[np.newaxis]
    np.testing.assert_array_equal(weighted_eer(after, every), weighted_eer(before, every))
    np.testing.assert_array_equal(least_cost(after, one, 2 * one, every), least_cost(before, one, 2 * one, every))


def test_a_kind_of_comparison_that_weighs_nothing_gives_no_equal_error_rate_in_that_weighting_alone() -> None:
    scores = sorted_scores(np.array([0.9, 0.4, 0.6, 0.1]), np.array([True, True, False, False]))
    found = weighted_eer(scores, np.array([[1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]]))
    np.testing.assert_array_equal(found, [0.5, math.nan, math.nan, math.nan, 0])


@pytest.mark.parametrize(
    ("fmr", "price"),
    [(1e-4, 100), (1e-3, 10), (2e-3, 5), (5e-3, 2), (0.01, 1), (0.02, 1), (0.1, 1), (1, 1)],
)
def test_the_price_of_false_matches(fmr: float, price: float) -> None:
    assert price_of_false_matches(fmr) == price


@given(st.floats(1e-6, 0.01))
def test_false_matches_at_the_target_cost_one_percent_of_the_mated_comparisons(fmr: float) -> None:
    assert price_of_false_matches(fmr) * fmr == pytest.approx(0.01, abs=1e-11)
