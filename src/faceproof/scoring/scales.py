"""Convert scores of other systems to similarities and distances of unit templates.

Similarities between -1 and 1 are treated as cosines, distances between 0 and 2 as distances of unit templates. Scores
on any other scale are mapped linearly to distances from 0 to 2. The order of all scores is preserved, ties included,
so rates and curves are those of the original scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError
from faceproof.scoring.similarity import distance_from_similarity, similarity_from_distance

Float64Array = NDArray[np.float64]
ScoreKind = Literal["similarity", "distance"]

_LARGEST = float(np.finfo(np.float64).max)
_SLACK = 1e-6
"""How far cosines and distances of float32 templates may be outside of their range."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Conversion of scores to distances, 0 to 2.

    Attributes:
        kind: ``cosine``: ``distance = sqrt(2 - 2 score)``; ``similarity``: ``distance = 2 (high - score) / (high -
            low)``; ``distance``: ``distance = 2 (score - low) / (high - low)``.
        low: lowest score of the scale.
        high: highest score of the scale.
    """

    kind: Literal["cosine", "similarity", "distance"]
    low: float
    high: float

    @property
    def foreign(self) -> bool:
        """Whether the scores are neither cosines nor distances of unit templates."""
        return self.kind == "similarity" or (self.kind == "distance" and (self.low, self.high) != (0.0, 2.0))

    def accepts(self, score: Float64Array, threshold: float) -> NDArray[np.bool_]:
        """Whether each score is accepted at a threshold, bool in the shape of ``score``; False for NaN."""
        accepted: NDArray[np.bool_] = score <= threshold if self.kind == "distance" else score >= threshold
        return accepted

    def distance(self, score: ArrayLike) -> Float64Array:
        """Distances for scores on this scale, 0 to 2, in the shape of ``score``."""
        values = np.asarray(score, dtype=np.float64)
        if self.kind == "cosine":
            return np.asarray(distance_from_similarity(np.clip(values, self.low, self.high)))
        # Halves, since the difference of two large numbers may be infinite.
        from_best = values / 2 - self.low / 2 if self.kind == "distance" else self.high / 2 - values / 2
        return np.clip(2 * (from_best / (self.high / 2 - self.low / 2)), 0.0, 2.0)

    def similarity(self, score: ArrayLike) -> Float64Array:
        """Similarities for scores on this scale, -1 to 1, in the shape of ``score``."""
        if self.kind == "cosine":
            return np.clip(np.asarray(score, dtype=np.float64), self.low, self.high)
        return np.asarray(similarity_from_distance(self.distance(score)))

    def in_words(self) -> str:
        """Text that explains the distances of a `foreign` scale, with the formula for the original score."""
        kind, best, sign = (
            ("similarities", self.high, "-") if self.kind == "similarity" else ("distances", self.low, "+")
        )
        return (
            f"Distances and thresholds here are not the file's own numbers: its {kind} from {self.low:.8g} to "
            f"{self.high:.8g} were mapped linearly to distances from 0 to 2. A distance d is the score "
            f"{best:.8g} {sign} {self.high / 2 - self.low / 2:.8g} d. Similarities, mean distances and d' "
            "depend on this mapping; error rates, EER and AUC do not, and are those of the original scores."
        )


def scale_of(score: Float64Array, kind: ScoreKind, threshold: float | None = None) -> Scale:
    """The scale of scores.

    Args:
        score: float64 (n,), finite, or NaN for a missing score.
        kind: whether higher (``similarity``) or lower (``distance``) is more alike.
        threshold: an additional number on the same scale.

    Returns:
        The usual scale of the kind if it contains all numbers, else one from the lowest to the highest number.

    >>> scale_of(np.array([0.2, 0.9]), "similarity"), scale_of(np.array([20.0, 90.0]), "similarity")
    (Scale(kind='cosine', low=-1.0, high=1.0), Scale(kind='similarity', low=20.0, high=90.0))
    """
    values = score[~np.isnan(score)]
    if threshold is not None:
        values = np.append(values, threshold)
    usual = Scale("cosine", -1.0, 1.0) if kind == "similarity" else Scale("distance", 0.0, 2.0)
    if not values.size:
        return usual
    low, high = float(values.min()), float(values.max())
    if usual.low - _SLACK <= low and high <= usual.high + _SLACK:
        return usual
    if low == high:
        # A linear map needs two points; all scores are then in the middle.
        room = max(abs(low) / 4, 0.5)
        low, high = max(low - room, -_LARGEST), min(high + room, _LARGEST)
    return Scale(kind, low, high)


def similarities_from_scores(score: Float64Array, scale: Scale, threshold: float | None = None) -> Float64Array:
    """Similarities in the order of the scores; two similarities are equal only if the scores are equal.

    The formula alone would give equal similarities for scores with tiny differences, such as distances below 1e-8. In
    this case the next float64 is used.

    Args:
        score: float64 (n,), finite, or NaN for a missing score.
        scale: a scale from `scale_of`.
        threshold: a score for which a similarity is reserved, so that a threshold better than all scores stays above
            them.

    Returns:
        float64 (n,), -1 to 1; NaN for a missing score.

    >>> scale = scale_of(np.array([0.0, 50.0, 100.0]), "distance")
    >>> similarities_from_scores(np.array([100.0, 0.0, 50.0, np.nan]), scale).tolist()
    [-1.0, 1.0, 0.5, nan]
    """
    present = ~np.isnan(score)
    values, place = np.unique(score[present], return_inverse=True)
    with_threshold = values if threshold is None else np.unique(np.append(values, threshold))
    rising = scale.kind != "distance"
    distinct = _strictly_rising(scale.similarity(with_threshold if rising else with_threshold[::-1]))
    distinct = distinct if rising else distinct[::-1]
    result = np.full(score.shape, np.nan)
    result[present] = distinct[np.searchsorted(with_threshold, values)][place]
    return result


def threshold_distance(threshold: float, scale: Scale, score: Float64Array, similarity: Float64Array) -> float:
    """The distance that accepts exactly the comparisons that a threshold in the scores' own scale accepts.

    The only exception are scores far from the best end of the scale that differ by less than 1e-15 of it.

    Args:
        threshold: a score.
        scale: the scale of the scores.
        score: float64 (n,), NaN for a missing score.
        similarity: float64 (n,), result of `similarities_from_scores` for these scores.

    Returns:
        A distance from 0 to 2, as near to the converted threshold as possible.

    Raises:
        ConfigurationError: the threshold is outside of this scale.
    """
    if not scale.low - _SLACK <= threshold <= scale.high + _SLACK:
        raise ConfigurationError(
            f"The threshold {threshold:g} is outside of the scale of these scores; expected {scale.low:g} to "
            f"{scale.high:g}."
        )
    accepted = scale.accepts(score, threshold)
    rejected = ~accepted & ~np.isnan(score)
    at = float(scale.similarity(threshold))
    if accepted.any():
        at = min(at, float(similarity[accepted].min()))
    if rejected.any() and at <= (best := float(similarity[rejected].max())):
        at = float(similarity[accepted].min()) if accepted.any() else float(np.nextafter(best, 2.0))
    distance = distance_from_similarity(at)
    while similarity_from_distance(distance) > at:
        distance = float(np.nextafter(distance, 3.0))
    return min(distance, 2.0)


def _strictly_rising(similarity: Float64Array) -> Float64Array:
    """Sorted similarities with ties broken by the smallest possible steps, within -1 and 1.

    Float64 values are numbered in the order of their values, so the step to the next value is a step by 1.
    """
    numbers, steps = _numbered(similarity), np.arange(similarity.size)
    numbers = np.maximum.accumulate(numbers - steps) + steps
    last = _numbered(np.array([1.0])) - steps[::-1]
    return _valued(np.minimum(numbers, last))


def _numbered(values: Float64Array) -> NDArray[np.int64]:
    """The number of each float64 in the order of all float64 values; 0 for 0.0."""
    bits = (values + 0.0).view(np.int64)
    return np.where(bits >= 0, bits, np.int64(-(2**63)) - bits)


def _valued(numbers: NDArray[np.int64]) -> Float64Array:
    """The inverse of `_numbered`."""
    return np.where(numbers >= 0, numbers, np.int64(-(2**63)) - numbers).view(np.float64)
