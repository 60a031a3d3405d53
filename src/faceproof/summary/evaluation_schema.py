"""The numbers of an evaluation as types: what ``metrics.json`` holds."""

from __future__ import annotations

from typing import Literal

from faceproof.findings.rows import NoScoreReason, PhotoFailure, WrongDecision
from faceproof.metrics.confusion import Confusion
from faceproof.records import Record
from faceproof.runs.manifest_schema import Manifest
from faceproof.summary.estimates import Estimate

SCHEMA_VERSION = 2


class Head(Record):
    """What every summary begins with.

    Attributes:
        schema_version: of this form.
        headline: the main result in a sentence or two.
        warnings: what to know before believing a number, the gravest first.
    """

    schema_version: int
    headline: str = ""
    warnings: list[str] = []


class MainReason(Record):
    """The most frequent reason for which a stage failed, and on how many photos."""

    reason: str
    photos: int


class Counts(Record):
    """How many of what; None where a file of scores does not tell.

    Attributes:
        people: whose photos take part.
        photos: that take part.
        templates: photos that gave one.
        failures: photos that gave none.
        failures_by_stage: likewise, by stage.
        failure_reasons: by stage.
        comparisons: of the protocol.
        mated: of the same person.
        non_mated: of different people.
        compared_mated: mated ones that could be made.
        compared_non_mated: non-mated ones that could be made.
        not_compared_mated: mated ones that could not be made.
        not_compared_non_mated: non-mated ones that could not be made.
    """

    people: int | None
    photos: int | None
    templates: int
    failures: int
    failures_by_stage: dict[str, int]
    failure_reasons: dict[str, MainReason] = {}
    comparisons: int
    mated: int
    non_mated: int
    compared_mated: int
    compared_non_mated: int
    not_compared_mated: int
    not_compared_non_mated: int

    @property
    def compared(self) -> int:
        """Comparisons that could be made."""
        return self.compared_mated + self.compared_non_mated

    @property
    def not_compared(self) -> int:
        """Comparisons that could not be made."""
        return self.not_compared_mated + self.not_compared_non_mated


class PhotoRates(Record):
    """Rates of photos."""

    detection_rate: Estimate
    fta: Estimate


class DecisionRates(Record):
    """Rates of decisions at one operating point."""

    accuracy: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    fmr: Estimate
    fnmr: Estimate
    far: Estimate
    frr: Estimate


class HeldPoint(DecisionRates):
    """Decisions at thresholds that differ from comparison to comparison.

    Attributes:
        name: of the operating point.
        label: for pages.
        how: how the thresholds were set.
        target_fmr: FMR that they were set for; None where none could be set, or they were given beforehand.
        optimistic: whether the rates were measured on the comparisons that set the thresholds.
        reason: why there is no threshold.
        note: why another FMR than the wanted one is the target.
        confusion: counts of decisions.
    """

    name: str
    label: str
    how: str
    target_fmr: float | None
    optimistic: bool = False
    reason: str | None = None
    note: str | None = None
    confusion: Confusion | None


class OperatingPoint(DecisionRates):
    """Decisions at one threshold.

    Attributes:
        name: ``best_accuracy``, ``eer``, ``fmr_0.001``, ... or ``fixed`` for one that was given beforehand.
        label: for pages.
        how: how the threshold was set.
        optimistic: whether the rates were measured on the comparisons that set the threshold.
        reason: why there is no threshold.
        threshold_similarity: cosine from which a comparison is accepted.
        threshold_distance: distance of unit templates up to which a comparison is accepted, 0 to 2.
        threshold_usual: in the score by which the model is usually judged; None where that is not known.
        confusion: counts of decisions.
    """

    name: str
    label: str
    how: str
    optimistic: bool
    reason: str | None
    threshold_similarity: float | None
    threshold_distance: float | None
    threshold_usual: float | None = None
    confusion: Confusion | None


class EqualErrorRate(Estimate):
    """The equal error rate, and the threshold where it is found."""

    threshold_similarity: float | None
    threshold_distance: float | None


class FnmrAtFmr(Record):
    """FNMR at the strictest threshold with at most a given FMR.

    Attributes:
        fmr: the given FMR.
        resolvable: whether there are enough non-mated comparisons for it.
        fnmr: at that threshold.
        threshold_similarity: see `OperatingPoint`.
        threshold_distance: likewise.
        threshold_usual: likewise.
        observed_fmr: FMR at that threshold.
    """

    fmr: float
    resolvable: bool
    fnmr: Estimate
    threshold_similarity: float | None
    threshold_distance: float | None
    threshold_usual: float | None = None
    observed_fmr: float | None


class FoldedAccuracy(Estimate):
    """Mean accuracy over folds, with its standard error."""

    standard_error: float | None = None


class Fold(Record):
    """One fold: its accuracy, and the threshold that the other folds set."""

    fold: int
    accuracy: float
    threshold_similarity: float
    threshold_distance: float
    comparisons: int


class Folds(Record):
    """Cross-validated accuracy: each fold is judged at a threshold that the other folds set.

    Attributes:
        kind: folds of the protocol, or folds that share no person; None where there is no accuracy.
        k: number of folds.
        accuracy: mean over folds.
        per_fold: each fold.
        left_out: comparisons of people from different folds.
        how: how it was computed.
        reason: why there is no accuracy.
    """

    kind: Literal["protocol", "person_disjoint"] | None
    k: int
    accuracy: FoldedAccuracy
    per_fold: list[Fold]
    left_out: int
    how: str
    reason: str | None


class Distances(Record):
    """Distances of one kind of comparison: mean, standard deviation, least and greatest, and how many."""

    mean: float | None
    sd: float | None
    min: float | None
    max: float | None
    n: int


class DistancesByKind(Record):
    """Distances of mated and of non-mated comparisons."""

    mated: Distances
    non_mated: Distances


class Times(Record):
    """Mean milliseconds per photo of each stage, over the photos that went through it, and of all stages."""

    decode_ms: float | None
    detect_ms: float | None
    embed_ms: float | None
    total_ms: float | None


class Numbers(Record):
    """The numbers of comparisons under one condition."""

    counts: Counts
    rates: PhotoRates
    operating_points: list[OperatingPoint]
    folds: Folds
    eer: EqualErrorRate
    auc: Estimate
    d_prime: Estimate
    fnmr_at_fmr: list[FnmrAtFmr]
    distances: DistancesByKind
    times: Times

    def point(self, name: str) -> OperatingPoint | None:
        """An operating point by its name; None where there is none of that name."""
        return next((point for point in self.operating_points if point.name == name), None)

    @property
    def best(self) -> OperatingPoint:
        """The operating point of best accuracy, which every run has."""
        return next(point for point in self.operating_points if point.name == "best_accuracy")


class RocCurve(Record):
    """ROC, a row for each threshold."""

    fmr: list[float]
    tmr: list[float]
    threshold_distance: list[float]


class DetCurve(Record):
    """DET, a row for each threshold."""

    fmr: list[float]
    fnmr: list[float]
    threshold_distance: list[float]


class Curves(Record):
    """ROC and DET."""

    roc: RocCurve
    det: DetCurve


class Histogram(Record):
    """Counts of distances in bins between ``edges``."""

    edges: list[float]
    mated: list[int]
    non_mated: list[int]


class ThresholdTable(Record):
    """Counts of decisions at thresholds of distance."""

    distance: list[float]
    tp: list[int]
    fn: list[int]
    tn: list[int]
    fp: list[int]


class Scatter(Record):
    """A point for each comparison, or for a sample of ``shown`` of ``of`` comparisons.

    Attributes:
        comparison: numbers.
        distance: 0 to 2.
        jitter: place sideways, -1 to 1.
        outcome: TP, FN, TN or FP.
        photo_a: ids.
        photo_b: ids.
        shown: how many points.
        of: how many comparisons.
    """

    comparison: list[int]
    distance: list[float]
    jitter: list[float]
    outcome: list[str]
    photo_a: list[str]
    photo_b: list[str]
    shown: int
    of: int


class Failures(Record):
    """The worst failures of each kind.

    Attributes:
        false_matches: different people, accepted as the same.
        false_non_matches: the same person, rejected.
        no_template: photos without one.
        no_score: of a file of scores: why comparisons have none; None in other runs.
    """

    false_matches: list[WrongDecision]
    false_non_matches: list[WrongDecision]
    no_template: list[PhotoFailure]
    no_score: list[NoScoreReason] | None = None


class EvaluationSummary(Numbers, Head):
    """Every number of an evaluation.

    Attributes:
        kind: of the run.
        run: the manifest.
        default_operating_point: name of the operating point at which outcomes are judged.
        curves: ROC and DET.
        histogram: of distances.
        threshold_table: counts of decisions at 1,001 thresholds.
        scatter: distances and outcomes of comparisons.
        failures: the worst of each kind.
    """

    kind: Literal["evaluation"] = "evaluation"
    run: Manifest
    default_operating_point: str
    curves: Curves
    histogram: Histogram
    threshold_table: ThresholdTable
    scatter: Scatter
    failures: Failures

    @property
    def default_point(self) -> OperatingPoint:
        """The operating point at which outcomes are judged."""
        return next(point for point in self.operating_points if point.name == self.default_operating_point)
