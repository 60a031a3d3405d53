"""An operating point whose threshold differs from comparison to comparison, against plain counts."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceproof.findings.decomposition import Decomposition
from faceproof.metrics.confusion import Confusion
from faceproof.scoring.similarity import similarity_from_distance
from faceproof.summary.decisions import RATES, held_point, operating_points
from faceproof.summary.evaluation_schema import HeldPoint

HEAD = {"name": "held", "label": "FMR 0.1% of other people", "how": "It stays where it is."}
LEVELS = st.sampled_from([math.nan, -0.5, 0.0, 0.25, 0.5, 1.0])
ROWS = st.lists(st.tuples(LEVELS, st.booleans(), st.sampled_from([-0.25, 0.0, 0.5])), max_size=25)

Rows = list[tuple[float, bool, float]]


def columns(rows: Rows) -> list[np.ndarray]:
    """Similarity, mated and threshold."""
    return [np.array([row[i] for row in rows], kind) for i, kind in enumerate((np.float64, np.bool_, np.float64))]


def values(point: HeldPoint) -> dict[str, float | None]:
    return {name: getattr(point, name).value for name in RATES}


def test_each_comparison_is_decided_at_its_own_threshold() -> None:
    """Mated: two accepted, one rejected, one lost. Non-mated: one accepted, two rejected, one lost."""
    similarity = np.array([0.5, 0.25, 0.5, math.nan, 0.5, 0.25, -0.5, math.nan])
    threshold = np.array([0.5, 0.0, 0.75, 0.0, 0.25, 0.5, 0.0, 0.9])
    point = held_point(threshold, similarity, np.arange(8) < 4, **HEAD)
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
    point = held_point(np.array([0.5, 0.4]), np.array([0.9, 0.1]), np.array([True, False]), **head)
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
    point = held_point(np.full(3, math.nan), np.array([0.9, 0.1, math.nan]), np.array([True, False, True]), **head)
    assert point.confusion is None
    assert values(point) == dict.fromkeys(RATES)
    assert {getattr(point, name).reason for name in RATES} == {reason}
    assert all(getattr(point, name).how for name in RATES)


def test_without_comparisons_nothing_is_decided() -> None:
    point = held_point(np.zeros(0), np.zeros(0), np.zeros(0, np.bool_), **HEAD)
    assert point.confusion is None
    assert values(point) == dict.fromkeys(RATES)


@settings(deadline=None)
@given(ROWS.filter(bool))
def test_any_counts_are_those_of_a_plain_loop(rows: Rows) -> None:
    similarity, mated, threshold = columns(rows)
    point = held_point(threshold, similarity, mated, **HEAD)
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
    made = ~np.isnan(similarity)
    lost = int(np.count_nonzero(~made & mated)), int(np.count_nonzero(~made & ~mated))
    fixed, *_ = operating_points(similarity[made], mated[made], lost, distance)
    point = held_point(np.full(len(rows), similarity_from_distance(distance)), similarity, mated, **HEAD)
    assert fixed.name == "fixed"
    assert point.confusion == fixed.confusion
    assert {name: getattr(point, name) for name in RATES} == {name: getattr(fixed, name) for name in RATES}


@settings(deadline=None)
@given(ROWS.filter(bool))
def test_a_rate_that_is_told_is_the_one_that_the_loss_is_split_by(rows: Rows) -> None:
    similarity, mated, threshold = columns(rows)
    told = values(held_point(threshold, similarity, mated, **HEAD))
    split = Decomposition(similarity, similarity, mated, threshold, 10.0).measures(np.ones((1, len(rows))))
    for name in ("accuracy", "precision", "recall", "f1", "far", "frr"):
        value = told[name]
        assert value is None or float(getattr(split, name)[0]) == pytest.approx(value, abs=1e-12)
