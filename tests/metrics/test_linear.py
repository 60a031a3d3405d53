"""Numbers with influences against the change that more weight on one comparison brings."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceproof.metrics.linear import LinearNumber, mean, share, undefined, zero

SEEDS = st.integers(0, 10_000)
N = 12
STEP = 1e-6


def slopes(value: Callable[[np.ndarray], float]) -> np.ndarray:
    """Change of a number of weighted comparisons with the weight of each one, all weights being 1."""
    once = np.ones(N)
    return np.array([(value(once + STEP * (np.arange(N) == row)) - value(once)) / STEP for row in range(N)])


def weighted_share(part: np.ndarray, whole: np.ndarray) -> Callable[[np.ndarray], float]:
    return lambda weights: float((weights * part).sum() / (weights * whole).sum())


class Drawn:
    """Two shares of random parts of random wholes."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.wholes = [rng.random(N) < 0.7 for _ in range(2)]
        for whole in self.wholes:
            whole[:2] = True
        self.parts: list[np.ndarray] = [self.wholes[0] & (rng.random(N) < 0.5), self.wholes[1] * rng.uniform(0, 2, N)]
        self.parts[0][0] = True
        self.shares = [share(*one) for one in zip(self.parts, self.wholes, strict=True)]
        self.plain = [weighted_share(*one) for one in zip(self.parts, self.wholes, strict=True)]


@settings(deadline=None)
@given(SEEDS)
def test_a_share_has_the_slopes_of_a_weighted_share(seed: int) -> None:
    drawn = Drawn(seed)
    for found, plain in zip(drawn.shares, drawn.plain, strict=True):
        assert found.value == pytest.approx(plain(np.ones(N)))
        np.testing.assert_allclose(found.influence, slopes(plain), atol=1e-5)
        assert found.influence.sum() == pytest.approx(0, abs=1e-12)


@settings(deadline=None)
@given(SEEDS)
def test_sums_differences_multiples_and_ratios_have_the_slopes_of_theirs(seed: int) -> None:
    drawn = Drawn(seed)
    (one, other), (first, second) = drawn.shares, drawn.plain
    for found, plain in (
        (one + other, lambda w: first(w) + second(w)),
        (one - other, lambda w: first(w) - second(w)),
        (one * -3.0, lambda w: -3 * first(w)),
        (one.shifted(2.0), lambda w: first(w) + 2),
        (other.over(one), lambda w: second(w) / first(w)),
        (mean([one, other, one]), lambda w: (2 * first(w) + second(w)) / 3),
        (mean([other]), second),
    ):
        assert found.value == pytest.approx(plain(np.ones(N)))
        np.testing.assert_allclose(found.influence, slopes(plain), rtol=1e-4, atol=1e-4)


def test_a_ratio_by_hand() -> None:
    """3 / 2 with influences 0.1 and 0.4: (0.1 - 1.5 x 0.4) / 2."""
    found = LinearNumber(3.0, np.array([0.1, 0.0])).over(LinearNumber(2.0, np.array([0.4, -0.4])))
    assert found.value == 1.5
    assert found.influence.tolist() == pytest.approx([-0.25, 0.3])


@pytest.mark.parametrize("value", [0.0, -0.5, math.nan])
def test_a_ratio_to_nothing_is_not_defined(value: float) -> None:
    found = LinearNumber(1.0, np.ones(3)).over(LinearNumber(value, np.ones(3)))
    assert math.isnan(found.value)
    assert found.influence.tolist() == [0, 0, 0]


def test_a_share_of_nothing_is_not_defined_and_zero_has_no_influence() -> None:
    nothing = np.zeros(4, np.bool_)
    for found in (share(nothing, nothing), undefined(4)):
        assert math.isnan(found.value)
        assert found.influence.tolist() == [0] * 4
    assert (zero(4).value, zero(4).influence.tolist()) == (0, [0] * 4)
    assert math.isnan(share(np.zeros(0, np.bool_), np.zeros(0, np.bool_)).value)
