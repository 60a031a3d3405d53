"""Two more jobs: judge a system of which templates or scores are all that is at hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from faceproof.errors import ConfigurationError
from faceproof.jobs.base import Run, Say, check_judging
from faceproof.jobs.publishing import publish

if TYPE_CHECKING:
    from faceproof.runs.run_folder import RunTables


def evaluate_templates(
    file: str | Path,
    people: str | Path | None = None,
    *,
    name: str | None = None,
    protocol: str = "folders",
    protocol_settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    threshold: float | None = None,
    folds: int = 10,
    seed: int = 0,
    figures: bool = True,
    say: Say = lambda _: None,
    command: str | None = None,
) -> Run:
    """Compare people by templates that another system has made, and write a run folder.

    Args:
        file: npz or Parquet file of templates (docs/imported.md).
        people: the folder of people that they were made of; None: photos and people are those that the file names.
        name: of the system; None: the file's name without suffix.
        protocol: see `faceproof.jobs.evaluation.evaluate`.
        protocol_settings: likewise.
        out: likewise.
        overwrite: likewise.
        threshold: distance, 0 to 2, from which two photos count as different people; None: the best on these data.
        folds: see `faceproof.jobs.evaluation.evaluate`.
        seed: likewise.
        figures: likewise.
        say: likewise.
        command: likewise.

    Returns:
        The run. A photo without a template that can be used has failed at stage ``embed``, with a reason.

    Raises:
        PeopleError: the file, the folder or the pair list cannot be used.
        ConfigurationError: a setting makes no sense.
        RunFolderError: ``out`` cannot be used.

    Examples:
        >>> run = evaluate_templates("templates.npz", "photos")  # doctest: +SKIP
    """
    from faceproof.people.folder import read_people
    from faceproof.people.protocols import make_comparisons
    from faceproof.runs import manifest
    from faceproof.runs.run_folder import RunTables, comparisons_table, scores_table
    from faceproof.systems.external.template_file import read_templates
    from faceproof.systems.external.template_photos import found_in, photos_of, reasons_in, similarities_in, taking_part

    check_judging(threshold, seed)
    started, clock = datetime.now(UTC), perf_counter()
    say(f"Reading the templates in {file} ...")
    found = read_templates(file)
    photo_set, row_of = photos_of(found) if people is None else found_in(found, read_people(Path(people)))
    for notice in photo_set.notices:
        say(f"Note: {notice}")
    settings = ({"seed": seed} if protocol == "sampled" else {}) | dict(protocol_settings or {})
    comparisons = make_comparisons(protocol, photo_set, **settings)
    for note in comparisons.notes:
        say(f"Note: {note}")
    photos = taking_part(found, comparisons, row_of)
    if why := reasons_in(photos):
        say(f"Note: {why}")
    similarity = similarities_in(found, comparisons, row_of)
    name = found.path.stem if name is None else name
    run = RunTables(
        {
            **manifest.begun("evaluation", command, started),
            **manifest.elsewhere_entries(name, "templates", found.path, found.sha256),
            "people": manifest.people_entry(photo_set),
            "protocol": manifest.protocol_entry(comparisons),
            "judging": {"threshold_distance": threshold, "folds": folds},
            "seed": seed,
            **manifest.host_entries(),
        },
        comparisons_table(comparisons),
        photos.to_table(),
        scores_table(comparisons, similarity, photos),
    )
    root = None if people is None else photo_set.root
    return _finished(run, _folder(out, started, name), overwrite, clock, root, figures, say)


def score(
    file: str | Path,
    *,
    name: str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    threshold: float | None = None,
    folds: int = 10,
    seed: int = 0,
    figures: bool = True,
    decimal: Literal["comma", "point"] | None = None,
    say: Say = lambda _: None,
    command: str | None = None,
) -> Run:
    """Judge a system by scores that it has given to comparisons, and write a run folder.

    Args:
        file: table of scores and labels (docs/imported.md).
        name: of the system; None: the file's name without suffix.
        out: see `faceproof.jobs.evaluation.evaluate`.
        overwrite: likewise.
        threshold: in the file's own scale: comparisons that are at least as good as it are accepted.
        folds: see `faceproof.jobs.evaluation.evaluate`.
        seed: of the folds.
        figures: see `faceproof.jobs.evaluation.evaluate`.
        decimal: decimal mark of the scores; the other mark may then set thousands apart. None: as the scores show it.
        say: told in words what is being done.
        command: as given, for the manifest.

    Returns:
        The run. Where the file's scale is no usual one, distances are laid onto 0 to 2 (`faceproof.scoring.scales`).

    Raises:
        PeopleError: the file cannot be used.
        ConfigurationError: a setting makes no sense.
        RunFolderError: ``out`` cannot be used.

    Examples:
        >>> run = score("scores.csv", threshold=42.0)  # doctest: +SKIP
    """
    from faceproof.runs import manifest
    from faceproof.runs.run_folder import RunTables
    from faceproof.scoring.scales import scale_of, similarities_from_scores, threshold_distance
    from faceproof.systems.external import score_tables
    from faceproof.systems.external.score_file import read_scores

    if threshold is not None and not abs(threshold) < float("inf"):
        raise ConfigurationError(f"The threshold is {threshold}; expected a number in the scale of the scores.")
    check_judging(None, seed)  # a threshold here is in the scale of the scores
    started, clock = datetime.now(UTC), perf_counter()
    say(f"Reading the scores in {file} ...")
    found = read_scores(file, decimal=decimal)
    for note in found.notes:
        say(f"Note: {note}")
    scale = scale_of(found.score, found.kind, threshold)
    similarity = similarities_from_scores(found.score, scale, threshold)
    at = None if threshold is None else threshold_distance(threshold, scale, found.score, similarity)
    name = found.path.stem if name is None else name
    comparisons, photos = score_tables.compared_in(found), score_tables.photos_in(found)
    run = RunTables(
        {
            **manifest.begun("evaluation", command, started),
            **manifest.elsewhere_entries(name, "scores", found.path, found.sha256),
            "scale": scale.as_dict(),
            "people": score_tables.people_entry(found, photos),
            "protocol": score_tables.protocol_entry(found, comparisons),
            "judging": {"threshold_distance": at, "threshold_score": threshold, "folds": folds},
            "seed": seed,
            **manifest.host_entries(),
        },
        comparisons,
        photos,
        score_tables.scored_in(found, similarity),
    )
    return _finished(run, _folder(out, started, name), overwrite, clock, None, figures, say)


def _folder(out: str | Path | None, started: datetime, name: str) -> Path:
    """Where a run goes; a name may hold anything, and a folder's may not."""
    plain = re.sub(r"[^\w.+-]+", "_", name)
    return Path(out) if out is not None else Path("runs") / f"{started:%Y%m%d-%H%M%S}-{plain}"


def _finished(
    run: RunTables, folder: Path, overwrite: bool, clock: float, photos_root: Path | None, figures: bool, say: Say
) -> Run:
    """Write a run's tables, numbers and report, and mark it as finished."""
    from faceproof.runs.manifest import plan_entry, stamp
    from faceproof.runs.run_folder import write_run_tables
    from faceproof.runs.run_writing import new_run

    begun = run.manifest
    begun["plan"] = plan_entry(
        comparisons=begun["protocol"]["sha256"],
        system=[begun["model"], begun["source"]["sha256"]],
        settings=[begun["judging"], begun["seed"]],
    )
    with new_run(folder, begun, overwrite=overwrite) as writer:
        write_run_tables(writer.staging, run)
        timing = {"wall_s": round(perf_counter() - clock, 3), "photos": len(run.photos), "from_cache": 0}
        run.manifest.update(finished=stamp(), timing=timing)
        judging = run.manifest["judging"]
        at = {"threshold": judging["threshold_distance"], "folds": judging["folds"]}
        summary = publish(run, writer.staging, photos_root, **at, figures=figures, say=say)
        writer.publish(run.manifest)
    return Run(folder, summary)
