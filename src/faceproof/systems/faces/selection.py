"""Which of a photo's faces is compared. Box, probability and landmarks always stay together.

`subject` is the default for photos of one person each: the person whom the photo is of is rarely the one with the
largest box when a bystander stands closer, and rarely at the edge. Among faces that the detector is sure of
(probability at least 0.9; all faces if it is sure of none) it takes the one with the largest
area - 2 * squared distance between the middle of the box and the middle of the photo. A detector that gives no
probabilities counts as sure of every face.

Convention: of equal scores the larger box is chosen, then the more probable face, then the earlier row. Equal
probabilities occur, since softmax in float32 saturates near 1. facenet-pytorch leaves the choice to an unstable sort
there, so that it may differ from processor to processor.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError
from faceproof.systems.faces.types import Face, Faces

Scorer = Callable[[Faces, int, int], NDArray[np.float64]]
SURE = 0.9


def choose(faces: Faces, height: int, width: int, method: str = "subject") -> Face | None:
    """The face that is compared.

    Args:
        faces: all faces of one photo.
        height: of the photo in pixels.
        width: of the photo in pixels.
        method: a name in `SELECTIONS`.

    Returns:
        The face, or None when there is none (or none that the method accepts).

    Raises:
        ConfigurationError: when there is no such method.
    """
    scorer = get_selection(method)
    if not len(faces):
        return None
    score, row = scorer(faces, height, width), np.arange(len(faces))
    best = int(np.lexsort((-row, _probability(faces, height, width), _area(faces), score))[-1])
    return faces.face(best) if score[best] > -np.inf else None


def get_selection(method: str) -> Scorer:
    """The scorer called ``method``; the face with the highest score is chosen, -inf is never chosen."""
    if method in SELECTIONS:
        return SELECTIONS[method]
    close = get_close_matches(method, SELECTIONS, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    expected = f"{hint}Expected one of: {', '.join(SELECTIONS)}."
    raise ConfigurationError(f"selection is {method!r}. {expected}", argument="selection")


def _area(faces: Faces) -> NDArray[np.float64]:
    box = faces.boxes_xyxy_px.astype(np.float64)
    area: NDArray[np.float64] = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    return area


def _probability(faces: Faces, _height: int, _width: int) -> NDArray[np.float64]:
    return np.nan_to_num(faces.probabilities.astype(np.float64), nan=1.0)


def _largest(faces: Faces, _height: int, _width: int) -> NDArray[np.float64]:
    return _area(faces)


def _largest_over_threshold(faces: Faces, height: int, width: int) -> NDArray[np.float64]:
    return np.where(_probability(faces, height, width) > SURE, _area(faces), -np.inf)


def _center_weighted_size(faces: Faces, height: int, width: int) -> NDArray[np.float64]:
    box = faces.boxes_xyxy_px.astype(np.float64)
    offset = (box[:, :2] + box[:, 2:]) / 2 - np.array([width / 2, height / 2])
    score: NDArray[np.float64] = _area(faces) - 2 * (offset**2).sum(axis=1)
    return score


def _subject(faces: Faces, height: int, width: int) -> NDArray[np.float64]:
    score = _center_weighted_size(faces, height, width)
    sure = _probability(faces, height, width) >= SURE
    return np.where(sure, score, -np.inf) if sure.any() else score


SELECTIONS: dict[str, Scorer] = {
    "subject": _subject,
    "probability": _probability,
    "largest": _largest,
    "largest_over_threshold": _largest_over_threshold,
    "center_weighted_size": _center_weighted_size,
}
"""Name of each selection method and its scorer."""
