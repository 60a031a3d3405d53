"""Exact area interpolation of many regions at once, by integral images.

Convention: reducing ``size`` pixels to ``out`` takes bin i from floor(i * size / out) to ceil((i + 1) * size / out),
the bins of PyTorch's ``area`` mode (adaptive average pooling). Sums are whole numbers, so they are exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class IntegralImages:
    """Running sums of photos of one size; gives normalised, area-interpolated regions of them.

    Sums are kept modulo 2**32: a region's sum is a difference, and exact while it stays below that (16 million
    pixels in one bin).

    Args:
        photos: uint8 (n, h, w, 3).
    """

    def __init__(self, photos: NDArray[np.uint8]) -> None:
        n, self.height, self.width, _ = photos.shape
        sums = np.empty((n, self.height + 1, self.width + 1, 3), np.uint32)
        sums[:, 0] = 0
        sums[:, :, 0] = 0
        for y in range(self.height):  # twice as fast as a running sum along the axis
            np.add(sums[:, y, 1:], photos[:, y], out=sums[:, y + 1, 1:])
        np.cumsum(sums, axis=2, out=sums)
        self._sums = sums

    def level(self, height: int, width: int) -> NDArray[np.float32]:
        """All photos at another size: float32 (n, 3, height, width), (pixel - 127.5) / 128."""
        top, bottom = _bins(np.zeros(1, np.int64), np.array([self.height]), height)
        left, right = _bins(np.zeros(1, np.int64), np.array([self.width]), width)
        sums = np.empty((len(self._sums), height, width, 3), np.uint32)
        for one, out in zip(self._sums, sums, strict=True):  # photo by photo stays in the processor's cache
            rows = np.take(one, bottom[0], axis=0)
            rows -= np.take(one, top[0], axis=0)
            np.subtract(np.take(rows, right[0], axis=1), np.take(rows, left[0], axis=1), out=out)
        area = (bottom - top)[0, :, None] * (right - left)[0]
        return _normalised(sums, area[None])

    def crops(self, photo: NDArray[np.intp], box: NDArray[np.int64], size: int) -> NDArray[np.float32]:
        """Square crops of photos.

        Args:
            photo: (m,), which photo each crop is of.
            box: (m, 4), x0, y0, x1, y1 in whole pixels inside of the photo; x1 and y1 are not included.
            size: side of the finished crops in pixels.

        Returns:
            float32 (m, 3, size, size), (pixel - 127.5) / 128.
        """
        left, right = _bins(box[:, 0], box[:, 2], size)
        top, bottom = _bins(box[:, 1], box[:, 3], size)
        flat = self._sums.reshape(-1, 3)
        stride = self.width + 1
        base = photo[:, None] * ((self.height + 1) * stride)
        upper, lower = base + top * stride, base + bottom * stride
        sums = np.take(flat, lower[:, :, None] + right[:, None, :], axis=0)
        sums -= np.take(flat, upper[:, :, None] + right[:, None, :], axis=0)
        sums -= np.take(flat, lower[:, :, None] + left[:, None, :], axis=0)
        sums += np.take(flat, upper[:, :, None] + left[:, None, :], axis=0)
        area = (bottom - top)[:, :, None] * (right - left)[:, None, :]
        return _normalised(sums, area)


def _bins(start: NDArray[np.int64], stop: NDArray[np.int64], out: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and past-the-end pixel of each of ``out`` bins between start and stop, (m, out) each."""
    size = (stop - start)[:, None]
    steps = np.arange(out, dtype=np.int64)
    first = start[:, None] + steps * size // out
    past = start[:, None] + -(-(steps + 1) * size // out)
    return first, past


def _normalised(sums: NDArray[np.uint32], area: NDArray[np.int64]) -> NDArray[np.float32]:
    mean = sums.astype(np.float32)
    mean /= area[..., None].astype(np.float32)
    mean -= np.float32(127.5)
    mean *= np.float32(1 / 128)
    return mean.transpose(0, 3, 1, 2)
