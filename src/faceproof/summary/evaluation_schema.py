"""Types of the summary of an evaluation, the content of ``metrics.json``."""

from __future__ import annotations

from typing import Literal

from faceproof.findings.rows import NoScoreReason, PhotoFailure, WrongDecision
from faceproof.metrics.confusion import Confusion
from faceproof.records import Record
from faceproof.runs.manifest_schema import Manifest
from faceproof.summary.calibration_schema import Calibration
from faceproof.summary.estimates import Estimate
from faceproof.summary.series_schema import Curves, Histogram, Scatter, ThresholdTable

SCHEMA_VERSION = 2


class Head(Record):
    """First fields of every summary.

    Attributes:
        schema_version: version of this schema.
        headline: the main result in a sentence or two.
        warnings: limits of the numbers, one text each, the most serious first.
    """

    schema_version: int
    headline: str = ""
    warnings: list[str] = []


class MainReason(Record):
    """The most frequent reason why a stage failed, and the number of photos with this reason."""

    reason: str
    photos: int


class Counts(Record):
    """Numbers of people, photos and comparisons.

    Attributes:
        people: people in the comparisons; None where a file of scores does not name them.
        photos: photos in the comparisons; None where a file of scores does not name them.
        templates: photos that gave a template.
        failures: photos that gave no template.
        failures_by_stage: photos that gave no template, by the stage that failed.
        failure_reasons: the most frequent reason of each stage that failed.
        comparisons: comparisons of the protocol.
        mated: mated comparisons.
        non_mated: non-mated comparisons.
        compared_mated: mated comparisons that could be made.
        compared_non_mated: non-mated comparisons that could be made.
        not_compared_mated: mated comparisons that could not be made.
        not_compared_non_mated: non-mated comparisons that could not be made.
        centre_crops: templates of the centre of a photo in which no face was found.
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
    centre_crops: int = 0

    @property
    def compared(self) -> int:
        """Number of comparisons that could be made."""
        return self.compared_mated + self.compared_non_mated

    @property
    def not_compared(self) -> int:
        """Number of comparisons that could not be made."""
        return self.not_compared_mated + self.not_compared_non_mated


class PhotoRates(Record):
    """Rates of photos: detection rate and failure to acquire (FTA)."""

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
    """Decisions at an operating point that has a threshold for each comparison.

    Attributes:
        name: name of the operating point.
        label: label on pages.
        how: how the thresholds were set.
        target_fmr: target FMR of the thresholds; None where no threshold could be set or there is no target.
        optimistic: whether the rates were measured on the comparisons that set the thresholds.
        reason: why there is no threshold; None where there is one.
        note: why the target is a higher FMR than the first choice; else None.
        confusion: counts of decisions; None where there is no threshold.
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
        name: ``best_accuracy``, ``eer``, ``fmr_0.001``, ... or ``fixed`` for a fixed threshold.
        label: label on pages.
        how: how the threshold was set.
        optimistic: whether the rates were measured on the comparisons that set the threshold.
        reason: why there is no threshold; None where there is one.
        threshold_similarity: cosine from which a comparison is accepted; None where there is no threshold.
        threshold_distance: distance of unit templates up to which a comparison is accepted, 0 to 2.
        threshold_usual: the threshold in the usual score of the model; None where that score is unknown.
        confusion: counts of decisions; None where there is no threshold.
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
    """The equal error rate and its threshold."""

    threshold_similarity: float | None
    threshold_distance: float | None


class FnmrAtFmr(Record):
    """FNMR at the lowest similarity threshold whose observed FMR is at most a target FMR.

    Attributes:
        fmr: the target FMR.
        resolvable: whether there are enough non-mated comparisons to resolve the target FMR.
        fnmr: FNMR at the threshold.
        threshold_similarity: see `OperatingPoint`.
        threshold_distance: see `OperatingPoint`.
        threshold_usual: see `OperatingPoint`.
        observed_fmr: FMR at the threshold; None where there is no threshold.
    """

    fmr: float
    resolvable: bool
    fnmr: Estimate
    threshold_similarity: float | None
    threshold_distance: float | None
    threshold_usual: float | None = None
    observed_fmr: float | None


class FoldedAccuracy(Estimate):
    """Accuracy over folds, with its standard error where it is the plain mean of the accuracies of the folds."""

    standard_error: float | None = None


class Fold(Record):
    """One fold: its accuracy (None where it lacks a kind of comparison), and the threshold that the others set."""

    fold: int
    accuracy: float | None
    threshold_similarity: float
    threshold_distance: float
    comparisons: int


class Folds(Record):
    """Cross-validated accuracy: the threshold of each fold comes from the other folds.

    Attributes:
        kind: ``protocol`` (folds of the protocol) or ``person_disjoint`` (folds that share no person); None where there
            is no accuracy.
        k: number of folds.
        accuracy: mean accuracy over folds.
        per_fold: result of each fold.
        left_out: number of comparisons in no fold.
        how: how the accuracy was computed.
        reason: why there is no accuracy; None where there is one.
    """

    kind: Literal["protocol", "person_disjoint"] | None
    k: int
    accuracy: FoldedAccuracy
    per_fold: list[Fold]
    left_out: int
    how: str
    reason: str | None


class Distances(Record):
    """Distances, 0 to 2, of one kind of comparison: mean, standard deviation, minimum, maximum and number."""

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
    """Mean milliseconds per photo, of each stage over the photos that went through it, and of all stages together."""

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
        """The operating point with a name; None where there is none."""
        return next((point for point in self.operating_points if point.name == name), None)

    @property
    def strictest_supported(self) -> FnmrAtFmr | None:
        """FNMR at the strictest target FMR for which the data give it an upper end; None where they give none.

        A threshold that accepts no mated comparison is left out.
        """
        closed = [
            row
            for row in self.fnmr_at_fmr
            if row.fnmr.value is not None and row.fnmr.value < 1 and row.fnmr.high is not None
        ]
        return min(closed, key=lambda row: row.fmr, default=None)

    @property
    def best(self) -> OperatingPoint:
        """The operating point of best accuracy, which every run has."""
        return next(point for point in self.operating_points if point.name == "best_accuracy")


class Failures(Record):
    """The worst failures of each kind.

    Attributes:
        false_matches: non-mated comparisons that were accepted.
        false_non_matches: mated comparisons that were rejected.
        no_template: photos without a template.
        no_score: in a run of a file of scores: reasons why comparisons have no score; None in other runs.
    """

    false_matches: list[WrongDecision]
    false_non_matches: list[WrongDecision]
    no_template: list[PhotoFailure]
    no_score: list[NoScoreReason] | None = None


class FailurePolicy(Record):
    """Error rates at the default operating point under one way of treating photos that gave no template.

    Attributes:
        name: ``exclude``, ``reject``, ``iso`` or ``worst``.
        fmr: false match rate; under ``iso`` the generalised false accept rate (GFAR).
        fnmr: false non-match rate; under ``iso`` the generalised false reject rate (GFRR).
        accuracy: share of right decisions; under ``iso`` there is none.
    """

    name: Literal["exclude", "reject", "iso", "worst"]
    fmr: Estimate
    fnmr: Estimate
    accuracy: Estimate


class FailurePolicies(Record):
    """Photos that gave no template, treated in four ways.

    Attributes:
        policies: ``exclude``, ``reject``, ``iso`` and ``worst``.
        failure_to_enrol: share of the reference photos (side a) without a template (FTE).
        failure_to_acquire: share of the probe photos (side b) without a template.
        matters: whether FNMR of another treatment lies outside of the interval that it has under ``exclude``, or FMR
            under ``reject`` or ``iso`` does. FMR under ``worst`` is large wherever any photo fails.
    """

    policies: list[FailurePolicy]
    failure_to_enrol: Estimate
    failure_to_acquire: Estimate
    matters: bool

    def policy(self, name: str) -> FailurePolicy:
        """The treatment with a name."""
        return next(one for one in self.policies if one.name == name)


class CarriedErrors(Record):
    """The people with the most false matches at the default operating point (`faceproof.findings.carriers.Carried`)."""

    errors: int
    people: int
    share: float


class EvaluationSummary(Numbers, Head):
    """Every number of an evaluation.

    Attributes:
        kind: kind of the run.
        certainty: how certain the main number is, one sentence.
        carried: the people with the most false matches; None where there are none, or the people are unknown.
        failure_policies: photos without a template, treated in four ways; None where every comparison was made, and in
            old versions.
        calibration: likelihood ratios of the similarities; None in old versions.
        run: manifest of the run.
        default_operating_point: name of the operating point at which outcomes are decided.
        curves: ROC and DET.
        histogram: histogram of distances.
        threshold_table: counts of decisions at 1,001 thresholds.
        scatter: distances and outcomes of comparisons.
        failures: the worst failures of each kind.
    """

    kind: Literal["evaluation"] = "evaluation"
    certainty: str = ""
    carried: CarriedErrors | None = None
    failure_policies: FailurePolicies | None = None
    calibration: Calibration | None = None
    run: Manifest
    default_operating_point: str
    curves: Curves
    histogram: Histogram
    threshold_table: ThresholdTable
    scatter: Scatter
    failures: Failures

    @property
    def default_point(self) -> OperatingPoint:
        """The operating point at which outcomes are decided."""
        return next(point for point in self.operating_points if point.name == self.default_operating_point)
