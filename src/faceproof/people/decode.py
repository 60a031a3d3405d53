"""From the bytes of a photo to RGB pixels, or to a plain reason why there are none.

Convention: pixels are RGB uint8 (height, width, 3) as a viewer shows them. The EXIF orientation is applied; of
an animation the first frame is taken; transparent parts lie on white; 16-bit gray is scaled to 8 bits; CMYK is
converted as Pillow does it, Adobe's inverted inks included. Colour profiles are not applied: the reference
implementations of face recognition do not apply them either.
"""

from __future__ import annotations

import io
import re
import stat
import warnings
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from faceproof.errors import ConfigurationError, ImageDecodeError

SIGNATURE_BYTES = 16
SYNTHETIC_MARK = b"faceproof synthetic"
"""Stands in the first bytes of every photo of a person who does not exist."""

_SIGNATURES = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("WEBP", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("GIF", re.compile(rb"GIF8[79]a")),
    ("BMP", re.compile(rb"BM")),
    ("TIFF", re.compile(rb"II[*+]\x00|MM\x00[*+]")),
    ("PPM", re.compile(rb"P[1-6]\s")),
)
_HEIF = re.compile(rb"....ftyp(hei|hev|mif1|msf1|avi)", re.DOTALL)

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ALPHA_MODES = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_PILLOW_MODULES = r"PIL\."


def decode_photo(source: Path | bytes, *, max_megapixels: float = 100.0) -> NDArray[np.uint8]:
    """Pixels of a photo, upright and in RGB.

    A plain RGB JPEG gives exactly ``np.asarray(Image.open(path).convert("RGB"))``. Threads may call it together.

    Args:
        source: where the photo is, or its bytes.
        max_megapixels: refuse a picture of more pixels than this, in millions, before any pixel is decoded.
            Pillow's own limit (``2 * PIL.Image.MAX_IMAGE_PIXELS``, 179 megapixels as shipped) holds beside it.

    Returns:
        uint8 (height, width, 3), RGB, 0 to 255; C-contiguous, writable, owned by the caller.

    Raises:
        ImageDecodeError: The photo gives no pixels. The message is the bare reason without the path, so that
            equal reasons can be counted.
        ConfigurationError: ``max_megapixels`` is not above 0.

    Example:
        >>> decode_photo(b"P6 1 1 255 " + bytes([250, 128, 114])).tolist()
        [[[250, 128, 114]]]
    """
    if not max_megapixels > 0:
        raise ConfigurationError(f"max_megapixels is {max_megapixels}: expected a number above 0.")
    if isinstance(source, bytes):
        return _decode(io.BytesIO(source), max_megapixels)
    try:
        # Opening a named pipe would wait for ever.
        if not stat.S_ISREG(source.stat().st_mode):
            raise ImageDecodeError("not a file")
        with source.open("rb") as file:
            return _decode(file, max_megapixels)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ImageDecodeError("file not found: moved or deleted since the folder was read") from error
    except OSError as error:
        raise ImageDecodeError(_cannot_be_read(error)) from error


def image_format(first_bytes: bytes) -> str | None:
    """Name of the image format that a file's first ``SIGNATURE_BYTES`` bytes announce, None for any other.

    Example:
        >>> image_format(b"GIF89a"), image_format(b"<html>")
        ('GIF', None)
    """
    return next((name for name, signature in _SIGNATURES if signature.match(first_bytes)), None)


def _decode(file: IO[bytes], max_megapixels: float) -> NDArray[np.uint8]:
    first_bytes = file.read(SIGNATURE_BYTES)
    format_name = image_format(first_bytes)
    if format_name is None:
        raise ImageDecodeError(_why_not_an_image(first_bytes))
    _silence_pillow()
    try:
        with Image.open(file, formats=(format_name,)) as image:
            _check_size(image, max_megapixels)
            image.load()
            upright = _turned_upright(_on_rgb(image), image)
            return np.array(upright, dtype=np.uint8)
    except ImageDecodeError:
        raise
    except Image.DecompressionBombError as error:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        raise ImageDecodeError(f"too large: over Pillow's own limit of {limit:.0f} megapixels") from error
    except MemoryError as error:
        raise ImageDecodeError("too large: not enough memory to decode it") from error
    except Exception as error:  # Pillow's readers raise almost anything on damaged bytes; a run must outlive them
        raise ImageDecodeError(_why_damaged(format_name, error)) from error


def _check_size(image: Image.Image, max_megapixels: float) -> None:
    if image.width * image.height > max_megapixels * 1e6:
        size = f"{image.width} x {image.height} pixels"
        raise ImageDecodeError(f"too large: {size}, over the limit of {max_megapixels:g} megapixels")


def _on_rgb(image: Image.Image) -> Image.Image:
    """The picture in RGB, with transparent parts on white."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return Image.fromarray(_eight_bit_gray(image)).convert("RGB")
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        pixels = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, pixels).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bit_gray(image: Image.Image) -> NDArray[np.uint8]:
    """16-bit gray on 0 to 255, rounded to nearest: 65535 is 257 times 255.

    Pillow opens 16-bit PNG and PGM as 32-bit integers in some versions. Other 32-bit pixels (TIFF) do not say
    which value is white.
    """
    if image.mode == "F" or (image.mode == "I" and image.format not in ("PNG", "PPM")):
        raise ImageDecodeError("32 bits a pixel, where no value is known to be white: save it with 8 or 16 bits")
    values = np.asarray(image).astype(np.int64)
    gray = ((values + 128) // 257).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        gray[values == transparent] = 255
    return gray


def _turned_upright(pixels: Image.Image, image: Image.Image) -> Image.Image:
    """``pixels`` turned as the EXIF of ``image`` asks; damaged EXIF asks for nothing.

    Must come after ``load``: Pillow turns TIFF by itself there and then forgets the orientation.
    """
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # as in _decode: any exception, here without harm to the pixels
        turn = None
    return pixels if turn is None else pixels.transpose(turn)


def _why_not_an_image(first_bytes: bytes) -> str:
    if not first_bytes:
        return "zero bytes: the file is empty"
    if _HEIF.match(first_bytes):
        return "HEIC or AVIF, which cannot be read here: convert it to JPEG or PNG"
    return "not an image: its first bytes are of no known image format"


def _why_damaged(format_name: str, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return _cannot_be_read(error)
    if "truncated" in str(error).lower():
        return f"truncated: the {format_name} file ends before the picture does"
    if isinstance(error, UnidentifiedImageError):
        return f"damaged or truncated: the header of the {format_name} file is not complete"
    return f"damaged: the {format_name} data cannot be decoded"


def _cannot_be_read(error: OSError) -> str:
    return f"cannot be read: {(error.strerror or type(error).__name__).lower()}"


def _silence_pillow() -> None:
    """Keep Pillow's warnings off the screen: each either ends in a reason here or changes no pixel.

    ``warnings.catch_warnings`` swaps the filters of all threads and puts them back in any order. One filter that
    is added where it is missing, and never removed, cannot harm another thread.
    """
    if not any(getattr(entry[3], "pattern", entry[3]) == _PILLOW_MODULES for entry in warnings.filters):
        warnings.filterwarnings("ignore", module=_PILLOW_MODULES)
