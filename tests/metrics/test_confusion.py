"""Counting decisions at a threshold, against plain loops and scikit-learn."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from faceproof.errors import ConfigurationError, MetricUndefinedError
from faceproof.metrics.confusion import (
    Confusion,
    accuracy,
    checked_comparisons,
    confusion_at,
    confusion_sweep,
    f1,
    fmr,
    fnmr,
    precision,
    recall,
)

# Eighths tie often and are exact in binary.
LEVELS = st.integers(-8, 8).map(lambda eighths: eighths / 8)
COMPARISONS = st.lists(st.tuples(LEVELS, st.booleans()), max_size=40)
METRICS = [accuracy, precision, recall, f1, fmr, fnmr]

Rows = list[tuple[float, bool]]


def columns(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row[0] for row in rows], dtype=np.float64), np.array([row[1] for row in rows], dtype=np.bool_)


def counted_one_by_one(rows: Rows, threshold: float) -> Confusion:
    tp = fn = tn = fp = 0
    for similarity, mated in rows:
        if similarity >= threshold:
            tp, fp = tp + mated, fp + (not mated)
        else:
            fn, tn = fn + mated, tn + (not mated)
    return Confusion(tp=tp, fn=fn, tn=tn, fp=fp)


def test_a_similarity_equal_to_the_threshold_is_accepted_and_the_next_number_below_is_not() -> None:
    scores = [0.4, np.nextafter(0.4, 0), 0.4, np.nextafter(0.4, 0)]
    assert confusion_at(scores, [True, True, False, False], 0.4) == Confusion(tp=1, fn=1, tn=1, fp=1)


def test_infinite_thresholds_accept_everything_or_nothing() -> None:
    scores, mated = [0.9, -1.0, 0.2], [True, False, False]
    assert confusion_at(scores, mated, -math.inf) == Confusion(tp=1, fn=0, tn=0, fp=2)
    assert confusion_at(scores, mated, math.inf) == Confusion(tp=0, fn=1, tn=2, fp=0)


def test_without_comparisons_all_counts_are_zero_and_no_rate_is_defined() -> None:
    nothing = confusion_at([], [], 0.5)
    assert nothing == Confusion(0, 0, 0, 0)
    assert [metric(nothing) for metric in METRICS] == pytest.approx([math.nan] * len(METRICS), nan_ok=True)
    assert [column.tolist() for column in confusion_sweep([], [], [0.5])] == [[0]] * 4


@pytest.mark.parametrize(
    ("metric", "confusion", "expected"),
    [
        # Only non-mated comparisons.
        (recall, Confusion(tp=0, fn=0, tn=3, fp=1), math.nan),
        (fnmr, Confusion(tp=0, fn=0, tn=3, fp=1), math.nan),
        (f1, Confusion(tp=0, fn=0, tn=3, fp=1), math.nan),
        (precision, Confusion(tp=0, fn=0, tn=3, fp=1), 0.0),
        (fmr, Confusion(tp=0, fn=0, tn=3, fp=1), 0.25),
        (accuracy, Confusion(tp=0, fn=0, tn=3, fp=1), 0.75),
        # Only mated comparisons.
        (fmr, Confusion(tp=3, fn=1, tn=0, fp=0), math.nan),
        (recall, Confusion(tp=3, fn=1, tn=0, fp=0), 0.75),
        (accuracy, Confusion(tp=3, fn=1, tn=0, fp=0), 0.75),
        # Nothing accepted.
        (precision, Confusion(tp=0, fn=2, tn=2, fp=0), math.nan),
        (f1, Confusion(tp=0, fn=2, tn=2, fp=0), 0.0),
        (fmr, Confusion(tp=0, fn=2, tn=2, fp=0), 0.0),
        (fnmr, Confusion(tp=0, fn=2, tn=2, fp=0), 1.0),
        # Everything wrong is a result, too.
        (accuracy, Confusion(tp=0, fn=2, tn=0, fp=2), 0.0),
        (precision, Confusion(tp=0, fn=2, tn=0, fp=2), 0.0),
    ],
)
def test_a_rate_without_a_denominator_is_nan_and_zero_is_only_said_of_what_was_counted(
    metric: Callable[[Confusion], float], confusion: Confusion, expected: float
) -> None:
    assert metric(confusion) == pytest.approx(expected, abs=0, nan_ok=True)


@pytest.mark.parametrize("unusable", [math.nan, math.inf, -math.inf])
def test_a_similarity_that_is_no_number_is_refused_and_counted(unusable: float) -> None:
    for measure in (checked_comparisons, lambda s, m: confusion_at(s, m, 0.5), lambda s, m: confusion_sweep(s, m, [])):
        with pytest.raises(MetricUndefinedError, match="2 of 3 similarities"):
            measure([0.5, unusable, unusable], [True, True, False])


def test_a_threshold_that_is_nan_decides_nothing() -> None:
    with pytest.raises(MetricUndefinedError, match="threshold is NaN"):
        confusion_at([0.5], [True], math.nan)
    with pytest.raises(MetricUndefinedError, match="threshold is NaN"):
        confusion_sweep([0.5], [True], [0.1, math.nan])


@pytest.mark.parametrize(
    ("similarity", "mated", "message"),
    [
        ([0.1, 0.2], [True], r"\(2,\) and mated \(1,\)"),
        ([[0.1, 0.2]], [[True, False]], r"\(1, 2\)"),
        (0.1, True, r"\(\)"),
        ([0.1, 0.2], [1, 0], "dtype int64; expected bool"),
        ([0.1, 0.2], ["a", "b"], "expected bool"),
    ],
)
def test_columns_that_do_not_fit_are_refused(similarity: object, mated: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        checked_comparisons(similarity, mated)


def test_thresholds_of_a_sweep_form_one_column() -> None:
    with pytest.raises(ConfigurationError, match=r"\(1, 2\); expected \(t,\)"):
        confusion_sweep([0.5], [True], [[0.1, 0.2]])


def test_columns_are_computed_in_float64_and_not_copied_without_need() -> None:
    scores, mated = np.array([0.5, 0.25]), np.array([True, False])
    same_scores, same_mated = checked_comparisons(scores, mated)
    assert np.shares_memory(scores, same_scores)
    assert np.shares_memory(mated, same_mated)
    widened, _ = checked_comparisons(np.float32([0.1, 0.2]), [True, False])
    assert widened.dtype == np.float64
    assert widened.tolist() == [float(np.float32(0.1)), float(np.float32(0.2))]


@given(COMPARISONS, LEVELS)
def test_counts_equal_a_plain_loop(rows: Rows, threshold: float) -> None:
    found = confusion_at(*columns(rows), threshold)
    assert found == counted_one_by_one(rows, threshold)
    assert found.n == len(rows)
    assert found.mated == sum(mated for _, mated in rows)
    assert found.non_mated == len(rows) - found.mated


@given(COMPARISONS, st.lists(LEVELS | st.sampled_from([-math.inf, math.inf]), max_size=10))
def test_a_sweep_counts_like_one_threshold_at_a_time_in_the_order_given(rows: Rows, thresholds: list[float]) -> None:
    swept = list(zip(*(column.tolist() for column in confusion_sweep(*columns(rows), thresholds)), strict=True))
    singly = [counted_one_by_one(rows, threshold) for threshold in thresholds]
    assert swept == [(one.tp, one.fn, one.tn, one.fp) for one in singly]


@given(COMPARISONS, LEVELS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: Rows, threshold: float, random: object) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert confusion_at(*columns(shuffled), threshold) == confusion_at(*columns(rows), threshold)


@given(COMPARISONS, LEVELS, LEVELS)
def test_fmr_never_rises_and_fnmr_never_falls_as_the_threshold_rises(rows: Rows, one: float, two: float) -> None:
    lenient, strict = (confusion_at(*columns(rows), threshold) for threshold in sorted((one, two)))
    assert fmr(strict) <= fmr(lenient) or lenient.non_mated == 0
    assert fnmr(strict) >= fnmr(lenient) or lenient.mated == 0


@given(COMPARISONS, LEVELS)
def test_turning_scores_and_kinds_around_swaps_the_two_errors(rows: Rows, level: float) -> None:
    scores, mated = columns(rows)
    threshold = level + 1 / 16  # No score lies here, so accepting at or above the threshold makes no difference.
    turned, straight = confusion_at(-scores, ~mated, -threshold), confusion_at(scores, mated, threshold)
    assert turned == Confusion(tp=straight.tn, fn=straight.fp, tn=straight.tp, fp=straight.fn)


@settings(deadline=None)
@given(st.lists(st.tuples(LEVELS, st.booleans()), min_size=1, max_size=40), LEVELS)
def test_all_rates_agree_with_scikit_learn(rows: Rows, threshold: float) -> None:
    scores, mated = columns(rows)
    accepted = scores >= threshold
    found = confusion_at(scores, mated, threshold)
    table = sk.confusion_matrix(mated, accepted, labels=[False, True])
    assert [[found.tn, found.fp], [found.fn, found.tp]] == table.tolist()
    nan = {"zero_division": np.nan}
    # One division on either side; scikit-learn averages ones for the accuracy.
    near = {"rel": 1e-14, "nan_ok": True}
    assert accuracy(found) == pytest.approx(sk.accuracy_score(mated, accepted), **near)
    assert precision(found) == pytest.approx(sk.precision_score(mated, accepted, **nan), **near)
    assert recall(found) == pytest.approx(sk.recall_score(mated, accepted, **nan), **near)
    assert fmr(found) == pytest.approx(1 - sk.recall_score(mated, accepted, pos_label=False, **nan), **near, abs=1e-14)
    assert fnmr(found) == pytest.approx(1 - sk.recall_score(mated, accepted, **nan), **near, abs=1e-14)
    if found.mated:  # Without any, scikit-learn says 0 for a false match; here the rate is then undefined.
        assert f1(found) == pytest.approx(sk.f1_score(mated, accepted, **nan), **near)
