"""Stress: the same comparisons under every degradation, at the threshold that clean photos of other people gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from faceproof.errors import ConfigurationError
from faceproof.files import cache_root
from faceproof.jobs.base import Run, Say, check_judging
from faceproof.jobs.evaluation import say_damaged
from faceproof.systems.load import load_pipeline
from faceproof.systems.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from faceproof.degrade.suites import Suite
    from faceproof.degrade.types import Condition, Stage
    from faceproof.engine.plan import Plan, Side
    from faceproof.engine.runner import Processed
    from faceproof.engine.values import Progress
    from faceproof.people.types import PhotoSet
    from faceproof.runs.stress_folder import StressRun
    from faceproof.systems.detection.detector import Detector
    from faceproof.systems.pipeline import Pipeline
    from faceproof.systems.recognition.python_model import PythonModel

SIDES = ("both", "probe")
STAGES = ("capture", "aligned")


def stress(
    people: str | Path,
    *,
    models: Sequence[str | Path | PythonModel] = ("facenet-vggface2",),
    weights: str | Path | None = None,
    suite: str | Path | Suite | Callable[..., NDArray[np.uint8]] = "classic",
    severities: Sequence[int] | None = None,
    stage: Stage = "capture",
    side: Side = "both",
    protocol: str = "folders",
    protocol_settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    recipe: Recipe | None = None,
    fmr: float | None = None,
    threshold: float | None = None,
    seed: int = 0,
    device: str = "cpu",
    batch_size: int = 32,
    workers: int | None = None,
    decode_memory: int | str | None = None,
    cache: bool = True,
    offline: bool = False,
    canary: bool = True,
    figures: bool = True,
    progress: Progress | None = None,
    say: Say = lambda _: None,
    command: str | None = None,
) -> Run:
    """Compare the people of a folder under every condition of a suite, and write a run folder (docs/stress.md).

    Args:
        people: folder with a folder of photos for each person.
        models: one or more, as `faceproof.jobs.evaluation.evaluate` takes them; they share detector and selection.
        weights: file with the weights of the model, where there is one alone.
        suite: see `faceproof.degrade.suites.get_suite`.
        severities: only these; None: all of the suite.
        stage: ``capture``: photos are degraded before any face is sought; ``aligned``: faces are found in the photos
            as they are, and the prepared face is degraded, so that the recogniser alone is put to the test.
        side: ``both`` photos of a comparison are degraded, or the second, the ``probe``, alone.
        protocol: see `faceproof.jobs.evaluation.evaluate`.
        protocol_settings: likewise.
        out: the run folder; None for a new one below ``runs/``.
        overwrite: write to it though it holds a finished run.
        recipe: changes to how all models are fed.
        fmr: the FMR on clean photos of other people that sets the threshold, above 0 and up to 1; None: 0.001, or the
            lowest of 0.01 and 0.1 that the comparisons can resolve.
        threshold: a distance, 0 to 2, to hold instead; for a single model.
        seed: of all that is drawn: degradations, folds, bootstrap, sampling.
        device: ``cpu``, ``cuda``, ...
        batch_size: photos detected together; changes no number.
        workers: threads that decode and degrade; changes no number.
        decode_memory: memory that photos may take while they are decoded and wait, in bytes or as text such as
            ``2GB``; None: a quarter of what this process may use. A photo that needs more fails with that reason.
        cache: keep templates for the next run, and use those that are there.
        offline: never use the network.
        canary: see `faceproof.jobs.evaluation.evaluate`.
        figures: likewise.
        progress: told how far it is; a photo counts once for each model and condition.
        say: told in words what is being done.
        command: as given, for the manifest.

    Returns:
        The run. A condition whose function failed is marked and has no numbers; the others are not touched by it.

    Raises:
        PeopleError, ConfigurationError, WeightsError, RunFolderError: as `faceproof.jobs.evaluation.evaluate`.
        CacheError: the disk has not enough room for the templates.

    Examples:
        >>> run = stress("photos", models=["dlib-resnet"], suite="classic")  # doctest: +SKIP
        >>> run.summary["models"][0]["index"]["value"]  # doctest: +SKIP
        0.87
    """
    from faceproof.engine.estimate import estimate
    from faceproof.engine.plan import Plan
    from faceproof.people.folder import read_people
    from faceproof.people.protocols import make_comparisons
    from faceproof.runs.manifest import plan_entry, stamp
    from faceproof.runs.manifest_file import as_stored
    from faceproof.runs.run_folder import comparisons_table, write_table
    from faceproof.runs.run_writing import new_run
    from faceproof.runs.stress_folder import StressRun, write_stress_tables
    from faceproof.systems.model_check.job import check_before_run

    started = datetime.now(UTC)
    check_judging(threshold, seed)
    _check(models, weights, stage, side, fmr, threshold)
    conditions, suite_name = _conditions(suite, severities, stage, seed)
    pipelines = _pipelines(models, weights, recipe, device, batch_size, workers, offline, decode_memory)
    _check_stage(pipelines[0].detector, stage)
    say(f"Reading the people below {people} ...")
    photo_set = read_people(Path(people))
    settings = dict(protocol_settings or {})
    if protocol == "sampled":
        settings.setdefault("seed", seed)
    comparisons = make_comparisons(protocol, photo_set, **settings)
    detector_notes = pipelines[0].detector.notes(comparisons.photos)
    for note in [*map(str, photo_set.notices), *comparisons.notes, *detector_notes]:
        say(f"Note: {note}")
    plan = Plan(conditions, pipelines, comparisons, side)
    folder = Path(out) if out is not None else Path("runs") / f"{started:%Y%m%d-%H%M%S}-stress"
    say(
        f"{len(comparisons.photos):,} photos, {len(comparisons):,} comparisons, {len(conditions) - 1:,} conditions and "
        f"the photos as they are, {_many(len(models), 'model')}: {plan.templates():,} templates."
    )
    for line in estimate(plan, cache_root() if cache else None, folder, advice="Take fewer conditions (--severities)"):
        say(line)
    judging = {"fmr": fmr, "threshold_distance": threshold}
    manifest = _manifest(plan, photo_set, started, seed, device, command)
    manifest |= {
        "suite": {"name": suite_name, "severities": None if severities is None else list(severities)},
        "stage": stage,
        "side": side,
        "judging": judging,
        "plan": plan_entry(
            comparisons=comparisons.digest(),
            systems=[[pipeline.recognizer.card.name, pipeline.recipe()] for pipeline in pipelines],
            conditions=[[condition.recipe(), condition.family.identity] for condition in conditions],
            settings=[suite_name, stage, side, judging, seed],
        ),
    }
    with new_run(folder, manifest, overwrite=overwrite) as writer:
        for pipeline, entry in zip(pipelines, manifest["models"], strict=True):
            entry["canary"] = check_before_run(
                pipeline, comparisons, wanted=canary, cache=cache, device=device, say=say
            )
        write_table(writer.staging, "comparisons", comparisons_table(comparisons))
        say(f"Making {plan.templates():,} templates ...")
        clock = perf_counter()
        processed = _processed(plan, cache, progress, say)
        for c, why in processed.failed.items():
            manifest["conditions"][c]["failed"] = why
            say(f"Note: {why} This condition is left out; the others go on.")
        write_stress_tables(writer.staging, plan, processed)
        manifest |= {"finished": stamp(), "timing": {"wall_s": round(perf_counter() - clock, 3)}}
        run = StressRun(writer.staging, as_stored(manifest))
        at_hand = {condition.name: condition for condition in conditions}
        summary = publish_stress(run, writer.staging, photo_set.root, at_hand, figures=figures, say=say)
        writer.publish(manifest)
    return Run(folder, summary)


def publish_stress(
    run: StressRun,
    folder: Path,
    photos_root: Path | None,
    conditions: Mapping[str, Condition] | None = None,
    *,
    figures: bool = True,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Write numbers, figures and report of a stress run from its tables.

    Args:
        run: the run.
        folder: where to write.
        photos_root: folder of people, for the photos on the page; None: a page without photos.
        conditions: by their names, for these photos; None: as the manifest names their functions.
        figures: draw the figures; False: numbers and page without them.
        say: told in words what is being done, and which figures could not be drawn.

    Returns:
        Every number, as in ``metrics.json``.

    Raises:
        RunFolderError: a table cannot be read.
    """
    from faceproof.degrade.suites import conditions_of_manifest
    from faceproof.files import write_metrics_json
    from faceproof.findings.flips import write_changes_csv
    from faceproof.report.charts.drawing import left_out
    from faceproof.report.pages.stress import write_stress_report
    from faceproof.report.words.stress import stress_cautions, stress_headline
    from faceproof.summary.stress import summarize_stress, write_conditions_csv

    if figures:
        from faceproof.report.charts.stress import write_stress_figures

    say("Computing the numbers ...")
    summary, ledgers = summarize_stress(run)
    summary["headline"], summary["warnings"] = stress_headline(summary), stress_cautions(summary)
    write_metrics_json(folder / "metrics.json", summary)
    write_conditions_csv(folder / "conditions.csv", summary)
    write_changes_csv(folder / "changes.csv", ledgers)
    say("Drawing the report ...")
    drawn = write_stress_figures(summary, folder / "figures") if figures else left_out(folder / "figures")
    at_hand = conditions or conditions_of_manifest(run.manifest)
    write_stress_report(summary, run, photos_root, at_hand, drawn, folder=folder)
    for note in drawn.notes():
        say(f"Note: {note}")
    return summary


def stress_report_again(folder: str | Path, *, figures: bool = True, say: Say = lambda _: None) -> Run:
    """Compute and draw a finished stress run again from its tables.

    Args:
        folder: the run folder.
        figures: draw the figures; False: leave them out.
        say: told in words what is being done, and which figures could not be drawn.

    Raises:
        RunFolderError: when it is no finished stress run.
    """
    from faceproof.runs.run_folder import TABLE_FILES
    from faceproof.runs.run_writing import rewritten_run
    from faceproof.runs.stress_folder import open_stress_run

    folder = Path(folder)
    run = open_stress_run(folder)
    root = Path(run.manifest["people"]["root"])
    with rewritten_run(folder) as writer:
        photos_root = root if root.is_dir() else None
        summary = publish_stress(run, writer.staging, photos_root, figures=figures, say=say)
        writer.publish(run.manifest, keep=TABLE_FILES)
    return Run(folder, summary)


def _check(
    models: Sequence[str | Path | PythonModel],
    weights: str | Path | None,
    stage: str,
    side: str,
    fmr: float | None,
    threshold: float | None,
) -> None:
    for name, value, known in (("stage", stage, STAGES), ("side", side, SIDES)):
        if value not in known:
            raise ConfigurationError(f"There is no {name} {value!r}. Expected {' or '.join(known)}.")
    if not models:
        raise ConfigurationError("No model was given; expected one or more.")
    if len({str(model) for model in models}) < len(models):
        raise ConfigurationError(f"A model is given twice: {', '.join(map(str, models))}.")
    if len(models) > 1 and (weights is not None or threshold is not None):
        what = "A weights file" if weights is not None else "A threshold"
        raise ConfigurationError(f"{what} belongs to one model; {len(models)} were given.")
    if fmr is not None and not 0 < fmr <= 1:
        raise ConfigurationError(f"The target FMR is {fmr}; expected above 0 and up to 1, such as 0.001.")


def _conditions(
    suite: str | Path | Suite | Callable[..., NDArray[np.uint8]],
    severities: Sequence[int] | None,
    stage: Stage,
    seed: int,
) -> tuple[list[Condition], str]:
    from faceproof.degrade.suites import get_suite

    found = get_suite(suite)
    return found.conditions(severities, stage=stage, seed=seed), found.name


def _pipelines(
    models: Sequence[str | Path | PythonModel],
    weights: str | Path | None,
    recipe: Recipe | None,
    device: str,
    batch_size: int,
    workers: int | None,
    offline: bool,
    decode_memory: int | str | None,
) -> list[Pipeline]:
    pipelines: list[Pipeline] = []
    for model in models:
        detector = pipelines[0].detector if pipelines else None
        how = (recipe, device, batch_size, workers, offline)
        pipelines.append(load_pipeline(model, weights, *how, detector=detector, decode_memory=decode_memory))
    names = [pipeline.recognizer.card.name for pipeline in pipelines]
    if len(set(names)) < len(names):
        raise ConfigurationError(
            f"Two of the models go by one name ({', '.join(names)}), so their numbers could not be told apart: give "
            "one another name in its card."
        )
    chosen = {pipeline.selection for pipeline in pipelines}
    if len(chosen) > 1:
        raise ConfigurationError(
            f"These models choose the face in different ways ({', '.join(sorted(chosen))}): say which, --select."
        )
    return pipelines


def _check_stage(detector: Detector, stage: Stage) -> None:
    if detector.clean_only and stage == "capture":
        raise ConfigurationError(
            "Faces from a file were found in the photos as they are; where a detector would find them in degraded ones "
            "is not known. Take a detector that looks at photos, or degrade the prepared faces: --stage aligned."
        )


def _manifest(
    plan: Plan, photo_set: PhotoSet, started: datetime, seed: int, device: str, command: str | None
) -> dict[str, Any]:
    from faceproof.runs import manifest

    first = plan.pipelines[0]
    return {
        **manifest.begun("stress", command, started),
        "models": [manifest.system_entry(pipeline) for pipeline in plan.pipelines],
        "detector": manifest.detector_entry(first),
        "conditions": [_condition_entry(condition) for condition in plan.conditions],
        "people": manifest.people_entry(photo_set),
        "protocol": manifest.protocol_entry(plan.comparisons),
        **manifest.machine_entries(first, seed, device),
    }


def _condition_entry(condition: Condition) -> dict[str, Any]:
    return {
        "name": condition.name,
        "family": condition.family.name,
        "title": condition.family.title,
        "severity": condition.severity,
        "told": condition.text,
        "parameters": dict(condition.parameters),
        "on_face": condition.family.on_face,
        "function": condition.family.reference,
        "failed": None,
    }


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _processed(plan: Plan, cache: bool, progress: Progress | None, say: Say) -> Processed:
    from faceproof.engine.runner import process_all

    caches = plan.caches(cache_root()) if cache else {}
    processed = process_all(
        plan.comparisons.photos,
        plan.pipelines,
        plan.conditions,
        needed=plan.needed(),
        caches=caches,
        progress=progress,
    )
    say_damaged(caches.values(), say)
    return processed
