"""Scores of other systems on faceproof's own scale, and the way back.

Similarities between -1 and 1 count as cosines, distances between 0 and 2 as those of unit templates. Any other scale
is laid onto distance 0 to 2 by one straight line. Whatever the scale, the order of all scores is kept, ties
included, so that every rate and curve is that of the scores themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError
from faceproof.scoring.similarity import distance_from_similarity, similarity_from_distance

Floats = NDArray[np.float64]
ScoreKind = Literal["similarity", "distance"]

_LARGEST = float(np.finfo(np.float64).max)
_SLACK = 1e-6
"""How far cosines and distances of float32 templates may stick out of their range."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How scores become distances, 0 to 2.

    Attributes:
        kind: ``cosine``: as it is; ``similarity``: ``distance = 2 (high - score) / (high - low)``; ``distance``:
            ``distance = 2 (score - low) / (high - low)``.
        low: the lowest score that the scale holds.
        high: the highest.
    """

    kind: Literal["cosine", "similarity", "distance"]
    low: float
    high: float

    @property
    def foreign(self) -> bool:
        """Whether distances are other numbers than the scores say."""
        return self.kind == "similarity" or (self.kind == "distance" and (self.low, self.high) != (0.0, 2.0))

    def accepts(self, score: Floats, threshold: float) -> NDArray[np.bool_]:
        """Which scores are at least as good as a threshold, bool in their shape; NaN is not."""
        accepted: NDArray[np.bool_] = score <= threshold if self.kind == "distance" else score >= threshold
        return accepted

    def distance(self, score: ArrayLike) -> Floats:
        """Distances, 0 to 2, of scores on this scale, in their shape."""
        values = np.asarray(score, dtype=np.float64)
        if self.kind == "cosine":
            return np.asarray(distance_from_similarity(np.clip(values, self.low, self.high)))
        # Halves, since the whole range of two large numbers may be infinite.
        behind = values / 2 - self.low / 2 if self.kind == "distance" else self.high / 2 - values / 2
        return np.clip(2 * (behind / (self.high / 2 - self.low / 2)), 0.0, 2.0)

    def similarity(self, score: ArrayLike) -> Floats:
        """Similarities, -1 to 1, that belong to the distances."""
        if self.kind == "cosine":
            return np.clip(np.asarray(score, dtype=np.float64), self.low, self.high)
        return np.asarray(similarity_from_distance(self.distance(score)))

    def in_words(self) -> str:
        """What a distance on this scale means, and how to come back to a score; meant for foreign scales."""
        kind, best, sign = (
            ("similarities", self.high, "-") if self.kind == "similarity" else ("distances", self.low, "+")
        )
        return (
            f"Distances and thresholds here are not the file's own numbers: its {kind} from {self.low:.8g} to "
            f"{self.high:.8g} were laid onto distance 0 to 2 by one straight line, and a distance d stands for the "
            f"score {best:.8g} {sign} {self.high / 2 - self.low / 2:.8g} d. Similarities, mean distances and d' "
            "hang on this line; error rates, EER and AUC do not, and are those of the scores themselves."
        )


def scale_of(score: Floats, kind: ScoreKind, threshold: float | None = None) -> Scale:
    """The scale that scores are on.

    Args:
        score: float64 (n,), finite, or NaN where there is none.
        kind: whether higher (``similarity``) or lower (``distance``) is more alike.
        threshold: one more number on the same scale.

    Returns:
        The usual scale of the kind where all numbers lie within it, else one from the lowest to the highest of them.

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
        # A line needs two points; all scores then lie in the middle.
        room = max(abs(low) / 4, 0.5)
        low, high = max(low - room, -_LARGEST), min(high + room, _LARGEST)
    return Scale(kind, low, high)


def similarities_from_scores(score: Floats, scale: Scale, threshold: float | None = None) -> Floats:
    """Similarities in the very order of the scores: equal only where these are equal.

    The formula alone would merge scores that differ by less than it can tell apart, such as distances below 1e-8.
    Where it would, the next float64 is taken.

    Args:
        score: float64 (n,), finite, or NaN where there is none.
        scale: from `scale_of`.
        threshold: a score that a place is kept for, so that one better than all others stays above them.

    Returns:
        float64 (n,), -1 to 1; NaN where there is no score.

    >>> scale = scale_of(np.array([0.0, 50.0, 100.0]), "distance")
    >>> similarities_from_scores(np.array([100.0, 0.0, 50.0, np.nan]), scale).tolist()
    [-1.0, 1.0, 0.5, nan]
    """
    made = ~np.isnan(score)
    values, place = np.unique(score[made], return_inverse=True)
    with_threshold = values if threshold is None else np.unique(np.append(values, threshold))
    rising = scale.kind != "distance"
    spread = _strictly_rising(scale.similarity(with_threshold if rising else with_threshold[::-1]))
    spread = spread if rising else spread[::-1]
    result = np.full(score.shape, np.nan)
    result[made] = spread[np.searchsorted(with_threshold, values)][place]
    return result


def threshold_distance(threshold: float, scale: Scale, score: Floats, similarity: Floats) -> float:
    """The distance that accepts exactly the comparisons that a threshold in the scores' own scale accepts.

    Only scores that differ by less than 1e-15 of the scale, far from its best end, no distance can tell apart.

    Args:
        threshold: a score.
        scale: the scale of the scores.
        score: float64 (n,), NaN where there is none.
        similarity: float64 (n,), what `similarities_from_scores` made of them.

    Returns:
        0 to 2, and as near to the threshold's own place as that allows.

    Raises:
        ConfigurationError: the threshold is no number on this scale.
    """
    if not scale.low - _SLACK <= threshold <= scale.high + _SLACK:
        raise ConfigurationError(
            f"The threshold {threshold:g} is off the scale of these scores; expected {scale.low:g} to {scale.high:g}."
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


def _strictly_rising(similarity: Floats) -> Floats:
    """Non-falling similarities with ties broken by the least possible steps, within -1 and 1.

    Float64 are counted: as whole numbers in the order of their values, a step to the next one is a step by 1.
    """
    numbers, steps = _numbered(similarity), np.arange(similarity.size)
    numbers = np.maximum.accumulate(numbers - steps) + steps
    last = _numbered(np.array([1.0])) - steps[::-1]
    return _valued(np.minimum(numbers, last))


def _numbered(values: Floats) -> NDArray[np.int64]:
    bits = (values + 0.0).view(np.int64)
    return np.where(bits >= 0, bits, np.int64(-(2**63)) - bits)


def _valued(numbers: NDArray[np.int64]) -> Floats:
    return np.where(numbers >= 0, numbers, np.int64(-(2**63)) - numbers).view(np.float64)
