"""Held-out thresholds against a loop over comparisons that picks out the people of other blocks one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from faceproof.metrics.held_out import FALLBACK_FMRS, HeldOut, held_out_thresholds
from faceproof.metrics.operating_points import threshold_at_fmr

# Eighths tie often, and they and the middles between them are exact in binary.
LEVELS = st.one_of(st.just(math.nan), st.integers(-8, 8).map(lambda eighths: eighths / 8))
ROWS = st.lists(st.tuples(LEVELS, st.booleans(), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=50)
TARGETS = st.sampled_from([0.05, 0.1, 0.25, 0.34, 0.5, 1.0])
SEEDS = st.integers(0, 10_000)

Rows = list[tuple[float, bool, int, int]]
Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def columns(rows: Rows) -> Columns:
    similarity, mated, block_a, block_b = zip(*rows, strict=True)
    return np.array(similarity), np.array(mated), np.array(block_a), np.array(block_b)


def others_of(row: int, similarity: np.ndarray, block_a: np.ndarray, block_b: np.ndarray) -> list[int]:
    """Comparisons that were made, of people from other blocks than those of the comparison in this row."""
    mine = {block_a[row], block_b[row]}
    rows = range(similarity.size)
    return [i for i in rows if not mine & {block_a[i], block_b[i]} and not math.isnan(similarity[i])]


def population(seed: int, n: int = 600, blocks: int = 5) -> Columns:
    """Comparisons of people in blocks; enough of them to resolve 10% whoever is left out."""
    rng = np.random.default_rng(seed)
    mated = rng.random(n) < 0.4
    block_a = rng.integers(0, blocks, n)
    block_b = np.where(mated, block_a, rng.integers(0, blocks, n))
    return np.where(mated, rng.normal(0.6, 0.2, n), rng.normal(0.1, 0.2, n)), mated, block_a, block_b


def two_blocks(non_mated_each: int) -> Columns:
    """Two blocks that are never compared with each other, so that either is judged on the other alone."""
    n = 2 * (non_mated_each + 1)
    mated = np.arange(n) % (non_mated_each + 1) == 0
    block = np.repeat([0, 1], non_mated_each + 1)
    return np.where(mated, 0.9, np.linspace(0, 0.5, n)), mated, block, block


@settings(deadline=None)
@given(ROWS, TARGETS)
def test_each_threshold_is_that_of_the_comparisons_of_other_people(rows: Rows, fmr: float) -> None:
    similarity, mated, block_a, block_b = columns(rows)
    found = held_out_thresholds(similarity, mated, block_a, block_b, fmr)
    rest = [others_of(row, similarity, block_a, block_b) for row in range(len(rows))]
    fewest = min(sum(not mated[i] for i in others) for others in rest)
    assert found.fewest_non_mated == fewest
    if fewest == 0 or 1 / fewest > fmr:
        assert np.isnan(found.threshold).all()
        assert math.isnan(found.fmr)
        assert found.reason
    else:
        want = [threshold_at_fmr(similarity[others], mated[others], fmr) for others in rest]
        assert found.threshold.tolist() == want
        assert found.distinct.tolist() == sorted(set(want))
        assert found.fmr == fmr
        assert found.reason is None
    assert found.threshold.shape == similarity.shape
    assert found.threshold.dtype == np.float64


@settings(deadline=None, max_examples=40)
@given(SEEDS, TARGETS)
def test_on_other_people_no_more_than_the_target_is_accepted_and_the_next_lower_score_would_be_too_many(
    seed: int, fmr: float
) -> None:
    similarity, mated, block_a, block_b = population(seed)
    found = held_out_thresholds(similarity, mated, block_a, block_b, fmr)
    assert found.fmr == fmr
    for row in range(0, similarity.size, 60):
        others = [i for i in others_of(row, similarity, block_a, block_b) if not mated[i]]
        scores = np.sort(similarity[others])
        rejected = scores[scores < found.threshold[row]]
        assert np.mean(scores >= found.threshold[row]) <= fmr
        assert rejected.size == 0 or np.mean(scores >= rejected[-1]) > fmr


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(0, 599), TARGETS)
def test_people_have_no_say_in_their_own_threshold(seed: int, row: int, fmr: float) -> None:
    """Whatever the comparisons of two blocks score, and of whichever kind they are."""
    similarity, mated, block_a, block_b = population(seed)
    before = held_out_thresholds(similarity, mated, block_a, block_b, fmr)
    mine = {int(block_a[row]), int(block_b[row])}
    touched = np.isin(block_a, list(mine)) | np.isin(block_b, list(mine))
    rng = np.random.default_rng(seed + 1)
    changed = np.where(touched, rng.uniform(-1, 1, similarity.size), similarity)
    kinds = np.where(touched, rng.random(mated.size) < 0.2, mated)
    after = held_out_thresholds(changed, kinds, block_a, block_b, fmr)
    judged = [i for i in range(similarity.size) if {int(block_a[i]), int(block_b[i])} == mine]
    assert row in judged
    assert before.fmr == after.fmr == fmr
    assert after.threshold[judged].tobytes() == before.threshold[judged].tobytes()


def test_other_people_have_one() -> None:
    similarity, mated, block_a, block_b = population(0)
    before = held_out_thresholds(similarity, mated, block_a, block_b, 0.1)
    inside_0 = (block_a == 0) & (block_b == 0)
    changed = np.where(inside_0 & ~mated, similarity + 0.5, similarity)
    after = held_out_thresholds(changed, mated, block_a, block_b, 0.1)
    touches_0 = (block_a == 0) | (block_b == 0)
    np.testing.assert_array_equal(after.threshold[touches_0], before.threshold[touches_0])
    assert (after.threshold[~touches_0] > before.threshold[~touches_0]).all()


@settings(deadline=None)
@given(ROWS, TARGETS, st.randoms(use_true_random=False), st.permutations(range(5)))
def test_order_of_rows_and_of_sides_and_the_numbers_of_blocks_change_nothing(
    rows: Rows, fmr: float, random: object, numbers: list[int]
) -> None:
    once = held_out_thresholds(*columns(rows), fmr)
    order = random.sample(range(len(rows)), len(rows))
    turned = [rows[i] if random.random() < 0.5 else (*rows[i][:2], rows[i][3], rows[i][2]) for i in order]
    again = held_out_thresholds(*columns([(at, kind, numbers[a], numbers[b]) for at, kind, a, b in turned]), fmr)
    np.testing.assert_array_equal(again.threshold, once.threshold[order])
    np.testing.assert_array_equal(again.distinct, once.distinct)
    assert (again.fewest_non_mated, again.reason) == (once.fewest_non_mated, once.reason)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.uint8, np.int64])
def test_any_whole_numbers_will_do_for_blocks(dtype: type) -> None:
    similarity, mated, block_a, block_b = population(3, blocks=13)
    block_a, block_b = block_a * 10, block_b * 10
    want = held_out_thresholds(similarity, mated, block_a, block_b, 0.1).threshold
    assert not np.isnan(want).any()
    found = held_out_thresholds(similarity, mated, block_a.astype(dtype), block_b.astype(dtype), 0.1)
    np.testing.assert_array_equal(found.threshold, want)


@settings(deadline=None, max_examples=40)
@given(SEEDS, TARGETS)
def test_a_comparison_that_was_not_made_gets_a_threshold_and_takes_no_part_in_any(seed: int, fmr: float) -> None:
    similarity, mated, block_a, block_b = population(seed)
    made = np.random.default_rng(seed).random(similarity.size) < 0.8
    found = held_out_thresholds(np.where(made, similarity, math.nan), mated, block_a, block_b, fmr)
    without = held_out_thresholds(similarity[made], mated[made], block_a[made], block_b[made], fmr)
    assert found.fewest_non_mated == without.fewest_non_mated
    np.testing.assert_array_equal(found.threshold[made], without.threshold)
    assert set(found.threshold[~made]) <= set(without.threshold)


@pytest.mark.parametrize(
    ("non_mated", "fmr"),
    [(1000, 1e-3), (999, 1e-2), (100, 1e-2), (99, 1e-1), (10, 1e-1), (9, math.nan), (1, math.nan), (0, math.nan)],
)
def test_where_nobody_asked_the_lowest_fmr_that_can_be_resolved_is_taken_and_another_than_the_first_has_a_reason(
    non_mated: int, fmr: float
) -> None:
    found = held_out_thresholds(*two_blocks(non_mated))
    assert found.fewest_non_mated == non_mated
    np.testing.assert_equal(found.fmr, fmr)
    if fmr == FALLBACK_FMRS[0]:
        assert found.reason is None
    else:
        needs = "10% needs 10" if math.isnan(fmr) else "0.1% needs 1,000"
        assert f"{needs} non-mated comparisons of other people" in str(found.reason)
        assert f"there are {non_mated}." in str(found.reason)
    if math.isnan(fmr):
        assert np.isnan(found.threshold).all()
        assert found.distinct.size == 0
    else:
        same = held_out_thresholds(*two_blocks(non_mated), fmr)
        np.testing.assert_array_equal(found.threshold, same.threshold)


@pytest.mark.parametrize("matches", [1, 3, 10])
@pytest.mark.parametrize("fmr", [1e-3, 1e-2, 0.1])
def test_a_threshold_rests_on_as_many_false_matches_as_there_are_at_its_fmr(fmr: float, matches: int) -> None:
    enough = round(matches / fmr)
    similarity, mated, block, _ = two_blocks(enough)
    found = held_out_thresholds(similarity, mated, block, block, fmr, matches=matches)
    assert (found.fmr, found.reason, found.fewest_non_mated) == (fmr, None, enough)
    for one in (0, 1):
        others = similarity[(block != one) & ~mated]
        assert np.count_nonzero(others >= found.threshold[block == one][0]) == matches


@pytest.mark.parametrize(
    ("non_mated", "fmr", "needs"),
    [
        (10_000, 1e-3, None),
        (9_999, 1e-2, "0.1% needs 10,000 "),
        (1_000, 1e-2, "0.1% needs 10,000 "),
        (999, 0.1, "0.1% needs 10,000 "),
        # Where no target has ten false matches, one is enough.
        (99, 0.1, "0.1% needs 10,000 "),
        (10, 0.1, "0.1% needs 10,000 "),
        (9, math.nan, "10% needs 10 "),
    ],
)
def test_where_nobody_asked_for_an_fmr_false_matches_behind_a_threshold_decide_which(
    non_mated: int, fmr: float, needs: str | None
) -> None:
    found = held_out_thresholds(*two_blocks(non_mated), matches=10)
    np.testing.assert_equal(found.fmr, fmr)
    if needs is None:
        assert found.reason is None
    else:
        assert needs in str(found.reason)
        assert f"there are {non_mated:,}." in str(found.reason)


@pytest.mark.parametrize(("non_mated", "there"), [(100, True), (99, True), (10, True), (9, False)])
def test_an_fmr_that_was_asked_for_needs_one_false_match_alone(non_mated: int, there: bool) -> None:
    found = held_out_thresholds(*two_blocks(non_mated), 0.1, matches=10)
    np.testing.assert_equal(found.fmr, 0.1 if there else math.nan)
    assert (found.reason is None) == there


def test_an_fmr_that_was_asked_for_is_never_replaced_by_another() -> None:
    found = held_out_thresholds(*two_blocks(999), 1e-3)
    assert np.isnan(found.threshold).all()
    assert math.isnan(found.fmr)
    assert found.distinct.size == 0
    assert found.reason == "An FMR of 0.1% needs 1,000 non-mated comparisons of other people; there are 999."
    assert held_out_thresholds(*two_blocks(1000), 1e-3).reason is None


def test_where_one_threshold_cannot_be_set_none_is() -> None:
    """Block 0 has 200 non-mated comparisons to judge block 1 on, and only 5 the other way round."""
    block = np.repeat([0, 1], [200, 5])
    similarity, mated = np.linspace(0, 0.5, 205), np.zeros(205, np.bool_)
    found = held_out_thresholds(similarity, mated, block, block, 0.01)
    assert found.fewest_non_mated == 5
    assert np.isnan(found.threshold).all()
    assert "there are 5." in str(found.reason)
    assert not np.isnan(held_out_thresholds(similarity, mated, block, block, 0.2).threshold).any()


def check_nothing(found: HeldOut, n: int) -> None:
    assert found.threshold.shape == (n,)
    assert np.isnan(found.threshold).all()
    assert math.isnan(found.fmr)
    assert found.distinct.size == found.fewest_non_mated == 0
    assert found.reason


@pytest.mark.parametrize("fmr", [None, 0.1, 1.0])
def test_without_other_people_there_is_no_threshold(fmr: float | None) -> None:
    similarity, mated, block_a, _ = population(1)
    check_nothing(held_out_thresholds(similarity, mated, np.zeros_like(block_a), np.zeros_like(block_a), fmr), 600)
    check_nothing(held_out_thresholds(similarity, mated, block_a % 2, 1 - block_a % 2, fmr), 600)
    check_nothing(held_out_thresholds(np.full(600, math.nan), mated, block_a, block_a, fmr), 600)
    check_nothing(held_out_thresholds(similarity, np.ones(600, np.bool_), block_a, block_a, fmr), 600)


@pytest.mark.parametrize("fmr", [None, 0.1])
def test_no_comparisons_are_fine(fmr: float | None) -> None:
    nothing = np.zeros(0, np.int64)
    check_nothing(held_out_thresholds(np.zeros(0), np.zeros(0, np.bool_), nothing, nothing, fmr), 0)


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_a_stricter_target_never_gives_a_lower_threshold(seed: int) -> None:
    rows = population(seed)
    found = [held_out_thresholds(*rows, fmr) for fmr in (1.0, 0.5, 0.1, 0.05)]
    assume(not any(math.isnan(one.fmr) for one in found))
    for looser, stricter in itertools.pairwise(found):
        assert (stricter.threshold >= looser.threshold).all()
