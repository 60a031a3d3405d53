"""Text and tables for a terminal of any width; text is wrapped between words and never cut.

A table that is too wide for the console, and any table below 60 columns, becomes a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from faceproof.report.words.formatting import printable

if TYPE_CHECKING:
    from rich.console import Console

NARROW = 60
"""Columns below which every table becomes a list."""
_LONGEST_WORD = 24
_READABLE = 16
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: heading of the column.
        label: text before each cell of the column in a list.
        right: whether cells are aligned to the right.
        wraps: whether cells may be wrapped between words, and words of more than 24 letters anywhere.
        inline: whether in a list the cells are on the line of the first column.
        style: style of the cells.
    """

    title: str
    label: str = ""
    right: bool = False
    wraps: bool = False
    inline: bool = False
    style: str = ""


def print_text(console: Console, text: str, *, style: str = "", mark: str = "", mark_style: str = "") -> None:
    """Print text, wrapped between words at the width of the console; a wider word is not broken.

    Args:
        console: console to print to.
        text: one paragraph; characters that cannot be printed are escaped.
        style: style of the text.
        mark: text before the first line; later lines are indented by its width.
        mark_style: style of the mark.
    """
    before = mark if cell_len(mark) < console.width else ""
    for line in wrapped(printable(text), console.width - cell_len(before)):
        console.print(Text.assemble((before, mark_style), (line, style)), soft_wrap=True)
        before = " " * cell_len(before)


def wrapped(text: str, width: int) -> list[str]:
    """Wrap a text to lines of at most ``width`` cells; a word that is wider is not broken.

    >>> wrapped("FNMR at FMR 0.1% is 12.5%", 10), wrapped("0.9926", 2), wrapped("", 9)
    (['FNMR at', 'FMR 0.1%', 'is 12.5%'], ['0.9926'], [''])
    """
    lines: list[str] = []
    for word in text.split(" "):
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def print_path(console: Console, name: str, path: object) -> None:
    """Print a name and a path on one line, so that the path can be copied."""
    console.print(Text(f"{name}: ", style="bold").append(printable(str(path)), style="not bold"), soft_wrap=True)


def print_table(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, gap: int = 2, whole: bool = False
) -> None:
    """Print rows as a table, or as a list where the table is too wide for the console.

    Args:
        console: console to print to.
        columns: the columns; the first has the name of the row.
        rows: a cell for each column; a row without cells is an empty line.
        gap: number of spaces between columns.
        whole: print a table with each row on one line at any width of the console, for programs that read it.
    """
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = _full(columns, shown) if whole else _fitting(columns, shown, console.width, gap)
    if widths is None:
        _print_list(console, columns, shown)
    elif whole:
        for cells in ([column.title for column in columns], *shown):
            line = (" " * gap).join(
                cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)
            )
            console.print(Text(line.rstrip()), soft_wrap=True)
    else:
        console.print(_table(columns, shown, widths, gap))


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]], widths: Sequence[int], gap: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold", expand=False)
    for column, width in zip(columns, widths, strict=True):
        title = Text(printable(column.title))
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(title, justify=justify, width=width, style=column.style, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _full(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    """Width of each column, in cells, where nothing is wrapped."""
    return [
        max(cell_len(column.title), *(cell_len(row[place]) for row in rows if row), 0)
        for place, column in enumerate(columns)
    ]


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, gap: int) -> list[int] | None:
    """Width of each column, in cells, at which no number is broken; None where the console is too narrow."""
    full = _full(columns, rows)
    least = [
        min(most, max(_READABLE, *(_widest_word(row[place]) for row in rows if row), 0)) if column.wraps else most
        for place, (column, most) in enumerate(zip(columns, full, strict=True))
    ]
    spare = width - gap * (len(columns) - 1) - sum(least)
    if width < NARROW or spare < 0:
        return None
    wrapping = sorted((place for place, column in enumerate(columns) if column.wraps), key=lambda place: full[place])
    for done, place in enumerate(wrapping):
        more = min(full[place] - least[place], spare // (len(wrapping) - done))
        least[place] += more
        spare -= more
    return least


def _widest_word(cell: str) -> int:
    """Width of the widest part of a cell that must not be broken: a word with a digit, or a part of another word."""
    whole = (cell_len(word) for word in cell.split() if any(map(str.isdigit, word)))
    return max(min(_LONGEST_WORD, max(map(cell_len, cell.split()), default=0)), *whole, 0)


def _print_list(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print each row as a paragraph: its name and value, then one line for each other cell that is not empty."""
    indent = _INDENT if console.width >= NARROW // 3 else ""
    for row in rows:
        if not row:
            console.print()
            continue
        named = [cell for cell, column in zip(row, columns, strict=True) if column is columns[0] or column.inline]
        print_text(console, ": ".join(filter(None, named)), style="bold")
        for cell, column in zip(row[1:], columns[1:], strict=True):
            if cell and not column.inline:
                print_text(console, f"{column.label} {cell}".strip(), style=column.style, mark=indent)
