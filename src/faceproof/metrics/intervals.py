"""95% intervals of numbers of comparisons that share people: one function for each kind of number.

The error rates FMR and FNMR have score intervals: all true rates that are not too far from the observed one, where "too
far" is measured by the variance at the true rate (`faceproof.metrics.dependence`). The intervals of accuracy,
precision, F1 and cost are combined from those two (MOVER). No interval draws random numbers.

Where the people are unknown, comparisons are taken as independent, and the interval of a rate is Wilson's.

Sources: Wilson, JASA 22 (1927) 209-212; Brown, Cai and DasGupta, Statistical Science 16 (2001) 101-133, on few errors;
Zou and Donner, Statistics in Medicine 27 (2008) 1693-1702, on MOVER.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError
from faceproof.metrics.dependence import Dependence, Influence, Kind, exceedance_covariance
from faceproof.metrics.differences import rounded_up

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

Z = NormalDist().inv_cdf(0.975)
_FEW = {1: 0.0513, 2: 0.3554, 3: 0.8177}
"""Largest lower end at 1, 2 and 3 errors, times the number of comparisons: exact Poisson limits."""
_STEPS = 48

_SLOPE_REACH, _SLOPE_MATCHES = 1.5, 5
"""The slope of the DET curve at an FMR is taken over this many standard errors, and false matches, either way."""
_FEWEST_DEGREES = 0.5
_FACTORS_COMPUTED = 40

ROBUST = "dyadic-robust score interval"
INDEPENDENT = "score interval, comparisons taken as independent"


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95% interval of a number.

    Attributes:
        low: lower end; None where the data give none.
        high: upper end; None where the data give none.
        method: how it was computed, a few words.
        effective_people: number of people that carry the error (`Influence.effective_people`); None where unknown.
        reason: why an end is missing; None where both are there.
    """

    low: float | None
    high: float | None
    method: str
    effective_people: float | None = None
    reason: str | None = None

    def shifted(self, by: float) -> Interval:
        """The interval of a rate, 0 to 1, that differs by a constant."""
        low, high = (None if end is None else end + by for end in (self.low, self.high))
        return replace(self, low=low, high=high).within(0.0, 1.0)

    def complement(self) -> Interval:
        """The interval of 1 less the number."""
        low, high = (None if end is None else 1 - end for end in (self.high, self.low))
        words = {"upper": "lower", "lower": "upper"}
        reason = self.reason and re.sub("upper|lower", lambda found: words[found[0]], self.reason)
        return replace(self, low=low, high=high, reason=reason)

    def within(self, least: float, most: float) -> Interval:
        """The interval without what lies outside of the range of the number."""
        low, high = (None if end is None else min(most, max(least, end)) for end in (self.low, self.high))
        return replace(self, low=low, high=high)


@dataclass(frozen=True, slots=True)
class Rate:
    """An observed rate of errors with its interval.

    Attributes:
        value: errors / n, 0 to 1.
        n: number of comparisons.
        errors: number of errors.
        interval: the 95% interval.
        influence: influence of the comparisons on the rate.
    """

    value: float
    n: int
    errors: int
    interval: Interval
    influence: Influence


def rate_interval(kind: Kind, rows: NDArray[np.int64]) -> Rate:
    """Rate of errors of one kind of comparison, at thresholds that were set elsewhere.

    Args:
        kind: the comparisons, one or more.
        rows: int64 (errors,), rows of the errors, once each.

    Returns:
        FMR of non-mated, FNMR of mated comparisons. The interval has no ends where all comparisons are of one person.

    >>> from faceproof.metrics.dependence import Dependence
    >>> apart = np.arange(20)
    >>> kind = Dependence(np.linspace(0, 1, 20), np.ones(20, bool), (apart, apart)).mated
    >>> found = rate_interval(kind, kind.worst_first[:2])
    >>> found.value, round(found.interval.low, 2), round(found.interval.high, 2)
    (0.1, 0.02, 0.32)
    """
    count, n = rows.size, kind.n
    influence = kind.influence(rows)
    carried = _carried(kind.people.known and 0 < count < n, influence)
    method = ROBUST if kind.people.known else INDEPENDENT
    if kind.degrees_of_freedom < 1:
        return Rate(count / n, n, count, Interval(None, None, method, carried, _ONE_PERSON), influence)
    low, high = score_ends(kind, np.array([count]), np.array([kind.factor(rows, influence)]))
    return Rate(count / n, n, count, Interval(float(low[0]), float(high[0]), method, carried), influence)


def photo_rate(failed: NDArray[np.bool_], person: Whole | None) -> Rate:
    """Rate of photos, of which those of one person fail together more often than by chance.

    Args:
        failed: bool (n,), the photos that are counted; n is 1 or more.
        person: int64 (n,), number of the person on each photo; None where unknown.
    """
    photos = Dependence(
        -failed.astype(np.float64), np.ones_like(failed), None if person is None else (person, person)
    ).mated
    return rate_interval(photos, np.flatnonzero(failed))


_ONE_PERSON = "all comparisons of one kind are of one person; an interval needs two or more people"


def score_ends(kind: Kind, errors: NDArray[np.int64], factor: Floats) -> tuple[Floats, Floats]:
    """Ends of the score interval of rates of errors.

    Args:
        kind: the comparisons, of two or more people.
        errors: int64 (k,), numbers of errors, 0 to n.
        factor: float64 (k,), see `Kind.factor`.

    Returns:
        Lower and upper ends, float64 (k,) each, 0 to 1.
    """
    width = students_t(kind.degrees_of_freedom)
    rate = errors / kind.n
    low, high = ends_of(rate, lambda q: width**2 * factor * kind.variance(q))
    for few, most in _FEW.items():
        if few == kind.n:
            break
        low = np.where(errors == few, np.minimum(low, most / kind.n), low)
        high = np.where(errors == kind.n - few, np.maximum(high, 1 - most / kind.n), high)
    return np.where(errors == 0, 0.0, low), np.where(errors == kind.n, 1.0, high)


def rate_bands(kind: Kind, errors: Whole) -> tuple[Floats, Floats]:
    """Ends of the intervals of the rates at many thresholds, as `rate_interval` gives them up to interpolation.

    Args:
        kind: the comparisons, one or more.
        errors: int64 (k,), numbers of errors, 0 to n.

    Returns:
        Lower and upper ends, float64 (k,) each; NaN where all comparisons are of one person.
    """
    if kind.degrees_of_freedom < 1:
        return np.full(errors.shape, math.nan), np.full(errors.shape, math.nan)
    distinct, place = np.unique(errors, return_inverse=True)
    low, high = score_ends(kind, distinct, _factors(kind, distinct))
    return low[place], high[place]


def _factors(kind: Kind, errors: Whole) -> Floats:
    """`Kind.factor` at numbers of errors, computed at a few dozen of them and interpolated."""
    position = np.log((errors + 0.5) / (kind.n - errors + 0.5))
    edges = np.linspace(position.min(), position.max(), _FACTORS_COMPUTED)
    chosen = np.unique(np.minimum(np.searchsorted(position, edges), errors.size - 1))
    found = [kind.factor(kind.worst_first[: errors[row]]) for row in chosen]
    return np.interp(position, position[chosen], found)


def combined_interval(value: Callable[[float, float], float], fmr: Rate, fnmr: Rate) -> Interval:
    """Interval of a number from 0 to 1 that is computed from FMR and FNMR, and rises or falls with each (MOVER).

    Args:
        value: the number at an FMR and an FNMR.
        fmr: the observed FMR.
        fnmr: the observed FNMR.

    Returns:
        Each end lies as far from the observed number as the root of the summed squares of the distances that the ends
        of FMR and of FNMR alone would give.
    """
    here = value(fmr.value, fnmr.value)
    ends = (fmr.interval.low, fmr.interval.high, fnmr.interval.low, fnmr.interval.high)
    method = f"MOVER of FMR and FNMR, each a {fmr.interval.method}"
    missing = fmr.interval.reason or fnmr.interval.reason
    if any(end is None for end in ends) or math.isnan(here):
        return Interval(None, None, method, None, missing)
    fmr_low, fmr_high, fnmr_low, fnmr_high = (float(end) for end in ends if end is not None)
    corners = ((fmr_low, fnmr.value), (fmr_high, fnmr.value), (fmr.value, fnmr_low), (fmr.value, fnmr_high))
    # A number may be undefined where nothing is accepted; such a corner gives no distance.
    found = [here if math.isnan(at) else at for at in (value(*corner) for corner in corners)]
    alone = (found[:2], found[2:])
    low = here - math.hypot(*(here - min(*pair, here) for pair in alone))
    high = here + math.hypot(*(max(*pair, here) - here for pair in alone))
    step = 1e-6
    slopes = [value(fmr.value + step, fnmr.value) - here, value(fmr.value, fnmr.value + step) - here]
    known = fmr.interval.method == ROBUST
    carried = _carried(known, fmr.influence * slopes[0] + fnmr.influence * slopes[1])
    return Interval(low, high, method, carried).within(0.0, 1.0)


def eer_interval(scores: Dependence, eer: float) -> Interval:
    """Interval of the equal error rate.

    Where FMR is too high, a stricter threshold lowers it and raises FNMR. So the error of the EER is L x (error of
    FMR) + (1 - L) x (error of FNMR), where L is the share of FNMR in the change of both rates around the EER.

    Args:
        scores: the comparisons, one or more of each kind.
        eer: the observed rate, 0 to 1.
    """
    other, mates = scores.non_mated, scores.mated
    method = ROBUST if scores.known else INDEPENDENT
    degrees = min(other.degrees_of_freedom, mates.degrees_of_freedom)
    if degrees < 1:
        return Interval(None, None, method, None, _ONE_PERSON)
    errors = [kind.worst_first[: round(eer * kind.n)] for kind in (other, mates)]
    share = _share_of_fmr(scores, eer, errors)
    parts = (share, 1 - share)

    def variance(q: Floats) -> Floats:
        own = share**2 * other.variance(q) + (1 - share) ** 2 * mates.variance(q)
        cross = 2 * share * (1 - share) * scores.crossing_covariance(q)
        return np.maximum(own + cross, own / 2)

    influence = other.influence(errors[0]) * parts[0] + mates.influence(errors[1]) * parts[1]
    factor = 1.0
    if scores.known and all(kind.seen_enough(rows) for kind, rows in zip((other, mates), errors, strict=True)):
        factor = max(1.0, influence.variance / float(variance(np.array([eer]))[0]))
    elif scores.known:
        factor = max(kind.factor(rows) for kind, rows in zip((other, mates), errors, strict=True))
    width = students_t(degrees)
    low, high = ends_of(np.array([eer]), lambda q: width**2 * factor * variance(q))
    return Interval(float(low[0]), float(high[0]), method, _carried(scores.known, influence))


def fnmr_at_fmr_interval(scores: Dependence, fmr: float) -> Interval:
    """Interval of FNMR at the lowest threshold whose observed FMR is at most a target FMR.

    It combines (MOVER) the interval of FNMR at the threshold with FNMR at the two thresholds between which the true
    threshold lies: those at FMR -+ 1.96 standard errors. Where that range reaches FMR 0, there is no upper end: the
    data do not show how strict the threshold has to be.

    Args:
        scores: the comparisons, one or more of each kind.
        fmr: target FMR, above 0 and up to 1.
    """
    other, mates = scores.non_mated, scores.mated
    at_threshold = rate_interval(mates, mates.worst_first[: _errors_at_fmr(scores, fmr)])
    method = f"MOVER of FNMR and its threshold, each a {at_threshold.interval.method}"
    ends = at_threshold.interval.low, at_threshold.interval.high
    if ends[0] is None or ends[1] is None or other.degrees_of_freedom < 1:
        return Interval(None, None, method, None, _ONE_PERSON)
    accepted = other.worst_first[: _matches_at_fmr(other.n, fmr)]
    of_threshold = (np.array([ends[0]]), np.array([ends[1]]))
    low, high = _with_threshold(scores, np.array([fmr]), np.array([other.factor(accepted)]), of_threshold)
    carried = _carried(scores.known and accepted.size > 0, other.influence(accepted))
    if math.isnan(high[0]):
        spread = Z * math.sqrt(other.factor(accepted) * float(other.variance(fmr)))
        return Interval(
            float(low[0]), None, method, carried, _no_upper_end(scores, accepted.size, carried, fmr, spread)
        )
    return Interval(float(low[0]), float(high[0]), method, carried)


def fnmr_at_fmr_bands(scores: Dependence, fmr: Floats) -> tuple[Floats, Floats]:
    """Ends of the intervals of FNMR at many FMRs, as `fnmr_at_fmr_interval` gives them up to interpolation.

    Args:
        scores: the comparisons, one or more of each kind.
        fmr: float64 (k,), 0 to 1.

    Returns:
        Lower and upper ends, float64 (k,) each; NaN where there is none.
    """
    other, mates = scores.non_mated, scores.mated
    at_threshold = rate_bands(mates, np.array([_errors_at_fmr(scores, at) for at in fmr.tolist()]))
    if other.degrees_of_freedom < 1:
        return np.full(fmr.shape, math.nan), np.full(fmr.shape, math.nan)
    matches = np.array([_matches_at_fmr(other.n, at) for at in fmr.tolist()])
    distinct, place = np.unique(matches, return_inverse=True)
    return _with_threshold(scores, fmr, _factors(other, distinct)[place], at_threshold)


def _with_threshold(
    scores: Dependence, fmr: Floats, factor: Floats, at_threshold: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Widen intervals of FNMR at thresholds by the uncertainty of the thresholds; NaN where there is no upper end."""
    spread = Z * np.sqrt(factor * scores.non_mated.variance(fmr))
    stricter, here, looser = (
        np.array([_errors_at_fmr(scores, min(1.0, max(0.0, at))) for at in rates.tolist()]) / scores.mated.n
        for rates in (fmr - spread, fmr, fmr + spread)
    )
    low = np.maximum(0.0, here - np.hypot(here - at_threshold[0], here - looser))
    high = np.minimum(1.0, here + np.hypot(at_threshold[1] - here, stricter - here))
    return low, np.where(fmr <= spread, math.nan, high)


def eer_influence(scores: Dependence, eer: float) -> Floats:
    """Influence of each comparison on the equal error rate, float64 (n,) in the order of the list; see `eer_interval`.

    Args:
        scores: the comparisons, one or more of each kind.
        eer: the observed rate, 0 to 1.
    """
    kinds = (scores.non_mated, scores.mated)
    errors = [kind.worst_first[: round(eer * kind.n)] for kind in kinds]
    share = _share_of_fmr(scores, eer, errors)
    of_other, of_mates = (_rate_influence(kind, rows) for kind, rows in zip(kinds, errors, strict=True))
    return scores.in_order((1 - share) * of_mates, share * of_other)


def fnmr_at_fmr_influence(scores: Dependence, accepted: NDArray[np.bool_], fmr: float) -> Floats:
    """Influence of each comparison on FNMR at a threshold that is set for a target FMR.

    It allows for the uncertain threshold: where more non-mated comparisons than usual are alike by chance, the
    threshold is set too strict, and FNMR rises by the slope of the DET curve.

    Args:
        scores: the comparisons, one or more of each kind.
        accepted: bool (n,), the decisions at the threshold.
        fmr: target FMR, above 0 and up to 1.

    Returns:
        float64 (n,) in the order of the list.
    """
    other, mates = scores.non_mated, scores.mated
    matches = other.worst_first[: _matches_at_fmr(other.n, fmr)]
    standard_error = math.sqrt(other.factor(matches) * float(other.variance(fmr)))
    reach = max(_SLOPE_REACH * standard_error, _SLOPE_MATCHES / other.n)
    low, high = max(0.0, fmr - reach), min(1.0, fmr + reach)
    slope = (_errors_at_fmr(scores, low) - _errors_at_fmr(scores, high)) / mates.n / (high - low)
    wrong = scores.mated_rows(~accepted), scores.non_mated_rows(accepted)
    of_mates, of_other = (_rate_influence(kind, rows) for kind, rows in zip((mates, other), wrong, strict=True))
    return scores.in_order(of_mates, slope * of_other)


def linear_interval(value: float, influence: Influence, *, known: bool) -> Interval:
    """Interval of a number whose error is the sum of known influences (delta method, Student's t).

    Args:
        value: the observed number.
        influence: influence of the comparisons on it.
        known: whether the people are known.

    Returns:
        The interval. It has no ends where no comparison has an influence, or one person has all.
    """
    method = "delta method, dyadic-robust" if known else "delta method, comparisons taken as independent"
    carried = _carried(known, influence)
    if influence.variance == 0:
        return Interval(None, None, method, None, "no comparison changes the number, so the data show no spread")
    degrees = influence.effective_people - 1 if known else math.inf
    if degrees < _FEWEST_DEGREES:
        return Interval(None, None, method, carried, "a single person carries the error; an interval needs more")
    half = students_t(degrees) * math.sqrt(influence.variance)
    return Interval(value - half, value + half, method, carried)


def auc_interval(scores: Dependence, auc: float, confidence: float = 0.95) -> Interval:
    """Interval of the area under the ROC. It has a width above 0 also where the area is 0 or 1.

    A score interval: the variance at an area is that of two normal distributions of this area, with the correlations
    of the comparisons that share people.

    Args:
        scores: the comparisons, one or more of each kind.
        auc: the observed area, 0 to 1.
        confidence: level of the interval, above 0 and below 1.
    """
    other, mates = scores.non_mated, scores.mated
    method = ROBUST if scores.known else INDEPENDENT
    degrees = min(other.degrees_of_freedom, mates.degrees_of_freedom)
    if degrees < 1:
        return Interval(None, None, method, None, _ONE_PERSON)
    spreads = [float(np.std(kind.sorted_badness)) for kind in (mates, other)]
    total = spreads[0] ** 2 + spreads[1] ** 2
    of_mates = spreads[0] ** 2 / total if total > 0 else 0.5
    ways = [
        *((kind.n / kind.n**2, part) for kind, part in ((mates, of_mates), (other, 1 - of_mates))),
        *((one.count / mates.n**2, one.correlation * of_mates) for one in mates.sharing),
        *((one.count / other.n**2, one.correlation * (1 - of_mates)) for one in other.sharing),
    ]
    crossing = scores.crossing
    ways.append(
        (
            2 * crossing.count / (mates.n * other.n),
            crossing.correlation * math.sqrt(of_mates * (1 - of_mates)),
        )
    )
    weights, correlations = (np.array(column) for column in zip(*ways, strict=True))

    def variance(area: Floats) -> Floats:
        terms = exceedance_covariance(area[..., None], np.clip(correlations, -0.95, 0.9999)) * weights
        total: Floats = np.maximum(terms.sum(axis=-1), terms[..., :2].sum(axis=-1) / 2)
        return total

    influence = _auc_influence(scores, auc)
    factor, inner = 1.0, min(max(auc, 0.0), 1.0)
    if scores.known and 0 < inner < 1:
        factor = max(1.0, influence.variance / float(variance(np.array([inner]))[0]))
    width = students_t(degrees, confidence)
    low, high = ends_of(np.array([inner]), lambda area: width**2 * factor * variance(area))
    return Interval(float(low[0]), float(high[0]), method, _carried(scores.known, influence))


def d_prime_interval(scores: Dependence, d_prime: float) -> Interval:
    """Interval of d', from the influence of each comparison on means and variances (delta method, Student's t).

    Args:
        scores: the comparisons, two or more of each kind, with similarities that vary.
        d_prime: the observed value.
    """
    mates, other = -scores.mated.badness, scores.non_mated.badness
    pooled = (float(np.var(mates, ddof=1)) + float(np.var(other, ddof=1))) / 2
    influence: Influence | None = None
    for kind, similarity, sign in ((scores.mated, mates, 1.0), (scores.non_mated, other, -1.0)):
        apart = similarity - similarity.mean()
        of_mean = sign * apart / math.sqrt(pooled)
        of_spread = d_prime * (apart**2 - float(np.mean(apart**2))) / (4 * pooled)
        part = kind.influence_of((of_mean - of_spread) / kind.n)
        influence = part if influence is None else influence + part
    assert influence is not None
    return linear_interval(d_prime, influence, known=scores.known)


def smallest_resolvable_rate(n: int) -> float:
    """The smallest rate above zero that can be observed in n trials, 1/n; NaN where n is 0.

    >>> smallest_resolvable_rate(10_000)
    0.0001
    """
    if n < 0:
        raise ConfigurationError(f"{n} trials; expected 0 or more")
    return 1 / n if n else math.nan


def _share_of_fmr(scores: Dependence, eer: float, errors: list[Whole]) -> float:
    """Share of FNMR in the change of FMR and FNMR over the thresholds near the EER; 0.5 where neither changes."""
    kinds = (scores.non_mated, scores.mated)
    at = np.array([eer])
    of_both = sum(kind.factor(rows) * float(kind.variance(at)[0]) for kind, rows in zip(kinds, errors, strict=True))
    width = Z * math.sqrt(of_both)

    def rates(threshold: float) -> tuple[float, float]:
        fmr, fnmr = (kind.count_at(threshold) / kind.n for kind in kinds)
        return fmr, fnmr

    looser, stricter = (_threshold_where(rates, scores, aim) for aim in (width, -width))
    (fmr_high, fnmr_low), (fmr_low, fnmr_high) = rates(looser), rates(stricter)
    change = (fmr_high - fmr_low) + (fnmr_high - fnmr_low)
    return (fnmr_high - fnmr_low) / change if change > 0 else 0.5


def _threshold_where(rates: Callable[[float], tuple[float, float]], scores: Dependence, aim: float) -> float:
    """The threshold at which FMR - FNMR, which falls as the threshold rises, passes ``aim``."""
    ends = [
        (-kind.sorted_badness if kind.people.mated else kind.sorted_badness)
        for kind in (scores.mated, scores.non_mated)
    ]
    low = min(float(part.min()) for part in ends)
    high = max(float(part.max()) for part in ends)
    low, high = low - 1e-9, np.nextafter(high, np.inf)
    for _ in range(60):
        middle = (low + high) / 2
        fmr, fnmr = rates(middle)
        low, high = (middle, high) if fmr - fnmr > aim else (low, middle)
    return high if aim < 0 else low


def _errors_at_fmr(scores: Dependence, fmr: float) -> int:
    """Number of false non-matches at the lowest threshold whose observed FMR is at most ``fmr``."""
    rising = scores.non_mated.sorted_badness
    allowed = _matches_at_fmr(rising.size, fmr)
    if allowed >= rising.size:
        return 0
    rejected = float(rising[rising.size - 1 - allowed])
    return scores.mated.count_at(math.nextafter(rejected, math.inf))


def _matches_at_fmr(n: int, fmr: float) -> int:
    """The largest number of false matches among n comparisons whose rate is at most ``fmr``."""
    return int(fmr * n + 1e-9)


def _auc_influence(scores: Dependence, auc: float) -> Influence:
    """DeLong's influences: how far each comparison's share of the other kind is from the area."""
    mates, other = -scores.mated.badness, scores.non_mated.badness
    parts = []
    for own, kind, against, sign in (
        (mates, scores.mated, scores.non_mated.sorted_badness, 1.0),
        (other, scores.non_mated, -scores.mated.sorted_badness[::-1], -1.0),
    ):
        below = np.searchsorted(against, own, "left") + np.searchsorted(against, own, "right")
        share = below / (2 * against.size)
        parts.append(kind.influence_of(((share if sign > 0 else 1 - share) - auc) / kind.n))
    return parts[0] + parts[1]


def _no_upper_end(scores: Dependence, matches: int, carried: float | None, fmr: float, spread: float) -> str:
    """Why FNMR at an FMR has no upper end, and about how many more people would give one."""
    rising = scores.non_mated.sorted_badness
    rejected = float(rising[max(rising.size - 1 - matches, 0)])
    accepted = scores.non_mated.count_at(math.nextafter(rejected, math.inf))
    if 2 * accepted < matches:
        tied = scores.non_mated.count_at(rejected) - accepted
        return (
            f"no upper end: {tied:,} non-mated comparisons have equal scores where the threshold lies, so that it "
            f"accepts {accepted:,} in place of {matches:,}; scores with more digits are needed"
        )
    seen = f"{matches:,} false {'match sets' if matches == 1 else 'matches set'} the threshold"
    if carried is not None and matches > 1:
        seen = f"{seen} and come from {carried:.2g} people, effectively"
    if not scores.known:
        more = math.ceil(scores.non_mated.n * ((spread / fmr) ** 2 - 1)) + 1
        return f"no upper end: {seen}; about {rounded_up(more):,} more non-mated comparisons are needed"
    more = math.ceil(scores.non_mated.distinct_people * ((spread / fmr) ** 2 - 1)) + 1
    return f"no upper end: {seen}; about {rounded_up(more):,} more people are needed"


def _rate_influence(kind: Kind, errors: Whole) -> Floats:
    """Influence of each comparison on the rate of errors, float64 (n,)."""
    values = np.full(kind.n, -errors.size / kind.n)
    values[errors] += 1
    return values / kind.n


def _carried(known: bool, influence: Influence) -> float | None:
    effective = influence.effective_people if known else math.nan
    return None if math.isnan(effective) else effective


def students_t(degrees: float, confidence: float = 0.95) -> float:
    """The point that Student's t exceeds, either way, with probability 1 - confidence; 97.5% point by default."""
    from scipy.special import stdtrit  # here and not at the top: SciPy takes long to load

    upper = (1 + confidence) / 2
    return NormalDist().inv_cdf(upper) if math.isinf(degrees) else float(stdtrit(degrees, upper))


def ends_of(rate: Floats, squared_width: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """Lowest and highest true rate that is not farther from the observed rate than its own width."""
    low, high = np.zeros_like(rate), np.ones_like(rate)
    inside_low, inside_high = rate.copy(), rate.copy()
    for _ in range(_STEPS):
        middle_low, middle_high = (low + inside_low) / 2, (high + inside_high) / 2
        far_low = (middle_low - rate) ** 2 > squared_width(middle_low)
        far_high = (middle_high - rate) ** 2 > squared_width(middle_high)
        low, inside_low = np.where(far_low, middle_low, low), np.where(far_low, inside_low, middle_low)
        high, inside_high = np.where(far_high, middle_high, high), np.where(far_high, inside_high, middle_high)
    return np.where(rate == 0, 0.0, low), np.where(rate == 1, 1.0, high)
