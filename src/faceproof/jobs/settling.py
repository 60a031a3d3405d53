"""Makes the plan of a study: all inputs and options are checked here, before work starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from faceproof.degrade.suites import get_suite
from faceproof.degrade.types import CLEAN, Condition
from faceproof.engine.estimate import estimate
from faceproof.engine.workload import Workload
from faceproof.errors import ConfigurationError
from faceproof.files import cache_root
from faceproof.jobs.base import Say
from faceproof.jobs.carry_out import Plan, run_folder
from faceproof.jobs.study import Study
from faceproof.jobs.thresholds import refuse_other_weights
from faceproof.people.folder import read_people
from faceproof.people.protocols import make_comparisons
from faceproof.runs import manifest
from faceproof.runs.manifest_schema import Judging, SuiteEntry
from faceproof.scoring.threshold import Threshold, distance_of
from faceproof.systems.detection.detector import Detector
from faceproof.systems.load import load_pipeline
from faceproof.systems.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True)
class StudyPlan(Plan):
    """The plan of a study.

    Attributes:
        study: the study.
        work: the templates to compute.
    """

    study: Study
    work: Workload


def settle(
    study: Study, *, say: Say = lambda _: None, command: str | None = None, always_time: bool = False
) -> StudyPlan:
    """Load the systems, read the people, make the comparisons, and estimate time, memory and disk space of the run.

    Args:
        study: the study.
        say: called with notes and with messages about the progress.
        command: the command line, for the manifest.
        always_time: estimate the time also for a short run.

    Raises:
        PeopleError: the folder or the pair list cannot be used, or the comparisons do not fit in memory.
        ConfigurationError: an option is not valid.
        WeightsError: the weights are missing or wrong.
        CacheError: a disk has not enough free space.
    """
    started, options = datetime.now(UTC), study.options
    conditions, suite = _conditions(study)
    pipelines = load_systems(study)
    _check_stage(pipelines[0].detector, study)
    if isinstance(study.threshold, Threshold):
        refuse_other_weights(study.threshold, pipelines[0])
    say(f"Reading the people below {study.people} ...")
    photo_set = read_people(Path(study.people))
    comparisons = make_comparisons(options.protocol, photo_set, **options.settings_of_protocol)
    for note in [*photo_set.notices, *comparisons.notes, *pipelines[0].detector.notes(comparisons.photos)]:
        say(f"Note: {note}")
    work = Workload(conditions, pipelines, comparisons, study.side)
    folder = run_folder(options.out, started, "stress" if suite else work.systems[0])
    advice = "Take fewer conditions ([[severities]])" if suite else "Take fewer photos"
    lines = estimate(work, cache_root() if options.cache else None, folder, advice=advice, always_time=always_time)
    judging = _judging(study)
    of_suite = {"suite": suite, "stage": study.stage, "side": study.side} if suite else {}
    begun = manifest.begun(
        "stress" if suite else "evaluation",
        command,
        started,
        systems=[manifest.system_entry(pipeline, study.weights) for pipeline in pipelines],
        conditions=[manifest.condition_entry(condition) for condition in conditions],
        detector=manifest.detector_entry(pipelines[0]),
        people=manifest.people_entry(photo_set),
        protocol=manifest.protocol_entry(comparisons),
        judging=judging,
        seed=options.seed,
        device=options.device,
        batch_size=pipelines[0].batch_size,
        workers=pipelines[0].workers,
        decode_memory_bytes=pipelines[0].decode_memory,
        **of_suite,
        plan=manifest.plan_digests(
            comparisons=comparisons.digest(),
            systems=[[pipeline.recognizer.card.name, pipeline.recipe()] for pipeline in pipelines],
            conditions=[[condition.recipe(), condition.family.identity] for condition in conditions],
            settings=[suite and suite.name, study.stage, study.side, judging.as_json(), options.seed],
        ),
    )
    return StudyPlan(begun, folder, lines, study=study, work=work)


def _conditions(study: Study) -> tuple[list[Condition], SuiteEntry | None]:
    """The conditions, ``clean`` first, and the suite; the suite is None for an evaluation."""
    if study.suite is None:
        return [CLEAN], None
    suite = get_suite(study.suite)
    conditions = suite.conditions(study.severities, stage=study.stage, seed=study.options.seed)
    return conditions, SuiteEntry(
        name=suite.name, severities=None if study.severities is None else list(study.severities)
    )


def _judging(study: Study) -> Judging:
    distance = distance_of(study.threshold)
    if study.suite is None:
        return Judging(threshold_distance=distance, folds=study.folds)
    return Judging(threshold_distance=distance, fmr=study.fmr)


def load_systems(study: Study) -> list[Pipeline]:
    """Load the systems of a study, which share a detector and the selection of the face.

    Raises:
        ConfigurationError: a model or the detector cannot be used, or the models do not fit together.
        WeightsError: the weights are missing or wrong.
    """
    options = study.options
    pipelines: list[Pipeline] = []
    for place, model in enumerate(study.models):
        pipelines.append(
            load_pipeline(
                *(model, study.weights, study.recipe_of(place), options.device, options.batch_size, options.workers),
                offline=options.offline,
                detector=pipelines[0].detector if pipelines else None,
                decode_memory=options.decode_memory,
            )
        )
    names = [pipeline.recognizer.card.name for pipeline in pipelines]
    _refuse_equal(names)
    chosen = {pipeline.selection for pipeline in pipelines}
    if len(chosen) > 1:
        raise ConfigurationError(
            f"These models choose the face in different ways ({', '.join(sorted(chosen))}): say which: [[selection]]."
        )
    return pipelines


def _refuse_equal(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        raise ConfigurationError(
            f"Two of the models go by one name ({', '.join(names)}), so their numbers could not be told apart: give "
            "one another name in its card."
        )


def _check_stage(detector: Detector, study: Study) -> None:
    if detector.clean_only and study.suite is not None and study.stage == "capture":
        raise ConfigurationError(
            "Faces from a file were found in the photos as they are; where a detector would find them in degraded ones "
            "is not known. Take a detector that looks at photos, or degrade the prepared faces: [[stage=aligned]]."
        )
