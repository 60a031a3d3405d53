"""Types of the calibration of an evaluation: what a similarity says about whether two photos show the same person."""

from __future__ import annotations

from faceproof.records import Record
from faceproof.summary.estimates import Estimate


class LlrLine(Record):
    """Log-likelihood ratio (LLR, natural logarithm) as a line in the similarity, fitted to all comparisons of a run.

    Attributes:
        centre: similarity at which the line is at ``offset``.
        offset: LLR at the centre.
        slope: change of the LLR per unit of similarity.
        offset_variance: variance of the offset.
        slope_variance: variance of the slope.
        covariance: covariance of the two.
        effective_people: number of people that carry the error; None where the people are unknown.
        cap: largest LLR that the data support, either way: the logarithm of the number of people, or of the
            comparisons of the rarer kind where the people are unknown.
        people: that number.
        people_known: whether it is a number of people.
    """

    centre: float
    offset: float
    slope: float
    offset_variance: float
    slope_variance: float
    covariance: float
    effective_people: float | None
    cap: float
    people: int
    people_known: bool


class Reliability(Record):
    """Stated against observed likelihood ratios, as columns of equal length, one entry for each range of LLRs.

    All are decimal logarithms. The observed ratio is the share of the mated comparisons that have such LLRs over the
    share of the non-mated ones.

    Attributes:
        stated: mean LLR that was stated for the comparisons, each from a line that other people set.
        observed: observed LLR; None where one kind has no such comparison.
        low: lower end of its 95% interval; None where the data give none.
        high: upper end, likewise.
        mated: number of mated comparisons.
        non_mated: number of non-mated comparisons.
    """

    stated: list[float]
    observed: list[float | None]
    low: list[float | None]
    high: list[float | None]
    mated: list[int]
    non_mated: list[int]


class Tippett(Record):
    """Tippett plot: share of comparisons whose LLR is at least a value, as columns of equal length.

    Attributes:
        llr: the value, decimal logarithm.
        mated: share of the mated comparisons.
        non_mated: share of the non-mated comparisons.
    """

    llr: list[float]
    mated: list[float]
    non_mated: list[float]


class Calibration(Record):
    """How far the likelihood ratios of a system can be trusted.

    Attributes:
        cllr: cost of the LLRs, each from a line that other people set; a comparison that could not be made has LLR 0.
        min_cllr: lowest cost that any rising function of the similarity gives on these comparisons.
        loss: difference of the two: the cost of imperfect calibration.
        misleading_mated: share of the mated comparisons with an LLR below 0.
        misleading_non_mated: share of the non-mated comparisons with an LLR above 0.
        line: the line to use for other photos; None where there is none.
        reliability: stated against observed ratios; None where there are none.
        tippett: the Tippett plot; None where there is none.
        reason: why there is no calibration; None where there is one.
    """

    cllr: Estimate
    min_cllr: Estimate
    loss: Estimate
    misleading_mated: Estimate
    misleading_non_mated: Estimate
    line: LlrLine | None = None
    reliability: Reliability | None = None
    tippett: Tippett | None = None
    reason: str | None = None
