"""Separation of mated from non-mated comparisons of a few dozen templates, with a paired bootstrap over people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REPLICATES = 1000
_SEED = 0
_ROUNDING = 1e-13
"""Largest variance that rounding gives to equal cosines of float32 templates, as a share of their mean square."""


@dataclass(frozen=True, slots=True)
class Gain:
    """Difference in `separation` between two sets of templates of the same photos.

    Attributes:
        value: the difference; NaN where it cannot be computed.
        low: lower end of its 95% interval; minus infinity where it cannot be computed.
        high: upper end; infinity where it cannot be computed.
    """

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """Value and interval, for a person to read."""
        return f"{self.value:+.2f}, 95% interval {self.low:+.2f} to {self.high:+.2f}"


@dataclass(frozen=True, slots=True)
class PairSums:
    """Number of pairs of photos, sum of their cosines and sum of the squared cosines, by person.

    Attributes:
        mated: float64 (people, 3), pairs of photos of each person.
        non_mated: float64 (people, people, 3), pairs of photos of two people; symmetric, 0 on the diagonal.
    """

    mated: Floats
    non_mated: Floats

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.mated)


def pairs_of(people: Sequence[str], templates: NDArray[np.float32]) -> tuple[NDArray[np.bool_], Floats]:
    """Compare every two photos.

    Args:
        people: who is on each photo.
        templates: float32 (photos, d), of unit length.

    Returns:
        Whether each pair is mated, bool (pairs,), and its cosine, float64 (pairs,), -1 to 1.
    """
    who = np.array(people)
    a, b = np.triu_indices(len(who), 1)
    exact = templates.astype(np.float64)
    return who[a] == who[b], (exact[a] * exact[b]).sum(axis=1)


def pair_sums(people: Sequence[str], templates: NDArray[np.float32]) -> PairSums:
    """Sums over all pairs of photos.

    Args:
        people: who is on each photo.
        templates: float32 (photos, d), of unit length.
    """
    _, code = np.unique(np.array(people), return_inverse=True)
    member = np.eye(int(code.max()) + 1)[code]
    exact = templates.astype(np.float64)
    cosine = exact @ exact.T
    np.fill_diagonal(cosine, 0)
    there = 1 - np.eye(len(code))
    sums = np.stack([member.T @ part @ member for part in (there, cosine, cosine**2)], axis=2)
    own = np.arange(len(sums))
    mated = sums[own, own] / 2
    sums[own, own] = 0
    return PairSums(mated, sums)


def separation(sums: PairSums, times: Floats | None = None) -> Floats:
    """Separation of the cosines: (mean of mated - mean of non-mated) / standard deviation of non-mated.

    Unlike d', separation does not use the standard deviation of the mated comparisons. A few dozen people have few
    mated comparisons, so this standard deviation is the largest source of chance in d'. A paired test of separation
    has more power.

    Args:
        sums: from `pair_sums`.
        times: float64 (replicates, people), how often each person counts; None: one replicate, everybody once.

    Returns:
        float64 (replicates,). NaN where there are no mated or no non-mated comparisons, or where the cosines of the
        non-mated ones are all equal.

    >>> templates = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], np.float32)
    >>> separation(pair_sums(["a", "a", "b", "b"], templates)).round(4).tolist()
    [2.0]
    """
    drawn = np.ones((1, sums.people)) if times is None else times
    with np.errstate(divide="ignore", invalid="ignore"):
        count, total, _ = (drawn @ sums.mated).T
        others, other_total, other_squares = np.einsum("rp,pqk,rq->kr", drawn, sums.non_mated, drawn, optimize=True)
        mean = other_total / others
        square = other_squares / others
        variance = square - mean**2
        # Rounding gives equal cosines a variance slightly above or below 0.
        varies = variance > _ROUNDING * square
        result: Floats = (total / count - mean) / np.sqrt(np.where(varies, variance, np.nan))
    return result


def gain_of(groups: Sequence[tuple[PairSums, PairSums]]) -> Gain:
    """Gain in `separation` of templates over a base, with a 95% interval from a paired bootstrap over people.

    Args:
        groups: for each group of photos, the sums of the base templates and of the other templates. Photos are
            compared only within a group. Groups are weighted by their number of people.
    """
    rng = np.random.default_rng(_SEED)
    value, drawn, people = 0.0, np.zeros(REPLICATES), sum(base.people for base, _ in groups)
    for base, other in groups:
        many = base.people
        places = rng.integers(many, size=(REPLICATES, many)) + np.arange(REPLICATES)[:, None] * many
        times = np.bincount(places.ravel(), minlength=REPLICATES * many).reshape(REPLICATES, many).astype(np.float64)
        share = many / people
        value += share * float((separation(other) - separation(base))[0])
        drawn += share * (separation(other, times) - separation(base, times))
    finite = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or finite.size < REPLICATES / 2:
        return Gain(float("nan"), float("-inf"), float("inf"))
    low, high = np.percentile(finite, [2.5, 97.5]).tolist()
    return Gain(value, low, high)
