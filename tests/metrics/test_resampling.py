"""Weights of people drawn again: laws of each way of drawing, and the standard errors that they give."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceproof.metrics.resampling import REPLICATES, resampled_weights

SEEDS = st.integers(0, 10_000)


def drawn(person_a: np.ndarray, person_b: np.ndarray, replicates: int = REPLICATES, seed: int = 0) -> np.ndarray:
    return np.concatenate(list(resampled_weights(person_a, person_b, replicates, seed)))


def small_groups(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Comparisons of 60 groups of one to three people in random order, and the group of each."""
    rng = np.random.default_rng(seed)
    rows = []
    for group in range(60):
        people = range(3 * group, 3 * group + int(rng.integers(1, 4)))
        rows += [(a, b, group) for a in people for b in people if a <= b]
    person_a, person_b, group = rng.permutation(rows).T
    return person_a, person_b, group


def everybody(people: int) -> tuple[np.ndarray, np.ndarray]:
    """Everybody compared with everybody, and with himself."""
    return np.triu_indices(people)


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_a_small_group_moves_together_and_as_many_groups_are_drawn_as_there_are(seed: int) -> None:
    person_a, person_b, group = small_groups(seed)
    weights = drawn(person_a, person_b, 20, seed)
    assert weights.shape == (20, group.size)
    _, first, of_group = np.unique(group, return_index=True, return_inverse=True)
    times = weights[:, first]
    np.testing.assert_array_equal(weights, times[:, of_group])
    assert times.sum(axis=1).tolist() == [60] * 20
    np.testing.assert_array_equal(weights, weights.round())
    assert weights.dtype == np.float32
    assert weights.min() == 0


def test_different_groups_do_not_move_together() -> None:
    person_a, person_b, group = small_groups(0)
    _, first = np.unique(group, return_index=True)
    between = np.corrcoef(drawn(person_a, person_b, 3000)[:, first].T)
    # Groups share a fixed total, hence -1/59; the spread of a correlation over 3,000 draws is 0.018.
    assert np.abs(between[~np.eye(60, dtype=np.bool_)]).max() < 0.12


def test_groups_of_one_size_keep_the_number_of_comparisons() -> None:
    couple = np.repeat(np.arange(50), 2)
    person_a, person_b = 2 * couple, 2 * couple + np.tile([0, 1], 50)
    weights = drawn(person_a, person_b, 30)
    assert weights.sum(axis=1).tolist() == [100] * 30
    np.testing.assert_array_equal(weights[:, 0::2], weights[:, 1::2])


def test_sides_and_numbers_that_nobody_has_change_nothing_where_groups_are_drawn() -> None:
    person_a, person_b, _ = small_groups(5)
    once = drawn(person_a, person_b, 10)
    np.testing.assert_array_equal(drawn(person_b, person_a, 10), once)
    np.testing.assert_array_equal(drawn(7 * person_a + 100, 7 * person_b + 100, 10), once)


@pytest.mark.parametrize("people", [2, 12, 40])
def test_where_everybody_is_linked_people_are_drawn_and_a_comparison_counts_the_product(people: int) -> None:
    person_a, person_b = everybody(people)
    weights = drawn(person_a, person_b, 25)
    times = weights[:, person_a == person_b]
    assert times.sum(axis=1).tolist() == [people] * 25
    for row, (a, b) in enumerate(zip(person_a, person_b, strict=True)):
        want = times[:, a] if a == b else times[:, a] * times[:, b]
        np.testing.assert_array_equal(weights[:, row], want)


@pytest.mark.parametrize(("in_a_row", "whole"), [(5, True), (6, False)])
def test_one_group_of_more_than_a_twentieth_of_all_comparisons_is_not_drawn_whole(in_a_row: int, whole: bool) -> None:
    """A chain of people beside comparisons of people who are alone, 100 comparisons in all."""
    chain, alone = np.arange(in_a_row), np.arange(1000, 1100 - in_a_row)
    person_a, person_b = np.concatenate([chain, alone]), np.concatenate([chain + 1, alone])
    weights = drawn(person_a, person_b, 200)[:, :in_a_row]
    assert (weights == weights[:, :1]).all() == whole


def test_the_mean_weight_of_each_comparison_is_one() -> None:
    person_a, person_b, _ = small_groups(1)
    # A draw has a variance of nearly 1, so the mean of 4,000 strays by 0.016.
    np.testing.assert_allclose(drawn(person_a, person_b, 4000).mean(axis=0), 1, rtol=0, atol=5 / math.sqrt(4000))


def test_the_mean_weight_is_one_for_mated_and_nearly_one_for_non_mated_ones_where_people_are_drawn() -> None:
    person_a, person_b = everybody(20)
    mean = drawn(person_a, person_b, 4000).mean(axis=0)
    mated = person_a == person_b
    np.testing.assert_allclose(mean[mated], 1, rtol=0, atol=5 / math.sqrt(4000))
    # Two people share 20 draws: E(times_a times_b) = 1 - 1/20.
    assert mean[~mated].mean() == pytest.approx(1 - 1 / 20, abs=0.005)


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.booleans())
def test_the_seed_decides_and_later_draws_change_no_earlier_one(seed: int, linked: bool) -> None:
    person_a, person_b = everybody(12) if linked else small_groups(3)[:2]
    once = drawn(person_a, person_b, 15, seed)
    np.testing.assert_array_equal(drawn(person_a, person_b, 15, seed), once)
    np.testing.assert_array_equal(drawn(person_a, person_b, 40, seed)[:15], once)
    assert not np.array_equal(drawn(person_a, person_b, 15, seed + 1), once)
    assert np.unique(once, axis=0).shape[0] > 1


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("cells", [1, 1000, 3333])
def test_the_number_of_replicates_at_a_time_changes_nothing(
    linked: bool, cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    person_a, person_b = everybody(12) if linked else small_groups(3)[:2]
    whole = list(resampled_weights(person_a, person_b, 50, 4))
    monkeypatch.setattr("faceproof.metrics.resampling._CELLS", cells)
    parts = list(resampled_weights(person_a, person_b, 50, 4))
    assert len(whole) == 1
    assert len(parts) > 1
    assert max(part.size for part in parts) <= max(cells, person_a.size)
    np.testing.assert_array_equal(np.concatenate(parts), whole[0])


def test_many_comparisons_come_in_parts_that_hold_all_replicates() -> None:
    people = np.arange(60_000)
    assert [len(part) for part in resampled_weights(people, people, 150)] == [66, 66, 18]
    assert sum(len(part) for part in resampled_weights(people[:9], people[:9])) == REPLICATES


def test_no_comparisons_have_no_weights() -> None:
    nothing = np.zeros(0, np.int64)
    assert drawn(nothing, nothing, 3).shape == (3, 0)


def test_one_comparison_is_drawn_every_time() -> None:
    assert drawn(np.array([0]), np.array([0]), 4).tolist() == [[1]] * 4
    assert drawn(np.array([0]), np.array([1]), 4).tolist() == [[1]] * 4


def spread_of_rate(weights: np.ndarray, wrong: np.ndarray) -> float:
    return float(np.std((weights @ wrong) / weights.sum(axis=1), ddof=1))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("mated", [True, False])
def test_the_standard_error_of_independent_comparisons_is_the_binomial_one(share: float, mated: bool) -> None:
    n, replicates = 1000, 3000
    person_a = np.arange(n) if mated else np.arange(0, 2 * n, 2)
    wrong = (np.arange(n) < share * n).astype(np.float32)
    found = spread_of_rate(drawn(person_a, person_a + (not mated), replicates), wrong)
    # A standard deviation over 3,000 replicates strays by 1.3% of itself.
    assert found == pytest.approx(math.sqrt(share * (1 - share) / n), rel=0.06)


def test_comparisons_that_go_wrong_together_have_a_larger_standard_error_where_groups_are_drawn() -> None:
    """Ten comparisons of each person, all wrong or all right: as good as one of each."""
    person = np.repeat(np.arange(200), 10)
    wrong = (person < 20).astype(np.float32)
    found = spread_of_rate(drawn(person, person, 3000), wrong)
    assert found == pytest.approx(math.sqrt(0.1 * 0.9 / 200), rel=0.06)


def test_people_who_are_taken_for_everybody_widen_the_standard_error_where_people_are_drawn() -> None:
    person_a, person_b = np.triu_indices(60, 1)
    wrong = ((person_a < 6) | (person_b < 6)).astype(np.float32)
    found = spread_of_rate(drawn(person_a, person_b, 3000), wrong)
    binomial = math.sqrt(wrong.mean() * (1 - wrong.mean()) / wrong.size)
    # The rate is 1 - (1 - share)^2 of the share of such people, which is binomial over 60 people.
    assert found == pytest.approx(2 * 0.9 * math.sqrt(0.1 * 0.9 / 60), rel=0.1)
    assert found > 5 * binomial
