"""What the errors of a system cost, and the least that any threshold could make them cost.

The detection cost of a verification system weighs its two errors: cost = FRR + price * FAR. Rejecting everybody costs
1. The gap between the cost at a threshold and the least cost of all thresholds is what a badly placed threshold
loses (calibration); the least cost is what the scores themselves cannot tell apart (discrimination).

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

    False matches at exactly the target then cost as much as 1% of the mated comparisons rejected.

    >>> price_of_false_matches(1e-3), price_of_false_matches(0.1)
    (10.0, 1.0)
    """
    return max(1.0, round(0.01 / fmr, 9))


@dataclass(frozen=True, slots=True)
class SortedScores:
    """Similarities of comparisons that were made, sorted once, so that many weightings can be swept.

    Attributes:
        order: int64 (m,), rows of the comparisons, the most alike first.
        mated: bool (m,), in that order.
        ends: bool (m,), True at the last of each run of tied similarities.
    """

    order: NDArray[np.int64]
    mated: NDArray[np.bool_]
    ends: NDArray[np.bool_]

    @staticmethod
    def of(similarity: Floats, mated: NDArray[np.bool_], rows: NDArray[np.int64]) -> SortedScores:
        """Sort some rows, all of which have a similarity."""
        order = rows[np.argsort(-similarity[rows], kind="stable")]
        scores = similarity[order]
        ends = np.ones(order.size, dtype=np.bool_)
        np.not_equal(scores[1:], scores[:-1], out=ends[:-1])
        return SortedScores(order, mated[order], ends)


def least_cost(
    scores: SortedScores, cost_mated: Floats, cost_non_mated: Floats, weights: NDArray[np.floating]
) -> Floats:
    """The least cost of any threshold, for each of some weightings of the comparisons.

    Args:
        scores: of the comparisons.
        cost_mated: float64 (r,), cost of rejecting a mated comparison of weight 1.
        cost_non_mated: float64 (r,), cost of accepting a non-mated one.
        weights: (r, n), of all comparisons.

    Returns:
        float64 (r,). 0 without comparisons.
    """
    if not scores.order.size:
        return np.zeros(len(weights))
    sorted_weights = weights[:, scores.order].astype(np.float64)
    # Rejecting all costs every mated one; each that is accepted changes the sum by its own cost.
    change = np.where(scores.mated, -cost_mated[:, None], cost_non_mated[:, None]) * sorted_weights
    all_rejected = cost_mated * (sorted_weights @ scores.mated)
    after = np.cumsum(change, axis=1)[:, scores.ends]
    least: Floats = all_rejected + np.minimum(after.min(axis=1), 0.0)
    return least


def weighted_eer(scores: SortedScores, weights: NDArray[np.floating]) -> Floats:
    """Equal error rate for each of some weightings, on the line between the two vertices that bracket it.

    Args:
        scores: of the comparisons.
        weights: (r, n), of all comparisons.

    Returns:
        float64 (r,); NaN where a kind of comparison weighs nothing.
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
