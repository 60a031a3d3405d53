"""Summary of an evaluation, from the tables of one system under one condition.

The types are in `faceproof.summary.evaluation_schema`; `faceproof.report` formats the numbers. All computations are on
columns: Python objects are made only for the few rows that a report shows.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError
from faceproof.findings.carriers import carried_by
from faceproof.findings.ledger import Ledger, open_ledger
from faceproof.findings.linked import LinkedScores, linked_scores
from faceproof.findings.scored import ScoredComparisons, codes_of, join_scores, rows_of_condition
from faceproof.metrics.curves import auc_of_steps
from faceproof.metrics.intervals import auc_interval, d_prime_interval, photo_rate
from faceproof.metrics.operating_points import missing_kind, missing_of
from faceproof.metrics.separation import DistanceSummary, d_prime, distance_summaries
from faceproof.people.types import UNKNOWN
from faceproof.summary.calibration import calibration
from faceproof.summary.decisions import equal_error_rate, fnmr_at_fmr, operating_points
from faceproof.summary.estimates import Estimate, finite_or_none
from faceproof.summary.evaluation_schema import (
    SCHEMA_VERSION,
    CarriedErrors,
    Counts,
    Distances,
    DistancesByKind,
    EvaluationSummary,
    Failures,
    MainReason,
    Numbers,
    PhotoRates,
    Times,
)
from faceproof.summary.failure_policies import failure_policies
from faceproof.summary.folded import folded_accuracy
from faceproof.summary.series import curves, histogram, scatter, threshold_table
from faceproof.systems.photo_table import STAGES, STAGES_MS

if TYPE_CHECKING:
    from faceproof.runs.run_folder import RunTables
    from faceproof.scoring.native_score import UsualScore

FAILURES_SHOWN = 24
TOGETHER_UP_TO = 5_000_000
"""With more comparisons than these, numbers are computed one after another, which takes less memory."""


def summarize(
    run: RunTables,
    *,
    threshold_distance: float | None = None,
    folds: int = 10,
    seed: int | None = None,
    scored: ScoredComparisons | None = None,
) -> EvaluationSummary:
    """Compute the summary of an evaluation.

    Args:
        run: the tables of a run folder.
        threshold_distance: a fixed threshold as a distance, 0 to 2, at which outcomes are decided. None: outcomes are
            decided at the threshold of the strictest target FMR for which the data give FNMR an upper end, or else of
            best accuracy. It is set on the same comparisons, and so marked as optimistic.
        folds: number of folds to split the people into, where the protocol has no folds.
        seed: seed of that split and of the scatter plot; None: the seed of the run.
        scored: `join_scores` of the run, where the caller has it already.

    Returns:
        The numbers. ``headline`` and ``warnings`` are empty: `faceproof.report.words.evaluation` writes them.

    Raises:
        ConfigurationError: ``threshold_distance`` or ``folds`` is out of range.
        RunFolderError: the tables do not fit together.
    """
    if threshold_distance is not None and not 0 <= threshold_distance <= 2:
        raise ConfigurationError(
            f"a threshold of distance {threshold_distance} makes no sense; unit templates lie 0 to 2 apart"
        )
    seed = (run.manifest.seed or 0) if seed is None else seed
    scored = scored or join_scores(run)
    photos, system = rows_of_condition(run.photos, run.condition), run.manifest.system
    made = scored.compared
    similarity, mated = scored.similarity[made], scored.mated[made]
    linked = linked_scores(scored)
    with ThreadPoolExecutor(1) as beside:
        calibrated, drawn = beside.submit(calibration, scored, linked, seed), beside.submit(curves, linked)
        table = beside.submit(threshold_table, linked)
        if made.size > TOGETHER_UP_TO:
            table.result()  # the last job of the second thread
        found = numbers(
            *(scored, photos),
            linked=linked,
            threshold_distance=threshold_distance,
            folds=folds,
            seed=seed,
            usual=system.usual_score,
        )
    if system.of_scores:
        # A file of scores may name no photos and no people; their numbers are then unknown, not 0.
        people = run.manifest.people
        known = {} if people is None else {"people": people.people, "photos": people.photos}
        found = found.model_copy(update={"counts": found.counts.model_copy(update=known)})
    default = _default_point(found) if threshold_distance is None else "fixed"
    threshold = next(point.threshold_similarity for point in found.operating_points if point.name == default)
    return EvaluationSummary(
        schema_version=SCHEMA_VERSION,
        kind="evaluation",
        headline="",
        warnings=[],
        run=run.manifest,
        default_operating_point=default,
        carried=_carried(linked, threshold),
        failure_policies=failure_policies(scored, linked, photos, threshold, optimistic=threshold_distance is None),
        calibration=calibrated.result(),
        **dict(found),
        curves=drawn.result(),
        histogram=histogram(similarity, mated),
        threshold_table=table.result(),
        scatter=scatter(scored, threshold, seed),
        failures=_failures(open_ledger(run, threshold, scored), of_scores=system.of_scores),
    )


def _default_point(found: Numbers) -> str:
    """The strictest target FMR that the data support; the best accuracy where they support none."""
    strictest = found.strictest_supported
    return "best_accuracy" if strictest is None else f"fmr_{strictest.fmr:g}"


def _carried(linked: LinkedScores, threshold: float | None) -> CarriedErrors | None:
    if threshold is None or linked.people is None:
        return None
    rows = (linked.similarity >= threshold) & ~linked.mated
    person_a, person_b = linked.people
    found = carried_by(person_a[rows], person_b[rows])
    return None if found is None else CarriedErrors(**asdict(found))


def _failures(ledger: Ledger, *, of_scores: bool) -> Failures:
    found = Failures(
        false_matches=ledger.errors("false_match", FAILURES_SHOWN),
        false_non_matches=ledger.errors("false_non_match", FAILURES_SHOWN),
        no_template=ledger.failures_to_acquire(FAILURES_SHOWN),
    )
    return found.model_copy(update={"no_score": ledger.no_score_by_reason(FAILURES_SHOWN)}) if of_scores else found


def numbers(
    scored: ScoredComparisons,
    photos: pa.Table,
    *,
    threshold_distance: float | None = None,
    folds: int = 10,
    seed: int = 0,
    usual: UsualScore | None = None,
    linked: LinkedScores | None = None,
) -> Numbers:
    """The numbers of comparisons under one condition, without curves and failures.

    Args:
        scored: the comparisons.
        photos: the rows of ``photos.parquet`` under that condition.
        threshold_distance: see `summarize`.
        folds: see `summarize`.
        seed: seed of the folds.
        usual: the usual score of the model, in which thresholds are also given; None where it is unknown.
        linked: `faceproof.findings.linked.linked_scores` of the comparisons, where the caller has it already.
    """
    linked = linked or linked_scores(scored)
    counts = _counts(scored, photos)
    points = operating_points(linked, threshold_distance, usual)
    mates, others = distance_summaries(scored.similarity[scored.compared], scored.mated[scored.compared])
    return Numbers(
        counts=counts,
        rates=_rates(photos, counts, people_known=scored.people_known),
        operating_points=points,
        folds=folded_accuracy(scored, linked, folds, seed),
        eer=equal_error_rate(linked),
        auc=_auc(linked),
        d_prime=_d_prime(linked),
        fnmr_at_fmr=fnmr_at_fmr(points),
        distances=DistancesByKind(mated=_distances(mates), non_mated=_distances(others)),
        times=_times(photos),
    )


def _counts(scored: ScoredComparisons, photos: pa.Table) -> Counts:
    counted = pa.Table.from_struct_array(pc.value_counts(photos["outcome"])).to_pylist()
    outcomes = {row["values"]: row["counts"] for row in counted}
    by_stage = {stage: outcomes.pop(stage, 0) for stage in STAGES}
    templates, unknown = outcomes.pop("template", 0), outcomes.pop(UNKNOWN, 0)
    # An unknown outcome is a failure too, and is counted under its own name.
    by_stage |= {str(name): n for name, n in outcomes.items()}
    compared, mated = scored.compared, scored.mated
    made = int(np.count_nonzero(compared & mated)), int(np.count_nonzero(compared & ~mated))
    all_mated = int(np.count_nonzero(mated))
    return Counts(
        people=pc.count_distinct(photos["person"]).as_py(),
        photos=len(photos),
        templates=templates,
        failures=len(photos) - templates - unknown,
        failures_by_stage=by_stage,
        failure_reasons=_main_reasons(photos),
        comparisons=len(scored),
        mated=all_mated,
        non_mated=len(scored) - all_mated,
        compared_mated=made[0],
        compared_non_mated=made[1],
        not_compared_mated=all_mated - made[0],
        not_compared_non_mated=len(scored) - all_mated - made[1],
        centre_crops=_centre_crops(photos),
    )


def _centre_crops(photos: pa.Table) -> int:
    templates = photos.filter(pc.equal(photos["outcome"], pa.scalar("template")))
    return len(templates.filter(pc.equal(templates["faces_found"], pa.scalar(0))))


def _main_reasons(photos: pa.Table) -> dict[str, MainReason]:
    """The most frequent reason of each stage that failed, and its number of photos; of equals, the first by name."""
    failed = photos.filter(pc.invert(pc.is_in(photos["outcome"], value_set=pa.array(["template", UNKNOWN]))))
    counted = failed.group_by(["outcome", "reason"]).aggregate([([], "count_all")]).to_pylist()
    most: dict[str, MainReason] = {}
    for row in sorted(counted, key=lambda row: (-row["count_all"], row["reason"] or "")):
        if row["reason"]:
            most.setdefault(row["outcome"], MainReason(reason=row["reason"], photos=row["count_all"]))
    return most


def _rates(photos: pa.Table, counts: Counts, *, people_known: bool) -> PhotoRates:
    outcome = photos["outcome"]
    known = photos.filter(pc.not_equal(outcome, pa.scalar(UNKNOWN)))
    fta = _photo_rate(
        np.asarray(known["outcome"].to_numpy() != "template", dtype=np.bool_),
        known["person"] if people_known else None,
        "Photos without a template of all photos, whatever the stage that failed.",
        "nothing is known of any photo",
    )
    how = "Photos with one face or more of all that could be decoded."
    decodable = photos.filter(pc.not_equal(outcome, pa.scalar("decode")))
    faces = decodable["faces_found"]
    if not len(known):
        detection = Estimate.absent("nothing is known of any photo", how)
    elif len(faces) and faces.null_count == len(faces) and not counts.failures_by_stage["detect"]:
        detection = Estimate.absent("no photo has a number of faces found: no detector was run", how)
    else:
        found = np.asarray(faces.fill_null(pa.scalar(0)).to_numpy() > 0, dtype=np.bool_)
        people = decodable["person"] if people_known else None
        detection = _photo_rate(found, people, how, "no photo could be decoded")
    return PhotoRates(detection_rate=detection, fta=fta)


def _photo_rate(counted: NDArray[np.bool_], person: pa.ChunkedArray[Any] | None, how: str, reason: str) -> Estimate:
    if not len(counted):
        return Estimate.absent(reason, how)
    rate = photo_rate(counted, None if person is None else codes_of(person))
    return Estimate.of(rate.value, rate.interval, rate.n, how)


def _auc(linked: LinkedScores) -> Estimate:
    how = "How often a mated comparison is more alike than a non-mated one, a tie counting half."
    value = auc_of_steps(linked.steps)
    if math.isnan(value):
        return Estimate.absent(missing_of(linked.steps.mated, linked.steps.non_mated) or "the data give none", how)
    return Estimate.of(value, auc_interval(linked.made, value), linked.made.n, how)


def _d_prime(linked: LinkedScores) -> Estimate:
    how = "Difference of the mean similarities of the two kinds in units of their pooled standard deviation."
    similarity, mated = linked.similarity[linked.compared], linked.mated[linked.compared]
    value = d_prime(similarity, mated)
    if math.isnan(value):
        few = "it takes two comparisons of each kind, and similarities that vary"
        return Estimate.absent(missing_kind(mated) or few, how)
    return Estimate.of(value, d_prime_interval(linked.made, value), mated.size, how)


def _distances(kind: DistanceSummary) -> Distances:
    return Distances(
        mean=finite_or_none(kind.mean),
        sd=finite_or_none(kind.sd),
        min=finite_or_none(kind.minimum),
        max=finite_or_none(kind.maximum),
        n=kind.n,
    )


def _times(photos: pa.Table) -> Times:
    """Mean time of each stage over the photos that went through the stage, and of all stages over all timed photos."""
    columns = {name: photos[name].to_numpy().astype(np.float64) for name in STAGES_MS}
    together = np.stack(list(columns.values()))
    columns["total_ms"] = np.nansum(together, axis=0)[~np.isnan(together).all(axis=0)]
    timed = {name: values[~np.isnan(values)] for name, values in columns.items()}
    return Times(**{name: float(values.mean()) if values.size else None for name, values in timed.items()})
