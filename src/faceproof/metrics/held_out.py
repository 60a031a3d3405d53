"""Thresholds from other people: each comparison gets a threshold that is set only on comparisons of other people."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.intervals import smallest_resolvable_rate
from faceproof.metrics.operating_points import check_fmr, fewest_non_mated, threshold_at_fmr

FALLBACK_FMRS = (1e-3, 1e-2, 1e-1)
"""Target FMRs, tried in this order where no target is given."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Thresholds set on other people.

    Attributes:
        threshold: float64 (n,), a similarity for each comparison; NaN throughout where no threshold could be set.
        fmr: the target FMR of the thresholds, above 0 and up to 1; NaN where no threshold could be set.
        distinct: float64 (t,), the distinct values of ``threshold``, ascending; empty where there are none.
        fewest_non_mated: smallest number of non-mated comparisons that any of the thresholds is set on.
        reason: why there is no threshold, or why a higher FMR was used than the first; else None.
    """

    threshold: NDArray[np.float64]
    fmr: float
    distinct: NDArray[np.float64]
    fewest_non_mated: int
    reason: str | None


def held_out_thresholds(
    similarity: NDArray[np.float64],
    mated: NDArray[np.bool_],
    block_a: NDArray[np.integer],
    block_b: NDArray[np.integer],
    fmr: float | None = None,
    *,
    matches: int = 1,
) -> HeldOut:
    """Set for each comparison a threshold at a target FMR on comparisons of people from other blocks.

    Each person is in one block. A comparison of people from blocks i and j is decided at the threshold that
    `faceproof.metrics.operating_points.threshold_at_fmr` sets on all comparisons with neither side in i or j. So
    no comparison is left out, and no threshold is set on photos of the people that it is applied to.

    Args:
        similarity: float64 (n,), NaN where a comparison could not be made; such a comparison gets a threshold too.
        mated: bool (n,).
        block_a: integers (n,), block of the person on side a, 0 or more.
        block_b: integers (n,), likewise.
        fmr: target FMR, above 0 and up to 1; None: the first of `FALLBACK_FMRS` that all thresholds can resolve.
        matches: number of false matches wanted behind a threshold: a target FMR needs this many times 1 / FMR
            non-mated comparisons. Where no target has so many, one is enough.

    Returns:
        The thresholds; NaN, with the reason, where the data cannot resolve the FMR.

    Raises:
        ConfigurationError: ``fmr`` is out of range.

    >>> found = held_out_thresholds(
    ...     np.array([0.9, 0.2, 0.8, 0.4]), np.array([True, False, True, False]), *np.array([[0, 0, 1, 1]] * 2), fmr=1
    ... )
    >>> found.threshold.tolist(), found.distinct.tolist()
    ([0.4, 0.4, 0.2, 0.2], [0.2, 0.4])
    """
    if fmr is not None:
        check_fmr(fmr)
    others, place = _comparisons_of_others(~np.isnan(similarity), block_a, block_b)
    fewest = min((int(np.count_nonzero(rows & ~mated)) for rows in others), default=0)
    candidates = FALLBACK_FMRS if fmr is None else (fmr,)
    chosen = math.nan
    for wanted in (matches, 1):
        enough = (one for one in candidates if fewest and wanted * smallest_resolvable_rate(fewest) <= one)
        chosen = next(enough, chosen) if math.isnan(chosen) else chosen
    reason = None
    if chosen != candidates[0]:
        asked = candidates[-1] if math.isnan(chosen) else candidates[0]
        need = fewest_non_mated(asked) * (1 if math.isnan(chosen) else matches)
        reason = (
            f"An FMR of {100 * asked:g}% needs {need:,} non-mated comparisons of other people; there are {fewest:,}."
        )
    if math.isnan(chosen):
        nothing = np.full(similarity.size, math.nan)
        return HeldOut(nothing, math.nan, nothing[:0], fewest, reason)
    each = np.array([threshold_at_fmr(similarity[rows], mated[rows], chosen) for rows in others])
    return HeldOut(each[place], chosen, np.unique(each), fewest, reason)


def thresholds_of_others(
    similarity: NDArray[np.float64],
    mated: NDArray[np.bool_],
    block_a: NDArray[np.integer],
    block_b: NDArray[np.integer],
    choose: Callable[[NDArray[np.float64], NDArray[np.bool_]], float],
) -> NDArray[np.float64]:
    """Set for each comparison a threshold by any rule, on comparisons of people from other blocks.

    Args:
        similarity: float64 (n,), NaN where a comparison could not be made; such a comparison gets a threshold too.
        mated: bool (n,).
        block_a: integers (n,), block of the person on side a, 0 or more.
        block_b: integers (n,), likewise.
        choose: the threshold, a similarity, from the similarities and kinds of comparisons that were made; NaN where
            there is none.

    Returns:
        float64 (n,), a similarity for each comparison; NaN where there is none.
    """
    others, place = _comparisons_of_others(~np.isnan(similarity), block_a, block_b)
    each = np.array([choose(similarity[rows], mated[rows]) if rows.any() else math.nan for rows in others])
    return each[place] if each.size else np.full(similarity.size, math.nan)


def _comparisons_of_others(
    made: NDArray[np.bool_], block_a: NDArray[np.integer], block_b: NDArray[np.integer]
) -> tuple[list[NDArray[np.bool_]], NDArray[np.intp]]:
    """For each couple of blocks the comparisons that touch neither, and the couple of each comparison."""
    low, high = np.minimum(block_a, block_b).astype(np.int64), np.maximum(block_a, block_b).astype(np.int64)
    blocks = int(high.max()) + 1 if high.size else 0
    couples, place = np.unique(low * max(blocks, 1) + high, return_inverse=True)
    others = [made & ~_touches(low, high, int(code) // blocks, int(code) % blocks) for code in couples]
    return others, place


def _touches(low: NDArray[np.int64], high: NDArray[np.int64], i: int, j: int) -> NDArray[np.bool_]:
    touched: NDArray[np.bool_] = (low == i) | (low == j) | (high == i) | (high == j)
    return touched
