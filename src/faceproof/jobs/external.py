"""Evaluation of a system by imported templates or imported scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from faceproof.errors import ConfigurationError
from faceproof.jobs.base import Run, Say
from faceproof.jobs.carry_out import Plan, carry_out, run_folder
from faceproof.jobs.publishing import Shown
from faceproof.jobs.study import StudyOptions, check_seed
from faceproof.people.folder import read_people
from faceproof.people.protocols import make_comparisons
from faceproof.runs import manifest
from faceproof.runs.manifest_schema import Judging, Manifest, TimingEntry
from faceproof.runs.run_tables import comparisons_table, of_system, scores_table, write_tables
from faceproof.scoring.scales import scale_of, similarities_from_scores, threshold_distance
from faceproof.scoring.threshold import Threshold, distance_of
from faceproof.systems.external import score_tables
from faceproof.systems.external.score_file import read_scores
from faceproof.systems.external.template_file import read_templates
from faceproof.systems.external.template_photos import found_in, photos_of, reasons_in, similarities_in, taking_part

if TYPE_CHECKING:
    from faceproof.summary.evaluation_schema import EvaluationSummary


@dataclass(frozen=True)
class _Imported:
    """Manifest and tables of an imported system; the tables have no column ``system``."""

    manifest: Manifest
    comparisons: pa.Table
    photos: pa.Table
    scores: pa.Table


def evaluate_templates(
    file: str | Path,
    people: str | Path | None = None,
    *,
    name: str | None = None,
    protocol: str = "folders",
    protocol_settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    threshold: float | Threshold | None = None,
    folds: int = 10,
    seed: int = 0,
    figures: bool = True,
    say: Say = lambda _: None,
    command: str | None = None,
) -> Run[EvaluationSummary]:
    """Evaluate templates that another system made, and write a run folder.

    Args:
        file: npz or Parquet file of templates (docs/imported.md).
        people: folder of the people on the photos; None: photos and people are those that the file names.
        name: name of the system; None: name of the file without suffix.
        protocol: see `faceproof.jobs.evaluation.evaluate`.
        protocol_settings: likewise.
        out: likewise.
        overwrite: likewise.
        threshold: see `faceproof.jobs.evaluation.evaluate`.
        folds: see `faceproof.jobs.evaluation.evaluate`.
        seed: likewise.
        figures: likewise.
        say: likewise.
        command: likewise.

    Returns:
        The run. A photo without a usable template fails at stage ``embed``, with a reason.

    Raises:
        PeopleError: the file, the folder or the pair list cannot be used.
        ConfigurationError: an option is not valid.
        RunFolderError: ``out`` cannot be used.

    Examples:
        >>> run = evaluate_templates("templates.npz", "photos")  # doctest: +SKIP
    """
    options = StudyOptions(protocol=protocol, protocol_settings=protocol_settings or {}, seed=seed)
    judging = Judging(threshold_distance=distance_of(threshold), folds=folds)
    started, clock = datetime.now(UTC), perf_counter()
    say(f"Reading the templates in {file} ...")
    found = read_templates(file)
    photo_set, row_of = photos_of(found) if people is None else found_in(found, read_people(Path(people)))
    comparisons = make_comparisons(protocol, photo_set, **options.settings_of_protocol)
    for note in [*photo_set.notices, *comparisons.notes]:
        say(f"Note: {note}")
    photos = taking_part(found, comparisons, row_of)
    if why := reasons_in(photos):
        say(f"Note: {why}")
    name = found.path.stem if name is None else name
    begun = manifest.begun(
        "evaluation",
        command,
        started,
        systems=[manifest.system_from_file(name, "templates", found.path, found.sha256)],
        people=manifest.people_entry(photo_set),
        protocol=manifest.protocol_entry(comparisons),
        judging=judging,
        seed=seed,
    )
    similarity = similarities_in(found, comparisons, row_of)
    run = _Imported(
        begun, comparisons_table(comparisons), photos.to_table(), scores_table(comparisons, similarity, photos)
    )
    return _finished(run, run_folder(out, started, name), overwrite, clock, figures, say)


def score(
    file: str | Path,
    *,
    name: str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    threshold: float | Threshold | None = None,
    folds: int = 10,
    seed: int = 0,
    figures: bool = True,
    decimal: Literal["comma", "point"] | None = None,
    say: Say = lambda _: None,
    command: str | None = None,
) -> Run[EvaluationSummary]:
    """Evaluate a system by the scores of its comparisons, and write a run folder.

    Args:
        file: table of scores and labels (docs/imported.md).
        name: name of the system; None: name of the file without suffix.
        out: see `faceproof.jobs.evaluation.evaluate`.
        overwrite: likewise.
        threshold: fixed threshold in the scale of the file, as a number or a `faceproof.Threshold` of unit ``score``.
            A comparison is accepted where its score is equal to the threshold or indicates more similar faces.
        folds: see `faceproof.jobs.evaluation.evaluate`.
        seed: seed of folds and jitter.
        figures: see `faceproof.jobs.evaluation.evaluate`.
        decimal: decimal mark of the scores; the other mark may separate thousands. None: detected from the scores.
        say: called with messages about the progress.
        command: the command line, for the manifest.

    Returns:
        The run. Where the file has a scale of its own, scores are mapped linearly to distances 0 to 2
        (`faceproof.scoring.scales`).

    Raises:
        PeopleError: the file cannot be used.
        ConfigurationError: an option is not valid.
        RunFolderError: ``out`` cannot be used.

    Examples:
        >>> run = score("scores.csv", threshold=42.0)  # doctest: +SKIP
    """
    check_seed(seed)
    given = threshold if isinstance(threshold, Threshold) or threshold is None else Threshold(threshold, "score")
    if given is not None and given.unit != "score":
        raise ConfigurationError(
            f"The threshold is a {given.unit}; expected a number in the scale of the scores, of unit score."
        )
    started, clock = datetime.now(UTC), perf_counter()
    say(f"Reading the scores in {file} ...")
    found = read_scores(file, decimal=decimal)
    for note in found.notes:
        say(f"Note: {note}")
    value = None if given is None else given.value
    scale = scale_of(found.score, found.kind, value)
    similarity = similarities_from_scores(found.score, scale, value)
    at = None if value is None else threshold_distance(value, scale, found.score, similarity)
    name = found.path.stem if name is None else name
    comparisons, photos = score_tables.compared_in(found), score_tables.photos_in(found)
    begun = manifest.begun(
        "evaluation",
        command,
        started,
        systems=[manifest.system_from_file(name, "scores", found.path, found.sha256, scale)],
        people=manifest.people_of_scores(found, photos),
        protocol=manifest.protocol_of_scores(found, comparisons),
        judging=Judging(threshold_distance=at, threshold_score=value, folds=folds),
        seed=seed,
    )
    run = _Imported(begun, comparisons, photos, score_tables.scored_in(found, similarity))
    return _finished(run, run_folder(out, started, name), overwrite, clock, figures, say)


def _finished(
    run: _Imported, folder: Path, overwrite: bool, clock: float, figures: bool, say: Say
) -> Run[EvaluationSummary]:
    """Write tables, numbers and report of the run."""
    begun = run.manifest
    system, source = begun.system, begun.system.source
    digests = manifest.plan_digests(
        comparisons=begun.protocol.sha256,
        systems=[system.name, source and source.sha256],
        settings=[begun.judging.as_json(), begun.seed],
    )
    begun = begun.model_copy(update={"plan": digests})

    def execute(staging: Path) -> Manifest:
        write_tables(staging, "comparisons", [run.comparisons])
        write_tables(staging, "photos", [of_system(run.photos, system.name)])
        write_tables(staging, "scores", [of_system(run.scores, system.name)])
        timing = TimingEntry(wall_s=round(perf_counter() - clock, 3), photos=len(run.photos), from_cache=0)
        return begun.model_copy(update={"finished": manifest.stamp(), "timing": timing})

    return carry_out(Plan(begun, folder), execute, Shown(figures=figures, say=say).evaluation, overwrite=overwrite)
