"""Calibration: likelihood ratios of similarities, what they cost, and how far they can be trusted.

The log-likelihood ratio (LLR) of a similarity is the natural logarithm of how much more often mated comparisons have it
than non-mated ones. It is taken as a line in the similarity, fitted by logistic regression in which both kinds of
comparison weigh the same, so that it does not depend on the mix of the list.

Sources: Brümmer and du Preez, Computer Speech & Language 20 (2006) 230-275, on Cllr and minCllr; Morrison, Australian
Journal of Forensic Sciences 45 (2013) 173-197, on logistic regression; Tippett et al., Journal of the Forensic Science
Society 8 (1968) 61-65, on the plot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.curves import StepCounts
from faceproof.metrics.dependence import FEWEST_DEGREES, Dependence
from faceproof.metrics.intervals import students_t
from faceproof.metrics.linear import LinearNumber

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

_BINS = 4096
_RIDGE = 1e-6
"""Penalty on the squared slope in standard deviations. It matters only where the kinds do not overlap at all."""
_ITERATIONS = 100
_BITS = 1 / math.log(2)


@dataclass(frozen=True, slots=True)
class Line:
    """LLR as a line in the similarity: ``offset + slope * (similarity - centre)``."""

    centre: float
    offset: float
    slope: float

    def llr(self, similarity: Floats) -> Floats:
        """LLR of similarities, natural logarithm, of any shape."""
        return self.offset + self.slope * (similarity - self.centre)


@dataclass(frozen=True, slots=True)
class LineSpread:
    """Uncertainty of a `Line`.

    Attributes:
        offset: variance of the offset.
        slope: variance of the slope.
        both: covariance of the two.
        effective_people: number of people that carry the error; None where the people are unknown.
    """

    offset: float
    slope: float
    both: float
    effective_people: float | None

    def half_width(self, distance: float) -> float:
        """Half the width of the 95% interval of the LLR, at a similarity this far from the centre of the line."""
        variance = self.offset + 2 * distance * self.both + distance**2 * self.slope
        degrees = math.inf if self.effective_people is None else max(self.effective_people - 1, FEWEST_DEGREES)
        return students_t(degrees) * math.sqrt(max(variance, 0.0))


@dataclass(frozen=True, slots=True)
class HeldOutLlr:
    """LLRs of comparisons from lines that were fitted to comparisons of other people.

    Attributes:
        llr: float64 (n,), not capped; NaN where the comparison was not made, or throughout where there is no line.
        reason: why there is no line; else None.
    """

    llr: Floats
    reason: str | None


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Comparisons whose LLRs lie in one range.

    Attributes:
        stated: mean LLR, in which both kinds weigh the same.
        mated: rows of the mated comparisons, int64, numbered among the mated ones.
        non_mated: rows of the non-mated comparisons, numbered among the non-mated ones.
    """

    stated: float
    mated: Whole
    non_mated: Whole


def fit_line(similarity: Floats, mated: Floats, non_mated: Floats, start: Line | None = None) -> Line:
    """Fit a line by logistic regression in which both kinds of comparison weigh the same.

    Args:
        similarity: float64 (k,), distinct similarities.
        mated: float64 (k,), number of mated comparisons at each; their sum is above 0.
        non_mated: float64 (k,), number of non-mated comparisons at each; their sum is above 0.
        start: a line that is about right, to be faster.

    Returns:
        The line; its slope is 0 where all similarities are equal.

    >>> line = fit_line(np.array([0.0, 1.0]), np.array([1.0, 3.0]), np.array([3.0, 1.0]))
    >>> line.llr(np.array([0.0, 1.0])).round(3).tolist()  # log(1/3) and log(3)
    [-1.099, 1.099]
    """
    wanted, unwanted = 0.5 * mated / mated.sum(), 0.5 * non_mated / non_mated.sum()
    weight = wanted + unwanted
    centre = float(weight @ similarity)
    spread = math.sqrt(float(weight @ (similarity - centre) ** 2))
    if spread == 0:
        return Line(centre, 0.0, 0.0)
    z = (similarity - centre) / spread
    at = np.zeros(2)
    if start is not None:
        at = np.array([start.offset + start.slope * (centre - start.centre), start.slope * spread])
    loss = _loss(at, z, wanted, unwanted)
    for _ in range(_ITERATIONS):
        p = _sigmoid(at[0] + at[1] * z)
        slack = weight * p - wanted
        gradient = np.array([slack.sum(), slack @ z + _RIDGE * at[1]])
        step = np.linalg.solve(_curvature(weight * p * (1 - p), z, _RIDGE), gradient)
        size, before = 1.0, loss
        while (loss := _loss(at - size * step, z, wanted, unwanted)) > before and size > 1e-9:
            size /= 2
        at = at - size * step
        if np.abs(size * step).max() < 1e-10:
            break
    return Line(centre, float(at[0]), float(at[1]) / spread)


def spread_of_line(line: Line, similarity: Floats, mated: Flags, scores: Dependence) -> LineSpread:
    """Uncertainty of a line that was fitted to all comparisons of a list, by the delta method.

    Args:
        line: from `fit_line`.
        similarity: float64 (n,).
        mated: bool (n,); both kinds occur.
        scores: the same comparisons, with who shares whom.
    """
    z = similarity - line.centre
    weight = 0.5 / np.where(mated, np.count_nonzero(mated), np.count_nonzero(~mated))
    p = _sigmoid(line.llr(similarity))
    ridge = _RIDGE * float(weight @ z**2)
    inverse = np.linalg.inv(_curvature(weight * p * (1 - p), z, ridge))
    slack = mated - p
    del p
    # Each kind is a mean over its own number of comparisons, so a comparison counts by how far it is from that mean.
    parts = [weight * (one - np.where(mated, one[mated].mean(), one[~mated].mean())) for one in (slack, slack * z)]
    del z, weight, slack
    rows = (inverse[0], inverse[1], inverse.sum(axis=0))
    offset, slope, sum_of_both = (scores.influence_of(row[0] * parts[0] + row[1] * parts[1]) for row in rows)
    both = sum_of_both.variance
    # Where the similarities are all equal, nothing carries the slope.
    carried = [one.effective_people for one in (offset, slope) if not math.isnan(one.effective_people)]
    return LineSpread(
        offset=offset.variance,
        slope=slope.variance,
        both=(both - offset.variance - slope.variance) / 2,
        effective_people=min(carried, default=math.nan) if scores.known else None,
    )


def line_of(similarity: Floats, mated: Flags) -> Line:
    """The line of all comparisons.

    Args:
        similarity: float64 (n,), without NaN.
        mated: bool (n,); both kinds occur.
    """
    values, place = _grid(similarity)
    counts = np.bincount(2 * place + mated, minlength=2 * values.size).reshape(-1, 2).astype(np.float64)
    return fit_line(values, counts[:, 1], counts[:, 0])


def held_out_llr(similarity: Floats, mated: Flags, block_a: Whole, block_b: Whole) -> HeldOutLlr:
    """LLR of each comparison from a line that was fitted to comparisons of people from other blocks.

    Args:
        similarity: float64 (n,), NaN where the comparison was not made.
        mated: bool (n,).
        block_a: int64 (n,), block of the person on side a, 0 or more.
        block_b: int64 (n,), likewise.
    """
    made = ~np.isnan(similarity)
    llr = np.full(similarity.size, math.nan)
    if not made.any():
        return HeldOutLlr(llr, "no comparison was made")
    low, high = np.minimum(block_a, block_b)[made], np.maximum(block_a, block_b)[made]
    values, place = _grid(similarity[made])
    blocks = int(high.max()) + 1
    code = low * blocks + high
    couples = np.flatnonzero(np.bincount(code, minlength=blocks**2))
    first, second = np.divmod(couples, blocks)
    number = np.zeros(blocks**2, dtype=np.int64)
    number[couples] = np.arange(couples.size)
    couple = number[code]
    cells = (couple * 2 + mated[made]) * values.size + place
    counts = np.bincount(cells, minlength=couples.size * 2 * values.size).reshape(couples.size, 2, -1)
    lines: list[Line] = []
    for i, j in zip(first, second, strict=True):
        apart = (first != i) & (first != j) & (second != i) & (second != j)
        non_mated, mates = counts[apart].sum(axis=0).astype(np.float64)
        if not mates.sum() or not non_mated.sum():
            kind = "non-mated" if mates.sum() else "mated"
            return HeldOutLlr(llr, f"some people leave no {kind} comparison of other people to fit a line to")
        lines.append(fit_line(values, mates, non_mated, lines[-1] if lines else None))
    centre, offset, slope = (
        np.array([getattr(line, name) for line in lines])[couple] for name in ("centre", "offset", "slope")
    )
    found = offset + slope * (similarity[made] - centre)
    llr[made] = found
    return HeldOutLlr(llr, None)


def cllr(llr: Floats, mated: Flags) -> LinearNumber:
    """Cost of LLRs (Cllr): 0 for perfect ones, 1 bit for a system that always says 0, more for a misleading one.

    Args:
        llr: float64 (n,), natural logarithm; 0 for a comparison that could not be made.
        mated: bool (n,); both kinds occur.

    Returns:
        Cllr in bits and the influence of each comparison. LLRs are taken as given, not as estimated.

    >>> round(cllr(np.log(np.array([3.0, 1 / 3])), np.array([True, False])).value, 4)  # log2(1 + 1/3)
    0.415
    """
    cost = np.logaddexp(0, np.where(mated, -llr, llr)) * _BITS
    mates = np.count_nonzero(mated)
    weight = 0.5 / np.where(mated, mates, mated.size - mates)
    mean = np.where(mated, cost[mated].mean(), cost[~mated].mean())
    return LinearNumber(float(weight @ cost), weight * (cost - mean))


def min_cllr(steps: StepCounts, missing_mated: int = 0, missing_non_mated: int = 0) -> float:
    """Lowest Cllr that any rising function of the similarity gives on these comparisons (PAV); optimistic.

    Args:
        steps: comparisons that were made, some of each kind.
        missing_mated: number of mated comparisons that could not be made; they have LLR 0.
        missing_non_mated: likewise of non-mated ones.

    >>> from faceproof.metrics.curves import count_steps
    >>> min_cllr(count_steps([0.9, 0.1], [True, False]))
    0.0
    """
    from scipy.optimize import isotonic_regression  # here and not at the top: SciPy takes long to load

    every = steps.mated + missing_mated, steps.non_mated + missing_non_mated
    wanted = 0.5 * np.diff(steps.tp)[::-1] / every[0]
    unwanted = 0.5 * np.diff(steps.fp)[::-1] / every[1]
    weight = wanted + unwanted
    p = isotonic_regression(wanted / weight, weights=weight).x
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = -np.where(wanted > 0, wanted * np.log2(p), 0) - np.where(unwanted > 0, unwanted * np.log2(1 - p), 0)
    missing = 0.5 * missing_mated / every[0] + 0.5 * missing_non_mated / every[1]
    return float(bits.sum()) + missing + 0.0


def reliability(llr: Floats, mated: Flags, edges: Floats) -> list[ReliabilityBin]:
    """Comparisons by their LLR, for holding stated against observed likelihood ratios.

    Args:
        llr: float64 (n,), without NaN.
        mated: bool (n,); both kinds occur.
        edges: float64 (k,), rising: bins are below the first, between two, and from the last on.

    Returns:
        The bins that have comparisons, lowest LLR first.
    """
    place = np.searchsorted(edges, llr, side="right")
    mates = np.count_nonzero(mated)
    weight = 0.5 / np.where(mated, mates, mated.size - mates)
    total = np.bincount(place, weight, minlength=edges.size + 1)
    stated = np.bincount(place, weight * llr, minlength=edges.size + 1)
    of_mated, of_others = place[mated], place[~mated]
    return [
        ReliabilityBin(
            stated=float(stated[i] / total[i]),
            mated=np.flatnonzero(of_mated == i),
            non_mated=np.flatnonzero(of_others == i),
        )
        for i in np.flatnonzero(total)
    ]


def shares_at_least(llr: Floats, at: Floats) -> Floats:
    """Share of LLRs, float64 (n,), that are at least each of ``at``, float64 (k,): a curve of the Tippett plot."""
    return 1 - np.searchsorted(np.sort(llr), at, side="left") / llr.size


def _grid(similarity: Floats) -> tuple[Floats, Whole]:
    """Similarities as few values: the distinct ones, or the means of narrow bins where there are very many."""
    low, high = float(similarity.min()), float(similarity.max())
    if similarity.size <= _BINS:
        values, place = np.unique(similarity, return_inverse=True)
        return values, place.astype(np.int64)
    place = ((similarity - low) * (_BINS / ((high - low) or 1.0))).astype(np.int64)
    np.minimum(place, _BINS - 1, out=place)
    count = np.bincount(place, minlength=_BINS)
    used = np.flatnonzero(count)
    number = np.cumsum(count > 0) - 1
    return np.bincount(place, similarity, minlength=_BINS)[used] / count[used], number[place].astype(np.int64)


def _curvature(weight: Floats, z: Floats, ridge: float) -> Floats:
    """Second derivatives of the loss; a little is added so that it can be inverted where it is flat."""
    across = float(weight @ z)
    tiny = 1e-12
    return np.array([[weight.sum() + tiny, across], [across, float(weight @ z**2) + ridge + tiny * _RIDGE]])


def _loss(at: Floats, z: Floats, wanted: Floats, unwanted: Floats) -> float:
    x = at[0] + at[1] * z
    return float(wanted @ np.logaddexp(0, -x) + unwanted @ np.logaddexp(0, x)) + _RIDGE / 2 * float(at[1]) ** 2


def _sigmoid(x: Floats) -> Floats:
    from scipy.special import expit  # here and not at the top: SciPy takes long to load

    return np.asarray(expit(x))
