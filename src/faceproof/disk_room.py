"""Check the disk space for a run before it starts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faceproof.errors import CacheError
from faceproof.sizes import in_words


@dataclass(frozen=True, slots=True)
class Need:
    """The disk space that a run needs in one folder.

    Attributes:
        name: name of the folder in messages, such as "cache".
        folder: the folder; it may not exist yet.
        bytes: upper bound of the bytes to write.
    """

    name: str
    folder: Path
    bytes: int


def temporary_folder() -> Path:
    """The folder for temporary files: TMPDIR, or the usual one of the system.

    Raises:
        CacheError: no file can be written into any of the usual folders.
    """
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        raise CacheError(
            f"No temporary file can be written ({error.strerror or error}). Set TMPDIR to a folder with free space; if "
            "the size of files is limited (ulimit -f), raise the limit."
        ) from error


def check_room(needs: Sequence[Need], *, advice: str) -> str:
    """Check that the disks have enough free space.

    Args:
        needs: the space that the run needs; needs on the same disk share its free space.
        advice: the beginning of a sentence that says how to need less.

    Returns:
        A sentence with the space that the run needs and the space that stays free.

    Raises:
        CacheError: a disk has too little free space.
    """
    room: dict[int, int] = {}
    for need in needs:
        folder = _existing(need.folder)
        disk = folder.stat().st_dev
        left = room.setdefault(disk, shutil.disk_usage(folder).free)
        if need.bytes > left:
            raise CacheError(
                f"The {need.name} {need.folder} needs up to {in_words(need.bytes)} for this run, and its disk has "
                f"{in_words(left)} free. {advice}, or set FACEPROOF_CACHE or TMPDIR to a larger disk."
            )
        room[disk] = left - need.bytes
    parts = ", ".join(f"{in_words(need.bytes)} in the {need.name}" for need in needs if need.bytes)
    return f"Disk, at most: {parts} ({in_words(min(room.values()))} stay free)."


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    path = path.resolve()
    return path if path.exists() else _existing(path.parent)
