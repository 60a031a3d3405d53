"""``faceproof compare``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faceproof.cli.options import Json, Quiet
from faceproof.cli.output import console, note_to, print_json

if TYPE_CHECKING:
    from faceproof.jobs.base import Run
    from faceproof.summary.comparison_schema import ComparisonSummary

_LONG = {"runs": {"__all__": {"curves", "manifest"}}}


def compare_command(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Two or more run folders of evaluate; the first is the baseline.", metavar="RUN RUN..."),
    ],
    out: Annotated[Path | None, typer.Option(help="Folder to write; a new one below runs/ by default.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a comparison.")] = False,
    common: Annotated[
        bool, typer.Option("--common", help="Runs of different pair lists: compare what all of them have.")
    ] = False,
    no_figures: Annotated[bool, typer.Option("--no-figures", help="Leave the figures out.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Hold runs against each other on the very same comparisons, and leave a report of who is right where."""
    from faceproof.jobs.comparing import compare

    compared = compare(
        runs,
        common=common,
        out=out,
        overwrite=overwrite,
        figures=not no_figures,
        say=note_to(quiet),
        command=shlex.join(["faceproof", *sys.argv[1:]]),
    )
    show_comparison(compared, as_json=json)


def show_comparison(compared: Run[ComparisonSummary], *, as_json: bool) -> None:
    """Print the tables of a comparison on stdout, or its numbers as JSON without curves and manifests."""
    if as_json:
        numbers = compared.summary.model_dump(mode="json", exclude_unset=True, exclude=_LONG)
        print_json(numbers | {"folder": str(compared.folder)})
        return
    from faceproof.report.console.comparison import print_comparison

    print_comparison(compared.summary, console(), compared.folder / "report.html")
