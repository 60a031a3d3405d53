"""Cost of a degradation, split by cause: faces not found, score drift, and loss of separability.

All measures are on the same comparisons, once with clean and once with degraded photos, at fixed thresholds.
docs/stress.md derives the split.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faceproof.findings.linked import LinkedScores
from faceproof.metrics.cost import least_cost_decisions
from faceproof.metrics.intervals import eer_influence
from faceproof.metrics.linear import LinearNumber, share, undefined, zero
from faceproof.metrics.operating_points import eer_of_steps

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Decomposition:
    """The clean and the degraded scores of the same comparisons, and what the degradation costs.

    Args:
        clean: the comparisons with clean photos.
        degraded: the same comparisons with degraded photos.
        threshold: float64 (n,), the fixed threshold of each comparison, a similarity.
        price: weight of FAR against FRR, above 0.
    """

    def __init__(self, clean: LinkedScores, degraded: LinkedScores, threshold: Floats, price: float) -> None:
        self.mated, self.price, self.n = clean.mated, price, clean.mated.size
        self.clean, self.degraded = clean, degraded
        self.accepted = degraded.similarity >= threshold
        self.wrong = self.accepted != self.mated
        self.wrong_clean = (clean.similarity >= threshold) != self.mated

    def cost_parts(self) -> dict[str, LinearNumber]:
        """The cost and where it comes from.

        Returns:
            ``cost``: FRR + price * FAR at the fixed thresholds; a comparison that could not be made counts as rejected.
            ``loss``: cost minus the cost with clean photos; the sum of the three parts. ``not_found``: part from
            comparisons that could be made only with clean or only with degraded photos. ``drift``: part that new
            thresholds would remove, which is the rise of the cost above its minimum. ``separability``: rise of the
            minimum cost over all thresholds.
        """
        one_side = self.degraded.compared != self.clean.compared
        changed = self.wrong.astype(np.float64) - self.wrong_clean
        cost, loss = self._cost(self.wrong), self._cost(changed)
        not_found = self._cost(changed * one_side)
        separability = self._cost(self._least(self.degraded).astype(np.float64) - self._least(self.clean))
        drift = loss - not_found - separability
        return {
            "cost": cost,
            "loss": loss,
            "not_found": not_found,
            "drift": drift,
            "separability": separability,
        }

    def rates(self) -> dict[str, LinearNumber]:
        """Accuracy, precision, recall and F1 at the fixed thresholds, and EER, of the comparisons that were made.

        With one kind of comparison, accepting all or nothing would have an accuracy of 1, so only recall is defined.
        """
        made, mated, accepted = self.degraded.compared, self.mated, self.accepted
        recall = share(accepted & mated, made & mated)
        if not (made & mated).any() or not (made & ~mated).any():
            return dict.fromkeys(("accuracy", "precision", "f1", "eer"), undefined(self.n)) | {"recall": recall}
        hits = accepted & mated
        # F1 = 2 TP / (TP + FP + TP + FN): twice the true positives over the accepted and the mated ones.
        whole = accepted.astype(np.float64) + (made & mated)
        value = 2 * float(hits.sum()) / float(whole.sum())
        f1 = LinearNumber(value, (2.0 * hits - value * whole) / float(whole.sum()))
        return {
            "accuracy": share(made & (accepted == mated), made),
            "precision": share(hits, accepted),
            "recall": recall,
            "f1": f1,
            "eer": self._eer(),
        }

    def _cost(self, wrong: NDArray[np.bool_ | np.float64]) -> LinearNumber:
        """Cost of wrong decisions, bool or float64 (n,); errors of a kind that is missing cost nothing."""
        total = zero(self.n)
        for rows, price in ((self.mated, 1.0), (~self.mated, self.price)):
            if rows.any():
                total = total + share(wrong * rows, rows) * price
        return total

    def _least(self, scores: LinkedScores) -> Flags:
        """Wrong decisions at the threshold of the least cost, of the comparisons that could be made both times."""
        both = self.clean.compared & self.degraded.compared
        mated = self.mated[both]
        of_mated, of_other = (max(int(np.count_nonzero(rows)), 1) for rows in (self.mated, ~self.mated))
        accepted = least_cost_decisions(scores.similarity[both], mated, 1 / of_mated, self.price / of_other)
        wrong = np.zeros(self.n, dtype=np.bool_)
        wrong[both] = accepted != mated
        return wrong

    def _eer(self) -> LinearNumber:
        made = self.degraded.compared
        value, _ = eer_of_steps(self.degraded.steps)
        influence = np.zeros(self.n)
        influence[made] = eer_influence(self.degraded.made, value)
        return LinearNumber(value, influence)
