"""Read the cells of a score file as columns of text, and collect its errors with their lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import PeopleError
from faceproof.people.csv_table import Cells, CsvTable, read_table
from faceproof.people.problems import Problems

COLUMNS = ("similarity", "distance", "mated", "label", "person_a", "person_b", "photo_a", "photo_b", "fold", "reason")
SIDES = (("person_a", "person_b"), ("photo_a", "photo_b"))

EXPECTED = (
    "Expected a first line with the columns similarity or distance, and mated or label; if there are any, also "
    "person_a and person_b, photo_a and photo_b, fold, reason"
)
"""The expected first line, for messages."""
_SHOWN = 5


def read_cells(path: Path, more: Sequence[str] = ()) -> Cells:
    """Every row of a score file that is not blank, with those of `COLUMNS` that it has.

    Args:
        path: the file.
        more: names of further columns to read, where the file has them.

    Raises:
        PeopleError: it is no table of text, a column is missing or there twice, or a row has another number of cells.
    """
    table = read_table(path, "score file", PeopleError, expected=EXPECTED)
    cells = table.cells(_places(table, more))
    if not len(cells.table):
        raise PeopleError(f"{path} has a first line and no comparison below it. Expected one on each line.", path=path)
    return cells


def _places(table: CsvTable, more: Sequence[str]) -> dict[str, int]:
    """The place of each of `COLUMNS`, and of ``more``, that the file has.

    Raises:
        PeopleError: columns are missing, or exclude each other.
    """
    places, found = table.places((*COLUMNS, *more)), table.shown()
    for one, other in (("similarity", "distance"), ("mated", "label")):
        if one in places and other in places:
            raise PeopleError(f"{found}, with both {one} and {other}. Expected exactly one of them: leave one out.")
        if one not in places and other not in places:
            raise PeopleError(f"{found}, with neither {one} nor {other}. {EXPECTED}.")
    for a, b in SIDES:
        if (a in places) != (b in places):
            raise PeopleError(f"{found}, with only one of {a} and {b}. Give both, or neither.")
    return places


class Mistakes:
    """Collects cells that are not as expected, so that one error names the first few lines and the count."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._first: list[tuple[int, str]] = []
        self._count = 0

    def add(self, column: str, wrong: NDArray[np.bool_], expected: str) -> None:
        """``wrong``, bool (n,), says which cells of ``column`` are not as ``expected``."""
        rows = np.flatnonzero(wrong)
        self._count += rows.size
        for row in rows[:_SHOWN].tolist():
            text = self._cells.table[column][row].as_py()
            self._first.append((row, f"{column} is {text[:80]!r}, expected {expected}"))

    def check(self) -> None:
        """Raise PeopleError where anything was found."""
        if not self._count:
            return
        first = sorted(self._first)[:_SHOWN]
        lines = self._cells.lines([row for row, _ in first])
        problems = Problems(self._cells.source.path)
        for row, text in first:
            problems.add(lines[row], text)
        problems.count = self._count
        problems.check("Correct these lines.")
