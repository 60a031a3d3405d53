"""``faceproof split``: arranges a folder of people by whether a person has one photo, or two or more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faceproof.cli.output import STOPPED, print_json

if TYPE_CHECKING:
    from faceproof.people.split import Mode, SplitPlan


Source = Annotated[Path, typer.Argument(help="A folder with a folder of photos for each person.", metavar="PEOPLE")]
Destination = Annotated[Path, typer.Argument(help="Folder to make.", metavar="DESTINATION")]


def split_command(
    src: Source,
    dst: Destination,
    symlink: Annotated[bool, typer.Option("--symlink", help="Make symbolic links.")] = False,
    copy: Annotated[bool, typer.Option("--copy", help="Make copies.")] = False,
    move: Annotated[bool, typer.Option("--move", help="Take the photos out of PEOPLE.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    train_test: Annotated[
        bool,
        typer.Option(
            "--train-test",
            help="Of people with more than three photos, the first to testing/, the others to training/.",
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes on stderr.")] = False,
) -> None:
    """Make matched_faces/ (people with two photos or more) and mismatched_faces/ (with one) from PEOPLE.

    Photos become hard links, which take no space, or copies where that is impossible.
    Unless --move is given, PEOPLE stays as it is.
    """
    from faceproof.cli.progress import PhotoProgress
    from faceproof.people.folder import read_people
    from faceproof.people.split import apply_split, plan_split

    mode = _mode(symlink=symlink, copy=copy, move=move)
    with PhotoProgress(quiet) as progress:
        progress.say(f"Reading the people below {_shown(src)} ...")
        people = read_people(src)
        for notice in people.notices:
            progress.say(f"Note: {notice}")
        plan = plan_split(people, dst, train_test=train_test)
        made = {}
        if not dry_run:
            progress.start(len(plan.placements), 0)
            try:
                made = apply_split(plan, mode, progress=lambda _done, _total: progress.advance(1))
            except KeyboardInterrupt:
                typer.echo(_stopped(plan), err=True)
                raise typer.Exit(STOPPED) from None
    _show(plan, mode, made, dry_run=dry_run, as_json=json)


def _mode(*, symlink: bool, copy: bool, move: bool) -> Mode:
    from faceproof.errors import ConfigurationError

    if symlink + copy + move > 1:
        raise ConfigurationError("--symlink, --copy and --move exclude each other: give one of them, or none.")
    return "symlink" if symlink else "copy" if copy else "move" if move else "link"


def _show(plan: SplitPlan, mode: Mode, made: dict[str, int], *, dry_run: bool, as_json: bool) -> None:
    from faceproof.people.pairing import some
    from faceproof.report.words.formatting import printable

    result: dict[str, Any] = {
        "source": _shown(plan.source),
        "destination": _shown(plan.destination),
        "dry_run": dry_run,
        "mode": mode,
        "folders": plan.counts(),
        "photos": made,
        "people_without_photos": list(plan.people_without_photos),
        "people_left_out": list(plan.people_left_out),
    }
    if as_json:
        print_json(result)
        return
    typer.echo(f"{'Would make' if dry_run else 'Made'} {result['destination']}")
    for folder, count in result["folders"].items():
        typer.echo(f"  {folder + '/':<18} {count['people']:>9,} people {count['photos']:>11,} photos")
    if plan.people_without_photos:
        typer.echo(printable(f"  nowhere, for want of a photo: {some(plan.people_without_photos, most=20)}"))
    if plan.people_left_out:
        typer.echo(printable(f"  nowhere, for want of a fourth photo: {some(plan.people_left_out, most=20)}"))
    if made:
        typer.echo("  " + ", ".join(f"{count:,} {how}" for how, count in made.items()))


def _stopped(plan: SplitPlan) -> str:
    if plan.destination.is_dir() and any(plan.destination.iterdir()):
        return (
            f"Stopped. {_shown(plan.destination)} is complete; photos that are still in {_shown(plan.source)} "
            "are there twice."
        )
    return f"Stopped; nothing was made, and {_shown(plan.source)} is as it was."


def _shown(path: Path) -> str:
    """A path as valid Unicode text, for terminals and JSON."""
    import os

    return os.fsencode(path).decode("utf-8", "replace")
