"""Types of the columns that figures are drawn from: curves, histogram, threshold table, scatter."""

from __future__ import annotations

from faceproof.records import Record


class RocCurve(Record):
    """ROC: FMR and true match rate (TMR) at each threshold, as columns of equal length.

    Attributes:
        fmr: false match rate, rising.
        tmr: true match rate at that FMR.
        tmr_low: lower end of the 95% interval of TMR at that FMR; None where there is none. Empty in old versions.
        tmr_high: upper end, likewise.
        threshold_distance: the threshold.
    """

    fmr: list[float]
    tmr: list[float]
    tmr_low: list[float | None] = []
    tmr_high: list[float | None] = []
    threshold_distance: list[float]


class DetCurve(Record):
    """DET: FMR and FNMR at each threshold, as columns of equal length.

    Attributes:
        fmr: false match rate, rising.
        fnmr: false non-match rate at that FMR.
        fnmr_low: lower end of the 95% interval of FNMR at that FMR; None where there is none. Empty in old versions.
        fnmr_high: upper end, likewise.
        threshold_distance: the threshold.
    """

    fmr: list[float]
    fnmr: list[float]
    fnmr_low: list[float | None] = []
    fnmr_high: list[float | None] = []
    threshold_distance: list[float]


class Curves(Record):
    """ROC and DET."""

    roc: RocCurve
    det: DetCurve


class Histogram(Record):
    """Number of comparisons in bins of distance between ``edges``."""

    edges: list[float]
    mated: list[int]
    non_mated: list[int]


class ThresholdTable(Record):
    """Counts of decisions at thresholds of distance, 0 to 2, as columns of equal length.

    The columns ``fmr_low`` to ``fnmr_high`` are the ends of the 95% intervals of FMR and FNMR at the threshold. They
    are empty where there are none, and in old versions.
    """

    distance: list[float]
    tp: list[int]
    fn: list[int]
    tn: list[int]
    fp: list[int]
    fmr_low: list[float] = []
    fmr_high: list[float] = []
    fnmr_low: list[float] = []
    fnmr_high: list[float] = []


class Scatter(Record):
    """A point for each comparison, or for a sample of ``shown`` of ``of`` comparisons.

    Attributes:
        comparison: number of each comparison.
        distance: distance of each comparison, 0 to 2.
        jitter: random horizontal offset of each point, -1 to 1.
        outcome: outcome of each comparison: ``TP``, ``FN``, ``TN`` or ``FP``.
        photo_a: id of the first photo of each comparison.
        photo_b: id of the second photo of each comparison.
        shown: number of points.
        of: number of comparisons that were made.
    """

    comparison: list[int]
    distance: list[float]
    jitter: list[float]
    outcome: list[str]
    photo_a: list[str]
    photo_b: list[str]
    shown: int
    of: int
