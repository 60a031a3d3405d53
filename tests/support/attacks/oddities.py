"""Files that are named like photos and are none, and links to things that no program should wait for."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"ab" * 32 + b"\nsize 12345\n"
_HTML = b"<!DOCTYPE html><html><body><h1>404 Not Found</h1></body></html>"
_KERNEL_FILES = ("/proc/kmsg", "/dev/zero", "/dev/full", "/dev/random", "/dev/tty", "/dev/null", "/proc/self/mem")


def odd_files(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write one of each kind into a folder.

    Returns:
        Those that are named like photos and are no folders, sorted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "empty.jpg": b"",
        "one-byte.png": b"\x89",
        "signature.png": b"\x89PNG\r\n\x1a\n",
        "signature.jpg": b"\xff\xd8\xff",
        "page.jpg": _HTML,
        "pointer.jpg": _POINTER,
        "text.gif": "Änderungen".encode("latin-1"),
        "noise.webp": rng.integers(0, 256, 5000).astype(np.uint8).tobytes(),
        "zeros.bmp": b"\0" * 4096,
        "document.tif": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n",
        "picture.jpg": b'<svg xmlns="http://www.w3.org/2000/svg" width="100000" height="100000"/>',
        "photo.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "bomb.ppm": b"P6 9999 9999 255\n",
        "bomb.pgm": b"P5 4294967295 4294967295 255\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / "archive.png", "w") as archive:
        archive.writestr("photo.png", b"\0" * 100)
    _special(folder)
    return sorted(path for path in folder.iterdir() if path.suffix != ".d" and not path.is_dir())


def _special(folder: Path) -> None:
    """Links and special files, as far as they are permitted here."""
    os.mkfifo(folder / "fifo.jpg")
    (folder / "fifo-link.jpg").symlink_to("fifo.jpg")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "dangling.jpg").symlink_to("nowhere.jpg")
    (folder / "folder.jpg").mkdir()
    for number, device in enumerate(_KERNEL_FILES):
        if Path(device).exists():
            (folder / f"device-{number}.jpg").symlink_to(device)
    (folder / "locked.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "locked.jpg").chmod(0)
