"""``faceproof degrade`` and ``faceproof degradations``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from faceproof.cli.options import Json, Quiet
from faceproof.cli.output import STOPPED, console, print_json

_EXAMPLES = 5


def degrade_command(
    source: Annotated[Path, typer.Argument(help="A photo, or a folder of photos.", metavar="SRC")],
    target: Annotated[Path, typer.Argument(help="Folder to write to.", metavar="DST")],
    degradation: Annotated[str, typer.Option(help="Name of a degradation: faceproof degradations")],
    severity: Annotated[int, typer.Option(help="0 (as it is), 1, 2, ...")],
    seed: Annotated[int, typer.Option(help="Of what is drawn.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace photos that are there.")] = False,
    select: Annotated[str, typer.Option(help="Which face, where a degradation sits on one.")] = "subject",
    workers: Annotated[int | None, typer.Option(help="Photos at a time.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write photos degraded, as PNG, to look at or for other tools."""
    from faceproof.cli.progress import PhotoProgress
    from faceproof.degrade.registry import get_family
    from faceproof.jobs.degrading import degrade_photos

    condition = get_family(degradation).at(severity, seed=seed)
    with PhotoProgress(quiet) as progress:

        def tell(done: int, total: int) -> None:
            if done == 1:
                progress.start(total, 0)
            progress.advance(1)

        try:
            result = degrade_photos(
                source, target, condition, overwrite=overwrite, selection=select, workers=workers, progress=tell
            )
        except KeyboardInterrupt:
            typer.echo("Stopped. What is written stays.", err=True)
            raise typer.Exit(STOPPED) from None
        for photo, why in result.failed[:_EXAMPLES]:
            progress.say(f"Note: {photo}: {why}")
        if len(result.failed) > _EXAMPLES:
            progress.say(f"Note: {len(result.failed) - _EXAMPLES:,} more photos could not be written.")
    failed = [{"photo": str(photo), "reason": why} for photo, why in result.failed]
    if json:
        print_json(
            {
                "condition": condition.name,
                "told": condition.text,
                "written": result.written,
                "failed": failed,
                "ignored": result.ignored,
                "folder": str(target),
            }
        )
    else:
        more = f", {len(failed):,} could not be" if failed else ""
        photos = "photo" if result.written == 1 else "photos"
        typer.echo(f"{condition.label}: {result.written:,} {photos} written{more}: {target}")
    if failed and not result.written:
        raise typer.Exit(1)


def degradations_command(json: Json = False) -> None:
    """Every degradation, with what each severity means, and the suites."""
    from faceproof.degrade.registry import FAMILIES
    from faceproof.degrade.suites import SUITES

    rows = [
        {
            "name": family.name,
            "title": family.title,
            "suites": [s.name for s in SUITES.values() if any(one.family is family for one in s.series)],
            "severities": [family.at(severity).text for severity in range(1, len(family.levels) + 1)],
        }
        for family in FAMILIES.values()
    ]
    if json:
        print_json(rows)
        return
    from faceproof.report.console.terminal import Column, print_table

    severities = "severities 1, 2, ..."
    columns = [Column("name"), Column("suite", label="suite:"), Column(severities, label=f"{severities}:", wraps=True)]
    cells = [(str(row["name"]), ", ".join(row["suites"]), "; ".join(filter(None, row["severities"]))) for row in rows]
    print_table(console(), columns, cells)
