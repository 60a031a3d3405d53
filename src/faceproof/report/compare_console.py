"""A comparison of runs as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from faceproof.report.compare_rows import MEASURE_NAMES, Cell, Row, p_value, side_by_side
from faceproof.report.console import hanging
from faceproof.report.formatting import cannot_be_told, count, number, percent, points, points_range, printable

Summary = Mapping[str, Any]

_GAP = 2


def print_comparison(summary: Summary, console: Console, report: Path | None = None) -> None:
    """Print headline, the runs side by side, each against the first, and warnings; plain text where it is no terminal.

    Args:
        summary: the dict of ``faceproof.report.compare_summary``.
        console: where to print; 80 columns hold two runs, more runs go below each other.
        report: where the page lies, printed last.
    """
    console.print()
    console.print(Text(printable(summary["headline"]), style="bold"))
    for table in _tables(summary, console.width):
        console.print()
        console.print(table)
    for difference in summary["differences"]:
        _print_difference(difference, summary, console)
    _print_agreement(summary, console)
    console.print()
    note = "* optimistic: the threshold was chosen on the comparisons that it is judged on. Differences are in points."
    console.print(Text(note, style="dim"))
    for warning in summary["warnings"]:
        console.print(hanging("! ", warning, "yellow"))
    if report is not None:
        console.print()
        console.print(Text("Report: ", style="bold").append(printable(str(report)), style="not bold"), soft_wrap=True)


def _tables(summary: Summary, width: int) -> Iterator[Table]:
    """The numbers of each run, as many runs beside each other as there is room for."""
    rows, names = side_by_side(summary, joiner=" to "), [run["name"] for run in summary["runs"]]
    columns = [_column([row.cells[place] for row in rows]) for place in range(len(names))]
    head = max(len(_what(row)) for row in rows)
    widest = max(len(text) for column in columns for text in column)
    at_a_time = max(1, (width - head) // (widest + _GAP))
    for start in range(0, len(names), at_a_time):
        part = slice(start, start + at_a_time)
        table = _plain_table()
        table.add_column("", no_wrap=True)
        for name in names[part]:
            table.add_column(printable(name), overflow="fold")
        for row, *cells in zip(rows, *columns[part], strict=True):
            table.add_row(_what(row), *(Text(cell) for cell in cells))
        yield table


def _what(row: Row) -> str:
    return f"{row.what} *" if row.optimistic else row.what


def _column(cells: Sequence[Cell]) -> list[str]:
    """The cells of one run as text, values of numbers with an interval one below the other."""
    width = max((len(cell.value) for cell in cells if cell.interval), default=0)
    texts = (f"{cell.value:>{width}}  {cell.interval}" if cell.interval else cell.value for cell in cells)
    return [printable(text.replace("–", "-")) for text in texts]


def _print_difference(difference: Mapping[str, Any], summary: Summary, console: Console) -> None:
    run, baseline = difference["run"], difference["baseline"]
    made, point = summary["comparisons"]["made_by_all"], summary["operating_point"]
    who = "both" if len(summary["runs"]) == 2 else "all runs"
    at = f"; {point['label']}" if point["target_fmr"] is not None else ""
    console.print()
    console.print(
        Text(printable(f"{run} against {baseline}, on {count(made)} comparisons that {who} made{at}"), style="bold")
    )
    table = _plain_table()
    for title in ("", baseline, run):
        table.add_column(printable(title), justify="right" if title else "left", max_width=24, overflow="fold")
    table.add_column("difference", justify="right", no_wrap=True)
    table.add_column("95% interval", no_wrap=True)
    paired = {row["run"]: row for row in summary["paired"]}
    for name, title in MEASURE_NAMES.items():
        estimate = difference[name]
        if estimate["value"] is None:
            console.print(hanging("", f"{title} {cannot_be_told(estimate)}", "dim"))
            continue
        values = [paired[one]["eer"] if name == "eer" else paired[one]["held"][name] for one in (baseline, run)]
        shown = [percent(value["value"], value["n"]) for value in values]
        table.add_row(title, *shown, points(estimate), points_range(estimate))
    if table.row_count:
        console.print(table)
    test = difference["mcnemar"]
    if test["p"] is not None:
        console.print(
            Text(
                printable(
                    f"McNemar's exact test: p {p_value(test['p'])}; right in {baseline} alone "
                    f"{count(test['only_baseline_right'])}, in {run} alone {count(test['only_run_right'])}, wrong in "
                    f"both {count(test['both_wrong'])}"
                )
            )
        )


def _print_agreement(summary: Summary, console: Console) -> None:
    told = [row for row in summary["agreement"] if row["alike"] is not None]
    if told:
        console.print()
    for row in told:
        kappa = "kappa cannot be told" if row["kappa"] is None else f"kappa {number(row['kappa'])}"
        alike = f"{row['a']} and {row['b']} decide {percent(row['alike'], row['n'])} alike, {kappa}"
        console.print(Text(printable(alike)))


def _plain_table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold", expand=False)
