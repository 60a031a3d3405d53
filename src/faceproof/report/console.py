"""The summary of a run as one table in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from faceproof.report.formatting import count, number, printable
from faceproof.report.key_numbers import key_numbers
from faceproof.report.usual import shown_usual_score

Summary = Mapping[str, Any]
Row = tuple[str, str, str, str]


def print_summary(summary: Summary, console: Console, report: Path | None = None) -> None:
    """Print headline, table and warnings of a run; plain text where the output is no terminal.

    Args:
        summary: the dict of ``faceproof.report.summarize``.
        console: where to print; 80 columns suffice.
        report: where the page lies, printed last.
    """
    console.print()
    console.print(Text(printable(summary["headline"]), style="bold"))
    console.print()
    console.print(_table(summary))
    console.print()
    if any(point["optimistic"] for point in summary["operating_points"]):
        console.print(
            Text("optimistic: the threshold was chosen on the comparisons that it is judged on.", style="dim")
        )
    for warning in summary["warnings"]:
        console.print(hanging("! ", warning, "yellow"))
    if report is not None:
        console.print()
        console.print(Text("Report: ", style="bold").append(printable(str(report)), style="not bold"), soft_wrap=True)


def _table(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=False)
    table.add_column("what", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("95% interval", no_wrap=True)
    table.add_column("note", style="dim")
    for number_of_group, group in enumerate((_quality(summary), _decisions(summary), _effort(summary))):
        if number_of_group:
            table.add_row()
        for row in group:
            table.add_row(*(Text(printable(cell.replace("–", "-"))) for cell in row))
    return table


def _quality(summary: Summary) -> Iterator[Row]:
    for key in key_numbers(summary, joiner=" to "):
        yield key.what, key.value, key.interval, f"optimistic; {key.note}" if key.optimistic else key.note


def _decisions(summary: Summary) -> Iterator[Row]:
    usual = shown_usual_score(summary["run"])
    for point in summary["operating_points"]:
        if point["name"] == summary["default_operating_point"] and point["threshold_distance"] is not None:
            at, cells = f"at distance {number(point['threshold_distance'])}", point["confusion"]
            if usual is not None:
                yield f"Threshold, {usual.label}", usual.text(point["threshold_usual"]), "", "the model's usual score"
            yield "Mated, accepted", count(cells["tp"]), "", f"TP {at}"
            yield "Mated, rejected", count(cells["fn"]), "", f"FN {at}"
            yield "Non-mated, rejected", count(cells["tn"]), "", f"TN {at}"
            yield "Non-mated, accepted", count(cells["fp"]), "", f"FP {at}"
    for kind, name in (("mated", "mated"), ("non_mated", "non-mated")):
        moments = summary["distances"][kind]
        told = moments["mean"] is not None
        note = f"standard deviation {number(moments['sd'])}" if told else f"cannot be told: no {name} comparison"
        yield f"Mean distance, {name}", number(moments["mean"]), "", note


def _effort(summary: Summary) -> Iterator[Row]:
    counts, total = summary["counts"], summary["times"]["total_ms"]
    missed = counts["not_compared_mated"] + counts["not_compared_non_mated"]
    lack = "there is no score" if "no_score" in summary["failures"] else "a photo gave no template"
    why = f"; {lack}" if missed else ""
    yield "Comparisons not made", count(missed), "", f"of {count(counts['comparisons'])}{why}"
    note = "decode, detect, embed" if total is not None else "cannot be told: no time was recorded"
    yield "Mean time per photo", "-" if total is None else f"{total:.1f} ms", "", note


def hanging(mark: str, text: str, style: str) -> Table:
    """Text whose lines after the first are indented below it."""
    grid = Table.grid(padding=0)
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(Text(mark, style=style), Text(printable(text)))
    return grid
