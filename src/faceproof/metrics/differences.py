"""Tests of whether two systems differ on the same comparisons, and how many people would tell them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from faceproof.metrics.dependence import Influence

LEVEL = 0.05
_Z, _POWER_Z = (NormalDist().inv_cdf(share) for share in (0.975, 0.8))
"""Points of the normal distribution for a test at the 5% level and for a power of 80%."""


@dataclass(frozen=True, slots=True)
class TwoSidedTest:
    """Two tests of one difference; both have to reject before it counts as shown.

    Attributes:
        p_difference: p-value of the difference over its dyadic-robust standard error, by Student's t, 0 to 1.
        p_exact: p-value of `exact_test` on the comparisons that one of the two systems alone decides correctly.
        standard_error: of the difference.
    """

    p_difference: float
    p_exact: float
    standard_error: float

    @property
    def p(self) -> float:
        """The larger of the two p-values."""
        return max(self.p_difference, self.p_exact)


def tested(value: float, influence: Influence, p_exact: float, *, known: bool) -> TwoSidedTest:
    """Test whether a difference is 0.

    Args:
        value: the observed difference.
        influence: influence of the comparisons on it.
        p_exact: p-value of the exact test.
        known: whether the people are known; where not, the normal distribution is used.

    Returns:
        The two p-values; that of the difference is 1 where no comparison has an influence.
    """
    from scipy.special import stdtr  # here and not at the top: SciPy takes long to load

    error = math.sqrt(influence.variance)
    if error == 0:
        return TwoSidedTest(1.0, p_exact, 0.0)
    degrees = max(influence.effective_people - 1, 0.5) if known else math.inf
    return TwoSidedTest(2 * float(stdtr(degrees, -abs(value) / error)), p_exact, error)


def exact_test(only_first_wrong: int, only_second_wrong: int) -> float:
    """McNemar's exact test of whether two systems err equally often on the same comparisons.

    The test takes comparisons as independent, so that alone it is too sure where people recur.

    Args:
        only_first_wrong: comparisons that the first system decides wrongly and the second does not.
        only_second_wrong: comparisons that the second system decides wrongly and the first does not.

    Returns:
        The two-sided p-value of a binomial test with probability 1/2, 0 to 1; 1 where both counts are 0.

    Source: Q. McNemar, Psychometrika 12 (1947) 153-157; the binomial form is exact.

    >>> exact_test(9, 1)
    0.021484375
    """
    from scipy.stats import binomtest  # here and not at the top: it takes long to load

    n = only_first_wrong + only_second_wrong
    return float(binomtest(only_first_wrong, n, 0.5).pvalue) if n else 1.0


def holm(p: Sequence[float]) -> list[float]:
    """P-values corrected for their number, so that any false alarm among them has the probability of one test.

    Args:
        p: p-values, 0 to 1.

    Returns:
        The corrected p-values, in the same order, each at least as large as the original.

    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    scaled = [min(1.0, (len(p) - place) * p[row]) for place, row in enumerate(order)]
    corrected = np.empty(len(p))
    corrected[order] = np.maximum.accumulate(scaled)
    return corrected.round(15).tolist()


def people_needed(value: float, standard_error: float, people: int) -> int | None:
    """About how many people would show a difference of this size in four of five studies.

    The standard error is taken to fall with the root of the number of people.

    Args:
        value: the observed difference.
        standard_error: of the difference, with ``people`` people.
        people: number of people.

    Returns:
        The number of people; None where the difference or its standard error is 0.

    >>> people_needed(0.01, 0.01, 100)
    785
    """
    if value == 0 or standard_error == 0:
        return None
    return math.ceil(people * ((_Z + _POWER_Z) * standard_error / abs(value)) ** 2)


def rounded_up(number: int) -> int:
    """The number with two digits, rounded up.

    >>> rounded_up(1234), rounded_up(8)
    (1300, 8)
    """
    step = int(10 ** max(0, len(str(number)) - 2))
    return -(-number // step) * step
