from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.systems.detection.suppression import suppress


def _one_by_one(boxes, probability, limit, overlap, of_equals):
    extra = 1 if overlap == "smaller" else 0
    area = (boxes[:, 2] - boxes[:, 0] + extra) * (boxes[:, 3] - boxes[:, 1] + extra)
    place = {"earlier": 1, "later": -1}[of_equals]
    left, kept = sorted(range(len(boxes)), key=lambda row: (-probability[row], place * row)), []
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
@pytest.mark.parametrize("of_equals", ["earlier", "later"])
@given(st.integers(0, 10_000), st.integers(1, 40), st.sampled_from([1, 2, 4, 1 << 20]))
def test_groups_in_lockstep_equal_one_group_at_a_time(overlap, of_equals, seed, n, steps):
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 30, (n, 2))
    boxes = np.concatenate([corner, corner + rng.integers(1, 20, (n, 2))], axis=1).astype(np.float32)
    probability = (rng.integers(0, steps, n) / steps).astype(np.float32)  # few steps: many equals
    groups = rng.integers(0, 3, n)
    got = suppress(boxes, probability, groups, 0.5, overlap, of_equals=of_equals)
    want = []
    for group in range(3):
        mine = np.flatnonzero(groups == group)
        want += [mine[i] for i in _one_by_one(boxes[mine], probability[mine], 0.5, overlap, of_equals)]
    assert got.tolist() == want


@pytest.mark.parametrize(("of_equals", "first"), [("earlier", 0), ("later", 299)])
def test_the_order_of_many_equals_hangs_on_no_unstable_sort(of_equals, first):
    left = np.arange(300, dtype=np.float32) * 20
    boxes = np.stack([left, left, left + 10, left + 10], axis=1)
    rows = suppress(boxes, np.ones(300, np.float32), np.zeros(300, np.int64), 0.5, of_equals=of_equals)
    assert rows.tolist() == sorted(range(300), reverse=first > 0)


def test_the_earlier_of_equals_is_the_default():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10]], np.float32)
    assert suppress(boxes, np.ones(2, np.float32), np.zeros(2, np.int64), 0.5).tolist() == [0]


def test_nothing_in_gives_nothing_out():
    assert suppress(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), 0.5).shape == (0,)
