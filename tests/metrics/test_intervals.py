"""Intervals of counted rates, against SciPy and against the exact distribution of the counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from faceproof.errors import ConfigurationError
from faceproof.metrics.intervals import rule_of_three, smallest_resolvable_rate, wilson

COUNTS = st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
LEVELS = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 0.999])


@settings(deadline=None)
@given(COUNTS, LEVELS)
def test_wilson_agrees_with_scipy(counts: tuple[int, int], level: float) -> None:
    reference = stats.binomtest(*counts).proportion_ci(level, method="wilson")
    # The formula cancels near 0; the quantiles of the two libraries agree to about 1e-15.
    assert wilson(*counts, level) == pytest.approx((reference.low, reference.high), rel=1e-9, abs=1e-12)


@given(COUNTS, LEVELS)
def test_the_ends_solve_the_equation_of_the_paper(counts: tuple[int, int], level: float) -> None:
    successes, n = counts
    z = stats.norm.isf((1 - level) / 2)
    for end in wilson(successes, n, level):
        assert (successes / n - end) ** 2 == pytest.approx(z * z * end * (1 - end) / n, rel=1e-6, abs=1e-15)


@given(COUNTS, LEVELS)
def test_an_interval_lies_within_0_to_1_around_its_share_and_turns_with_it(
    counts: tuple[int, int], level: float
) -> None:
    successes, n = counts
    low, high = wilson(successes, n, level)
    assert 0 <= low <= successes / n <= high <= 1
    assert low < high
    turned = wilson(n - successes, n, level)
    assert turned == pytest.approx((1 - high, 1 - low), rel=1e-9, abs=1e-12)


@given(COUNTS)
def test_a_higher_level_gives_a_wider_interval_and_so_do_fewer_trials(counts: tuple[int, int]) -> None:
    successes, n = counts
    narrow, wide, fewer = wilson(successes, n, 0.9), wilson(successes, n, 0.99), wilson(10 * successes, 10 * n, 0.9)
    assert wide[0] <= narrow[0]
    assert narrow[1] <= wide[1]
    assert fewer[1] - fewer[0] < narrow[1] - narrow[0]


@pytest.mark.parametrize("n", [1, 2, 3, 7, 10, 1000, 6000, 10**9])
def test_ends_without_a_case_and_without_an_exception_are_exactly_0_and_1(n: int) -> None:
    z2 = stats.norm.isf(0.025) ** 2
    assert wilson(0, n)[0] == 0.0
    assert wilson(n, n)[1] == 1.0
    assert wilson(0, n)[1] == pytest.approx(z2 / (n + z2), rel=1e-12)
    assert wilson(n, n)[0] == pytest.approx(n / (n + z2), rel=1e-12)


@pytest.mark.parametrize(("n", "level"), [(30, 0.95), (200, 0.95), (200, 0.8)])
def test_over_all_true_rates_the_mean_coverage_is_the_level(n: int, level: float) -> None:
    true = (np.arange(2000) + 0.5) / 2000
    ends = np.array([wilson(successes, n, level) for successes in range(n + 1)])
    chance = stats.binom.pmf(np.arange(n + 1)[:, None], n, true)
    covered = (chance * ((ends[:, :1] <= true) & (true <= ends[:, 1:]))).sum(axis=0).mean()
    # Wilson is known for a mean coverage within a percentage point of the level (Brown, Cai and DasGupta 2001).
    assert covered == pytest.approx(level, abs=0.01)


def test_nothing_counted_gives_nan_never_0() -> None:
    assert np.isnan(wilson(0, 0)).all()
    assert math.isnan(rule_of_three(0))
    assert math.isnan(smallest_resolvable_rate(0))


@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5, 95, math.nan])
def test_a_level_that_is_no_coverage_is_refused(level: float) -> None:
    with pytest.raises(ConfigurationError, match="level"):
        wilson(1, 2, level)


def test_the_highest_level_below_1_is_an_interval_or_refused_in_words() -> None:
    try:
        low, high = wilson(1, 2, math.nextafter(1, 0))
    except ConfigurationError:
        return
    assert 0 <= low < 0.5 < high <= 1


@pytest.mark.parametrize(("successes", "n"), [(3, 2), (-1, 2), (0, -1), (-2, -1)])
def test_counts_that_are_no_proportion_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ConfigurationError, match=f"{successes} of {n}"):
        wilson(successes, n)


def test_negative_numbers_of_trials_are_refused() -> None:
    for bound in (rule_of_three, smallest_resolvable_rate):
        with pytest.raises(ConfigurationError, match="0 of -1"):
            bound(-1)


@given(st.integers(1, 10**7))
def test_the_rule_of_three_is_just_above_the_exact_bound(n: int) -> None:
    exact = -math.expm1(math.log(0.05) / n)  # The rate at which n trials without a case have a chance of 5%.
    assert exact <= rule_of_three(n) <= 1
    if n >= 100:
        assert rule_of_three(n) == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize(("n", "bound"), [(1, 1.0), (2, 1.0), (3, 1.0), (4, 0.75), (300, 0.01)])
def test_a_rate_is_never_bounded_above_1(n: int, bound: float) -> None:
    assert rule_of_three(n) == bound


@given(st.integers(1, 10**7))
def test_the_smallest_resolvable_rate_is_one_case(n: int) -> None:
    assert 0 < smallest_resolvable_rate(n) <= 1
    assert smallest_resolvable_rate(n) * n == pytest.approx(1, rel=1e-15)
