"""Non-maximum suppression of many groups of boxes in lockstep."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Overlap = Literal["union", "smaller"]
Equals = Literal["earlier", "later"]


def suppress(
    boxes: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    groups: NDArray[np.int64],
    limit: float,
    overlap: Overlap = "union",
    *,
    of_equals: Equals = "earlier",
) -> NDArray[np.intp]:
    """Rows of the boxes that stay, best first within each group.

    In every round the best box left in each group is kept, and the boxes of that group that overlap it by more
    than ``limit`` go. All groups take their rounds together. The result depends on no unstable sort, so it is the
    same on every processor.

    Args:
        boxes: (n, 4), x0, y0, x1, y1.
        probabilities: (n,), higher is better.
        groups: (n,), boxes of different groups do not suppress one another.
        limit: overlap from 0 to 1 above which the worse box goes.
        overlap: ``union``: intersection over union; ``smaller``: intersection over the smaller box, with sides
            counted in whole pixels (+ 1), as the last stage of MTCNN does.
        of_equals: which of two rows with the same probability is the better one: the ``earlier`` or the ``later``.

    Returns:
        (k,) rows into ``boxes``, sorted by group, then by falling probability, equals by ``of_equals``.

    >>> twice = np.array([[0, 0, 10, 10], [1, 0, 11, 10]], np.float32)
    >>> sure, one_group = np.ones(2, np.float32), np.zeros(2, np.int64)
    >>> suppress(twice, sure, one_group, 0.5).tolist()
    [0]
    >>> suppress(twice, sure, one_group, 0.5, of_equals="later").tolist()
    [1]
    """
    row = np.arange(len(probabilities))
    order = np.lexsort((row if of_equals == "earlier" else -row, -probabilities, groups))
    kept: list[NDArray[np.intp]] = []
    extra = np.float32(overlap == "smaller")
    while len(order):
        group = groups[order]
        leads = np.empty(len(order), bool)
        leads[0] = True
        np.not_equal(group[1:], group[:-1], out=leads[1:])
        leaders = order[leads]
        kept.append(leaders)
        mine = leaders[np.cumsum(leads) - 1]
        stays = _overlap(boxes[order], boxes[mine], extra, overlap) <= limit
        stays &= ~leads
        order = order[stays]
    if not kept:
        return np.zeros(0, np.intp)
    rows = np.concatenate(kept)
    # Rounds run from best to worse, so a stable sort by group restores each group's order.
    return rows[np.argsort(groups[rows], kind="stable")]


def _overlap(
    a: NDArray[np.float32], b: NDArray[np.float32], extra: np.float32, overlap: Overlap
) -> NDArray[np.float32]:
    width = np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0]) + extra
    height = np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1]) + extra
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    area_a = (a[:, 2] - a[:, 0] + extra) * (a[:, 3] - a[:, 1] + extra)
    area_b = (b[:, 2] - b[:, 0] + extra) * (b[:, 3] - b[:, 1] + extra)
    whole = np.minimum(area_a, area_b) if overlap == "smaller" else area_a + area_b - shared
    ratio = np.zeros_like(shared)
    np.divide(shared, whole, out=ratio, where=whole > 0)
    return ratio
