"""``faceproof score``: evaluates a system by imported scores."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from faceproof.cli.options import FailIf, Folds, Json, NoFigures, Out, Overwrite, Quiet
from faceproof.cli.output import STOPPED
from faceproof.cli.show import judge, show_run

if TYPE_CHECKING:
    from faceproof.systems.external.score_numbers import Decimal


def score_command(
    file: Annotated[
        Path,
        typer.Argument(help="A table: similarity or distance; mated or label; people, photos, fold.", metavar="SCORES"),
    ],
    out: Out = None,
    overwrite: Overwrite = False,
    name: Annotated[str | None, typer.Option(help="Name of the system; by default the file's.")] = None,
    threshold: Annotated[
        float | None,
        typer.Option(help="Judge at this score, in the file's own scale, instead of the best on these comparisons."),
    ] = None,
    folds: Folds = 10,
    fail_if: FailIf = None,
    seed: Annotated[int, typer.Option(help="Of the folds.")] = 0,
    no_figures: NoFigures = False,
    decimal: Annotated[
        str | None,
        typer.Option(metavar="comma|point", help="Decimal mark of the scores; by default as the scores show it."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Judge a system by the scores that it has given to comparisons, and leave a run folder."""
    from faceproof.cli.progress import PhotoProgress
    from faceproof.jobs.external import score
    from faceproof.summary.gates import parse_gate

    gates = [parse_gate(text) for text in fail_if or []]
    with PhotoProgress(quiet) as progress:
        try:
            run = score(
                file,
                name=name,
                out=out,
                overwrite=overwrite,
                threshold=threshold,
                folds=folds,
                seed=seed,
                figures=not no_figures,
                decimal=cast("Decimal | None", decimal),
                say=progress.say,
                command=shlex.join(["faceproof", *sys.argv[1:]]),
            )
        except KeyboardInterrupt:
            typer.echo("Stopped; give the same command again.", err=True)
            raise typer.Exit(STOPPED) from None
    show_run(run, as_json=json)
    judge(gates, run)
