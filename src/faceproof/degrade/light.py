"""Light and weather: where the light comes from, how much of it, and what is in the air."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from faceproof.degrade.types import Picture, as_bytes

_DISPLAY_GAMMA = 2.2
_HAZE_COLOUR = 220.0
_RAIN_COLOUR = 210.0
_DROPS = 1500


def side_light(photo: Picture, darkening: float, rng: np.random.Generator) -> Picture:
    """Light from the left or the right, which is drawn: the far side falls dark in a straight ramp.

    Args:
        photo: uint8 (h, w, 3), RGB.
        darkening: of the far edge, 0 (none) to 1 (black).
        rng: of the side.
    """
    ramp = np.linspace(1, 1 - darkening, photo.shape[1], dtype=np.float32)
    ramp = ramp[::-1] if rng.random() < 0.5 else ramp
    return as_bytes(photo * ramp[None, :, None])


def over_exposure(photo: Picture, stops: float) -> Picture:
    """So many doublings of the light; what is brighter than white is lost.

    Args:
        photo: uint8 (h, w, 3), RGB, whose values stand for light to the power of 1 / 2.2.
        stops: 0 or more.
    """
    light = (np.arange(256, dtype=np.float32) / 255) ** _DISPLAY_GAMMA * 2.0**stops
    return as_bytes(255 * np.minimum(light, 1) ** (1 / _DISPLAY_GAMMA))[photo]


def haze(photo: Picture, share: float) -> Picture:
    """Light scattered in between: so much of each value comes from a pale gray.

    Args:
        photo: uint8 (h, w, 3), RGB.
        share: 0 to 1.
    """
    return as_bytes((1 - share) * np.arange(256, dtype=np.float32) + share * _HAZE_COLOUR)[photo]


def rain(photo: Picture, density: float, length_px: float, rng: np.random.Generator) -> Picture:
    """Slanting streaks of pale light, a little out of focus.

    Args:
        photo: uint8 (h, w, 3), RGB.
        density: 0 to 1; streaks a photo are 1,500 times this.
        length_px: of a streak in pixels.
        rng: where they fall and how they slant.
    """
    height, width = photo.shape[:2]
    slant = rng.uniform(-0.35, 0.35)
    # Drawn twice as large, so that streaks can be half a pixel thick.
    veil = Image.new("L", (2 * width, 2 * height), 0)
    draw = ImageDraw.Draw(veil)
    thick = max(round(length_px / 10), 1)
    dx, dy = 2 * length_px * math.sin(slant), 2 * length_px * math.cos(slant)
    for x, y, strength in rng.random((round(_DROPS * density), 3)).tolist():
        start = (2 * x * width, 2 * (y * (height + length_px) - length_px))
        draw.line((*start, start[0] + dx, start[1] + dy), fill=round(90 + 130 * strength), width=thick)
    soft = veil.resize((width, height), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(thick / 4))
    cover = np.asarray(soft, np.float32)[:, :, None] / 255
    return as_bytes(photo * (1 - cover) + cover * _RAIN_COLOUR)
