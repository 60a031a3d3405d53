"""The summary of a run as one table in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from faceproof.report.console.terminal import Column, print_path, print_table, print_text
from faceproof.report.words.formatting import count, number
from faceproof.report.words.key_numbers import key_numbers
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.summary.native_thresholds import shown_usual_score

Row = tuple[str, str, str, str]

_ON_THE_PAGE_ONLY = ("min_cllr", "calibration_loss", "misleading_mated", "misleading_non_mated")

_COLUMNS = (
    Column("what"),
    Column("value", right=True, inline=True),
    Column("95% interval", label="95% interval"),
    Column("note", wraps=True, style="dim"),
)


def print_summary(summary: EvaluationSummary, console: Console, report: Path | None = None) -> None:
    """Print headline, table and warnings of a run; plain text where the output is no terminal.

    Args:
        summary: summary of the run.
        console: console to print to; below 60 columns the table becomes a list.
        report: path of the page, printed last; None: no path.
    """
    console.print()
    print_text(console, summary.headline, style="bold")
    if summary.certainty:
        print_text(console, summary.certainty)
    console.print()
    print_table(console, _COLUMNS, list(_rows(summary)))
    console.print()
    if any(point.optimistic for point in summary.operating_points):
        note = "optimistic: the threshold was chosen on the comparisons that it is judged on."
        print_text(console, note, style="dim")
    print_end(console, summary.warnings, report)


def print_end(console: Console, warnings: Sequence[str], report: Path | None) -> None:
    """Print the warnings of a summary, and then the path of the page."""
    for warning in warnings:
        print_text(console, warning, mark="! ", mark_style="yellow")
    if report is not None:
        console.print()
        print_path(console, "Report", report)


def _rows(summary: EvaluationSummary) -> Iterator[tuple[str, ...]]:
    """The rows of the table, with an empty one between groups."""
    for place, group in enumerate((_quality(summary), _decisions(summary), _effort(summary))):
        if place:
            yield ()
        for row in group:
            yield tuple(cell.replace("–", "-") for cell in row)


def _quality(summary: EvaluationSummary) -> Iterator[Row]:
    for key in key_numbers(summary, joiner=" to "):
        if key.key in _ON_THE_PAGE_ONLY:
            continue
        yield key.what, key.value, key.interval, f"optimistic; {key.note}" if key.optimistic else key.note


def _decisions(summary: EvaluationSummary) -> Iterator[Row]:
    usual = shown_usual_score(summary.run.system)
    point = summary.default_point
    if (cells := point.confusion) is not None:
        at = f"at distance {number(point.threshold_distance)}"
        if usual is not None and point.threshold_usual is not None:
            yield f"Threshold, {usual.label}", usual.text(point.threshold_usual), "", "the model's usual score"
        yield "Mated, accepted", count(cells.tp), "", f"TP {at}"
        yield "Mated, rejected", count(cells.fn), "", f"FN {at}"
        yield "Non-mated, rejected", count(cells.tn), "", f"TN {at}"
        yield "Non-mated, accepted", count(cells.fp), "", f"FP {at}"
    for moments, name in ((summary.distances.mated, "mated"), (summary.distances.non_mated, "non-mated")):
        available = moments.mean is not None
        note = f"standard deviation {number(moments.sd)}" if available else f"cannot be estimated: no {name} comparison"
        yield f"Mean distance, {name}", number(moments.mean), "", note


def _effort(summary: EvaluationSummary) -> Iterator[Row]:
    counts, total = summary.counts, summary.times.total_ms
    missed = counts.not_compared
    lack = "there is no score" if summary.failures.no_score is not None else "a photo gave no template"
    why = f"; {lack}" if missed else ""
    yield "Comparisons not made", count(missed), "", f"of {count(counts.comparisons)}{why}"
    note = "decode, detect, embed" if total is not None else "cannot be estimated: no time was recorded"
    yield "Mean time per photo", "-" if total is None else f"{total:.1f} ms", "", note
