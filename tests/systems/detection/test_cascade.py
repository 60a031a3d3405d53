"""The cascade: what survives each net, and which of several candidates stays.

Equal probabilities are common: boxes that reach past the photo are clipped to the same crop, and softmax in float32
saturates near 1. The original's rule decides then. The nets here are drawn: each gives the numbers of the test for its
cells or rows, with exact ties in one stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from faceproof.errors import ConfigurationError
from faceproof.systems.detection.cascade import Cascade, CascadeSettings, pyramid_scales

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
    sure, right = np.array(told, np.float32).reshape(-1, 2).T
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


@pytest.mark.parametrize(
    "settings",
    [
        *({"min_face_size": value} for value in (0, -1, float("inf"), float("nan"))),
        *({"factor": value} for value in (0, 1, float("nan"))),
        *({"thresholds": value} for value in ((0.6, 0.7), (0.6, 0.7, 1.01), (-0.01, 0.7, 0.7), (0.6,) * 4)),
        {"pad": 1.01},
    ],
)
def test_a_setting_out_of_range_is_refused(settings):
    with pytest.raises(ConfigurationError, match=next(iter(settings))):
        CascadeSettings(**settings)


def test_settings_at_their_bounds_and_the_usual_ones():
    assert CascadeSettings(0.5, (0, 1, 1), 0.99, 1).thresholds == (0, 1, 1)
    usual = CascadeSettings()
    assert (usual.min_face_size, usual.thresholds, usual.factor, usual.pad) == (20, (0.6, 0.7, 0.7), 0.709, 0)


@pytest.mark.parametrize(
    ("height", "width", "scales"),
    [(12, 99, [1]), (99, 12, [1]), (11, 99, []), (24, 30, [1, 0.5]), (23, 30, [1]), (48, 60, [1, 0.5, 0.25])],
)
def test_a_level_is_made_while_its_shorter_side_holds_a_cell(height, width, scales):
    assert pyramid_scales(height, width, CascadeSettings(MIN_FACE_PX, factor=0.5)) == scales


def test_the_smallest_face_is_as_large_as_a_cell_of_the_first_level():
    assert pyramid_scales(20, 20, CascadeSettings()) == [0.6]
    assert pyramid_scales(19, 40, CascadeSettings()) == []


def up(value):
    return np.nextafter(np.float32(value), np.float32(1))


def down(value):
    return np.nextafter(np.float32(value), np.float32(0))


@pytest.mark.parametrize(("sure", "faces"), [(0.6, 1), (down(0.6), 0)])
def test_at_its_threshold_a_box_survives_pnet(sure, faces):
    assert len(DrawnNets([{A: (sure, 0)}]).faces()) == faces


@pytest.mark.parametrize(("sure", "faces"), [(0.7, 0), (up(0.7), 1)])
def test_at_its_threshold_a_box_does_not_survive_rnet_and_onet(sure, faces):
    assert len(DrawnNets([{A: (1, 0)}], refined=[(sure, 0)]).faces()) == faces
    assert len(DrawnNets([{A: (1, 0)}], decided=[(sure, 0)]).faces()) == faces


def test_faces_come_the_largest_first():
    """In the second level, of scale 0.95, the cell (14, 4) is 12 px wide, from 30 to 42."""
    assert DrawnNets([{A: (1, 0)}, {(14, 4): (1, 0)}], factor=0.95).edges() == [[30, 42], [5, 16]]
    levels = [{A: (1, 0)}, {(14, 4): (0.9, 0)}]
    assert DrawnNets(levels, decided=[(1, 0), (0.9, 0)], factor=0.95).edges() == [[30, 42], [5, 16]]


def test_a_face_that_is_found_lies_on_its_own_photo_whatever_the_sizes():
    def pnet(level):
        """A box where the middle of the photo is bright."""
        count, _, *sides = level.shape
        shape = [(side - 12) // 2 + 1 for side in sides]
        probability = np.zeros((count, 2, *shape), np.float32)
        probability[:, 1, 4, 4] = level[:, 0, sides[0] // 2, sides[1] // 2] > 0
        return np.zeros((count, 4, *shape), np.float32), probability

    def net(crops):
        sure = np.tile(np.float32([0, 1]), (len(crops), 1))
        return np.zeros((len(crops), 4), np.float32), sure

    def onet(crops):
        offsets, sure = net(crops)
        return offsets, np.full((len(crops), 10), 0.5, np.float32), sure

    cascade = Cascade(pnet, net, onet, CascadeSettings(MIN_FACE_PX, factor=0.1))
    shapes_and_shades = [((40, 60), 0), ((30, 50), 255), ((40, 60), 255), ((11, 50), 255), ((30, 50), 0)]
    photos = [np.full((*shape, 3), shade, np.uint8) for shape, shade in shapes_and_shades]
    found = cascade.find(photos)
    assert [faces.boxes_xyxy_px.tolist() for faces in found] == [[], [[9, 9, 20, 20]], [[9, 9, 20, 20]], [], []]
    # In the middle of a box of 9 to 20: 12 px times a half, and 1 px less as the original counts from 1.
    assert found[1].landmarks_px.tolist() == [[[14, 14]] * 5]
    assert found[1].probabilities.tolist() == [1]
    assert cascade.find([]) == []


@pytest.mark.parametrize("odd", [np.zeros((40, 60, 3)), np.zeros((40, 60), np.uint8), np.zeros((40, 60, 4), np.uint8)])
def test_a_photo_that_is_no_picture_of_bytes_is_refused_with_its_place(odd):
    with pytest.raises(ConfigurationError, match=r"Photo 1 is .* expected uint8 \(height, width, 3\), RGB"):
        Cascade(None, None, None).find([PHOTO, odd])
