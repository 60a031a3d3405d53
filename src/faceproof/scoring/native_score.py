"""The scores by which makers of models judge two templates, and the way between them and faceproof's own distance.

faceproof compares unit templates by their Euclidean distance, 0 to 2. Others give its square, the cosine, one minus
the cosine, or the angle. Each follows from the distance alone and keeps its order or turns it round, so that a
threshold is the same decision in all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError

Floats = NDArray[np.float64]
ScoreName = Literal["euclidean", "squared_euclidean", "cosine_similarity", "cosine_distance", "angle_deg"]


@dataclass(frozen=True, slots=True)
class UsualScore:
    """One way to say how alike two unit templates are.

    Attributes:
        name: as a card says it.
        label: what a table calls it.
        words: what it is.
        low: the lowest score there is.
        high: the highest.
        higher_is_more_alike: else lower is.
        from_distance: float64 of any shape, 0 to 2, to scores; see `of_distance` for the checked way.
        to_distance: the way back; see `distance`.
        unit: what stands behind a score in text.
        decimals: how many of them text shows.
    """

    name: ScoreName
    label: str
    words: str
    low: float
    high: float
    higher_is_more_alike: bool
    from_distance: Callable[[Floats], Floats]
    to_distance: Callable[[Floats], Floats]
    unit: str = ""
    decimals: int = 4

    def of_distance(self, distance: ArrayLike) -> Floats:
        """Scores at Euclidean distances of unit templates.

        Args:
            distance: 0 to 2, of any shape; NaN stays NaN.

        Returns:
            float64 in the shape of the argument, ``low`` to ``high``.

        Raises:
            ConfigurationError: a distance lies outside of its range.

        >>> USUAL_SCORES["angle_deg"].of_distance([0.0, 2.0]).tolist()
        [0.0, 180.0]
        """
        return np.asarray(self.from_distance(_within(distance, 0.0, 2.0, "distance")))

    def distance(self, score: ArrayLike) -> Floats:
        """Euclidean distances of unit templates at scores.

        Args:
            score: ``low`` to ``high``, of any shape; NaN stays NaN.

        Returns:
            float64 in the shape of the argument, 0 to 2.

        Raises:
            ConfigurationError: a score lies outside of its range.

        >>> USUAL_SCORES["cosine_similarity"].distance([1.0, 0.5, -1.0]).tolist()
        [0.0, 1.0, 2.0]
        """
        return np.asarray(self.to_distance(_within(score, self.low, self.high, self.label)))

    @property
    def direction(self) -> str:
        """Which way is more alike, in words."""
        return f"{'higher' if self.higher_is_more_alike else 'lower'} is more alike"

    def text(self, score: float) -> str:
        """A score as text.

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


def _within(values: ArrayLike, low: float, high: float, what: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    outside = (array < low) | (array > high)
    if outside.any():
        raise ConfigurationError(f"{what} {array[outside].flat[0]:g} makes no sense; expected {low:g} to {high:g}")
    return array
