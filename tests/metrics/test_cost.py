"""The decisions of the least cost against a search of every threshold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceproof.metrics.cost import least_cost_decisions, price_of_false_matches

# Eighths tie often, and they are exact in binary; so are sums of the costs.
LEVELS = st.integers(-8, 8).map(lambda eighths: eighths / 8)
ROWS = st.lists(st.tuples(LEVELS, st.booleans()), max_size=25)
COSTS = st.sampled_from([0.0, 0.125, 1.0, 2.5, 10.0])

Rows = list[tuple[float, bool]]


def columns(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    return np.array([at for at, _ in rows], np.float64), np.array([kind for _, kind in rows], np.bool_)


def plain_cost(accepted: list[bool], rows: Rows, cost_mated: float, cost_other: float) -> float:
    cost = 0.0
    for is_accepted, (_, mated) in zip(accepted, rows, strict=True):
        if mated and not is_accepted:
            cost += cost_mated
        if not mated and is_accepted:
            cost += cost_other
    return cost


@settings(deadline=None)
@given(ROWS, COSTS, COSTS)
def test_the_decisions_are_those_at_the_strictest_of_the_best_thresholds(
    rows: Rows, cost_mated: float, cost_other: float
) -> None:
    """Every threshold that decides differently, from the strictest on; a later one has to be better."""
    best, least = [False] * len(rows), plain_cost([False] * len(rows), rows, cost_mated, cost_other)
    for threshold in sorted({at for at, _ in rows}, reverse=True):
        accepted = [at >= threshold for at, _ in rows]
        cost = plain_cost(accepted, rows, cost_mated, cost_other)
        if cost < least:
            best, least = accepted, cost
    assert least_cost_decisions(*columns(rows), cost_mated, cost_other).tolist() == best


@settings(deadline=None)
@given(ROWS, COSTS, COSTS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_scale_of_scores_change_nothing(
    rows: Rows, cost_mated: float, cost_other: float, random: object
) -> None:
    similarity, mated = columns(rows)
    once = least_cost_decisions(similarity, mated, cost_mated, cost_other)
    order = random.sample(range(len(rows)), len(rows))
    again = least_cost_decisions(np.exp(3 * similarity[order]) - 5, mated[order], cost_mated, cost_other)
    assert again.tolist() == once[order].tolist()


def test_scores_that_tell_all_apart_are_decided_rightly_and_tied_ones_cannot_be_parted() -> None:
    mated = np.array([True, True, False, False, False])
    apart = np.array([0.9, 0.8, 0.3, 0.2, 0.1])
    assert least_cost_decisions(apart, mated, 1 / 2, 1 / 3).tolist() == mated.tolist()
    tied = np.full(5, 0.5)
    assert least_cost_decisions(tied, mated, 1 / 2, 1 / 30).all()
    assert not least_cost_decisions(tied, mated, 1 / 2, 1.0).any()


def test_where_accepting_and_rejecting_cost_the_same_nobody_is_accepted() -> None:
    assert least_cost_decisions(np.array([0.5, 0.5]), np.array([True, False]), 1.0, 1.0).tolist() == [False, False]
    assert least_cost_decisions(np.array([0.5]), np.array([True]), 0.0, 1.0).tolist() == [False]


def test_without_comparisons_there_is_nothing_to_decide() -> None:
    assert least_cost_decisions(np.zeros(0), np.zeros(0, np.bool_), 1.0, 1.0).tolist() == []


@pytest.mark.parametrize(
    ("fmr", "price"),
    [(1e-4, 100), (1e-3, 10), (2e-3, 5), (5e-3, 2), (0.01, 1), (0.02, 1), (0.1, 1), (1, 1)],
)
def test_the_price_of_false_matches(fmr: float, price: float) -> None:
    assert price_of_false_matches(fmr) == price


@given(st.floats(1e-6, 0.01))
def test_false_matches_at_the_target_cost_one_percent_of_the_mated_comparisons(fmr: float) -> None:
    assert price_of_false_matches(fmr) * fmr == pytest.approx(0.01, abs=1e-11)
    assert math.isfinite(price_of_false_matches(fmr))
