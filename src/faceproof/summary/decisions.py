"""Decisions at each operating point: the threshold, the counts, and the rates computed from the counts.

FAR and FRR count a comparison that could not be made as rejected. In place of FTA they use the share of comparisons in
which one photo or both have no template, separately for mated and non-mated comparisons.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faceproof.findings.linked import ErrorRates, LinkedScores
from faceproof.metrics import operating_points as found_points
from faceproof.metrics.confusion import Confusion, accuracy, f1, precision
from faceproof.metrics.intervals import (
    Interval,
    Rate,
    combined_interval,
    eer_interval,
    fnmr_at_fmr_interval,
)
from faceproof.metrics.operating_points import (
    best_accuracy_point,
    eer_of_steps,
    eer_point,
    fixed_point,
    fmr_label,
    fmr_point,
)
from faceproof.scoring.native_score import UsualScore
from faceproof.scoring.similarity import distance_from_similarity, similarity_from_distance
from faceproof.summary.estimates import Estimate, finite_or_none
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
    linked: LinkedScores,
    threshold_distance: float | None,
    usual: UsualScore | None = None,
    fmrs: Sequence[float] = TARGET_FMRS,
) -> list[OperatingPoint]:
    """Compute threshold, counts and rates of every operating point.

    Args:
        linked: the comparisons.
        threshold_distance: a fixed threshold as a distance, 0 to 2, or None.
        usual: the usual score of the model, in which thresholds are also given; None where it is unknown.
        fmrs: the target FMRs.

    Returns:
        ``best_accuracy``, ``eer``, ``fmr_0.1`` and so on, and ``fixed`` first where there is a fixed threshold. A point
        whose threshold cannot be set has a ``reason``, and None for the threshold and for ``confusion``. FNMR and
        recall at an ``fmr_...`` point have the interval of FNMR at that FMR, which allows for the uncertain threshold.
    """
    similarity, mated = linked.similarity[linked.compared], linked.mated[linked.compared]
    points: list[tuple[found_points.ThresholdChoice, str, float | None]] = [
        (best_accuracy_point(linked.steps), "threshold of best accuracy", None),
        (eer_point(linked.steps), "FMR and FNMR equal", None),
    ]
    if threshold_distance is not None:
        fixed = fixed_point(similarity_from_distance(threshold_distance))
        # The distance of the caller: converting to similarity and back may change its last digit.
        points.insert(0, (fixed, f"distance {threshold_distance:g}, given beforehand", float(threshold_distance)))
    found = [_operating_point(point, label, linked, usual, distance) for point, label, distance in points]
    for fmr in fmrs:
        point = fmr_point(similarity, mated, fmr)
        at_fmr = None
        if not math.isnan(point.threshold) and mated.any():
            at_fmr = fnmr_at_fmr_interval(linked.made, fmr)
        found.append(_operating_point(point, f"FMR at most {fmr_label(fmr)}", linked, usual, None, at_fmr))
    return found


def fnmr_at_fmr(points: list[OperatingPoint], fmrs: Sequence[float] = TARGET_FMRS) -> list[FnmrAtFmr]:
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
        for fmr, point in ((fmr, by_name[f"fmr_{fmr:g}"]) for fmr in fmrs)
    ]


def equal_error_rate(linked: LinkedScores) -> EqualErrorRate:
    """EER with its interval and threshold, of the comparisons that were made."""
    how = "Where FMR and FNMR are equal, on a straight line between neighbouring thresholds."
    value, threshold = eer_of_steps(linked.steps)
    at, distance = finite_or_none(threshold), _distance(threshold)
    if math.isnan(value):
        return EqualErrorRate.absent(
            found_points.missing_of(linked.made.mated.n, linked.made.non_mated.n) or "the data give none",
            how,
            threshold_similarity=at,
            threshold_distance=distance,
        )
    smaller = min(linked.made.mated.n, linked.made.non_mated.n)
    return EqualErrorRate.of(
        *(value, eer_interval(linked.made, value), smaller, how),
        optimistic=True,
        threshold_similarity=at,
        threshold_distance=distance,
    )


def _operating_point(
    point: found_points.ThresholdChoice,
    label: str,
    linked: LinkedScores,
    usual: UsualScore | None,
    given_distance: float | None,
    at_fmr: Interval | None = None,
) -> OperatingPoint:
    distance = _distance(point.threshold) if given_distance is None else given_distance
    counts = None
    if math.isnan(point.threshold):
        rates = no_rates(point.reason or "the data give no such threshold")
    else:
        accepted = linked.similarity >= point.threshold
        counts = _counts(linked, accepted)
        rates = rates_of(counts, linked.error_rates(accepted), optimistic=point.optimistic)
        if at_fmr is not None:
            rates |= _at_fmr(rates, at_fmr)
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


def _at_fmr(rates: dict[str, Estimate], interval: Interval) -> dict[str, Estimate]:
    """FNMR and recall with the interval of FNMR at a target FMR."""
    return {
        name: Estimate.of(float(rates[name].value or 0.0), at, rates[name].n or 0, _HOW[name], optimistic=True)
        for name, at in (("fnmr", interval), ("recall", interval.complement()))
    }


def _counts(linked: LinkedScores, accepted: NDArray[np.bool_]) -> Confusion:
    mated = linked.mated
    tp, fp = int(np.count_nonzero(accepted & mated)), int(np.count_nonzero(accepted & ~mated))
    return Confusion(tp, linked.made.mated.n - tp, linked.made.non_mated.n - fp, fp)


def held_point(
    thresholds: NDArray[np.float64],
    linked: LinkedScores,
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
        linked: the comparisons.
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
        accepted = linked.similarity >= thresholds
        counts = _counts(linked, accepted)
        rates = rates_of(counts, linked.error_rates(accepted), optimistic=False)
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


def rates_of(counts: Confusion, rates: ErrorRates, *, optimistic: bool) -> dict[str, Estimate]:
    """Every rate of `RATES`, from counts of decisions and the error rates with their intervals."""
    no_mated, no_other = "no mated comparison could be made", "no non-mated comparison could be made"
    found = {
        "fmr": _estimate("fmr", rates.fmr, no_other, optimistic=optimistic),
        "fnmr": _estimate("fnmr", rates.fnmr, no_mated, optimistic=optimistic),
        # Where no non-mated comparison could be made, a FAR of 0 would say nothing about the system.
        "far": _estimate("far", rates.far if rates.fmr else None, no_other, optimistic=optimistic),
        "frr": _estimate("frr", rates.frr, "there is no mated comparison", optimistic=optimistic),
        "recall": Estimate.absent(no_mated, _HOW["recall"]),
    }
    if rates.fnmr is not None:
        recall = rates.fnmr.interval.complement()
        found["recall"] = Estimate.of(
            counts.tp / counts.mated, recall, counts.mated, _HOW["recall"], optimistic=optimistic
        )
    if rates.fmr is None or rates.fnmr is None:
        # With one kind of comparison, accepting all or nothing gives 100%, which would mislead.
        missing = no_other if counts.mated else no_mated
        why = "no comparison could be made" if not counts.n else f"{missing}, and it needs both kinds"
        found |= {name: Estimate.absent(why, _HOW[name]) for name in ("accuracy", "precision", "f1")}
    else:
        found |= _of_both(counts, rates.fmr, rates.fnmr, optimistic=optimistic)
    return {name: found[name] for name in RATES}


def _of_both(counts: Confusion, fmr: Rate, fnmr: Rate, *, optimistic: bool) -> dict[str, Estimate]:
    """Accuracy, precision and F1, whose intervals are combined from those of FMR and FNMR."""
    m, n = counts.mated, counts.non_mated

    def accuracy_at(fmr: float, fnmr: float) -> float:
        return 1 - (m * fnmr + n * fmr) / (m + n)

    def precision_at(fmr: float, fnmr: float) -> float:
        accepted = m * (1 - fnmr) + n * fmr
        return m * (1 - fnmr) / accepted if accepted else math.nan

    def f1_at(fmr: float, fnmr: float) -> float:
        return 2 * m * (1 - fnmr) / (m * (2 - fnmr) + n * fmr)

    trials = {"accuracy": counts.n, "precision": counts.tp + counts.fp, "f1": counts.tp + counts.fp + counts.fn}
    values = {"accuracy": accuracy(counts), "precision": precision(counts), "f1": f1(counts)}
    functions = {"accuracy": accuracy_at, "precision": precision_at, "f1": f1_at}
    return {
        name: Estimate.absent("nothing was accepted", _HOW[name])
        if math.isnan(value)
        else Estimate.of(
            *(value, combined_interval(functions[name], fmr, fnmr), trials[name], _HOW[name]), optimistic=optimistic
        )
        for name, value in values.items()
    }


def _estimate(name: str, rate: Rate | None, reason: str, *, optimistic: bool) -> Estimate:
    if rate is None:
        return Estimate.absent(reason, _HOW[name])
    return Estimate.of(rate.value, rate.interval, rate.n, _HOW[name], optimistic=optimistic)


def _distance(similarity: float) -> float | None:
    at = finite_or_none(similarity)
    return None if at is None else min(2.0, distance_from_similarity(at))
