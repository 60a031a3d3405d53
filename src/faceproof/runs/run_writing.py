"""Writing a run folder: one writer at a time, and a result that replaces the old one in a single step.

All files are written to a staging folder inside the run folder. `RunWriter.publish` renames the staging folder to
`READY` in one atomic step, and then moves the files to their places. If the process is killed before that step, the
old result stays unchanged. If the process is killed after that step, a `READY` folder stays, and the next process that
opens the run moves the files (`finish_publishing`).
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from faceproof.errors import RunFolderError
from faceproof.files import write_whole
from faceproof.runs.manifest_file import MANIFEST, read_json, seal, stored_files, write_sealed
from faceproof.runs.manifest_schema import Manifest
from faceproof.sizes import in_words

UNFINISHED, REWRITING, READY, LOCK = ".unfinished", ".rewriting", ".ready", ".lock"
_COMPARISON = "comparison"
_OWN = frozenset({UNFINISHED, REWRITING, READY, LOCK})
_NO_ROOM = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG, errno.EROFS, errno.EIO})
_MENDS = {
    errno.EFBIG: "Raise the limit on the size of a file (ulimit -f)",
    errno.EROFS: "Make the disk writable",
    errno.EIO: "Check the disk",
}


@dataclass(slots=True)
class RunWriter:
    """The staging folder of a run that is being written.

    Attributes:
        folder: the run folder.
        staging: folder to write to; each file gets the same name in the run folder.
    """

    folder: Path
    staging: Path

    def begin(self, manifest: Manifest) -> None:
        """Write the manifest of a run that is not finished yet, so that the same command can identify the run."""
        # Written as a whole or not at all: a partial manifest would be read as that of another run.
        write_whole(
            self.staging / MANIFEST, (json.dumps(manifest.as_json(), indent=2, ensure_ascii=False) + "\n").encode()
        )

    def publish(self, manifest: Manifest, keep: Sequence[str] = ()) -> None:
        """Replace the result in the run folder by the staged files, all of them in one step.

        Files of the old result that the new result does not have are removed.

        Args:
            manifest: manifest of the finished run; digests of all files are added to it.
            keep: names of files that are already in the run folder and belong to the new result.

        Raises:
            OSError: the disk is full; the old result stays unchanged.
        """
        write_sealed(self.staging, manifest, seal(self.folder, keep) | seal(self.staging))
        for file in sorted(self.staging.rglob("*")):
            if file.is_file():
                _flush_to_disk(file)
        self.staging.rename(self.folder / READY)
        finish_publishing(self.folder)


@contextmanager
def new_run(folder: Path, manifest: Manifest, *, overwrite: bool) -> Iterator[RunWriter]:
    """Write a run into a folder.

    An unfinished run of the same plan is replaced: its templates are in the template cache.

    Args:
        folder: the run folder; it is made where it is missing.
        manifest: manifest of the new run, with ``kind`` and ``plan`` (`faceproof.runs.manifest.plan_digests`).
        overwrite: replace a finished run, or an unfinished run of another plan, when the new run is finished.

    Raises:
        RunFolderError: the folder holds something else, another process writes to it, or it cannot be written.
    """
    _refuse_file(folder)
    with _locked(folder, "Choose another [[out]]"), _disk_errors(folder, "give the same command again"):
        finish_publishing(folder)
        _refuse_what_is_no_run(folder, manifest.kind)
        if not overwrite:
            _refuse_occupied(folder, manifest)
        staging = _empty(folder / UNFINISHED)
        writer = RunWriter(folder, staging)
        writer.begin(manifest)
        yield writer


@contextmanager
def rewritten_run(folder: Path) -> Iterator[RunWriter]:
    """Write files of a finished run again. Files are replaced only when `RunWriter.publish` is called.

    Raises:
        RunFolderError: another process writes to the folder, or it cannot be written.
    """
    with _locked(folder, "Wait until it is done"), _disk_errors(folder, "give the same command again"):
        finish_publishing(folder)
        staging = _empty(folder / REWRITING)
        try:
            yield RunWriter(folder, staging)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def finish_publishing(folder: Path) -> None:
    """Move the files of a complete result whose writer was stopped before it had moved all of them.

    Several processes may do this at the same time.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    ready = folder / READY
    if not ready.is_dir():
        return
    try:
        with suppress(FileNotFoundError):  # another process has moved the files already
            wanted = set(stored_files(ready / MANIFEST))
            _remove_others(folder, wanted)
        for file in sorted(ready.rglob("*"), key=lambda path: (path.name == MANIFEST, path)):
            if file.is_dir():
                continue
            place = folder / file.relative_to(ready)
            place.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                file.replace(place)
        shutil.rmtree(ready, ignore_errors=True)
    except OSError as error:
        raise RunFolderError(
            f"The new result in {ready} cannot be moved to {folder} ({error.strerror or error}). Make the folder "
            "writable, and open it again."
        ) from error


def unfinished_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of an unfinished run in a folder; None where there is none."""
    path = folder / UNFINISHED / MANIFEST
    if path.is_file():
        try:
            return read_json(path)
        except RunFolderError:
            return {}
    return None


def _refuse_file(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder} is a file; expected a folder for the run. Choose another [[out]].", path=folder)


def _refuse_what_is_no_run(folder: Path, kind: str) -> None:
    """Raise where the folder holds other files, a comparison in place of a run, or a run in place of a comparison."""
    if _holds_nothing(folder):
        return
    wanted = "comparison" if kind == _COMPARISON else "run"
    if (folder / MANIFEST).is_file():
        found: str | None = "comparison" if read_json(folder / MANIFEST).get("kind") == _COMPARISON else "run"
    else:
        found = "comparison" if (folder / "comparison.json").is_file() else None
    if found != wanted:
        raise RunFolderError(f"{folder} is not empty and holds no {wanted}. Choose another [[out]].", path=folder)


def _refuse_occupied(folder: Path, manifest: Manifest) -> None:
    if not _holds_nothing(folder):
        manifest_file = folder / MANIFEST
        finished = read_json(manifest_file).get("finished") if manifest_file.is_file() else "an earlier version"
        what = f"a finished run of {finished}" if finished else "an unfinished run of an earlier version"
        raise RunFolderError(f"{folder} holds {what}. Choose another [[out]], or use [[overwrite=True]].", path=folder)
    old = unfinished_manifest(folder)
    if old is None:
        return
    before, now = old.get("plan"), manifest.plan
    if not isinstance(before, dict) or old.get("kind") != manifest.kind:
        raise RunFolderError(
            f"{folder} holds another unfinished run. Choose another [[out]], or use [[overwrite=True]].", path=folder
        )
    other = [part for part in now if before.get(part) != now[part]]
    if other:
        raise RunFolderError(
            f"{folder} holds an unfinished run with other {' and '.join(other)}. Choose another [[out]], or use "
            "[[overwrite=True]].",
            path=folder,
        )


def _holds_nothing(folder: Path) -> bool:
    """Whether a folder is empty, except for files that an interrupted writer left."""
    return all(entry.name in _OWN or entry.name.endswith(".part") for entry in folder.iterdir())


def _remove_others(folder: Path, wanted: set[str]) -> None:
    """Remove files of the old result that the new result does not have; files that no run wrote stay."""
    old = folder / MANIFEST
    if not old.is_file():
        return
    try:
        names = set(stored_files(old)) or {name for name in _OLD_RESULTS if (folder / name).is_file()}
    except RunFolderError:
        return
    for name in names - wanted:
        (folder / name).unlink(missing_ok=True)


_OLD_RESULTS = (
    *("comparisons.parquet", "photos.parquet", "scores.parquet", "metrics.json", "failures.csv", "conditions.csv"),
    *("changes.csv", "report.html"),
)
"""Files of runs of version 1, whose manifest lists no files."""


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _flush_to_disk(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(folder: Path, advice: str) -> Iterator[None]:
    """Lock the folder; the operating system releases the lock whenever the process ends."""
    import filelock

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(
            f"{folder} cannot be made ({error.strerror or error}). Choose another [[out]].", path=folder
        ) from error
    path = folder / LOCK
    lock = filelock.FileLock(path, blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise RunFolderError(f"Another process writes to {folder}{_owner(path)}. {advice}.") from error
    except OSError as error:
        raise RunFolderError(
            f"{folder} cannot be written ({error.strerror or error}). Make it writable, or choose another [[out]].",
            path=folder,
        ) from error
    try:
        with suppress(OSError):  # the owner is written only for messages of other processes
            started = datetime.now(UTC).isoformat(timespec="seconds")
            path.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "started": started}))
        yield
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        lock.release()


def _owner(path: Path) -> str:
    """The process that holds a lock, as text in brackets; empty where it is unknown."""
    try:
        holder = json.loads(path.read_text("utf-8"))
        return f" (process {holder['pid']} on {holder['host']}, since {holder['started']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextmanager
def _disk_errors(folder: Path, advice: str) -> Iterator[None]:
    """Convert an error of a full disk to a `RunFolderError` that names the folder and its free space."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.errno not in _NO_ROOM:
            raise
        place = Path(os.fsdecode(error.filename)).parent if error.filename else folder
        mend = _MENDS.get(error.errno, "Free some room")
        raise RunFolderError(
            f"{folder} cannot be written: {os.strerror(error.errno).lower()}{_room(place)}. {mend}, and {advice}. "
            "Templates in the cache are kept.",
            path=folder,
        ) from error


def _room(folder: Path) -> str:
    try:
        return f" ({in_words(shutil.disk_usage(folder).free)} free in {folder})"
    except OSError:
        return ""
