"""The one reader of CSV files that a user brings along: pair lists, score files and files of faces.

A file is UTF-8 text, with or without a byte order mark. Cells are separated by commas, semicolons, tabs or bars:
by what the first line has most of, or by tabs where the file is called ``.tsv`` or ``.tab``. Quotes follow RFC 4180.
The first row that is not blank is the header, or the first record of a file without one. Blank rows are passed over.

`CsvTable.records` gives rows one by one, with their lines. `CsvTable.cells` gives columns as text, for files with
millions of rows: pyarrow reads them. Python's reader goes through such a file once more where a line number is
needed, and where there are quotes, since pyarrow takes a quote that is never closed for one cell.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from faceproof.errors import FaceproofError
from faceproof.files import check_file
from faceproof.people.labels import column_name

DELIMITERS = ",;\t|"

_BLOCK_BYTES = 1 << 20
_SHOWN = 5
_SIGNATURES = (
    (b"\xff\xfe", "UTF-16 text, which spreadsheets call Unicode text"),
    (b"\xfe\xff", "UTF-16 text, which spreadsheets call Unicode text"),
    (b"PK\x03\x04", "a ZIP file, as xlsx and ods are: export the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet (xls): export the table as CSV"),
    (b"\x1f\x8b", "compressed with gzip: unpack it"),
    (b"PAR1", "a Parquet file"),
)


@dataclass(frozen=True, slots=True)
class CsvTable:
    """An opened CSV file.

    Attributes:
        path: the file.
        what: what it is, after "the": "score file".
        failure: the error that is raised for a fault of the file.
        delimiter: what separates cells.
        first: cells of the first row.
        first_text: the line on which the first row begins, as it is in the file.
        first_line: number of the line on which the first row ends.
        quoted: whether there is a quote anywhere.
        content: bytes of the file where they are in memory; None: they are read again when they are needed.
    """

    path: Path
    what: str
    failure: type[FaceproofError]
    delimiter: str
    first: tuple[str, ...]
    first_text: str
    first_line: int
    quoted: bool
    content: bytes | None = None

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.first)

    def names(self) -> list[str]:
        """Names of the columns by the first row, as `faceproof.people.labels.column_name` spells them."""
        return [column_name(cell) for cell in self.first]

    def places(self, wanted: Iterable[str], same: Mapping[str, str] | None = None) -> dict[str, int]:
        """The places of columns in the first row.

        Args:
            wanted: names of columns.
            same: other names for them: the wanted name by the other one.

        Returns:
            Place by name, for those that are there.

        Raises:
            FaceproofError: a ``failure``: a wanted column is there more than once.
        """
        names = [(same or {}).get(name, name) for name in self.names()]
        places = {name: names.index(name) for name in wanted if name in names}
        for name in places:
            if names.count(name) > 1:
                given = ", ".join(cell.strip() for cell, other in zip(self.first, names, strict=True) if other == name)
                raise self.failure(f"{self.shown()}, with the column {name} more than once: {given}. Keep one of them.")
        return places

    def others(self, places: Mapping[str, int]) -> tuple[str, ...]:
        """Names of the columns that are not among some places; a column without a name is left out."""
        used = set(places.values())
        cells = ((place, cell.strip()) for place, cell in enumerate(self.first))
        return tuple(cell for place, cell in cells if cell and place not in used)

    def shown(self) -> str:
        """The first line as a message shows it, after the path."""
        return f"{self.path}: line {self.first_line} is {self.first_text[:120]!r}"

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Line and cells of each row below the first that is not blank; its number of cells may differ from `width`.

        Raises:
            FaceproofError: a ``failure``: a row is not CSV, or a cell may hold whole rows.
        """
        for line, cells in self._rows():
            if any(cell.strip() for cell in cells):
                self._refuse_rows_within(line, cells)
                yield line, cells

    def cells(self, places: Mapping[str, int]) -> Cells:
        """Some columns as text, without blank rows.

        Args:
            places: place of each column, by the name that it gets.

        Raises:
            FaceproofError: a ``failure``: rows differ in their number of cells, a row is not CSV, or a cell may hold
                whole rows.
        """
        if self.quoted:
            for line, cells in self._rows():
                self._refuse_rows_within(line, cells)
        table = self._columns(places)
        filled = np.zeros(len(table), np.bool_)
        for column in table.columns:
            filled |= pc.not_equal(pc.utf8_trim_whitespace(column), "").to_numpy()
        if not filled.all() and self.width > len(places):
            # A row counts, too, where only a column has text that is not read.
            for row, (_, cells) in zip(range(len(filled)), self._rows(), strict=False):
                filled[row] |= any(cell.strip() for cell in cells)
        return Cells(self, places, table.filter(pa.array(filled)), np.flatnonzero(filled))

    def lines(self, rows: set[int]) -> dict[int, int]:
        """The line of some rows, by their numbers among the rows that `cells` reads, blank ones included."""
        if not rows:
            return {}
        return {row: line for row, (line, _) in islice(enumerate(self._rows()), max(rows) + 1) if row in rows}

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Line and cells of every row below the first, apart from those that pyarrow passes over, too."""
        for line, cells in _csv_rows(self, self.delimiter):
            if line > self.first_line and (len(cells) == self.width or any(cell.strip() for cell in cells)):
                yield line, cells

    def _refuse_rows_within(self, line: int, cells: Sequence[str]) -> None:
        """Refuse a cell with line breaks and as many separators as a row: a stray quote may have made it of rows."""
        for cell in cells:
            count = cell.count(self.delimiter)
            if ("\n" in cell or "\r" in cell) and count >= self.width - 1:
                raise self.failure(
                    f"{self.path}: a cell in quotes that ends in line {line:,} has line breaks and {count} separators,"
                    f" so it may contain whole rows: {cell[:80]!r}. Remove the quotes or the line breaks."
                )

    def _columns(self, places: Mapping[str, int]) -> pa.Table:
        """Columns under their names, as text, with a row for each of `_rows`."""
        ragged = 0

        def pass_over(row: pa_csv.InvalidRow) -> str:
            nonlocal ragged
            ragged += bool(row.text.replace(self.delimiter, "").replace('"', "").strip())
            return "skip"

        columns = [f"column {place}" for place in range(self.width)]
        wanted = [columns[place] for place in places.values()]
        try:
            # A file and not a path: pyarrow opens no path that is no Unicode.
            with _opened(self.path, self.content) as file:
                table = pa_csv.read_csv(
                    file,
                    # A process that ends soon after, with an error, would abort on the threads of the reader.
                    read_options=pa_csv.ReadOptions(use_threads=False, skip_rows=self.first_line, column_names=columns),
                    parse_options=pa_csv.ParseOptions(
                        delimiter=self.delimiter, invalid_row_handler=pass_over, newlines_in_values=self.quoted
                    ),
                    convert_options=pa_csv.ConvertOptions(
                        column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted
                    ),
                )
        except pa.ArrowInvalid as error:
            # A file that ends with its first line is no error for a reader, but one for pyarrow.
            if "skip initial" not in str(error) and "Empty CSV" not in str(error):
                raise self.failure(f"{self.path} cannot be read as a table ({error}).") from error
            table = pa.table({column: pa.array([], pa.string()) for column in wanted})
        if ragged:
            raise self._ragged(ragged)
        return table.rename_columns(list(places))

    def _ragged(self, count: int) -> FaceproofError:
        """The error that names the first rows with another number of cells than the first row."""
        wrong = ((line, cells) for line, cells in self._rows() if len(cells) != self.width)
        shown = [f"line {line:,}: {len(cells)} cells" for line, cells in islice(wrong, _SHOWN)]
        more = f"; and {count - len(shown):,} more" if count > len(shown) else ""
        return self.failure(
            f"{self.path}: {'; '.join(shown)}{more}; the first line names {self.width} columns. Give every line as "
            "many cells, and put those that hold a separator in quotes."
        )


class Cells(NamedTuple):
    """Columns of a `CsvTable`.

    Attributes:
        source: the file.
        places: place of each column in the file, by name.
        table: the columns as text, by name.
        row: number of each row for `CsvTable.lines`, int64 (rows,).
    """

    source: CsvTable
    places: Mapping[str, int]
    table: pa.Table
    row: NDArray[np.int64]

    def __contains__(self, column: object) -> bool:
        return column in self.places

    def trimmed(self, column: str) -> pa.ChunkedArray:
        """A column without white space around its cells."""
        return pc.utf8_trim_whitespace(self.table[column])

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """The line of each of some rows."""
        lines = self.source.lines({int(self.row[row]) for row in rows})
        return {row: lines[int(self.row[row])] for row in rows}


def read_table(
    path: Path, what: str, failure: type[FaceproofError], *, expected: str, content: bytes | None = None
) -> CsvTable:
    """Open a CSV file: check its encoding, and read its first row.

    Args:
        path: the file.
        what: what it is, after "the": "score file".
        failure: the error to raise.
        expected: sentence without its full stop that says what an empty file lacks.
        content: bytes of the file, where they have been read already.

    Raises:
        FaceproofError: a ``failure``: the file cannot be read, is empty or no UTF-8 text, or its first row is not CSV.
    """
    if content is None:
        check_file(path, f"The {what}", failure)
    try:
        quoted = _check_text(path, what, failure, content)
        first_text = _first_line(path, content)
    except OSError as error:
        raise failure(f"The {what} {path} cannot be read ({error.strerror or error}).") from error
    tabs = path.suffix.lower() in {".tsv", ".tab"}
    delimiter = "\t" if tabs else max(DELIMITERS, key=first_text.count)
    table = CsvTable(path, what, failure, delimiter, (), first_text, 0, quoted, content)
    for line, cells in _csv_rows(table, delimiter):
        if any(cell.strip() for cell in cells):
            table = CsvTable(path, what, failure, delimiter, tuple(cells), first_text, line, quoted, content)
            table._refuse_rows_within(line, cells)
            return table
    raise failure(f"{path} is empty. {expected}.")


def decoded(content: bytes, path: Path, what: str, failure: type[FaceproofError]) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Args:
        content: bytes of the file.
        path: the file, for the error.
        what: what it is, after "the".
        failure: the error to raise.

    Raises:
        FaceproofError: a ``failure``: it is no UTF-8 text; the message has the line.
    """
    _check_text(path, what, failure, content)
    return content.decode("utf-8-sig")


def _opened(path: Path, content: bytes | None) -> BinaryIO:
    return path.open("rb") if content is None else io.BytesIO(content)


def _csv_rows(table: CsvTable, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The line on which a row ends, and its cells, of every row of a file that has any."""
    start = 1
    with io.TextIOWrapper(_opened(table.path, table.content), "utf-8-sig", newline="") as file:
        # Without strict, a quote that is never closed makes one cell of all lines below it.
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
                start = reader.line_num + 1
        except csv.Error as error:
            raise table.failure(
                f"{table.path}: the row that starts in line {start:,} is not CSV ({error}). Quotes go around a whole "
                "cell, in pairs; a quote within such a cell is doubled."
            ) from error


def _first_line(path: Path, content: bytes | None) -> str:
    """The first line that is not blank; empty where there is none."""
    with io.TextIOWrapper(_opened(path, content), "utf-8-sig") as file:
        return next((text.rstrip("\n") for text in file if text.strip()), "")


def _check_text(path: Path, what: str, failure: type[FaceproofError], content: bytes | None) -> bool:
    """Make sure that a file is UTF-8 text, and return whether it has quotes.

    Raises:
        FaceproofError: a ``failure``: it is not; the message has the line.
    """
    decoder, quoted, lines, head = codecs.getincrementaldecoder("utf-8")(), False, 1, None
    with _opened(path, content) as file:
        for block in chain(iter(lambda: file.read(_BLOCK_BYTES), b""), [b""]):
            head = block[:_SIGNATURE_BYTES] if head is None else head
            waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                line = lines + block[: max(error.start - waiting, 0)].count(b"\n")
                kind = next((name for signature, name in _SIGNATURES if head.startswith(signature)), None)
                hint = f" It is {kind}." if kind else ""
                raise failure(f"{path}: line {line:,} is not UTF-8 text. Save the {what} as UTF-8.{hint}") from error
            quoted |= b'"' in block
            lines += block.count(b"\n")
    return quoted


_SIGNATURE_BYTES = max(len(signature) for signature, _ in _SIGNATURES)
