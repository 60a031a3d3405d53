"""Weights of comparisons in a bootstrap that draws people, not comparisons."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.folds import connected_people

REPLICATES = 200
_CELLS = 4_000_000
_LARGEST_GROUP = 0.05


def resampled_weights(
    person_a: NDArray[np.integer], person_b: NDArray[np.integer], replicates: int = REPLICATES, seed: int = 0
) -> Iterator[NDArray[np.float32]]:
    """Weights of comparisons in bootstrap replicates, in batches of replicates.

    People who are linked by comparisons, directly or through others, form groups. Where all groups are small, whole
    groups are drawn with replacement, which is exact. Else people are drawn (the vertex bootstrap). The weight of a
    non-mated comparison is then the product of how often its two people were drawn; that of a mated comparison is
    how often its person was drawn. The intervals of the vertex bootstrap tend to be too wide.

    Args:
        person_a: whole numbers (n,) from 0, the person on side a.
        person_b: likewise, the person on side b.
        replicates: number of draws, 1 or more.
        seed: seed of the draws.

    Returns:
        Batches of weights, float32 (r, n) each, with ``replicates`` rows in all.

    Source: Fogliato, Patil and Perona, arXiv 2306.01198.

    >>> weights = np.concatenate(list(resampled_weights(np.arange(50), np.arange(50), 3)))
    >>> weights.shape, weights.sum(axis=1).tolist()
    ((3, 50), [50.0, 50.0, 50.0])
    """
    n = person_a.size
    rng = np.random.default_rng(seed)
    people = int(max(person_a.max(), person_b.max())) + 1 if n else 0
    group = connected_people(person_a.astype(np.int64), person_b.astype(np.int64), people)
    _, of_comparison, size = np.unique(group[person_a], return_inverse=True, return_counts=True)
    whole_groups = bool(n) and size.max() <= max(_LARGEST_GROUP * n, 1)
    at_a_time = max(_CELLS // max(n, 1), 1)
    for start in range(0, replicates, at_a_time):
        rows = min(at_a_time, replicates - start)
        if whole_groups:
            yield _times(rng, rows, size.size)[:, of_comparison]
        else:
            times = _times(rng, rows, people)
            yield np.where(person_a == person_b, times[:, person_a], times[:, person_a] * times[:, person_b])


def _times(rng: np.random.Generator, rows: int, units: int) -> NDArray[np.float32]:
    """How often each unit is drawn when ``units`` draws are made with replacement, float32 (rows, units)."""
    drawn = rng.integers(units, size=(rows, units))
    drawn += np.arange(rows)[:, None] * units
    return np.bincount(drawn.ravel(), minlength=rows * units).reshape(rows, units).astype(np.float32)
