"""Runs compared on the very same comparisons: differences, agreement, and how sure these are.

Each run decides at thresholds of its own, set on comparisons of other people for one and the same FMR. All numbers
are paired: what makes a comparison hard for one run makes it hard for the others too, and cancels in the difference.
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
    """The comparisons that all runs could make, and what each run decided about them.

    Attributes:
        rows: int64 (m,), rows of the shared comparisons.
        similarity: float64 (runs, m).
        mated: bool (m,).
        person_a: int64 (m,), number of the person on side a.
        person_b: int64 (m,), likewise.
        threshold: float64 (runs, m), each comparison's threshold from other people; NaN throughout where there is none.
        fmr: the target that all thresholds were set for; NaN where there is none.
        fewest_non_mated: non-mated comparisons of other people behind the threshold that rests on fewest.
        by_fold: whether "other people" are those of the protocol's other folds.
        reason: why there is no threshold, or why another FMR than the first was taken; else None.
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
        """Whether there are thresholds, and so decisions."""
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
    """Keep the comparisons that all runs could make, and let each run decide them at thresholds from other people.

    People are in blocks: the protocol's folds where every comparison has one and nobody is in two, else ten blocks
    of people. See `faceproof.metrics.held_out.held_out_thresholds` for the thresholds. The comparisons behind them
    are the same for all runs, and so is the FMR that they can resolve.

    Args:
        similarity: float64 (runs, n), NaN where a run could not make a comparison.
        mated: bool (n,).
        person_a: whole numbers (n,) from 0, the person on side a.
        person_b: likewise.
        fold: int64 (n,), fold of the protocol from 0, or -1.
        seed: of the blocks.

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
        weights: (r, m).

    Returns:
        float64 (runs, r) for each of `MEASURES`; NaN where a kind of comparison is missing, or nothing was decided.
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
            # With one kind, accepting all or nothing would be right all the time.
            found["accuracy"][:] = math.nan
    everything = np.arange(mated.size)
    for run, similarity in enumerate(paired.similarity):
        found["eer"][run] = weighted_eer(SortedScores.of(similarity, mated, everything), weights)
    return found


def drawn_measures(paired: Paired, draws: int, seed: int = 0) -> dict[str, Floats]:
    """`measures` when people are drawn again, thresholds fixed; each draw is the same for all runs.

    Args:
        paired: the decisions.
        draws: how many, 1 or more.
        seed: of the draws.

    Returns:
        float64 (runs, draws) for each of `MEASURES`.

    Source: the people-bootstrap of `faceproof.metrics.resampling`; a paired difference is that of two rows.
    """
    _, code = np.unique(np.concatenate([paired.person_a, paired.person_b]), return_inverse=True)
    weights = resampled_weights(code[: paired.mated.size], code[paired.mated.size :], draws, seed)
    return _joined(measures(paired, part) for part in weights)


def enough_draws(comparisons: int) -> int:
    """Draws that so many comparisons get: 1,000, and fewer above 40,000, to save time.

    >>> enough_draws(6000), enough_draws(200_000), enough_draws(5_000_000)
    (1000, 200, 50)
    """
    fewest, most = _DRAWS
    return min(max(_CELLS // max(comparisons, 1), fewest), most)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two runs decided the same comparisons.

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
        """Share of comparisons decided alike; NaN without any."""
        return (self.both_accept + self.both_reject) / self.n if self.n else math.nan

    @property
    def kappa(self) -> float:
        """Cohen's kappa: agreement beyond that of two runs that accept as often, but blindly.

        1: always alike; 0: no more than by chance. NaN where both accept everything or both nothing.

        Source: J. Cohen, Educational and Psychological Measurement 20 (1960) 37-46.

        >>> Agreement(both_accept=40, both_reject=40, only_first_accepts=10, only_second_accepts=10).kappa
        0.6
        """
        n = self.n
        first, second = self.both_accept + self.only_first_accepts, self.both_accept + self.only_second_accepts
        # In whole numbers, so that runs that never differ have 1 and not nearly 1.
        by_chance = first * second + (n - first) * (n - second)
        if n * n == by_chance:
            return math.nan
        return (n * (self.both_accept + self.both_reject) - by_chance) / (n * n - by_chance)


def mcnemar(only_first_right: int, only_second_right: int) -> float:
    """McNemar's exact test: how likely so uneven a split of the comparisons that one run alone gets right is by chance.

    It takes comparisons as independent. They share people, so the true value is somewhat higher.

    Args:
        only_first_right: comparisons that the first run decides correctly and the second does not.
        only_second_right: the other way round.

    Returns:
        The two-sided p-value of a fair coin, 0 to 1; 1 where there is no such comparison.

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
