"""Pictures of people who do not exist, in every format that is read, to start mutations from."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

Pixels = NDArray[np.uint8]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""First row, first column, step of rows, step of columns of each pass of an interlaced PNG."""


@dataclass(frozen=True)
class Base:
    """A sound photo: its kind, its usual suffix, its bytes."""

    kind: str
    suffix: str
    content: bytes


@lru_cache(maxsize=256)
def drawn(seed: int, person: int, photo: int, side_px: int) -> Pixels:
    """A photo of a person who does not exist, uint8 (side_px, side_px, 3)."""
    from faceproof.people.synthetic.draw import draw_identity, draw_photo
    from faceproof.people.synthetic.face_model import packaged_model
    from faceproof.people.synthetic.folder import variation_of

    model = packaged_model()
    how = variation_of(model)
    pixels = draw_photo(model, draw_identity(model, seed, person, how), seed, person, photo, how)
    return np.asarray(Image.fromarray(pixels).resize((side_px, side_px), Image.Resampling.BOX))


def bases(pixels: Pixels) -> list[Base]:
    """A picture in all formats and their usual variants."""
    image = Image.fromarray(pixels)
    return [*_jpegs(image), *_pngs(pixels), *_tiffs(image), *_others(image)]


def jpeg(pixels: Pixels) -> bytes:
    """A picture as a usual JPEG file."""
    return _saved(Image.fromarray(pixels), "JPEG", quality=92)


def _jpegs(image: Image.Image) -> list[Base]:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x9003] = 6, "a person who does not exist", "2026:01:01 00:00:00"
    return [
        Base("jpeg", ".jpg", _saved(image, "JPEG", quality=92)),
        Base("jpeg-progressive", ".jpeg", _saved(image, "JPEG", quality=80, progressive=True)),
        Base("jpeg-exif", ".jpg", _saved(image, "JPEG", quality=90, exif=exif)),
        Base("jpeg-gray", ".jpg", _saved(image.convert("L"), "JPEG")),
        Base("jpeg-cmyk", ".jpg", _saved(image.convert("CMYK"), "JPEG")),
        Base("jpeg-restarts", ".jpe", _saved(image, "JPEG", restart_marker_rows=1, comment=b"x" * 40)),
    ]


def _pngs(pixels: Pixels) -> list[Base]:
    image = Image.fromarray(pixels)
    deep = pixels.astype(np.uint16) * 257
    clear = np.dstack([pixels, np.clip(pixels[..., 0].astype(int) + 60, 0, 255).astype(np.uint8)])
    return [
        Base("png", ".png", _saved(image, "PNG")),
        Base("png-palette", ".png", _saved(image.quantize(64), "PNG")),
        Base("png-palette-alpha", ".png", _saved(image.quantize(64), "PNG", transparency=3)),
        Base("png-alpha", ".png", _saved(Image.fromarray(clear), "PNG")),
        Base("png-gray-16", ".png", _saved(Image.fromarray(deep[..., 1]), "PNG")),
        Base("png-colour-16", ".png", _png(deep, interlaced=False)),
        Base("png-interlaced", ".png", _png(pixels, interlaced=True)),
        Base("png-one-bit", ".png", _saved(image.convert("1"), "PNG")),
        Base("apng", ".apng", _saved(image, "PNG", save_all=True, append_images=[image.rotate(90)])),
    ]


def _tiffs(image: Image.Image) -> list[Base]:
    kinds = {"raw": "raw", "lzw": "tiff_lzw", "deflate": "tiff_adobe_deflate", "packbits": "packbits", "jpeg": "jpeg"}
    found = [Base(f"tiff-{name}", ".tif", _saved(image, "TIFF", compression=kind)) for name, kind in kinds.items()]
    deep = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return [
        *found,
        Base("tiff-gray-16", ".tiff", _saved(deep, "TIFF", compression="tiff_lzw")),
        Base("tiff-fax", ".tif", _saved(image.convert("1"), "TIFF", compression="group4")),
        Base("tiff-pages", ".tif", _saved(image, "TIFF", save_all=True, append_images=[image.rotate(90)])),
    ]


def _others(image: Image.Image) -> list[Base]:
    gray = np.asarray(image.convert("L"))
    deep = gray.astype(">u2") * 257
    found = [
        Base("webp", ".webp", _saved(image, "WEBP", quality=85)),
        Base("webp-lossless", ".webp", _saved(image, "WEBP", lossless=True)),
        Base("webp-alpha", ".webp", _saved(image.convert("RGBA"), "WEBP")),
        Base("gif", ".gif", _saved(image.quantize(64), "GIF")),
        Base("gif-animated", ".gif", _saved(image, "GIF", save_all=True, append_images=[image.rotate(90)])),
        Base("bmp", ".bmp", _saved(image, "BMP")),
        Base("bmp-palette", ".dib", _saved(image.quantize(32), "BMP")),
        Base("ppm", ".ppm", _saved(image, "PPM")),
        Base("pgm-16", ".pgm", f"P5 {gray.shape[1]} {gray.shape[0]} 65535\n".encode() + deep.tobytes()),
        Base("pgm-plain", ".pnm", f"P2 {gray.shape[1]} {gray.shape[0]} 255\n{_words(gray)}\n".encode()),
    ]
    if features.check("avif"):
        found.append(Base("avif", ".avif", _saved(image, "AVIF", quality=80)))
    return found


def _words(gray: Pixels) -> str:
    return "\n".join(" ".join(map(str, row)) for row in gray.tolist())


def _saved(image: Image.Image, format_name: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, format_name, **options)
    return content.getvalue()


def _png(pixels: NDArray[np.integer], *, interlaced: bool) -> bytes:
    """A PNG in RGB with 8 or 16 bits a channel, which Pillow does not write interlaced or with 16 bits."""
    height, width, _ = pixels.shape
    depth = 8 * pixels.dtype.itemsize
    big_endian = pixels.astype(pixels.dtype.newbyteorder(">"))
    passes = [big_endian[r::dr, c::dc] for r, c, dr, dc in _ADAM7] if interlaced else [big_endian]
    lines = b"".join(b"\0" + row.tobytes() for part in passes if part.size for row in part)
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, int(interlaced))
    return _SIGNATURE + b"".join(
        chunk(kind, body) for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG file, with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
