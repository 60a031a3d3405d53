"""Cost of a degradation, split by cause: faces not found, score drift, and loss of separability.

All measures are on the same comparisons, once with clean and once with degraded photos, at fixed thresholds.
docs/stress.md derives the split.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.cost import SortedScores, least_cost, weighted_eer

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures of one condition, float64 (r,) each: one value for each weighting of the comparisons.

    Attributes:
        cost: FRR + price * FAR at the fixed thresholds; a comparison that could not be made counts as rejected.
        loss: cost minus the cost of the clean photos; the sum of ``not_found``, ``drift`` and ``separability``.
        not_found: part of the loss from comparisons that could be made only with clean or only with degraded photos.
        drift: part of the loss that new thresholds would remove: the rise of the cost above its minimum.
        separability: rise of the minimum cost over all thresholds.
        frr: share of all mated comparisons that were rejected or could not be made, 0 to 1.
        far: share of all non-mated comparisons that were accepted, 0 to 1.
        accuracy: share of right decisions in the comparisons that were made, 0 to 1.
        precision: share of mated comparisons in those that were accepted, 0 to 1.
        recall: share of accepted comparisons in the mated ones that were made, 0 to 1.
        f1: harmonic mean of precision and recall, 0 to 1.
        eer: equal error rate of the comparisons that were made, 0 to 1.
    """

    cost: Floats
    loss: Floats
    not_found: Floats
    drift: Floats
    separability: Floats
    frr: Floats
    far: Floats
    accuracy: Floats
    precision: Floats
    recall: Floats
    f1: Floats
    eer: Floats

    @staticmethod
    def joined(parts: Iterable[Measures]) -> Measures:
        """Concatenate the measures of several batches of weightings."""
        every = list(parts)
        return Measures(*(np.concatenate([getattr(part, f.name) for part in every]) for f in fields(Measures)))


class Decomposition:
    """The clean and the degraded scores of the same comparisons.

    Args:
        clean: float64 (n,), similarity with clean photos; NaN where a comparison could not be made.
        degraded: float64 (n,), similarity with degraded photos; NaN likewise.
        mated: bool (n,).
        threshold: float64 (n,), the fixed threshold of each comparison, a similarity.
        price: weight of FAR against FRR, above 0.
    """

    def __init__(self, clean: Floats, degraded: Floats, mated: Flags, threshold: Floats, price: float) -> None:
        self.mated, self.price = mated, price
        self.made, self.made_clean = ~np.isnan(degraded), ~np.isnan(clean)
        self.accepted = self.made & (np.nan_to_num(degraded, nan=-np.inf) >= threshold)
        accepted_clean = self.made_clean & (np.nan_to_num(clean, nan=-np.inf) >= threshold)
        self.wrong, self.wrong_clean = self.accepted != mated, accepted_clean != mated
        self.both = self.made & self.made_clean
        rows = np.flatnonzero(self.both)
        self.sorted_clean = SortedScores.of(clean, mated, rows)
        self.sorted_degraded = SortedScores.of(degraded, mated, rows)
        self.sorted_made = SortedScores.of(degraded, mated, np.flatnonzero(self.made))

    def measures(self, weights: NDArray[np.floating]) -> Measures:
        """Compute all measures for each weighting.

        Args:
            weights: floats (r, n), one weight for each comparison in each weighting.

        Returns:
            The measures; rates are NaN where the comparisons that they need are missing.
        """
        w = weights
        with np.errstate(divide="ignore", invalid="ignore"):
            # Where a kind of comparison is missing, its errors cost 0, and rates that need it are NaN.
            cost_mated = _finite(1 / _sums(w, self.mated))
            cost_other = _finite(self.price / _sums(w, ~self.mated))

            def costs(rows: Flags) -> Floats:
                return cost_mated * _sums(w, rows & self.mated) + cost_other * _sums(w, rows & ~self.mated)

            cost, cost_clean = costs(self.wrong), costs(self.wrong_clean)
            one_side = self.made != self.made_clean
            not_found = costs(self.wrong & one_side) - costs(self.wrong_clean & one_side)
            separability = least_cost(self.sorted_degraded, cost_mated, cost_other, w)
            separability -= least_cost(self.sorted_clean, cost_mated, cost_other, w)
            loss = cost - cost_clean
            return Measures(cost, loss, not_found, loss - not_found - separability, separability, *self._rates(w))

    def _rates(self, w: NDArray[np.floating]) -> tuple[Floats, ...]:
        tp, fp = _sums(w, self.accepted & self.mated), _sums(w, self.accepted & ~self.mated)
        mated, other = _sums(w, self.made & self.mated), _sums(w, self.made & ~self.mated)
        # With one kind of comparison, accepting all or nothing would have an accuracy of 1.
        both = np.where((mated > 0) & (other > 0), 1.0, np.nan)
        return (
            1 - tp / _sums(w, self.mated),
            fp / _sums(w, ~self.mated),
            both * (tp + other - fp) / (mated + other),
            both * tp / (tp + fp),
            tp / mated,
            both * 2 * tp / (tp + fp + mated),
            weighted_eer(self.sorted_made, w),
        )


def _sums(weights: NDArray[np.floating], rows: Flags) -> Floats:
    """Total weight of the selected rows, float64 (r,). Weights are whole numbers, so a float32 product is exact."""
    total: Floats = (weights @ rows.astype(weights.dtype)).astype(np.float64)
    return total


def _finite(values: NDArray[np.floating]) -> Floats:
    return np.where(np.isfinite(values), values, 0.0).astype(np.float64)
