"""``faceproof report``."""

from __future__ import annotations

from typing import Annotated

import typer

from faceproof.cli.options import FailIf, Json, NoFigures, Quiet, RunFolder
from faceproof.cli.output import note_to, only_results_on_stdout
from faceproof.cli.show import judge, show_run, show_stress


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
    from faceproof.errors import ConfigurationError
    from faceproof.jobs.publishing import report_again
    from faceproof.runs.run_folder import open_run
    from faceproof.summary.gates import parse_gate

    gates = [parse_gate(text) for text in fail_if or []]
    say = note_to(quiet)
    say(f"Drawing the report of {run} again ...")
    kind = open_run(run, "evaluation", "stress").manifest.kind
    if kind == "stress" and any(option is not None for option in (threshold, folds, fail_if)):
        raise ConfigurationError("--threshold, --folds and --fail-if are for runs of evaluate; leave them out.")
    with only_results_on_stdout():
        again = report_again(run, threshold=threshold, folds=folds, figures=not no_figures, say=say)
    if again.summary.kind == "stress":
        show_stress(again, as_json=json)
        return
    show_run(again, as_json=json)
    judge(gates, again)
