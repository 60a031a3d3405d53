"""Whether the disks have room for a run, before it starts."""

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
    """So many bytes, at most, in a folder that may not be there yet; ``name`` says which."""

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
            f"No temporary file can be written ({error.strerror or error}). Set TMPDIR to a folder with room; where "
            "the size of files is limited (ulimit -f), lift the limit."
        ) from error


def check_room(needs: Sequence[Need], *, advice: str) -> str:
    """What a run takes of the disk, in words.

    Args:
        needs: its parts; those on one disk share its room.
        advice: how to need less, the beginning of a sentence.

    Raises:
        CacheError: a disk has less.
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
    told = ", ".join(f"{in_words(need.bytes)} in the {need.name}" for need in needs if need.bytes)
    return f"Disk, at most: {told} ({in_words(min(room.values()))} stay free)."


def _existing(path: Path) -> Path:
    path = path.resolve()
    return path if path.exists() else _existing(path.parent)
