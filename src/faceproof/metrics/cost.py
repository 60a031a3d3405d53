"""The detection cost of a system at a threshold, and its minimum over all thresholds.

The detection cost of a verification system weighs its two errors: cost = FRR + price * FAR. Rejecting everybody costs
1. The difference between the cost at a threshold and the minimum cost is the loss from a badly placed threshold
(calibration). The minimum cost is the loss from scores that do not separate the two kinds (discrimination).

Source: the detection cost function of the NIST speaker recognition evaluations; Brümmer and du Preez, Computer
Speech and Language 20 (2006) 230-275, on the split into discrimination and calibration.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.curves import equal_errors

Floats = NDArray[np.float64]


def price_of_false_matches(fmr: float) -> float:
    """The weight of FAR against FRR at an operating point of a given FMR: 0.01 / FMR, and at least 1.

    With this price, FAR at exactly the given FMR costs as much as an FRR of 1%.

    >>> price_of_false_matches(1e-3), price_of_false_matches(0.1)
    (10.0, 1.0)
    """
    return max(1.0, round(0.01 / fmr, 9))


@dataclass(frozen=True, slots=True)
class SortedScores:
    """Comparisons sorted by similarity once, so that metrics can be computed for many weightings.

    Attributes:
        order: int64 (m,), rows of the comparisons, the highest similarity first.
        mated: bool (m,), in that order.
        ends: bool (m,), True at the last of each run of tied similarities.
    """

    order: NDArray[np.int64]
    mated: NDArray[np.bool_]
    ends: NDArray[np.bool_]

    @staticmethod
    def of(similarity: Floats, mated: NDArray[np.bool_], rows: NDArray[np.int64]) -> SortedScores:
        """Sort rows of comparisons that were made.

        Args:
            similarity: float64 (n,); finite in ``rows``.
            mated: bool (n,).
            rows: int64 (m,), the comparisons to sort.
        """
        order = rows[np.argsort(-similarity[rows], kind="stable")]
        scores = similarity[order]
        ends = np.ones(order.size, dtype=np.bool_)
        np.not_equal(scores[1:], scores[:-1], out=ends[:-1])
        return SortedScores(order, mated[order], ends)


def least_cost(
    scores: SortedScores, cost_mated: Floats, cost_non_mated: Floats, weights: NDArray[np.floating]
) -> Floats:
    """The minimum cost over all thresholds, for each weighting of the comparisons.

    Args:
        scores: the sorted comparisons.
        cost_mated: float64 (r,), cost of rejecting a mated comparison of weight 1.
        cost_non_mated: float64 (r,), cost of accepting a non-mated comparison of weight 1.
        weights: floats (r, n), one weight for each comparison in each weighting.

    Returns:
        float64 (r,). 0 without comparisons.
    """
    if not scores.order.size:
        return np.zeros(len(weights))
    sorted_weights = weights[:, scores.order].astype(np.float64)
    # Start with everything rejected: the cost of all mated ones. Each accepted comparison changes it by its own cost.
    change = np.where(scores.mated, -cost_mated[:, None], cost_non_mated[:, None]) * sorted_weights
    all_rejected = cost_mated * (sorted_weights @ scores.mated)
    after = np.cumsum(change, axis=1)[:, scores.ends]
    least: Floats = all_rejected + np.minimum(after.min(axis=1), 0.0)
    return least


def weighted_eer(scores: SortedScores, weights: NDArray[np.floating]) -> Floats:
    """Equal error rate for each weighting, interpolated as in `faceproof.metrics.curves.equal_errors`.

    Args:
        scores: the sorted comparisons.
        weights: floats (r, n), one weight for each comparison in each weighting.

    Returns:
        float64 (r,), 0 to 1; NaN where the mated or the non-mated comparisons have no weight.
    """
    result = np.full(len(weights), math.nan)
    if not scores.order.size:
        return result
    sorted_weights = weights[:, scores.order].astype(np.float64)
    accepted_mated = np.cumsum(sorted_weights * scores.mated, axis=1)[:, scores.ends]
    accepted_other = np.cumsum(sorted_weights * ~scores.mated, axis=1)[:, scores.ends]
    for row, (tp, fp) in enumerate(zip(accepted_mated, accepted_other, strict=True)):
        if tp[-1] > 0 and fp[-1] > 0:
            result[row] = equal_errors(np.append(0.0, tp), np.append(0.0, fp)).rate
    return result
