"""Text and tables in a terminal of any width: broken between words, and never cut.

A table whose cells have no room, and any table below 60 columns, becomes a list.
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
        title: what stands above it.
        label: what stands before each of its cells in a list.
        right: cells stand at the right edge.
        wraps: cells may be broken between words, and words of more than 24 letters anywhere; else they stay whole.
        inline: in a list, cells stand on the line of the first column.
        style: of its cells.
    """

    title: str
    label: str = ""
    right: bool = False
    wraps: bool = False
    inline: bool = False
    style: str = ""


def print_text(console: Console, text: str, *, style: str = "", mark: str = "", mark_style: str = "") -> None:
    """Print text broken between words at the console's width; a word that is wider stays whole.

    Args:
        console: where to print.
        text: one paragraph; what cannot be printed is escaped.
        style: of the text.
        mark: what stands before the first line; later lines are indended by as much.
        mark_style: of the mark.
    """
    before = mark if cell_len(mark) < console.width else ""
    for line in wrapped(printable(text), console.width - cell_len(before)):
        console.print(Text.assemble((before, mark_style), (line, style)), soft_wrap=True)
        before = " " * cell_len(before)


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most ``width`` cells where its words allow it.

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
    """Print a path after its name, on one line so that it can be copied."""
    console.print(Text(f"{name}: ", style="bold").append(printable(str(path)), style="not bold"), soft_wrap=True)


def print_table(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, gap: int = 2, whole: bool = False
) -> None:
    """Print rows as a table, or as a list where the table has no room.

    Args:
        console: where to print.
        columns: the first names the row.
        rows: a cell for each column; a row without cells is an empty line.
        gap: spaces between columns.
        whole: a table with every row on one line, whatever the console's width: for output that programs read.
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
    """Cells that each column takes where nothing is broken."""
    return [
        max(cell_len(column.title), *(cell_len(row[place]) for row in rows if row), 0)
        for place, column in enumerate(columns)
    ]


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, gap: int) -> list[int] | None:
    """Cells for each column so that no number is broken; None where the console is too narrow for that."""
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
    """Cells of the widest word that must stay whole: all of one with a digit, a part of any other."""
    whole = (cell_len(word) for word in cell.split() if any(map(str.isdigit, word)))
    return max(min(_LONGEST_WORD, max(map(cell_len, cell.split()), default=0)), *whole, 0)


def _print_list(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Each row as a paragraph: its name and value, then one line for each other cell that is not empty."""
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
