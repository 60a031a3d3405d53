"""Mistakes in a file that a person brings along, collected so that one error can name several lines."""

from __future__ import annotations

import csv
from collections.abc import Sequence
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


def not_csv(path: Path, line: int, error: csv.Error) -> PeopleError:
    """The error for a row, which starts in a line, that Python's strict CSV reader refuses."""
    return PeopleError(
        f"{path}: the row that starts in line {line:,} is not CSV ({error}). Quotes go around a whole cell, in pairs; "
        "a quote within such a cell is doubled."
    )


def check_rows_within(path: Path, line: int, cells: Sequence[str], delimiter: str, width: int) -> None:
    """Refuse a cell that holds line breaks and as many separators as a row: a stray quote may have made it of rows.

    Args:
        path: the file.
        line: on which the row of these cells ends.
        cells: the row.
        delimiter: what separates cells.
        width: number of columns.

    Raises:
        PeopleError: there is such a cell.
    """
    for cell in cells:
        if ("\n" in cell or "\r" in cell) and cell.count(delimiter) >= width - 1:
            raise PeopleError(
                f"{path}: a cell in quotes that ends in line {line:,} has line breaks and {cell.count(delimiter)} "
                f"separators, so that it may hold whole rows: {cell[:80]!r}. Remove the quotes or the line breaks."
            )
