"""Light and weather: direction and amount of light, haze and rain."""

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
    """Light from a random side, left or right: the brightness decreases linearly towards the other side.

    Args:
        photo: uint8 (h, w, 3), RGB.
        darkening: darkening of the far edge, 0 (none) to 1 (black).
        rng: generator of the side.

    Returns:
        uint8 (h, w, 3).
    """
    ramp = np.linspace(1, 1 - darkening, photo.shape[1], dtype=np.float32)
    ramp = ramp[::-1] if rng.random() < 0.5 else ramp
    return as_bytes(photo * ramp[None, :, None])


def over_exposure(photo: Picture, stops: float) -> Picture:
    """Over-exposure: the light is multiplied by 2 ** stops and clipped at white.

    Args:
        photo: uint8 (h, w, 3), RGB, with display gamma 2.2.
        stops: number of doublings of the light, 0 or more.

    Returns:
        uint8 (h, w, 3).
    """
    light = (np.arange(256, dtype=np.float32) / 255) ** _DISPLAY_GAMMA * 2.0**stops
    return as_bytes(255 * np.minimum(light, 1) ** (1 / _DISPLAY_GAMMA))[photo]


def haze(photo: Picture, share: float) -> Picture:
    """Haze: each value is blended with a pale gray.

    Args:
        photo: uint8 (h, w, 3), RGB.
        share: share of the gray, 0 to 1.

    Returns:
        uint8 (h, w, 3).
    """
    return as_bytes((1 - share) * np.arange(256, dtype=np.float32) + share * _HAZE_COLOUR)[photo]


def rain(photo: Picture, density: float, length_px: float, rng: np.random.Generator) -> Picture:
    """Rain: slanting, slightly blurred streaks of a pale gray.

    Args:
        photo: uint8 (h, w, 3), RGB.
        density: 0 to 1; the number of streaks is 1,500 times this.
        length_px: length of a streak in pixels.
        rng: generator of positions, strengths and slant.

    Returns:
        uint8 (h, w, 3).
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
