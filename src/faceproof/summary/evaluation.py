"""A run folder's tables in, one plain dict out: every number that page, console and ``metrics.json`` show.

Nothing here decides how a number looks. All of it works on columns; Python objects are made only for rows
that somebody reads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError
from faceproof.findings.ledger import open_ledger
from faceproof.findings.scored import ScoredComparisons, join_scores, rows_of_condition, scores_alone
from faceproof.metrics.curves import auc
from faceproof.metrics.operating_points import missing_kind
from faceproof.metrics.separation import DistanceSummary, d_prime, distance_summaries
from faceproof.people.types import UNKNOWN
from faceproof.summary.decisions import equal_error_rate, fnmr_at_fmr, operating_points
from faceproof.summary.estimates import (
    INDEPENDENT,
    Estimate,
    auc_interval,
    d_prime_interval,
    finite_or_none,
    rate,
    told,
    untold,
)
from faceproof.summary.folded import folded_accuracy
from faceproof.summary.native_thresholds import add_usual_thresholds, usual_score_in
from faceproof.summary.series import curves, histogram, scatter, threshold_table
from faceproof.systems.photo_table import STAGES, STAGES_MS

if TYPE_CHECKING:
    import pyarrow as pa

    from faceproof.runs.run_folder import RunTables
    from faceproof.scoring.native_score import UsualScore

SCHEMA_VERSION = 1
FAILURES_SHOWN = 24
_PHOTOS_INDEPENDENT = (
    "Photos are taken as independent; those of one person are alike, so the interval is somewhat too narrow."
)


def summarize(
    run: RunTables,
    *,
    threshold_distance: float | None = None,
    folds: int = 10,
    seed: int | None = None,
    scored: ScoredComparisons | None = None,
) -> dict[str, Any]:
    """Every number of a run with its uncertainty, as one dict of plain values.

    Args:
        run: the tables of a run folder.
        threshold_distance: a threshold given beforehand, 0 to 2; outcomes are then judged at it, and else at
            the threshold of best accuracy on these very comparisons, which is marked as optimistic.
        folds: how many folds to split the people into, where the protocol has no folds of its own.
        seed: of that split and of the scatter; None takes the run's own.
        scored: `join_scores` of the run, where it is at hand.

    Returns:
        Plain JSON values: ``run`` (the manifest), ``counts``, and numbers as estimates
        (`faceproof.summary.estimates`) or as columns for the figures. ``headline`` and ``warnings`` are empty:
        `faceproof.report.words.evaluation` writes them.

    Raises:
        ConfigurationError: ``threshold_distance`` or ``folds`` is out of range.
        RunFolderError: the tables do not fit together.
    """
    if threshold_distance is not None and not 0 <= threshold_distance <= 2:
        raise ConfigurationError(
            f"a threshold of distance {threshold_distance} makes no sense; unit templates lie 0 to 2 apart"
        )
    run_seed = run.manifest.get("seed") if seed is None else seed
    seed = run_seed if isinstance(run_seed, int) else 0
    scored = scored or join_scores(run)
    photos = rows_of_condition(run.photos, run.condition)
    made = scored.compared
    similarity, mated = scored.similarity[made], scored.mated[made]
    default = "best_accuracy" if threshold_distance is None else "fixed"
    usual = usual_score_in(run.manifest)
    found = numbers(scored, photos, threshold_distance=threshold_distance, folds=folds, seed=seed, usual=usual)
    threshold = next(p["threshold_similarity"] for p in found["operating_points"] if p["name"] == default)
    ledger = open_ledger(run, threshold, scored)
    summary: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "headline": "",
        "warnings": [],
        "run": _plain(run.manifest),
        **{section: found[section] for section in ("counts", "rates", "operating_points")},
        "default_operating_point": default,
        **found,
        "curves": curves(similarity, mated),
        "histogram": histogram(similarity, mated),
        "threshold_table": threshold_table(similarity, mated),
        "scatter": scatter(scored, threshold, seed),
        "failures": {
            "false_matches": ledger.errors("false_match", FAILURES_SHOWN),
            "false_non_matches": ledger.errors("false_non_match", FAILURES_SHOWN),
            "no_template": ledger.failures_to_acquire(FAILURES_SHOWN),
        },
    }
    if scores_alone(run.manifest):
        # Of photos and people the file may name none, which is not to say that there are none.
        summary["counts"] |= {name: run.manifest["people"][name] for name in ("people", "photos")}
        summary["failures"]["no_score"] = ledger.no_score_by_reason(FAILURES_SHOWN)
    return summary


def numbers(
    scored: ScoredComparisons,
    photos: pa.Table,
    *,
    threshold_distance: float | None = None,
    folds: int = 10,
    seed: int = 0,
    usual: UsualScore | None = None,
) -> dict[str, Any]:
    """The numbers of comparisons under one condition, without curves and failures.

    Args:
        scored: the comparisons.
        photos: the rows of ``photos.parquet`` about that condition.
        threshold_distance: see `summarize`.
        folds: likewise.
        seed: of the folds.
        usual: score that thresholds are also given in; None where none is known.

    Returns:
        ``counts``, ``rates``, ``operating_points``, ``folds``, ``eer``, ``auc``, ``d_prime``, ``fnmr_at_fmr``,
        ``distances`` and ``times``, as in `summarize`.
    """
    made = scored.compared
    similarity, mated = scored.similarity[made], scored.mated[made]
    counts = _counts(scored, photos)
    lost = counts["not_compared_mated"], counts["not_compared_non_mated"]
    points = operating_points(similarity, mated, lost, threshold_distance)
    add_usual_thresholds(points, usual)
    mates, others = distance_summaries(similarity, mated)
    return {
        "counts": counts,
        "rates": _rates(photos, counts),
        "operating_points": points,
        "folds": folded_accuracy(scored, folds, seed),
        "eer": equal_error_rate(similarity, mated, missing_kind(mated)),
        "auc": _auc(similarity, mated),
        "d_prime": _d_prime(similarity, mated),
        "fnmr_at_fmr": fnmr_at_fmr(points),
        "distances": {"mated": _distances(mates), "non_mated": _distances(others)},
        "times": _times(photos),
    }


def _counts(scored: ScoredComparisons, photos: pa.Table) -> dict[str, Any]:
    import pyarrow.compute as pc

    outcomes = {row["values"]: row["counts"] for row in pc.value_counts(photos["outcome"]).to_pylist()}
    by_stage = {stage: outcomes.pop(stage, 0) for stage in STAGES}
    templates, unknown = outcomes.pop("template", 0), outcomes.pop(UNKNOWN, 0)
    # An outcome under another name is a failure too, and shows up under its own.
    by_stage |= {str(name): n for name, n in outcomes.items()}
    compared, mated = scored.compared, scored.mated
    made = int(np.count_nonzero(compared & mated)), int(np.count_nonzero(compared & ~mated))
    all_mated = int(np.count_nonzero(mated))
    return {
        "people": pc.count_distinct(photos["person"]).as_py(),
        "photos": len(photos),
        "templates": templates,
        "failures": len(photos) - templates - unknown,
        "failures_by_stage": by_stage,
        "failure_reasons": _main_reasons(photos),
        "comparisons": len(scored),
        "mated": all_mated,
        "non_mated": len(scored) - all_mated,
        "compared_mated": made[0],
        "compared_non_mated": made[1],
        "not_compared_mated": all_mated - made[0],
        "not_compared_non_mated": len(scored) - all_mated - made[1],
    }


def _main_reasons(photos: pa.Table) -> dict[str, dict[str, Any]]:
    """The most frequent reason of each stage that failed, and of how many photos; the first by name of equals."""
    import pyarrow as pa
    import pyarrow.compute as pc

    failed = photos.filter(pc.invert(pc.is_in(photos["outcome"], value_set=pa.array(["template", UNKNOWN]))))
    counted = failed.group_by(["outcome", "reason"]).aggregate([([], "count_all")]).to_pylist()
    most: dict[str, dict[str, Any]] = {}
    for row in sorted(counted, key=lambda row: (-row["count_all"], row["reason"] or "")):
        if row["reason"]:
            most.setdefault(row["outcome"], {"reason": row["reason"], "photos": row["count_all"]})
    return most


def _rates(photos: pa.Table, counts: Mapping[str, Any]) -> dict[str, Estimate]:
    import pyarrow.compute as pc

    known = counts["templates"] + counts["failures"]
    fta = rate(
        counts["failures"],
        known,
        f"Photos without a template of all photos, whatever the stage that failed. {_PHOTOS_INDEPENDENT}",
        "nothing is known of any photo",
    )
    how = f"Photos with one face or more of all that could be decoded. {_PHOTOS_INDEPENDENT}"
    decodable = photos.filter(pc.not_equal(photos["outcome"], "decode"))
    faces = decodable["faces_found"]
    if not known:
        detection = untold("nothing is known of any photo", how)
    elif len(faces) and faces.null_count == len(faces) and not counts["failures_by_stage"]["detect"]:
        detection = untold("no photo has a number of faces found: no detector was run", how)
    else:
        with_face = int(pc.sum(pc.greater(pc.fill_null(faces, 0), 0)).as_py() or 0)
        detection = rate(with_face, len(faces), how, "no photo could be decoded")
    return {"detection_rate": detection, "fta": fta}


def _auc(similarity: NDArray[np.float64], mated: NDArray[np.bool_]) -> Estimate:
    how = (
        "How often a mated comparison is more alike than a non-mated one, a tie counting half; Newcombe's 95% "
        f"interval. {INDEPENDENT}"
    )
    value, (mates, others) = auc(similarity, mated), _sizes(mated)
    if math.isnan(value):
        return untold(missing_kind(mated) or "the data give none", how)
    return told(value, auc_interval(value, mates, others), mated.size, how)


def _d_prime(similarity: NDArray[np.float64], mated: NDArray[np.bool_]) -> Estimate:
    how = (
        "Difference of the mean similarities of the two kinds in units of their pooled standard deviation; the 95% "
        f"interval takes similarities as bell-shaped. {INDEPENDENT}"
    )
    value = d_prime(similarity, mated)
    if math.isnan(value):
        few = "it takes two comparisons of each kind, and similarities that vary"
        return untold(missing_kind(mated) or few, how)
    variances = float(np.var(similarity[mated], ddof=1)), float(np.var(similarity[~mated], ddof=1))
    return told(value, d_prime_interval(value, variances, _sizes(mated)), mated.size, how)


def _sizes(mated: NDArray[np.bool_]) -> tuple[int, int]:
    mates = int(np.count_nonzero(mated))
    return mates, mated.size - mates


def _distances(kind: DistanceSummary) -> dict[str, float | int | None]:
    return {
        "mean": finite_or_none(kind.mean),
        "sd": finite_or_none(kind.sd),
        "min": finite_or_none(kind.minimum),
        "max": finite_or_none(kind.maximum),
        "n": kind.n,
    }


def _times(photos: pa.Table) -> dict[str, float | None]:
    """Mean time of each stage over the photos that went through it, and of all over all photos timed."""
    columns = {name: photos[name].to_numpy().astype(np.float64) for name in STAGES_MS}
    together = np.stack(list(columns.values()))
    columns["total_ms"] = np.nansum(together, axis=0)[~np.isnan(together).all(axis=0)]
    means = {}
    for name, values in columns.items():
        timed = values[~np.isnan(values)]
        means[name] = float(timed.mean()) if timed.size else None
    return means


def _plain(value: Any) -> Any:
    """A JSON value without NaN and infinities."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return finite_or_none(value) if isinstance(value, float) else value
