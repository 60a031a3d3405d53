"""Carries out the plan of a study: computes templates and similarities, and writes numbers and report."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

from faceproof.engine.cache import TemplateCache
from faceproof.engine.runner import process_all
from faceproof.engine.values import Progress
from faceproof.files import cache_root
from faceproof.jobs.base import Run, Say
from faceproof.jobs.carry_out import carry_out
from faceproof.jobs.publishing import Shown
from faceproof.jobs.settling import StudyPlan, settle
from faceproof.jobs.study import Study
from faceproof.runs.manifest import stamp
from faceproof.runs.manifest_schema import ConditionEntry, Manifest, SystemEntry, TimingEntry
from faceproof.runs.run_tables import comparisons_table, write_processed, write_tables
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.summary.stress_schema import StressSummary
from faceproof.systems.model_check.job import check_before_run


def run_evaluation(
    study: Study, *, progress: Progress | None = None, say: Say = lambda _: None, command: str | None = None
) -> Run[EvaluationSummary]:
    """Plan and carry out a study of clean photos; see `faceproof.evaluate` for arguments and errors."""
    return carry_out_evaluation(settle(study, say=say, command=command), progress=progress, say=say)


def run_stress(
    study: Study, *, progress: Progress | None = None, say: Say = lambda _: None, command: str | None = None
) -> Run[StressSummary]:
    """Plan and carry out a study of degraded photos; see `faceproof.stress` for arguments and errors."""
    return carry_out_stress(settle(study, say=say, command=command), progress=progress, say=say)


def carry_out_evaluation(
    plan: StudyPlan, *, progress: Progress | None = None, say: Say = lambda _: None
) -> Run[EvaluationSummary]:
    """Carry out the plan of a study of clean photos."""
    run = _Execution(plan, progress, say)
    for line in plan.lines:
        say(line)
    return carry_out(plan, run.execute, run.shown.evaluation, overwrite=plan.study.options.overwrite)


def carry_out_stress(
    plan: StudyPlan, *, progress: Progress | None = None, say: Say = lambda _: None
) -> Run[StressSummary]:
    """Carry out the plan of a study of degraded photos."""
    run = _Execution(plan, progress, say)
    work, models = plan.work, len(plan.work.pipelines)
    say(
        f"{len(work.comparisons.photos):,} photos, {len(work.comparisons):,} comparisons, {len(work.conditions) - 1:,} "
        f"conditions and the photos as they are, {models:,} model{'' if models == 1 else 's'}: {work.templates():,} "
        "templates."
    )
    for line in plan.lines:
        say(line)
    return carry_out(plan, run.execute, run.shown.stress, overwrite=plan.study.options.overwrite)


class _Execution:
    """Execution of the plan of a study."""

    def __init__(self, plan: StudyPlan, progress: Progress | None, say: Say) -> None:
        self.plan, self.say = plan, say
        self.progress = _Counted(progress)
        options = plan.study.options
        at_hand = {condition.name: condition for condition in plan.work.conditions}
        self.shown = Shown(figures=options.figures, conditions=at_hand, say=say)

    def execute(self, staging: Path) -> Manifest:
        """Check the models, compute the templates and write the tables; returns the manifest of the finished run."""
        work, options = self.plan.work, self.plan.study.options
        systems = [self._checked(place) for place in range(len(work.pipelines))]
        write_tables(staging, "comparisons", [comparisons_table(work.comparisons)])
        self.say(
            f"Making {work.templates():,} templates of {len(work.comparisons.photos):,} photos for "
            f"{len(work.comparisons):,} comparisons ..."
        )
        clock = perf_counter()
        caches = work.caches(cache_root()) if options.cache else {}
        processed = process_all(
            *(work.comparisons.photos, work.pipelines, work.conditions),
            needed=work.needed(),
            caches=caches,
            progress=self.progress,
        )
        say_damaged(caches.values(), self.say)
        write_processed(staging, work, processed)
        timing = TimingEntry(
            wall_s=round(perf_counter() - clock, 3), photos=work.photos(), from_cache=self.progress.from_cache
        )
        return self.plan.manifest.model_copy(
            update={
                "systems": systems,
                "conditions": self._conditions(processed.failed),
                "finished": stamp(),
                "timing": timing,
            }
        )

    def _checked(self, place: int) -> SystemEntry:
        """The entry of a system with the result of the model check."""
        options, work = self.plan.study.options, self.plan.work
        canary = check_before_run(
            *(work.pipelines[place], work.comparisons),
            wanted=options.canary,
            cache=options.cache,
            device=options.device,
            say=self.say,
        )
        return self.plan.manifest.systems[place].model_copy(update={"canary": canary})

    def _conditions(self, failed: dict[int, str]) -> list[ConditionEntry]:
        """The entries of the conditions; those that failed have the reason."""
        entries = list(self.plan.manifest.conditions)
        for place, why in failed.items():
            entries[place] = entries[place].model_copy(update={"failed": why})
            self.say(f"Note: {why} This condition is left out; the others go on.")
        return entries


def say_damaged(caches: Iterable[TemplateCache], say: Say) -> None:
    """Report the damaged shards of the caches through ``say``."""
    damaged = [file for cache in caches for file in cache.set_aside]
    if damaged:
        files = "1 damaged file" if len(damaged) == 1 else f"{len(damaged):,} damaged files"
        named = ", ".join(damaged[:3])
        say(f"Note: {files} of the template cache set aside; their photos are computed again: {named}.")


class _Counted:
    """Passes progress on and counts the photos whose templates came from the cache."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.from_cache = 0

    def start(self, total: int, done: int) -> None:
        self.from_cache = done
        if self.progress:
            self.progress.start(total, done)

    def advance(self, photos: int) -> None:
        if self.progress:
            self.progress.advance(photos)
