"""``faceproof data``: downloads published photos for evaluations of face verification."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from faceproof.cli.options import Offline
from faceproof.cli.output import print_json

data_app = typer.Typer(no_args_is_help=True, help="Published photos: fetch them for a run.")


@data_app.callback()
def _data() -> None:
    """Published photos: fetch them for a run."""


@data_app.command("pull")
def pull(
    name: Annotated[str, typer.Argument(help="What to fetch: lfw.")],
    out: Annotated[Path | None, typer.Option(help="Folder to make; by default the name, here.")] = None,
    offline: Offline = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No notes on stderr.")] = False,
) -> None:
    """Fetch Labeled Faces in the Wild (lfw, 240 MB) and its pair lists, unless they are there."""
    from faceproof.download import NoProgress
    from faceproof.errors import ConfigurationError
    from faceproof.people.lfw import LFW_NOTE, PAIR_LIST, pull_lfw

    if name != "lfw":
        raise ConfigurationError(f"There are no data {name!r} to fetch. Expected lfw.")
    if not quiet:
        typer.echo(LFW_NOTE, err=True)
    people = pull_lfw(out or Path(name), offline=offline, progress=NoProgress() if quiet else None)
    pairs = people.parent / PAIR_LIST
    if json:
        print_json({"people": str(people), "pairs": str(pairs)})
        return
    typer.echo(str(people))
    if not quiet:
        typer.echo(f"Next: faceproof evaluate {people} --protocol lfw --pairs {pairs}", err=True)
