"""Error rates over all thresholds: the curves behind ROC and DET, and the area under the ROC.

As the threshold falls past one observed similarity after another, whole groups of equal similarities become
accepted together. Each such group is one vertex of the curve, so ties never depend on the order of the rows.
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
    """Accepted comparisons of each kind, as exact counts, while the threshold falls.

    Attributes:
        similarity: float64 (v,), distinct observed similarities, descending.
        tp: int64 (v + 1,), mated comparisons accepted when the first 0, 1, ..., v of them are accepted.
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
    """FMR and FNMR at every threshold that matters. ROC is (fmr, tmr), DET is (fmr, fnmr).

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
        """True match rate, 1 - FNMR."""
        return 1.0 - self.fnmr

    def thinned(self, points: int = 500) -> ErrorCurve:
        """The same curve with at most so many vertices, for drawing.

        Vertices are kept at even steps along the curve on linear axes and on logarithmic FMR and FNMR axes, so that
        both ends of a DET plot keep their detail. The first and the last vertex always stay.

        Args:
            points: the most vertices to keep, 8 or more.

        Raises:
            ConfigurationError: fewer than 8 points asked for.
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
    order = np.argsort(scores)[::-1]
    return count_sorted_steps(scores[order], labels[order])


def count_sorted_steps(similarity: NDArray[np.float64], mated: NDArray[np.bool_]) -> StepCounts:
    """As `count_steps`, for columns already checked and sorted by falling similarity."""
    last_of_tie = np.ones(similarity.size, dtype=np.bool_)
    np.not_equal(similarity[1:], similarity[:-1], out=last_of_tie[:-1])
    ends = np.flatnonzero(last_of_tie)
    start = np.zeros(1, dtype=np.int64)
    tp = np.concatenate([start, np.cumsum(mated, dtype=np.int64)[ends]])
    return StepCounts(similarity[ends], tp, np.concatenate([start, ends + 1]) - tp)


def error_curve(similarity: ArrayLike, mated: ArrayLike) -> ErrorCurve:
    """FMR and FNMR at each distinct similarity and at the end where nothing is accepted.

    Args:
        similarity: float64 (n,), finite, higher is more alike.
        mated: bool (n,).

    Returns:
        The curve, threshold falling. A rate of a kind of which there is no comparison is NaN throughout.

    Raises:
        ConfigurationError, MetricUndefinedError: see `faceproof.metrics.confusion.checked_comparisons`.

    Source: ISO/IEC 19795-1, error rates as a function of the threshold.

    >>> curve = error_curve([0.9, 0.4, 0.4, 0.1], [True, True, False, False])
    >>> curve.fmr.tolist(), curve.fnmr.tolist()
    ([0.0, 0.0, 0.5, 1.0], [1.0, 0.5, 0.0, 0.0])
    """
    steps = count_steps(similarity, mated)
    return ErrorCurve(
        thresholds=np.concatenate([[math.inf], steps.similarity]),
        fmr=_rate(steps.fp, steps.non_mated),
        fnmr=_rate(steps.mated - steps.tp, steps.mated),
    )


@dataclass(frozen=True, slots=True)
class EqualErrors:
    """Where FMR and FNMR are equal on a curve of steps.

    Attributes:
        rate: the equal error rate.
        after: index of the first step at which FMR is not below FNMR.
        share: how far from the step before it to this one the two rates are equal, above 0 and up to 1.
    """

    rate: float
    after: int
    share: float


def equal_errors(tp: NDArray[np.float64 | np.int64], fp: NDArray[np.float64 | np.int64]) -> EqualErrors:
    """The equal error rate of accepted counts, on a straight line between the two steps around it.

    Args:
        tp: (steps,), mated comparisons accepted, or their weight: rising from 0 to all of them, above 0.
        fp: (steps,), non-mated comparisons accepted, likewise.
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
    """Area under the ROC: how often a mated comparison is more alike than a non-mated one.

    Args:
        similarity: float64 (n,), finite, higher is more alike.
        mated: bool (n,).

    Returns:
        P(mated > non-mated) + P(equal) / 2 over all couples of one of each, 0 to 1; NaN where a kind is missing.

    Raises:
        ConfigurationError, MetricUndefinedError: see `faceproof.metrics.confusion.checked_comparisons`.

    Source: Hanley and McNeil 1982, the Mann-Whitney reading of the area.

    >>> auc([0.9, 0.4, 0.4, 0.1], [True, True, False, False])
    0.875
    """
    steps = count_steps(similarity, mated)
    couples = steps.mated * steps.non_mated
    if couples == 0:
        return math.nan
    doubled_area = int(np.sum(np.diff(steps.fp) * (steps.tp[1:] + steps.tp[:-1])))
    return doubled_area / (2 * couples)


def _rate(part: NDArray[np.int64], whole: int) -> NDArray[np.float64]:
    return part / whole if whole else np.full(part.shape, math.nan)


def _evenly(rising: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    targets = np.linspace(rising[0], rising[-1], count)
    return np.minimum(np.searchsorted(rising, targets), rising.size - 1).astype(np.int64)
