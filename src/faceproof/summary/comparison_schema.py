"""The numbers of a comparison of runs as types: what ``comparison.json`` holds."""

from __future__ import annotations

from typing import Literal

from faceproof.findings.rows import DisputedComparison
from faceproof.records import Record
from faceproof.runs.manifest_schema import Manifest
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import Curves, EqualErrorRate, Head, HeldPoint, Numbers


class ComparisonHead(Record):
    """How the runs were compared.

    Attributes:
        faceproof_version: that compared them.
        command: as it was given.
        finished: ISO 8601, UTC.
        common: whether runs of different pair lists were allowed.
        seed: of folds and bootstrap.
        folds: of each run's own accuracy.
        baseline: name of the run that the others are compared with.
    """

    faceproof_version: str
    command: str | None
    finished: str
    common: bool
    seed: int
    folds: int
    baseline: str


class SharedCounts(Record):
    """How many comparisons the runs share, and how many of them all runs could make."""

    shared: int
    mated: int
    non_mated: int
    made_by_all: int
    made_by_all_mated: int
    made_by_all_non_mated: int
    people: int


class RunNumbers(Numbers):
    """A run's own numbers, on those of the shared comparisons that it could make.

    Attributes:
        name: unique within the comparison.
        folder: the run folder.
        model: name of the system.
        title: of the model; None without a card.
        template_size: numbers in a template; likewise.
        weights_bytes: size of the file with the weights; None where not known.
        weights_sha256: digest of the weights; likewise.
        left_out: comparisons of the run that another run lacks.
        default_operating_point: see `faceproof.summary.evaluation_schema.EvaluationSummary`.
        curves: ROC and DET.
        manifest: of the run.
    """

    name: str
    folder: str
    model: str
    title: str | None
    template_size: int | None
    weights_bytes: int | None
    weights_sha256: str | None
    left_out: int
    default_operating_point: str
    curves: Curves
    manifest: Manifest


class CommonOperatingPoint(Record):
    """The operating point at which all runs are compared (`faceproof.summary.evaluation_schema.HeldPoint`)."""

    name: str
    label: str
    target_fmr: float | None
    how: str
    reason: str | None
    note: str | None


class Bootstrap(Record):
    """How many times people were drawn, and how."""

    draws: int
    how: str


class PairedRun(Record):
    """A run on the comparisons that all runs could make.

    Attributes:
        run: its name.
        held: decisions at thresholds from other people.
        threshold_distance: the lowest and the highest of them, as distances.
        eer: on these comparisons.
    """

    run: str
    held: HeldPoint
    threshold_distance: list[float] | None
    eer: EqualErrorRate


class Mcnemar(Record):
    """McNemar's test: p-value, and counts of comparisons by which run decides them correctly."""

    p: float | None
    both_right: int | None
    only_run_right: int | None
    only_baseline_right: int | None
    both_wrong: int | None
    how: str
    reason: str | None


class Difference(Record):
    """A run less the baseline, on the comparisons that all runs could make."""

    run: str
    baseline: str
    accuracy: Estimate
    fnmr: Estimate
    fmr: Estimate
    eer: Estimate
    mcnemar: Mcnemar


class AgreementOfTwo(Record):
    """How often two runs decide alike, and Cohen's kappa."""

    a: str
    b: str
    how: str
    alike: float | None
    kappa: float | None
    n: int
    both_accept: int | None = None
    both_reject: int | None = None
    only_a_accepts: int | None = None
    only_b_accepts: int | None = None
    reason: str | None


class FlipsOfRun(Record):
    """Comparisons that a run or the baseline alone decides correctly: how many, and the worst of them."""

    run: str
    baseline: str
    right_in_baseline: int
    right_in_run: int
    worse: list[DisputedComparison]
    better: list[DisputedComparison]


class NotMade(Record):
    """Comparisons that a run could not make: how many, those that another run made, and the first of them."""

    run: str
    mated: int
    non_mated: int
    made_by_another: int
    shown: list[DisputedComparison]


class CostPoint(Record):
    """Time per photo and error of a run."""

    run: str
    time_ms: float | None
    error: Estimate


class Cost(Record):
    """Time and error of each run: which error, and why there is none."""

    measure: str | None
    points: list[CostPoint]
    reason: str | None


class ComparisonSummary(Head):
    """Every number of a comparison of runs.

    Attributes:
        kind: of the run.
        run: how the runs were compared.
        comparisons: that they share.
        runs: each run by itself.
        operating_point: at which they are compared.
        bootstrap: of the intervals of differences.
        paired: each run on the comparisons that all could make.
        differences: each run less the baseline.
        agreement: of each two runs.
        flips: comparisons that only one of two runs decides correctly.
        not_made: comparisons that a run could not make.
        cost: time and error.
    """

    kind: Literal["comparison"] = "comparison"
    run: ComparisonHead
    comparisons: SharedCounts
    runs: list[RunNumbers]
    operating_point: CommonOperatingPoint
    bootstrap: Bootstrap
    paired: list[PairedRun]
    differences: list[Difference]
    agreement: list[AgreementOfTwo]
    flips: list[FlipsOfRun]
    not_made: list[NotMade]
    cost: Cost
