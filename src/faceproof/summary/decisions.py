"""Decisions at each operating point: the threshold, the counts, and the rates computed from the counts.

FAR and FRR count a comparison that could not be made as rejected. In place of FTA they use the share of comparisons in
which one photo or both have no template, separately for mated and non-mated comparisons.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics import operating_points as found_points
from faceproof.metrics.confusion import Confusion, confusion_at, f1
from faceproof.metrics.intervals import eer_interval, f1_interval, rule_of_three
from faceproof.metrics.operating_points import (
    best_accuracy_point,
    eer,
    eer_point,
    fixed_point,
    fmr_label,
    fmr_point,
)
from faceproof.scoring.native_score import UsualScore
from faceproof.scoring.similarity import distance_from_similarity, similarity_from_distance
from faceproof.summary.estimates import INDEPENDENT, Estimate, finite_or_none, rate
from faceproof.summary.evaluation_schema import EqualErrorRate, FnmrAtFmr, HeldPoint, OperatingPoint

TARGET_FMRS = (0.1, 0.01, 0.001, 0.0001)
RATES = ("accuracy", "precision", "recall", "f1", "fmr", "fnmr", "far", "frr")
_HOW = {
    "accuracy": "Right decisions of all decisions; it depends on how many comparisons of each kind were made.",
    "precision": "Mated comparisons of all accepted ones; it depends on how many comparisons of each kind were made.",
    "recall": "Accepted ones of the mated comparisons that were made.",
    "f1": "Harmonic mean of precision and recall; it depends on how many comparisons of each kind were made.",
    "fmr": "Accepted ones of the non-mated comparisons that were made.",
    "fnmr": "Rejected ones of the mated comparisons that were made.",
    "far": "Accepted ones of all non-mated comparisons; one with a side that has no template counts as "
    "rejected: FMR (1 - FTA).",
    "frr": "Rejected ones of all mated comparisons; one with a side that has no template counts as rejected: "
    "FTA + FNMR (1 - FTA).",
}


def operating_points(
    similarity: NDArray[np.float64],
    mated: NDArray[np.bool_],
    not_compared: tuple[int, int],
    threshold_distance: float | None,
    usual: UsualScore | None = None,
) -> list[OperatingPoint]:
    """Compute threshold, counts and rates of every operating point.

    Args:
        similarity: float64 (n,), -1 to 1, of the comparisons that were made.
        mated: bool (n,).
        not_compared: number of mated and of non-mated comparisons that could not be made.
        threshold_distance: a fixed threshold as a distance, 0 to 2, or None.
        usual: the usual score of the model, in which thresholds are also given; None where it is unknown.

    Returns:
        ``best_accuracy``, ``eer``, ``fmr_0.1`` and so on, and ``fixed`` first where there is a fixed threshold. A point
        whose threshold cannot be set has a ``reason``, and None for the threshold and for ``confusion``.
    """
    points: list[tuple[found_points.ThresholdChoice, str, float | None]] = [
        (best_accuracy_point(similarity, mated), "threshold of best accuracy", None),
        (eer_point(similarity, mated), "FMR and FNMR equal", None),
        *((fmr_point(similarity, mated, fmr), f"FMR at most {fmr_label(fmr)}", None) for fmr in TARGET_FMRS),
    ]
    if threshold_distance is not None:
        fixed = fixed_point(similarity_from_distance(threshold_distance))
        # The distance of the caller: converting to similarity and back may change its last digit.
        points.insert(0, (fixed, f"distance {threshold_distance:g}, given beforehand", float(threshold_distance)))
    return [
        _operating_point(point, label, similarity, mated, not_compared, usual, distance)
        for point, label, distance in points
    ]


def fnmr_at_fmr(points: list[OperatingPoint]) -> list[FnmrAtFmr]:
    """FNMR at each target FMR, from the operating points for these FMRs."""
    by_name = {point.name: point for point in points}
    return [
        FnmrAtFmr(
            fmr=fmr,
            resolvable=point.threshold_similarity is not None,
            fnmr=point.fnmr,
            threshold_similarity=point.threshold_similarity,
            threshold_distance=point.threshold_distance,
            threshold_usual=point.threshold_usual,
            observed_fmr=point.fmr.value,
        )
        for fmr, point in ((fmr, by_name[f"fmr_{fmr:g}"]) for fmr in TARGET_FMRS)
    ]


def equal_error_rate(similarity: NDArray[np.float64], mated: NDArray[np.bool_], reason: str | None) -> EqualErrorRate:
    """EER with its interval and threshold; where there is none, ``reason`` says why."""
    how = (
        "Where FMR and FNMR are equal, on a straight line between neighbouring thresholds. The interval is that of a "
        f"rate seen in the smaller kind of comparison. {INDEPENDENT}"
    )
    value, threshold = eer(similarity, mated)
    at, distance = finite_or_none(threshold), _distance(threshold)
    if math.isnan(value):
        return EqualErrorRate.absent(
            reason or "the data give none", how, threshold_similarity=at, threshold_distance=distance
        )
    mates = int(np.count_nonzero(mated))
    kinds = mates, mated.size - mates
    return EqualErrorRate.of(
        *(value, eer_interval(value, *kinds), min(kinds), how),
        optimistic=True,
        threshold_similarity=at,
        threshold_distance=distance,
    )


def _operating_point(
    point: found_points.ThresholdChoice,
    label: str,
    similarity: NDArray[np.float64],
    mated: NDArray[np.bool_],
    not_compared: tuple[int, int],
    usual: UsualScore | None,
    given_distance: float | None,
) -> OperatingPoint:
    distance = _distance(point.threshold) if given_distance is None else given_distance
    counts = None if math.isnan(point.threshold) else confusion_at(similarity, mated, point.threshold)
    if counts is None:
        rates = no_rates(point.reason or "the data give no such threshold")
    else:
        rates = rates_of(counts, not_compared, optimistic=point.optimistic)
    return OperatingPoint(
        name=point.name,
        label=label,
        how=point.how,
        optimistic=point.optimistic,
        reason=point.reason,
        threshold_similarity=finite_or_none(point.threshold),
        threshold_distance=distance,
        threshold_usual=None if usual is None or distance is None else float(usual.of_distance(distance)),
        confusion=counts,
        **rates,
    )


def held_point(
    thresholds: NDArray[np.float64],
    similarity: NDArray[np.float64],
    mated: NDArray[np.bool_],
    *,
    name: str,
    label: str,
    how: str,
    target_fmr: float | None = None,
    reason: str | None = None,
    note: str | None = None,
) -> HeldPoint:
    """Compute counts and rates at an operating point that has a threshold for each comparison.

    Args:
        thresholds: float64 (n,), similarities; NaN throughout where there are none.
        similarity: float64 (n,), of all comparisons; NaN where a comparison could not be made.
        mated: bool (n,).
        name: name of the operating point.
        label: label of the operating point on pages.
        how: how the thresholds were set.
        target_fmr: target FMR of the thresholds.
        reason: why there is no threshold.
        note: why the target is a higher FMR than the first choice.
    """
    counts = None
    if np.isnan(thresholds).all():
        rates = no_rates(reason or "there is no such threshold")
    else:
        made = ~np.isnan(similarity)
        accepted, labels = similarity[made] >= thresholds[made], mated[made]
        tp, fp = int(np.count_nonzero(accepted & labels)), int(np.count_nonzero(accepted & ~labels))
        counts = Confusion(tp, int(labels.sum()) - tp, int((~labels).sum()) - fp, fp)
        lost = int(np.count_nonzero(~made & mated)), int(np.count_nonzero(~made & ~mated))
        rates = rates_of(counts, lost, optimistic=False)
    return HeldPoint(
        name=name,
        label=label,
        how=how,
        target_fmr=target_fmr,
        optimistic=False,
        reason=reason,
        note=note,
        confusion=counts,
        **rates,
    )


def no_rates(reason: str) -> dict[str, Estimate]:
    """Every rate of `RATES` without a value, with the reason."""
    return {name: Estimate.absent(reason, _HOW[name]) for name in RATES}


def rates_of(counts: Confusion, not_compared: tuple[int, int], *, optimistic: bool) -> dict[str, Estimate]:
    """Every rate of `RATES`, from counts of decisions and of mated and non-mated comparisons that could not be made."""
    no_mated, no_other = "no mated comparison could be made", "no non-mated comparison could be made"
    tp, fn, tn, fp = counts.tp, counts.fn, counts.tn, counts.fp
    lost_mated, lost_other = not_compared
    parts = {
        "accuracy": (tp + tn, counts.n, "no comparison could be made"),
        "precision": (tp, tp + fp, "nothing was accepted"),
        "recall": (tp, counts.mated, no_mated),
        "fmr": (fp, counts.non_mated, no_other),
        "fnmr": (fn, counts.mated, no_mated),
        # Where no non-mated comparison could be made, a FAR of 0 would say nothing about the system.
        "far": (fp, counts.non_mated and counts.non_mated + lost_other, no_other),
        "frr": (fn + lost_mated, counts.mated + lost_mated, "there is no mated comparison"),
    }
    found = {
        name: rate(part, whole, f"{_HOW[name]} {INDEPENDENT}", reason, optimistic=optimistic)
        for name, (part, whole, reason) in parts.items()
    }
    for name in ("fmr", "far"):
        if fp == 0 and (n := found[name].n):
            bound = f"None was seen, which bounds it to about {rule_of_three(n):.2g} only (rule of three)."
            found[name] = found[name].model_copy(update={"how": f"{found[name].how} {bound}"})
    value = f1(counts)
    if math.isnan(value):
        found["f1"] = Estimate.absent(no_mated, _HOW["f1"])
    else:
        n = tp + fp + fn
        found["f1"] = Estimate.of(
            value, f1_interval(tp, fp, fn), n, f"{_HOW['f1']} {INDEPENDENT}", optimistic=optimistic
        )
    if not counts.mated or not counts.non_mated:
        # With one kind of comparison, accepting all or nothing gives 100%, which would mislead.
        missing = no_other if counts.mated else no_mated
        found |= {
            name: Estimate.absent(f"{missing}, and it needs both kinds", _HOW[name])
            for name in ("accuracy", "precision", "f1")
        }
    return {name: found[name] for name in RATES}


def _distance(similarity: float) -> float | None:
    at = finite_or_none(similarity)
    return None if at is None else min(2.0, distance_from_similarity(at))
