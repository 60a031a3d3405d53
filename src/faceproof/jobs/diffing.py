"""What differs between two finished runs."""

from __future__ import annotations

import math
from pathlib import Path

from faceproof.errors import ConfigurationError
from faceproof.findings.joined import how_pair_lists_differ, named_runs
from faceproof.jobs.base import Say
from faceproof.runs.manifest_schema import Manifest
from faceproof.runs.run_folder import CLEAN_NAME, StoredRun, open_run
from faceproof.summary.number_differences import (
    LISTS,
    NOT_RESULTS,
    SERIES,
    NumberDifference,
    different_numbers,
    numbers_in,
)
from faceproof.summary.run_differences import (
    RunDifferences,
    paired_systems,
    people_differences,
    photo_differences,
    score_differences,
    setting_differences,
)
from faceproof.summary.stored import Summary, read_summary

_LEFT_OUT = (*SERIES, *NOT_RESULTS, *LISTS)


def diff(a: str | Path, b: str | Path, *, tolerance: float = 0.0, say: Say = lambda _: None) -> RunDifferences:
    """Find what differs between two runs: settings, data, systems, versions, machine and results.

    Args:
        a: run folder of ``evaluate``, ``score`` or ``stress``.
        b: another run folder.
        tolerance: largest absolute difference of two similarities, or of two numbers, that counts as equal.
        say: called with messages about the progress.

    Returns:
        The differences. Versions, machine, paths and times do not count for ``same``.

    Raises:
        RunFolderError: a folder holds no finished run of these kinds, or a file of a run was changed.
        ConfigurationError: the tolerance is not valid.

    Examples:
        >>> diff("runs/a", "runs/b").same  # doctest: +SKIP
        True
    """
    check_tolerance(tolerance)
    first, second = (open_run(Path(folder), "evaluation", "stress") for folder in (a, b))
    summaries = read_summary(first), read_summary(second)
    say(f"Comparing {a} and {b} ...")
    settings, not_recorded = setting_differences(_judged(first, summaries[0]), _judged(second, summaries[1]))
    photos = [run.table("photos", run.manifest.system.name, CLEAN_NAME) for run in (first, second)]
    named = any(len(table) for table in photos)
    scores, only_one = score_differences(first, second, summaries, tolerance=tolerance)
    return RunDifferences(
        a=Path(a),
        b=Path(b),
        tolerance=tolerance,
        settings=settings,
        not_recorded=not_recorded,
        photos=photo_differences(*photos) if named else None,
        people=people_differences(*photos) if named else None,
        comparisons=tuple(_lists(first, second)),
        scores=tuple(scores),
        only_one=tuple(only_one),
        numbers=_numbers(summaries, tolerance),
    )


def check_tolerance(tolerance: float) -> None:
    """Check that a tolerance is valid.

    Raises:
        ConfigurationError: it is not a number, infinite, or below 0.
    """
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise ConfigurationError(f"The tolerance is {tolerance}; expected 0 or more, such as 1e-5.")


def _judged(run: StoredRun, summary: Summary) -> Manifest:
    """The manifest of a run, with the threshold and the folds of its last report."""
    of_report = summary.run
    assert isinstance(of_report, Manifest)
    return run.manifest.model_copy(update={"judging": of_report.judging})


def _lists(first: StoredRun, second: StoredRun) -> list[str]:
    """Differences between the lists of comparisons, a few words each."""
    pairs, _ = paired_systems(first.manifest, second.manifest)
    if not pairs:
        return []
    tables = [first.tables(pairs[0].a), second.tables(pairs[0].b)]
    return how_pair_lists_differ(*named_runs([first.folder, second.folder], tables))


def _numbers(summaries: tuple[Summary, Summary], tolerance: float) -> tuple[NumberDifference, ...] | None:
    if summaries[0].kind != summaries[1].kind:
        return None
    a, b = (numbers_in(summary.as_json(), _LEFT_OUT) for summary in summaries)
    return different_numbers(a, b, tolerance)
