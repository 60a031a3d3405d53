"""Thresholds and what they cost, against searches that try every threshold on every comparison."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from faceproof.errors import ConfigurationError, MetricUndefinedError
from faceproof.metrics.confusion import accuracy, confusion_at
from faceproof.metrics.curves import count_steps
from faceproof.metrics.operating_points import (
    best_accuracy_point,
    best_accuracy_step,
    best_accuracy_threshold,
    eer,
    eer_point,
    fixed_point,
    fmr_point,
    fnmr_at_fmr,
    missing_kind,
    missing_of,
    threshold_at_fmr,
)

# Eighths tie often, and they and the middles between them are exact in binary.
LEVELS = st.integers(-8, 8).map(lambda eighths: eighths / 8)
SCORES = st.lists(LEVELS, min_size=1, max_size=20)
ANY_SCORES = st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=1, max_size=20)
GRIDS = st.lists(st.integers(-20, 20).map(lambda part: part / 16), min_size=1, max_size=12)
SCALES = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=17, max_size=17, unique=True)
TARGETS = st.sampled_from([0.001, 0.05, 0.1, 0.2, 0.25, 1 / 3, 0.34, 0.5, 0.75, 0.9, 1.0])

Scores = list[float]


def columns(mates: Scores, others: Scores) -> tuple[np.ndarray, np.ndarray]:
    return np.array([*mates, *others], dtype=np.float64), np.repeat([True, False], [len(mates), len(others)])


def rescaled(scores: np.ndarray, scale: list[float]) -> np.ndarray:
    """Eighths from -1 to 1 mapped to 17 rising numbers."""
    return np.sort(scale)[(scores * 8 + 8).astype(int)]


def right_decisions(mates: Scores, others: Scores, threshold: float) -> int:
    return sum(mate >= threshold for mate in mates) + sum(other < threshold for other in others)


def strictest_best_interval(mates: Scores, others: Scores) -> tuple[Fraction, Fraction]:
    """The highest stretch of best thresholds, gap after gap from below."""
    seen = sorted({Fraction(score) for score in mates + others})
    gaps = [(seen[0], seen[0]), *itertools.pairwise(seen), (seen[-1], seen[-1])]
    # Each gap decides like its upper end; the last one like a threshold above everything.
    counts = [right_decisions(mates, others, float(upper)) for _, upper in gaps[:-1]] + [len(others)]
    best = max(counts)
    stretches: list[tuple[Fraction, Fraction]] = []
    previous = False
    for (lower, upper), count in zip(gaps, counts, strict=True):
        if count == best and previous:
            stretches[-1] = (stretches[-1][0], upper)
        elif count == best:
            stretches.append((lower, upper))
        previous = count == best
    return stretches[-1]


def equal_error_by_search(mates: Scores, others: Scores) -> tuple[Fraction, Fraction]:
    """EER and threshold from rates at every vertex, each counted over all comparisons, in fractions."""
    seen = sorted({Fraction(score) for score in mates + others}, reverse=True)
    before: tuple[Fraction, Fraction, Fraction] | None = None
    for i in range(len(seen) + 1):
        accepted = seen[:i]
        far = Fraction(sum(other in accepted for other in others), len(others))
        frr = Fraction(sum(mate not in accepted for mate in mates), len(mates))
        middle = (seen[max(i - 1, 0)] + seen[min(i, len(seen) - 1)]) / 2
        if far == frr:
            return far, middle
        if far > frr:
            assert before is not None
            # Both rates run straight from the vertex before to this one; they meet where their difference is zero.
            weight = (before[1] - before[0]) / ((before[1] - before[0]) + (far - frr))
            return before[0] + weight * (far - before[0]), before[2] + weight * (middle - before[2])
        before = (far, frr, middle)
    raise AssertionError("FMR ends at 1 and FNMR at 0, so they meet")


@pytest.mark.parametrize(
    ("mates", "others", "expected"),
    [
        ([0.9, 0.75], [0.25, 0.1], 0.5),  # One gap parts the kinds.
        ([0.5], [0.5, 0.5], math.nextafter(0.5, 1)),  # Best to accept nothing.
        ([0.5, 0.5], [0.5], 0.5),  # Best to accept everything.
        ([0.25], [0.75, 0.5], math.nextafter(0.75, 1)),
        ([1.0, 0.25], [0.875, 0.0], 0.9375),  # Two best gaps: the stricter one, though it is narrower.
        ([0.75, 0.25], [0.5], 0.625),  # Two best gaps of one width.
        ([0.75, 0.0], [0.5], 0.625),  # Accepting all is as good.
        ([0.5], [0.5], 0.5),  # Everything tied and equally good.
        ([0.0], [1.0], math.nextafter(1, 2)),  # Wrong way round: accepting nothing is as good as accepting all.
    ],
)
def test_best_accuracy_lies_in_the_middle_of_the_strictest_interval(
    mates: Scores, others: Scores, expected: float
) -> None:
    assert best_accuracy_threshold(*columns(mates, others)) == expected


@given(SCORES, SCORES)
def test_best_accuracy_threshold_equals_a_search_over_all_gaps(mates: Scores, others: Scores) -> None:
    lower, upper = strictest_best_interval(mates, others)
    found = best_accuracy_threshold(*columns(mates, others))
    if lower < upper:
        assert found == (lower + upper) / 2
    elif right_decisions(mates, others, float(lower)) < right_decisions(mates, others, math.inf):
        assert found == math.nextafter(float(lower), math.inf)
    else:
        assert found == upper
    assert found == best_accuracy_step(count_steps(*columns(mates, others)))


def at_mix(mates: Scores, others: Scores, threshold: float, mix: tuple[int, int]) -> Fraction:
    """Accuracy at a threshold, times the number of comparisons of a mix."""
    hits = Fraction(sum(mate >= threshold for mate in mates), len(mates))
    rejections = Fraction(sum(other < threshold for other in others), len(others))
    return mix[0] * hits + mix[1] * rejections


@given(SCORES, SCORES, st.tuples(st.integers(1, 2000), st.integers(1, 2000)))
def test_at_a_mix_no_threshold_is_better_and_no_stricter_one_as_good(
    mates: Scores, others: Scores, mix: tuple[int, int]
) -> None:
    """Rates are compared as fractions, so that equally good thresholds are told from nearly as good ones."""
    found = best_accuracy_step(count_steps(*columns(mates, others)), mix)
    every = [*mates, *others, math.inf]
    best = max(at_mix(mates, others, threshold, mix) for threshold in every)
    assert at_mix(mates, others, found, mix) == best
    accepted = sum(score >= found for score in mates + others)
    for threshold in every:
        stricter = sum(score >= threshold for score in mates + others) < accepted
        if stricter and at_mix(mates, others, threshold, mix) == best:
            # In one run of equally good thresholds the middle is taken.
            between = [score for score in every if found <= score <= threshold]
            assert all(at_mix(mates, others, score, mix) == best for score in between)


@given(SCORES, SCORES, st.integers(1, 50))
def test_at_the_mix_of_the_comparisons_the_threshold_is_the_plain_one(
    mates: Scores, others: Scores, times: int
) -> None:
    steps = count_steps(*columns(mates, others))
    assert best_accuracy_step(steps, (times * len(mates), times * len(others))) == best_accuracy_step(steps)


@given(SCORES, SCORES, st.integers(1, 4), st.integers(1, 4))
def test_a_mix_is_as_if_comparisons_were_there_so_many_times(
    mates: Scores, others: Scores, mated: int, other: int
) -> None:
    found = best_accuracy_step(count_steps(*columns(mates, others)), (mated * len(mates), other * len(others)))
    assert found == best_accuracy_step(count_steps(*columns(mates * mated, others * other)))


def test_a_mix_of_many_non_mated_comparisons_asks_for_a_stricter_threshold() -> None:
    """Of the mated comparisons half lie above all others, of the others one in four below all mated ones."""
    steps = count_steps(*columns([1.0, 0.75, 0.25, 0.0], [0.5, 0.5, 0.5, -0.5]))
    assert best_accuracy_step(steps, (1, 1)) == 0.625
    assert best_accuracy_step(steps, (1, 100)) == 0.625
    assert best_accuracy_step(steps, (100, 1)) == -0.25


def test_without_one_kind_a_mix_gives_no_threshold() -> None:
    for steps in (count_steps([0.5], [True]), count_steps([0.5], [False]), count_steps([], [])):
        assert math.isnan(best_accuracy_step(steps, (1, 1)))


@given(ANY_SCORES, ANY_SCORES)
def test_no_threshold_decides_better_than_the_best_one(mates: Scores, others: Scores) -> None:
    found = best_accuracy_threshold(*columns(mates, others))
    best = max(right_decisions(mates, others, threshold) for threshold in [*mates, *others, math.inf])
    assert right_decisions(mates, others, found) == best


def test_best_accuracy_holds_down_to_the_smallest_numbers_there_are() -> None:
    tiny = 3 * math.ulp(0.0)
    assert right_decisions([tiny, tiny], [tiny], best_accuracy_threshold(*columns([tiny, tiny], [tiny]))) == 2


@given(SCORES, SCORES, SCALES)
def test_a_monotone_rescale_keeps_the_best_accuracy_and_the_eer(
    mates: Scores, others: Scores, scale: list[float]
) -> None:
    scores, mated = columns(mates, others)
    other_scores = rescaled(scores, scale)
    one = confusion_at(scores, mated, best_accuracy_threshold(scores, mated))
    two = confusion_at(other_scores, mated, best_accuracy_threshold(other_scores, mated))
    assert accuracy(one) == accuracy(two)
    assert eer(scores, mated)[0] == eer(other_scores, mated)[0]


@given(SCORES, SCORES, st.sampled_from([0.25, 2.0]), st.sampled_from([-4.0, 0.0, 1.0]), TARGETS)
def test_thresholds_move_with_scale_and_origin(
    mates: Scores, others: Scores, scale: float, origin: float, target: float
) -> None:
    scores, mated = columns(mates, others)
    moved = scale * scores + origin
    # Exact but for a threshold that is the next number above the highest similarity, and for the weight of the EER.
    near = {"rel": 0, "abs": 1e-14, "nan_ok": True}
    for threshold in (
        best_accuracy_threshold,
        lambda s, m: eer(s, m)[1],
        lambda s, m: threshold_at_fmr(s, m, target),
    ):
        assert threshold(moved, mated) == pytest.approx(scale * threshold(scores, mated) + origin, **near)


@given(SCORES, SCORES, GRIDS, st.randoms(use_true_random=False), TARGETS)
def test_the_order_of_rows_and_of_the_grid_changes_nothing(
    mates: Scores, others: Scores, grid: Scores, random: object, target: float
) -> None:
    scores, mated = columns(mates, others)
    order = list(range(scores.size))
    random.shuffle(order)
    again, other_grid = (scores[order], mated[order]), random.sample(grid, len(grid)) + grid
    assert best_accuracy_threshold(*again) == best_accuracy_threshold(scores, mated)
    assert best_accuracy_threshold(*again, other_grid) == best_accuracy_threshold(scores, mated, grid)
    assert eer(*again) == eer(scores, mated)
    assert threshold_at_fmr(*again, target) == pytest.approx(
        threshold_at_fmr(scores, mated, target), abs=0, nan_ok=True
    )


@given(SCORES, SCORES, GRIDS)
def test_best_accuracy_on_a_grid_equals_a_search_over_the_grid(mates: Scores, others: Scores, grid: Scores) -> None:
    found = best_accuracy_threshold(*columns(mates, others), grid)
    points = sorted(set(grid), reverse=True)
    counts = [right_decisions(mates, others, point) for point in points]
    runs: list[list[float]] = [[]]
    for point, count in zip(points, counts, strict=True):
        if count == max(counts):
            runs[-1].append(point)
        else:
            runs.append([])
    strictest = next(run for run in runs if run)
    middle = (Fraction(strictest[0]) + Fraction(strictest[-1])) / 2
    assert found == min(strictest, key=lambda point: (abs(Fraction(point) - middle), -point))


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ([0.3, 0.4, 0.5, 0.6, 0.7], 0.5),
        ([0.35, 0.5, 0.7, 0.72], 0.5),
        ([0.3, 0.7], 0.7),  # Both as far from the middle: the stricter one.
        ([0.0], 0.0),
        ([5.0, -5.0], 5.0),  # None parts the kinds: accepting nothing and everything are each half right.
    ],
)
def test_of_a_grid_the_best_point_closest_to_the_middle_is_taken(grid: Scores, expected: float) -> None:
    assert best_accuracy_threshold([0.9, 0.75, 0.25, 0.1], [True, True, False, False], grid) == expected


@pytest.mark.parametrize("grid", [[], [0.1, math.nan], [math.inf]])
def test_a_grid_without_finite_thresholds_is_refused(grid: Scores) -> None:
    with pytest.raises(ConfigurationError, match="grid"):
        best_accuracy_threshold([0.9, 0.1], [True, False], grid)


@pytest.mark.parametrize(
    ("mates", "others", "expected"),
    [
        ([0.75, 0.5], [0.25, 0.0], (0.0, 0.375)),  # The kinds lie apart.
        ([0.25, 0.0], [0.75, 0.5], (1.0, 0.375)),  # They lie apart the wrong way round.
        ([0.5], [0.5], (0.5, 0.5)),  # All tied.
        ([0.5] * 3, [0.5] * 8, (0.5, 0.5)),
        ([0.75, 0.25], [0.5], (0.5, 0.5)),  # From (0, 1/2) to (1, 1/2), half the way from 0.625 to 0.375.
    ],
)
def test_eer_of_cases_worked_out_by_hand(mates: Scores, others: Scores, expected: tuple[float, float]) -> None:
    assert eer(*columns(mates, others)) == expected


@given(SCORES, SCORES)
def test_eer_equals_a_search_over_all_vertices(mates: Scores, others: Scores) -> None:
    rate, threshold = equal_error_by_search(mates, others)
    # The weight of the interpolation is one rounded quotient.
    assert eer(*columns(mates, others)) == pytest.approx((float(rate), float(threshold)), rel=1e-14, abs=1e-15)


@settings(deadline=None)
@given(ANY_SCORES, ANY_SCORES)
def test_eer_is_where_the_roc_of_scikit_learn_meets_the_diagonal(mates: Scores, others: Scores) -> None:
    scores, mated = columns(mates, others)
    fpr, tpr, _ = sk.roc_curve(mated, scores, drop_intermediate=False)
    # Interpolated between rounded rates there, between whole numbers here.
    assert eer(scores, mated)[0] == pytest.approx(np.interp(0, fpr - (1 - tpr), fpr), rel=1e-9, abs=1e-12)


def test_eer_of_two_bell_curves_is_that_of_their_parameters() -> None:
    rng = np.random.default_rng(5)
    n = 100_000
    rate, threshold = eer(*columns(list(rng.normal(2, 1, n)), list(rng.normal(0, 1, n))))
    # Both errors are the tail beyond one deviation, 15.87%, at 1; the standard error is 0.0012.
    assert rate == pytest.approx(0.158655, abs=0.005)
    assert threshold == pytest.approx(1, abs=0.02)


@given(SCORES, SCORES)
def test_turning_scores_and_kinds_around_keeps_the_eer_and_turns_its_threshold(mates: Scores, others: Scores) -> None:
    scores, mated = columns(mates, others)
    rate, threshold = eer(scores, mated)
    assert eer(-scores, ~mated) == pytest.approx((rate, -threshold), rel=1e-14, abs=1e-15)


@given(SCORES, SCORES)
def test_each_comparison_twice_gives_the_same_eer(mates: Scores, others: Scores) -> None:
    once = eer(*columns(mates, others))
    assert eer(*columns(mates * 2, others)) == pytest.approx(once, rel=1e-14, abs=1e-15)
    assert eer(*columns(mates, others * 3)) == pytest.approx(once, rel=1e-14, abs=1e-15)


def strictest_needed(mates: Scores, others: Scores, target: float) -> tuple[float | None, float | None]:
    """The highest observed similarity to reject and the lowest to accept, trying each similarity as a threshold."""
    seen = sorted(set(mates + others))
    reject = None
    for score in seen:
        if sum(other >= score for other in others) / len(others) <= target:
            return reject, score
        reject = score
    return reject, None


@given(SCORES, SCORES, TARGETS)
def test_threshold_at_fmr_equals_a_search_over_all_similarities(mates: Scores, others: Scores, target: float) -> None:
    found = threshold_at_fmr(*columns(mates, others), target)
    reject, accept = strictest_needed(mates, others, target)
    if 1 / len(others) > target:
        assert math.isnan(found)
    elif reject is None:
        assert found == accept
    elif accept is None:
        assert found == math.nextafter(reject, math.inf)
    else:
        assert found == (reject + accept) / 2


@given(ANY_SCORES, st.lists(st.floats(-1, 1), min_size=1, max_size=20), st.floats(0.05, 1))
def test_the_observed_fmr_never_exceeds_its_target_and_no_lower_similarity_would_do(
    mates: Scores, others: Scores, target: float
) -> None:
    found = threshold_at_fmr(*columns(mates, others), target)
    if 1 / len(others) > target:
        assert math.isnan(found)
        return
    assert sum(other >= found for other in others) / len(others) <= target
    below = [score for score in mates + others if score < found]
    if below:
        assert sum(other >= max(below) for other in others) / len(others) > target


@given(SCORES, st.lists(LEVELS, min_size=20, max_size=40), st.floats(0.05, 1), st.floats(0.05, 1))
def test_a_stricter_target_gives_a_threshold_as_high_or_higher(
    mates: Scores, others: Scores, one: float, two: float
) -> None:
    strict, lenient = sorted((one, two))
    scores, mated = columns(mates, others)
    assert threshold_at_fmr(scores, mated, strict) >= threshold_at_fmr(scores, mated, lenient)
    assert fnmr_at_fmr(scores, mated, strict) >= fnmr_at_fmr(scores, mated, lenient)


@given(SCORES, SCORES, TARGETS)
def test_fnmr_at_fmr_is_the_lowest_that_any_allowed_threshold_has(mates: Scores, others: Scores, target: float) -> None:
    allowed = [
        Fraction(sum(mate < threshold for mate in mates), len(mates))
        for threshold in [*mates, *others, math.inf]
        if sum(other >= threshold for other in others) / len(others) <= target
    ]
    found = fnmr_at_fmr(*columns(mates, others), target)
    if 1 / len(others) > target:
        assert math.isnan(found)
    else:
        assert found == float(min(allowed))


@pytest.mark.parametrize("n", [3, 7, 10, 49, 93, 1000])
def test_a_share_of_n_allows_as_many_false_matches_and_the_next_lower_target_one_fewer(n: int) -> None:
    scores, mated = columns([2.0], list(np.arange(n) / n))
    for wanted in range(2, n):
        threshold = threshold_at_fmr(scores, mated, wanted / n)
        assert confusion_at(scores, mated, threshold).fp == wanted
        threshold = threshold_at_fmr(scores, mated, math.nextafter(wanted / n, 0))
        assert confusion_at(scores, mated, threshold).fp == wanted - 1


def test_tied_non_mated_comparisons_are_rejected_together() -> None:
    scores, mated = columns([0.9], [0.5, 0.5, 0.25, 0.0])
    assert threshold_at_fmr(scores, mated, 0.25) == pytest.approx(0.7)
    assert confusion_at(scores, mated, threshold_at_fmr(scores, mated, 0.25)).fp == 0
    assert threshold_at_fmr(scores, mated, 0.5) == 0.375


def test_where_the_most_alike_has_to_go_and_nothing_lies_above_the_next_number_is_taken() -> None:
    scores, mated = columns([0.25], [0.5, 0.5])
    assert threshold_at_fmr(scores, mated, 0.5) == math.nextafter(0.5, 1)
    assert fnmr_at_fmr(scores, mated, 0.5) == 1.0


def test_a_target_of_one_accepts_everything() -> None:
    assert threshold_at_fmr([0.5, 0.25, 0.75], [False, True, False], 1.0) == 0.25


def test_a_rate_below_what_the_comparisons_resolve_is_nan_one_comparison_short() -> None:
    zeros, none = np.zeros(1000), np.zeros(1000, dtype=np.bool_)
    assert not math.isnan(threshold_at_fmr(zeros, none, 0.001))
    assert math.isnan(threshold_at_fmr(zeros[1:], none[1:], 0.001))
    assert math.isnan(fnmr_at_fmr(zeros[1:], none[1:], 0.001))


@pytest.mark.parametrize("target", [0, -0.1, 1.01, 5, math.nan])
def test_a_target_that_is_no_rate_is_refused(target: float) -> None:
    for ask in (threshold_at_fmr, fnmr_at_fmr, fmr_point):
        with pytest.raises(ConfigurationError, match="target FMR"):
            ask([0.5, 0.1], [True, False], target)


@pytest.mark.parametrize(
    ("scores", "mated", "reason"),
    [
        ([0.1, 0.2], [True, True], "There is no non-mated comparison."),
        ([0.1, 0.2], [False, False], "There is no mated comparison."),
        ([], [], "There is no comparison."),
    ],
)
def test_without_both_kinds_no_best_accuracy_and_no_eer_and_the_point_says_why(
    scores: Scores, mated: list[bool], reason: str
) -> None:
    assert math.isnan(best_accuracy_threshold(scores, mated))
    assert math.isnan(best_accuracy_threshold(scores, mated, grid=[0.0, 0.5]))
    assert np.isnan(eer(scores, mated)).all()
    assert missing_kind(mated) == reason
    steps = count_steps(scores, mated)
    assert missing_of(steps.mated, steps.non_mated) == reason
    for point in (best_accuracy_point(steps), eer_point(steps)):
        assert math.isnan(point.threshold)
        assert point.reason == reason


def test_without_mated_comparisons_there_is_a_threshold_at_fmr_but_no_fnmr() -> None:
    assert threshold_at_fmr([0.5, 0.25], [False, False], 0.5) == 0.375
    assert math.isnan(fnmr_at_fmr([0.5, 0.25], [False, False], 0.5))


def test_without_non_mated_comparisons_there_is_neither() -> None:
    for scores, mated in (([0.5, 0.25], [True, True]), ([], [])):
        assert math.isnan(threshold_at_fmr(scores, mated, 1.0))
        assert math.isnan(fnmr_at_fmr(scores, mated, 1.0))


def test_a_similarity_that_is_nan_is_refused() -> None:
    for measure in (
        best_accuracy_threshold,
        eer,
        lambda s, m: best_accuracy_threshold(s, m, [0.5]),
        lambda s, m: threshold_at_fmr(s, m, 0.5),
        lambda s, m: fnmr_at_fmr(s, m, 0.5),
        lambda s, m: fmr_point(s, m, 0.5),
    ):
        with pytest.raises(MetricUndefinedError, match="1 of 3"):
            measure([0.5, math.nan, 0.1], [True, False, False])


@given(SCORES, SCORES, TARGETS)
def test_a_point_has_a_reason_exactly_where_it_has_no_threshold(mates: Scores, others: Scores, target: float) -> None:
    scores, mated = columns(mates, others)
    steps = count_steps(scores, mated)
    points = {
        "best_accuracy": (best_accuracy_point(steps), best_accuracy_threshold(scores, mated)),
        "eer": (eer_point(steps), eer(scores, mated)[1]),
        f"fmr_{target:g}": (fmr_point(scores, mated, target), threshold_at_fmr(scores, mated, target)),
    }
    for name, (point, threshold) in points.items():
        assert point.name == name
        assert point.threshold == pytest.approx(threshold, abs=0, nan_ok=True)
        assert point.optimistic
        assert (point.reason is not None) == math.isnan(threshold)


def test_a_point_says_how_many_comparisons_its_rate_needs() -> None:
    point = fmr_point([0.5, 0.1, 0.2], [True, False, False], 1e-4)
    assert point.name == "fmr_0.0001"
    assert math.isnan(point.threshold)
    assert point.reason == "An FMR of 0.01% needs 10,000 non-mated comparisons or more; there are 2."


@pytest.mark.parametrize("enough", [10, 48, 49, 1000])
def test_the_number_of_comparisons_that_a_point_asks_for_is_enough_and_one_fewer_is_not(enough: int) -> None:
    target = 1 / enough
    assert not math.isnan(threshold_at_fmr(np.zeros(enough), np.zeros(enough, np.bool_), target))
    point = fmr_point(np.zeros(enough - 1), np.zeros(enough - 1, np.bool_), target)
    assert math.isnan(point.threshold)
    assert f"needs {enough:,} non-mated" in str(point.reason)


def test_a_fixed_threshold_is_taken_as_it_is_and_not_optimistic() -> None:
    point = fixed_point(0.25)
    assert (point.name, point.threshold, point.optimistic, point.reason) == ("fixed", 0.25, False, None)


@pytest.mark.parametrize("threshold", [math.nan, math.inf, -math.inf])
def test_a_fixed_threshold_that_is_no_similarity_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigurationError, match="finite"):
        fixed_point(threshold)
