"""Download one file: resumable, atomic, with the cause of a failure in the message."""

from __future__ import annotations

import os
import re
import sys
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from faceproof.errors import DownloadError
from faceproof.version import __version__

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_CHUNK_BYTES = 1 << 18
_TEMPORARY_STATUS = {408, 425, 429, 500, 502, 503, 504}


class DownloadProgress(Protocol):
    """Receives the progress of a download."""

    def note(self, message: str) -> None:
        """Show one line of text."""

    def advance(self, done_bytes: int, total_bytes: int | None) -> None:
        """Show the bytes that have arrived, and the total (None: unknown)."""

    def finish(self) -> None:
        """End the display."""


class StderrProgress:
    """Notes and a progress bar on standard error; the bar only if standard error is a terminal."""

    def __init__(self) -> None:
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def note(self, message: str) -> None:
        """Show one line of text, above the bar if there is one."""
        if self._bar is None:
            print(message, file=sys.stderr)
        else:
            self._bar.console.print(message, markup=False, highlight=False)

    def advance(self, done_bytes: int, total_bytes: int | None) -> None:
        """Move the bar; the first call creates it."""
        if self._bar is None or self._task is None:
            self._bar = _bar()
            self._task = self._bar.add_task("", total=total_bytes)
            self._bar.start()
        self._bar.update(self._task, completed=done_bytes)

    def finish(self) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None


class NoProgress:
    """Shows nothing."""

    def note(self, message: str) -> None:
        """Show nothing."""

    def advance(self, done_bytes: int, total_bytes: int | None) -> None:
        """Show nothing."""

    def finish(self) -> None:
        """Show nothing."""


def _bar() -> RichProgress:
    # Rich is imported here to keep ``import faceproof`` fast.
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as RichProgress

    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    return RichProgress(*columns, console=console, disable=not console.is_terminal)


class _InterruptedDownloadError(Exception):
    """The transfer was interrupted, and another attempt may succeed."""


def part_path(destination: Path) -> Path:
    """Path of an unfinished download of ``destination``."""
    return destination.with_name(destination.name + ".part")


def fetch_file(
    url: str,
    destination: Path,
    *,
    progress: DownloadProgress,
    attempts: int = 4,
    pause_s: float = 1.0,
    timeout_s: float = 30.0,
) -> Path:
    """Download ``url`` to ``destination``, which appears only when it is complete.

    Received bytes are stored in ``destination`` + ``.part``. A later call continues there if the server supports it.

    Args:
        url: http or https address.
        destination: file to make; its folder is made if it is missing.
        progress: receives the progress of the download.
        attempts: number of attempts if the transfer is interrupted, 1 or more.
        pause_s: seconds before the second attempt, doubled for each further attempt.
        timeout_s: seconds without any byte after which an attempt counts as interrupted.

    Returns:
        ``destination``.

    Raises:
        DownloadError: the server refuses or cannot be reached, or the disk cannot be written.
    """
    part = part_path(destination)
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, attempts + 1):
            try:
                _publish(_continue_part(url, part, progress, timeout_s), part, destination)
                break
            except _InterruptedDownloadError as broken:
                if attempt == attempts:
                    raise DownloadError(_gave_up(url, part, str(broken))) from broken
                progress.note(f"{broken}; trying again ({attempt + 1} of {attempts})")
                time.sleep(pause_s * 2 ** (attempt - 1))
    except OSError as error:
        raise DownloadError(f"Cannot write {destination}: {error.strerror or error}.") from error
    finally:
        progress.finish()
    return destination


def _gave_up(url: str, part: Path, reason: str) -> str:
    partial = f" The received part is stored in {part}; the next attempt continues it." if part.exists() else ""
    return f"Cannot download {url}: {reason}.{partial}"


def _continue_part(url: str, part: Path, progress: DownloadProgress, timeout_s: float) -> os.stat_result:
    """Request the missing bytes of ``part`` and return the status of the complete file.

    Several processes may download the same file at the same time. Each opens it before it reads its size, and writes
    every byte at its position. The file therefore has no gap, whichever process is ahead and whichever renames it.
    """
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644), "r+b") as file:
        try:
            _request_rest(url, part, file, progress, timeout_s)
        except BaseException:
            if not os.fstat(file.fileno()).st_size:
                part.unlink(missing_ok=True)
            raise
        return os.fstat(file.fileno())


def _publish(fetched: os.stat_result, part: Path, destination: Path) -> None:
    """Rename a complete file to its destination, unless another process has done so."""
    try:
        same_file = os.path.samestat(fetched, part.stat())
    except FileNotFoundError:
        same_file = False
    if same_file:
        os.replace(part, destination)
    elif not destination.exists():
        raise _InterruptedDownloadError(f"{part.name} was removed while it was written")


def _request_rest(url: str, part: Path, file: BinaryIO, progress: DownloadProgress, timeout_s: float) -> None:
    """Request the bytes after the end of the file and write them.

    Raises:
        DownloadError: the server refuses.
        _InterruptedDownloadError: the transfer was interrupted.
    """
    done = os.fstat(file.fileno()).st_size
    headers = {"User-Agent": f"faceproof/{__version__}", "Accept-Encoding": "identity"}
    if done:
        headers["Range"] = f"bytes={done}-"
    try:
        request = urllib.request.Request(url, headers=headers)
        response = urllib.request.urlopen(request, timeout=timeout_s)
    except HTTPError as error:
        with error:
            if error.code == 416 and _is_complete(error.headers.get("Content-Range"), done):
                return
            _judge_refusal(url, part, error)
        return
    except (URLError, OSError, HTTPException) as error:
        raise _InterruptedDownloadError(_cannot_reach(url, error)) from error
    with response:
        if url.startswith("https:") and not response.url.startswith("https:"):
            raise DownloadError(f"{url} redirects to {response.url}, which is not https: refused.")
        start, total = _span(response, part, done)
        _store(response, file, start, total, progress)


def _is_complete(content_range: str | None, done: int) -> bool:
    """Whether the server's answer says that the file has exactly ``done`` bytes."""
    return content_range is not None and content_range.strip() == f"bytes */{done}"


def _judge_refusal(url: str, part: Path, error: HTTPError) -> None:
    """Raise the error for a status of the server: interrupted if another attempt may succeed."""
    if error.code == 416:
        part.unlink()
        raise _InterruptedDownloadError(f"{part.name} does not belong to this file and was removed") from error
    if error.code in _TEMPORARY_STATUS:
        raise _InterruptedDownloadError(f"the server answered {error.code} {error.reason}") from error
    raise DownloadError(f"Cannot download {url}: the server answered {error.code} {error.reason}.") from error


def _cannot_reach(url: str, error: Exception) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    return f"{urlsplit(url).netloc} cannot be reached ({reason or type(error).__name__})"


def _span(response: HTTPResponse, part: Path, done: int) -> tuple[int, int | None]:
    """Position of the first byte that the server sends, and the size of the whole file; None if it is unknown."""
    if response.status != 206:
        length = response.headers.get("Content-Length")
        return 0, int(length) if length and length.isdigit() else None
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    if span is None or int(span[1]) != done:
        part.unlink(missing_ok=True)
        raise _InterruptedDownloadError("the server sent another part of the file than was requested")
    return done, None if span[2] == "*" else int(span[2])


def _store(response: HTTPResponse, file: BinaryIO, start: int, total: int | None, progress: DownloadProgress) -> None:
    """Write the response at its position in the file; a complete file is truncated to its size."""
    position = start
    file.seek(start)
    for chunk in _chunks(response):
        file.write(chunk)
        file.flush()
        position += len(chunk)
        progress.advance(position, total)
    if total is None or position == total:
        file.truncate(position)
    if total is not None and position != total:
        raise _InterruptedDownloadError(f"the connection ended after {position:,} of {total:,} bytes")


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := response.read(_CHUNK_BYTES):
            yield chunk
    except (OSError, HTTPException) as error:
        raise _InterruptedDownloadError(f"the connection broke ({error})") from error
