"""Tests of differences against SciPy and against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from faceproof.metrics import differences
from faceproof.metrics.dependence import Influence
from faceproof.metrics.differences import exact_test, holm, people_needed, rounded_up

P_VALUES = st.lists(st.integers(0, 1000).map(lambda part: part / 1000), max_size=8)
# Sums of squares 0.14, of fourth powers 0.0098: two effective people; the variance is 0.14 - 0.05.
INFLUENCE = Influence(np.array([0.3, -0.2, 0.1, 0.0]), 0.05, 0.06)
NOTHING = Influence(np.zeros(4), 0.0, 0.0)


@pytest.mark.parametrize("value", [0.0, 0.2, -0.2, 1.5])
def test_the_test_of_a_difference_is_students_t_with_the_effective_people(value: float) -> None:
    found = differences.tested(value, INFLUENCE, 0.01, known=True)
    assert found.standard_error == pytest.approx(0.3)
    assert found.p_difference == pytest.approx(2 * stats.t.sf(abs(value) / 0.3, 0.14**2 / 0.0098 - 1))
    assert found.p_exact == 0.01


@pytest.mark.parametrize("value", [0.0, 0.2, -0.6])
def test_where_people_are_unknown_it_is_the_normal_distribution(value: float) -> None:
    found = differences.tested(value, INFLUENCE, 0.01, known=False)
    assert found.p_difference == pytest.approx(2 * stats.norm.sf(abs(value) / 0.3))


def test_the_larger_p_value_counts_so_that_both_tests_have_to_reject() -> None:
    assert differences.tested(0.6, INFLUENCE, 0.9, known=False).p == 0.9
    assert differences.tested(0.1, INFLUENCE, 0.001, known=False).p == pytest.approx(2 * stats.norm.sf(1 / 3))


def test_without_an_influence_nothing_is_shown() -> None:
    found = differences.tested(0.5, NOTHING, 0.001, known=True)
    assert (found.p_difference, found.p, found.standard_error) == (1, 1, 0)


def test_one_person_who_has_all_the_influence_shows_little() -> None:
    """Half a degree of freedom: five standard errors are not enough."""
    alone = Influence(np.array([0.1, 0.0, 0.0]), 0.0, 0.01)
    found = differences.tested(0.5, alone, 0.001, known=True)
    assert found.p_difference == pytest.approx(2 * stats.t.sf(5, 0.5))
    assert found.p_difference > 0.2


@settings(deadline=None)
@given(st.integers(0, 80), st.integers(0, 80))
def test_the_exact_test_is_that_of_scipy(first: int, second: int) -> None:
    n = first + second
    want = min(1.0, 2 * float(stats.binom.cdf(min(first, second), n, 0.5))) if n else 1.0
    assert exact_test(first, second) == pytest.approx(want)
    assert exact_test(second, first) == pytest.approx(want)


def test_the_exact_test_of_a_few_by_hand() -> None:
    assert [exact_test(n, 0) for n in range(7)] == pytest.approx([1, 1, 0.5, 0.25, 0.125, 0.0625, 0.03125])


def test_the_exact_test_of_many_is_the_chi_squared_test() -> None:
    assert exact_test(700, 620) == pytest.approx(stats.chi2.sf((abs(700 - 620) - 1) ** 2 / 1320, 1), rel=0.02)


@pytest.mark.parametrize(
    ("p", "want"),
    [
        ([], []),
        ([0.03], [0.03]),
        ([0.02, 0.02], [0.04, 0.04]),
        # Times 4, 3, 2, 1 by rank; the second smallest would fall below the smallest.
        ([0.5, 0.01, 0.012, 0.2], [0.5, 0.04, 0.04, 0.4]),
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.9, 0.8, 0.7], [1, 1, 1]),
    ],
)
def test_holm_multiplies_by_how_many_are_left(p: list[float], want: list[float]) -> None:
    assert holm(p) == pytest.approx(want)


@given(P_VALUES)
def test_holm_is_step_down_by_its_definition(p: list[float]) -> None:
    """A hypothesis falls at level q where all up to its rank k have (m - k + 1) p at most q."""
    order = sorted(range(len(p)), key=lambda row: p[row])
    want = [0.0] * len(p)
    for place, row in enumerate(order):
        want[row] = min(1.0, max((len(p) - i) * p[order[i]] for i in range(place + 1)))
    assert holm(p) == pytest.approx(want)
    assert all(after >= before for before, after in zip(p, holm(p), strict=True))


@given(P_VALUES, st.randoms(use_true_random=False))
def test_holm_does_not_depend_on_the_order(p: list[float], random: object) -> None:
    order = random.sample(range(len(p)), len(p))
    assert holm([p[row] for row in order]) == pytest.approx([holm(p)[row] for row in order])


def test_as_many_people_as_needed_show_the_difference_four_times_in_five() -> None:
    """The standard error with n people is that with 50 times the root of 50 / n."""
    needed = people_needed(-0.02, 0.015, 50)
    assert needed is not None
    for people, enough in ((needed, True), (needed - 1, False)):
        error = 0.015 * math.sqrt(50 / people)
        assert (stats.norm.sf(stats.norm.ppf(0.975) - 0.02 / error) >= 0.8) == enough


def test_no_number_of_people_shows_a_difference_of_nothing() -> None:
    assert people_needed(0.0, 0.1, 50) is None
    assert people_needed(0.1, 0.0, 50) is None


@pytest.mark.parametrize(
    ("number", "rounded"),
    [(1, 1), (8, 8), (99, 99), (100, 100), (101, 110), (110, 110), (1201, 1300), (99_001, 100_000)],
)
def test_numbers_are_rounded_up_to_two_digits(number: int, rounded: int) -> None:
    assert rounded_up(number) == rounded
