"""Error rates over all thresholds: the curves behind ROC and DET, and the area under the ROC.

As the threshold falls, comparisons with equal similarities are accepted together. Each distinct similarity is one
vertex of the curve, so the curve does not depend on the order of tied rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError
from faceproof.metrics.confusion import checked_comparisons


@dataclass(frozen=True, slots=True)
class StepCounts:
    """Exact counts of accepted mated and non-mated comparisons as the threshold falls.

    Attributes:
        similarity: float64 (v,), distinct observed similarities, descending.
        tp: int64 (v + 1,), mated comparisons accepted when the highest 0, 1, ..., v similarities are accepted.
        fp: int64 (v + 1,), non-mated comparisons accepted likewise.
    """

    similarity: NDArray[np.float64]
    tp: NDArray[np.int64]
    fp: NDArray[np.int64]

    @property
    def mated(self) -> int:
        """Number of mated comparisons."""
        return int(self.tp[-1])

    @property
    def non_mated(self) -> int:
        """Number of non-mated comparisons."""
        return int(self.fp[-1])


@dataclass(frozen=True, slots=True)
class ErrorCurve:
    """FMR and FNMR at every threshold where they change. ROC is (fmr, tmr), DET is (fmr, fnmr).

    Attributes:
        thresholds: float64 (v + 1,), +inf (nothing accepted), then each distinct similarity, descending.
        fmr: float64 (v + 1,), rising from 0 to 1; all NaN without non-mated comparisons.
        fnmr: float64 (v + 1,), falling from 1 to 0; all NaN without mated comparisons.
    """

    thresholds: NDArray[np.float64]
    fmr: NDArray[np.float64]
    fnmr: NDArray[np.float64]

    @property
    def tmr(self) -> NDArray[np.float64]:
        """True match rate, 1 - FNMR, float64 (v + 1,)."""
        return 1.0 - self.fnmr

    def thinned(self, points: int = 500) -> ErrorCurve:
        """The same curve with fewer vertices, for drawing.

        Vertices are kept at even steps along the curve on linear axes and on logarithmic FMR and FNMR axes, so that
        both ends of a DET plot keep their detail. The first and the last vertex always stay.

        Args:
            points: the most vertices to keep, 8 or more.

        Raises:
            ConfigurationError: ``points`` is below 8.
        """
        if points < 8:
            raise ConfigurationError(f"a curve of {points} points shows nothing; ask for 8 or more")
        size = self.thresholds.size
        if size <= points:
            return self
        if np.isnan(self.fmr[0]) or np.isnan(self.fnmr[0]):
            keep = np.linspace(0, size - 1, points).astype(np.int64)
        else:
            share = (points - 2) // 3
            made = int(np.count_nonzero(self.fmr == 0))
            left = int(np.count_nonzero(self.fnmr > 0))
            keep = np.concatenate(
                [
                    [0, size - 1],
                    _evenly(self.fmr - self.fnmr, share),
                    made + _evenly(np.log(self.fmr[made:]), share),
                    _evenly(-np.log(self.fnmr[:left]), share),
                ]
            )
        keep = np.unique(keep)
        return ErrorCurve(self.thresholds[keep], self.fmr[keep], self.fnmr[keep])


def count_steps(similarity: ArrayLike, mated: ArrayLike) -> StepCounts:
    """Exact counts of accepted comparisons at each distinct similarity.

    Args:
        similarity: float64 (n,), finite.
        mated: bool (n,).

    Raises:
        ConfigurationError, MetricUndefinedError: see `faceproof.metrics.confusion.checked_comparisons`.

    >>> steps = count_steps([0.9, 0.4, 0.4, 0.1], [True, True, False, False])
    >>> steps.similarity.tolist(), steps.tp.tolist(), steps.fp.tolist()
    ([0.9, 0.4, 0.1], [0, 1, 2, 2], [0, 0, 1, 2])
    """
    scores, labels = checked_comparisons(similarity, mated)
    # Sorting values takes a fraction of the time of sorting rows.
    falling, mates = np.sort(scores)[::-1], np.sort(scores[labels])
    ends = _ends_of_ties(falling)
    return _counted(falling, ends, mates.size - np.searchsorted(mates, falling[ends], side="left"))


def count_sorted_steps(similarity: NDArray[np.float64], mated: NDArray[np.bool_]) -> StepCounts:
    """As `count_steps`, for columns already checked and sorted by falling similarity."""
    ends = _ends_of_ties(similarity)
    return _counted(similarity, ends, np.cumsum(mated, dtype=np.int64)[ends])


def _ends_of_ties(falling: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row of the last of each run of equal similarities."""
    last_of_tie = np.ones(falling.size, dtype=np.bool_)
    np.not_equal(falling[1:], falling[:-1], out=last_of_tie[:-1])
    return np.flatnonzero(last_of_tie)


def _counted(falling: NDArray[np.float64], ends: NDArray[np.int64], accepted_mated: NDArray[np.int64]) -> StepCounts:
    start = np.zeros(1, dtype=np.int64)
    tp = np.concatenate([start, accepted_mated])
    return StepCounts(falling[ends], tp, np.concatenate([start, ends + 1]) - tp)


def error_curve(similarity: ArrayLike, mated: ArrayLike) -> ErrorCurve:
    """FMR and FNMR at each distinct similarity and at the end where nothing is accepted.

    Args:
        similarity: float64 (n,), finite, higher is more alike.
        mated: bool (n,).

    Returns:
        The curve, threshold falling. FMR is NaN throughout without non-mated comparisons, FNMR without mated ones.

    Raises:
        ConfigurationError, MetricUndefinedError: see `faceproof.metrics.confusion.checked_comparisons`.

    Source: ISO/IEC 19795-1, error rates as a function of the threshold.

    >>> curve = error_curve([0.9, 0.4, 0.4, 0.1], [True, True, False, False])
    >>> curve.fmr.tolist(), curve.fnmr.tolist()
    ([0.0, 0.0, 0.5, 1.0], [1.0, 0.5, 0.0, 0.0])
    """
    return curve_of_steps(count_steps(similarity, mated))


def curve_of_steps(steps: StepCounts) -> ErrorCurve:
    """As `error_curve`, from the counts of `count_steps`."""
    return ErrorCurve(
        thresholds=np.concatenate([[math.inf], steps.similarity]),
        fmr=_rate(steps.fp, steps.non_mated),
        fnmr=_rate(steps.mated - steps.tp, steps.mated),
    )


@dataclass(frozen=True, slots=True)
class EqualErrors:
    """Where FMR and FNMR are equal on a curve of steps.

    Attributes:
        rate: the equal error rate, 0 to 1.
        after: index of the first step at which FMR is not below FNMR.
        share: position of the crossing between step ``after`` - 1 and step ``after``, above 0 and up to 1.
    """

    rate: float
    after: int
    share: float


def equal_errors(tp: NDArray[np.float64 | np.int64], fp: NDArray[np.float64 | np.int64]) -> EqualErrors:
    """The equal error rate from accepted counts, interpolated linearly between the two steps around it.

    Args:
        tp: int64 or float64 (steps,), count or weight of accepted mated comparisons. It rises from 0 to that of all
            mated comparisons, which is above 0.
        fp: (steps,), likewise for non-mated comparisons.
    """
    mated, non_mated = tp[-1], fp[-1]
    # FMR - FNMR times both class sizes: whole numbers of whole weights, so that equal rates are met exactly.
    excess = fp * mated - (mated - tp) * non_mated
    after = int(np.searchsorted(excess, 0))
    if excess[after] == 0:
        return EqualErrors(float(fp[after] / non_mated), after, 1.0)
    share = float(-excess[after - 1] / (excess[after] - excess[after - 1]))
    between = fp[after - 1] + share * (fp[after] - fp[after - 1])
    return EqualErrors(float(between) / float(non_mated), after, share)


def auc(similarity: ArrayLike, mated: ArrayLike) -> float:
    """Area under the ROC: probability that a mated comparison has a higher similarity than a non-mated one.

    Args:
        similarity: float64 (n,), finite, higher is more alike.
        mated: bool (n,).

    Returns:
        P(mated > non-mated) + P(equal) / 2 over all couples of a mated and a non-mated comparison, 0 to 1. NaN
        without mated or without non-mated comparisons.

    Raises:
        ConfigurationError, MetricUndefinedError: see `faceproof.metrics.confusion.checked_comparisons`.

    Source: Hanley and McNeil 1982: the area equals the Mann-Whitney statistic.

    >>> auc([0.9, 0.4, 0.4, 0.1], [True, True, False, False])
    0.875
    """
    return auc_of_steps(count_steps(similarity, mated))


def auc_of_steps(steps: StepCounts) -> float:
    """As `auc`, from the counts of `count_steps`."""
    couples = steps.mated * steps.non_mated
    if couples == 0:
        return math.nan
    doubled_area = int(np.sum(np.diff(steps.fp) * (steps.tp[1:] + steps.tp[:-1])))
    return doubled_area / (2 * couples)


def _rate(part: NDArray[np.int64], whole: int) -> NDArray[np.float64]:
    return part / whole if whole else np.full(part.shape, math.nan)


def _evenly(rising: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Indices of the values that are closest above ``count`` even steps from the first value to the last."""
    targets = np.linspace(rising[0], rising[-1], count)
    return np.minimum(np.searchsorted(rising, targets), rising.size - 1).astype(np.int64)
