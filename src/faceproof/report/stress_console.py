"""The summary of a stress run as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from faceproof.report.console import hanging
from faceproof.report.formatting import number, percent, printable
from faceproof.report.stress_words import entry_of, label

Summary = Mapping[str, Any]

_MANY_CONDITIONS = 40
_NAME_WIDTH = 34


def print_stress(summary: Summary, console: Console, report: Path | None = None) -> None:
    """Print headline, a table for each model, and warnings; plain text where the output is no terminal.

    Args:
        summary: the dict of ``faceproof.report.stress_summary``.
        console: where to print; 80 columns suffice.
        report: where the page lies, printed last.
    """
    console.print()
    console.print(Text(printable(summary["headline"]), style="bold"))
    for model in summary["models"]:
        console.print()
        console.print(Text(f"{printable(model['name'])}, threshold held: {model['held']['label']}", style="bold"))
        console.print(_table(model, summary))
        index = model["index"]
        if index["value"] is not None:
            low, high = number(index["low"]), number(index["high"])
            console.print(Text(f"robustness index {number(index['value'])} ({low} to {high})"))
    console.print()
    shown = "The worst severity of each family. " if len(summary["conditions"]) > _MANY_CONDITIONS else ""
    console.print(
        Text(
            f"{shown}FRR: mated comparisons turned away, a missing face included; FMR: strangers accepted; best: "
            "accuracy at the best threshold for the condition (optimistic); loss = faces + drift + separ(ability).",
            style="dim",
        )
    )
    for warning in summary["warnings"]:
        console.print(hanging("! ", warning, "yellow"))
    if report is not None:
        console.print()
        console.print(Text("Report: ", style="bold").append(printable(str(report)), style="not bold"), soft_wrap=True)


def _table(model: Mapping[str, Any], summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", expand=False)
    table.add_column("condition", max_width=_NAME_WIDTH, overflow="fold")
    for column in ("found", "FRR", "FMR", "best", "loss", "faces", "drift", "separ"):
        table.add_column(column, justify="right", no_wrap=True)
    rows = model["conditions"]
    if len(rows) > _MANY_CONDITIONS:
        worst = {entry_of(summary, row["condition"])["family"]: row["condition"] for row in rows}
        rows = [row for row in rows if row["condition"] in set(worst.values())]
    for row in rows:
        best = next(point for point in row["operating_points"] if point["name"] == "best_accuracy")
        rates = (row["rates"]["detection_rate"], row["held"]["frr"], row["held"]["fmr"], best["accuracy"])
        cells = [_percent(rate) for rate in rates]
        cells += [_plain(row["loss"][part]["value"]) for part in ("loss", "not_found", "drift", "separability")]
        table.add_row(Text(printable(label(entry_of(summary, row["condition"])))), *cells)
    return table


def _percent(rate: Mapping[str, Any]) -> str:
    """With one decimal, or as many as a small rate takes."""
    value = rate["value"]
    if value is None:
        return "-"
    return f"{100 * value:.1f}%" if value >= 0.01 else percent(value, rate["n"])


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value + 0.0:.3f}".replace("-0.000", "0.000")
