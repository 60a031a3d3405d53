"""How far a few dozen templates tell people apart, and how sure that is: d' over every pair, people drawn again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_REPLICATES = 400


def pairs_of(people: Sequence[str], templates: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Every pair of faces: the same person or not, and the cosine."""
    who = np.array(people)
    a, b = np.triu_indices(len(who), 1)
    exact = templates.astype(np.float64)
    return who[a] == who[b], (exact[a] * exact[b]).sum(axis=1)


def people_drawn_again(people: Sequence[str]) -> NDArray[np.float64]:
    """How often each pair counts when people are drawn again, float64 (replicates, pairs)."""
    _, code = np.unique(np.array(people), return_inverse=True)
    many = int(code.max()) + 1
    rng = np.random.default_rng(0)
    times = np.stack([np.bincount(rng.integers(many, size=many), minlength=many) for _ in range(_REPLICATES)])
    a, b = np.triu_indices(len(people), 1)
    both = times[:, code[a]] * times[:, code[b]]
    return np.where(code[a] == code[b], times[:, code[a]], both).astype(np.float64)


def gain_interval(
    similarity: NDArray[np.float64],
    base: NDArray[np.float64],
    mated: NDArray[np.bool_],
    weights: NDArray[np.float64],
) -> tuple[float, float]:
    """Ends of the 95% interval of what d' gains from ``base`` to ``similarity``, both float64 (pairs,).

    Args:
        similarity: cosines.
        base: cosines of the same pairs, to begin with.
        mated: bool (pairs,).
        weights: from `people_drawn_again`.

    Returns:
        Low and high; minus infinity where no draw of people can tell.
    """
    gain = weighted_d_prime(similarity, mated, weights) - weighted_d_prime(base, mated, weights)
    finite = gain[np.isfinite(gain)]
    if not finite.size:
        return float("-inf"), float("-inf")
    low, high = np.percentile(finite, [2.5, 97.5]).tolist()
    return low, high


def weighted_d_prime(
    similarity: NDArray[np.float64], mated: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Separation d' of each replicate, float64 (replicates,).

    Args:
        similarity: float64 (pairs,).
        mated: bool (pairs,).
        weights: how often each pair counts, float64 (replicates, pairs), from `people_drawn_again`.
    """
    moments = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for kind in (mated, ~mated):
            w, s = weights[:, kind], similarity[kind]
            mean = (w @ s) / w.sum(axis=1)
            moments.append((mean, (w @ s**2) / w.sum(axis=1) - mean**2))
        (mean, variance), (other_mean, other_variance) = moments
        result: NDArray[np.float64] = (mean - other_mean) / np.sqrt((variance + other_variance) / 2)
    return result
