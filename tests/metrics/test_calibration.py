"""Likelihood ratios against scikit-learn, loops over comparisons, and what cannot depend on a person himself."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from faceproof.metrics.calibration import (
    Line,
    LineSpread,
    cllr,
    fit_line,
    held_out_llr,
    line_of,
    min_cllr,
    reliability,
    shares_at_least,
    spread_of_line,
)
from faceproof.metrics.curves import count_steps
from faceproof.metrics.dependence import Dependence
from faceproof.metrics.intervals import Z, students_t

SEEDS = st.integers(0, 10_000)
LEVELS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30)


def comparisons(seed: int, n: int = 400, share: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mated = rng.random(n) < share
    mated[:2] = [True, False]
    return np.where(mated, 0.6, 0.1) + rng.normal(0, 0.25, n), mated


def population(seed: int, people: int = 30, photos: int = 3) -> tuple[np.ndarray, ...]:
    """All comparisons of some people, their people, and blocks of them."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), photos)
    a, b = np.triu_indices(person.size, 1)
    mated = person[a] == person[b]
    similarity = np.where(mated, 0.6, 0.1) + rng.normal(0, 0.15, mated.size)
    return similarity, mated, person[a], person[b]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_the_line_is_that_of_a_logistic_regression_with_balanced_kinds(seed: int, share: float) -> None:
    similarity, mated = comparisons(seed, share=share)
    line = line_of(similarity, mated)
    variance = sum(np.mean((similarity[kind] - line.centre) ** 2) for kind in (mated, ~mated)) / 2
    # The penalty is 1e-6 on the squared slope in standard deviations; it shows where the kinds hardly overlap.
    oracle = LogisticRegression(
        C=1e6 / variance / mated.size, class_weight="balanced", tol=1e-12, max_iter=10_000, solver="newton-cholesky"
    ).fit(similarity[:, None], mated)
    assert line.slope == pytest.approx(oracle.coef_[0, 0], rel=1e-4)
    assert line.llr(np.zeros(1))[0] == pytest.approx(oracle.intercept_[0], rel=1e-4, abs=1e-5)
    assert line.centre == pytest.approx((similarity[mated].mean() + similarity[~mated].mean()) / 2)


def test_the_mix_of_the_list_does_not_change_the_line() -> None:
    similarity, mated = comparisons(3)
    twice = np.concatenate([similarity, *[similarity[~mated]] * 7]), np.concatenate([mated, *[mated[~mated]] * 7])
    one, other = line_of(similarity, mated), line_of(*twice)
    at = np.linspace(-1, 1, 5)
    assert one.llr(at) == pytest.approx(other.llr(at), rel=1e-9)


def test_where_all_similarities_are_equal_nothing_is_said() -> None:
    similarity, mated = np.full(9, 0.3), np.arange(9) < 4
    line = line_of(similarity, mated)
    assert line == Line(pytest.approx(0.3), 0.0, 0.0)
    spread = spread_of_line(line, similarity, mated, Dependence(similarity, mated, None))
    assert math.isfinite(spread.half_width(0.0))
    assert cllr(line.llr(similarity), mated).value == pytest.approx(1)


def test_kinds_that_do_not_overlap_give_a_finite_steep_line() -> None:
    similarity, mated = np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True])
    line = line_of(similarity, mated)
    assert 10 < line.slope < 1e4
    assert line.llr(np.array([0.5]))[0] == pytest.approx(0, abs=1e-6)
    assert cllr(line.llr(similarity), mated).value < 1e-3
    assert min_cllr(count_steps(similarity, mated)) == 0


@pytest.mark.parametrize("seed", range(3))
def test_thousands_of_distinct_similarities_give_the_line_of_the_exact_ones(seed: int) -> None:
    similarity, mated = comparisons(seed, n=9000)
    values, place = np.unique(similarity, return_inverse=True)
    counts = np.stack([np.bincount(place, mated == kind, values.size) for kind in (True, False)])
    exact, binned = fit_line(values, *counts), line_of(similarity, mated)
    assert values.size > 4097
    at = np.linspace(-0.5, 1.2, 8)
    assert binned.llr(at) == pytest.approx(exact.llr(at), abs=1e-3)


def test_up_to_4096_comparisons_none_is_moved() -> None:
    similarity, mated = comparisons(1, n=4096)
    values, place = np.unique(similarity, return_inverse=True)
    counts = np.stack([np.bincount(place, mated == kind, values.size) for kind in (True, False)])
    assert line_of(similarity, mated) == fit_line(values, *counts)


def test_the_spread_is_that_of_draws_of_independent_comparisons() -> None:
    lines, halves = [], []
    for seed in range(150):
        similarity, mated = comparisons(seed, n=600, share=0.5)
        line = line_of(similarity, mated)
        lines.append(float(line.llr(np.array([0.6]))[0]))
        spread = spread_of_line(line, similarity, mated, Dependence(similarity, mated, None))
        assert spread.effective_people is None
        halves.append(spread.half_width(0.6 - line.centre))
    assert np.mean(halves) / Z == pytest.approx(np.std(lines, ddof=1), rel=0.15)


def test_the_interval_is_wider_where_few_people_carry_the_error_and_far_from_the_centre() -> None:
    known, few = (LineSpread(0.04, 0.25, 0.03, people) for people in (None, 9.0))
    assert known.half_width(0.0) == pytest.approx(Z * 0.2, rel=1e-5)
    assert known.half_width(2.0) == pytest.approx(Z * math.sqrt(0.04 + 2 * 2 * 0.03 + 4 * 0.25), rel=1e-5)
    assert few.half_width(0.0) == pytest.approx(students_t(8) * 0.2)
    assert LineSpread(0.04, 0, 0, 2.0).half_width(1.0) == pytest.approx(students_t(5) * 0.2)


def test_people_in_several_comparisons_make_the_line_less_certain() -> None:
    similarity, mated, person_a, person_b = population(5)
    similarity = similarity + np.random.default_rng(1).normal(0, 0.2, 30)[person_a]
    line = line_of(similarity, mated)
    alone, shared = (
        spread_of_line(line, similarity, mated, Dependence(similarity, mated, people))
        for people in (None, (person_a, person_b))
    )
    assert shared.offset > 2 * alone.offset
    assert shared.effective_people is not None
    assert 1 < shared.effective_people <= 30


@pytest.mark.parametrize("seed", range(3))
def test_a_persons_own_comparisons_have_no_influence_on_their_likelihood_ratios(seed: int) -> None:
    similarity, mated, person_a, person_b = population(seed)
    blocks = person_a % 6, person_b % 6
    before = held_out_llr(similarity, mated, *blocks)
    mine = (blocks[0] == 2) | (blocks[1] == 2)
    changed = np.where(mine, similarity - 0.3 * mated, similarity)
    after = held_out_llr(changed, mated, *blocks)
    both = mine & ~mated  # their similarities stay
    assert before.reason is after.reason is None
    # Values are not moved by binning here: there are fewer than 4,097 comparisons.
    assert similarity.size <= 4096
    assert after.llr[both] == pytest.approx(before.llr[both], abs=1e-6)
    assert not np.allclose(after.llr[~mine], before.llr[~mine], atol=1e-3)


def test_each_comparison_is_judged_by_the_line_of_the_other_blocks() -> None:
    similarity, mated, person_a, person_b = population(7)
    similarity[::50] = math.nan
    block_a, block_b = person_a % 4, person_b % 4
    found = held_out_llr(similarity, mated, block_a, block_b).llr
    for row in (0, 1, 7, 100, 500, similarity.size - 1):
        mine = {block_a[row], block_b[row]}
        others = np.array([not mine & {a, b} for a, b in zip(block_a, block_b, strict=True)]) & ~np.isnan(similarity)
        line = line_of(similarity[others], mated[others])
        assert found[row] == pytest.approx(line.llr(similarity[row]), rel=1e-6, nan_ok=True)
    assert (np.isnan(found) == np.isnan(similarity)).all()


def test_the_order_of_comparisons_and_of_sides_changes_nothing() -> None:
    similarity, mated, person_a, person_b = population(8)
    blocks = person_a % 5, person_b % 5
    order = np.random.default_rng(0).permutation(similarity.size)
    first = held_out_llr(similarity, mated, *blocks).llr
    again = held_out_llr(similarity[order], mated[order], blocks[1][order], blocks[0][order]).llr
    assert again == pytest.approx(first[order], abs=1e-8)


@pytest.mark.parametrize(
    ("similarity", "mated", "reason"),
    [
        ([0.9, 0.1], [True, False], "some people leave no mated comparison of other people"),
        ([0.9, 0.8], [True, True], "some people leave no non-mated comparison of other people"),
        ([math.nan, math.nan], [True, False], "no comparison was made"),
        ([], [], "no comparison was made"),
    ],
)
def test_without_other_people_there_is_no_line(similarity: list[float], mated: list[bool], reason: str) -> None:
    block = np.arange(len(mated))
    found = held_out_llr(np.array(similarity), np.array(mated, bool), block, block)
    assert found.reason is not None
    assert found.reason.startswith(reason)
    assert np.isnan(found.llr).all()


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-20, 20), st.booleans()), min_size=2, max_size=30))
def test_cllr_is_the_mean_cost_of_each_kind_in_bits(rows: list[tuple[float, bool]]) -> None:
    llr, mated = (np.array(column) for column in zip(*rows, strict=True))
    assume(mated.any() and not mated.all())
    same = np.mean([math.log2(1 + math.exp(-at)) for at, kind in rows if kind])
    other = np.mean([math.log2(1 + math.exp(at)) for at, kind in rows if not kind])
    found = cllr(llr, mated)
    assert found.value == pytest.approx((same + other) / 2)
    assert found.influence.sum() == pytest.approx(0, abs=1e-9)
    # The influence of a comparison is what it adds beyond the mean of its kind.
    cost = math.log2(1 + math.exp(-llr[0] if mated[0] else llr[0]))
    share = 0.5 / np.count_nonzero(mated == mated[0])
    assert found.influence[0] == pytest.approx(share * (cost - (same if mated[0] else other)))


def test_llrs_of_0_cost_one_bit_and_a_wrong_certainty_costs_more() -> None:
    mated = np.array([True, True, False])
    assert cllr(np.zeros(3), mated).value == 1
    assert cllr(np.array([50.0, 50.0, -50.0]), mated).value == pytest.approx(0, abs=1e-12)
    assert cllr(np.array([-7.0, -7.0, 7.0]), mated).value == pytest.approx(7 / math.log(2), rel=1e-3)


def least_cost_by_pooling(levels: list[int], mated: list[bool], missing: tuple[int, int]) -> float:
    """minCllr by plain pooling of neighbours that fall, from the lowest similarity on."""
    every = mated.count(True) + missing[0], mated.count(False) + missing[1]
    pools: list[list[float]] = []
    for level in sorted(set(levels)):
        kinds = [kind for at, kind in zip(levels, mated, strict=True) if at == level]
        pools.append([kinds.count(True) / every[0], kinds.count(False) / every[1]])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [pools[-1][0] + last[0], pools[-1][1] + last[1]]
    bits = 0.0
    for same, other in pools:
        bits += same * math.log2(1 + other / same) if same else 0
        bits += other * math.log2(1 + same / other) if other else 0
    return (bits + missing[0] / every[0] + missing[1] / every[1]) / 2


@settings(deadline=None)
@given(LEVELS, st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_min_cllr_is_that_of_pooling_adjacent_violators(rows: list[tuple[int, bool]], missing: tuple[int, int]) -> None:
    levels, mated = (list(column) for column in zip(*rows, strict=True))
    assume(True in mated and False in mated)
    steps = count_steps(np.array(levels, float), np.array(mated))
    least = min_cllr(steps, *missing)
    assert least == pytest.approx(least_cost_by_pooling(levels, mated, missing), abs=1e-9)
    llr = np.array([*(0.7 * (at - 2.5) for at in levels), *[0.0] * sum(missing)])
    kinds = np.array([*mated, *[True] * missing[0], *[False] * missing[1]])
    assert least <= cllr(llr, kinds).value + 1e-12


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([-3.0, -1.0, -0.4, 0.0, 0.5, 1.0, 2.5]), st.booleans()), min_size=2))
def test_bins_hold_each_comparison_once_between_their_edges(rows: list[tuple[float, bool]]) -> None:
    llr, mated = (np.array(column) for column in zip(*rows, strict=True))
    assume(mated.any() and not mated.all())
    ends = (-math.inf, -1.0, 0.0, 1.0, math.inf)
    kinds = np.count_nonzero(mated), np.count_nonzero(~mated)
    want = []
    for low, high in pairwise(ends):
        here = [(at, kind) for at, kind in rows if low <= at < high]
        if not here:
            continue
        weight = [1 / kinds[0] if kind else 1 / kinds[1] for _, kind in here]
        stated = sum(w * at for w, (at, _) in zip(weight, here, strict=True)) / sum(weight)
        want.append((pytest.approx(stated), *(sum(kind is same for _, kind in here) for same in (True, False))))
    found = reliability(llr, mated, np.array(ends[1:-1]))
    assert [(one.stated, one.mated.size, one.non_mated.size) for one in found] == want
    assert sorted(np.concatenate([one.mated for one in found])) == list(range(kinds[0]))


@given(st.lists(st.floats(-3, 3), min_size=1), st.lists(st.floats(-3, 3)))
def test_the_tippett_curve_is_the_share_at_or_above_each_value(llr: list[float], at: list[float]) -> None:
    shares = shares_at_least(np.array(llr), np.array([*at, llr[0]]))
    for value, share in zip([*at, llr[0]], shares, strict=True):
        assert share == pytest.approx(sum(one >= value for one in llr) / len(llr))
