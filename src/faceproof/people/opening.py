"""Open the file of a photo: without blocking, with its digest, and with a check that it does not change meanwhile."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from faceproof.errors import ImageDecodeError
from faceproof.sizes import in_words

MAX_FILE_BYTES = 1_000_000_000
"""Largest file that is read. 100 megapixels take 800 MB at 16 bits in four channels without compression."""

READ_WHOLE_BYTES = 16_000_000
"""Largest file that is read into memory at once; a larger one is read from its handle."""

EMPTY = "zero bytes: the file is empty"
CHANGED = "the file changed after the run had begun"
GONE = "file not found: moved or deleted since the folder was read"

_PIECE_BYTES = 1 << 20
_NAMES = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISDIR, "a folder"),
)
# Without these flags, opening a pipe or reading a file of the kernel such as /proc/kmsg can block for ever.
_OPEN_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))


@contextmanager
def opened(path: Path | str) -> Iterator[IO[bytes]]:
    """The file of a photo, open for reading in binary mode.

    Only a regular file that is not empty is opened. Files of the kernel report zero bytes, so they are never read.

    Args:
        path: path of the file; links are followed.

    Yields:
        The open file.

    Raises:
        ImageDecodeError: the file is missing, no regular file, empty, over `MAX_FILE_BYTES`, or reading it fails.
            The message is the reason, without the path.
    """
    try:
        check_readable(os.stat(path))
        with open(os.open(path, _OPEN_FLAGS), "rb") as file:
            check_readable(os.fstat(file.fileno()))
            yield file
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ImageDecodeError(GONE) from error
    except OSError as error:
        raise ImageDecodeError(cannot_be_read(error)) from error


def check_readable(found: os.stat_result) -> None:
    """Refuse a file that cannot be a photo by its kind or its size.

    Args:
        found: the status of the file.

    Raises:
        ImageDecodeError: no regular file, empty, or over `MAX_FILE_BYTES`.
    """
    if not stat.S_ISREG(found.st_mode):
        what = next((name for is_kind, name in _NAMES if is_kind(found.st_mode)), "a special file")
        raise ImageDecodeError(f"not a file: {what}")
    if found.st_size == 0:
        raise ImageDecodeError(EMPTY)
    if found.st_size > MAX_FILE_BYTES:
        raise ImageDecodeError(
            f"too large: a file of {in_words(found.st_size)}, over the limit of {in_words(MAX_FILE_BYTES)}"
        )


def digest_of(file: IO[bytes]) -> str:
    """SHA-256 of an open file from its current position to its end, hexadecimal."""
    total = hashlib.sha256()
    while piece := file.read(_PIECE_BYTES):
        total.update(piece)
    return total.hexdigest()


@contextmanager
def unchanged(path: Path | str, sha256: str = "") -> Iterator[tuple[IO[bytes], str]]:
    """The content of a photo, to be decoded, and the digest of exactly these bytes.

    A file up to `READ_WHOLE_BYTES` is read once into memory. A larger one is digested in pieces and decoded from the
    same handle; its size and its times of change must be the same before and after.

    Args:
        path: path of the file.
        sha256: the expected digest, hexadecimal; empty: any.

    Yields:
        The content as a binary stream, and its SHA-256, hexadecimal.

    Raises:
        ImageDecodeError: as `opened`, or the file has another digest, or it changed while it was in use.
    """
    with opened(path) as file:
        before = _state(file)
        if before[0] <= READ_WHOLE_BYTES:
            content = file.read(READ_WHOLE_BYTES + 1)
            stream: IO[bytes] = io.BytesIO(content)
            digest = hashlib.sha256(content).hexdigest()
        else:
            stream, digest = file, digest_of(file)
            file.seek(0)
        if (sha256 and digest != sha256) or _state(file) != before:
            raise ImageDecodeError(CHANGED)
        try:
            yield stream, digest
        except ImageDecodeError as error:
            if stream is file and _state(file) != before:
                raise ImageDecodeError(CHANGED) from error
            raise
        if stream is file and _state(file) != before:
            raise ImageDecodeError(CHANGED)


def cannot_be_read(error: OSError) -> str:
    """The reason of a photo's failure for an error of the operating system."""
    return f"cannot be read: {(error.strerror or type(error).__name__).lower()}"


def _state(file: IO[bytes]) -> tuple[int, int, int]:
    """Size in bytes and times of change in ns."""
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns
