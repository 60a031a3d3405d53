"""``faceproof check``: checks the files of a run, and those that it was made of, against its manifest."""

from __future__ import annotations

from dataclasses import asdict

import typer

from faceproof.cli.options import Json, MovedPairs, MovedPeople, MovedSource, MovedWeights, Quiet, RunFolder
from faceproof.cli.output import console, note_to, only_results_on_stdout, print_json
from faceproof.cli.show import MISSED


def check_command(
    run: RunFolder,
    people: MovedPeople = None,
    weights: MovedWeights = None,
    pairs: MovedPairs = None,
    source: MovedSource = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check photos, pair list, weights and tables of a run by their digests; compute nothing, use no network."""
    from faceproof.jobs.checking import check_run

    with only_results_on_stdout():
        found = check_run(run, people=people, weights=weights, pairs=pairs, source=source, say=note_to(quiet))
    if json:
        print_json(asdict(found) | {"folder": str(found.folder), "same": found.same})
    else:
        from faceproof.report.console.receipts import print_check

        print_check(found, console())
    if not found.same:
        raise typer.Exit(MISSED)
