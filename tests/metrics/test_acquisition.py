"""Photos without a template, against a plain count of transactions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.errors import ConfigurationError
from faceproof.metrics.acquisition import (
    detection_rate,
    failure_to_acquire,
    far_frr,
    generalised_accept_rate,
    generalised_reject_rate,
)
from faceproof.metrics.dependence import Influence
from faceproof.metrics.intervals import Interval, Rate

RATES = st.floats(0, 1)
COUNTS = st.integers(1, 10**6).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


def test_without_photos_there_is_no_rate() -> None:
    assert math.isnan(detection_rate(0, 0))
    assert math.isnan(failure_to_acquire(0, 0))


def test_none_and_all_are_rates() -> None:
    assert (detection_rate(0, 7), detection_rate(7, 7)) == (0.0, 1.0)
    assert (failure_to_acquire(0, 7), failure_to_acquire(7, 7)) == (0.0, 1.0)


@given(COUNTS)
def test_a_rate_is_the_share_of_the_photos(counts: tuple[int, int]) -> None:
    part, whole = counts
    assert detection_rate(part, whole) == failure_to_acquire(part, whole) == part / whole
    assert failure_to_acquire(part, whole) == pytest.approx(1 - detection_rate(whole - part, whole), abs=1e-15)


@pytest.mark.parametrize(("part", "whole"), [(3, 2), (-1, 2), (0, -1), (1, 0)])
def test_counts_that_make_no_sense_are_refused(part: int, whole: int) -> None:
    for rate, what in ((detection_rate, "with a face"), (failure_to_acquire, "without a template")):
        with pytest.raises(ConfigurationError, match=f"{part} photos {what} of {whole}"):
            rate(part, whole)


@pytest.mark.parametrize(
    ("rates", "name"),
    [
        ((1.1, 0.1, 0.1), "FMR"),
        ((0.1, -0.1, 0.1), "FNMR"),
        ((0.1, 0.1, 5.0), "FTA"),
        ((math.inf, 0.1, 0.1), "FMR"),
    ],
)
def test_a_rate_outside_0_to_1_is_refused_by_name(rates: tuple[float, float, float], name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} is"):
        far_frr(*rates)


def test_a_rate_that_is_undefined_leaves_the_other_alone() -> None:
    assert far_frr(math.nan, 0.2, 0.5) == pytest.approx((math.nan, 0.6), nan_ok=True)
    assert far_frr(0.01, math.nan, 0.5) == pytest.approx((0.005, math.nan), nan_ok=True)
    assert np.isnan(far_frr(0.01, 0.2, math.nan)).all()


def test_photos_that_always_fail_let_nobody_in() -> None:
    assert far_frr(0.3, 0.2, 1.0) == (0.0, 1.0)


@given(RATES, RATES)
def test_where_every_photo_gives_a_template_the_system_is_as_good_as_its_comparisons(fmr: float, fnmr: float) -> None:
    assert far_frr(fmr, fnmr, 0.0) == (fmr, fnmr)


@given(RATES, RATES, RATES)
def test_lost_photos_never_raise_far_and_never_lower_frr(fmr: float, fnmr: float, fta: float) -> None:
    far, frr = far_frr(fmr, fnmr, fta)
    assert 0 <= far <= fmr
    # A sum of two rounded products may miss its largest term by one rounding.
    assert max(fnmr, fta) - 1e-15 <= frr <= 1 + 1e-15


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_rates_of_the_system_are_those_of_counting_every_transaction(attempts: list[tuple[bool, bool, bool]]) -> None:
    """Each person has an attempt as himself and one as somebody else, with the same photo: rates multiply exactly."""
    got_template = [attempt for attempt in attempts if attempt[0]]
    lost = len(attempts) - len(got_template)
    let_in_wrongly = sum(impostor for _, impostor, _ in got_template)
    kept_out_wrongly = sum(not genuine for _, _, genuine in got_template)
    made = len(got_template)
    fmr, fnmr = (let_in_wrongly / made, kept_out_wrongly / made) if made else (math.nan, math.nan)
    far, frr = far_frr(fmr, fnmr, failure_to_acquire(lost, len(attempts)))
    if made:
        assert far == pytest.approx(let_in_wrongly / len(attempts), rel=1e-12, abs=1e-15)
        assert frr == pytest.approx((lost + kept_out_wrongly) / len(attempts), rel=1e-12, abs=1e-15)
    else:
        assert np.isnan([far, frr]).all()


def rate_of(value: float, low: float | None, high: float | None) -> Rate:
    reason = "one person has all" if low is None else None
    return Rate(
        value, 100, round(100 * value), Interval(low, high, "score", 9.0, reason), Influence(np.zeros(1), 0.0, 0.0)
    )


FTE, FTA = rate_of(0.2, 0.1, 0.3), rate_of(0.5, 0.4, 0.6)


def test_the_generalised_accept_rate_of_an_example_by_hand() -> None:
    value, interval = generalised_accept_rate(rate_of(0.1, 0.05, 0.2), FTE, FTA)
    assert value == pytest.approx(0.8 * 0.5 * 0.1)
    # FMR alone moves it to 0.4 * 0.05 and 0.4 * 0.2; FTE and FTA alone, both up or both down, to 0.028 and 0.054.
    assert interval.low == pytest.approx(0.04 - math.hypot(0.04 - 0.02, 0.04 - 0.028))
    assert interval.high == pytest.approx(0.04 + math.hypot(0.08 - 0.04, 0.054 - 0.04))
    assert (interval.effective_people, interval.reason) == (9.0, None)
    assert interval.method == "MOVER of FTE, FTA and FMR, each a score"


def test_the_generalised_reject_rate_of_an_example_by_hand() -> None:
    value, interval = generalised_reject_rate(rate_of(0.1, 0.05, 0.2), FTE, FTA)
    right = 0.8 * 0.5 * 0.9
    assert value == pytest.approx(1 - right)
    assert interval.high == pytest.approx(1 - right + math.hypot(right - 0.4 * 0.8, right - 0.7 * 0.4 * 0.9))
    assert interval.low == pytest.approx(1 - right - math.hypot(0.4 * 0.95 - right, 0.9 * 0.6 * 0.9 - right))
    assert interval.method == "MOVER of FTE, FTA and FNMR, each a score"


def test_without_failures_the_generalised_rates_are_the_rates() -> None:
    none, rate = rate_of(0.0, 0.0, 0.0), rate_of(0.1, 0.05, 0.2)
    for generalised in (generalised_accept_rate, generalised_reject_rate):
        value, interval = generalised(rate, none, none)
        assert (value, interval.low, interval.high) == pytest.approx((0.1, 0.05, 0.2))


def test_an_end_that_a_part_lacks_is_missing_with_its_reason() -> None:
    parts = [rate_of(0.1, 0.05, 0.2), FTE, FTA]
    for place in range(3):
        lacking = [rate_of(part.value, None, None) if at == place else part for at, part in enumerate(parts)]
        for generalised in (generalised_accept_rate, generalised_reject_rate):
            value, interval = generalised(*lacking)
            assert 0 < value < 1
            assert (interval.low, interval.high, interval.reason) == (None, None, "one person has all")


def test_an_interval_stays_within_0_and_1() -> None:
    value, interval = generalised_accept_rate(rate_of(0.01, 0.0, 0.9), rate_of(0.0, 0.0, 0.9), rate_of(0.0, 0.0, 0.9))
    assert value == 0.01
    assert interval.low == 0
    assert interval.high is not None
    assert interval.high <= 1
