"""A comparison of runs as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from faceproof.report.console.evaluation import print_end
from faceproof.report.console.terminal import NARROW, Column, print_table, print_text
from faceproof.report.words.comparison import reading
from faceproof.report.words.comparison_rows import MEASURE_NAMES, Cell, Row, p_value, side_by_side
from faceproof.report.words.formatting import (
    cannot_be_estimated,
    count,
    number,
    percent,
    points,
    points_range,
    printable,
)
from faceproof.summary.comparison_schema import ComparisonSummary, Difference, DifferenceTest
from faceproof.summary.estimates import Estimate

_GAP = 2


def print_comparison(summary: ComparisonSummary, console: Console, report: Path | None = None) -> None:
    """Print headline, numbers of the runs side by side, differences to the first run, and warnings.

    The output is plain text where it goes to no terminal.

    Args:
        summary: summary of the comparison.
        console: console to print to; 80 columns have room for two runs, further runs are printed below.
        report: path of the page, printed last; None: no path.
    """
    console.print()
    print_text(console, summary.headline, style="bold")
    for columns, rows in _tables(summary, console.width):
        console.print()
        print_table(console, columns, rows)
    for difference in summary.differences:
        _print_difference(difference, summary, console)
    _print_agreement(summary, console)
    console.print()
    note = "* optimistic: the threshold was chosen on the comparisons that it is judged on. Differences are in points."
    print_text(console, note, style="dim")
    print_end(console, summary.warnings, report)


def _tables(summary: ComparisonSummary, width: int) -> Iterator[tuple[list[Column], list[list[str]]]]:
    """Columns and rows of the numbers of the runs; each table has as many runs as the width allows."""
    rows, names = side_by_side(summary, joiner=" to "), [run.name for run in summary.runs]
    columns = [_column([row.cells[place] for row in rows]) for place in range(len(names))]
    head = max(len(_what(row)) for row in rows)
    widest = max(len(text) for column in columns for text in column)
    at_a_time = max(1, (width - head) // (widest + _GAP)) if width >= NARROW else len(names)
    for start in range(0, len(names), at_a_time):
        part = slice(start, start + at_a_time)
        shown = [Column(""), *(Column(name, label=f"{name}:", wraps=True) for name in names[part])]
        yield shown, [[_what(row), *cells] for row, *cells in zip(rows, *columns[part], strict=True)]


def _what(row: Row) -> str:
    return f"{row.what} *" if row.optimistic else row.what


def _column(cells: Sequence[Cell]) -> list[str]:
    """The cells of one run as text; values of numbers that have an interval are aligned."""
    width = max((len(cell.value) for cell in cells if cell.interval), default=0)
    texts = (f"{cell.value:>{width}}  {cell.interval}" if cell.interval else cell.value for cell in cells)
    return [printable(text.replace("–", "-")) for text in texts]


def _print_difference(difference: Difference, summary: ComparisonSummary, console: Console) -> None:
    run, baseline = difference.run, difference.baseline
    made, point = summary.comparisons.made_by_all, summary.operating_point
    who = "both" if len(summary.runs) == 2 else "all runs"
    at = f"; {point.label}" if point.target_fmr is not None else ""
    console.print()
    about = f"{run} against {baseline}, on {count(made)} comparisons that {who} made{at}"
    print_text(console, about, style="bold")
    columns = [
        Column(""),
        *(Column(name, label=f"{name}:", right=True, wraps=True) for name in (baseline, run)),
        Column("difference", label="difference", right=True),
        Column("95% interval", label="95% interval"),
    ]
    tests = {"FNMR": difference.fnmr_test, "EER": difference.eer_test}
    rows = []
    paired = {row.run: row for row in summary.paired}
    for name, title in MEASURE_NAMES.items():
        estimate: Estimate = getattr(difference, name)
        if estimate.value is None:
            print_text(console, f"{title} {cannot_be_estimated(estimate)}")
            continue
        values: list[Estimate] = [
            paired[one].eer if name == "eer" else getattr(paired[one].held, name) for one in (baseline, run)
        ]
        shown = [percent(value.value, value.n) for value in values]
        rows.append([title, *shown, points(estimate), points_range(estimate)])
    if rows:
        print_table(console, columns, rows)
    for title, test in tests.items():
        estimate = difference.fnmr if title == "FNMR" else difference.eer
        if estimate.value is None:
            continue
        told = "" if test.p is None else f" (p {p_value(test.p)}; {_wrong_alone(difference, test)})"
        print_text(console, f"{title}: {reading(estimate, test)}{told}")


def _wrong_alone(difference: Difference, test: DifferenceTest) -> str:
    only = ((difference.baseline, test.only_baseline_wrong), (difference.run, test.only_run_wrong))
    return "wrong in " + ", in ".join(f"{name} alone {count(n)}" for name, n in only)


def _print_agreement(summary: ComparisonSummary, console: Console) -> None:
    measured = [row for row in summary.agreement if row.alike is not None]
    if measured:
        console.print()
    for row in measured:
        kappa = "kappa cannot be estimated" if row.kappa is None else f"kappa {number(row.kappa)}"
        print_text(console, f"{row.a} and {row.b} decide {percent(row.alike, row.n)} alike, {kappa}")
