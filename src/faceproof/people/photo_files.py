"""Which files below a folder are photos, whatever they are called, and names that can be written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from faceproof.errors import ImageDecodeError
from faceproof.people.decode import SIGNATURE_BYTES, image_format
from faceproof.people.opening import opened

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".avif"}
)


def photos_below(source: Path) -> tuple[list[Path], int]:
    """Photos of a folder and of all below it, by their first bytes, sorted; and how many other files there are.

    Hidden files and folders are left out. Pipes, devices and files of the kernel are never read. What cannot be opened
    is a photo where it is named like one, so that it gets a reason. A file in place of a folder stands for itself.
    """
    files = sorted(_walk(source)) if source.is_dir() else [source]
    photos = [path for path in files if _is_photo(path)]
    return photos, len(files) - len(photos)


def valid_unicode(name: str) -> str:
    """The name with U+FFFD for every byte that is not UTF-8, which Python holds as a lone surrogate."""
    return re.sub("[\ud800-\udfff]", "\ufffd", name)


def _walk(folder: Path) -> Iterator[Path]:
    seen: set[str] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent) / name for name in files if not name.startswith("."))


def _is_photo(path: Path) -> bool:
    try:
        with opened(path) as file:
            return image_format(file.read(SIGNATURE_BYTES)) is not None
    except ImageDecodeError:
        return path.suffix.lower() in PHOTO_SUFFIXES
