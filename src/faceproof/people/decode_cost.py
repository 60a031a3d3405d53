"""Estimate the memory for decoding a photo from its header, before any pixel is decoded.

Convention: bytes are an upper bound. They include Pillow's picture, the array that is returned, the buffers of the
format's decoder, and the file. ``benchmarks/decode_memory.py`` measures them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import IO

from PIL import Image

from faceproof.people.pixels import orientation_of

RGB_BYTES = 3
"""Bytes of a decoded pixel."""

_STORED = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
_STORED_ELSE = 4
_READ_WHOLE = frozenset({"WEBP", "AVIF"})
_TILE_WIDTH, _TILE_HEIGHT, _ROWS_OF_STRIP, _BITS, _SAMPLES = 322, 323, 278, 258, 277


def bytes_to_open(format_name: str, file_bytes: int) -> int:
    """Upper bound of the memory for reading the header, in bytes: its text can be as long as the file.

    Args:
        format_name: a name that `faceproof.people.decode.image_format` returns.
        file_bytes: size of the file, in bytes.
    """
    return file_bytes * (2 if format_name in _READ_WHOLE else 1)


def bytes_to_decode(image: Image.Image, file_bytes: int) -> int:
    """Upper bound of the memory for decoding, in bytes, including the array that is returned.

    Args:
        image: an image that is opened and not loaded.
        file_bytes: size of its file, in bytes.
    """
    name = image.format or ""
    pixels = image.width * image.height
    stored = pixels * _STORED.get(image.mode, _STORED_ELSE)
    buffers = _BUFFERS[name](image) if name in _BUFFERS else 0
    # The decoder has freed its buffers when the array is made.
    return bytes_to_open(name, file_bytes) + stored + max(pixels * RGB_BYTES, buffers)


def claimed_pixels(format_name: str, first_bytes: bytes) -> int:
    """Number of pixels in the header of a WebP or GIF, for which Pillow allocates memory while it opens the file.

    Args:
        format_name: a name that `faceproof.people.decode.image_format` returns.
        first_bytes: 30 or more bytes of a WebP, 10 or more of a GIF.

    Returns:
        Number of pixels; 0 for other formats and for fewer bytes.
    """
    if format_name == "GIF" and len(first_bytes) >= 10:
        width, height = struct.unpack_from("<6xHH", first_bytes)
        return int(width) * int(height)
    if format_name == "WEBP" and len(first_bytes) >= 30:
        width, height = _webp_size(first_bytes)
        return width * height
    return 0


def _webp_size(first_bytes: bytes) -> tuple[int, int]:
    """Width and height in pixels, 0 and 0 for an unknown kind of chunk."""
    kind = first_bytes[12:16]
    if kind == b"VP8X":
        return (
            int.from_bytes(first_bytes[24:27], "little") + 1,
            int.from_bytes(first_bytes[27:30], "little") + 1,
        )
    if kind == b"VP8L":
        bits = int.from_bytes(first_bytes[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<26xHH", first_bytes)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _of_jpeg(image: Image.Image) -> int:
    """The coefficients of the whole picture, if its components are in several scans; else 0."""
    components = int(getattr(image, "layers", 3))
    together = not image.info.get("progressive") and not _scan_is_partial(image, components)
    return 0 if together else 2 * components * image.width * image.height


def _scan_is_partial(image: Image.Image, components: int) -> bool:
    """Whether the first scan lacks components; the position of Pillow's file is the end of that scan's header."""
    file: IO[bytes] | None = getattr(image, "fp", None)
    if file is None or (end := file.tell()) < 14:
        return False
    file.seek(end - 14)
    header = file.read(14)
    lengths = ((6 + 2 * part, part) for part in range(1, components))
    return any(header[-length:][:3] == bytes([0, length, part]) for length, part in lengths)


def _of_webp(image: Image.Image) -> int:
    """Two canvases of the animation, and a copy of the frame as bytes."""
    return 13 * image.width * image.height


def _of_avif(image: Image.Image) -> int:
    """Planes of up to 16 bits without subsampling, including alpha, and the frame as bytes."""
    return 12 * image.width * image.height


def _of_gif(image: Image.Image) -> int:
    return image.width * image.height


def _of_tiff(image: Image.Image) -> int:
    """One strip or tile, and a copy of the picture if it has to be rotated."""
    tags = getattr(image, "tag_v2", {})
    samples, depth = _number(tags.get(_SAMPLES, 1)), _number(tags.get(_BITS, 8))
    if _TILE_WIDTH in tags:
        piece_pixels = _number(tags.get(_TILE_WIDTH)) * _number(tags.get(_TILE_HEIGHT))
    else:
        piece_pixels = min(_number(tags.get(_ROWS_OF_STRIP, image.height)), image.height) * image.width
    rotated = 0 if orientation_of(image) == 1 else image.width * image.height * _STORED_ELSE
    return 2 * piece_pixels * max(1, samples) * max(8, depth) // 8 + rotated


def _number(tag: object) -> int:
    """A tag's value, or the largest of several values; 0 for a value that is no positive integer."""
    values = tag if isinstance(tag, tuple) else (tag,)
    return max((int(value) for value in values if isinstance(value, int) and value > 0), default=0)


_BUFFERS: dict[str, Callable[[Image.Image], int]] = {
    "JPEG": _of_jpeg,
    "MPO": _of_jpeg,
    "WEBP": _of_webp,
    "AVIF": _of_avif,
    "GIF": _of_gif,
    "TIFF": _of_tiff,
}
