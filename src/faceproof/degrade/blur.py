"""Blur by the lens, the focus or a movement. Pixels outside the photo have the value of the nearest edge pixel."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from faceproof.degrade.types import Picture, as_bytes

Kernel = NDArray[np.float32]

_ZOOM_STEPS = 9


def gaussian_blur(photo: Picture, radius_px: float) -> Picture:
    """Gaussian blur, approximated by three box blurs as in Pillow.

    Args:
        photo: uint8 (h, w, 3), RGB.
        radius_px: standard deviation in pixels, 0 or more.

    Returns:
        uint8 (h, w, 3).
    """
    return np.asarray(Image.fromarray(photo).filter(ImageFilter.GaussianBlur(radius_px)))


def defocus_blur(photo: Picture, radius_px: float) -> Picture:
    """Defocus blur: convolution with a uniform disk.

    Args:
        photo: uint8 (h, w, 3), RGB.
        radius_px: radius of the disk in pixels, 0 or more.

    Returns:
        uint8 (h, w, 3).
    """
    reach = math.ceil(radius_px)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    # A pixel on the edge of the disk has a partial weight.
    return _convolved(photo, np.clip(radius_px + 0.5 - np.hypot(x, y), 0, 1))


def motion_blur(photo: Picture, length_px: float, rng: np.random.Generator) -> Picture:
    """Motion blur: convolution with a line in a random direction.

    Args:
        photo: uint8 (h, w, 3), RGB.
        length_px: length of the line in pixels, 0 or more.
        rng: generator of the direction.

    Returns:
        uint8 (h, w, 3).
    """
    angle = rng.uniform(0, math.pi)
    reach = math.ceil(length_px / 2)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for along in np.linspace(-length_px / 2, length_px / 2, 4 * reach + 1):
        _add_point(kernel, reach + along * math.cos(angle), reach + along * math.sin(angle))
    return _convolved(photo, kernel)


def zoom_blur(photo: Picture, zoom: float) -> Picture:
    """Zoom blur: the mean of the photo and of enlargements about its middle.

    Args:
        photo: uint8 (h, w, 3), RGB.
        zoom: largest enlargement minus 1, such as 0.1 for 110%; 0 or more.

    Returns:
        uint8 (h, w, 3).
    """
    picture, (height, width) = Image.fromarray(photo), photo.shape[:2]
    total = np.zeros(photo.shape, np.float32)
    for step in np.linspace(0, zoom, _ZOOM_STEPS):
        inset_x, inset_y = (side / 2 * (1 - 1 / (1 + step)) for side in (width, height))
        box = (inset_x, inset_y, width - inset_x, height - inset_y)
        total += np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR, box=box), np.float32)
    return as_bytes(total / _ZOOM_STEPS)


def _add_point(kernel: NDArray[np.float64], x: float, y: float) -> None:
    """Add a point of weight 1 at (x, y), distributed bilinearly over the four neighbouring cells."""
    column, row = math.floor(x), math.floor(y)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        weight = (1 - abs(x - column - dx)) * (1 - abs(y - row - dy))
        if weight > 0 and 0 <= column + dx < len(kernel) and 0 <= row + dy < len(kernel):
            kernel[row + dy, column + dx] += weight


def _convolved(photo: Picture, kernel: NDArray[np.float64]) -> Picture:
    """The photo convolved with a square kernel of odd side, normalised to sum 1."""
    from scipy.signal import oaconvolve  # here and not at the top: it takes long to load, and two families need it

    reach = len(kernel) // 2
    weights = (kernel / kernel.sum()).astype(np.float32)[:, :, None]
    padded = np.pad(photo, ((reach, reach), (reach, reach), (0, 0)), mode="edge").astype(np.float32)
    blurred = oaconvolve(padded, weights, mode="valid", axes=(0, 1))
    return as_bytes(blurred)
