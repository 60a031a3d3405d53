"""Scored comparisons with who shares whom, as every number and its interval are computed from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics.curves import StepCounts, count_steps
from faceproof.metrics.dependence import Dependence, Kind
from faceproof.metrics.intervals import Rate, rate_interval

Flags = NDArray[np.bool_]
Sides = tuple[NDArray[np.int64], NDArray[np.int64]] | None


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Error rates of decisions; None where there are no comparisons of the kind.

    Attributes:
        fmr: false match rate of the comparisons that were made.
        fnmr: false non-match rate of the comparisons that were made.
        far: false accept rate of all comparisons; one that could not be made counts as rejected.
        frr: false reject rate of all comparisons; one that could not be made counts as rejected.
    """

    fmr: Rate | None
    fnmr: Rate | None
    far: Rate | None
    frr: Rate | None


@dataclass(frozen=True)
class LinkedScores:
    """Comparisons of one system, those that were made and those that were not.

    Attributes:
        similarity: float64 (n,); NaN where the comparison could not be made.
        mated: bool (n,).
        compared: bool (n,), where the comparison was made.
        made: the comparisons that were made.
        every: all comparisons; one that could not be made is rejected at every threshold.
        people: whole numbers (n,) from 0, the person on side a and on side b; None where unknown.
        photos: likewise for photos.
    """

    similarity: NDArray[np.float64]
    mated: Flags
    compared: Flags
    made: Dependence
    every: Dependence
    people: Sides = None
    photos: Sides = None

    @cached_property
    def steps(self) -> StepCounts:
        """Counts of accepted comparisons at each distinct similarity, of the comparisons that were made."""
        return count_steps(self.similarity[self.compared], self.mated[self.compared])

    @cached_property
    def failed_wrong(self) -> Dependence:
        """All comparisons; one that could not be made is an error at every threshold."""
        if self.made is self.every:
            return self.every
        wrong = np.where(self.mated, -np.inf, np.inf)
        return Dependence(np.where(self.compared, self.similarity, wrong), self.mated, self.people, self.photos)

    def error_rates(self, accepted: Flags) -> ErrorRates:
        """Error rates of decisions.

        Args:
            accepted: bool (n,), whether each comparison is accepted; False where it could not be made.
        """
        far = _rate(self.every.non_mated, accepted[~self.mated])
        frr = _rate(self.every.mated, ~accepted[self.mated])
        if self.made is self.every:
            return ErrorRates(fmr=far, fnmr=frr, far=far, frr=frr)
        return ErrorRates(
            fmr=_rate(self.made.non_mated, accepted[self.compared & ~self.mated]),
            fnmr=_rate(self.made.mated, ~accepted[self.compared & self.mated]),
            far=far,
            frr=frr,
        )


def link(
    similarity: NDArray[np.float64],
    mated: Flags,
    people: Sides,
    photos: Sides = None,
) -> LinkedScores:
    """Link comparisons that share people.

    Args:
        similarity: float64 (n,); NaN where the comparison could not be made.
        mated: bool (n,).
        people: whole numbers (n,) from 0, the person on side a and on side b; None where unknown.
        photos: likewise for photos; None where unknown.
    """
    compared = ~np.isnan(similarity)
    every = Dependence(np.where(compared, similarity, -np.inf), mated, people, photos)
    if compared.all():
        return LinkedScores(similarity, mated, compared, every, every, people, photos)
    made = Dependence(
        *(similarity[compared], mated[compared]),
        None if people is None else (people[0][compared], people[1][compared]),
        None if photos is None else (photos[0][compared], photos[1][compared]),
    )
    return LinkedScores(similarity, mated, compared, made, every, people, photos)


def linked_scores(scored: ScoredComparisons) -> LinkedScores:
    """`link` for the comparisons of a run."""
    people = scored.person_codes() if scored.people_known else None
    return link(scored.similarity, scored.mated, people, scored.photo_codes() if scored.people_known else None)


def _rate(kind: Kind, errors: Flags) -> Rate | None:
    return rate_interval(kind, np.flatnonzero(errors)) if kind.n else None
