"""Geometric changes without a change of size. Pixels outside the photo have the value of the nearest edge pixel."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from faceproof.degrade.types import Picture, as_bytes


def rotation(photo: Picture, degrees: float, rng: np.random.Generator) -> Picture:
    """Rotation about the middle, clockwise or counter-clockwise at random.

    Args:
        photo: uint8 (h, w, 3), RGB.
        degrees: angle in degrees, 0 to 180.
        rng: generator of the direction.

    Returns:
        uint8 (h, w, 3).
    """
    turn = math.radians(degrees if rng.random() < 0.5 else -degrees)
    height, width = photo.shape[:2]
    cos, sin = math.cos(turn), math.sin(turn)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x -= (width - 1) / 2
    y -= (height - 1) / 2
    return _sampled(photo, cos * x - sin * y + (width - 1) / 2, sin * x + cos * y + (height - 1) / 2)


def perspective(photo: Picture, shift: float, rng: np.random.Generator) -> Picture:
    """Perspective distortion: the two corners of a random edge move towards each other along this edge.

    Args:
        photo: uint8 (h, w, 3), RGB.
        shift: movement of each corner, as a share of the edge, 0 to below 0.5.
        rng: generator of the edge.

    Returns:
        uint8 (h, w, 3).
    """
    turns = int(rng.integers(4))
    turned = np.rot90(photo, turns)
    height, width = turned.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    # The top edge is the farthest: rows become shorter and closer together towards it.
    depth = y / max(height - 1, 1)
    near = 1 - 2 * shift
    across = near + (1 - near) * depth
    source_x = (x - (width - 1) / 2) / across + (width - 1) / 2
    source_y = (height - 1) * depth / across
    return np.ascontiguousarray(np.rot90(_sampled(turned, source_x, source_y), -turns))


def _sampled(photo: Picture, x: NDArray[np.float32], y: NDArray[np.float32]) -> Picture:
    """The photo sampled at (x, y), both float32 (h, w), by bilinear interpolation."""
    height, width = photo.shape[:2]
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left = np.minimum(x.astype(np.int64), max(width - 2, 0))
    top = np.minimum(y.astype(np.int64), max(height - 2, 0))
    right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    along, down = (x - left)[..., None].astype(np.float32), (y - top)[..., None].astype(np.float32)
    upper = photo[top, left] * (1 - along) + photo[top, right] * along
    lower = photo[below, left] * (1 - along) + photo[below, right] * along
    return as_bytes(upper * (1 - down) + lower * down)
