"""The centre of a photo in place of a face."""

from __future__ import annotations

import math

import numpy as np
import pytest

from faceproof.errors import ConfigurationError
from faceproof.systems.faces.centre import ON_MISSING, centre_face, check_on_missing
from faceproof.systems.recipe import Recipe


@pytest.mark.parametrize(
    ("height", "width", "box"),
    [
        (250, 250, [62.5, 62.5, 187.5, 187.5]),
        (100, 300, [125, 25, 175, 75]),
        (300, 100, [25, 125, 75, 175]),
        (1, 1, [0.25, 0.25, 0.75, 0.75]),
    ],
)
def test_it_is_a_square_half_as_wide_as_the_shorter_side(height, width, box):
    face = centre_face(height, width)
    assert face.box_xyxy_px.tolist() == box
    assert math.isnan(face.probability)


def test_its_landmarks_are_those_of_an_upright_face():
    face = centre_face(120, 200)
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks_px
    assert left_eye.tolist() == pytest.approx([70 + 0.3 * 60, 30 + 0.4 * 60])
    assert nose.tolist() == pytest.approx([100, 66])
    assert left_eye[1] == right_eye[1] < nose[1] < left_mouth[1] == right_mouth[1]
    for left, right in ((left_eye, right_eye), (left_mouth, right_mouth)):
        assert left[0] < nose[0] < right[0]
        assert left[0] + right[0] == pytest.approx(200)
    x0, y0, x1, y1 = face.box_xyxy_px
    assert (face.landmarks_px > [x0, y0]).all()
    assert (face.landmarks_px < [x1, y1]).all()
    assert face.landmarks_px.dtype == face.box_xyxy_px.dtype == np.float32


@pytest.mark.parametrize("value", ["centre", "", None, 1, "Fail"])
def test_another_treatment_is_refused(value):
    with pytest.raises(ConfigurationError, match="Expected one of: fail, centre-crop") as raised:
        check_on_missing(value)
    assert raised.value.argument == "on_missing"
    with pytest.raises(ConfigurationError, match="centre-crop"):
        Recipe(on_missing=value)


def test_both_treatments_are_accepted():
    assert ON_MISSING == ("fail", "centre-crop")
    for value in ON_MISSING:
        check_on_missing(value)
        assert Recipe(on_missing=value).on_missing == value
    assert Recipe().on_missing == "fail"
