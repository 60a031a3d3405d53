"""Separation of mated and non-mated comparisons without a threshold: d' and summaries of distances."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.metrics.confusion import checked_comparisons
from faceproof.scoring.similarity import distance_from_similarity


@dataclass(frozen=True, slots=True)
class DistanceSummary:
    """Distances of one kind of comparison.

    Attributes:
        mean, minimum, maximum: distances, 0 to 2; NaN without comparisons.
        sd: standard deviation with n - 1 in the denominator; NaN with fewer than two comparisons.
        n: number of comparisons.
    """

    mean: float
    sd: float
    minimum: float
    maximum: float
    n: int


def d_prime(similarity: ArrayLike, mated: ArrayLike) -> float:
    """Difference of the mean similarities in units of the pooled standard deviation.

    d' = (mean of mated - mean of non-mated) / sqrt((variance of mated + variance of non-mated) / 2), with sample
    variances (n - 1). It describes two normal distributions; for other distributions it is approximate.

    Args:
        similarity: float64 (n,), finite, higher is more alike.
        mated: bool (n,).

    Returns:
        d', positive where mated comparisons have the higher mean similarity. NaN with fewer than two mated or fewer
        than two non-mated comparisons, or where neither kind varies.

    Raises:
        ConfigurationError, MetricUndefinedError: see `faceproof.metrics.confusion.checked_comparisons`.

    Source: Green and Swets 1966; in this form for biometrics, Daugman 2000.

    >>> round(d_prime([1.0, 0.5, 0.5, 0.0], [True, True, False, False]), 6)
    1.414214
    """
    scores, labels = checked_comparisons(similarity, mated)
    mates, others = scores[labels], scores[~labels]
    # The mean of equal numbers can have a rounding error, which gives them a variance above 0: test the range instead.
    if mates.size < 2 or others.size < 2 or (np.ptp(mates) == 0 and np.ptp(others) == 0):
        return math.nan
    spread = math.sqrt((float(np.var(mates, ddof=1)) + float(np.var(others, ddof=1))) / 2)
    return float(mates.mean() - others.mean()) / spread if spread > 0 else math.nan


def distance_summaries(similarity: ArrayLike, mated: ArrayLike) -> tuple[DistanceSummary, DistanceSummary]:
    """Distances of the mated and of the non-mated comparisons.

    Args:
        similarity: float64 (n,), finite, cosine of unit templates, -1 to 1.
        mated: bool (n,).

    Returns:
        The summary of mated, then of non-mated comparisons, as Euclidean distances of unit templates, 0 to 2.

    Raises:
        ConfigurationError, MetricUndefinedError: see `faceproof.metrics.confusion.checked_comparisons`.

    >>> mates, others = distance_summaries([1.0, -1.0], [True, False])
    >>> mates.mean, others.mean
    (0.0, 2.0)
    """
    scores, labels = checked_comparisons(similarity, mated)
    distance = distance_from_similarity(scores)
    return _summary(distance[labels]), _summary(distance[~labels])


def _summary(distance: NDArray[np.float64]) -> DistanceSummary:
    if distance.size == 0:
        return DistanceSummary(math.nan, math.nan, math.nan, math.nan, 0)
    return DistanceSummary(
        mean=float(distance.mean()),
        sd=float(distance.std(ddof=1)) if distance.size > 1 else math.nan,
        minimum=float(distance.min()),
        maximum=float(distance.max()),
        n=int(distance.size),
    )
