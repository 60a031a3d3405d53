"""Data of figures and of the threshold slider: curves, histogram, counts by threshold, and scatter plot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faceproof.findings.linked import LinkedScores
from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics.confusion import confusion_sweep
from faceproof.metrics.curves import ErrorCurve, curve_of_steps
from faceproof.metrics.dependence import Kind
from faceproof.metrics.intervals import fnmr_at_fmr_bands, rate_bands
from faceproof.scoring.similarity import distance_from_similarity, similarity_from_distance
from faceproof.summary.estimates import finite_or_none
from faceproof.summary.series_schema import (
    Curves,
    DetCurve,
    Histogram,
    RocCurve,
    Scatter,
    ThresholdTable,
)

CURVE_POINTS = 500
HISTOGRAM_BINS = 80
TABLE_STEPS = 1000
SCATTER_POINTS = 12_000


def curves(linked: LinkedScores) -> Curves:
    """ROC and DET as columns of at most 500 points, from accepting nothing to accepting everything, with 95% intervals.

    Args:
        linked: the comparisons; those that could not be made are left out.

    Returns:
        The curves; their columns are empty without mated or without non-mated comparisons.
    """
    if not linked.made.mated.n or not linked.made.non_mated.n:
        return Curves(
            roc=RocCurve(fmr=[], tmr=[], threshold_distance=[]), det=DetCurve(fmr=[], fnmr=[], threshold_distance=[])
        )
    curve = _corners(curve_of_steps(linked.steps)).thinned(CURVE_POINTS)
    fmr, at = curve.fmr.tolist(), distance_from_similarity(curve.thresholds).tolist()
    low, high = fnmr_at_fmr_bands(linked.made, curve.fmr)
    return Curves(
        roc=RocCurve(
            fmr=fmr,
            tmr=curve.tmr.tolist(),
            tmr_low=_finite(1 - high),
            tmr_high=_finite(1 - low),
            threshold_distance=at,
        ),
        det=DetCurve(
            fmr=fmr,
            fnmr=curve.fnmr.tolist(),
            fnmr_low=_finite(low),
            fnmr_high=_finite(high),
            threshold_distance=at,
        ),
    )


def _finite(values: NDArray[np.float64]) -> list[float | None]:
    return [finite_or_none(value) for value in values.tolist()]


def histogram(similarity: NDArray[np.float64], mated: NDArray[np.bool_]) -> Histogram:
    """Number of mated and non-mated comparisons in 80 bins of distance of equal width from 0 to 2.

    Args:
        similarity: float64 (n,), -1 to 1, of the comparisons that were made.
        mated: bool (n,).
    """
    edges = np.linspace(0, 2, HISTOGRAM_BINS + 1)
    distance = distance_from_similarity(similarity)
    return Histogram(
        edges=edges.round(6).tolist(),
        mated=np.histogram(distance[mated], edges)[0].tolist(),
        non_mated=np.histogram(distance[~mated], edges)[0].tolist(),
    )


def threshold_table(linked: LinkedScores) -> ThresholdTable:
    """Exact counts of decisions at 1,001 thresholds of distance from 0 to 2, and the intervals of FMR and FNMR.

    Args:
        linked: the comparisons; those that could not be made are left out.
    """
    similarity, mated = linked.similarity[linked.compared], linked.mated[linked.compared]
    distance = np.linspace(0, 2, TABLE_STEPS + 1).round(6)
    tp, fn, tn, fp = confusion_sweep(similarity, mated, similarity_from_distance(distance))
    fmr_low, fmr_high = _ends(linked.made.non_mated, fp)
    fnmr_low, fnmr_high = _ends(linked.made.mated, fn)
    return ThresholdTable(
        distance=distance.tolist(),
        tp=tp.tolist(),
        fn=fn.tolist(),
        tn=tn.tolist(),
        fp=fp.tolist(),
        fmr_low=fmr_low,
        fmr_high=fmr_high,
        fnmr_low=fnmr_low,
        fnmr_high=fnmr_high,
    )


def _ends(kind: Kind, errors: NDArray[np.int64]) -> tuple[list[float], list[float]]:
    """Ends of the intervals of a rate at many thresholds; empty where there are none."""
    if not kind.n:
        return [], []
    low, high = rate_bands(kind, errors)
    return ([], []) if np.isnan(low).any() else (low.tolist(), high.tolist())


def scatter(scored: ScoredComparisons, threshold_similarity: float | None, seed: int) -> Scatter:
    """Points of the scatter plot: wrong decisions first, then right ones up to `SCATTER_POINTS` points.

    Right decisions are taken in equal parts from mated and non-mated comparisons, as far as there are enough of each.
    The choice and the jitter depend only on the number of the comparison and the seed.

    Args:
        scored: the comparisons.
        threshold_similarity: similarity from which a comparison is accepted; None gives no points.
        seed: seed of choice and jitter.

    Returns:
        The points in the order of the protocol.
    """
    compared = np.flatnonzero(scored.compared)
    rows = compared[:0]
    outcome = np.zeros(0, dtype="<U2")
    if threshold_similarity is not None:
        accepted = scored.similarity[compared] >= threshold_similarity
        mated = scored.mated[compared]
        rank = keyed_uniform(scored.comparison[compared], seed)
        chosen = _chosen(accepted != mated, mated, rank)
        rows = compared[chosen]
        code = 2 * mated[chosen] + accepted[chosen]
        outcome = np.array(["TN", "FP", "FN", "TP"])[code]
    names = scored.names_of(rows, ("photo_a", "photo_b"))
    return Scatter(
        comparison=scored.comparison[rows].tolist(),
        distance=distance_from_similarity(scored.similarity[rows]).tolist(),
        jitter=(2 * keyed_uniform(scored.comparison[rows], seed + 1) - 1).round(4).tolist(),
        outcome=outcome.tolist(),
        photo_a=names["photo_a"],
        photo_b=names["photo_b"],
        shown=int(rows.size),
        of=int(compared.size),
    )


def keyed_uniform(keys: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """A pseudorandom number for each key, which depends only on the key and the seed, not on the order of the keys.

    Args:
        keys: int64 (n,).
        seed: any whole number.

    Returns:
        float64 (n,), 0 up to but not including 1.

    Source: the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    """
    start = np.uint64((seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) % 2**64)
    bits = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + start
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    bits ^= bits >> np.uint64(31)
    return (bits >> np.uint64(11)).astype(np.float64) / 2.0**53


def _chosen(wrong: NDArray[np.bool_], mated: NDArray[np.bool_], rank: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rows to show, in order: wrong ones first, then mated and non-mated right ones in equal parts."""
    errors = _lowest(np.flatnonzero(wrong), rank, SCATTER_POINTS)
    room = SCATTER_POINTS - errors.size
    mates, others = np.flatnonzero(~wrong & mated), np.flatnonzero(~wrong & ~mated)
    for_mates = min(mates.size, max(room // 2, room - others.size))
    kept = [errors, _lowest(mates, rank, for_mates), _lowest(others, rank, room - for_mates)]
    return np.sort(np.concatenate(kept))


def _lowest(rows: NDArray[np.int64], rank: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    if rows.size <= count:
        return rows
    return rows[np.argpartition(rank[rows], count)[:count]]


def _corners(curve: ErrorCurve) -> ErrorCurve:
    """The curve without the inner vertices of its horizontal and vertical segments."""
    keep = np.ones(curve.fmr.size, dtype=np.bool_)
    for rates in (curve.fmr, curve.fnmr):
        same = rates[1:] == rates[:-1]
        keep[1:-1] &= ~(same[1:] & same[:-1])
    return ErrorCurve(curve.thresholds[keep], curve.fmr[keep], curve.fnmr[keep])
