"""A threshold with its unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from faceproof.errors import ConfigurationError
from faceproof.scoring.similarity import distance_from_similarity

Unit = Literal["distance", "cosine", "score"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where it is decided whether two photos show the same person.

    Attributes:
        value: the threshold itself counts as the same person.
        unit: ``distance``: Euclidean distance of unit templates, 0 to 2; ``cosine``: of the templates, -1 to 1;
            ``score``: the scale of a file of scores.
        origin: how it was set, and on which data.
        weights_sha256: digest of the model's weights that it was set with; None: not known.

    Raises:
        ConfigurationError: the value lies outside of the range of its unit.

    Examples:
        >>> Threshold(0.5, "cosine").distance
        1.0
    """

    value: float
    unit: Unit = "distance"
    origin: str = "given by you"
    weights_sha256: str | None = None

    def __post_init__(self) -> None:
        ranges = {"distance": (0.0, 2.0), "cosine": (-1.0, 1.0), "score": (-math.inf, math.inf)}
        if self.unit not in ranges:
            raise ConfigurationError(f"A threshold has no unit {self.unit!r}. Expected distance, cosine or score.")
        low, high = ranges[self.unit]
        if not low <= self.value <= high or math.isinf(self.value):
            expected = "a finite number" if self.unit == "score" else f"{low:g} to {high:g}"
            raise ConfigurationError(
                f"A threshold of {self.unit} {self.value} makes no sense: expected {expected}.", argument="threshold"
            )

    @property
    def distance(self) -> float:
        """The threshold as a distance of unit templates, 0 to 2.

        Raises:
            ConfigurationError: it is in the scale of a file of scores.
        """
        if self.unit == "score":
            raise ConfigurationError(f"The threshold {self.value:g} is a score of a file, not a distance of templates.")
        return self.value if self.unit == "distance" else distance_from_similarity(self.value)


def distance_of(threshold: float | Threshold | None) -> float | None:
    """A threshold as a distance of unit templates; a plain number is one already.

    Raises:
        ConfigurationError: it is no such distance.
    """
    if threshold is None:
        return None
    return (threshold if isinstance(threshold, Threshold) else Threshold(float(threshold))).distance
