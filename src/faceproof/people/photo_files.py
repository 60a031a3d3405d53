"""Find the photos below a folder by their content, and make file names valid Unicode."""

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
    """Photos of a folder and of all folders below it.

    A file is a photo by its first bytes. A file that cannot be opened is a photo by its suffix, so that its failure
    gets a reason. Hidden files and folders are left out. Pipes, devices and files of the kernel are never read.

    Args:
        source: a folder, or one file.

    Returns:
        The photos, sorted, and the number of other files.
    """
    files = sorted(_walk(source)) if source.is_dir() else [source]
    photos = [path for path in files if _is_photo(path)]
    return photos, len(files) - len(photos)


def valid_unicode(name: str) -> str:
    """The name with U+FFFD in place of each byte that is not UTF-8 (a lone surrogate in Python)."""
    return re.sub("[\ud800-\udfff]", "\ufffd", name)


def _walk(folder: Path) -> Iterator[Path]:
    """All files below a folder that are not hidden; each folder is visited once, also if links lead to it again."""
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
