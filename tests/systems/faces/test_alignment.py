from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faceproof.errors import ConfigurationError
from faceproof.systems.faces.alignment import (
    align_five_points,
    crop_with_margin,
    five_point_template,
    margin_box,
    similarity_transform,
)


def test_margin_is_split_on_both_sides_and_clipped():
    box = np.array([40, 50, 113, 123], np.float32)
    assert margin_box(box, 200, 200, 160, 14) == (36, 46, 116, 126)
    assert margin_box(box, 120, 110, 160, 14) == (36, 46, 110, 120)


def test_a_coordinate_just_below_a_whole_pixel_counts_as_whole():
    below = np.array([81.999992, 10, 120, 60], np.float32)
    assert margin_box(below, 200, 200, 160, 0)[0] == 82


def test_a_box_outside_of_the_photo_gives_nothing():
    photo = np.zeros((50, 50, 3), np.uint8)
    assert crop_with_margin(photo, np.array([60, 60, 80, 80], np.float32), 160) is None
    assert crop_with_margin(photo, np.array([-30, -30, -5, -5], np.float32), 160) is None


@given(st.floats(0.2, 5), st.floats(-3.1, 3.1), st.floats(-50, 50), st.floats(-50, 50), st.integers(0, 1000))
def test_the_transform_of_moved_points_is_found_again(scale, angle, dx, dy, seed):
    points = np.random.default_rng(seed).normal(size=(5, 2))
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    want = np.array([[c, -s, dx], [s, c, dy]])
    got = similarity_transform(points, points @ want[:, :2].T + want[:, 2])
    np.testing.assert_allclose(got, want, atol=1e-7)


def test_landmarks_land_on_the_template():
    template = np.array(five_point_template(112))
    photo = np.zeros((400, 400, 3), np.uint8)
    angle, scale = 0.4, 2.3
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = template @ turn.T + (120, 40)
    for x, y in landmarks:
        photo[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3] = 255
    aligned = align_five_points(photo, landmarks.astype(np.float32), template, 112)
    for x, y in template:
        near = aligned[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4, 0].astype(float)
        rows, columns = np.mgrid[-3:4, -3:4]
        offset = np.array([(columns * near).sum(), (rows * near).sum()]) / near.sum()
        assert np.abs(offset + np.array([round(x) - x, round(y) - y])).max() < 0.5


def test_coinciding_landmarks_give_nothing():
    photo = np.zeros((50, 50, 3), np.uint8)
    assert align_five_points(photo, np.ones((5, 2), np.float32), np.array(five_point_template(112)), 112) is None


def test_landmarks_far_beyond_any_photo_give_nothing():
    photo, template = np.zeros((50, 50, 3), np.uint8), np.array(five_point_template(112))
    assert align_five_points(photo, (template * 1e15).astype(np.float32), template, 112) is None


def test_the_identity_changes_nothing_but_rounding():
    photo = np.asarray(Image.effect_noise((112, 112), 90).convert("RGB"))
    template = np.array(five_point_template(112))
    aligned = align_five_points(photo, template.astype(np.float32), template, 112)
    assert np.abs(aligned[1:-1, 1:-1].astype(int) - photo[1:-1, 1:-1]).max() <= 1


def test_shapes_that_differ_are_refused():
    with pytest.raises(ConfigurationError, match="points"):
        similarity_transform(np.zeros((5, 2)), np.zeros((4, 2)))
