"""Resolution: fewer pixels than there were. Nothing is ever enlarged beyond the photo's own size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faceproof.degrade.types import Picture, as_bytes


def reduced(photo: Picture, shorter_side_px: int) -> Picture:
    """A smaller photo, by Pillow's bicubic filter; one that is as small already stays as it is.

    Args:
        photo: uint8 (h, w, 3), RGB.
        shorter_side_px: of the result, 1 or more; the longer side keeps its proportion.

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
    """`reduced`, then enlarged to the size it had: few pixels of detail in a photo of full size.

    Args:
        photo: uint8 (h, w, 3), RGB.
        shorter_side_px: of the small photo in between, 1 or more.
    """
    small = Image.fromarray(reduced(photo, shorter_side_px))
    return np.asarray(small.resize((photo.shape[1], photo.shape[0]), Image.Resampling.BICUBIC))


def pixelated(photo: Picture, blocks: int) -> Picture:
    """Squares of one colour each, the mean of what they cover.

    Args:
        photo: uint8 (h, w, 3), RGB.
        blocks: along the shorter side, 1 or more; no more than it has pixels.
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
    """First pixel of each block along a side; a pixel belongs where its middle lies."""
    return -((blocks - 2 * side * np.arange(blocks, dtype=np.int64)) // (2 * blocks))
