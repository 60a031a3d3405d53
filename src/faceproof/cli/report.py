"""``faceproof report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faceproof.cli.options import FailIf, Json, NoFigures, Quiet, RunFolder
from faceproof.cli.output import note_to, only_results_on_stdout
from faceproof.cli.show import judge, show_run, show_stress

if TYPE_CHECKING:
    from faceproof.jobs.base import Say


def report_command(
    run: RunFolder,
    threshold: Annotated[
        float | None,
        typer.Option(help="Judge at this distance (0 to 2; in a run of score: this score); by default as the run was."),
    ] = None,
    folds: Annotated[int | None, typer.Option(help="Person-disjoint folds; by default as many as the run had.")] = None,
    fail_if: FailIf = None,
    no_figures: NoFigures = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compute the numbers of a run again and draw its report again, from its tables alone."""
    from faceproof.jobs.publishing import report_again
    from faceproof.runs.run_folder import read_manifest
    from faceproof.summary.gates import parse_gate

    gates = [parse_gate(text) for text in fail_if or []]
    say = note_to(quiet)
    say(f"Drawing the report of {run} again ...")
    if read_manifest(run).get("kind") == "stress":
        _stress_again(run, given=(threshold, folds, fail_if), figures=not no_figures, say=say, as_json=json)
        return
    with only_results_on_stdout():
        again = report_again(run, threshold=threshold, folds=folds, figures=not no_figures, say=say)
    show_run(again, as_json=json)
    judge(gates, again)


def _stress_again(run: Path, *, given: tuple[object, ...], figures: bool, say: Say, as_json: bool) -> None:
    from faceproof.errors import ConfigurationError
    from faceproof.jobs.stressing import stress_report_again

    if any(option is not None for option in given):
        raise ConfigurationError("--threshold, --folds and --fail-if are for runs of evaluate; leave them out.")
    with only_results_on_stdout():
        again = stress_report_again(run, figures=figures, say=say)
    show_stress(again, as_json=as_json)
