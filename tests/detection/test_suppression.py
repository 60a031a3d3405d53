from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.detection.suppression import suppress


def _one_by_one(boxes, probability, limit, overlap):
    extra = 1 if overlap == "smaller" else 0
    area = (boxes[:, 2] - boxes[:, 0] + extra) * (boxes[:, 3] - boxes[:, 1] + extra)
    left, kept = list(np.argsort(-probability, kind="stable")), []
    while left:
        best = left.pop(0)
        kept.append(best)
        stays = []
        for other in left:
            w = min(boxes[best, 2], boxes[other, 2]) - max(boxes[best, 0], boxes[other, 0]) + extra
            h = min(boxes[best, 3], boxes[other, 3]) - max(boxes[best, 1], boxes[other, 1]) + extra
            shared = max(w, 0) * max(h, 0)
            whole = min(area[best], area[other]) if extra else area[best] + area[other] - shared
            if shared / whole <= limit:
                stays.append(other)
        left = stays
    return kept


@pytest.mark.parametrize("overlap", ["union", "smaller"])
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_groups_in_lockstep_equal_one_group_at_a_time(overlap, seed, n):
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 30, (n, 2))
    boxes = np.concatenate([corner, corner + rng.integers(1, 20, (n, 2))], axis=1).astype(np.float32)
    probability, groups = rng.random(n).astype(np.float32), rng.integers(0, 3, n)
    got = suppress(boxes, probability, groups, 0.5, overlap)
    want = []
    for group in range(3):
        mine = np.flatnonzero(groups == group)
        want += [mine[i] for i in _one_by_one(boxes[mine], probability[mine], 0.5, overlap)]
    assert got.tolist() == want


def test_nothing_in_gives_nothing_out():
    assert suppress(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), 0.5).shape == (0,)
