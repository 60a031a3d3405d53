"""Shows finished runs on the console, and ends with the exit code of missed gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from faceproof.cli.output import console, print_json

if TYPE_CHECKING:
    from faceproof.jobs.base import Run

MISSED = 3
NOTHING_KEPT = "Stopped; nothing was kept (--no-cache)."
_SERIES = ("curves", "histogram", "threshold_table", "scatter")


def show_run(run: Run, *, as_json: bool) -> None:
    """The table of a run on stdout, or its numbers as JSON."""
    if as_json:
        numbers = {name: value for name, value in run.summary.items() if name not in _SERIES}
        print_json(numbers | {"folder": str(run.folder)})
        return
    from faceproof.report.console.evaluation import print_summary

    print_summary(run.summary, console(), run.folder / "report.html")


def judge(gates: list[Any], run: Run) -> None:
    """Exit with 3 where a run misses a gate, and say which."""
    from faceproof.summary.gates import missed

    complaints = [why for gate in gates if (why := missed(gate, run.summary)) is not None]
    for why in complaints:
        typer.echo(f"Gate missed: {why}", err=True)
    if complaints:
        raise typer.Exit(MISSED)


def show_stress(run: Run, *, as_json: bool) -> None:
    """The table of a stress run on stdout, or its numbers as JSON."""
    if as_json:
        print_json(run.summary | {"folder": str(run.folder)})
        return
    from faceproof.report.console.stress import print_stress

    print_stress(run.summary, console(), run.folder / "report.html")
