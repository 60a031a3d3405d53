"""The usual scores of models, and their conversion to and from the Euclidean distance of unit templates.

faceproof compares unit templates by their Euclidean distance, 0 to 2. Makers of models also use its square, the
cosine, one minus the cosine, or the angle. Each is a monotone function of the distance, so a threshold in one of them
gives the same decisions as the converted threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError

Float64Array = NDArray[np.float64]
ScoreName = Literal["euclidean", "squared_euclidean", "cosine_similarity", "cosine_distance", "angle_deg"]


@dataclass(frozen=True, slots=True)
class UsualScore:
    """A score for the similarity or distance of two unit templates.

    Attributes:
        name: name in a model card.
        label: name in a table.
        words: description.
        low: lowest possible score.
        high: highest possible score.
        higher_is_more_alike: True for similarities, False for distances.
        from_distance: converts distances, float64 of any shape, 0 to 2; `of_distance` also checks the range.
        to_distance: converts scores to distances; `distance` also checks the range.
        unit: unit after a score in text.
        decimals: number of decimals in text.
    """

    name: ScoreName
    label: str
    words: str
    low: float
    high: float
    higher_is_more_alike: bool
    from_distance: Callable[[Float64Array], Float64Array]
    to_distance: Callable[[Float64Array], Float64Array]
    unit: str = ""
    decimals: int = 4

    def of_distance(self, distance: ArrayLike) -> Float64Array:
        """Scores for Euclidean distances of unit templates.

        Args:
            distance: 0 to 2, of any shape; NaN stays NaN.

        Returns:
            float64 in the shape of the argument, ``low`` to ``high``.

        Raises:
            ConfigurationError: a distance is outside of its range.

        >>> USUAL_SCORES["angle_deg"].of_distance([0.0, 2.0]).tolist()
        [0.0, 180.0]
        """
        return np.asarray(self.from_distance(_within(distance, 0.0, 2.0, "distance")))

    def distance(self, score: ArrayLike) -> Float64Array:
        """Euclidean distances of unit templates for scores.

        Args:
            score: ``low`` to ``high``, of any shape; NaN stays NaN.

        Returns:
            float64 in the shape of the argument, 0 to 2.

        Raises:
            ConfigurationError: a score is outside of its range.

        >>> USUAL_SCORES["cosine_similarity"].distance([1.0, 0.5, -1.0]).tolist()
        [0.0, 1.0, 2.0]
        """
        return np.asarray(self.to_distance(_within(score, self.low, self.high, self.label)))

    @property
    def direction(self) -> str:
        """The direction of the score, as text: ``higher is more alike`` or ``lower is more alike``."""
        return f"{'higher' if self.higher_is_more_alike else 'lower'} is more alike"

    def text(self, score: float) -> str:
        """A score as text, with its unit.

        >>> USUAL_SCORES["angle_deg"].text(70.359), USUAL_SCORES["cosine_similarity"].text(0.35)
        ('70.36°', '0.3500')
        """
        return f"{score:.{self.decimals}f}{self.unit}"


USUAL_SCORES: dict[str, UsualScore] = {
    score.name: score
    for score in (
        UsualScore(
            "euclidean",
            "distance",
            "Euclidean distance of unit templates",
            low=0.0,
            high=2.0,
            higher_is_more_alike=False,
            from_distance=lambda distance: distance,
            to_distance=lambda score: score,
        ),
        UsualScore(
            "squared_euclidean",
            "squared distance",
            "squared Euclidean distance of unit templates",
            low=0.0,
            high=4.0,
            higher_is_more_alike=False,
            from_distance=np.square,
            to_distance=np.sqrt,
        ),
        UsualScore(
            "cosine_similarity",
            "cosine similarity",
            "cosine of the angle between two templates",
            low=-1.0,
            high=1.0,
            higher_is_more_alike=True,
            from_distance=lambda distance: 1.0 - np.square(distance) / 2.0,
            to_distance=lambda score: np.sqrt(2.0 - 2.0 * score),
        ),
        UsualScore(
            "cosine_distance",
            "cosine distance",
            "1 minus the cosine of the angle between two templates",
            low=0.0,
            high=2.0,
            higher_is_more_alike=False,
            from_distance=lambda distance: np.square(distance) / 2.0,
            to_distance=lambda score: np.sqrt(2.0 * score),
        ),
        UsualScore(
            "angle_deg",
            "angle",
            "angle between two templates in degrees",
            low=0.0,
            high=180.0,
            higher_is_more_alike=False,
            from_distance=lambda distance: np.degrees(2.0 * np.arcsin(distance / 2.0)),
            to_distance=lambda score: 2.0 * np.sin(np.radians(score) / 2.0),
            unit="°",
            decimals=2,
        ),
    )
}


def _within(values: ArrayLike, low: float, high: float, what: str) -> Float64Array:
    """The values as float64; raise ConfigurationError if one is outside of ``low`` to ``high``."""
    array = np.asarray(values, dtype=np.float64)
    outside = (array < low) | (array > high)
    if outside.any():
        raise ConfigurationError(f"{what} is {array[outside].flat[0]:g}; expected {low:g} to {high:g}")
    return array
