"""``faceproof people``: draws synthetic people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from faceproof.cli.output import STOPPED, print_json

people_app = typer.Typer(no_args_is_help=True, help="People who do not exist: draw a population of them.")


@people_app.callback()
def _people() -> None:
    """People who do not exist: draw a population of them."""


@people_app.command("synth")
def synth(
    out: Annotated[Path, typer.Argument(help="Folder to make.", metavar="OUT")],
    people: Annotated[int, typer.Option(help="How many people.")] = 200,
    photos: Annotated[int, typer.Option(help="Photos of each person.")] = 4,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 0,
    groups: Annotated[
        bool,
        typer.Option(
            "--groups", help="Lay out as matched_faces/ and mismatched_faces/ (every other person, one photo)."
        ),
    ] = False,
    workers: Annotated[int | None, typer.Option(help="Threads that draw; changes no photo.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes on stderr.")] = False,
) -> None:
    """Draw photos of people who do not exist, as a folder of people like any other.

    For trying things out and for tests. What a system does on them is no evidence of what it does on people.
    """
    from faceproof.cli.progress import PhotoProgress
    from faceproof.people.synthetic.folder import Population, write_population

    population = Population(people, photos, seed, groups)
    with PhotoProgress(quiet) as progress:
        if photos == 1 or (groups and people == 1):
            progress.say("Note: with one photo of each person, or one person, a kind of comparison is impossible.")
        progress.start(population.total, 0)
        try:
            drawn = write_population(out, population, workers=workers, progress=lambda *_: progress.advance(1))
        except KeyboardInterrupt:
            typer.echo("Stopped. What is done stays; give the same command again to go on from there.", err=True)
            raise typer.Exit(STOPPED) from None
    if json:
        print_json({"folder": str(out), "people": people, "photos": population.total, "drawn_now": drawn})
    else:
        there = population.total - drawn
        before = f" ({there:,} were there already)" if there else ""
        typer.echo(f"{population.total:,} photos of {people:,} people who do not exist: {out}{before}")
