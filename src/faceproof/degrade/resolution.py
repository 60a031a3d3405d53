"""Lower resolution. A photo is never enlarged beyond its own size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faceproof.degrade.types import Picture, as_bytes


def reduced(photo: Picture, shorter_side_px: int) -> Picture:
    """The photo reduced by Pillow's bicubic filter; a photo that is no larger than the target is returned unchanged.

    Args:
        photo: uint8 (h, w, 3), RGB.
        shorter_side_px: shorter side of the result in pixels, 1 or more; the aspect ratio is kept.

    Returns:
        uint8 (h', w', 3).

    >>> reduced(np.zeros((250, 500, 3), np.uint8), 50).shape, reduced(np.zeros((40, 40, 3), np.uint8), 50).shape
    ((50, 100, 3), (40, 40, 3))
    """
    height, width = photo.shape[:2]
    scale = shorter_side_px / min(height, width)
    if scale >= 1:
        return photo
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BICUBIC))


def reduced_and_back(photo: Picture, shorter_side_px: int) -> Picture:
    """`reduced`, then enlarged to the original size: less detail at the same number of pixels.

    Args:
        photo: uint8 (h, w, 3), RGB.
        shorter_side_px: shorter side of the reduced photo in pixels, 1 or more.

    Returns:
        uint8 (h, w, 3).
    """
    small = Image.fromarray(reduced(photo, shorter_side_px))
    return np.asarray(small.resize((photo.shape[1], photo.shape[0]), Image.Resampling.BICUBIC))


def pixelated(photo: Picture, blocks: int) -> Picture:
    """Blocks of one colour, each the mean of its pixels.

    Args:
        photo: uint8 (h, w, 3), RGB.
        blocks: number of blocks along the shorter side, 1 or more; at most one block per pixel is used.

    Returns:
        uint8 (h, w, 3).
    """
    height, width = photo.shape[:2]
    scale = min(blocks / min(height, width), 1.0)
    rows, columns = (max(round(side * scale), 1) for side in (height, width))
    top, left = (_starts(side, many) for side, many in ((height, rows), (width, columns)))
    tall, wide = np.diff(top, append=height), np.diff(left, append=width)
    sums = np.add.reduceat(np.add.reduceat(photo, top, axis=0, dtype=np.float64), left, axis=1)
    means = as_bytes(sums / (tall[:, None] * wide)[:, :, None])
    return np.repeat(np.repeat(means, tall, axis=0), wide, axis=1)


def _starts(side: int, blocks: int) -> NDArray[np.int64]:
    """First pixel of each block along a side, int64 (blocks,); a pixel belongs to the block that has its middle."""
    return -((blocks - 2 * side * np.arange(blocks, dtype=np.int64)) // (2 * blocks))
