"""Colour and tone: functions of each pixel alone. Photos and results are uint8 (h, w, 3), RGB."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageColor, ImageEnhance

from faceproof.degrade.types import Picture, as_bytes

_SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32)


def grayscale(photo: Picture) -> Picture:
    """Luma by ITU-R BT.601 (rounded as in Pillow) in all three channels."""
    return np.asarray(Image.fromarray(photo).convert("L").convert("RGB"))


def sepia(photo: Picture) -> Picture:
    """Sepia by the usual colour matrix."""
    return as_bytes(photo.astype(np.float32) @ _SEPIA.T)


def tint(photo: Picture, colour: str) -> Picture:
    """Luma in shades from black to one colour.

    Args:
        photo: uint8 (h, w, 3), RGB.
        colour: a colour that Pillow knows, such as ``#FFA500``.

    Returns:
        uint8 (h, w, 3).
    """
    shades = np.arange(256, dtype=np.float32)[:, None] * (np.array(ImageColor.getrgb(colour)[:3]) / 255)
    palette: Picture = as_bytes(shades)
    tinted: Picture = palette[np.asarray(Image.fromarray(photo).convert("L"))]
    return tinted


def inverted(photo: Picture) -> Picture:
    """The negative: 255 minus each value."""
    return 255 - photo


def contrast(photo: Picture, factor: float) -> Picture:
    """Difference from the photo's mean luma times ``factor``, 0 or more, by Pillow's ``ImageEnhance.Contrast``."""
    return np.asarray(ImageEnhance.Contrast(Image.fromarray(photo)).enhance(factor))


def brightness(photo: Picture, factor: float) -> Picture:
    """Each value times ``factor``, 0 or more, by Pillow's ``ImageEnhance.Brightness``."""
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(photo)).enhance(factor))


def saturation(photo: Picture, factor: float) -> Picture:
    """Difference from gray times ``factor``, 0 (gray) or more, by Pillow's ``ImageEnhance.Color``."""
    return np.asarray(ImageEnhance.Color(Image.fromarray(photo)).enhance(factor))


def gamma(photo: Picture, exponent: float) -> Picture:
    """255 (value / 255) ** exponent for each value; an exponent above 1 darkens the middle tones."""
    return as_bytes(255 * (np.arange(256, dtype=np.float32) / 255) ** exponent)[photo]


def colour_cast(photo: Picture, shift: float) -> Picture:
    """Warm light: red times 1 + shift, blue times 1 - shift.

    Args:
        photo: uint8 (h, w, 3), RGB.
        shift: 0 to 1.

    Returns:
        uint8 (h, w, 3).
    """
    return as_bytes(photo.astype(np.float32) * np.array([1 + shift, 1, 1 - shift], np.float32))
