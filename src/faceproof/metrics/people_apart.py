"""How well a few dozen templates separate people, and the interval of a gain: a paired bootstrap over people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.intervals import bootstrap_interval

Floats = NDArray[np.float64]

REPLICATES = 1000
_SEED = 0
_ROUNDING = 1e-13
"""Variance of equal cosines of float32 templates, as a share of their mean square, at most."""


@dataclass(frozen=True, slots=True)
class Gain:
    """What one set of templates gains over another on the same photos.

    Attributes:
        value: the difference of `separation`.
        low: lower end of its 95% interval; minus infinity where it cannot be computed.
        high: upper end; infinity where it cannot be computed.
    """

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """Value and interval."""
        return f"{self.value:+.2f}, 95% interval {self.low:+.2f} to {self.high:+.2f}"


@dataclass(frozen=True, slots=True)
class PairSums:
    """Sums over all pairs of photos, by person: count, sum and sum of squares of the cosine.

    Attributes:
        mated: float64 (people, 3).
        non_mated: float64 (people, people, 3), symmetric, 0 on the diagonal.
    """

    mated: Floats
    non_mated: Floats

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.mated)


def pairs_of(people: Sequence[str], templates: NDArray[np.float32]) -> tuple[NDArray[np.bool_], Floats]:
    """Every pair of faces: whether it is mated, bool (pairs,), and its cosine, float64 (pairs,)."""
    who = np.array(people)
    a, b = np.triu_indices(len(who), 1)
    exact = templates.astype(np.float64)
    return who[a] == who[b], (exact[a] * exact[b]).sum(axis=1)


def pair_sums(people: Sequence[str], templates: NDArray[np.float32]) -> PairSums:
    """Sums over all pairs.

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
    """How far mated comparisons lie above non-mated ones: (mean mated - mean non-mated) / sd of non-mated cosines.

    Unlike d' it leaves out the spread of mated comparisons. A few dozen people have few of these, so that their
    spread is the largest source of chance in d'; this is the more powerful statistic for a paired test.

    Args:
        sums: from `pair_sums`.
        times: how often each person counts, float64 (replicates, people); None: once each.

    Returns:
        float64 (replicates,), NaN where there are no comparisons of a kind or non-mated ones do not vary.

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
        # Equal cosines have a variance of some rounding errors, above or below 0.
        varies = variance > _ROUNDING * square
        result: Floats = (total / count - mean) / np.sqrt(np.where(varies, variance, np.nan))
    return result


def gain_of(groups: Sequence[tuple[PairSums, PairSums]]) -> Gain:
    """What templates gain over others, with a 95% interval from a paired bootstrap over people.

    Args:
        groups: for each group of photos the sums of the base and of the other templates, of the same photos.
            Comparisons are made within a group alone. Groups count in proportion to their people.
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
    low, high = bootstrap_interval(finite) or (float("-inf"), float("inf"))
    return Gain(value, low, high)
