"""What the toy model says of a photo, computed from Pillow and NumPy alone."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from attacks.bench import BLOCKS, SIDE_PX

Template = NDArray[np.float64]

REFUSED = "refused"
"""Pillow gives no pixels."""


def templates_of(paths: list[Path]) -> list[Template | str | None]:
    """For each photo its template; `REFUSED`; or None where this reference does not know the right one.

    It knows photos of the side of the toy model's crop, whose pixels are the crop. Called in a process of its own,
    since a decoder may end it.
    """
    warnings.simplefilter("ignore")
    return [_template(path) for path in paths]


def pixels_of(path: Path) -> NDArray[np.uint8] | None:
    """RGB pixels as a viewer shows them; None where this reference is not sure of them.

    Raises:
        Exception: whatever Pillow raises on damaged bytes.
    """
    with Image.open(path) as image:
        image.load()
        if image.mode in ("I", "F") or image.mode.startswith("I;"):
            return None if image.mode == "F" else _gray(np.asarray(image))
        clear = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
        upright = _upright(image)
        if clear:
            rgba = np.asarray(upright.convert("RGBA"), dtype=np.float64)
            share = rgba[..., 3:] / 255
            return np.rint(rgba[..., :3] * share + 255 * (1 - share)).astype(np.uint8)
        return np.asarray(upright.convert("RGB"))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF turns nothing, as in a viewer
        return image


def _gray(values: NDArray[np.integer]) -> NDArray[np.uint8]:
    if values.min() < 0 or values.max() > 65_535:
        return np.zeros((0, 0, 3), np.uint8)
    gray = ((values.astype(np.int64) + 128) // 257).astype(np.uint8)
    return np.dstack([gray] * 3)


def _template(path: Path) -> Template | str | None:
    try:
        pixels = pixels_of(path)
    except Exception:  # Pillow raises almost anything on damaged bytes
        return REFUSED
    if pixels is None or pixels.shape != (SIDE_PX, SIDE_PX, 3):
        return None
    return template_of(pixels)


def template_of(pixels: NDArray[np.uint8]) -> Template:
    """The toy model's template of a crop, of unit length; zeros where the crop has one colour."""
    step = SIDE_PX // BLOCKS
    values = (pixels.astype(np.float64) - 127.5) / 127.5
    blocks = values.reshape(BLOCKS, step, BLOCKS, step, 3).mean(axis=(1, 3)).transpose(2, 0, 1).ravel()
    blocks -= blocks.mean()
    length = np.linalg.norm(blocks)
    return blocks / length if length > 1e-6 else np.zeros_like(blocks)
