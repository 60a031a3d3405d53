"""Collect the errors in a user's file, so that one message names several lines."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from faceproof.errors import PeopleError

_SHOWN = 5


class Problems:
    """Collects the errors of a file; `check` raises one exception with the first few lines and the count."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.first: list[str] = []

    def add(self, line: int, text: str) -> None:
        """Add an error: the line, from 1, and a description."""
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(f"line {line:,}: {text}")

    def check(self, advice: str) -> None:
        """Do nothing if there is no error.

        Args:
            advice: the end of the message, a sentence that says what to do.

        Raises:
            PeopleError: there are errors.
        """
        if self.count:
            more = f"; and {self.count - len(self.first):,} more" if self.count > len(self.first) else ""
            raise PeopleError(f"{self.path}: {'; '.join(self.first)}{more}. {advice}")


def not_csv(path: Path, line: int, error: csv.Error) -> PeopleError:
    """The error for a row that Python's strict CSV reader refuses; the row starts in line ``line``."""
    return PeopleError(
        f"{path}: the row that starts in line {line:,} is not CSV ({error}). Quotes go around a whole cell, in pairs; "
        "a quote within such a cell is doubled."
    )


def check_rows_within(path: Path, line: int, cells: Sequence[str], delimiter: str, width: int) -> None:
    """Refuse a cell with line breaks and as many separators as a row: a stray quote may have joined several rows.

    Args:
        path: the file.
        line: the line in which the row ends, from 1.
        cells: the row.
        delimiter: separator of the cells.
        width: number of columns.

    Raises:
        PeopleError: there is such a cell.
    """
    for cell in cells:
        if ("\n" in cell or "\r" in cell) and cell.count(delimiter) >= width - 1:
            raise PeopleError(
                f"{path}: a cell in quotes that ends in line {line:,} has line breaks and {cell.count(delimiter)} "
                f"separators, so it may contain whole rows: {cell[:80]!r}. Remove the quotes or the line breaks."
            )
