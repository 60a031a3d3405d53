"""Numbers with their uncertainty: a value or a reason, and never a zero in place of either."""

from __future__ import annotations

import math

import numpy as np
import pytest

from faceproof.metrics.intervals import wilson
from faceproof.summary.estimates import Estimate, finite_or_none, rate
from faceproof.summary.evaluation_schema import FoldedAccuracy


@pytest.mark.parametrize(("part", "value"), [(0, 0.0), (3, 0.3), (10, 1.0)])
def test_a_rate_has_its_share_and_wilsons_interval(part: int, value: float) -> None:
    found = rate(part, 10, "Of ten.", "nothing was counted")
    assert (found.value, found.n, found.how, found.reason, found.optimistic) == (value, 10, "Of ten.", None, False)
    assert (found.low, found.high) == wilson(part, 10)
    assert rate(part, 10, "Of ten.", "nothing", optimistic=True).optimistic


def test_a_rate_of_nothing_has_a_reason_in_place_of_a_value() -> None:
    found = rate(0, 0, "Of none.", "nothing was counted", optimistic=True)
    assert found == Estimate(value=None, n=0, how="Of none.", reason="nothing was counted")


@pytest.mark.parametrize(
    ("interval", "low", "high"),
    [(None, None, None), ((0.25, 0.75), 0.25, 0.75), ((-math.inf, 0.75), None, 0.75), ((0.25, math.nan), 0.25, None)],
)
def test_an_end_that_is_no_number_is_left_out(
    interval: tuple[float, float] | None, low: float | None, high: float | None
) -> None:
    found = Estimate.of(np.float64(0.5), interval, np.int64(4), "how")
    assert (found.value, found.low, found.high, found.n) == (0.5, low, high, 4)
    assert (type(found.value), type(found.n)) == (float, int)


def test_fields_of_a_subclass_are_passed_on() -> None:
    assert FoldedAccuracy.of(0.5, None, 4, "how", standard_error=0.1).standard_error == 0.1
    absent = FoldedAccuracy.absent("why", "how", n=None, standard_error=None)
    assert (absent.value, absent.n, absent.reason, absent.how) == (None, None, "why", "how")
    assert Estimate.absent("why", "how").n == 0


@pytest.mark.parametrize(
    ("value", "found"), [(0, 0.0), (-0.5, -0.5), (None, None), (math.nan, None), (math.inf, None), (-math.inf, None)]
)
def test_only_finite_numbers_stay(value: float | None, found: float | None) -> None:
    assert finite_or_none(value) == found
