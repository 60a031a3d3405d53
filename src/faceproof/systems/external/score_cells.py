"""The cells of a score file as columns of text, and the lines on which its mistakes are.

pyarrow reads. Python's own reader goes through the file once more where something is wrong, since it alone can tell
on which line a row is, and where there are quotes, since pyarrow takes a quote that is never closed for one cell.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import PeopleError
from faceproof.people.labels import column_name
from faceproof.people.problems import Problems, check_rows_within, not_csv

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("similarity", "distance", "mated", "label", "person_a", "person_b", "photo_a", "photo_b", "fold", "reason")
SIDES = (("person_a", "person_b"), ("photo_a", "photo_b"))

EXPECTED = (
    "Expected a first line with the columns similarity or distance, and mated or label; if there are any, also "
    "person_a and person_b, photo_a and photo_b, fold, reason"
)
"""What a message says of the first line."""
_SHOWN = 5
_BLOCK_BYTES = 1 << 20


class Layout(NamedTuple):
    """How a score file is cut into cells.

    Attributes:
        path: the file.
        delimiter: what separates cells.
        header_lines: lines down to the one that names the columns.
        width: number of columns.
        place: place of each of `COLUMNS` that the file has.
        ignored: names of the other columns.
    """

    path: Path
    delimiter: str
    header_lines: int
    width: int
    place: dict[str, int]
    ignored: tuple[str, ...]


class Cells(NamedTuple):
    """Text of the columns that count, and for each row its number among the rows that are not blank, from 0."""

    layout: Layout
    table: pa.Table
    record: NDArray[np.int64]

    def __contains__(self, column: object) -> bool:
        return column in self.layout.place

    def trimmed(self, column: str) -> pa.ChunkedArray:
        """A column without white space around its cells."""
        import pyarrow.compute as pc

        return pc.utf8_trim_whitespace(self.table[column])

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """The line of each of some rows."""
        lines = _lines_of(self.layout, {int(self.record[row]) for row in rows})
        return {row: lines[int(self.record[row])] for row in rows}


def read_cells(path: Path) -> Cells:
    """Every row of a score file that is not blank.

    Raises:
        PeopleError: it is no table of text, a column is missing or there twice, or a row has another number of cells.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    layout = _layout(path)
    if _has_quotes(path):
        _check_quotes(layout)
    table = _read(layout)
    filled = np.zeros(len(table), np.bool_)
    for column in table.columns:
        filled |= pc.not_equal(pc.utf8_trim_whitespace(column), "").to_numpy()
    if not filled.all():
        filled |= _filled_elsewhere(layout, ~filled)
    if not filled.any():
        raise PeopleError(f"{path} has a first line and no comparison below it. Expected one on each line.")
    return Cells(layout, table.filter(pa.array(filled)), np.flatnonzero(filled))


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
        problems = Problems(self._cells.layout.path)
        for row, text in first:
            problems.add(lines[row], text)
        problems.count = self._count
        problems.check("Correct these lines.")


def _layout(path: Path) -> Layout:
    """Separator and columns, by the first line that is not blank."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            number, line = next(((n, text.rstrip("\n")) for n, text in enumerate(file, 1) if text.strip()), (0, ""))
    except UnicodeDecodeError as error:
        raise _no_utf8(path) from error
    if not line:
        raise PeopleError(f"{path} is empty. {EXPECTED}.")
    delimiter = "\t" if path.suffix.lower() in {".tsv", ".tab"} else max(",;\t|", key=line.count)
    try:
        fields = next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise not_csv(path, number, error) from error
    names = [column_name(field) for field in fields]
    place = {name: names.index(name) for name in COLUMNS if name in names}
    found = f"{path}: line {number} is {line[:120]!r}"
    for name in place:
        if names.count(name) > 1:
            raise PeopleError(f"{found}, with the column {name} more than once. Keep one of them.")
    for one, other in (("similarity", "distance"), ("mated", "label")):
        if one in place and other in place:
            raise PeopleError(f"{found}, with both {one} and {other}. Expected exactly one of them: leave one out.")
        if one not in place and other not in place:
            raise PeopleError(f"{found}, with neither {one} nor {other}. {EXPECTED}.")
    for a, b in SIDES:
        if (a in place) != (b in place):
            raise PeopleError(f"{found}, with only one of {a} and {b}. Give both, or neither.")
    ignored = tuple(field.strip() for field, name in zip(fields, names, strict=True) if name and name not in place)
    return Layout(path, delimiter, number, len(names), place, ignored)


def _read(layout: Layout) -> pa.Table:
    """The columns that count, under their names, as text."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    skipped = []

    def skip(row: pa_csv.InvalidRow) -> str:
        skipped.append(row.number)
        return "skip"

    columns = [f"column {place}" for place in range(layout.width)]
    wanted = [columns[place] for place in layout.place.values()]
    try:
        table = pa_csv.read_csv(
            layout.path,
            read_options=pa_csv.ReadOptions(use_threads=False, skip_rows=layout.header_lines, column_names=columns),
            parse_options=pa_csv.ParseOptions(
                delimiter=layout.delimiter, invalid_row_handler=skip, newlines_in_values=_has_quotes(layout.path)
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted
            ),
        )
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise _no_utf8(layout.path) from error
        # A file that ends with its first line is no error for a reader, but one for pyarrow.
        if "skip initial" not in str(error) and "Empty CSV" not in str(error):
            raise PeopleError(f"{layout.path} cannot be read as a table ({error}). {EXPECTED}.") from error
        table = pa.table({column: pa.array([], pa.string()) for column in wanted})
    if skipped:
        raise _ragged(layout, len(skipped))
    return table.rename_columns(list(layout.place))


def _records(layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of every row below the header that is not blank, one by one."""
    start = 1
    with layout.path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        reader = csv.reader(file, delimiter=layout.delimiter, strict=True)
        try:
            for record in reader:
                if record and reader.line_num > layout.header_lines:
                    yield reader.line_num, record
                start = reader.line_num + 1
        except csv.Error as error:
            raise not_csv(layout.path, start, error) from error


def _check_quotes(layout: Layout) -> None:
    """Raise where a quote is not closed, or too late: rows below it would become part of that cell."""
    for line, record in _records(layout):
        check_rows_within(layout.path, line, record, layout.delimiter, layout.width)


def _filled_elsewhere(layout: Layout, unsure: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the ``unsure`` rows have text in a column that is ignored, bool (n,)."""
    filled = np.zeros(len(unsure), np.bool_)
    if layout.width > len(layout.place):
        for row, (_, record) in zip(range(len(unsure)), _records(layout), strict=False):
            filled[row] = unsure[row] and any(cell.strip() for cell in record)
    return filled


def _lines_of(layout: Layout, records: set[int]) -> dict[int, int]:
    """The line of some rows, by their number among those that are not blank."""
    every = enumerate(_records(layout))
    return {number: line for number, (line, _) in islice(every, max(records) + 1) if number in records}


def _ragged(layout: Layout, count: int) -> PeopleError:
    wrong = ((line, record) for line, record in _records(layout) if len(record) != layout.width)
    shown = [f"line {line:,}: {len(record)} cells" for line, record in islice(wrong, _SHOWN)]
    more = f"; and {count - len(shown):,} more" if count > len(shown) else ""
    return PeopleError(
        f"{layout.path}: {'; '.join(shown)}{more}; the first line names {layout.width} columns. Give every line as "
        "many cells, and put those that hold a separator in quotes."
    )


def _has_quotes(path: Path) -> bool:
    with path.open("rb") as file:
        return any(b'"' in block for block in iter(lambda: file.read(_BLOCK_BYTES), b""))


def _no_utf8(path: Path) -> PeopleError:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return PeopleError(f"{path}: line {number:,} is not UTF-8 text. Save the score file as UTF-8.")
    return PeopleError(f"{path} is not UTF-8 text. Save the score file as UTF-8.")
