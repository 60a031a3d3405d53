"""``faceproof rerun``: repeats a run from its manifest, and checks it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from faceproof.cli.options import (
    Json,
    MovedPairs,
    MovedPeople,
    MovedSource,
    MovedWeights,
    NoCache,
    Offline,
    Out,
    Overwrite,
    Quiet,
    RunFolder,
)
from faceproof.cli.output import console, print_json
from faceproof.cli.show import MISSED, show_run, show_stress
from faceproof.cli.study_options import command_line
from faceproof.cli.study_running import photo_progress
from faceproof.errors import ConfigurationError

if TYPE_CHECKING:
    from faceproof.jobs.rerunning import Rerun


def rerun_command(
    run: RunFolder,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Compare every similarity and decision with the stored ones, without the template cache; exit with 3 "
            "where some differ.",
        ),
    ] = False,
    people: MovedPeople = None,
    weights: MovedWeights = None,
    pairs: MovedPairs = None,
    source: MovedSource = None,
    out: Out = None,
    overwrite: Overwrite = False,
    tolerance: Annotated[
        float | None,
        typer.Option(help="With --check: largest difference of similarities that counts as equal (1e-5)."),
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, ...; by default that of the run.")] = None,
    no_cache: NoCache = False,
    offline: Offline = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Repeat a run from its manifest: the same photos, comparisons, weights and settings, or the reason why not."""
    from faceproof.jobs.rerunning import TOLERANCE, rerun

    if tolerance is not None and not check:
        raise ConfigurationError("--tolerance goes with --check.")
    with photo_progress(quiet, kept=not (check or no_cache)) as progress:
        found = rerun(
            run,
            check=check,
            people=people,
            weights=weights,
            pairs=pairs,
            source=source,
            out=out,
            overwrite=overwrite,
            tolerance=TOLERANCE if tolerance is None else tolerance,
            device=device,
            cache=not no_cache,
            offline=offline,
            progress=progress,
            say=progress.say,
            command=command_line(),
        )
    _show(found, as_json=json)
    if found.check is not None and not found.check.same:
        raise typer.Exit(MISSED)


def _show(found: Rerun, *, as_json: bool) -> None:
    from faceproof.jobs.base import Run
    from faceproof.summary.evaluation_schema import EvaluationSummary

    checked, again = found.check, found.run
    if checked is not None and as_json:
        out = None if again is None else str(again.folder)
        print_json(asdict(checked) | {"folder": str(checked.folder), "same": checked.same, "out": out})
    elif checked is not None:
        from faceproof.report.console.receipts import print_rerun_check

        print_rerun_check(checked, console())
    elif again is not None and isinstance(again.summary, EvaluationSummary):
        show_run(Run(again.folder, again.summary), as_json=as_json)
    elif again is not None:
        show_stress(Run(again.folder, again.summary), as_json=as_json)
