"""Counts of decisions at a threshold, and the rates computed from these counts.

Convention: a comparison is accepted (declared the same person) when ``similarity >= threshold``. Mated is the
positive class. A rate whose denominator is zero is NaN, never 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError, MetricUndefinedError


@dataclass(frozen=True, slots=True)
class Confusion:
    """Confusion matrix: accepted and rejected comparisons, mated and non-mated.

    Attributes:
        tp: mated and accepted.
        fn: mated and rejected (false non-matches).
        tn: non-mated and rejected.
        fp: non-mated and accepted (false matches).
    """

    tp: int
    fn: int
    tn: int
    fp: int

    @property
    def mated(self) -> int:
        """Number of mated comparisons."""
        return self.tp + self.fn

    @property
    def non_mated(self) -> int:
        """Number of non-mated comparisons."""
        return self.tn + self.fp

    @property
    def n(self) -> int:
        """Number of comparisons."""
        return self.mated + self.non_mated


def checked_comparisons(similarity: ArrayLike, mated: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Check similarities and labels, and convert them to the dtypes that the metrics compute with.

    Args:
        similarity: (n,) real numbers, higher is more alike, all finite.
        mated: (n,) bool, True where both sides are the same person.

    Returns:
        ``similarity`` as float64 (n,) and ``mated`` as bool (n,); no copy where none is needed.

    Raises:
        ConfigurationError: the two differ in length, are not one-dimensional, or ``mated`` is not boolean.
        MetricUndefinedError: a similarity is NaN or infinite. The caller leaves out, and counts, the comparisons
            that could not be made.
    """
    scores = np.asarray(similarity, dtype=np.float64)
    labels = np.asarray(mated)
    if scores.ndim != 1 or labels.shape != scores.shape:
        raise ConfigurationError(
            f"similarity has shape {scores.shape} and mated {labels.shape}; expected one and the same length (n,)"
        )
    if labels.dtype != np.bool_ and labels.size:
        raise ConfigurationError(f"mated has dtype {labels.dtype}; expected bool, True for the same person")
    unusable = scores.size - int(np.count_nonzero(np.isfinite(scores)))
    if unusable:
        raise MetricUndefinedError(
            f"{unusable} of {scores.size} similarities are NaN or infinite; leave out (and count) the comparisons "
            "that could not be made before measuring"
        )
    return scores, labels.astype(np.bool_, copy=False)


def confusion_at(similarity: ArrayLike, mated: ArrayLike, threshold: float) -> Confusion:
    """Counts of right and wrong decisions at a threshold.

    Args:
        similarity: float64 (n,), finite.
        mated: bool (n,).
        threshold: similarity from which a comparison is accepted; infinities are allowed.

    Returns:
        The four counts; they sum to n.

    Raises:
        ConfigurationError, MetricUndefinedError: see `checked_comparisons`; also where the threshold is NaN.

    >>> confusion_at([0.9, 0.4, 0.4, 0.1], [True, True, False, False], 0.4)
    Confusion(tp=2, fn=0, tn=1, fp=1)
    """
    scores, labels = checked_comparisons(similarity, mated)
    if math.isnan(threshold):
        raise MetricUndefinedError("the threshold is NaN, so nothing can be decided; see why it could not be set")
    accepted = scores >= threshold
    tp = int(np.count_nonzero(accepted & labels))
    positives = int(np.count_nonzero(labels))
    fp = int(np.count_nonzero(accepted)) - tp
    return Confusion(tp=tp, fn=positives - tp, tn=scores.size - positives - fp, fp=fp)


def confusion_sweep(
    similarity: ArrayLike, mated: ArrayLike, thresholds: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Counts of right and wrong decisions at many thresholds, sorting only once.

    Args:
        similarity: float64 (n,), finite.
        mated: bool (n,).
        thresholds: float64 (t,), similarities, in any order.

    Returns:
        int64 (t,) each: true positives, false negatives, true negatives, false positives.

    Raises:
        ConfigurationError, MetricUndefinedError: see `confusion_at`.

    >>> tp, fn, tn, fp = confusion_sweep([0.9, 0.4, 0.1], [True, False, False], [0.0, 0.5])
    >>> tp.tolist(), fn.tolist(), tn.tolist(), fp.tolist()
    ([1, 1], [0, 0], [0, 2], [2, 0])
    """
    scores, labels = checked_comparisons(similarity, mated)
    at = np.asarray(thresholds, dtype=np.float64)
    if at.ndim != 1:
        raise ConfigurationError(f"thresholds has shape {at.shape}; expected (t,)")
    if np.isnan(at).any():
        raise MetricUndefinedError("a threshold is NaN, so nothing can be decided there")
    fn = np.searchsorted(np.sort(scores[labels]), at, side="left").astype(np.int64)
    tn = np.searchsorted(np.sort(scores[~labels]), at, side="left").astype(np.int64)
    positives = int(np.count_nonzero(labels))
    return positives - fn, fn, tn, scores.size - positives - tn


def accuracy(confusion: Confusion) -> float:
    """Share of right decisions, (TP + TN) / n; NaN without comparisons.

    With comparisons of one kind only, accuracy is defined but not informative: accepting everything may give 1.

    >>> accuracy(Confusion(tp=8, fn=2, tn=9, fp=1))
    0.85
    """
    return _ratio(confusion.tp + confusion.tn, confusion.n)


def precision(confusion: Confusion) -> float:
    """Share of accepted comparisons that are mated, TP / (TP + FP); NaN where nothing was accepted."""
    return _ratio(confusion.tp, confusion.tp + confusion.fp)


def recall(confusion: Confusion) -> float:
    """Share of mated comparisons that are accepted (true match rate), TP / (TP + FN); NaN without any."""
    return _ratio(confusion.tp, confusion.mated)


def f1(confusion: Confusion) -> float:
    """Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN).

    NaN without mated comparisons. 0 where there are mated comparisons and none of them was accepted.

    >>> f1(Confusion(tp=0, fn=3, tn=5, fp=0)), f1(Confusion(tp=0, fn=0, tn=5, fp=1))
    (0.0, nan)
    """
    if confusion.mated == 0:
        return math.nan
    return _ratio(2 * confusion.tp, 2 * confusion.tp + confusion.fp + confusion.fn)


def fmr(confusion: Confusion) -> float:
    """False match rate, FP / (FP + TN); NaN without non-mated comparisons (ISO/IEC 19795-1).

    >>> fmr(Confusion(tp=8, fn=2, tn=9, fp=1))
    0.1
    """
    return _ratio(confusion.fp, confusion.non_mated)


def fnmr(confusion: Confusion) -> float:
    """False non-match rate, FN / (FN + TP); NaN without mated comparisons (ISO/IEC 19795-1).

    >>> fnmr(Confusion(tp=8, fn=2, tn=9, fp=1))
    0.2
    """
    return _ratio(confusion.fn, confusion.mated)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
