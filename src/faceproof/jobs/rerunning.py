"""Repeats a finished run from its manifest, and compares the repetition with the stored run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from faceproof.engine.values import Progress
from faceproof.errors import FaceproofError, RunFolderError
from faceproof.jobs.base import Run, Say
from faceproof.jobs.checking import check_comparisons, check_inputs
from faceproof.jobs.diffing import check_tolerance
from faceproof.jobs.external import evaluate_templates, score
from faceproof.jobs.repeating import (
    Places,
    cannot_be_repeated,
    has_figures,
    lost_weights_file,
    people_of,
    settings_of_protocol,
    source_of,
    study_again,
)
from faceproof.jobs.running import carry_out_evaluation, carry_out_stress
from faceproof.jobs.settling import StudyPlan, settle
from faceproof.jobs.system_checks import check_degradations, check_systems, other_versions
from faceproof.runs.conditions import suite_again
from faceproof.runs.run_folder import StoredRun, open_run
from faceproof.summary.evaluation import summarize
from faceproof.summary.evaluation_schema import SCHEMA_VERSION, EvaluationSummary
from faceproof.summary.number_differences import NumberDifference, different_numbers, numbers_in
from faceproof.summary.receipts import FileCheck, RerunCheck
from faceproof.summary.run_differences import score_differences
from faceproof.summary.stored import Summary, read_summary
from faceproof.summary.stress import summarize_stress
from faceproof.summary.stress_schema import StressSummary

TOLERANCE = 1e-5
"""Largest absolute difference of similarities that another machine or other versions may make."""
ROUNDING = 1e-9
"""Largest difference of a number that is computed again from the same similarities."""

AnyRun = Run[EvaluationSummary] | Run[StressSummary]


@dataclass(frozen=True, slots=True)
class Rerun:
    """A run that was repeated.

    Attributes:
        run: the new run; None where a check wrote it to a temporary folder.
        check: comparison of the new run with the stored one; None where none was asked for.
        notes: other versions or another machine, one sentence each.
    """

    run: AnyRun | None
    check: RerunCheck | None
    notes: tuple[str, ...]


def rerun(
    run: str | Path,
    *,
    check: bool = False,
    people: str | Path | None = None,
    weights: str | Path | None = None,
    pairs: str | Path | None = None,
    source: str | Path | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    tolerance: float = TOLERANCE,
    device: str | None = None,
    cache: bool = True,
    offline: bool = False,
    progress: Progress | None = None,
    say: Say = lambda _: None,
    command: str | None = None,
) -> Rerun:
    """Repeat a run from its manifest (docs/receipts.md).

    Photos, pair list, weights, code and settings must be those of the run, by their digests. Other versions of
    faceproof and of libraries, and another machine, are noted.

    Args:
        run: folder of a run of ``evaluate``, ``score`` or ``stress``.
        check: compare every similarity and every decision of the new run with the stored ones. All templates are then
            computed: the template cache is neither read nor written, since a check that reads it proves nothing.
        people: folder of people, where it has moved.
        weights: weights file or ONNX file, where it has moved; for a run of one model.
        pairs: pair list, where it has moved.
        source: file of templates or scores, where it has moved.
        out: folder of the new run; None: a new folder below ``runs/``, or for a check a temporary one.
        overwrite: replace a finished run that ``out`` holds.
        tolerance: largest absolute difference of similarities that counts as equal in a check.
        device: ``cpu``, ``cuda``, ...; None: that of the run.
        cache: without ``check``: use and fill the template cache.
        offline: never use the network.
        progress: called with the number of photos done.
        say: called with messages about the progress.
        command: the command line, for the manifest of the new run.

    Returns:
        The new run, and the result of the check.

    Raises:
        RepeatError: the run cannot be repeated; ``reasons`` has why.
        RunFolderError: the folder holds no finished run of these kinds, a file of it was changed, or ``out`` cannot be
            used.
        ConfigurationError: an option is not valid.

    Examples:
        >>> rerun("runs/mine", check=True).check.same  # doctest: +SKIP
        True
    """
    check_tolerance(tolerance)
    stored = open_run(Path(run), "evaluation", "stress")
    places = Places(people=people, weights=weights, pairs=pairs, source=source)
    places.refuse_without_use(stored)
    _refuse_own_folder(stored, out)
    notes = other_versions(stored.manifest)
    for note in notes:
        say(f"Note: {note}")
    _refuse_failed(stored, [check_comparisons(stored), *check_inputs(stored, places, say=say)])
    options = {
        "overwrite": overwrite,
        "offline": offline,
        "cache": cache and not check,
        **({} if device is None else {"device": device}),
        **({"canary": False, "figures": False} if check else {}),
    }
    if check:
        say("All templates are computed: a check does not use the template cache.")
    with _folder(out, temporary=check) as folder:
        again = _repeated(stored, places, options | {"out": folder}, progress, say, command)
        found = _checked(stored, again.folder, tolerance, tuple(notes), say) if check else None
    return Rerun(None if check and out is None else again, found, tuple(notes))


@contextmanager
def _folder(out: str | Path | None, *, temporary: bool) -> Iterator[Path | None]:
    """The folder of the new run; None: a new one below ``runs/``."""
    if out is not None or not temporary:
        yield None if out is None else Path(out)
        return
    with tempfile.TemporaryDirectory(prefix="faceproof-rerun-") as folder:
        yield Path(folder) / "run"


def _refuse_own_folder(run: StoredRun, out: str | Path | None) -> None:
    if out is not None and Path(out).resolve() == run.folder.resolve():
        raise RunFolderError(f"{out} is the run that is repeated. Choose another [[out]].", path=out)


def _refuse_failed(run: StoredRun, checks: Iterable[FileCheck]) -> None:
    """Raise RepeatError with the reasons of all checks that failed."""
    reasons = [
        f"{check.found}{f' Give its place with [[{check.option}]].' if check.option else ''}"
        for check in checks
        if check.failed
    ]
    if reasons:
        raise cannot_be_repeated(run, reasons)


def _repeated(
    run: StoredRun,
    places: Places,
    options: dict[str, Any],
    progress: Progress | None,
    say: Say,
    command: str | None,
) -> AnyRun:
    """Repeat a run whose files were checked."""
    source = source_of(run.manifest, places)
    if source is not None:
        return _imported_again(run, places, source, options, say, command)
    suite = None
    if run.manifest.kind == "stress":
        suite, changed = suite_again(run.manifest)
        _refuse_failed(run, [check_degradations(changed, len(run.manifest.conditions))])
    lost = lost_weights_file(run.manifest, places)
    if lost is not None:
        say(f"Note: the weights file of the run, {lost}, is not there; the weights are taken from the usual places.")
    study = study_again(run, places, suite, **options)
    try:
        plan = settle(study, say=say, command=command)
    except FaceproofError as error:
        # The first argument is the message with the names of arguments, which become options on the command line.
        reasons = [error.args[0] if error.args else str(error)]
        if lost is not None:
            reasons.append(f"The weights file of the run, {lost}, is not there. Give its place with [[weights]].")
        raise cannot_be_repeated(run, reasons) from error
    _refuse_failed(run, _planned(run, plan))
    if run.manifest.kind == "stress":
        return carry_out_stress(plan, progress=progress, say=say)
    return carry_out_evaluation(plan, progress=progress, say=say)


def _planned(run: StoredRun, plan: StudyPlan) -> list[FileCheck]:
    """Check the plan of the repetition against that of the run: systems, detector and comparisons."""
    then, now = run.manifest, plan.manifest
    assert now.detector is not None
    found = check_systems(then, now.systems, now.detector)
    if then.protocol.sha256 not in (None, now.protocol.sha256):
        found.append(
            FileCheck(
                "comparisons",
                "differs",
                f"Protocol {then.protocol.name} makes other comparisons of the photos that are there now: "
                f"{now.protocol.comparisons or 0:,}, in the run {then.protocol.comparisons or 0:,}. "
                f"{plan.study.people} has {now.people.photos if now.people else 0:,} photos, in the run "
                f"{then.people.photos if then.people else 0:,}. Remove those that were added.",
            )
        )
    return found


def _imported_again(
    run: StoredRun, places: Places, source: Path, options: dict[str, Any], say: Say, command: str | None
) -> Run[EvaluationSummary]:
    """Repeat a run of templates or scores that were made elsewhere."""
    manifest = run.manifest
    shared: dict[str, Any] = {
        "name": manifest.system.name,
        "folds": manifest.judging.folds,
        "seed": manifest.seed or 0,
        "figures": options.get("figures", has_figures(run)),
        "out": options["out"],
        "overwrite": options["overwrite"],
        "say": say,
        "command": command,
    }
    if manifest.system.of_scores:
        decimal = cast("Literal['comma', 'point'] | None", manifest.protocol.settings.get("decimal"))
        return score(source, threshold=manifest.judging.threshold_score, decimal=decimal, **shared)
    return evaluate_templates(
        source,
        people_of(run, places),
        protocol=manifest.protocol.name or "folders",
        protocol_settings=settings_of_protocol(manifest, places),
        threshold=manifest.judging.threshold_distance,
        **shared,
    )


def _checked(run: StoredRun, folder: Path, tolerance: float, notes: tuple[str, ...], say: Say) -> RerunCheck:
    """Compare a stored run with its repetition in another folder."""
    say("Comparing with the stored run ...")
    summary = read_summary(run)
    scores, only_one = score_differences(run, open_run(folder), (summary, None), tolerance=tolerance)
    numbers, checked = _numbers(run, summary)
    return RerunCheck(
        folder=run.folder,
        tolerance=tolerance,
        scores=tuple(scores),
        numbers=numbers,
        numbers_checked=checked,
        conditions=tuple(only_one),
        notes=notes,
    )


def _numbers(run: StoredRun, summary: Summary) -> tuple[tuple[NumberDifference, ...], int | None]:
    """Stored numbers that do not follow from the stored tables, and how many numbers were compared."""
    if summary.schema_version != SCHEMA_VERSION:
        return (), None
    stored, again = (numbers_in(one.as_json()) for one in (summary, _judged_again(run, summary)))
    return different_numbers(stored, again, ROUNDING), len(stored)


def _judged_again(run: StoredRun, summary: Summary) -> Summary:
    """The numbers of a run, computed again from its tables, with the threshold and the folds of the stored numbers.

    A report that was made again may have others than the manifest.
    """
    if isinstance(summary, EvaluationSummary):
        fixed = summary.default_point.threshold_distance if summary.default_operating_point == "fixed" else None
        return summarize(run.tables(), threshold_distance=fixed, folds=summary.run.judging.folds)
    return summarize_stress(run)[0]
