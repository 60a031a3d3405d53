"""Calibration of the similarities of a run as likelihood ratios."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.findings.linked import LinkedScores
from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics import calibration as measure
from faceproof.metrics.dependence import Kind
from faceproof.metrics.folds import BLOCKS, blocks_of_people
from faceproof.metrics.intervals import Interval, Rate, linear_interval, rate_interval
from faceproof.metrics.operating_points import missing_of
from faceproof.summary.calibration_schema import Calibration, LlrLine, Reliability, Tippett
from faceproof.summary.estimates import Estimate, finite_or_none

Floats = NDArray[np.float64]

_DECADE = math.log(10)
_BIN_DECADES = 0.5
_TIPPETT_POINTS = 201
_HOW = {
    "cllr": "Mean cost in bits of the log-likelihood ratios, mated and non-mated weighing the same. Each comes from a "
    "line that is set on comparisons of other people; a comparison that could not be made has LLR 0.",
    "min_cllr": "The same cost for the best rising function of the similarity, chosen on these comparisons (PAV).",
    "loss": "Cllr less minCllr: what imperfect calibration costs.",
    "misleading_mated": "Mated comparisons that were made and have an LLR below 0: they speak for different people.",
    "misleading_non_mated": "Non-mated comparisons that were made and have an LLR above 0: they speak for one person.",
}
_NO_INTERVAL = "minCllr is chosen on these comparisons, so it has no honest interval"


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """How many times more likely a similarity is for photos of one person than for photos of two people.

    Attributes:
        value: the ratio; above 1 it speaks for the same person, below 1 for different people.
        low: lower end of its 95% interval.
        high: upper end.
        most: largest ratio that the data support; the smallest is 1 / ``most``.
        people: number of people that set it; of comparisons of the rarer kind where the people are unknown.
        people_known: whether it is a number of people.
    """

    value: float
    low: float
    high: float
    most: float
    people: int
    people_known: bool

    @property
    def capped(self) -> bool:
        """Whether the ratio is at the limit of what the data support."""
        return not 1 / self.most < self.value < self.most

    def posterior(self, prior: float) -> float:
        """Probability that the photos show one person, for a prior probability above 0 and below 1."""
        odds = self.value * prior / (1 - prior)
        return odds / (1 + odds)


def likelihood_ratio(line: LlrLine, similarity: float) -> LikelihoodRatio:
    """The likelihood ratio of a similarity, -1 to 1, with its interval, within what the data support."""
    llr = line.offset + line.slope * (similarity - line.centre)
    spread = measure.LineSpread(line.offset_variance, line.slope_variance, line.covariance, line.effective_people)
    half = spread.half_width(similarity - line.centre)
    value, low, high = (math.exp(min(max(at, -line.cap), line.cap)) for at in (llr, llr - half, llr + half))
    return LikelihoodRatio(value, low, high, math.exp(line.cap), line.people, line.people_known)


def calibration(scored: ScoredComparisons, linked: LinkedScores, seed: int) -> Calibration:
    """Calibrate the similarities of a run, and measure how well that goes on other people.

    Args:
        scored: the comparisons.
        linked: the same, linked.
        seed: seed of the blocks of people.
    """
    steps = linked.steps
    reason = missing_of(steps.mated, steps.non_mated)
    if reason is not None:
        return _absent(reason)
    block_a, block_b = _blocks(scored, linked, seed)
    held = measure.held_out_llr(scored.similarity, scored.mated, block_a, block_b)
    if held.reason is not None:
        return _absent(held.reason)
    line = llr_line(scored, linked)
    llr = np.clip(np.where(linked.compared, held.llr, 0.0), -line.cap, line.cap)
    cost = measure.cllr(llr, scored.mated)
    interval = linear_interval(cost.value, linked.every.influence_of(cost.influence), known=scored.people_known)
    missing = ~linked.compared
    least = measure.min_cllr(
        steps, int(np.count_nonzero(missing & scored.mated)), int(np.count_nonzero(missing & ~scored.mated))
    )
    made, mated = llr[linked.compared], scored.mated[linked.compared]
    n, none = llr.size, Interval(None, None, "no interval", None, _NO_INTERVAL)
    return Calibration(
        cllr=Estimate.of(cost.value, interval.within(0.0, math.inf), n, _HOW["cllr"]),
        min_cllr=Estimate.of(least, none, n, _HOW["min_cllr"], optimistic=True),
        loss=Estimate.of(cost.value - least, none, n, _HOW["loss"], optimistic=True),
        misleading_mated=_misleading(linked.made.mated, made[mated] < 0, "misleading_mated"),
        misleading_non_mated=_misleading(linked.made.non_mated, made[~mated] > 0, "misleading_non_mated"),
        line=line,
        reliability=_reliability(made, mated, linked, line.cap),
        tippett=_tippett(made, mated, line.cap),
    )


def _blocks(scored: ScoredComparisons, linked: LinkedScores, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if linked.people is not None:
        return blocks_of_people(*linked.people, scored.fold, seed)[:2]
    # Nobody is known to be in two comparisons, so each comparison may stand in a block of its own choice.
    block = np.random.default_rng(seed).permutation(len(scored)) % BLOCKS
    return block, block


def llr_line(scored: ScoredComparisons, linked: LinkedScores) -> LlrLine:
    """LLR as a line in the similarity, fitted to all comparisons that were made; some of each kind.

    Args:
        scored: the comparisons.
        linked: the same, linked.
    """
    similarity, mated = scored.similarity[linked.compared], scored.mated[linked.compared]
    line = measure.line_of(similarity, mated)
    spread = measure.spread_of_line(line, similarity, mated, linked.made)
    mates = int(np.count_nonzero(mated))
    people = min(mates, mated.size - mates)
    if scored.people_known:
        people = int(np.count_nonzero(linked.made.mated.degree + linked.made.non_mated.degree))
    return LlrLine(
        centre=line.centre,
        offset=line.offset,
        slope=line.slope,
        offset_variance=spread.offset,
        slope_variance=spread.slope,
        covariance=spread.both,
        effective_people=finite_or_none(spread.effective_people),
        cap=math.log(max(people, 2)),
        people=people,
        people_known=scored.people_known,
    )


def _absent(reason: str) -> Calibration:
    absent = {name: Estimate.absent(reason, how) for name, how in _HOW.items()}
    return Calibration.model_validate({**absent, "reason": reason})


def _misleading(kind: Kind, wrong: NDArray[np.bool_], name: str) -> Estimate:
    rate = rate_interval(kind, np.flatnonzero(wrong))
    return Estimate.of(rate.value, rate.interval, rate.n, _HOW[name])


def _reliability(llr: Floats, mated: NDArray[np.bool_], linked: LinkedScores, cap: float) -> Reliability:
    most = math.floor(cap / _DECADE / _BIN_DECADES) * _BIN_DECADES
    edges = np.arange(-most, most + _BIN_DECADES / 2, _BIN_DECADES) * _DECADE
    rows = []
    for part in measure.reliability(llr, mated, edges):
        mates, others = (
            rate_interval(linked.made.mated, part.mated),
            rate_interval(linked.made.non_mated, part.non_mated),
        )
        rows.append((part.stated / _DECADE, *_observed(mates, others), mates.errors, others.errors))
    stated, observed, low, high, n_mated, n_non_mated = (list(column) for column in zip(*rows, strict=True))
    return Reliability(stated=stated, observed=observed, low=low, high=high, mated=n_mated, non_mated=n_non_mated)


def _observed(mates: Rate, others: Rate) -> tuple[float | None, float | None, float | None]:
    """Decimal logarithm of the ratio of two rates, with its interval (MOVER of the logarithms)."""
    (mates_low, mates_at, mates_high), (low, at, high) = _logarithms(mates), _logarithms(others)
    if math.isinf(mates_at) or math.isinf(at):
        # One kind has no such comparison: what is known is the farthest end of the other side.
        return None, finite_or_none(mates_low - high), finite_or_none(mates_high - low)
    value = mates_at - at
    below, above = math.hypot(mates_at - mates_low, high - at), math.hypot(mates_high - mates_at, at - low)
    return value, finite_or_none(value - below), finite_or_none(value + above)


def _logarithms(rate: Rate) -> tuple[float, float, float]:
    """Decimal logarithms of the lower end, the value and the upper end of a rate; infinite where there is none."""
    ends = (rate.interval.low or 0.0, rate.value, rate.interval.high or math.inf)
    low, value, high = (math.log10(end) if end > 0 else -math.inf for end in ends)
    return low, value, high


def _tippett(llr: Floats, mated: NDArray[np.bool_], cap: float) -> Tippett:
    at = np.linspace(-cap, cap, _TIPPETT_POINTS)
    return Tippett(
        llr=(at / _DECADE).tolist(),
        mated=measure.shares_at_least(llr[mated], at).tolist(),
        non_mated=measure.shares_at_least(llr[~mated], at).tolist(),
    )
