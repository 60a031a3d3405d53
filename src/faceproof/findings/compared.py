"""Measures of several runs on the same comparisons: differences, agreement and significance.

Each run decides at its own thresholds. All thresholds come from comparisons of other people at the same target FMR.
The runs are compared in pairs on the same comparisons, so the difficulty of a comparison cancels in a difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.cost import SortedScores, weighted_eer
from faceproof.metrics.folds import blocks_of_people
from faceproof.metrics.held_out import held_out_thresholds
from faceproof.metrics.resampling import resampled_weights

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

MEASURES = ("accuracy", "fnmr", "fmr", "eer")
_DRAWS = (50, 1000)
_CELLS = 40_000_000


@dataclass(frozen=True, slots=True)
class Paired:
    """The comparisons that all runs could make, and the decisions of each run.

    Attributes:
        rows: int64 (m,), row numbers among the comparisons that the runs share.
        similarity: float64 (runs, m), -1 to 1.
        mated: bool (m,).
        person_a: int64 (m,), number of the person on side a.
        person_b: int64 (m,), likewise on side b.
        threshold: float64 (runs, m), the threshold from other people for each comparison, a similarity; NaN throughout
            where there is none.
        fmr: the target FMR of all thresholds; NaN where there is none.
        fewest_non_mated: smallest number of non-mated comparisons that any threshold is set on.
        by_fold: whether "other people" are those in the other folds of the protocol.
        reason: why there is no threshold, or why a higher FMR was used than the first; else None.
    """

    rows: Whole
    similarity: Floats
    mated: Flags
    person_a: Whole
    person_b: Whole
    threshold: Floats
    fmr: float
    fewest_non_mated: int
    by_fold: bool
    reason: str | None

    @property
    def decided(self) -> bool:
        """Whether there are thresholds, and therefore decisions."""
        return not math.isnan(self.fmr)

    @property
    def accepted(self) -> Flags:
        """Which comparisons each run accepts, bool (runs, m)."""
        accepted: Flags = self.similarity >= self.threshold
        return accepted

    @property
    def right(self) -> Flags:
        """Which comparisons each run decides correctly, bool (runs, m)."""
        right: Flags = self.accepted == self.mated
        return right


def pair_runs(similarity: Floats, mated: Flags, person_a: Whole, person_b: Whole, fold: Whole, seed: int = 0) -> Paired:
    """Select the comparisons that all runs could make, and decide them for each run at thresholds from other people.

    `faceproof.metrics.folds.blocks_of_people` divides the people into blocks, and
    `faceproof.metrics.held_out.held_out_thresholds` sets the thresholds. The thresholds of all runs are set on the
    same comparisons, so all runs have the same target FMR.

    Args:
        similarity: float64 (runs, n), NaN where a run could not make a comparison.
        mated: bool (n,).
        person_a: whole numbers (n,) from 0, the person on side a.
        person_b: likewise, the person on side b.
        fold: int64 (n,), fold of the protocol from 0, or -1.
        seed: seed of the blocks.

    Returns:
        The comparisons and decisions.
    """
    block_a, block_b, by_fold = blocks_of_people(person_a, person_b, fold, seed)
    rows = np.flatnonzero(~np.isnan(similarity).any(axis=0))
    made, labels = similarity[:, rows], mated[rows]
    held = [held_out_thresholds(one, labels, block_a[rows], block_b[rows]) for one in made]
    return Paired(
        rows=rows,
        similarity=made,
        mated=labels,
        person_a=person_a[rows],
        person_b=person_b[rows],
        threshold=np.stack([one.threshold for one in held]),
        fmr=held[0].fmr,
        fewest_non_mated=held[0].fewest_non_mated,
        by_fold=by_fold,
        reason=held[0].reason,
    )


def measures(paired: Paired, weights: NDArray[np.floating]) -> dict[str, Floats]:
    """Accuracy, FNMR and FMR at the thresholds from other people, and EER, for each weighting of the comparisons.

    Args:
        paired: the decisions.
        weights: floats (r, m), one weight for each comparison in each weighting.

    Returns:
        float64 (runs, r), 0 to 1, for each of `MEASURES`. NaN where a kind of comparison that the measure needs is
        missing; accuracy, FNMR and FMR also where there is no threshold.
    """
    mated, runs = paired.mated, len(paired.similarity)
    found = {name: np.full((runs, len(weights)), math.nan) for name in MEASURES}
    with np.errstate(divide="ignore", invalid="ignore"):
        if paired.decided:
            wrong = ~paired.right
            for name, rows in (("accuracy", np.ones_like(mated)), ("fnmr", mated), ("fmr", ~mated)):
                share = ((wrong & rows).astype(weights.dtype) @ weights.T) / (weights @ rows.astype(weights.dtype))
                found[name] = (1 - share if name == "accuracy" else share).astype(np.float64)
        if mated.all() or not mated.any():
            # With one kind of comparison, accepting all or nothing would have an accuracy of 1.
            found["accuracy"][:] = math.nan
    everything = np.arange(mated.size)
    for run, similarity in enumerate(paired.similarity):
        found["eer"][run] = weighted_eer(SortedScores.of(similarity, mated, everything), weights)
    return found


def drawn_measures(paired: Paired, draws: int, seed: int = 0) -> dict[str, Floats]:
    """`measures` in a bootstrap over people. Thresholds stay fixed, and all runs have the same draws.

    Args:
        paired: the decisions.
        draws: number of draws, 1 or more.
        seed: seed of the draws.

    Returns:
        float64 (runs, draws) for each of `MEASURES`. The difference of two rows is the paired difference of two runs.

    Source: the bootstrap of `faceproof.metrics.resampling.resampled_weights`.
    """
    _, code = np.unique(np.concatenate([paired.person_a, paired.person_b]), return_inverse=True)
    weights = resampled_weights(code[: paired.mated.size], code[paired.mated.size :], draws, seed)
    return _joined(measures(paired, part) for part in weights)


def enough_draws(comparisons: int) -> int:
    """Number of bootstrap draws for a number of comparisons: 1,000, and fewer above 40,000 comparisons, to save time.

    >>> enough_draws(6000), enough_draws(200_000), enough_draws(5_000_000)
    (1000, 200, 50)
    """
    fewest, most = _DRAWS
    return min(max(_CELLS // max(comparisons, 1), fewest), most)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two runs in their decisions on the same comparisons.

    Attributes:
        both_accept, both_reject, only_first_accepts, only_second_accepts: counts.
    """

    both_accept: int
    both_reject: int
    only_first_accepts: int
    only_second_accepts: int

    @staticmethod
    def of(first: Flags, second: Flags) -> Agreement:
        """Count decisions, bool (m,) each, True where a comparison is accepted."""
        both, one, other = (int(np.count_nonzero(rows)) for rows in (first & second, first & ~second, second & ~first))
        return Agreement(both, first.size - both - one - other, one, other)

    @property
    def n(self) -> int:
        """Number of comparisons."""
        return self.both_accept + self.both_reject + self.only_first_accepts + self.only_second_accepts

    @property
    def alike(self) -> float:
        """Share of comparisons that both runs accept or both reject, 0 to 1; NaN without comparisons."""
        return (self.both_accept + self.both_reject) / self.n if self.n else math.nan

    @property
    def kappa(self) -> float:
        """Cohen's kappa: agreement beyond that expected by chance from the share that each run accepts.

        1: the runs always agree; 0: no more than by chance. NaN where both accept everything or both nothing.

        Source: J. Cohen, Educational and Psychological Measurement 20 (1960) 37-46.

        >>> Agreement(both_accept=40, both_reject=40, only_first_accepts=10, only_second_accepts=10).kappa
        0.6
        """
        n = self.n
        first, second = self.both_accept + self.only_first_accepts, self.both_accept + self.only_second_accepts
        # Computed with integers, so that kappa is exactly 1 where the runs always agree.
        by_chance = first * second + (n - first) * (n - second)
        if n * n == by_chance:
            return math.nan
        return (n * (self.both_accept + self.both_reject) - by_chance) / (n * n - by_chance)


def mcnemar(only_first_right: int, only_second_right: int) -> float:
    """McNemar's exact test of whether two runs have the same accuracy on the same comparisons.

    The test treats comparisons as independent. Comparisons share people, so the true p-value is somewhat higher.

    Args:
        only_first_right: comparisons that the first run decides correctly and the second does not.
        only_second_right: comparisons that the second run decides correctly and the first does not.

    Returns:
        The two-sided p-value of a binomial test with probability 1/2, 0 to 1; 1 where both counts are 0.

    Source: Q. McNemar, Psychometrika 12 (1947) 153-157; the binomial form is exact.

    >>> mcnemar(9, 1)
    0.021484375
    """
    from scipy.stats import binomtest  # here and not at the top: it takes long to load

    n = only_first_right + only_second_right
    return float(binomtest(only_first_right, n, 0.5).pvalue) if n else 1.0


def _joined(parts: Iterable[dict[str, Floats]]) -> dict[str, Floats]:
    every = list(parts)
    return {name: np.concatenate([part[name] for part in every], axis=1) for name in MEASURES}
