"""Types of the summary of a comparison of runs, the content of ``comparison.json``."""

from __future__ import annotations

from typing import Literal

from faceproof.findings.rows import DisputedComparison
from faceproof.records import Record
from faceproof.runs.manifest_schema import Manifest
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import (
    EqualErrorRate,
    Head,
    HeldPoint,
    Numbers,
)
from faceproof.summary.series_schema import (
    Curves,
)


class ComparisonHead(Record):
    """How the runs were compared.

    Attributes:
        faceproof_version: version of faceproof that compared the runs.
        command: the command line; None where there was none.
        finished: time of the comparison, ISO 8601, UTC.
        common: whether runs with different pair lists were allowed.
        seed: seed of folds.
        folds: number of folds of the cross-validated accuracy of each run.
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
    """Number of comparisons that the runs share, and of those that all runs could make."""

    shared: int
    mated: int
    non_mated: int
    made_by_all: int
    made_by_all_mated: int
    made_by_all_non_mated: int
    people: int


class RunNumbers(Numbers):
    """Numbers of one run, on the shared comparisons that this run could make.

    Attributes:
        name: name of the run, unique within the comparison.
        folder: the run folder.
        model: name of the system.
        title: title of the model; None without a card.
        template_size: number of values in a template; None without a card.
        weights_bytes: size of the file with the weights in bytes; None where unknown.
        weights_sha256: digest of the weights; None where unknown.
        left_out: number of comparisons of the run that another run does not have.
        default_operating_point: see `faceproof.summary.evaluation_schema.EvaluationSummary`.
        curves: ROC and DET.
        manifest: manifest of the run.
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


class PairedRun(Record):
    """A run on the comparisons that all runs could make.

    Attributes:
        run: name of the run.
        held: decisions at thresholds from other people.
        threshold_distance: the lowest and the highest of these thresholds, as distances; None where there is none.
        eer: EER on these comparisons.
    """

    run: str
    held: HeldPoint
    threshold_distance: list[float] | None
    eer: EqualErrorRate


class DifferenceTest(Record):
    """Whether a difference of two runs is shown, by two tests that both have to reject.

    Attributes:
        different: whether the difference is shown: ``p`` is at most 0.05.
        p: the larger of the two p-values, corrected for the number of runs (Holm); None where there is no test.
        p_difference: p-value of the difference over its standard error, which allows for people who recur.
        p_exact: p-value of the exact test (McNemar) on the comparisons that one run alone decides wrongly.
        only_run_wrong: number of comparisons that only the run decides wrongly.
        only_baseline_wrong: number of comparisons that only the baseline decides wrongly.
        people_needed: about how many people would show a difference of this size; None where it is shown, or unknown.
        reason: why there is no test; None where there is one.
    """

    different: bool
    p: float | None
    p_difference: float | None = None
    p_exact: float | None = None
    only_run_wrong: int | None = None
    only_baseline_wrong: int | None = None
    people_needed: int | None = None
    reason: str | None = None


class Difference(Record):
    """Differences of a run to the baseline (run - baseline), on the comparisons that all runs could make.

    Attributes:
        run: name of the run.
        baseline: name of the baseline.
        fnmr: difference of FNMR at the common target FMR, with the uncertainty of both thresholds.
        eer: difference of the equal error rates.
        accuracy: difference in the share of right decisions at the same thresholds.
        fmr: difference of the observed FMR at the same thresholds.
        fnmr_test: whether the difference of FNMR is shown.
        eer_test: whether the difference of the EER is shown.
    """

    run: str
    baseline: str
    fnmr: Estimate
    eer: Estimate
    accuracy: Estimate
    fmr: Estimate
    fnmr_test: DifferenceTest = DifferenceTest(different=False, p=None, reason="an earlier version did not test it")
    eer_test: DifferenceTest = DifferenceTest(different=False, p=None, reason="an earlier version did not test it")


class AgreementOfTwo(Record):
    """Agreement of two runs: the share of comparisons with the same decision, Cohen's kappa, and counts."""

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
    """Comparisons that only a run or only the baseline decides correctly: their numbers, and the worst errors."""

    run: str
    baseline: str
    right_in_baseline: int
    right_in_run: int
    worse: list[DisputedComparison]
    better: list[DisputedComparison]


class NotMade(Record):
    """Comparisons that a run could not make: their numbers, how many another run made, and the first of these."""

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
    """Time and error of each run: name of the error measure, one point per run, or the reason why there is none."""

    measure: str | None
    points: list[CostPoint]
    reason: str | None


class ComparisonSummary(Head):
    """Every number of a comparison of runs.

    Attributes:
        kind: kind of the run.
        run: how the runs were compared.
        comparisons: counts of the comparisons that the runs share.
        runs: numbers of each run by itself.
        operating_point: operating point at which the runs are compared.
        paired: numbers of each run on the comparisons that all runs could make.
        differences: differences of each run to the baseline.
        agreement: agreement of each two runs.
        flips: comparisons that only one of two runs decides correctly.
        not_made: comparisons that a run could not make.
        cost: time and error of each run.
    """

    kind: Literal["comparison"] = "comparison"
    run: ComparisonHead
    comparisons: SharedCounts
    runs: list[RunNumbers]
    operating_point: CommonOperatingPoint
    paired: list[PairedRun]
    differences: list[Difference]
    agreement: list[AgreementOfTwo]
    flips: list[FlipsOfRun]
    not_made: list[NotMade]
    cost: Cost
