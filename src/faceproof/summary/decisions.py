"""What is decided at each operating point: the threshold, the counts, and the rates that follow from them.

FAR and FRR count what could not be compared as rejected. The share of comparisons that lack a side stands for
FTA, for mated and non-mated ones each, so that a comparison of two photos fails when either does.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.confusion import Confusion, confusion_at, f1
from faceproof.metrics.intervals import rule_of_three, wilson
from faceproof.metrics.operating_points import (
    OperatingPoint,
    best_accuracy_point,
    eer,
    eer_point,
    fixed_point,
    fmr_label,
    fmr_point,
)
from faceproof.scoring.similarity import distance_from_similarity, similarity_from_distance
from faceproof.summary.estimates import INDEPENDENT, Estimate, f1_interval, finite_or_none, rate, told, untold

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
) -> list[dict[str, Any]]:
    """Every operating point with its counts and rates.

    Args:
        similarity: float64 (n,) of the comparisons that were made.
        mated: bool (n,).
        not_compared: mated and non-mated comparisons that could not be made.
        threshold_distance: a threshold given beforehand, 0 to 2, or None.

    Returns:
        ``best_accuracy``, ``eer``, ``fmr_0.1`` and so on, and ``fixed`` first where it was given. A point
        whose threshold cannot be set has None for it and for ``confusion``, and a ``reason``.
    """
    points = [
        (best_accuracy_point(similarity, mated), "threshold of best accuracy"),
        (eer_point(similarity, mated), "FMR and FNMR equal"),
        *((fmr_point(similarity, mated, fmr), f"FMR at most {fmr_label(fmr)}") for fmr in TARGET_FMRS),
    ]
    if threshold_distance is not None:
        fixed = fixed_point(similarity_from_distance(threshold_distance))
        points.insert(0, (fixed, f"distance {threshold_distance:g}, given beforehand"))
    entries = [_entry(point, label, similarity, mated, not_compared) for point, label in points]
    if threshold_distance is not None:
        # As it was given, not as it comes back from a similarity.
        entries[0]["threshold_distance"] = float(threshold_distance)
    return entries


def fnmr_at_fmr(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """FNMR at each target FMR, read off the operating points of that name, thresholds as there."""
    by_name = {point["name"]: point for point in points}
    rows = []
    for fmr in TARGET_FMRS:
        point = by_name[f"fmr_{fmr:g}"]
        rows.append(
            {
                "fmr": fmr,
                "resolvable": point["threshold_similarity"] is not None,
                "fnmr": point["fnmr"],
                **{name: threshold for name, threshold in point.items() if name.startswith("threshold_")},
                "observed_fmr": point["fmr"]["value"],
            }
        )
    return rows


def equal_error_rate(similarity: NDArray[np.float64], mated: NDArray[np.bool_], reason: str | None) -> Estimate:
    """EER with its threshold; ``reason`` says why where a kind of comparison is missing."""
    how = (
        "Where FMR and FNMR are equal, on a straight line between neighbouring thresholds. The interval is that of a "
        f"rate seen in the smaller kind of comparison. {INDEPENDENT}"
    )
    value, threshold = eer(similarity, mated)
    if math.isnan(value):
        return untold(reason or "the data give none", how) | _threshold(math.nan)
    smaller = min(int(np.count_nonzero(mated)), int(np.count_nonzero(~mated)))
    interval = wilson(round(value * smaller), smaller)
    return told(value, interval, smaller, how, optimistic=True) | _threshold(threshold)


def _entry(
    point: OperatingPoint,
    label: str,
    similarity: NDArray[np.float64],
    mated: NDArray[np.bool_],
    not_compared: tuple[int, int],
) -> dict[str, Any]:
    head = {
        "name": point.name,
        "label": label,
        "how": point.how,
        "optimistic": point.optimistic,
        "reason": point.reason,
        **_threshold(point.threshold),
    }
    if math.isnan(point.threshold):
        reason = point.reason or "the data give no such threshold"
        return head | {"confusion": None} | {name: untold(reason, _HOW[name]) for name in RATES}
    counts = confusion_at(similarity, mated, point.threshold)
    shown = {"tp": counts.tp, "fn": counts.fn, "tn": counts.tn, "fp": counts.fp}
    return head | {"confusion": shown} | rates_of(counts, not_compared, optimistic=point.optimistic)


def held_point(
    thresholds: NDArray[np.float64], head: dict[str, Any], similarity: NDArray[np.float64], mated: NDArray[np.bool_]
) -> dict[str, Any]:
    """An operating point whose threshold differs from comparison to comparison.

    Args:
        thresholds: float64 (n,), similarities; NaN throughout where there are none.
        head: ``name``, ``label``, ``how``, and ``reason`` where there is no threshold.
        similarity: float64 (n,) of all comparisons, NaN where one could not be made.
        mated: bool (n,).

    Returns:
        As an entry of `operating_points`, without a single threshold.
    """
    head = {"optimistic": False, "reason": None} | head
    if np.isnan(thresholds).all():
        reason = head["reason"] or "there is no such threshold"
        return head | {"confusion": None} | {name: untold(reason, _HOW[name]) for name in RATES}
    made = ~np.isnan(similarity)
    accepted = similarity[made] >= thresholds[made]
    labels = mated[made]
    tp, fp = int(np.count_nonzero(accepted & labels)), int(np.count_nonzero(accepted & ~labels))
    counts = Confusion(tp, int(labels.sum()) - tp, int((~labels).sum()) - fp, fp)
    lost = int(np.count_nonzero(~made & mated)), int(np.count_nonzero(~made & ~mated))
    shown = {"tp": counts.tp, "fn": counts.fn, "tn": counts.tn, "fp": counts.fp}
    return head | {"confusion": shown} | rates_of(counts, lost, optimistic=False)


def rates_of(counts: Confusion, not_compared: tuple[int, int], *, optimistic: bool) -> dict[str, Estimate]:
    """Every rate of `RATES` from counts of decisions, with what could not be compared, mated and non-mated."""
    no_mated, no_other = "no mated comparison could be made", "no non-mated comparison could be made"
    tp, fn, tn, fp = counts.tp, counts.fn, counts.tn, counts.fp
    lost_mated, lost_other = not_compared
    parts = {
        "accuracy": (tp + tn, counts.n, "no comparison could be made"),
        "precision": (tp, tp + fp, "nothing was accepted"),
        "recall": (tp, counts.mated, no_mated),
        "fmr": (fp, counts.non_mated, no_other),
        "fnmr": (fn, counts.mated, no_mated),
        # Where all non-mated ones are lost, 0 of them accepted would be no finding.
        "far": (fp, counts.non_mated and counts.non_mated + lost_other, no_other),
        "frr": (fn + lost_mated, counts.mated + lost_mated, "there is no mated comparison"),
    }
    found = {
        name: rate(part, whole, f"{_HOW[name]} {INDEPENDENT}", reason, optimistic=optimistic)
        for name, (part, whole, reason) in parts.items()
    }
    for name in ("fmr", "far"):
        if fp == 0 and found[name]["n"]:
            bound = rule_of_three(found[name]["n"])
            found[name]["how"] += f" None was seen, which bounds it to about {bound:.2g} only (rule of three)."
    value = f1(counts)
    if math.isnan(value):
        found["f1"] = untold(no_mated, _HOW["f1"])
    else:
        n = tp + fp + fn
        found["f1"] = told(value, f1_interval(tp, fp, fn), n, f"{_HOW['f1']} {INDEPENDENT}", optimistic=optimistic)
    if not counts.mated or not counts.non_mated:
        # With one kind, accepting all (or nothing) scores 100%: such a number would only mislead.
        missing = no_other if counts.mated else no_mated
        found |= {
            name: untold(f"{missing}, and it needs both kinds", _HOW[name]) for name in ("accuracy", "precision", "f1")
        }
    return {name: found[name] for name in RATES}


def _threshold(similarity: float) -> dict[str, float | None]:
    at = finite_or_none(similarity)
    return {
        "threshold_similarity": at,
        "threshold_distance": None if at is None else min(2.0, distance_from_similarity(at)),
    }
