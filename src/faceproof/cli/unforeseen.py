"""Unexpected errors: one message on stderr, and a log file with the traceback."""

from __future__ import annotations

import errno
import os
import platform
import shlex
import sys
import tempfile
import traceback
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from faceproof.plugins import described
from faceproof.report.words.formatting import printable

TRACEBACK_VARIABLE = "FACEPROOF_TRACEBACK"
"""Environment variable with the effect of the option ``--traceback``; empty and 0 mean no."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


def message_of(error: BaseException) -> str:
    """Message about an unexpected error; the traceback is written to a log file.

    Args:
        error: any exception with its traceback.

    Returns:
        One line: the error, the path of the log file (if it could be written), and advice.
    """
    log = _written(error)
    place = f" The traceback is in {log}" if log else " No log file could be written"
    if log is None:
        place += f" (run faceproof --traceback {_arguments()} to see it)"
    if _is_memory(error):
        return (
            f"Memory ran out ({described(error)}). Close other programs, use fewer or smaller photos (--batch-size, "
            f"--workers), or a machine with more memory.{place}."
        )
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        where = f" for {_file_of(error)}" if error.filename else ""
        return (
            f"No room is left on the disk{where} ({error.strerror}). Free some room, or set FACEPROOF_CACHE or TMPDIR "
            f"to a larger disk, and give the same command again.{place}."
        )
    if isinstance(error, OSError) and error.errno is not None and error.filename:
        return (
            f"{_file_of(error)} cannot be read or written ({error.strerror}). Make sure that it is there, that you may "
            f"use it, and that its disk works.{place}."
        )
    private = " It holds the command line with its paths; remove what you do not want to share." if log else ""
    return f"Unexpected error, {described(error)}.{place}. Please report it{' with that file' if log else ''}.{private}"


def traceback_wanted() -> bool:
    """Whether the environment asks for tracebacks on stderr."""
    return os.environ.get(TRACEBACK_VARIABLE, "") not in {"", "0"}


def _file_of(error: OSError) -> str:
    return os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else str(error.filename)


def _is_memory(error: BaseException) -> bool:
    """Whether the error means that memory ran out; PyTorch raises its own errors for that."""
    text = str(error) if isinstance(error, RuntimeError) else ""
    torch_says = type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in text
    return isinstance(error, MemoryError) or torch_says


def _written(error: BaseException) -> Path | None:
    """Write the log file to the first folder that is writable; None where there is none."""
    for folder in _folders():
        path = folder / f"error-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(printable_lines(_content(error)))
        except (OSError, MemoryError):
            continue
        return path
    return None


def _folders() -> Iterator[Path]:
    """Folders for the log file, the preferred folder first."""
    from faceproof.files import cache_root

    try:
        from platformdirs import user_log_path

        yield user_log_path("faceproof", appauthor=False)
        yield cache_root() / "log"
    except (OSError, RuntimeError):  # there may be no home folder
        pass
    try:
        yield Path(tempfile.gettempdir())
    except OSError:
        return


def _content(error: BaseException) -> str:
    from faceproof.version import __version__

    lines = [
        f"faceproof {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: faceproof {_arguments()}",
        f"time: {datetime.now().astimezone().isoformat(timespec='seconds')}",
        "",
    ]
    return "\n".join(lines) + "\n" + "".join(traceback.format_exception(error))


def _arguments() -> str:
    return printable(shlex.join(sys.argv[1:]))


def printable_lines(text: str) -> str:
    """Text in which all characters that do not print are escaped, except line breaks."""
    return "\n".join(printable(line) for line in text.split("\n"))
