"""Thresholds at operating points: best accuracy, equal error rate, a target FMR, or a fixed threshold.

All thresholds between two neighbouring observed similarities give the same decisions. The threshold is the middle of
such a gap, so that it does not depend on the last digit of one similarity.

A threshold that cannot be computed is NaN; `ThresholdChoice` has the reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError
from faceproof.metrics.confusion import checked_comparisons, confusion_at, confusion_sweep
from faceproof.metrics.confusion import fnmr as false_non_match_rate
from faceproof.metrics.curves import StepCounts, count_steps, equal_errors
from faceproof.metrics.intervals import smallest_resolvable_rate


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """A threshold and how it was set.

    Attributes:
        name: ``best_accuracy``, ``eer``, ``fmr_0.001``, ..., ``fixed``.
        threshold: similarity from which a comparison is accepted; NaN where it cannot be computed.
        how: how the threshold was set, one sentence.
        optimistic: whether the threshold was set on the comparisons that are decided with it.
        reason: why the threshold is NaN, else None.
    """

    name: str
    threshold: float
    how: str
    optimistic: bool
    reason: str | None = None


def best_accuracy_threshold(similarity: ArrayLike, mated: ArrayLike, grid: ArrayLike | None = None) -> float:
    """The threshold with the highest accuracy on these comparisons.

    Equally good thresholds form intervals. The result is the middle of the interval of the highest thresholds, which
    gives the fewest false matches; a search by rising distance finds it first. Intervals end at the lowest and the
    highest observed similarity. Where it is best to accept nothing, the result is the next float64 above the highest
    similarity. Where it is best to accept everything, the result is the lowest similarity.

    Args:
        similarity: float64 (n,), finite.
        mated: bool (n,).
        grid: float64 (t,), the only thresholds to consider, as similarities, in any order. Runs of neighbouring
            grid points take the place of intervals, and the result is the grid point closest to the middle.

    Returns:
        A similarity; NaN without mated or without non-mated comparisons (accepting all or nothing is then perfect).

    Raises:
        ConfigurationError, MetricUndefinedError: see `faceproof.metrics.confusion.checked_comparisons`; also where
            the grid is empty or not finite.

    >>> best_accuracy_threshold([0.9, 0.75, 0.25, 0.1], [True, True, False, False])
    0.5
    >>> best_accuracy_threshold([0.9, 0.75, 0.25, 0.1], [True, True, False, False], grid=[0.0, 0.3, 0.6, 0.7])
    0.6
    """
    if grid is not None:
        return _best_on_grid(similarity, mated, grid)
    return best_accuracy_step(count_steps(similarity, mated))


def best_accuracy_step(steps: StepCounts, mix: tuple[int, int] | None = None) -> float:
    """As `best_accuracy_threshold`, from the counts of `faceproof.metrics.curves.count_steps`.

    Args:
        steps: the counts.
        mix: numbers of mated and of non-mated comparisons, each 1 or more, at whose mix the accuracy is best; None: the
            numbers of ``steps``.
    """
    if steps.mated == 0 or steps.non_mated == 0:
        return math.nan
    gain = steps.tp - steps.fp
    if mix is not None and mix[0] * steps.non_mated != mix[1] * steps.mated:
        weighted = steps.tp * (mix[0] / steps.mated) - steps.fp * (mix[1] / steps.non_mated)
        # Whole numbers, so that rounding does not break ties between equally good thresholds.
        gain = np.rint(weighted * (2**40 / sum(mix))).astype(np.int64)
    return _middle(steps.similarity, *_strictest_best(gain))


def eer(similarity: ArrayLike, mated: ArrayLike) -> tuple[float, float]:
    """Equal error rate and its threshold.

    The curve of (FMR, FNMR) has one vertex for each distinct similarity. Where FMR = FNMR at a vertex, the result is
    that vertex. Else the rate is interpolated linearly between the two vertices on either side of FMR = FNMR. The
    threshold is interpolated with the same weight, between the middles of the two gaps of thresholds that give these
    vertices. Where all similarities are equal, the rate is 0.5.

    Args:
        similarity: float64 (n,), finite, higher is more alike.
        mated: bool (n,).

    Returns:
        The rate, 0 to 1, and the threshold, a similarity; both NaN without mated or without non-mated comparisons.

    Raises:
        ConfigurationError, MetricUndefinedError: see `faceproof.metrics.confusion.checked_comparisons`.

    >>> eer([0.9, 0.8, 0.7, 0.2], [True, False, True, False])
    (0.5, 0.75)
    """
    return eer_of_steps(count_steps(similarity, mated))


def eer_of_steps(steps: StepCounts) -> tuple[float, float]:
    """As `eer`, from the counts of `faceproof.metrics.curves.count_steps`."""
    if steps.mated == 0 or steps.non_mated == 0:
        return math.nan, math.nan
    found = equal_errors(steps.tp, steps.fp)
    threshold = _middle(steps.similarity, found.after, found.after)
    if found.share == 1:
        return found.rate, threshold
    stricter = _middle(steps.similarity, found.after - 1, found.after - 1)
    return found.rate, stricter + found.share * (threshold - stricter)


def threshold_at_fmr(similarity: ArrayLike, mated: ArrayLike, fmr: float) -> float:
    """The lowest threshold whose observed FMR is at most a target FMR.

    The threshold is the middle of the gap between two neighbouring observed similarities. Tied non-mated comparisons
    are accepted or rejected together, so the observed FMR may lie well below the target. Where the comparison with
    the highest similarity has to be rejected, the threshold is the next float64 above that similarity.

    Args:
        similarity: float64 (n,), finite.
        mated: bool (n,).
        fmr: target FMR, above 0 and up to 1.

    Returns:
        A similarity; NaN with fewer than 1/fmr non-mated comparisons, which cannot resolve that rate.

    Raises:
        ConfigurationError: ``fmr`` is out of range, or see `faceproof.metrics.confusion.checked_comparisons`.
        MetricUndefinedError: a similarity is NaN or infinite.

    >>> threshold_at_fmr([0.9, 0.5, 0.25, 0.2], [True, False, False, False], 0.34)
    0.375
    """
    check_fmr(fmr)
    scores, labels = checked_comparisons(similarity, mated)
    others = scores[~labels]
    if not smallest_resolvable_rate(others.size) <= fmr:
        return math.nan
    allowed = _most_false_matches(fmr, others.size)
    if allowed >= others.size:
        return float(scores.min())
    rank = others.size - 1 - allowed
    rejected = float(np.partition(others, rank)[rank])
    above = scores[scores > rejected]
    return _inside(rejected, float(above.min()) if above.size else rejected)


def fnmr_at_fmr(similarity: ArrayLike, mated: ArrayLike, fmr: float) -> float:
    """False non-match rate at `threshold_at_fmr`; NaN where that threshold is NaN, or without mated comparisons.

    >>> fnmr_at_fmr([0.9, 0.3, 0.5, 0.25], [True, True, False, False], 0.5)
    0.0
    """
    threshold = threshold_at_fmr(similarity, mated, fmr)
    if math.isnan(threshold):
        return math.nan
    return false_non_match_rate(confusion_at(similarity, mated, threshold))


def best_accuracy_point(steps: StepCounts) -> ThresholdChoice:
    """The threshold of `best_accuracy_step` as a `ThresholdChoice`, with the reason where it is NaN."""
    return ThresholdChoice(
        "best_accuracy",
        best_accuracy_step(steps),
        "The threshold of best accuracy among all thresholds, set on the comparisons that it is scored on.",
        optimistic=True,
        reason=missing_of(steps.mated, steps.non_mated),
    )


def eer_point(steps: StepCounts) -> ThresholdChoice:
    """The threshold of `eer_of_steps` as a `ThresholdChoice`, with the reason where it is NaN."""
    return ThresholdChoice(
        "eer",
        eer_of_steps(steps)[1],
        "The threshold at which FMR and FNMR are equal, set on the comparisons that it is scored on.",
        optimistic=True,
        reason=missing_of(steps.mated, steps.non_mated),
    )


def fmr_point(similarity: ArrayLike, mated: ArrayLike, fmr: float) -> ThresholdChoice:
    """`threshold_at_fmr` as a `ThresholdChoice`, with the reason where it is NaN."""
    threshold, target = threshold_at_fmr(similarity, mated, fmr), f"{100 * fmr:.6g}%"
    others = int(np.count_nonzero(~np.asarray(mated, dtype=np.bool_)))
    reason = None
    if math.isnan(threshold):
        reason = (
            f"An FMR of {target} needs {fewest_non_mated(fmr):,} non-mated comparisons or more; there are {others:,}."
        )
    return ThresholdChoice(
        f"fmr_{fmr:g}",
        threshold,
        f"The lowest threshold whose observed FMR is at most {target}, set on the comparisons that it is scored on.",
        optimistic=True,
        reason=reason,
    )


def fixed_point(threshold: float) -> ThresholdChoice:
    """A fixed threshold, set independently of the comparisons.

    Args:
        threshold: similarity from which a comparison is accepted, finite.

    Raises:
        ConfigurationError: the threshold is not a finite number.
    """
    if not math.isfinite(threshold):
        raise ConfigurationError(f"a fixed threshold has to be a finite similarity, not {threshold}")
    return ThresholdChoice("fixed", float(threshold), "The threshold was given beforehand.", optimistic=False)


def missing_kind(mated: ArrayLike) -> str | None:
    """Which kind of comparison is missing, as a sentence; None where there are mated and non-mated comparisons.

    >>> missing_kind([True, True])
    'There is no non-mated comparison.'
    """
    labels = np.asarray(mated, dtype=np.bool_)
    mates = int(np.count_nonzero(labels))
    return missing_of(mates, labels.size - mates)


def missing_of(mated: int, non_mated: int) -> str | None:
    """As `missing_kind`, from the numbers of mated and non-mated comparisons."""
    if not mated and not non_mated:
        return "There is no comparison."
    if not non_mated:
        return "There is no non-mated comparison."
    return None if mated else "There is no mated comparison."


def fewest_non_mated(fmr: float) -> int:
    """Smallest number of non-mated comparisons that can resolve an FMR, rounded as in `smallest_resolvable_rate`."""
    n = math.ceil(1 / fmr)
    return n - 1 if n > 1 and smallest_resolvable_rate(n - 1) <= fmr else n


def _best_on_grid(similarity: ArrayLike, mated: ArrayLike, grid: ArrayLike) -> float:
    points = np.unique(np.asarray(grid, dtype=np.float64))[::-1]
    if points.size == 0 or not np.isfinite(points).all():
        raise ConfigurationError("the grid of thresholds has to hold one finite similarity or more")
    tp, fn, tn, fp = confusion_sweep(similarity, mated, points)
    if tp[0] + fn[0] == 0 or tn[0] + fp[0] == 0:
        return math.nan
    first, last = _strictest_best(tp + tn)
    run = points[first : last + 1]
    return float(run[np.argmin(np.abs(run - (0.5 * run[0] + 0.5 * run[-1])))])


def _strictest_best(gain: NDArray[np.int64]) -> tuple[int, int]:
    """First and last index of the first run of neighbours with the highest gain; the threshold falls with the index."""
    best = gain == gain.max()
    first = int(np.argmax(best))
    worse = np.flatnonzero(~best[first:])
    return first, first + int(worse[0]) - 1 if worse.size else gain.size - 1


def _middle(falling: NDArray[np.float64], first: int, last: int) -> float:
    """The middle of the thresholds that accept the first ``first`` to ``last`` distinct similarities."""
    upper = float(falling[max(first - 1, 0)])
    if last == falling.size:
        lowest = float(falling[-1])
        return min(max(0.5 * upper + 0.5 * lowest, lowest), upper)
    return _inside(float(falling[last]), upper)


def _inside(rejected: float, accepted: float) -> float:
    """The middle of two similarities, or the next float64 above ``rejected`` where rounding gives ``rejected``."""
    middle = 0.5 * rejected + 0.5 * accepted
    return middle if middle > rejected else math.nextafter(rejected, math.inf)


def _most_false_matches(fmr: float, others: int) -> int:
    """Largest count with count / others <= fmr in float64, as the observed rate is computed."""
    count = int(fmr * others)
    while count < others and (count + 1) / others <= fmr:
        count += 1
    while count > 0 and count / others > fmr:
        count -= 1
    return count


def check_fmr(fmr: float) -> None:
    """Check that a target FMR is in range.

    Raises:
        ConfigurationError: the FMR is not above 0 and up to 1.
    """
    if not 0 < fmr <= 1:
        raise ConfigurationError(f"a target FMR lies above 0 and up to 1, not {fmr}")


def fmr_label(fmr: float) -> str:
    """A target FMR as a short percentage.

    Example:
        >>> fmr_label(0.1), fmr_label(0.0001)
        ('10%', '0.01%')
    """
    return f"{100 * fmr:.6g}%"
