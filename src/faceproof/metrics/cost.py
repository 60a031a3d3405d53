"""The detection cost of a system at a threshold, and its minimum over all thresholds.

The detection cost of a verification system weighs its two errors: cost = FRR + price * FAR. Rejecting everybody costs
1. The difference between the cost at a threshold and the minimum cost is the loss from a badly placed threshold
(calibration). The minimum cost is the loss from scores that do not separate the two kinds (discrimination).

Source: the detection cost function of the NIST speaker recognition evaluations; Brümmer and du Preez, Computer
Speech and Language 20 (2006) 230-275, on the split into discrimination and calibration.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.curves import count_sorted_steps


def price_of_false_matches(fmr: float) -> float:
    """The weight of FAR against FRR at an operating point of a given FMR: 0.01 / FMR, and at least 1.

    With this price, FAR at exactly the given FMR costs as much as an FRR of 1%.

    >>> price_of_false_matches(1e-3), price_of_false_matches(0.1)
    (10.0, 1.0)
    """
    return max(1.0, round(0.01 / fmr, 9))


def least_cost_decisions(
    similarity: NDArray[np.float64], mated: NDArray[np.bool_], cost_mated: float, cost_non_mated: float
) -> NDArray[np.bool_]:
    """Decisions at the threshold of the least total cost; of equally good ones, at the strictest.

    Args:
        similarity: float64 (n,), finite.
        mated: bool (n,).
        cost_mated: cost of rejecting a mated comparison, 0 or more.
        cost_non_mated: cost of accepting a non-mated comparison, 0 or more.

    Returns:
        bool (n,), whether each comparison is accepted.

    >>> least_cost_decisions(np.array([0.9, 0.4, 0.6]), np.array([True, True, False]), 1.0, 10.0).tolist()
    [True, False, False]
    """
    order = np.argsort(similarity, kind="stable")[::-1]
    steps = count_sorted_steps(similarity[order], mated[order])
    # Start with everything rejected. Each accepted comparison changes the total by its own cost.
    best = int(np.argmin(cost_non_mated * steps.fp - cost_mated * steps.tp))
    accepted = np.zeros(similarity.size, dtype=np.bool_)
    accepted[order[: int(steps.tp[best] + steps.fp[best])]] = True
    return accepted
