"""How far apart the two kinds lie, against plain statistics and against vectors whose distance is measured."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from faceproof.errors import MetricUndefinedError
from faceproof.metrics.curves import auc
from faceproof.metrics.separation import DistanceSummary, d_prime, distance_summaries

SCORES = st.lists(st.integers(-64, 64).map(lambda part: part / 64), min_size=2, max_size=30)


def columns(mates: list[float], others: list[float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([*mates, *others], dtype=np.float64), np.repeat([True, False], [len(mates), len(others)])


@given(SCORES, SCORES)
def test_d_prime_is_the_difference_of_means_over_the_pooled_deviation(mates: list[float], others: list[float]) -> None:
    pooled = math.sqrt((statistics.variance(mates) + statistics.variance(others)) / 2)
    found = d_prime(*columns(mates, others))
    if pooled == 0:
        assert math.isnan(found)
    else:
        want = (statistics.fmean(mates) - statistics.fmean(others)) / pooled
        # Means cancel where the kinds overlap, hence an absolute tolerance.
        assert found == pytest.approx(want, rel=1e-9, abs=1e-12)


def test_two_bell_curves_have_the_d_prime_of_their_parameters_and_the_area_that_follows() -> None:
    rng = np.random.default_rng(3)
    n = 100_000
    scores, mated = columns(list(rng.normal(0.7, 0.1, n)), list(rng.normal(0.3, 0.2, n)))
    want = 0.4 / math.sqrt((0.01 + 0.04) / 2)
    # Standard error of d' is about sqrt(2/n + d'^2/(4n)) = 0.006.
    assert d_prime(scores, mated) == pytest.approx(want, abs=0.025)
    assert auc(scores, mated) == pytest.approx(stats.norm.cdf(d_prime(scores, mated) / math.sqrt(2)), abs=0.002)


@given(SCORES, SCORES, st.sampled_from([0.25, 0.5, 4.0]), st.sampled_from([-2.0, 0.0, 1.0]))
def test_d_prime_ignores_scale_and_origin_and_turns_with_the_sign(
    mates: list[float], others: list[float], scale: float, origin: float
) -> None:
    scores, mated = columns(mates, others)
    straight = d_prime(scores, mated)
    near = {"rel": 1e-9, "abs": 1e-12, "nan_ok": True}
    assert d_prime(scale * scores + origin, mated) == pytest.approx(straight, **near)
    assert d_prime(-scores, mated) == pytest.approx(-straight, **near)
    assert d_prime(scores, ~mated) == pytest.approx(-straight, **near)
    assert d_prime(scores[::-1], mated[::-1]) == pytest.approx(straight, **near)


@pytest.mark.parametrize(
    ("mates", "others"),
    [([], []), ([0.5], [0.1, 0.2]), ([0.5, 0.6], [0.1]), ([0.5, 0.6], []), ([], [0.1, 0.2]), ([0.5] * 3, [0.1] * 3)],
)
def test_d_prime_is_nan_with_fewer_than_two_of_a_kind_or_without_any_spread(
    mates: list[float], others: list[float]
) -> None:
    assert math.isnan(d_prime(*columns(mates, others)))


@given(st.floats(-1, 1), st.floats(-1, 1), st.integers(2, 50), st.integers(2, 50))
def test_rounding_of_a_mean_is_no_spread(mate: float, other: float, mates: int, others: int) -> None:
    assert math.isnan(d_prime(*columns([mate] * mates, [other] * others)))


def test_one_kind_may_be_all_equal() -> None:
    assert d_prime([0.5, 0.5, 1.0, 0.0], [True, True, False, False]) == 0.0
    assert d_prime([1.0, 1.0, 0.5, 0.0], [True, True, False, False]) == pytest.approx(0.75 / 0.25)


def test_a_similarity_that_is_nan_is_refused() -> None:
    for measure in (d_prime, distance_summaries):
        with pytest.raises(MetricUndefinedError, match="1 of 3"):
            measure([0.5, math.nan, 0.2], [True, False, False])


@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(2, 30))
def test_distances_are_those_measured_between_the_unit_vectors(seed: int, mates: int, others: int) -> None:
    rng = np.random.default_rng(seed)
    sides = rng.standard_normal((2, mates + others, 6))
    sides /= np.linalg.norm(sides, axis=2, keepdims=True)
    mated = rng.permutation(np.repeat([True, False], [mates, others]))
    measured = np.linalg.norm(sides[0] - sides[1], axis=1)
    found = distance_summaries((sides[0] * sides[1]).sum(axis=1), mated)
    for summary, distance in zip(found, (measured[mated].tolist(), measured[~mated].tolist()), strict=True):
        assume(min(distance) > 1e-3)  # The root magnifies rounding of a similarity near 1.
        assert summary.n == len(distance)
        assert summary.mean == pytest.approx(statistics.fmean(distance), rel=1e-9)
        assert summary.sd == pytest.approx(statistics.stdev(distance), rel=1e-6, abs=1e-9)
        assert summary.minimum == pytest.approx(min(distance), rel=1e-9)
        assert summary.maximum == pytest.approx(max(distance), rel=1e-9)


def test_a_single_distance_has_a_mean_but_no_deviation() -> None:
    mates, others = distance_summaries([0.5, 1.0, -1.0], [True, False, False])
    assert (mates.mean, mates.minimum, mates.maximum, mates.n) == (1.0, 1.0, 1.0, 1)
    assert math.isnan(mates.sd)
    assert others == DistanceSummary(mean=1.0, sd=math.sqrt(2), minimum=0.0, maximum=2.0, n=2)


def test_a_kind_without_comparisons_has_no_distances() -> None:
    for summary in (distance_summaries([0.5], [True])[1], *distance_summaries([], [])):
        assert summary.n == 0
        assert np.isnan([summary.mean, summary.sd, summary.minimum, summary.maximum]).all()
