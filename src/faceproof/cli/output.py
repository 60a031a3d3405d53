"""Output of all commands: results on stdout for other programs, messages on stderr, and exit codes."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING

import typer

from faceproof.report.words.formatting import printable

if TYPE_CHECKING:
    from rich.console import Console

_STDOUT, _STDERR = 1, 2
_HELP_COLUMNS = 80

STOPPED = 130
"""Exit code after Ctrl-C, by the convention of shells."""


def note_to(quiet: bool) -> Callable[[str], None]:
    """A function that writes one line on stderr, or does nothing where ``quiet`` is True."""

    def say(text: str) -> None:
        if not quiet:
            typer.echo(printable(text), err=True)

    return say


def mend_console_size() -> None:
    """Remove a width or height of the console that is not a positive number (``COLUMNS=0`` in containers and CI).

    The size of the terminal is used instead, or 80 columns.
    """
    for name in ("COLUMNS", "LINES"):
        text = os.environ.get(name)
        if text is not None and not (text.isascii() and text.isdecimal() and int(text) > 0):
            del os.environ[name]


def widen_help() -> None:
    """Set the width of help to at least 80 columns, since below that Typer cuts names of options."""
    if shutil.get_terminal_size().columns < _HELP_COLUMNS:
        os.environ.setdefault("TERMINAL_WIDTH", str(_HELP_COLUMNS))


def console(*, stderr: bool = False) -> Console:
    """The console of stdout or stderr. Its width is ``COLUMNS``, else that of the terminal, else 80 columns."""
    from rich.console import Console

    mend_console_size()
    return Console(stderr=stderr, markup=False, highlight=False)


def print_json(value: object) -> None:
    """Print JSON; characters that the encoding of the output lacks are written as JSON escapes."""
    utf = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    typer.echo(json.dumps(value, indent=2, ensure_ascii=not utf))


def tolerate_any_text() -> None:
    """Let stdout and stderr escape characters that their encoding lacks, so that such a name causes no error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def replace_closed_streams() -> None:
    """Open the null device in place of a closed stdin, stdout or stderr, so that no other file gets its descriptor."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(number)
    sys.stdout = sys.stdout or open(_STDOUT, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(_STDERR, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def drop_what_cannot_be_written() -> None:
    """Discard buffered output of a full or closed stdout or stderr, which would make Python exit with code 120."""
    for stream, number in ((sys.stdout, _STDOUT), (sys.stderr, _STDERR)):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, number)
                os.close(null)


@contextmanager
def only_results_on_stdout() -> Iterator[None]:
    """Send everything that is printed while a job runs to stderr: a model may print, and stdout is for JSON.

    This covers print(), and where stdout is a file descriptor also C libraries and child processes.
    """
    with _descriptor_to_stderr(), redirect_stdout(sys.stderr):
        yield


@contextmanager
def _descriptor_to_stderr() -> Iterator[None]:
    sys.stdout.flush()
    try:
        kept = os.dup(_STDOUT)
    except OSError:  # stdout has no file descriptor
        yield
        return
    os.dup2(_STDERR, _STDOUT)
    try:
        yield
    finally:
        _flush_everything()
        os.dup2(kept, _STDOUT)
        os.close(kept)


def _flush_everything() -> None:
    """Flush the stdout buffers of Python and of the C library."""
    with suppress(OSError, ValueError, AttributeError):
        sys.__stdout__.flush()  # type: ignore[union-attr]
    import ctypes

    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).fflush(None)
