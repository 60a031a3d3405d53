"""``faceproof plan``: what a set of photos can show, and how many people a claim needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from faceproof.cli.options import Json
from faceproof.cli.output import console, print_json
from faceproof.errors import ConfigurationError


def plan_command(
    people: Annotated[int | None, typer.Option(help="Number of people.", min=2)] = None,
    photos: Annotated[int, typer.Option(help="Photos of each person.", min=2)] = 4,
    claim: Annotated[
        str | None,
        typer.Option(help='Instead of --people: how many people does it take to show "fnmr@fmr=1e-4 <= 0.02"?'),
    ] = None,
    expect: Annotated[
        float | None,
        typer.Option(help="With --claim: the rate that you expect to observe, as a fraction.", min=0, max=1),
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option("--from", help="A run folder, which shows how alike comparisons of the same people are."),
    ] = None,
    json: Json = False,
) -> None:
    """Say which error rates photos of so many people can show, before any photo is taken."""
    if (people is None) == (claim is None):
        raise ConfigurationError("Expected --people or --claim, one of the two.")
    if expect is not None and claim is None:
        raise ConfigurationError("--expect goes with --claim.")
    if claim is not None:
        _claim(claim, photos, expect, like, as_json=json)
    elif people is not None:
        _reach(people, photos, like, as_json=json)


def _reach(people: int, photos: int, like: Path | None, *, as_json: bool) -> None:
    from dataclasses import asdict, astuple

    from faceproof.jobs.planning import OBSERVED_FNMRS, plan

    found = plan(people, photos, like=like)
    if as_json:
        print_json(asdict(found) | {"observed_fnmrs": OBSERVED_FNMRS})
        return
    from faceproof.report.console.planning import print_reach

    print_reach(
        console(),
        people=people,
        photos=photos,
        comparisons=(found.mated, found.non_mated),
        rows=[astuple(row) for row in found.at_fmr],
        observed=OBSERVED_FNMRS,
        source=found.source,
    )


def _claim(claim: str, photos: int, expect: float | None, like: Path | None, *, as_json: bool) -> None:
    from dataclasses import asdict, astuple

    from faceproof.jobs.planning import plan_claim

    found = plan_claim(claim, photos=photos, expected=expect, like=like)
    if as_json:
        print_json(asdict(found))
        return
    from faceproof.report.console.planning import print_needs

    print_needs(console(), found.claim, photos, [astuple(need) for need in found.needs], found.source)
