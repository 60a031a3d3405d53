"""``faceproof diff``: says what differs between two runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from faceproof.cli.options import Json, Quiet
from faceproof.cli.output import console, note_to, print_json
from faceproof.cli.show import MISSED


def diff_command(
    a: Annotated[Path, typer.Argument(help="A run folder.", metavar="A")],
    b: Annotated[Path, typer.Argument(help="Another run folder.", metavar="B")],
    tolerance: Annotated[
        float, typer.Option(help="Largest difference of similarities and numbers that counts as equal.")
    ] = 0.0,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say what differs between two runs: settings, data, weights, versions, machine, similarities and numbers."""
    from faceproof.jobs.diffing import diff

    found = diff(a, b, tolerance=tolerance, say=note_to(quiet))
    if json:
        print_json(asdict(found) | {"a": str(found.a), "b": str(found.b), "same": found.same})
    else:
        from faceproof.report.console.receipts import print_differences

        print_differences(found, console())
    if not found.same:
        raise typer.Exit(MISSED)
