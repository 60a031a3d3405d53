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
        cost: FRR + price * FAR at the held thresholds, a comparison that was not made counting as rejected.
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
        threshold: float64 (n,), the held threshold of each comparison, a similarity.
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
            # Without a kind of comparison its error costs nothing; the rates below say NaN.
            cost_mated = _finite(1 / (w @ self.mated.astype(w.dtype)))
            cost_other = _finite(self.price / (w @ (~self.mated).astype(w.dtype)))

            def costs(rows: Flags) -> Floats:
                return cost_mated * (w @ _as(rows & self.mated, w)) + cost_other * (w @ _as(rows & ~self.mated, w))

            cost, cost_clean = costs(self.wrong), costs(self.wrong_clean)
            one_side = self.made != self.made_clean
            not_found = costs(self.wrong & one_side) - costs(self.wrong_clean & one_side)
            separability = least_cost(self.sorted_degraded, cost_mated, cost_other, w)
            separability -= least_cost(self.sorted_clean, cost_mated, cost_other, w)
            loss = cost - cost_clean
            return Measures(cost, loss, not_found, loss - not_found - separability, separability, *self._rates(w))

    def _rates(self, w: NDArray[np.floating]) -> tuple[Floats, ...]:
        def sums(rows: Flags) -> Floats:
            total: Floats = (w @ _as(rows, w)).astype(np.float64)
            return total

        tp, fp = sums(self.accepted & self.mated), sums(self.accepted & ~self.mated)
        mated, other = sums(self.made & self.mated), sums(self.made & ~self.mated)
        right = tp + other - fp
        return (
            1 - tp / sums(self.mated),
            fp / sums(~self.mated),
            right / (mated + other),
            tp / (tp + fp),
            tp / mated,
            2 * tp / (tp + fp + mated),
            weighted_eer(self.sorted_made, w),
        )


def _as(rows: Flags, like: NDArray[np.floating]) -> NDArray[np.floating]:
    return rows.astype(like.dtype)


def _finite(values: NDArray[np.floating]) -> Floats:
    return np.where(np.isfinite(values), values, 0.0).astype(np.float64)
