"""Prints finished runs on the console, and exits with the exit code of missed gates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from faceproof.cli.output import console, print_json

if TYPE_CHECKING:
    from faceproof.jobs.base import Run
    from faceproof.jobs.carry_out import Plan
    from faceproof.summary.evaluation_schema import EvaluationSummary
    from faceproof.summary.gates import Gate
    from faceproof.summary.stress_schema import StressSummary

MISSED = 3
_SERIES = {"curves", "histogram", "threshold_table", "scatter"}


def show_run(run: Run[EvaluationSummary], *, as_json: bool) -> None:
    """Print the table of a run on stdout, or its numbers as JSON."""
    if as_json:
        numbers = run.summary.model_dump(mode="json", exclude_unset=True, exclude=_SERIES)
        print_json(numbers | {"folder": str(run.folder)})
        return
    from faceproof.report.console.evaluation import print_summary

    print_summary(run.summary, console(), run.folder / "report.html")


def judge(gates: Sequence[Gate], run: Run[EvaluationSummary]) -> None:
    """Exit with code 3 where a run misses gates, after a message on each missed gate."""
    from faceproof.summary.gates import missed

    complaints = [why for gate in gates if (why := missed(gate, run.summary)) is not None]
    for why in complaints:
        typer.echo(f"Gate missed: {why}", err=True)
    if complaints:
        raise typer.Exit(MISSED)


def show_stress(run: Run[StressSummary], *, as_json: bool) -> None:
    """Print the tables of a stress run on stdout, or its numbers as JSON."""
    if as_json:
        print_json(run.summary.as_json() | {"folder": str(run.folder)})
        return
    from faceproof.report.console.stress import print_stress

    print_stress(run.summary, console(), run.folder / "report.html")


def show_plan(plan: Plan) -> None:
    """Print the plan of a run on stdout: what it does and what it needs."""
    for line in plan.in_words():
        if line:
            typer.echo(line)
