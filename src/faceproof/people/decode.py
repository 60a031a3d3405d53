"""Decode the file of a photo to RGB pixels, or give the reason why this fails.

Convention: pixels are RGB uint8 (height, width, 3) as a viewer shows them. The EXIF orientation is applied. The first
frame of an animation is used. Transparent parts are on white. 16-bit gray is scaled to 8 bits. CMYK is converted by
Pillow, including Adobe's inverted inks. Colour profiles are not applied, as in the reference implementations of face
recognition.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from faceproof.errors import ConfigurationError, ImageDecodeError
from faceproof.memory import memory_limit
from faceproof.people.decode_cost import bytes_to_decode, bytes_to_open, claimed_pixels
from faceproof.people.decoder_messages import messages_of_libtiff
from faceproof.people.opening import EMPTY, cannot_be_read, opened, unchanged
from faceproof.people.pixels import upright_rgb
from faceproof.sizes import in_words, rounded_up

SIGNATURE_BYTES = 64
SYNTHETIC_MARK = b"faceproof synthetic"
"""Text in the first bytes of every photo that faceproof draws of a person who does not exist."""
MAX_MEGAPIXELS = 100.0

_SIGNATURES = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("WEBP", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("GIF", re.compile(rb"GIF8[79]a")),
    ("BMP", re.compile(rb"BM")),
    ("TIFF", re.compile(rb"II[*+]\x00|MM\x00[*+]")),
    ("PPM", re.compile(rb"P[1-6]\s")),
    # The image brand first, or a container's brand with the image brand among the compatible ones.
    ("AVIF", re.compile(rb"....ftyp(avi[fs]|(mif1|msf1)....(....)*?avi[fs])", re.DOTALL)),
)
_HEIF = re.compile(rb"....ftyp(hei|hev|mif1|msf1)", re.DOTALL)
_PILLOW_MODULES = r"PIL\."
_LONGEST_MESSAGE = 160


def decode_photo(
    source: Path | bytes, *, max_megapixels: float = MAX_MEGAPIXELS, memory_bytes: int | None = None
) -> NDArray[np.uint8]:
    """Pixels of a photo, upright and in RGB.

    A plain RGB JPEG gives exactly ``np.asarray(Image.open(path).convert("RGB"))``. The function is thread-safe.

    Args:
        source: path of the photo, or its bytes.
        max_megapixels: limit of the number of pixels, in millions, above 0. A larger picture is refused before any
            pixel is decoded. Pillow's own limit (``2 * PIL.Image.MAX_IMAGE_PIXELS``, 179 megapixels by default)
            applies too.
        memory_bytes: limit of the memory for decoding, in bytes. A picture that needs more is refused before any
            pixel is decoded. None: `default_decode_memory`.

    Returns:
        uint8 (height, width, 3), RGB, 0 to 255; C-contiguous, writable, owned by the caller.

    Raises:
        ImageDecodeError: the photo cannot be decoded. The message is the reason without the path, so that equal
            reasons can be counted.
        ConfigurationError: ``max_megapixels`` is not above 0.

    Example:
        >>> decode_photo(b"P6 1 1 255 " + bytes([250, 128, 114])).tolist()
        [[[250, 128, 114]]]
    """
    if not max_megapixels > 0:
        raise ConfigurationError(f"max_megapixels is {max_megapixels}: expected a number above 0.")
    if isinstance(source, bytes):
        return _decode(io.BytesIO(source), max_megapixels, memory_bytes)
    with unchanged(source) as (file, _):
        return _decode(file, max_megapixels, memory_bytes)


def decode_with_digest(
    path: Path, sha256: str = "", *, memory_bytes: int | None = None
) -> tuple[NDArray[np.uint8], str]:
    """Pixels of a photo, and the SHA-256 of the decoded bytes.

    Args:
        path: path of the photo.
        sha256: the expected digest, hexadecimal; empty: any.
        memory_bytes: limit of the memory for decoding, as in `decode_photo`.

    Returns:
        Pixels as in `decode_photo`, and the digest, hexadecimal.

    Raises:
        ImageDecodeError: as `decode_photo`, or the file has another digest, or it changed while it was decoded.
    """
    with unchanged(path, sha256) as (file, digest):
        return _decode(file, MAX_MEGAPIXELS, memory_bytes), digest


def estimated_bytes(path: Path, *, memory_bytes: int | None = None) -> int:
    """Upper bound of the memory for decoding a photo, in bytes, from its header alone.

    Args:
        path: path of the photo.
        memory_bytes: limit of the memory for reading the header, in bytes; None: `default_decode_memory`.

    Returns:
        Bytes.

    Raises:
        ImageDecodeError: its header cannot be read, or the photo is refused.
    """
    with opened(path) as file, _opened_image(file, MAX_MEGAPIXELS, memory_bytes) as image:
        return bytes_to_decode(image, _length(file))


@cache
def default_decode_memory() -> int:
    """Default limit of the memory for decoding, in bytes: a quarter of the memory that this process may use."""
    return max(1, memory_limit() // 4)


def image_format(first_bytes: bytes) -> str | None:
    """Name of the image format, by the first ``SIGNATURE_BYTES`` bytes of a file; None for an unknown format.

    Example:
        >>> image_format(b"GIF89a"), image_format(b"<html>")
        ('GIF', None)
    """
    return next((name for name, signature in _SIGNATURES if signature.match(first_bytes)), None)


def _decode(file: IO[bytes], max_megapixels: float, memory_bytes: int | None) -> NDArray[np.uint8]:
    with _opened_image(file, max_megapixels, memory_bytes) as image:
        _check_memory(bytes_to_decode(image, _length(file)), memory_bytes)
        image.load()
        return upright_rgb(image)


@contextmanager
def _opened_image(file: IO[bytes], max_megapixels: float, memory_bytes: int | None) -> Iterator[Image.Image]:
    """The image in a file, with its header read and its size checked; every error becomes an ImageDecodeError."""
    first_bytes = file.read(SIGNATURE_BYTES)
    format_name = image_format(first_bytes)
    if format_name is None:
        raise ImageDecodeError(_why_not_an_image(first_bytes))
    if format_name == "AVIF" and not _reads_avif():
        raise ImageDecodeError("AVIF, which this build of Pillow cannot read: convert it to JPEG or PNG")
    _check_pixels(claimed_pixels(format_name, first_bytes), "", max_megapixels)
    _check_memory(bytes_to_open(format_name, _length(file)), memory_bytes, "more than")
    _silence_pillow()
    with messages_of_libtiff() as messages:
        try:
            with Image.open(file, formats=(format_name,)) as image:
                size = f"{image.width} x {image.height} pixels, "
                _check_pixels(image.width * image.height, size, max_megapixels)
                yield image
        except ImageDecodeError:
            raise
        except Image.DecompressionBombError as error:
            limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
            raise ImageDecodeError(f"too large: over Pillow's own limit of {limit:.0f} megapixels") from error
        except MemoryError as error:
            raise ImageDecodeError("too large: not enough memory to decode it") from error
        except Exception as error:  # Pillow's readers raise almost anything on damaged bytes; the run must continue
            raise ImageDecodeError(_why_damaged(format_name, error, messages)) from error


def _length(file: IO[bytes]) -> int:
    """Size in bytes of an open file or of bytes in memory; the position does not change."""
    here = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(here)
    return end


def _check_pixels(pixels: int, size: str, max_megapixels: float) -> None:
    if pixels > max_megapixels * 1e6:
        raise ImageDecodeError(f"too large: {size}over the limit of {max_megapixels:g} megapixels")


def _check_memory(needed: int, memory_bytes: int | None, bound: str = "up to") -> None:
    allowed = default_decode_memory() if memory_bytes is None else memory_bytes
    if needed > allowed:
        why = "a quarter of the available memory" if memory_bytes is None else "[[decode_memory]]"
        takes = f"{bound} {in_words(rounded_up(needed))} of memory"
        raise ImageDecodeError(f"too large: decoding it takes {takes}, over the {in_words(allowed)} allowed ({why})")


@cache
def _reads_avif() -> bool:
    try:
        from PIL import AvifImagePlugin
    except ImportError:  # before Pillow 11.3
        return False
    return bool(AvifImagePlugin.SUPPORTED)


def _why_not_an_image(first_bytes: bytes) -> str:
    if not first_bytes:
        return EMPTY
    if _HEIF.match(first_bytes):
        return "HEIC, which faceproof cannot read: convert it to JPEG or PNG"
    return "not an image: its first bytes are of no known image format"


def _why_damaged(format_name: str, error: Exception, messages: Sequence[str]) -> str:
    """The reason for an error of Pillow, with the first message of libtiff."""
    if isinstance(error, OSError) and error.errno is not None:
        return cannot_be_read(error)
    if "truncated" in str(error).lower():
        return f"truncated: the {format_name} file ends before the end of the picture"
    if isinstance(error, UnidentifiedImageError):
        return f"damaged or truncated: the header of the {format_name} file is not complete"
    words = f" (libtiff: {messages[0][:_LONGEST_MESSAGE]})" if messages else ""
    return f"damaged: the {format_name} data cannot be decoded{words}"


def _silence_pillow() -> None:
    """Suppress Pillow's warnings and log lines: each either becomes a reason here or changes no pixel.

    ``warnings.catch_warnings`` changes the filters of all threads, and restores them in any order. One filter that is
    added once and never removed does not affect other threads. A logger without a handler writes errors to stderr. A
    handler that does nothing prevents this, and the user's own handlers still get the messages.
    """
    if not any(getattr(entry[3], "pattern", entry[3]) == _PILLOW_MODULES for entry in warnings.filters):
        warnings.filterwarnings("ignore", module=_PILLOW_MODULES)
    logger = logging.getLogger("PIL")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
