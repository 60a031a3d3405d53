"""Add a black border to a photo before detection, and convert the faces back to pixels of the photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError
from faceproof.systems.faces.types import Faces

LARGEST_PAD = 1.0


def check_pad(pad: float) -> None:
    """Check that a border is a fraction of the photo's sides.

    Raises:
        ConfigurationError: ``pad`` is not a number from 0 to `LARGEST_PAD`.
    """
    if not 0 <= pad <= LARGEST_PAD:
        raise ConfigurationError(
            f"pad is {pad}; expected a fraction of the photo's sides from 0 to {LARGEST_PAD:g}, such as 0.35 for a "
            "black border of 35% on each side."
        )


def border_px(height: int, width: int, pad: float) -> tuple[int, int]:
    """Height of the border above and below, and width of the border left and right, in whole pixels.

    >>> border_px(200, 100, 0.35)
    (70, 35)
    """
    return round(height * pad), round(width * pad)


def bordered(photo: NDArray[np.uint8], pad: float) -> NDArray[np.uint8]:
    """The photo with a black border around it.

    Args:
        photo: uint8 (h, w, 3), RGB.
        pad: border on each side, as a fraction of the photo's height (above, below) and width (left, right).

    Returns:
        uint8, about (h * (1 + 2 * pad), w * (1 + 2 * pad), 3).
    """
    rows, columns = border_px(photo.shape[0], photo.shape[1], pad)
    return np.pad(photo, ((rows, rows), (columns, columns), (0, 0)))


def without_border(faces: Faces, height: int, width: int, pad: float) -> Faces:
    """Faces of a photo with a border, converted to pixels of the photo without it.

    Args:
        faces: in pixels of what `bordered` gives.
        height: of the photo without the border.
        width: likewise.
        pad: as `bordered` got it.
    """
    rows, columns = border_px(height, width, pad)
    corner = np.array([columns, rows], np.float32)
    return Faces(faces.boxes_xyxy_px - np.tile(corner, 2), faces.probabilities, faces.landmarks_px - corner)
