"""Measures of several runs on the same comparisons: differences, agreement and significance.

Each run decides at its own thresholds. All thresholds come from comparisons of other people at the same target FMR.
The runs are compared in pairs on the same comparisons, so the difficulty of a comparison cancels in a difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.findings.linked import LinkedScores, link
from faceproof.metrics.differences import TwoSidedTest, exact_test, tested
from faceproof.metrics.folds import blocks_of_people
from faceproof.metrics.held_out import held_out_thresholds
from faceproof.metrics.intervals import Interval, eer_influence, fnmr_at_fmr_influence, linear_interval
from faceproof.metrics.linear import LinearNumber, share
from faceproof.metrics.operating_points import eer_of_steps, missing_kind

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

MEASURES = ("fnmr", "eer", "accuracy", "fmr")
TESTED = ("fnmr", "eer")
FEWEST_MATCHES = 10
"""Smallest number of false matches behind each threshold for a test of a difference in FNMR."""
FEWEST_EER_ERRORS = 6
"""Smallest number of errors of each kind at the EER for a test of a difference in EER."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The comparisons that all runs could make, and the decisions of each run.

    Attributes:
        rows: int64 (m,), row numbers among the comparisons that the runs share.
        similarity: float64 (runs, m), -1 to 1.
        mated: bool (m,).
        person_a: int64 (m,), number of the person on side a.
        person_b: int64 (m,), likewise on side b.
        people_known: whether the people are known; where not, comparisons are taken as independent.
        threshold: float64 (runs, m), the threshold from other people for each comparison, a similarity; NaN throughout
            where there is none.
        fmr: the target FMR of all thresholds; NaN where there is none.
        fewest_non_mated: smallest number of non-mated comparisons that any threshold is set on.
        by_fold: whether "other people" are those in the other folds of the protocol.
        reason: why there is no threshold, or why a higher FMR was used than the first; else None.
    """

    rows: Whole
    similarity: Floats
    mated: Flags
    person_a: Whole
    person_b: Whole
    people_known: bool
    threshold: Floats
    fmr: float
    fewest_non_mated: int
    by_fold: bool
    reason: str | None

    @property
    def decided(self) -> bool:
        """Whether there are thresholds, and therefore decisions."""
        return not math.isnan(self.fmr)

    @property
    def accepted(self) -> Flags:
        """Which comparisons each run accepts, bool (runs, m)."""
        accepted: Flags = self.similarity >= self.threshold
        return accepted

    @property
    def right(self) -> Flags:
        """Which comparisons each run decides correctly, bool (runs, m)."""
        right: Flags = self.accepted == self.mated
        return right


def pair_runs(
    similarity: Floats,
    mated: Flags,
    person_a: Whole,
    person_b: Whole,
    fold: Whole,
    seed: int = 0,
    *,
    people_known: bool = True,
) -> Paired:
    """Select the comparisons that all runs could make, and decide them for each run at thresholds from other people.

    `faceproof.metrics.folds.blocks_of_people` divides the people into blocks, and
    `faceproof.metrics.held_out.held_out_thresholds` sets the thresholds, where possible with `FEWEST_MATCHES` false
    matches or more behind each. The thresholds of all runs are set on the same comparisons, so all runs have the same
    target FMR.

    Args:
        similarity: float64 (runs, n), NaN where a run could not make a comparison.
        mated: bool (n,).
        person_a: whole numbers (n,) from 0, the person on side a.
        person_b: likewise, the person on side b.
        fold: int64 (n,), fold of the protocol from 0, or -1.
        seed: seed of the blocks.
        people_known: whether the people are known.

    Returns:
        The comparisons and decisions.
    """
    block_a, block_b, by_fold = blocks_of_people(person_a, person_b, fold, seed)
    rows = np.flatnonzero(~np.isnan(similarity).any(axis=0))
    made, labels = similarity[:, rows], mated[rows]
    held = [held_out_thresholds(one, labels, block_a[rows], block_b[rows], matches=FEWEST_MATCHES) for one in made]
    return Paired(
        rows=rows,
        similarity=made,
        mated=labels,
        person_a=person_a[rows],
        person_b=person_b[rows],
        people_known=people_known,
        threshold=np.stack([one.threshold for one in held]),
        fmr=held[0].fmr,
        fewest_non_mated=held[0].fewest_non_mated,
        by_fold=by_fold,
        reason=held[0].reason,
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure of one run, with the influence of each comparison on it.

    Attributes:
        value: 0 to 1; NaN where it is not defined.
        influence: float64 (m,).
        wrong: bool (m,), the comparisons that the run decides wrongly at the threshold of the measure.
    """

    value: float
    influence: Floats
    wrong: Flags


@dataclass(frozen=True, slots=True)
class MeasuredDifference:
    """Difference of a measure between two runs.

    Attributes:
        value: the measure of the run less that of the baseline; NaN where it is not defined.
        interval: its 95% interval.
        test: the test of whether the two are equal; None where there is none.
        only_run_wrong: number of comparisons that only the run decides wrongly.
        only_baseline_wrong: number of comparisons that only the baseline decides wrongly.
        reason: why there is no value, or no test; None where there are both.
    """

    value: float
    interval: Interval | None = None
    test: TwoSidedTest | None = None
    only_run_wrong: int | None = None
    only_baseline_wrong: int | None = None
    reason: str | None = None


def linked_runs(paired: Paired) -> list[LinkedScores]:
    """The comparisons of each run with who shares whom."""
    people = (paired.person_a, paired.person_b) if paired.people_known else None
    return [link(similarity, paired.mated, people) for similarity in paired.similarity]


def measured(paired: Paired, linked: LinkedScores, run: int) -> dict[str, Measured]:
    """Each of `MEASURES` of one run; FNMR, FMR and accuracy are at the thresholds from other people.

    Args:
        paired: the decisions.
        linked: the comparisons of the run, from `linked_runs`.
        run: number of the run.

    Returns:
        The measures that are defined.
    """
    mated = paired.mated
    found: dict[str, Measured] = {}
    accepted = paired.accepted[run]
    wrong = accepted != mated
    if paired.decided:
        of_fmr = share(wrong & ~mated, ~mated)
        found["fmr"] = Measured(of_fmr.value, of_fmr.influence, wrong & ~mated)
    if mated.all() or not mated.any():
        return found
    if paired.decided:
        at_fmr = LinearNumber(float(wrong[mated].mean()), fnmr_at_fmr_influence(linked.made, accepted, paired.fmr))
        of_mated = float(mated.mean())
        right = (at_fmr * -of_mated + of_fmr * (of_mated - 1)).shifted(1)
        found["fnmr"] = Measured(at_fmr.value, at_fmr.influence, wrong & mated)
        found["accuracy"] = Measured(right.value, right.influence, wrong)
    rate, threshold = eer_of_steps(linked.steps)
    at_eer = (paired.similarity[run] >= threshold) != mated
    found["eer"] = Measured(rate, eer_influence(linked.made, rate), at_eer)
    return found


def difference(
    name: str, paired: Paired, linked: LinkedScores, run: dict[str, Measured], baseline: dict[str, Measured]
) -> MeasuredDifference:
    """Difference of one of `MEASURES` between a run and the baseline, on the same comparisons.

    Args:
        name: the measure.
        paired: the decisions.
        linked: the comparisons, of any of the runs.
        run: measures of the run, from `measured`.
        baseline: measures of the baseline.

    Returns:
        The difference. FNMR and EER have a test, where there are errors enough.
    """
    if name not in run:
        why = missing_kind(paired.mated) or paired.reason or "it is not defined on these comparisons"
        return MeasuredDifference(math.nan, reason=why)
    one, other = run[name], baseline[name]
    # The order of summation gives equal rates a rounding error: remove it.
    value = round(one.value - other.value, 12)
    influence = linked.made.influence_of(one.influence - other.influence)
    interval = linear_interval(value, influence, known=paired.people_known).within(-1.0, 1.0)
    only_run, only_baseline = (
        int(np.count_nonzero(rows)) for rows in (one.wrong & ~other.wrong, other.wrong & ~one.wrong)
    )
    untested = None
    smaller = min(linked.made.mated.n, linked.made.non_mated.n)
    if name not in TESTED:
        untested = "only FNMR and EER are tested"
    elif name == "fnmr" and paired.fmr * paired.fewest_non_mated < FEWEST_MATCHES:
        untested = f"a test of FNMR needs {FEWEST_MATCHES} false matches or more behind each threshold"
    elif name == "eer" and min(one.value, other.value) * smaller < FEWEST_EER_ERRORS:
        untested = f"a test of the EER needs {FEWEST_EER_ERRORS} errors or more of each kind"
    test = None
    if untested is None:
        test = tested(value, influence, exact_test(only_run, only_baseline), known=paired.people_known)
    return MeasuredDifference(value, interval, test, only_run, only_baseline, untested)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two runs in their decisions on the same comparisons.

    Attributes:
        both_accept, both_reject, only_first_accepts, only_second_accepts: counts.
    """

    both_accept: int
    both_reject: int
    only_first_accepts: int
    only_second_accepts: int

    @staticmethod
    def of(first: Flags, second: Flags) -> Agreement:
        """Count decisions, bool (m,) each, True where a comparison is accepted."""
        both, one, other = (int(np.count_nonzero(rows)) for rows in (first & second, first & ~second, second & ~first))
        return Agreement(both, first.size - both - one - other, one, other)

    @property
    def n(self) -> int:
        """Number of comparisons."""
        return self.both_accept + self.both_reject + self.only_first_accepts + self.only_second_accepts

    @property
    def alike(self) -> float:
        """Share of comparisons that both runs accept or both reject, 0 to 1; NaN without comparisons."""
        return (self.both_accept + self.both_reject) / self.n if self.n else math.nan

    @property
    def kappa(self) -> float:
        """Cohen's kappa: agreement beyond that expected by chance from the share that each run accepts.

        1: the runs always agree; 0: no more than by chance. NaN where both accept everything or both nothing.

        Source: J. Cohen, Educational and Psychological Measurement 20 (1960) 37-46.

        >>> Agreement(both_accept=40, both_reject=40, only_first_accepts=10, only_second_accepts=10).kappa
        0.6
        """
        n = self.n
        first, second = self.both_accept + self.only_first_accepts, self.both_accept + self.only_second_accepts
        # Computed with integers, so that kappa is exactly 1 where the runs always agree.
        by_chance = first * second + (n - first) * (n - second)
        if n * n == by_chance:
            return math.nan
        return (n * (self.both_accept + self.both_reject) - by_chance) / (n * n - by_chance)
