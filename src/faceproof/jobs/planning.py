"""What a planned set of photos can show, and how many people a claim needs, before any photo is taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from faceproof.errors import ConfigurationError
from faceproof.summary.gates import parse_gate

if TYPE_CHECKING:
    from faceproof.metrics.planning import Likeness

OBSERVED_FNMRS = (0.01, 0.05)
EXPECTED = (0.5, 0.25, 0.1)
"""Expected rates, as shares of the claimed one, for which the number of people is given."""


@dataclass(frozen=True, slots=True)
class ReachAtFmr:
    """What can be told at one target FMR.

    Attributes:
        fmr: the target FMR.
        resolvable: whether FNMR at this FMR will have an upper end.
        people_needed: with these photos each, the smallest number of people with which it will have one; None where a
            million people are not enough.
        fmr_interval: the 95% interval of FMR where exactly the target is observed at a threshold set elsewhere.
        fnmr_intervals: the 95% interval of FNMR at this FMR, for each of `OBSERVED_FNMRS`; the upper end is None where
            there is none.
    """

    fmr: float
    resolvable: bool
    people_needed: int | None
    fmr_interval: tuple[float, float]
    fnmr_intervals: tuple[tuple[float, float | None], ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """What all comparisons of a number of people with a number of photos each can show.

    Attributes:
        people: number of people.
        photos: photos of each person.
        mated: number of mated comparisons.
        non_mated: number of non-mated comparisons.
        at_fmr: what can be told at each target FMR, the highest first.
        source: the system whose dependence of comparisons is used.
    """

    people: int
    photos: int
    mated: int
    non_mated: int
    at_fmr: tuple[ReachAtFmr, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Need:
    """How many people a claim needs, if a rate is observed.

    Attributes:
        expected: the rate that will be observed.
        people: the smallest number of people with which the upper end of the interval is within the claim; None where
            a million people are not enough.
    """

    expected: float
    people: int | None


@dataclass(frozen=True, slots=True)
class ClaimPlan:
    """How many people a claim needs.

    Attributes:
        claim: the claim.
        photos: photos of each person.
        needs: the number of people for each expected rate.
        source: the system whose dependence of comparisons is used.
    """

    claim: str
    photos: int
    needs: tuple[Need, ...]
    source: str


def plan(people: int, photos: int, *, like: str | Path | None = None) -> Reach:
    """What all comparisons of people will be able to show; docs/plan.md has the formulas.

    Args:
        people: number of people, 2 or more.
        photos: photos of each person, 2 or more.
        like: a run folder, from which the dependence of comparisons that share people is taken; None: facenet-vggface2
            on Labeled Faces in the Wild.

    Raises:
        ConfigurationError: a number is out of range.
        RunFolderError: ``like`` is no finished run, or its people are unknown.
    """
    from faceproof.metrics.planning import TARGET_FMRS, Design, people_for

    likeness = _likeness(like)
    design = Design(people, photos, likeness)
    mated = round(design.mated.n)

    def at(fmr: float) -> ReachAtFmr:
        return ReachAtFmr(
            fmr,
            design.resolves(fmr),
            people_for(lambda n: n >= 2 and Design(n, photos, likeness).resolves(fmr)),
            design.non_mated.interval(fmr, likeness.factor(fmr)),
            tuple(design.fnmr_interval(fnmr, fmr) for fnmr in OBSERVED_FNMRS),
        )

    rows = tuple(at(fmr) for fmr in TARGET_FMRS)
    return Reach(people, photos, mated, round(design.non_mated.n), rows, likeness.source)


def plan_claim(
    claim: str, *, photos: int = 4, expected: float | None = None, like: str | Path | None = None
) -> ClaimPlan:
    """How many people are needed to show a claim with 95% confidence.

    Args:
        claim: ``fnmr@fmr=1e-4 <= 0.02``, ``fnmr <= 0.01`` or ``fmr <= 1e-3``; a percentage is allowed.
        photos: photos of each person, 2 or more.
        expected: the rate that will be observed; None: a half, a quarter and a tenth of the claimed one.
        like: see `plan`.

    Raises:
        ConfigurationError: the claim cannot be understood, or a number is out of range.
        RunFolderError: see `plan`.

    >>> [need.people for need in plan_claim("fnmr@fmr=1e-2 <= 0.02", photos=4, expected=0.01).needs]
    [237]
    """
    from faceproof.metrics.planning import people_for_claim, people_for_fmr

    stated = parse_gate(claim)
    if stated.metric not in ("fnmr", "fmr") or "<" not in claim:
        raise ConfigurationError(
            f"Claim {claim!r} cannot be planned. Expected an upper limit of FNMR or FMR, such as "
            '"fnmr@fmr=1e-4 <= 0.02".'
        )
    likeness = _likeness(like)
    rates = tuple(share * stated.limit for share in EXPECTED) if expected is None else (expected,)
    if stated.metric == "fmr":
        needs = [Need(rate, people_for_fmr(photos, stated.limit, rate, likeness)) for rate in rates]
    else:
        needs = [Need(rate, people_for_claim(photos, stated.limit, stated.at_fmr, rate, likeness)) for rate in rates]
    return ClaimPlan(claim, photos, tuple(needs), likeness.source)


def _likeness(run: str | Path | None) -> Likeness:
    from faceproof.metrics.planning import USUAL, likeness_of

    if run is None:
        return USUAL
    from faceproof.errors import RunFolderError
    from faceproof.findings.linked import linked_scores
    from faceproof.findings.scored import join_scores
    from faceproof.runs.run_folder import read_run

    scored = join_scores(read_run(Path(run)))
    linked = linked_scores(scored)
    if not scored.people_known or not linked.made.mated.n or not linked.made.non_mated.n:
        raise RunFolderError(
            f"{run} cannot show how alike comparisons of the same people are: expected a run with mated and non-mated "
            "comparisons whose people are known",
            path=Path(run),
        )
    return likeness_of(linked.made, str(run))
