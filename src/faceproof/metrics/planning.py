"""What a folder of people can show: intervals before any photo is compared, and the people that a claim needs.

All photos of all people are compared with each other. How alike the comparisons that share people are comes from a
finished run or, without one, from a usual system (`USUAL`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from faceproof.errors import ConfigurationError
from faceproof.metrics.dependence import Dependence, Sharing, rate_variance
from faceproof.metrics.intervals import Z, ends_of, students_t

TARGET_FMRS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
MOST_PEOPLE = 1_000_000
_FACTORS = {1e-1: 1.5, 1e-2: 3.0, 1e-3: 8.0, 1e-4: 12.0}


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much comparisons that share people have in common.

    Attributes:
        couple: correlation of non-mated similarities of the same two people.
        photo: correlation of those with a photo in common.
        person: correlation of those with only a person in common.
        mated: correlation of mated similarities of one person.
        factors: factor of the variance (`faceproof.metrics.dependence.Kind.factor`) at some FMRs.
        source: where the values come from.
    """

    couple: float
    photo: float
    person: float
    mated: float
    factors: tuple[tuple[float, float], ...]
    source: str

    def factor(self, fmr: float) -> float:
        """Factor at an FMR, interpolated over the logarithm of the FMR; constant beyond the outermost values.

        >>> USUAL.factor(1e-2), USUAL.factor(1e-9)
        (3.0, 12.0)
        """
        at, values = zip(*sorted(self.factors), strict=True)
        return float(np.interp(math.log(fmr), np.log(at), values))


USUAL = Likeness(
    couple=0.72,
    photo=0.027,
    person=0.023,
    mated=0.50,
    factors=tuple(sorted(_FACTORS.items())),
    source="facenet-vggface2 on Labeled Faces in the Wild",
)


@dataclass(frozen=True, slots=True)
class PlannedRate:
    """An error rate of planned comparisons.

    Attributes:
        n: number of comparisons.
        sharing: the ways in which they share people.
        degrees: degrees of freedom of Student's t.
    """

    n: float
    sharing: tuple[Sharing, ...]
    degrees: float

    def spread(self, q: float, factor: float) -> float:
        """Standard error of the observed rate where the true rate is q."""
        return math.sqrt(factor * float(rate_variance(q, self.n, self.sharing)))

    def interval(self, q: float, factor: float) -> tuple[float, float]:
        """The 95% interval where the observed rate is q."""
        width = students_t(self.degrees)
        low, high = ends_of(np.array([q]), lambda at: width**2 * factor * rate_variance(at, self.n, self.sharing))
        return float(low[0]), float(high[0])


@dataclass(frozen=True, slots=True)
class Design:
    """All comparisons of n people with k photos each.

    Attributes:
        people: number of people, 2 or more.
        photos: photos of each person, 1 or more; with 1 there is no mated comparison.
        likeness: how much comparisons that share people have in common.
    """

    people: int
    photos: int
    likeness: Likeness = USUAL

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.people < 2 or self.photos < 1:
            raise ConfigurationError(
                f"{self.people} people with {self.photos} photos; expected 2 people or more, and 1 photo or more"
            )

    @property
    def non_mated(self) -> PlannedRate:
        """FMR of all pairs of photos of different people."""
        n, k, like = float(self.people), float(self.photos), self.likeness
        total = n * (n - 1) * k**2 / 2
        ways = (
            Sharing(total * (k**2 - 1), like.couple),
            Sharing(n * k * (n - 1) * k * (n - 2) * k, like.photo),
            Sharing(n * (n - 1) * (n - 2) * k**3 * (k - 1), like.person),
        )
        return PlannedRate(total, tuple(way for way in ways if way.count > 0), n - 1)

    @property
    def mated(self) -> PlannedRate:
        """FNMR of all pairs of photos of one person.

        Raises:
            ConfigurationError: there is one photo a person, and so no mated comparison.
        """
        if self.photos < 2:
            raise ConfigurationError("with one photo of each person there is no mated comparison; expected 2 or more")
        n, each = float(self.people), self.photos * (self.photos - 1) / 2
        ways = (Sharing(n * each * (each - 1), self.likeness.mated),) if each > 1 else ()
        return PlannedRate(n * each, ways, n - 1)

    def resolves(self, fmr: float) -> bool:
        """Whether FNMR at this FMR will have an upper end."""
        return fmr > Z * self.non_mated.spread(fmr, self.likeness.factor(fmr))

    def fnmr_interval(self, fnmr: float, fmr: float | None = None) -> tuple[float, float | None]:
        """The 95% interval where the observed FNMR is as given.

        Args:
            fnmr: FNMR, 0 to 1.
            fmr: the FMR that the threshold is set for on the same comparisons; None: a threshold set elsewhere. The
                scores are then taken as two normal distributions of equal variance.

        Returns:
            Lower and upper end; None for the upper one where the FMR cannot be resolved.
        """
        low, high = self.mated.interval(fnmr, 1.0)
        if fmr is None:
            return low, high
        reach = Z * self.non_mated.spread(fmr, self.likeness.factor(fmr))
        stricter, looser = (_fnmr_at(at, fmr, fnmr) for at in (fmr - reach, fmr + reach))
        lower = max(0.0, fnmr - math.hypot(fnmr - low, fnmr - looser))
        return lower, None if fmr <= reach else min(1.0, fnmr + math.hypot(high - fnmr, stricter - fnmr))


def likeness_of(scores: Dependence, source: str) -> Likeness:
    """How much the comparisons of a run that share people have in common.

    Args:
        scores: the comparisons of a run whose people are known.
        source: name of the run.

    Returns:
        The correlations; a way of sharing that the run does not have is taken from `USUAL`. So are the factors where
        the run has fewer than ten false matches.
    """
    found = scores.non_mated.correlations
    usual = (USUAL.couple, USUAL.photo, USUAL.person)
    couple, photo, person = (own if own is not None else other for own, other in zip(found, usual, strict=True))
    mated = scores.mated.correlations[0]
    factors = []
    for fmr, factor in USUAL.factors:
        rows = scores.non_mated.worst_first[: int(fmr * scores.non_mated.n)]
        factors.append((fmr, scores.non_mated.factor(rows) if scores.non_mated.seen_enough(rows) else factor))
    return Likeness(couple, photo, person, USUAL.mated if mated is None else mated, tuple(factors), source)


def people_for(met: Callable[[int], bool]) -> int | None:
    """The smallest number of people for which something is met; None where a million people do not meet it.

    Args:
        met: whether a number of people is enough; once it is, any larger number has to be.

    >>> people_for(lambda people: people >= 383)
    383
    """
    if not met(MOST_PEOPLE):
        return None
    low, high = 1, MOST_PEOPLE
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle, high)
    return high


def people_for_claim(
    photos: int, claim: float, fmr: float | None, expected: float, likeness: Likeness = USUAL
) -> int | None:
    """The smallest number of people with which an upper end of FNMR is at or below a claimed rate.

    Args:
        photos: photos of each person, 2 or more.
        claim: the FNMR that the upper end may reach at most, above 0.
        fmr: the FMR at which FNMR is meant; None: at a threshold set elsewhere.
        expected: the FNMR that will be observed, 0 up to but not including ``claim``.
        likeness: how much comparisons that share people have in common.

    Returns:
        The number of people; None where a million are not enough.

    Raises:
        ConfigurationError: the expected rate is not below the claimed one.
    """
    if not 0 <= expected < claim:
        raise ConfigurationError(f"an expected FNMR of {expected:g} cannot show a claim of at most {claim:g}")

    def met(people: int) -> bool:
        high = Design(max(people, 2), photos, likeness).fnmr_interval(expected, fmr)[1]
        return people >= 2 and high is not None and high <= claim

    return people_for(met)


def people_for_fmr(photos: int, claim: float, expected: float, likeness: Likeness = USUAL) -> int | None:
    """The smallest number of people with which the upper end of FMR is at or below a claimed rate.

    Args:
        photos: photos of each person, 1 or more.
        claim: the FMR that the upper end may reach at most, above 0.
        expected: the FMR that will be observed, 0 up to but not including ``claim``.
        likeness: how much comparisons that share people have in common.

    Raises:
        ConfigurationError: the expected rate is not below the claimed one.
    """
    if not 0 <= expected < claim:
        raise ConfigurationError(f"an expected FMR of {expected:g} cannot show a claim of at most {claim:g}")
    factor = likeness.factor(expected or claim)

    def met(people: int) -> bool:
        return people >= 2 and Design(people, photos, likeness).non_mated.interval(expected, factor)[1] <= claim

    return people_for(met)


def _fnmr_at(fmr: float, here: float, fnmr: float) -> float:
    """FNMR at another FMR, where two normal distributions of equal variance have this FNMR at FMR ``here``."""
    from scipy.special import ndtr, ndtri  # here and not at the top: SciPy takes long to load

    if fnmr <= 0:
        return 0.0
    if fmr <= 0:
        return 1.0
    apart = -ndtri(here) - ndtri(fnmr)
    return float(ndtr(-ndtri(min(fmr, 1.0)) - apart))
