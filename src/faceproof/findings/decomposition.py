"""What a degradation costs, and why: faces no longer found, scores that drift, people no longer told apart.

All of it is about the same comparisons, once with the photos as they are and once degraded, at thresholds that were
set beforehand. docs/stress.md derives the split.
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
    """Numbers of one condition for each of some weightings of the comparisons, float64 (r,) each.

    Attributes:
        cost: FRR + price * FAR at the fixed thresholds, a comparison that was not made counting as rejected.
        loss: cost less that of the clean photos; the next three add up to it.
        not_found: of comparisons that were made on one side only, clean or degraded.
        drift: what a re-set threshold would win back, beyond what it would win back on clean photos.
        separability: rise of the least cost that any threshold could reach.
        frr: mated comparisons rejected or not made, of all mated ones.
        far: non-mated comparisons accepted, of all non-mated ones.
        accuracy: right decisions of those made.
        precision: mated of those accepted.
        recall: accepted of the mated ones made.
        f1: harmonic mean of the two.
        eer: equal error rate of the comparisons made.
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
        """Those of several batches of weightings, one after the other."""
        every = list(parts)
        return Measures(*(np.concatenate([getattr(part, f.name) for part in every]) for f in fields(Measures)))


class Decomposition:
    """The clean and the degraded scores of the same comparisons.

    Args:
        clean: float64 (n,), similarity with the photos as they are; NaN where a comparison could not be made.
        degraded: float64 (n,), likewise under the condition.
        mated: bool (n,).
        threshold: float64 (n,), the fixed threshold of each comparison, a similarity.
        price: of FAR against FRR, above 0.
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
        """All numbers, for each row of ``weights`` (r, n)."""
        w = weights
        with np.errstate(divide="ignore", invalid="ignore"):
            # Without a kind of comparison its error costs nothing; rates that need it are NaN.
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
        # With one kind alone, accepting all (or nothing) would score 100%.
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
    """Weight of some rows, float64 (r,); whole numbers are exact in float32, so the product may be taken there."""
    total: Floats = (weights @ rows.astype(weights.dtype)).astype(np.float64)
    return total


def _finite(values: NDArray[np.floating]) -> Floats:
    return np.where(np.isfinite(values), values, 0.0).astype(np.float64)
