"""Mistakes in a file that a person brings along, collected so that one error can name several lines."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

from faceproof.errors import PeopleError

_SHOWN = 5


class Problems:
    """Collects mistakes of a file; `check` raises one error with the first few lines and the count."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.first: list[str] = []

    def add(self, line: int, text: str) -> None:
        """Line ``line`` is wrong in that way."""
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(f"line {line:,}: {text}")

    def check(self, what_now: str) -> None:
        """Raise PeopleError with what was found so far and ``what_now``; nothing where all is well."""
        if self.count:
            more = f"; and {self.count - len(self.first):,} more" if self.count > len(self.first) else ""
            raise PeopleError(f"{self.path}: {'; '.join(self.first)}{more}. {what_now}")


def check_regular_file(path: Path, what: str) -> None:
    """Refuse what can be read only once, without end, or not at all.

    Args:
        path: where a file is expected.
        what: how a message calls it.

    Raises:
        PeopleError: there is nothing, a folder, a pipe or a device.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise PeopleError(f"The {what} {path} cannot be opened ({error.strerror or error}).") from error
    if stat.S_ISDIR(mode):
        raise PeopleError(f"The {what} {path} cannot be opened (Is a directory). Expected a file of text.")
    if not stat.S_ISREG(mode):
        raise PeopleError(f"The {what} {path} is a pipe or a device. Save its content to a file and give that file.")


def not_csv(path: Path, line: int, error: csv.Error) -> PeopleError:
    """The error for a row, which starts in a line, that Python's strict CSV reader refuses."""
    return PeopleError(
        f"{path}: the row that starts in line {line:,} is not CSV ({error}). Quotes go around a whole cell, in pairs; "
        "a quote within such a cell is doubled."
    )
