"""Summary of a comparison of runs: the numbers of each run, and the differences of each run to the first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from faceproof.findings.compared import (
    MEASURES,
    TESTED,
    Agreement,
    MeasuredDifference,
    Paired,
    difference,
    linked_runs,
    measured,
    pair_runs,
)
from faceproof.findings.disputed import Disputed
from faceproof.findings.joined import JoinedRuns
from faceproof.findings.linked import LinkedScores, linked_scores
from faceproof.metrics.differences import LEVEL, holm, people_needed
from faceproof.metrics.intervals import Interval
from faceproof.metrics.operating_points import fmr_label
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.summary.comparison_schema import (
    AgreementOfTwo,
    CommonOperatingPoint,
    ComparisonHead,
    ComparisonSummary,
    Cost,
    CostPoint,
    Difference,
    DifferenceTest,
    FlipsOfRun,
    NotMade,
    PairedRun,
    RunNumbers,
    SharedCounts,
)
from faceproof.summary.decisions import equal_error_rate, held_point
from faceproof.summary.estimates import Estimate, finite_or_none
from faceproof.summary.evaluation import numbers
from faceproof.summary.evaluation_schema import SCHEMA_VERSION
from faceproof.summary.series import curves
from faceproof.version import __version__

Float64Array = NDArray[np.float64]

SHOWN = 24
COST_FMRS = (0.001, 0.01, 0.1)
_HOW = {
    "fnmr": "Difference in the share of mated comparisons rejected at the thresholds for the target FMR; the interval "
    "allows for the uncertainty of both thresholds.",
    "eer": "Difference of the equal error rates; each run has a threshold of its own there, set on these comparisons.",
    "accuracy": "Difference in the share of right decisions at the thresholds for the target FMR.",
    "fmr": "Difference in the share of non-mated comparisons accepted at the thresholds for the target FMR.",
}
_KAPPA = "Agreement beyond that of two runs that accept as often, but blindly: 1 always alike, 0 as by chance (Cohen)."


def summarize_comparison(
    joined: JoinedRuns, *, common: bool, command: str | None, finished: str
) -> tuple[ComparisonSummary, Disputed]:
    """Compute the summary of a comparison of runs.

    Args:
        joined: the runs and the comparisons that they share; the first run is the baseline.
        common: whether runs with different pair lists were allowed.
        command: the command line; None where there was none.
        finished: time of the comparison, ISO 8601, UTC.

    Returns:
        The summary without headline and warnings (docs/compare.md), and the disputed comparisons.

    Raises:
        RunFolderError: the tables of a run do not fit together.
    """
    first = joined.scored[0]
    manifest = joined.runs[0].tables.manifest
    seed, folds = manifest.seed or 0, manifest.judging.folds
    paired = pair_runs(
        joined.similarity, first.mated, *first.person_codes(), first.fold, seed, people_known=first.people_known
    )
    disputed = Disputed(joined, paired)
    linked = linked_runs(paired)
    runs = [_run(joined, place, folds, seed) for place in range(len(joined.runs))]
    summary = ComparisonSummary(
        schema_version=SCHEMA_VERSION,
        kind="comparison",
        headline="",
        warnings=[],
        run=ComparisonHead(
            faceproof_version=__version__,
            command=command,
            finished=finished,
            common=common,
            seed=seed,
            folds=folds,
            baseline=joined.names[0],
        ),
        comparisons=_counts(joined, paired),
        runs=runs,
        operating_point=_operating_point(paired),
        paired=[_paired_run(joined.names[place], paired, linked[place], place) for place in range(len(runs))],
        differences=_differences(joined, paired, linked),
        agreement=list(_agreements(joined, paired)),
        flips=[_flips(disputed, run) for run in range(1, len(runs))],
        not_made=[_not_made(disputed, run) for run in range(len(runs))],
        cost=_cost(runs),
    )
    return summary, disputed


def _counts(joined: JoinedRuns, paired: Paired) -> SharedCounts:
    mated, made = joined.scored[0].mated, paired.mated
    return SharedCounts(
        shared=len(joined),
        mated=int(mated.sum()),
        non_mated=int((~mated).sum()),
        made_by_all=int(made.size),
        made_by_all_mated=int(made.sum()),
        made_by_all_non_mated=int((~made).sum()),
        people=_people(paired),
    )


def _run(joined: JoinedRuns, place: int, folds: int, seed: int) -> RunNumbers:
    run, scored, photos = joined.runs[place], joined.scored[place], joined.photos[place]
    linked, system = linked_scores(scored), run.tables.manifest.system
    card = system.card
    return RunNumbers(
        name=run.name,
        folder=str(run.folder),
        model=system.name,
        title=None if card is None else card.title,
        template_size=None if card is None else card.template_size,
        weights_bytes=None if card is None else card.size_bytes,
        weights_sha256=system.weights,
        left_out=joined.left_out[place],
        default_operating_point="best_accuracy",
        **dict(numbers(scored, photos, folds=folds, seed=seed, usual=system.usual_score, linked=linked)),
        curves=curves(linked),
        manifest=run.tables.manifest,
    )


def _operating_point(paired: Paired) -> CommonOperatingPoint:
    who = "of the protocol's other folds" if paired.by_fold else "of other people"
    label = f"FMR {fmr_label(paired.fmr)}, set on comparisons {who}" if paired.decided else "none"
    return CommonOperatingPoint(
        name="held_out",
        label=label,
        target_fmr=finite_or_none(paired.fmr),
        how=f"Each comparison is decided at the lowest threshold that accepts at most this share of the non-mated "
        f"comparisons {who}, by the same run; at least {paired.fewest_non_mated:,} of them set it. No comparison is "
        "judged at a threshold that its own people helped to set. Each run has thresholds of its own.",
        reason=None if paired.decided else paired.reason,
        note=paired.reason,
    )


def _paired_run(name: str, paired: Paired, linked: LinkedScores, place: int) -> PairedRun:
    threshold = paired.threshold[place]
    distance = distance_from_similarity(np.unique(threshold[~np.isnan(threshold)]))
    return PairedRun(
        run=name,
        held=held_point(threshold, linked, **dict(_operating_point(paired))),
        threshold_distance=[float(distance.min()), float(distance.max())] if distance.size else None,
        eer=equal_error_rate(linked),
    )


def _differences(joined: JoinedRuns, paired: Paired, linked: list[LinkedScores]) -> list[Difference]:
    """Differences of each run to the first run; the tests of one measure are corrected for the number of runs."""
    every = [measured(paired, one, place) for place, one in enumerate(linked)]
    found = [{name: difference(name, paired, linked[0], of_run, every[0]) for name in MEASURES} for of_run in every[1:]]
    tests = {name: _corrected([row[name] for row in found], _people(paired)) for name in TESTED}
    return [
        Difference(
            run=joined.names[place + 1],
            baseline=joined.names[0],
            **{name: _estimate(name, row[name], paired) for name in MEASURES},
            fnmr_test=tests["fnmr"][place],
            eer_test=tests["eer"][place],
        )
        for place, row in enumerate(found)
    ]


def _estimate(name: str, found: MeasuredDifference, paired: Paired) -> Estimate:
    if math.isnan(found.value):
        return Estimate.absent(found.reason or "it is not defined on these comparisons", _HOW[name])
    mated, other = int(paired.mated.sum()), int((~paired.mated).sum())
    n = {"accuracy": mated + other, "fnmr": mated, "fmr": other, "eer": min(mated, other)}[name]
    return Estimate.of(found.value, found.interval or Interval(None, None, ""), n, _HOW[name])


def _corrected(found: Sequence[MeasuredDifference], people: int) -> list[DifferenceTest]:
    corrected = iter(holm([one.test.p for one in found if one.test is not None]))
    return [_test(one, next(corrected) if one.test is not None else None, people) for one in found]


def _test(found: MeasuredDifference, p: float | None, people: int) -> DifferenceTest:
    if found.test is None or p is None:
        return DifferenceTest(different=False, p=None, reason=found.reason)
    different = p <= LEVEL
    return DifferenceTest(
        different=different,
        p=p,
        p_difference=found.test.p_difference,
        p_exact=found.test.p_exact,
        only_run_wrong=found.only_run_wrong,
        only_baseline_wrong=found.only_baseline_wrong,
        people_needed=None if different else people_needed(found.value, found.test.standard_error, people),
    )


def _people(paired: Paired) -> int:
    return int(np.unique(np.concatenate([paired.person_a, paired.person_b])).size)


def _agreements(joined: JoinedRuns, paired: Paired) -> Iterator[AgreementOfTwo]:
    """For each two runs: the share of comparisons with the same decision, and Cohen's kappa."""
    names = joined.names
    for i, first in enumerate(names):
        for j in range(i + 1, len(names)):
            if not paired.decided:
                yield AgreementOfTwo(a=first, b=names[j], how=_KAPPA, alike=None, kappa=None, n=0, reason=paired.reason)
                continue
            found = Agreement.of(paired.accepted[i], paired.accepted[j])
            one_way = "both accept everything or nothing, so chance alone makes them agree"
            yield AgreementOfTwo(
                a=first,
                b=names[j],
                how=_KAPPA,
                alike=finite_or_none(found.alike),
                kappa=finite_or_none(found.kappa),
                n=found.n,
                both_accept=found.both_accept,
                both_reject=found.both_reject,
                only_a_accepts=found.only_first_accepts,
                only_b_accepts=found.only_second_accepts,
                reason=one_way if math.isnan(found.kappa) else None,
            )


def _flips(disputed: Disputed, run: int) -> FlipsOfRun:
    names = disputed.joined.names
    return FlipsOfRun(
        run=names[run],
        baseline=names[0],
        right_in_baseline=int(disputed.right_in(0, run).size),
        right_in_run=int(disputed.right_in(run, 0).size),
        worse=disputed.flips(run, 0, winner=0, limit=SHOWN),
        better=disputed.flips(run, 0, winner=run, limit=SHOWN),
    )


def _not_made(disputed: Disputed, run: int) -> NotMade:
    missing = np.isnan(disputed.joined.scored[run].similarity)
    mated = disputed.joined.scored[run].mated
    return NotMade(
        run=disputed.joined.names[run],
        mated=int(np.count_nonzero(missing & mated)),
        non_mated=int(np.count_nonzero(missing & ~mated)),
        made_by_another=int(disputed.not_made(run).size),
        shown=disputed.missing(run, SHOWN),
    )


def _cost(runs: Sequence[RunNumbers]) -> Cost:
    """Time per photo and error of each run: FNMR at the lowest FMR at which all runs have an interval, else EER."""
    choices: list[tuple[str, Sequence[Estimate]]] = [
        (
            f"FNMR at FMR {fmr_label(fmr)}",
            [next(row.fnmr for row in run.fnmr_at_fmr if row.fmr == fmr) for run in runs],
        )
        for fmr in COST_FMRS
    ]
    choices.append(("EER", [run.eer for run in runs]))
    for measure, estimates in choices:
        if all(estimate.high is not None for estimate in estimates):
            points = [
                CostPoint(run=run.name, time_ms=run.times.total_ms, error=estimate)
                for run, estimate in zip(runs, estimates, strict=True)
            ]
            return Cost(measure=measure, points=points, reason=None)
    return Cost(measure=None, points=[], reason="neither FNMR at a fixed FMR nor EER can be estimated for every run")
