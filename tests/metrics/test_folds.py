"""Accuracy over folds against a plain loop, and folds that share no person."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score

from faceproof.errors import ConfigurationError, MetricUndefinedError
from faceproof.metrics.folds import (
    FoldResult,
    blocks_of_people,
    connected_people,
    cross_validated_accuracy,
    folds_of_people,
    person_disjoint_folds,
)

# Eighths tie often, and they and the middles between them are exact in binary.
LEVELS = st.integers(-8, 8).map(lambda eighths: eighths / 8)
ROWS = st.lists(st.tuples(LEVELS, st.booleans(), st.integers(-1, 3)), max_size=40)
PAIRS = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=60)

Rows = list[tuple[float, bool, int]]
Pairs = list[tuple[int, int]]


def columns(rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores, mated, fold = ([row[i] for row in rows] for i in range(3))
    return np.array(scores, dtype=np.float64), np.array(mated, dtype=np.bool_), np.array(fold, dtype=np.int64)


def plain_threshold(scores: np.ndarray, mated: np.ndarray) -> float:
    """Best accuracy by trying every threshold on every comparison: the middle of the strictest best interval."""
    seen = np.unique(scores)
    tried = np.append(seen, np.inf)
    right = np.array([np.count_nonzero((scores >= threshold) == mated) for threshold in tried])
    best = right == right.max()
    stretches = []
    for i in range(tried.size):
        if best[i] and (i == 0 or not best[i - 1]):
            end = i
            while end + 1 < tried.size and best[end + 1]:
                end += 1
            low, high = seen[max(i - 1, 0)], seen[min(end, seen.size - 1)]
            stretches.append((high - low, high, low, i, end))
    width, high, low, start, end = max(stretches, key=lambda stretch: stretch[4])
    if width > 0:
        return float((low + high) / 2)
    return math.nextafter(high, math.inf) if start == end == seen.size else float(low)


def plain_fold_accuracies(scores: np.ndarray, mated: np.ndarray, fold: np.ndarray) -> list[tuple[int, float, float]]:
    rows = []
    for number in sorted(set(fold.tolist()) - set(range(-9, 0))):
        train, test = (fold >= 0) & (fold != number), fold == number
        if mated[train].all() or not mated[train].any():
            rows.append((number, math.nan, math.nan))
            continue
        threshold = plain_threshold(scores[train], mated[train])
        right = sum((s >= threshold) == m for s, m in zip(scores[test].tolist(), mated[test].tolist(), strict=True))
        rows.append((number, right / np.count_nonzero(test), threshold))
    return rows


def as_rows(result: FoldResult) -> list[tuple[int, float, float]]:
    return [(part.fold, part.accuracy, part.threshold) for part in result.per_fold]


def view_2(seed: int = 2, decimals: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ten folds of 300 mated and 300 non-mated comparisons, in the order of the LFW pair list, with ties."""
    rng = np.random.default_rng(seed)
    mated = np.tile(np.repeat([True, False], 300), 10)
    scores = np.where(mated, rng.normal(0.65, 0.15, 6000), rng.normal(0.1, 0.15, 6000))
    return scores.round(decimals), mated, np.repeat(np.arange(10), 600)


@settings(deadline=None)
@given(ROWS)
def test_accuracy_of_each_fold_equals_a_plain_loop(rows: Rows) -> None:
    scores, mated, fold = columns(rows)
    result = cross_validated_accuracy(scores, mated, fold)
    want = plain_fold_accuracies(scores, mated, fold)
    np.testing.assert_equal(as_rows(result), want)
    assert [part.comparisons for part in result.per_fold] == [
        int((fold == part.fold).sum()) for part in result.per_fold
    ]
    assert result.left_out == int((fold < 0).sum())
    assert result.k == len(want)
    values = [value for _, value, _ in want]
    if len(values) < 2 or any(math.isnan(value) for value in values):
        assert math.isnan(result.accuracy)
        assert math.isnan(result.standard_error)
        assert result.reason
    else:
        assert result.reason is None
        assert result.accuracy == pytest.approx(statistics.fmean(values), rel=1e-14)
        assert result.standard_error == pytest.approx(statistics.stdev(values) / math.sqrt(len(values)), abs=1e-15)


def test_ten_folds_shaped_like_lfw_view_2_equal_a_plain_loop() -> None:
    scores, mated, fold = view_2()
    result = cross_validated_accuracy(scores, mated, fold)
    want = plain_fold_accuracies(scores, mated, fold)
    values = [value for _, value, _ in want]
    assert as_rows(result) == want
    assert result.k == 10
    assert {part.comparisons for part in result.per_fold} == {600}
    assert 0.95 < result.accuracy < 0.98
    assert result.accuracy == pytest.approx(statistics.fmean(values), rel=1e-14)
    assert result.standard_error == pytest.approx(statistics.stdev(values) / math.sqrt(10), rel=1e-12)
    for part in result.per_fold:
        here = fold == part.fold
        assert part.accuracy == accuracy_score(mated[here], scores[here] >= part.threshold)


def test_ten_folds_on_the_usual_grid_of_distances_take_a_best_point_each() -> None:
    scores, mated, fold = view_2(seed=7)
    # Squared distances 0, 0.01, ..., 3.99, as in the evaluation of FaceNet.
    grid = 1 - np.arange(400) / 100 / 2
    result = cross_validated_accuracy(scores, mated, fold, grid)
    only_choices = 0
    for part in result.per_fold:
        train, test = fold != part.fold, fold == part.fold
        right = [int(np.count_nonzero((scores[train] >= point) == mated[train])) for point in grid]
        best = [point for point, count in zip(grid.tolist(), right, strict=True) if count == max(right)]
        assert part.threshold in best
        assert part.accuracy == accuracy_score(mated[test], scores[test] >= part.threshold)
        only_choices += len(best) == 1
    assert only_choices >= 5
    assert result.accuracy == pytest.approx(statistics.fmean(part.accuracy for part in result.per_fold), rel=1e-14)


@given(st.integers(0, 10_000), st.integers(0, 9))
@settings(deadline=None, max_examples=15)
def test_a_fold_has_no_say_in_its_own_threshold(seed: int, number: int) -> None:
    scores, mated, fold = view_2()
    changed = scores.copy()
    changed[fold == number] = np.random.default_rng(seed).uniform(-1, 1, 600)
    before, after = (cross_validated_accuracy(values, mated, fold).per_fold[number] for values in (scores, changed))
    assert after.threshold == before.threshold
    assert after.accuracy < before.accuracy


@settings(deadline=None)
@given(ROWS, st.randoms(use_true_random=False), st.permutations(range(4)))
def test_the_order_of_rows_changes_nothing_and_new_numbers_only_the_order_of_folds(
    rows: Rows, random: object, numbers: list[int]
) -> None:
    once = cross_validated_accuracy(*columns(rows))
    shuffled = random.sample(rows, len(rows))
    np.testing.assert_equal(cross_validated_accuracy(*columns(shuffled)), once)
    renumbered = [(score, mated, numbers[fold] if fold >= 0 else -5) for score, mated, fold in rows]
    again = cross_validated_accuracy(*columns(renumbered))
    assert again.accuracy == pytest.approx(once.accuracy, rel=1e-14, nan_ok=True)
    # The same deviations, added up in another order.
    assert again.standard_error == pytest.approx(once.standard_error, rel=1e-9, abs=1e-15, nan_ok=True)


@settings(deadline=None)
@given(ROWS, st.sampled_from([0.25, 2.0]), st.sampled_from([-4.0, 0.0, 1.0]))
def test_scale_and_origin_of_the_scores_keep_every_accuracy(rows: Rows, scale: float, origin: float) -> None:
    scores, mated, fold = columns(rows)
    once = cross_validated_accuracy(scores, mated, fold)
    again = cross_validated_accuracy(scale * scores + origin, mated, fold)
    np.testing.assert_equal([part.accuracy for part in again.per_fold], [part.accuracy for part in once.per_fold])
    np.testing.assert_equal(again.accuracy, once.accuracy)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=21, max_size=21, unique=True))
def test_a_monotone_rescale_keeps_every_accuracy_where_each_fold_holds_every_level(scale: list[float]) -> None:
    """One gap of levels is best by far, and wherever in it a threshold lies, it decides its fold alike."""
    rng = np.random.default_rng(0)
    level = np.tile(np.arange(21), 40)
    mated = rng.random(level.size) < np.where(level >= 10, 0.85, 0.15)
    fold = np.repeat(np.arange(4), 210)
    once = cross_validated_accuracy(level, mated, fold)
    again = cross_validated_accuracy(np.sort(scale)[level], mated, fold)
    assert {part.threshold for part in once.per_fold} == {9.5}
    assert [part.accuracy for part in again.per_fold] == [part.accuracy for part in once.per_fold]
    assert again.accuracy == once.accuracy


def test_a_negative_number_leaves_a_comparison_out_of_thresholds_and_scores() -> None:
    scores, mated, fold = [0.9, 0.1, 0.8, 0.2], [True, False, True, False], [0, 0, 4, 4]
    whole = cross_validated_accuracy(scores, mated, fold)
    with_more = cross_validated_accuracy([*scores, -1.0, 1.0], [*mated, True, False], [*fold, -1, -7])
    assert with_more.per_fold == whole.per_fold
    assert (whole.left_out, with_more.left_out) == (0, 2)
    assert [part.fold for part in whole.per_fold] == [0, 4]


@pytest.mark.parametrize(
    ("scores", "mated", "fold", "parts"),
    [([], [], [], 0), ([0.9, 0.1], [True, False], [3, 3], 1), ([0.9, 0.1], [True, False], [-1, -1], 0)],
)
def test_fewer_than_two_folds_give_no_accuracy_and_say_why(
    scores: list[float], mated: list[bool], fold: list[int], parts: int
) -> None:
    for grid in (None, [0.5]):
        result = cross_validated_accuracy(scores, mated, fold, grid)
        assert np.isnan([result.accuracy, result.standard_error]).all()
        assert result.k == parts
        assert f"There are {parts} folds" in str(result.reason)


@pytest.mark.parametrize("grid", [None, [0.5]])
def test_where_the_other_folds_are_of_one_kind_that_fold_and_the_mean_are_nan_with_a_reason(
    grid: list[float] | None,
) -> None:
    result = cross_validated_accuracy([0.9, 0.8, 0.1, 0.7], [True, True, False, True], [0, 0, 1, 1], grid)
    first, second = result.per_fold
    assert first.accuracy == 1.0
    assert math.isnan(second.accuracy)
    assert math.isnan(second.threshold)
    assert second.comparisons == 2
    assert np.isnan([result.accuracy, result.standard_error]).all()
    assert "one kind only" in str(result.reason)


def test_folds_that_do_not_fit_are_refused() -> None:
    for fold in ([0, 1, 0], [0.0, 1.0], [[0, 1]], ["a", "b"], [True, False]):
        with pytest.raises(ConfigurationError, match="expected integers"):
            cross_validated_accuracy([0.5, 0.1], [True, False], fold)


def test_a_similarity_that_is_nan_is_refused_even_where_it_is_left_out() -> None:
    with pytest.raises(MetricUndefinedError, match="1 of 3"):
        cross_validated_accuracy([0.5, math.nan, 0.1], [True, True, False], [0, -1, 1])


def at_mix(scores: np.ndarray, mated: np.ndarray, threshold: float, mix: tuple[int, int]) -> Fraction:
    """Accuracy of the decisions at a threshold, at a mix of mated and non-mated comparisons."""
    fnmr = Fraction(int(np.count_nonzero(scores[mated] < threshold)), int(np.count_nonzero(mated)))
    fmr = Fraction(int(np.count_nonzero(scores[~mated] >= threshold)), int(np.count_nonzero(~mated)))
    return 1 - (mix[0] * fnmr + mix[1] * fmr) / sum(mix)


@settings(deadline=None)
@given(ROWS, st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_accuracy_at_a_mix_is_that_of_the_rates_of_all_decisions(rows: Rows, mix: tuple[int, int]) -> None:
    scores, mated, fold = columns(rows)
    result = cross_validated_accuracy(scores, mated, fold, mix=mix)
    decided = fold >= 0
    assert result.decided.tolist() == decided.tolist()
    assert not result.accepted[~decided].any()
    for part in result.per_fold:
        here = fold == part.fold
        rest = decided & ~here
        if math.isnan(part.threshold):
            assert mated[rest].all() or not mated[rest].any()
            assert math.isnan(part.accuracy)
            continue
        best = max(at_mix(scores[rest], mated[rest], at, mix) for at in [math.inf, *scores[rest].tolist()])
        assert at_mix(scores[rest], mated[rest], part.threshold, mix) == best
        np.testing.assert_array_equal(result.accepted[here], scores[here] >= part.threshold)
        if mated[here].all() or not mated[here].any():
            assert math.isnan(part.accuracy)
        else:
            assert part.accuracy == pytest.approx(float(at_mix(scores[here], mated[here], part.threshold, mix)))
    if result.reason:
        assert math.isnan(result.accuracy)
        return
    wrong = result.accepted != mated
    fnmr, fmr = wrong[decided & mated].mean(), wrong[decided & ~mated].mean()
    assert result.accuracy == pytest.approx(1 - (mix[0] * fnmr + mix[1] * fmr) / sum(mix))
    assert math.isnan(result.standard_error)


@settings(deadline=None)
@given(ROWS)
def test_without_a_plain_mean_each_decision_counts_the_same(rows: Rows) -> None:
    scores, mated, fold = columns(rows)
    mean, share = (cross_validated_accuracy(scores, mated, fold, plain_mean=plain) for plain in (True, False))
    np.testing.assert_equal(as_rows(mean), as_rows(share))
    assert mean.reason == share.reason
    if share.reason is None:
        right = sum(part.accuracy * part.comparisons for part in share.per_fold)
        assert share.accuracy == pytest.approx(right / np.count_nonzero(fold >= 0))
        assert math.isnan(share.standard_error)


def test_a_mix_and_a_plain_mean_of_unequal_folds_by_hand() -> None:
    """Fold 0: one mated of two right and two non-mated of two; fold 1: one mated and one non-mated, both right."""
    scores = [0.9, 0.2, 0.1, 0.1, 0.8, 0.3]
    mated, fold = [True, True, False, False, True, False], [0, 0, 0, 0, 1, 1]
    plain = cross_validated_accuracy(scores, mated, fold)
    assert [part.accuracy for part in plain.per_fold] == [0.75, 0.5]
    assert plain.accuracy == 0.625
    assert cross_validated_accuracy(scores, mated, fold, plain_mean=False).accuracy == pytest.approx(4 / 6)
    # FNMR 1/3 and FMR 1/3 at the thresholds 0.55 and 0.15; more mated comparisons move only the second.
    assert [part.threshold for part in plain.per_fold] == pytest.approx([0.55, 0.15])
    mixed = cross_validated_accuracy(scores, mated, fold, mix=(3, 9))
    assert [part.threshold for part in mixed.per_fold] == pytest.approx([0.55, 0.15])
    assert mixed.accuracy == pytest.approx(1 - (3 / 3 + 9 / 3) / 12)


def accuracies_by_number_of_folds(mix: bool) -> list[float]:
    """Everybody against everybody: folds drop most non-mated comparisons, and more of them the more folds there are."""
    rng = np.random.default_rng(0)
    a, b = np.triu_indices(100 * 4, 1)
    person_a, person_b = a // 4, b // 4
    mated = person_a == person_b
    scores = np.where(mated, 2.6, 0.0) + rng.normal(0, 1, a.size)
    mates = int(np.count_nonzero(mated))
    found = []
    for k in (2, 5, 10, 20):
        fold = person_disjoint_folds(person_a, person_b, k)
        asked = {"mix": (mates, mated.size - mates)} if mix else {"plain_mean": False}
        found.append(cross_validated_accuracy(scores, mated, fold, **asked).accuracy)
    return found


def test_at_the_mix_of_the_list_the_accuracy_does_not_depend_on_the_number_of_folds() -> None:
    weighted, unweighted = accuracies_by_number_of_folds(True), accuracies_by_number_of_folds(False)
    assert max(weighted) - min(weighted) < 0.002
    assert max(unweighted) - min(unweighted) > 0.02
    assert unweighted == sorted(unweighted, reverse=True)


def check_no_person_in_two_folds(person_a: list, person_b: list, fold: np.ndarray) -> None:
    seen: dict[object, int] = {}
    for a, b, number in zip(person_a, person_b, fold.tolist(), strict=True):
        if number >= 0:
            assert seen.setdefault(a, number) == number
            assert seen.setdefault(b, number) == number


@settings(deadline=None)
@given(PAIRS, st.integers(2, 6), st.integers(0, 5))
def test_no_person_is_in_two_folds_and_no_mated_comparison_is_lost(pairs: Pairs, k: int, seed: int) -> None:
    person_a, person_b = [a for a, _ in pairs], [b for _, b in pairs]
    fold = person_disjoint_folds(person_a, person_b, k, seed)
    assert fold.dtype == np.int16
    assert fold.shape == (len(pairs),)
    assert set(fold.tolist()) <= set(range(-1, k))
    check_no_person_in_two_folds(person_a, person_b, fold)
    assert all(number >= 0 for (a, b), number in zip(pairs, fold.tolist(), strict=True) if a == b)


@settings(deadline=None)
@given(PAIRS, st.integers(2, 6), st.integers(0, 5), st.randoms(use_true_random=False))
def test_order_of_rows_and_of_sides_changes_nothing_but_the_order_of_the_answer(
    pairs: Pairs, k: int, seed: int, random: object
) -> None:
    fold = person_disjoint_folds([a for a, _ in pairs], [b for _, b in pairs], k, seed)
    order = list(range(len(pairs)))
    random.shuffle(order)
    turned = [pairs[i][::-1] if random.random() < 0.5 else pairs[i] for i in order]
    again = person_disjoint_folds([a for a, _ in turned], [b for _, b in turned], k, seed)
    assert again.tolist() == fold[order].tolist()


@settings(deadline=None)
@given(PAIRS, st.integers(2, 6))
def test_names_and_numbers_that_sort_alike_give_the_same_folds(pairs: Pairs, k: int) -> None:
    by_number = person_disjoint_folds([a for a, _ in pairs], [b for _, b in pairs], k)
    by_name = person_disjoint_folds([f"{a:02}" for a, _ in pairs], [f"{b:02}" for _, b in pairs], k)
    assert by_name.tolist() == by_number.tolist()


def test_without_comparisons_there_are_no_folds() -> None:
    assert person_disjoint_folds([], []).tolist() == []


def test_small_groups_lose_nothing_and_fill_all_folds_evenly_with_both_kinds() -> None:
    rng = np.random.default_rng(0)
    couples = [(2 * i, 2 * i + 1) for i in range(400)]
    pairs = [pair for a, b in couples for pair in ((a, a), (a, b))]
    pairs = [pairs[i] for i in rng.permutation(len(pairs))]
    fold = person_disjoint_folds([a for a, _ in pairs], [b for _, b in pairs], 10)
    assert fold.min() == 0
    mated = np.array([a == b for a, b in pairs])
    assert set(Counter(fold[mated].tolist()).values()) == {40}
    assert set(Counter(fold[~mated].tolist()).values()) == {40}


def test_people_with_mated_and_people_with_non_mated_comparisons_only_are_both_spread() -> None:
    pairs = [(i, i) for i in range(100)] + [(100 + 2 * i, 101 + 2 * i) for i in range(50)]
    fold = person_disjoint_folds([a for a, _ in pairs], [b for _, b in pairs], 5)
    assert Counter(fold[:100].tolist()) == dict.fromkeys(range(5), 20)
    assert Counter(fold[100:].tolist()) == dict.fromkeys(range(5), 10)


def people_per_fold(people: int, k: int, seed: int) -> tuple[Counter, float]:
    """How many people each fold gets where everybody is compared with everybody, and what share is kept."""
    a, b = np.triu_indices(people)
    fold = person_disjoint_folds(a, b, k, seed)
    check_no_person_in_two_folds(a.tolist(), b.tolist(), fold)
    return Counter(fold[a == b].tolist()), float(np.mean(fold[a != b] >= 0))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_where_everybody_is_compared_with_everybody_about_one_in_k_remains(seed: int) -> None:
    per_fold, kept = people_per_fold(100, 10, seed)
    assert per_fold.total() == 100
    assert max(per_fold.values()) <= 12  # A tenth more than an even share, and the person that fills it up.
    assert 0.08 < kept < 0.12


@pytest.mark.parametrize(("people", "k"), [(100, 5), (100, 10), (300, 10)])
def test_a_group_that_fills_all_folds_leaves_none_empty(people: int, k: int) -> None:
    assert set(people_per_fold(people, k, 0)[0]) == set(range(k))


def test_loosely_linked_cliques_are_cut_at_the_links() -> None:
    """Ten cliques in a ring, two for each fold: no more is lost than the ten links between them."""
    rng = np.random.default_rng(1)
    size = 12
    shuffled = rng.permutation(10 * size)
    inside = [(c * size + i, c * size + j) for c in range(10) for i in range(size) for j in range(i, size)]
    links = [(c * size, ((c + 1) % 10) * size + 1) for c in range(10)]
    pairs = shuffled[np.array(inside + links)]
    fold = person_disjoint_folds(pairs[:, 0], pairs[:, 1], 5)
    check_no_person_in_two_folds(pairs[:, 0].tolist(), pairs[:, 1].tolist(), fold)
    assert set(fold.tolist()) - {-1} == set(range(5))
    # Assigned at random, people would lose four in five of the 660 non-mated comparisons inside the cliques.
    assert np.count_nonzero(fold < 0) <= len(links)


def test_a_person_too_popular_for_one_fold_stays_one_person() -> None:
    fold = person_disjoint_folds([0] * 50, list(range(1, 51)), 5)
    assert len(set(fold.tolist()) - {-1}) == 1
    assert np.count_nonzero(fold >= 0) >= 1


def test_the_seed_chooses_among_equals_and_repeats_its_choice() -> None:
    a = np.arange(60)
    one, same, other = (person_disjoint_folds(a, a, 3, seed) for seed in (4, 4, 5))
    assert one.tolist() == same.tolist()
    assert one.tolist() != other.tolist()
    assert Counter(one.tolist()) == Counter(other.tolist()) == {0: 20, 1: 20, 2: 20}


def test_more_folds_than_groups_leave_some_empty() -> None:
    fold = person_disjoint_folds(["ann", "bob"], ["ann", "bob"], k=10)
    assert len(set(fold.tolist())) == 2
    assert fold.min() >= 0


@pytest.mark.parametrize("k", [1, 0, -1, 32_768])
def test_a_number_of_folds_out_of_range_is_refused(k: int) -> None:
    with pytest.raises(ConfigurationError, match=f"{k} folds"):
        person_disjoint_folds([0], [0], k)


def test_sides_that_differ_in_length_are_refused() -> None:
    for person_a, person_b in (([0, 1], [0]), ([[0]], [[0]])):
        with pytest.raises(ConfigurationError, match="person_a has shape"):
            person_disjoint_folds(person_a, person_b)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.integers(2, 5))
def test_disjoint_folds_feed_the_accuracy_over_folds(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    person_a, person_b = rng.integers(0, 20, (2, 80))
    fold = person_disjoint_folds(person_a, person_b, k, seed)
    mated = person_a == person_b
    scores = np.where(mated, 0.75, 0.25)
    result = cross_validated_accuracy(scores, mated, fold)
    assert result.left_out + sum(part.comparisons for part in result.per_fold) == 80
    assert result.accuracy == 1.0 or result.reason


@settings(deadline=None)
@given(PAIRS, st.integers(2, 6), st.integers(0, 5))
def test_every_person_has_one_fold_on_whichever_side(pairs: Pairs, k: int, seed: int) -> None:
    person_a, person_b = [a for a, _ in pairs], [b for _, b in pairs]
    side_a, side_b = folds_of_people(person_a, person_b, k, seed)
    assert side_a.dtype == side_b.dtype == np.int16
    assert side_a.shape == side_b.shape == (len(pairs),)
    fold_of: dict[int, int] = {}
    for person, fold in zip([*person_a, *person_b], [*side_a.tolist(), *side_b.tolist()], strict=True):
        assert 0 <= fold < k
        assert fold_of.setdefault(person, fold) == fold


@settings(deadline=None)
@given(PAIRS, st.integers(2, 6), st.integers(0, 5))
def test_a_comparison_belongs_to_the_fold_of_both_of_its_people_or_to_none(pairs: Pairs, k: int, seed: int) -> None:
    person_a, person_b = [a for a, _ in pairs], [b for _, b in pairs]
    sides = zip(*folds_of_people(person_a, person_b, k, seed), strict=True)
    want = [int(a) if a == b else -1 for a, b in sides]
    assert person_disjoint_folds(person_a, person_b, k, seed).tolist() == want


@settings(deadline=None)
@given(PAIRS, st.integers(2, 6), st.randoms(use_true_random=False))
def test_the_fold_of_a_person_hangs_on_neither_rows_nor_sides(pairs: Pairs, k: int, random: object) -> None:
    side_a, side_b = folds_of_people([a for a, _ in pairs], [b for _, b in pairs], k)
    order = random.sample(range(len(pairs)), len(pairs))
    turned_a, turned_b = folds_of_people([pairs[i][1] for i in order], [pairs[i][0] for i in order], k)
    assert turned_a.tolist() == side_b[order].tolist()
    assert turned_b.tolist() == side_a[order].tolist()


def test_where_everybody_is_compared_with_everybody_all_folds_hold_people_alike() -> None:
    person_a, person_b = np.triu_indices(100)
    side_a, side_b = folds_of_people(person_a, person_b, 10)
    people = dict(zip(person_a.tolist(), side_a.tolist(), strict=True))
    assert len(people) == 100
    assert set(people.values()) == set(range(10))
    assert max(Counter(people.values()).values()) <= 12
    assert 0.85 < np.mean(side_a != side_b) < 0.95


def test_folds_of_people_that_cannot_be_made_are_refused_and_those_of_nobody_are_empty() -> None:
    for k in (1, 32_768):
        with pytest.raises(ConfigurationError, match=f"{k} folds"):
            folds_of_people([0], [0], k)
    with pytest.raises(ConfigurationError, match="person_a has shape"):
        folds_of_people([0, 1], [0])
    assert [side.tolist() for side in folds_of_people([], [])] == [[], []]


def lowest_reached(pairs: Pairs, people: int) -> list[int]:
    """For each person, the lowest number among all who can be reached from him."""
    friends: list[set[int]] = [{person} for person in range(people)]
    for a, b in pairs:
        friends[a].add(b)
        friends[b].add(a)
    found = []
    for person in range(people):
        seen, waiting = {person}, [person]
        while waiting:
            new = friends[waiting.pop()] - seen
            seen |= new
            waiting += new
        found.append(min(seen))
    return found


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24)), max_size=40), st.integers(25, 30))
def test_linked_people_share_the_lowest_number_that_can_be_reached(pairs: Pairs, people: int) -> None:
    a, b = np.array(pairs, np.int64).reshape(-1, 2).T
    found = connected_people(a, b, people)
    assert found.tolist() == lowest_reached(pairs, people)
    assert connected_people(b, a, people).tolist() == found.tolist()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_long_chain_in_any_order_is_one_group(seed: int) -> None:
    """A chain takes as many steps as there are people if groups are joined link by link."""
    rng = np.random.default_rng(seed)
    names, order = rng.permutation(20_000), rng.permutation(19_998)
    apart = order[order != 9_999]  # One link of the chain is missing, and its last person.
    found = connected_people(names[apart], names[apart + 1], 20_000)
    assert set(found[names[:10_000]].tolist()) == {int(names[:10_000].min())}
    assert set(found[names[10_000:19_999]].tolist()) == {int(names[10_000:19_999].min())}
    assert found[names[19_999]] == names[19_999]


def test_people_whom_nothing_links_are_groups_of_their_own() -> None:
    nothing = np.zeros(0, np.int64)
    assert connected_people(nothing, nothing, 3).tolist() == [0, 1, 2]
    assert connected_people(np.arange(3), np.arange(3), 4).tolist() == [0, 1, 2, 3]
    assert connected_people(nothing, nothing, 0).tolist() == []


def chain(first: int, comparisons: int) -> list[tuple[int, int]]:
    """Non-mated comparisons, each of which shares a person with the next."""
    return [(first + one, first + one + 1) for one in range(comparisons)]


@pytest.mark.parametrize("seed", range(3))
def test_a_group_is_spread_from_one_and_a_half_folds_on(seed: int) -> None:
    """Of 40 comparisons in four folds, a group of 14 (1.4 folds) stays whole and one of 16 (1.6) goes into two."""
    pairs = chain(0, 14) + chain(100, 16) + [(200 + 2 * one, 201 + 2 * one) for one in range(10)]
    fold = person_disjoint_folds(*np.array(pairs).T, k=4, seed=seed)
    assert len(set(fold[:14].tolist())) == 1
    assert fold[0] != -1
    spread = Counter(fold[14:30].tolist())
    assert len(set(spread) - {-1}) == 2
    assert spread[-1] in {1, 2}
    assert (fold[30:] != -1).all()
    assert set(fold.tolist()) - {-1} == {0, 1, 2, 3}


@pytest.mark.parametrize("seed", range(3))
def test_a_second_large_group_goes_into_the_folds_that_the_first_left_empty(seed: int) -> None:
    pairs = chain(0, 17) + chain(100, 16) + [(200 + 2 * one, 201 + 2 * one) for one in range(7)]
    fold = person_disjoint_folds(*np.array(pairs).T, k=4, seed=seed)
    first, second = set(fold[:17].tolist()) - {-1}, set(fold[17:33].tolist()) - {-1}
    assert len(first) == len(second) == 2
    assert not first & second


@pytest.mark.parametrize("seed", range(3))
def test_heavy_groups_are_placed_before_light_ones(seed: int) -> None:
    """Four comparisons of one group against four groups of one: two even folds."""
    pairs = [(10, 11), (20, 21), *chain(0, 4), (30, 31), (40, 41)]
    fold = person_disjoint_folds(*np.array(pairs).T, k=2, seed=seed)
    assert Counter(fold.tolist()) == {0: 4, 1: 4}


class TestBlocks:
    """Two folds of two people each: comparisons of 0 and 1 in fold 0, of 2 and 3 in fold 1."""

    PERSON_A, PERSON_B, FOLD = np.array([0, 0, 1, 2, 2, 3]), np.array([0, 1, 1, 2, 3, 3]), np.array([0, 0, 0, 1, 1, 1])

    def test_folds_of_the_protocol_in_which_nobody_is_twice_are_the_blocks(self) -> None:
        side_a, side_b, by_fold = blocks_of_people(self.PERSON_A, self.PERSON_B, self.FOLD)
        assert by_fold
        np.testing.assert_array_equal([side_a, side_b], [self.FOLD] * 2)

    @pytest.mark.parametrize(
        "fold",
        [
            [0, 0, 0, 1, 1, -1],  # a comparison in no fold
            [-1, -1, -1, -1, -1, -1],
            [0, 0, 1, 1, 1, 1],  # person 1 in two folds, on either side
            [0, 0, 0, 0, 1, 1],
            [0, 1, 2, 3, 4, 5],
        ],
    )
    def test_other_folds_are_not_and_people_get_blocks_of_their_own(self, fold: list[int]) -> None:
        side_a, side_b, by_fold = blocks_of_people(self.PERSON_A, self.PERSON_B, np.array(fold), seed=1)
        assert not by_fold
        block: dict[int, int] = {}
        people = np.concatenate([self.PERSON_A, self.PERSON_B]).tolist()
        for person, one in zip(people, np.concatenate([side_a, side_b]).tolist(), strict=True):
            assert block.setdefault(person, one) == one
        own = folds_of_people(self.PERSON_A, self.PERSON_B, 10, 1)
        np.testing.assert_array_equal([side_a, side_b], own)

    def test_numbers_of_people_and_folds_never_meet(self) -> None:
        """Every person in one fold of many, with numbers that a sum would confuse."""
        person = np.arange(12)
        for folds in (2, 3, 5, 12):
            assert blocks_of_people(person, person, person % folds)[2]
            both = np.concatenate([person, person])
            assert not blocks_of_people(both, both, np.concatenate([person % folds, (person + 1) % folds]))[2]
