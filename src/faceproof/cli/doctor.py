"""``faceproof doctor``: looks for faults in results that were made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from faceproof.cli.options import Json, options_named
from faceproof.cli.output import console, print_json

if TYPE_CHECKING:
    from faceproof.systems.external.score_numbers import Decimal

FAULTS = 3
"""Exit code where a fault was found."""


def doctor_command(
    source: Annotated[
        Path,
        typer.Argument(help="A table of scores and labels as score reads it, or a run folder.", metavar="SCORES"),
    ],
    claims: Annotated[
        Path | None, typer.Option(help="TOML file of the reported numbers, to be compared with the scores.")
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option(help="Pair list of the test: CSV with photo_a, photo_b, mated; or LFW's format.")
    ] = None,
    score: Annotated[
        str | None,
        typer.Option(
            help="What the scores are: euclidean, squared_euclidean, cosine_similarity, cosine_distance, angle_deg."
        ),
    ] = None,
    level: Annotated[float, typer.Option(help="Level of all statistical tests together.")] = 0.05,
    decimal: Annotated[
        str | None,
        typer.Option(metavar="comma|point", help="Decimal mark of the scores; by default as the scores show it."),
    ] = None,
    json: Json = False,
) -> None:
    """Look for faults in results that were made elsewhere. Exit code 3: something is wrong."""
    from faceproof.jobs.doctoring import doctor

    with options_named({}):
        audit = doctor(
            source,
            claims=claims,
            pairs=pairs,
            score=score,
            level=level,
            decimal=cast("Decimal | None", decimal),
        )
    if json:
        print_json(audit.model_dump(mode="json"))
    else:
        from faceproof.report.console.doctor import print_audit

        print_audit(console(), audit)
    if audit.faults:
        raise typer.Exit(FAULTS)
