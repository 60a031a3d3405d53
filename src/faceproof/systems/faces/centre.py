"""The centre of a photo in place of a face, for photos in which no face is found."""

from __future__ import annotations

import math

import numpy as np

from faceproof.errors import ConfigurationError
from faceproof.systems.faces.types import Face

FAIL, CENTRE_CROP = "fail", "centre-crop"
ON_MISSING = (FAIL, CENTRE_CROP)

_SIDE = 0.5
_LANDMARKS = ((0.30, 0.40), (0.70, 0.40), (0.50, 0.60), (0.35, 0.78), (0.65, 0.78))
"""Landmarks of an upright face as fractions of the sides of its box."""


def centre_face(height: int, width: int) -> Face:
    """A square at the centre of a photo, half as wide as the shorter side, with landmarks of an upright face.

    The photo is not searched. In LFW, where photos are centred on a face that was found, this is about the face.

    Args:
        height: of the photo in pixels.
        width: of the photo in pixels.

    Returns:
        The square; its probability is NaN.
    """
    side = _SIDE * min(height, width)
    x0, y0 = (width - side) / 2, (height - side) / 2
    box = np.array([x0, y0, x0 + side, y0 + side], np.float32)
    return Face(box, math.nan, np.array(_LANDMARKS, np.float32) * np.float32(side) + box[:2])


def check_on_missing(value: object) -> None:
    """Refuse what is no way to treat photos without a face.

    Raises:
        ConfigurationError: ``value`` is none of `ON_MISSING`.
    """
    if value not in ON_MISSING:
        raise ConfigurationError(
            f"on_missing is {value!r}. Expected one of: {', '.join(ON_MISSING)}.", argument="on_missing"
        )
