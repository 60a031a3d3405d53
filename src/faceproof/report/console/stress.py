"""The summary of a stress run as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from faceproof.report.console.evaluation import print_end
from faceproof.report.console.terminal import Column, print_table, print_text
from faceproof.report.words.formatting import number, percent
from faceproof.report.words.stress import label
from faceproof.summary.estimates import Estimate
from faceproof.summary.stress_schema import StressSummary, SystemNumbers

_MANY_CONDITIONS = 40
_COLUMNS = (
    Column("condition", wraps=True),
    *(
        Column(name, label=name, right=True)
        for name in ("found", "FRR", "FMR", "best", "loss", "faces", "drift", "separ")
    ),
)


def print_stress(summary: StressSummary, console: Console, report: Path | None = None) -> None:
    """Print headline, a table for each model, and warnings; plain text where the output is no terminal.

    Args:
        summary: summary of the run.
        console: console to print to; below 60 columns tables become lists.
        report: path of the page, printed last; None: no path.
    """
    console.print()
    print_text(console, summary.headline, style="bold")
    for model in summary.models:
        console.print()
        print_text(console, f"{model.name}, threshold held: {model.held.label}", style="bold")
        print_table(console, _COLUMNS, list(_rows(model, summary)), gap=1)
        index = model.index
        if index.value is not None:
            low, high = number(index.low), number(index.high)
            print_text(console, f"robustness index {number(index.value)} ({low} to {high})")
    console.print()
    shown = "The worst severity of each family. " if len(summary.conditions) > _MANY_CONDITIONS else ""
    print_text(
        console,
        f"{shown}FRR: mated comparisons rejected, a missing template included; FMR: strangers accepted; best: "
        "accuracy at the best threshold for the condition (optimistic); loss = faces + drift + separ(ability).",
        style="dim",
    )
    print_end(console, summary.warnings, report)


def _rows(model: SystemNumbers, summary: StressSummary) -> Iterator[tuple[str, ...]]:
    rows = model.conditions
    if len(rows) > _MANY_CONDITIONS:
        worst = {summary.entry(row.condition).family: row.condition for row in rows}
        rows = [row for row in rows if row.condition in set(worst.values())]
    for row in rows:
        rates = (row.rates.detection_rate, row.held.frr, row.held.fmr, row.best.accuracy)
        cells = [_percent(rate) for rate in rates]
        cells += [_plain(getattr(row.loss, part).value) for part in ("loss", "not_found", "drift", "separability")]
        yield label(summary.entry(row.condition)), *cells


def _percent(rate: Estimate) -> str:
    """A rate as a percentage with one decimal, or with more where the rate is small."""
    value = rate.value
    if value is None:
        return "-"
    return f"{100 * value:.1f}%" if value >= 0.01 else percent(value, rate.n)


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value + 0.0:.3f}".replace("-0.000", "0.000")
