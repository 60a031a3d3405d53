"""Numbers with their uncertainty: a value or a reason, and never a zero in place of either."""

from __future__ import annotations

import math

import numpy as np
import pytest

from faceproof.metrics.intervals import Interval
from faceproof.summary.estimates import Estimate, finite_or_none
from faceproof.summary.evaluation_schema import FoldedAccuracy


def test_an_estimate_has_the_ends_the_method_and_the_people_of_its_interval() -> None:
    found = Estimate.of(np.float64(0.5), Interval(0.25, 0.75, "method", np.float64(3.5)), np.int64(4), "how")
    assert (found.value, found.low, found.high, found.n, found.how) == (0.5, 0.25, 0.75, 4, "how")
    assert (found.method, found.effective_people, found.level) == ("method", 3.5, 0.95)
    assert (found.reason, found.no_end, found.optimistic) == (None, None, False)
    assert [type(one) for one in (found.value, found.n, found.effective_people)] == [float, int, float]
    assert Estimate.of(0.5, Interval(0.25, 0.75, "method"), 4, "how", optimistic=True).optimistic


def test_a_missing_end_has_its_reason_beside_a_value() -> None:
    found = Estimate.of(0.5, Interval(0.25, None, "method", None, "needs more people"), 4, "how")
    assert (found.value, found.low, found.high) == (0.5, 0.25, None)
    assert (found.no_end, found.reason, found.effective_people) == ("needs more people", None, None)


@pytest.mark.parametrize(
    ("ends", "low", "high"),
    [((None, None), None, None), ((-math.inf, 0.75), None, 0.75), ((0.25, math.nan), 0.25, None)],
)
def test_an_end_that_is_no_number_is_left_out(
    ends: tuple[float | None, float | None], low: float | None, high: float | None
) -> None:
    found = Estimate.of(0.5, Interval(*ends, "method", math.nan), 4, "how")
    assert (found.low, found.high, found.effective_people) == (low, high, None)


def test_without_a_value_there_is_a_reason() -> None:
    found = Estimate.absent("nothing was counted", "Of none.")
    assert found == Estimate(value=None, n=0, how="Of none.", reason="nothing was counted")
    assert (found.low, found.high, found.method, found.no_end) == (None, None, "", None)


def test_fields_of_a_subclass_are_passed_on() -> None:
    assert FoldedAccuracy.of(0.5, Interval(None, None, ""), 4, "how", standard_error=0.1).standard_error == 0.1
    absent = FoldedAccuracy.absent("why", "how", n=None, standard_error=None)
    assert (absent.value, absent.n, absent.reason, absent.how) == (None, None, "why", "how")


@pytest.mark.parametrize(
    ("value", "found"), [(0, 0.0), (-0.5, -0.5), (None, None), (math.nan, None), (math.inf, None), (-math.inf, None)]
)
def test_only_finite_numbers_stay(value: float | None, found: float | None) -> None:
    assert finite_or_none(value) == found
