"""Convert an opened image to upright RGB pixels, strip by strip, to avoid a second copy of the whole picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from faceproof.errors import ImageDecodeError

STRIP_PIXELS = 1 << 16
"""Number of pixels in a strip."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ROWS_BECOME_COLUMNS = frozenset({5, 6, 7, 8})
_LAST_ROW_COMES_FIRST = frozenset({3, 4, 6, 7})
_ALPHA_MODES = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})


def upright_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Pixels of an image as a viewer shows them: rotated by the EXIF orientation, transparent parts on white.

    Args:
        image: an image whose pixels are loaded. Pillow rotates TIFF while it loads, and removes the orientation.

    Returns:
        uint8 (height, width, 3), RGB, 0 to 255; C-contiguous, writable, owned by the caller.

    Raises:
        ImageDecodeError: the value of white is not known for this type of pixels.
    """
    orientation = orientation_of(image)
    turn = _TURNS.get(orientation)
    across = orientation in _ROWS_BECOME_COLUMNS
    backwards = orientation in _LAST_ROW_COMES_FIRST
    height, width = (image.width, image.height) if across else (image.height, image.width)
    upright = np.empty((height, width, 3), np.uint8)
    for first, end in _strips(image.width, image.height):
        strip = _on_rgb(image.crop((0, first, image.width, end)), image.format)
        if turn is not None:
            strip = strip.transpose(turn)
        start, stop = (image.height - end, image.height - first) if backwards else (first, end)
        place = upright[:, start:stop] if across else upright[start:stop]
        place[:] = np.asarray(strip)
    return upright


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 if there is none or the EXIF data are damaged."""
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
        return int(found) if found in _TURNS else 1
    except Exception:  # Pillow's readers raise almost anything on damaged bytes; the pixels may still be intact
        return 1


def _strips(width: int, height: int) -> Iterator[tuple[int, int]]:
    """First row and end of each strip."""
    rows = max(1, STRIP_PIXELS // max(1, width))
    for first in range(0, height, rows):
        yield first, min(first + rows, height)


def _on_rgb(image: Image.Image, format_name: str | None) -> Image.Image:
    """The picture in RGB, with transparent parts on white."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return Image.fromarray(_eight_bit_gray(image, format_name)).convert("RGB")
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        pixels = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, pixels).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bit_gray(image: Image.Image, format_name: str | None) -> NDArray[np.uint8]:
    """16-bit gray scaled to 0 to 255, rounded to nearest: 65535 is 257 times 255.

    Some versions of Pillow open 16-bit PNG and PGM as 32-bit integers. Other 32-bit pixels (TIFF) have no defined
    value of white.
    """
    if image.mode == "F" or (image.mode == "I" and format_name not in ("PNG", "PPM")):
        raise ImageDecodeError(
            "32 bits per pixel, for which the value of white is not defined: save it with 8 or 16 bits"
        )
    values = np.asarray(image).astype(np.int64)
    gray = ((values + 128) // 257).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        gray[values == transparent] = 255
    return gray
