"""Equal probabilities in the cascade: which candidate stays, stage by stage, is the original's rule.

Equals are common: boxes that reach past the photo are clipped to the same crop, and softmax in float32 saturates near
1. The nets here are drawn: each gives the numbers of the test for its cells or rows, with exact ties in one stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from faceproof.systems.detection.cascade import Cascade, CascadeSettings

PHOTO = np.zeros((40, 60, 3), np.uint8)
MIN_FACE_PX = 12
"""Scale 1 in the first level, where the cell (x, y) is the box 2x + 1, 2y + 1, 2x + 12, 2y + 12."""
A, B = (2, 4), (8, 4)
"""Cells of two boxes that do not overlap: they span 5 to 16 and 17 to 28."""
ONTO_B = 1.0
"""P-Net's shift, in box sides (11 px), that moves A to 16 to 27, where it overlaps B by more than any limit."""
ONTO_B_LATER = 11 / 12
"""The same for R-Net and O-Net, whose shifts count in box sides + 1."""


@dataclass
class DrawnNets:
    """Three nets that give what a test says.

    Attributes:
        cells: for each pyramid level the cells that P-Net proposes, each with its probability and shift to the right.
        refined: R-Net's probability and shift to the right for each row.
        decided: O-Net's, likewise.
        factor: of the pyramid; the usual one here gives one level.
    """

    cells: list[dict[tuple[int, int], tuple[float, float]]]
    refined: list[tuple[float, float]] = field(default_factory=lambda: [(1, 0)] * 2)
    decided: list[tuple[float, float]] = field(default_factory=lambda: [(1, 0)] * 2)
    factor: float = 0.1

    def faces(self):
        levels = iter(self.cells)

        def pnet(level):
            height, width = ((side - 12) // 2 + 1 for side in level.shape[2:])
            offsets = np.zeros((1, 4, height, width), np.float32)
            probability = np.zeros((1, 2, height, width), np.float32)
            for (x, y), (sure, right) in next(levels, {}).items():
                probability[0, :, y, x] = 1 - sure, sure
                offsets[0, [0, 2], y, x] = right
            return offsets, probability

        def rnet(crops):
            return _rows(self.refined[: len(crops)])

        def onet(crops):
            offsets, probability = _rows(self.decided[: len(crops)])
            return offsets, np.zeros((len(crops), 10), np.float32), probability

        return Cascade(pnet, rnet, onet, CascadeSettings(MIN_FACE_PX, factor=self.factor)).find([PHOTO])[0]

    def edges(self):
        """Left and right edge of each face."""
        return self.faces().boxes_xyxy_px[:, [0, 2]].round(3).tolist()


def _rows(told):
    sure, right = np.array(told, np.float32).T
    offsets = np.zeros((len(told), 4), np.float32)
    offsets[:, [0, 2]] = right[:, None]
    return offsets, np.stack([1 - sure, sure], axis=1)


@pytest.mark.parametrize(("sure", "stays"), [((1, 1), [9, 20]), ((0.9, 1), [11, 22]), ((1, 0.9), [9, 20])])
def test_within_a_pyramid_level_the_earlier_cell_stays(sure, stays):
    assert DrawnNets([{(4, 4): (sure[0], 0), (5, 4): (sure[1], 0)}]).edges() == [stays]
    assert DrawnNets([{(4, 4): (sure[0], 0), (4, 5): (sure[1], 0)}]).edges() == [[9, 20]]


def test_a_level_in_strips_is_suppressed_as_a_whole(monkeypatch):
    monkeypatch.setattr("faceproof.systems.detection.cascade._STRIP_PX", 1)  # one row of cells in each strip
    strips = [{}, {}, {}, {}, {(4, 0): (1, 0)}, {(4, 0): (1, 0)}]
    assert DrawnNets(strips).faces().boxes_xyxy_px.tolist() == [[9, 9, 20, 20]]


@pytest.mark.parametrize(("sure", "stays"), [((1, 1), [9, 20]), ((0.9, 1), [9, 21]), ((1, 0.9), [9, 20])])
def test_across_pyramid_levels_that_of_the_larger_level_stays(sure, stays):
    levels = [{(4, 4): (sure[0], 0)}, {(4, 4): (sure[1], 0)}]
    assert DrawnNets(levels, factor=0.95).edges() == [stays]


@pytest.mark.parametrize(("sure", "stays"), [((1, 1), [16, 27]), ((0.8, 0.9), [17, 28]), ((0.9, 0.8), [16, 27])])
def test_of_rnets_equals_the_one_stays_that_pnet_was_surer_of(sure, stays):
    cells = {A: (sure[0], ONTO_B), B: (sure[1], 0)}
    assert DrawnNets([cells]).edges() == [stays]


@pytest.mark.parametrize(("refined", "stays"), [((1, 0.8), [16, 27]), ((0.8, 1), [17, 28])])
def test_rnets_own_probability_comes_before_the_order_of_rows(refined, stays):
    nets = DrawnNets([{A: (1, ONTO_B), B: (1, 0)}], refined=[(sure, 0) for sure in refined])
    assert nets.edges() == [stays]


@pytest.mark.parametrize(("refined", "stays"), [((1, 1), [17, 28]), ((0.8, 0.9), [16, 27]), ((0.9, 0.8), [17, 28])])
def test_of_onets_equals_the_one_stays_that_rnet_was_less_sure_of(refined, stays):
    nets = DrawnNets([{A: (1, 0), B: (1, 0)}], refined=[(refined[0], ONTO_B_LATER), (refined[1], 0)])
    assert nets.edges() == [stays]


@pytest.mark.parametrize(("decided", "stays"), [((1, 0.8), [16, 27]), ((0.8, 1), [17, 28])])
def test_onets_own_probability_comes_before_the_order_of_rows(decided, stays):
    nets = DrawnNets(
        [{A: (1, 0), B: (1, 0)}],
        refined=[(1, ONTO_B_LATER), (1, 0)],
        decided=[(sure, 0) for sure in decided],
    )
    assert nets.edges() == [stays]


@pytest.mark.parametrize(
    ("decided", "order"),
    [((1, 1), [[5, 16], [17, 28]]), ((0.8, 0.9), [[5, 16], [17, 28]]), ((0.9, 0.8), [[17, 28], [5, 16]])],
)
def test_faces_of_equal_area_come_in_reversed_order_of_the_last_suppression(decided, order):
    nets = DrawnNets([{A: (1, 0), B: (1, 0)}], decided=[(sure, 0) for sure in decided])
    assert nets.edges() == order
