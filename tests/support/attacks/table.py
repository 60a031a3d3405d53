"""The table of what attacks found, for a terminal and for docs/reliability.md."""

from __future__ import annotations

import os
import platform
import textwrap
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from attacks.findings import Fault, Tally

BEGIN, END = "<!-- attack: begin -->", "<!-- attack: end -->"
_HEADS = ("attack", "inputs", "tried", *Fault)
_LIBRARIES = ("torch", "pillow", "pyarrow", "numpy")


def rows_of(tallies: Iterable[Tally]) -> list[tuple[str, ...]]:
    """Cells of the table, a row for each tally, and one for all."""
    tallies = list(tallies)
    rows = [
        (f"{tally.attack}: {tally.part}", tally.inputs, _tried(tally), *(_count(n) for n in tally.counts().values()))
        for tally in tallies
    ]
    sums = [sum(tally.counts()[fault] for tally in tallies) for fault in Fault]
    return [*rows, ("all", "", _count(sum(tally.tried for tally in tallies)), *map(_count, sums))]


def _tried(tally: Tally) -> str:
    return f"not tried: {tally.not_tried}" if tally.not_tried else _count(tally.tried)


def _count(number: int) -> str:
    return f"{number:,}"


def printed(tallies: Sequence[Tally]) -> str:
    """The table in plain text."""
    rows = [tuple(map(str, _HEADS)), *rows_of(tallies)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
    lines = []
    for row in rows:
        words = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        lines.append("  ".join([*words, *numbers]).rstrip())
    return "\n".join(lines)


def page_with(page: str, tallies: Sequence[Tally], command: str, seed: int) -> str:
    """A page in Markdown whose text between `BEGIN` and `END` is the table.

    Raises:
        ValueError: the page lacks these lines.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks a line {BEGIN} or a line {END} below it")
    lines = [_markdown(_HEADS), _markdown(("-", "-", *["-:"] * (len(_HEADS) - 2)))]
    lines += [_markdown(row) for row in rows_of(tallies)]
    said = textwrap.fill(f"Written by `{command}`, seed {seed}, on {_surroundings()}.", 100)
    return "\n".join([f"{before}{BEGIN}", *lines, "", said, f"{END}{after}"])


def _markdown(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _surroundings() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    user = "root" if os.geteuid() == 0 else "a user"
    return (
        f"{platform.system()}, {os.cpu_count()} cores, as {user}, Python {platform.python_version()}, {libraries}, "
        f"faceproof {version('faceproof')}"
    )
