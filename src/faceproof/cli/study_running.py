"""Runs a study from the command line: its progress on stderr, Ctrl-C, and ``--dry-run``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from faceproof.cli.output import STOPPED, only_results_on_stdout
from faceproof.cli.progress import PhotoProgress
from faceproof.cli.study_options import StudyArguments, command_line
from faceproof.errors import ConfigurationError

if TYPE_CHECKING:
    from faceproof.jobs.carry_out import Plan
    from faceproof.jobs.study import Study
    from faceproof.scoring.threshold import Threshold

R = TypeVar("R")

_NOTHING_KEPT = "Stopped; nothing was kept (without the template cache)."


@contextmanager
def study_progress(study: StudyArguments, *names: str) -> Iterator[PhotoProgress]:
    """Show progress on stderr. Ctrl-C ends the command with a message about the work that was kept.

    Args:
        study: options of the command.
        names: ``unit`` and ``among`` of `faceproof.cli.progress.PhotoProgress`.
    """
    with photo_progress(study.quiet, *names, kept=not study.no_cache) as progress:
        yield progress


@contextmanager
def photo_progress(quiet: bool, *names: str, kept: bool) -> Iterator[PhotoProgress]:
    """Show progress on stderr, and end the command on Ctrl-C; see `study_progress`.

    Args:
        quiet: show nothing.
        names: ``unit`` and ``among`` of `faceproof.cli.progress.PhotoProgress`.
        kept: whether finished templates are kept in the cache.
    """
    with only_results_on_stdout(), PhotoProgress(quiet, *names) as progress:
        try:
            yield progress
        except KeyboardInterrupt:
            typer.echo(progress.stopped() if kept else _NOTHING_KEPT, err=True)
            raise typer.Exit(STOPPED) from None


def threshold_given(distance: float | None, place: Path | None) -> float | Threshold | None:
    """The fixed threshold of ``--threshold`` or ``--threshold-from``; None where neither is given.

    Raises:
        ConfigurationError: both are given, or the run or card has no threshold.
    """
    if place is None:
        return distance
    if distance is not None:
        raise ConfigurationError("Give --threshold or --threshold-from, not both.")
    from faceproof.jobs.thresholds import threshold_from

    return threshold_from(place)


def run_or_plan(wanted: Study, study: StudyArguments, progress: PhotoProgress, run: Callable[..., R]) -> R | Plan:
    """Run a study, or make its plan with ``--dry-run``.

    Args:
        wanted: the study.
        study: options of the command.
        progress: shows the progress.
        run: `faceproof.jobs.running.run_evaluation` or `faceproof.jobs.running.run_stress`.
    """
    from faceproof.jobs.settling import settle

    if study.dry_run:
        return settle(wanted, say=progress.say, always_time=True)
    return run(wanted, progress=progress, say=progress.say, command=command_line())
