"""Rates at operating points, also where each comparison has a threshold of its own, against plain counts."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceproof.findings.decomposition import Decomposition
from faceproof.findings.linked import LinkedScores, link
from faceproof.metrics.confusion import Confusion
from faceproof.metrics.intervals import eer_interval, fnmr_at_fmr_interval
from faceproof.metrics.operating_points import eer
from faceproof.scoring.similarity import similarity_from_distance
from faceproof.summary.decisions import (
    RATES,
    TARGET_FMRS,
    equal_error_rate,
    fnmr_at_fmr,
    held_point,
    operating_points,
)
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import HeldPoint

HEAD = {"name": "held", "label": "FMR 0.1% of other people", "how": "It stays where it is."}
LEVELS = st.sampled_from([math.nan, -0.5, 0.0, 0.25, 0.5, 1.0])
ROWS = st.lists(st.tuples(LEVELS, st.booleans(), st.sampled_from([-0.25, 0.0, 0.5])), max_size=25)

Rows = list[tuple[float, bool, float]]


def columns(rows: Rows) -> list[np.ndarray]:
    """Similarity, mated and threshold."""
    return [np.array([row[i] for row in rows], kind) for i, kind in enumerate((np.float64, np.bool_, np.float64))]


def alone(similarity: np.ndarray, mated: np.ndarray) -> LinkedScores:
    """Comparisons that share no person."""
    person = np.arange(mated.size)
    return link(similarity, mated, (person, np.where(mated, person, person + mated.size)))


def values(point: HeldPoint) -> dict[str, float | None]:
    return {name: getattr(point, name).value for name in RATES}


def test_each_comparison_is_decided_at_its_own_threshold() -> None:
    """Mated: two accepted, one rejected, one lost. Non-mated: one accepted, two rejected, one lost."""
    similarity = np.array([0.5, 0.25, 0.5, math.nan, 0.5, 0.25, -0.5, math.nan])
    threshold = np.array([0.5, 0.0, 0.75, 0.0, 0.25, 0.5, 0.0, 0.9])
    point = held_point(threshold, alone(similarity, np.arange(8) < 4), **HEAD)
    assert point.confusion == Confusion(tp=2, fn=1, tn=2, fp=1)
    assert values(point) == pytest.approx(
        {
            **{"accuracy": 4 / 6, "precision": 2 / 3, "recall": 2 / 3, "f1": 4 / 6},
            **{"fmr": 1 / 3, "fnmr": 1 / 3, "far": 1 / 4, "frr": 2 / 4},
        }
    )
    trials = {"accuracy": 6, "precision": 3, "recall": 3, "f1": 4, "fmr": 3, "fnmr": 3, "far": 4, "frr": 4}
    assert {name: getattr(point, name).n for name in RATES} == trials
    assert not any(getattr(point, name).optimistic for name in RATES)


def test_the_head_is_kept_and_no_single_threshold_is_told() -> None:
    head = HEAD | {"note": "as far as the data go"}
    point = held_point(np.array([0.5, 0.4]), alone(np.array([0.9, 0.1]), np.array([True, False])), **head)
    assert {name: getattr(point, name) for name in head} == head
    assert not any(name.startswith("threshold") for name in type(point).model_fields)
    assert point.optimistic is False
    assert point.reason is None
    assert HeldPoint.model_validate_json(json.dumps(point.as_json(), allow_nan=False)) == point


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (HEAD | {"reason": "An FMR of 0.1% needs 1,000."}, "An FMR of 0.1% needs 1,000."),
        (HEAD | {"reason": None}, "there is no such threshold"),
        (HEAD, "there is no such threshold"),
    ],
)
def test_without_a_threshold_nothing_is_decided_and_every_rate_says_why(head: dict[str, Any], reason: str) -> None:
    point = held_point(
        np.full(3, math.nan), alone(np.array([0.9, 0.1, math.nan]), np.array([True, False, True])), **head
    )
    assert point.confusion is None
    assert values(point) == dict.fromkeys(RATES)
    assert {getattr(point, name).reason for name in RATES} == {reason}
    assert all(getattr(point, name).how for name in RATES)


def test_without_comparisons_nothing_is_decided() -> None:
    point = held_point(np.zeros(0), alone(np.zeros(0), np.zeros(0, np.bool_)), **HEAD)
    assert point.confusion is None
    assert values(point) == dict.fromkeys(RATES)


@settings(deadline=None)
@given(ROWS.filter(bool))
def test_any_counts_are_those_of_a_plain_loop(rows: Rows) -> None:
    similarity, mated, threshold = columns(rows)
    point = held_point(threshold, alone(similarity, mated), **HEAD)
    decided = [(at >= limit, kind) for at, kind, limit in rows if not math.isnan(at)]
    assert point.confusion == Confusion(
        tp=decided.count((True, True)),
        fn=decided.count((False, True)),
        tn=decided.count((False, False)),
        fp=decided.count((True, False)),
    )
    for name in RATES:
        assert (getattr(point, name).value is None) == bool(getattr(point, name).reason)


@settings(deadline=None)
@given(ROWS.filter(bool), st.sampled_from([0.0, 0.75, 1.0, 1.25, 2.0]))
def test_one_threshold_for_all_gives_what_an_evaluation_gives_at_it(rows: Rows, distance: float) -> None:
    similarity, mated, _ = columns(rows)
    linked = alone(similarity, mated)
    fixed, *_ = operating_points(linked, distance)
    point = held_point(np.full(len(rows), similarity_from_distance(distance)), linked, **HEAD)
    assert fixed.name == "fixed"
    assert point.confusion == fixed.confusion
    assert {name: getattr(point, name) for name in RATES} == {name: getattr(fixed, name) for name in RATES}


@settings(deadline=None)
@given(ROWS.filter(bool))
def test_a_rate_that_is_told_is_the_one_that_the_loss_is_split_by(rows: Rows) -> None:
    similarity, mated, threshold = columns(rows)
    linked = alone(similarity, mated)
    told = values(held_point(threshold, linked, **HEAD))
    split = Decomposition(linked, linked, threshold, 10.0)
    for name in ("accuracy", "precision", "recall", "f1"):
        value = told[name]
        assert value is None or split.rates()[name].value == pytest.approx(value, abs=1e-12)
    if told["frr"] is not None and told["far"] is not None:
        assert split.cost_parts()["cost"].value == pytest.approx(told["frr"] + 10 * told["far"], abs=1e-12)


def ends(estimate: Estimate) -> tuple[float, float]:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


def recurring(seed: int, n: int = 400, people: int = 30, lost: float = 0.1) -> LinkedScores:
    """Comparisons of people who recur, some of which could not be made."""
    rng = np.random.default_rng(seed)
    person_a = rng.integers(0, people, n)
    person_b = np.where(rng.random(n) < 0.4, person_a, rng.integers(0, people, n))
    mated = person_a == person_b
    similarity = np.clip(np.where(mated, 0.6, 0.1) + rng.normal(0, 0.2, n), -1, 1)
    return link(np.where(rng.random(n) < lost, math.nan, similarity), mated, (person_a, person_b))


@settings(deadline=None)
@given(ROWS.filter(bool))
def test_every_interval_lies_within_0_to_1_around_its_rate(rows: Rows) -> None:
    similarity, mated, threshold = columns(rows)
    point = held_point(threshold, alone(similarity, mated), **HEAD)
    for name in RATES:
        found = getattr(point, name)
        if found.value is None:
            continue
        if found.no_end:
            assert "one person" in found.no_end
        else:
            low, high = ends(found)
            assert -1e-12 <= low <= found.value + 1e-12, name
            assert found.value - 1e-12 <= high <= 1 + 1e-12, name


def test_precision_and_f1_of_a_few_comparisons_stay_within_0_and_1() -> None:
    """One of ten mated and one of ten non-mated comparisons are accepted: precision is 1/2, F1 1/6."""
    similarity = np.where(np.arange(20) % 10 == 0, 0.9, 0.1)
    point = held_point(np.full(20, 0.5), alone(similarity, np.arange(20) < 10), **HEAD)
    assert (point.precision.value, point.f1.value) == pytest.approx((1 / 2, 1 / 6))
    for found in (point.precision, point.f1):
        low, high = ends(found)
        assert low >= 0
        assert high <= 1


def test_accuracy_precision_and_f1_have_intervals_from_those_of_fmr_and_fnmr() -> None:
    """By hand: each end is a root of two squared distances, at the mix of the list."""
    linked = recurring(0)
    point = held_point(np.full(400, 0.35), linked, **HEAD)
    m, n = linked.made.mated.n, linked.made.non_mated.n
    fmr, fnmr = point.fmr, point.fnmr
    assert fmr.value is not None
    assert fnmr.value is not None
    (fmr_low, fmr_high), (fnmr_low, fnmr_high) = ends(fmr), ends(fnmr)
    accuracy = 1 - (m * fnmr.value + n * fmr.value) / (m + n)
    assert ends(point.accuracy) == pytest.approx(
        (
            accuracy - math.hypot(m * (fnmr_high - fnmr.value), n * (fmr_high - fmr.value)) / (m + n),
            accuracy + math.hypot(m * (fnmr.value - fnmr_low), n * (fmr.value - fmr_low)) / (m + n),
        )
    )

    def precision(fmr: float, fnmr: float) -> float:
        return m * (1 - fnmr) / (m * (1 - fnmr) + n * fmr)

    def f1(fmr: float, fnmr: float) -> float:
        return 2 * m * (1 - fnmr) / (m * (1 - fnmr) + n * fmr + m)

    for found, of in ((point.precision, precision), (point.f1, f1)):
        here = of(fmr.value, fnmr.value)
        assert found.value == pytest.approx(here)
        low = here - math.hypot(here - of(fmr_high, fnmr.value), here - of(fmr.value, fnmr_high))
        high = here + math.hypot(of(fmr_low, fnmr.value) - here, of(fmr.value, fnmr_low) - here)
        assert ends(found) == pytest.approx((low, high))


def test_recall_turns_the_interval_of_fnmr_around() -> None:
    point = held_point(np.full(400, 0.35), recurring(1), **HEAD)
    low, high = ends(point.fnmr)
    assert ends(point.recall) == pytest.approx((1 - high, 1 - low))
    assert point.recall.effective_people == point.fnmr.effective_people


def test_rates_at_the_points_of_an_fmr_allow_for_the_uncertain_threshold() -> None:
    linked = recurring(2, n=4000, people=200, lost=0.0)
    points = {point.name: point for point in operating_points(linked, 1.1)}
    assert list(points) == ["fixed", "best_accuracy", "eer", *(f"fmr_{fmr:g}" for fmr in TARGET_FMRS)]
    for fmr in (0.1, 0.01, 0.001):
        point, want = points[f"fmr_{fmr:g}"], fnmr_at_fmr_interval(linked.made, fmr)
        assert (point.fnmr.low, point.fnmr.high) == (want.low, want.high)
        assert point.fnmr.optimistic
        assert point.recall.optimistic
        assert point.recall.value == pytest.approx(1 - point.fnmr.value)
        assert point.recall.high == pytest.approx(1 - want.low)
        if want.high is None:
            assert point.recall.low is None
            assert "no upper end" in str(point.fnmr.no_end)
            assert "no lower end" in str(point.recall.no_end)
        else:
            assert point.recall.low == pytest.approx(1 - want.high)
    assert points["fmr_0.001"].fnmr.high is None
    assert points["fmr_0.1"].fnmr.high is not None
    assert points["fmr_0.0001"].fnmr.value is None
    rows = fnmr_at_fmr(list(points.values()))
    assert [row.fmr for row in rows] == list(TARGET_FMRS)
    assert [row.fnmr for row in rows] == [points[f"fmr_{fmr:g}"].fnmr for fmr in TARGET_FMRS]
    assert [row.resolvable for row in rows] == [True, True, True, False]


def test_the_equal_error_rate_has_its_interval_and_threshold() -> None:
    linked = recurring(3)
    made = linked.compared
    value, threshold = eer(linked.similarity[made], linked.mated[made])
    found = equal_error_rate(linked)
    want = eer_interval(linked.made, value)
    assert (found.value, found.low, found.high) == (value, want.low, want.high)
    assert found.threshold_similarity == pytest.approx(threshold)
    assert found.n == min(linked.made.mated.n, linked.made.non_mated.n)
    assert found.optimistic


@pytest.mark.parametrize(
    ("mated", "reason"),
    [([True, True], "There is no non-mated comparison."), ([False], "There is no mated comparison.")],
)
def test_without_both_kinds_there_is_no_equal_error_rate(mated: list[bool], reason: str) -> None:
    found = equal_error_rate(alone(np.full(len(mated), 0.5), np.array(mated)))
    assert (found.value, found.low, found.reason, found.threshold_similarity) == (None, None, reason, None)


def test_of_one_person_alone_there_are_rates_without_intervals() -> None:
    """All mated comparisons are of person 0; the others are of four people."""
    person_a, person_b = np.zeros(8, np.int64), np.array([0, 0, 0, 0, 1, 2, 3, 4])
    linked = link(np.array([0.9, 0.8, 0.2, 0.7, 0.1, 0.2, 0.6, 0.1]), person_a == person_b, (person_a, person_b))
    point = held_point(np.full(8, 0.5), linked, **HEAD)
    assert (point.fnmr.value, point.fmr.value, point.accuracy.value) == (0.25, 0.25, 0.75)
    assert ends(point.fmr)[0] < 0.25
    for name in ("fnmr", "frr", "recall", "accuracy", "precision", "f1"):
        found = getattr(point, name)
        assert (found.low, found.high) == (None, None)
        assert "one person" in str(found.no_end)
    assert "one person" in str(equal_error_rate(linked).no_end)
