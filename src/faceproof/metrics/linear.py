"""Numbers with the influence of each comparison on them, so that differences and ratios have intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinearNumber:
    """A number and the influence of each comparison on it: its error is about the sum of the influences.

    Attributes:
        value: the number; NaN where it is not defined.
        influence: float64 (n,).
    """

    value: float
    influence: Floats

    def __add__(self, other: LinearNumber) -> LinearNumber:
        """Sum of two numbers from the same comparisons."""
        return LinearNumber(self.value + other.value, self.influence + other.influence)

    def __sub__(self, other: LinearNumber) -> LinearNumber:
        """Difference of two numbers from the same comparisons."""
        return LinearNumber(self.value - other.value, self.influence - other.influence)

    def __mul__(self, factor: float) -> LinearNumber:
        """A multiple of the number."""
        return LinearNumber(factor * self.value, factor * self.influence)

    def shifted(self, by: float) -> LinearNumber:
        """The number plus a constant."""
        return LinearNumber(self.value + by, self.influence)

    def over(self, other: LinearNumber) -> LinearNumber:
        """Ratio of two numbers, by the delta method; NaN where the denominator is not above 0."""
        if not other.value > 0:
            return undefined(self.influence.size)
        ratio = self.value / other.value
        return LinearNumber(ratio, (self.influence - ratio * other.influence) / other.value)


def share(part: NDArray[np.bool_ | np.float64], whole: NDArray[np.bool_]) -> LinearNumber:
    """Sum of a part over the number of comparisons in a whole.

    Args:
        part: bool or float64 (n,), 0 outside the whole.
        whole: bool (n,).

    Returns:
        The share; NaN where the whole is empty.

    >>> found = share(np.array([True, False, False]), np.array([True, True, False]))
    >>> found.value, found.influence.tolist()
    (0.5, [0.25, -0.25, 0.0])
    """
    n = int(np.count_nonzero(whole))
    if not n:
        return undefined(whole.size)
    value = float(np.sum(part, dtype=np.float64)) / n
    return LinearNumber(value, (part.astype(np.float64) - value * whole) / n)


def mean(numbers: Sequence[LinearNumber]) -> LinearNumber:
    """Mean of one or more numbers from the same comparisons."""
    total = numbers[0]
    for number in numbers[1:]:
        total = total + number
    return total * (1 / len(numbers))


def undefined(n: int) -> LinearNumber:
    """A number that is not defined on n comparisons."""
    return LinearNumber(math.nan, np.zeros(n))


def zero(n: int) -> LinearNumber:
    """The number 0, on which no comparison has an influence."""
    return LinearNumber(0.0, np.zeros(n))
