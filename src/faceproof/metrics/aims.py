"""What a threshold is set for: a target FMR, the least cost, or the best accuracy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError
from faceproof.metrics.cost import price_of_false_matches
from faceproof.metrics.curves import count_steps
from faceproof.metrics.operating_points import best_accuracy_step, check_fmr, fmr_label, threshold_at_fmr

_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Aim:
    """What a threshold is set for; without a target FMR and a cost ratio, best accuracy.

    Attributes:
        fmr: target FMR, above 0 and up to 1.
        cost_ratio: how many times more FMR costs than FNMR, above 0: the threshold has the least FNMR + ratio * FMR.

    Raises:
        ConfigurationError: both are given, or one is out of range.
    """

    fmr: float | None = None
    cost_ratio: float | None = None

    def __post_init__(self) -> None:
        if self.fmr is not None and self.cost_ratio is not None:
            raise ConfigurationError("a target FMR and a cost ratio are two aims; give one of them")
        if self.fmr is not None:
            check_fmr(self.fmr)
        if self.cost_ratio is not None and not 1 / _PARTS <= self.cost_ratio <= 1e6:
            raise ConfigurationError(
                f"a cost ratio of {self.cost_ratio:g} makes no sense; expected {1 / _PARTS:g} to 1,000,000: how many "
                "times more FMR costs than FNMR",
                argument="cost_ratio",
            )

    @property
    def label(self) -> str:
        """The aim in words."""
        if self.fmr is not None:
            return f"FMR {fmr_label(self.fmr)}"
        return "best accuracy" if self.cost_ratio is None else f"least cost where FMR counts {self.cost_ratio:g} times"

    def choose(self, similarity: NDArray[np.float64], mated: NDArray[np.bool_]) -> float:
        """The threshold on these comparisons, a similarity; NaN where they lack a kind that it needs.

        Args:
            similarity: float64 (n,), finite.
            mated: bool (n,).

        >>> scores, mated = np.array([0.9, 0.5, 0.7, 0.1]), np.array([True, True, False, False])
        >>> Aim(cost_ratio=3).choose(scores, mated), Aim(cost_ratio=0.25).choose(scores, mated)
        (0.8, 0.3)
        """
        if self.fmr is not None:
            return threshold_at_fmr(similarity, mated, self.fmr)
        steps = count_steps(similarity, mated)
        if self.cost_ratio is None:
            return best_accuracy_step(steps)
        return best_accuracy_step(steps, (_PARTS, round(_PARTS * self.cost_ratio)))

    def cost(self, fmr: ArrayLike, fnmr: ArrayLike, mated: int, non_mated: int) -> NDArray[np.float64]:
        """Cost of error rates: FNMR + price * FMR, where the price is that of the aim.

        Args:
            fmr: false match rates, any shape.
            fnmr: false non-match rates of the same shape.
            mated: number of mated comparisons, 1 or more: best accuracy weighs the rates by the mix of the list.
            non_mated: number of non-mated comparisons.
        """
        price = self.cost_ratio
        if price is None:
            price = non_mated / mated if self.fmr is None else price_of_false_matches(self.fmr)
        return np.asarray(fnmr, np.float64) + price * np.asarray(fmr, np.float64)

    def least_cost(self, similarity: NDArray[np.float64], mated: NDArray[np.bool_]) -> float:
        """The lowest `cost` over all thresholds of these comparisons; NaN where they lack a kind."""
        steps = count_steps(similarity, mated)
        if not steps.mated or not steps.non_mated:
            return math.nan
        costs = self.cost(steps.fp / steps.non_mated, 1 - steps.tp / steps.mated, steps.mated, steps.non_mated)
        return float(np.min(costs))
