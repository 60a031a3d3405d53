"""Read a user's CSV file: a pair list, a score file or a file of faces.

A file is UTF-8 text, with or without a byte order mark. The separator is the most frequent one of comma, semicolon, tab
and bar in the first line, or the tab if the suffix is ``.tsv`` or ``.tab``. Quotes follow RFC 4180. The first row that
is not blank is the header, or the first record of a file without a header. Blank rows are skipped.

`CsvTable.records` yields rows one by one, with their line numbers. `CsvTable.cells` reads columns as text by pyarrow,
for files with millions of rows. Python's reader then reads the file again for line numbers. It also does so if the file
has quotes, since pyarrow reads a quote that is not closed as one cell.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

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
        what: description of the file for messages, such as "score file".
        failure: class of the error to raise.
        delimiter: separator of the cells.
        first: cells of the first row.
        first_text: text of the line in which the first row begins.
        first_line: number of the line in which the first row ends, from 1.
        quoted: whether the file has a quote.
        content: bytes of the file; None: they are read from the file whenever they are needed.
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
        """Names of the columns in the first row, normalised by `faceproof.people.labels.column_name`."""
        return [column_name(cell) for cell in self.first]

    def places(self, wanted: Iterable[str], same: Mapping[str, str] | None = None) -> dict[str, int]:
        """The positions of columns in the first row.

        Args:
            wanted: names of columns.
            same: wanted names, by other names of the same columns.

        Returns:
            Position by name, from 0, for the columns that exist.

        Raises:
            FaceproofError: a ``failure``: a wanted column exists more than once.
        """
        names = [(same or {}).get(name, name) for name in self.names()]
        places = {name: names.index(name) for name in wanted if name in names}
        for name in places:
            if names.count(name) > 1:
                given = ", ".join(cell.strip() for cell, other in zip(self.first, names, strict=True) if other == name)
                raise self.failure(f"{self.shown()}, with the column {name} more than once: {given}. Keep one of them.")
        return places

    def others(self, places: Mapping[str, int]) -> tuple[str, ...]:
        """Names of the columns at other positions than these; columns without a name are left out."""
        used = set(places.values())
        cells = ((place, cell.strip()) for place, cell in enumerate(self.first))
        return tuple(cell for place, cell in cells if cell and place not in used)

    def shown(self) -> str:
        """Path, number and text of the first line, for a message."""
        return f"{self.path}: line {self.first_line} is {self.first_text[:120]!r}"

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Rows after the first that are not blank; their number of cells may differ from `width`.

        Yields:
            The number of the line in which the row ends, and its cells.

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
            places: position of each column, by its name in the result.

        Returns:
            The columns.

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
            filled |= pc.not_equal(pc.utf8_trim_whitespace(column), pa.scalar("")).to_numpy()
        if not filled.all() and self.width > len(places):
            # A row is not blank either if only a column outside of ``places`` has text.
            for row, (_, cells) in zip(range(len(filled)), self._rows(), strict=False):
                filled[row] |= any(cell.strip() for cell in cells)
        return Cells(self, places, table.filter(pa.array(filled)), np.flatnonzero(filled))

    def lines(self, rows: set[int]) -> dict[int, int]:
        """Line numbers of rows; rows are numbered from 0 as `cells` reads them, including blank ones."""
        if not rows:
            return {}
        return {row: line for row, (line, _) in islice(enumerate(self._rows()), max(rows) + 1) if row in rows}

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Line and cells of every row after the first, without the blank rows that pyarrow skips."""
        for line, cells in _csv_rows(self, self.delimiter):
            if line > self.first_line and (len(cells) == self.width or any(cell.strip() for cell in cells)):
                yield line, cells

    def _refuse_rows_within(self, line: int, cells: Sequence[str]) -> None:
        """Refuse a cell with line breaks and as many separators as a row, as a stray quote may have joined rows."""
        for cell in cells:
            count = cell.count(self.delimiter)
            if ("\n" in cell or "\r" in cell) and count >= self.width - 1:
                raise self.failure(
                    f"{self.path}: a cell in quotes that ends in line {line:,} has line breaks and {count} separators,"
                    f" so it may contain whole rows: {cell[:80]!r}. Remove the quotes or the line breaks."
                )

    def _columns(self, places: Mapping[str, int]) -> pa.Table:
        """Columns by name, as text, with the rows of `_rows`."""
        ragged = 0

        def count_and_skip(row: pa_csv.InvalidRow) -> Literal["skip"]:
            nonlocal ragged
            ragged += bool(row.text.replace(self.delimiter, "").replace('"', "").strip())
            return "skip"

        columns = [f"column {place}" for place in range(self.width)]
        wanted = [columns[place] for place in places.values()]
        try:
            # An open file, since pyarrow cannot open a path that is not valid Unicode.
            with _opened(self.path, self.content) as file:
                table = pa_csv.read_csv(
                    file,
                    # With threads of the reader, a process that ends soon after with an error would abort.
                    read_options=pa_csv.ReadOptions(use_threads=False, skip_rows=self.first_line, column_names=columns),
                    parse_options=pa_csv.ParseOptions(
                        delimiter=self.delimiter, invalid_row_handler=count_and_skip, newlines_in_values=self.quoted
                    ),
                    convert_options=pa_csv.ConvertOptions(
                        column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted
                    ),
                )
        except pa.ArrowInvalid as error:
            # A file with only its first line is an error for pyarrow, but not here.
            if "skip initial" not in str(error) and "Empty CSV" not in str(error):
                raise self.failure(f"{self.path} cannot be read as a table ({error}).") from error
            table = pa.table({column: pa.array([], pa.string()) for column in wanted})
        if ragged:
            raise self._ragged(ragged)
        return table.rename_columns(list(places))

    def _ragged(self, count: int) -> FaceproofError:
        """The error for rows with another number of cells than the first row; it names the first of them."""
        wrong = ((line, cells) for line, cells in self._rows() if len(cells) != self.width)
        shown = [f"line {line:,}: {len(cells)} cells" for line, cells in islice(wrong, _SHOWN)]
        more = f"; and {count - len(shown):,} more" if count > len(shown) else ""
        return self.failure(
            f"{self.path}: {'; '.join(shown)}{more}; the first line names {self.width} columns. Give every line as "
            "many cells, and put cells with a separator in quotes."
        )


class Cells(NamedTuple):
    """Columns of a `CsvTable`.

    Attributes:
        source: the file.
        places: position of each column in the file, by name.
        table: the columns as text, by name.
        row: number of each row for `CsvTable.lines`, int64 (rows,).
    """

    source: CsvTable
    places: Mapping[str, int]
    table: pa.Table
    row: NDArray[np.int64]

    def __contains__(self, column: object) -> bool:
        return column in self.places

    def trimmed(self, column: str) -> pa.ChunkedArray[pa.StringScalar]:
        """A column without white space around its cells."""
        return pc.utf8_trim_whitespace(self.table[column])

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """Line numbers by row of `table`."""
        lines = self.source.lines({int(self.row[row]) for row in rows})
        return {row: lines[int(self.row[row])] for row in rows}


def read_table(
    path: Path, what: str, failure: type[FaceproofError], *, expected: str, content: bytes | None = None
) -> CsvTable:
    """Open a CSV file: check its encoding, and read its first row.

    Args:
        path: the file.
        what: description of the file for messages, such as "score file".
        failure: class of the error to raise.
        expected: sentence without a full stop that describes the expected content, for an empty file.
        content: bytes of the file, if they have been read already.

    Returns:
        The table, with its first row read.

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
        path: the file, for the message.
        what: description of the file for messages.
        failure: class of the error to raise.

    Returns:
        The text.

    Raises:
        FaceproofError: a ``failure``: the file is not UTF-8 text; the message has the line.
    """
    _check_text(path, what, failure, content)
    return content.decode("utf-8-sig")


def _opened(path: Path, content: bytes | None) -> BinaryIO:
    return path.open("rb") if content is None else io.BytesIO(content)


def _csv_rows(table: CsvTable, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """For every row with cells, the number of the line in which it ends, and its cells."""
    start = 1
    with io.TextIOWrapper(_opened(table.path, table.content), "utf-8-sig", newline="") as file:
        # Without strict, a quote that is not closed makes one cell of all following lines.
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
    """The first line that is not blank; empty if there is none."""
    with io.TextIOWrapper(_opened(path, content), "utf-8-sig") as file:
        return next((text.rstrip("\n") for text in file if text.strip()), "")


def _check_text(path: Path, what: str, failure: type[FaceproofError], content: bytes | None) -> bool:
    """Check that a file is UTF-8 text, and return whether it has quotes.

    Raises:
        FaceproofError: a ``failure``: it is not UTF-8 text; the message has the line.
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
