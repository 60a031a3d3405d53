"""The calibration of a run: its cap, its cost with comparisons that failed, and what a ratio says with a prior."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from judged_runs import make_run

from faceproof.findings.linked import linked_scores
from faceproof.findings.scored import join_scores
from faceproof.metrics.intervals import Z
from faceproof.summary.calibration import calibration, likelihood_ratio
from faceproof.summary.calibration_schema import Calibration, LlrLine

LINE = LlrLine(
    centre=0.4,
    offset=0.5,
    slope=10.0,
    offset_variance=0.04,
    slope_variance=1.0,
    covariance=0.1,
    effective_people=None,
    cap=math.log(50),
    people=50,
    people_known=True,
)


def calibrated(run: Any, seed: int = 3) -> Calibration:
    scored = join_scores(run)
    return calibration(scored, linked_scores(scored), seed)


def bells(n: int = 300, seed: int = 0, lost: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    mated = np.arange(n) % 2 == 0
    similarity = np.where(mated, 0.45, 0.05) + rng.normal(0, 0.16, n)
    similarity[:lost] = math.nan
    return make_run(similarity, mated, failed={f"p{i}/1": "detect" for i in range(lost)})


def test_a_ratio_is_that_of_the_line_with_its_interval() -> None:
    found = likelihood_ratio(LINE, 0.6)
    half = Z * math.sqrt(0.04 + 2 * 0.2 * 0.1 + 0.2**2 * 1.0)
    assert found.value == pytest.approx(math.exp(0.5 + 10 * 0.2))
    assert (found.low, found.high) == pytest.approx((math.exp(2.5 - half), math.exp(2.5 + half)), rel=1e-5)
    assert (found.people, found.people_known, found.capped) == (50, True, False)


@pytest.mark.parametrize(("similarity", "value"), [(1.0, 50.0), (-1.0, 1 / 50)])
def test_the_data_support_no_more_than_the_number_of_people_either_way(similarity: float, value: float) -> None:
    found = likelihood_ratio(LINE, similarity)
    assert found.value == pytest.approx(value)
    assert found.capped
    assert found.low >= 0.9999999 / 50
    assert found.high <= 50.0000001
    assert found.most == pytest.approx(50)


def test_just_inside_of_the_cap_a_ratio_is_itself() -> None:
    for sign in (1, -1):
        similarity = 0.4 + (sign * 0.999 * math.log(50) - 0.5) / 10
        found = likelihood_ratio(LINE, similarity)
        assert not found.capped
        assert math.log(found.value) == pytest.approx(sign * 0.999 * math.log(50))


def test_the_posterior_is_that_of_the_odds() -> None:
    found = likelihood_ratio(LINE, 0.6)
    assert found.posterior(0.5) == pytest.approx(found.value / (found.value + 1))
    # One in 1,000 before: 1 mated and 999 non-mated, of which the similarity keeps the ratio.
    assert found.posterior(0.001) == pytest.approx(found.value / (found.value + 999))
    no_news = likelihood_ratio(LINE, 0.35)
    assert (no_news.value, no_news.posterior(0.2)) == pytest.approx((1, 0.2))


def test_the_numbers_of_a_run_are_those_of_its_definition() -> None:
    found = calibrated(bells())
    assert found.reason is None
    assert found.line is not None
    assert found.line.people == found.line.people_known * 450  # 150 alone and 150 couples of two
    assert found.line.cap == pytest.approx(math.log(450))
    cost, least, loss = found.cllr, found.min_cllr, found.loss
    assert cost.low is not None
    assert cost.value is not None
    assert cost.high is not None
    assert cost.low < cost.value < cost.high
    assert loss.value == pytest.approx(cost.value - (least.value or math.nan))
    assert (loss.optimistic, least.optimistic, cost.optimistic) == (True, True, False)
    assert least.low is least.high is loss.low is loss.high is None
    # Two bells 2.5 standard deviations apart: Phi(-1.25) of either kind speak for the other.
    for rate in (found.misleading_mated, found.misleading_non_mated):
        assert rate.value == pytest.approx(0.1056, abs=0.06)
        assert rate.n == 150


def test_a_comparison_that_was_not_made_costs_one_bit() -> None:
    whole, some = calibrated(bells()), calibrated(bells(lost=100))
    every = calibrated(bells(lost=294))
    assert whole.cllr.value is not None
    assert some.cllr.value is not None
    assert some.cllr.n == 300
    assert some.cllr.value == pytest.approx(1 / 3 + 2 / 3 * whole.cllr.value, abs=0.08)
    assert some.misleading_mated.n == 100
    assert every.cllr.value is None or every.cllr.value > 0.95
    assert some.min_cllr.value is not None
    assert some.min_cllr.value > 1 / 3


def test_the_plots_hold_every_comparison_that_was_made() -> None:
    found = calibrated(bells(lost=30))
    assert found.reliability is not None
    assert found.tippett is not None
    assert sum(found.reliability.mated) == sum(found.reliability.non_mated) == 135
    assert sorted(found.reliability.stated) == found.reliability.stated
    for at, low, value, high in zip(
        *(getattr(found.reliability, name) for name in ("stated", "low", "observed", "high")), strict=True
    ):
        assert abs(at) <= math.log10(450) + 1e-9
        if value is not None:
            assert low is None or low <= value
            assert high is None or value <= high
    for shares in (found.tippett.mated, found.tippett.non_mated):
        assert shares[0] == 1
        assert shares == sorted(shares, reverse=True)
    at_one = found.tippett.llr.index(pytest.approx(0, abs=1e-12))
    assert found.misleading_mated.value == pytest.approx(1 - found.tippett.mated[at_one])
    assert found.misleading_non_mated.value == pytest.approx(found.tippett.non_mated[at_one])


def test_observed_ratios_are_the_ratios_of_the_shares() -> None:
    rows = calibrated(bells(2000)).reliability
    assert rows is not None
    for value, mated, non_mated in zip(rows.observed, rows.mated, rows.non_mated, strict=True):
        assert (value is None) == (not mated or not non_mated)
        if value is not None:
            assert value == pytest.approx(math.log10(mated / non_mated))
    # In the middle the stated ratios are right.
    middle = [at for at in zip(rows.stated, rows.low, rows.high, strict=True) if abs(at[0]) < 1]
    assert sum((low or -9) <= at <= (high or 9) for at, low, high in middle) >= len(middle) - 1


def test_unknown_people_cap_at_the_comparisons_of_the_rarer_kind() -> None:
    mated = np.arange(200) % 4 == 0
    similarity = np.where(mated, 0.45, 0.05) + np.random.default_rng(1).normal(0, 0.16, 200)
    similarity[0] = math.nan
    scored = replace(join_scores(make_run(similarity, mated)), people_known=False)
    found = calibration(scored, linked_scores(scored), 3)
    assert found.line is not None
    assert (found.line.people, found.line.people_known, found.line.effective_people) == (49, False, None)
    assert found.line.cap == pytest.approx(math.log(49))
    assert found.cllr.value is not None
    assert found.cllr.value < 0.8


@pytest.mark.parametrize(
    ("similarity", "mated", "reason"),
    [
        ([0.4, 0.5], [True, True], "There is no non-mated comparison."),
        ([0.4, 0.5], [False, False], "There is no mated comparison."),
        ([], [], "There is no comparison."),
        ([0.9, 0.1], [True, False], "some people leave no"),
    ],
)
def test_without_a_line_every_number_has_the_reason(similarity: list[float], mated: list[bool], reason: str) -> None:
    found = calibrated(make_run(similarity, mated))
    assert found.reason is not None
    assert found.reason.startswith(reason)
    assert found.line is found.reliability is found.tippett is None
    for name in ("cllr", "min_cllr", "loss", "misleading_mated", "misleading_non_mated"):
        estimate = getattr(found, name)
        assert (estimate.value, estimate.reason) == (None, found.reason)


def test_perfect_separation_and_constant_scores_have_numbers() -> None:
    mated = np.arange(80) % 2 == 0
    apart = calibrated(make_run(np.where(mated, 0.9, 0.1), mated))
    assert apart.min_cllr.value == 0
    assert apart.misleading_mated.value == apart.misleading_non_mated.value == 0
    assert apart.line is not None
    assert likelihood_ratio(apart.line, 0.9).capped
    # At the cap of 120 people a right answer costs log2(1 + 1/120).
    assert apart.cllr.value == pytest.approx(math.log2(1 + 1 / 120), rel=1e-6)
    alike = calibrated(make_run(np.full(80, 0.4), mated))
    assert (alike.cllr.value, alike.min_cllr.value) == pytest.approx((1, 1))
    assert alike.line is not None
    assert likelihood_ratio(alike.line, 0.4).value == pytest.approx(1)
