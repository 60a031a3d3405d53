from __future__ import annotations

import numpy as np
import pytest

from faceproof.errors import ConfigurationError
from faceproof.systems.faces.selection import SELECTIONS, choose
from faceproof.systems.faces.types import Faces


def _faces(*rows):
    boxes = np.array([row[:4] for row in rows], np.float32)
    return Faces(boxes, np.array([row[4] for row in rows], np.float32), np.zeros((len(rows), 5, 2), np.float32))


SUBJECT = (80, 80, 170, 170, 0.99)
BYSTANDER = (0, 0, 110, 110, 0.98)
DOUBTFUL = (70, 70, 180, 180, 0.75)
FAR_AND_SURE = (200, 0, 230, 30, 0.9999)
PHOTO = _faces(BYSTANDER, SUBJECT, DOUBTFUL, FAR_AND_SURE)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("subject", SUBJECT),
        ("largest", BYSTANDER),
        ("largest_over_threshold", BYSTANDER),
        ("probability", FAR_AND_SURE),
        ("center_weighted_size", DOUBTFUL),
    ],
)
def test_each_method_chooses_its_face(method, expected):
    face = choose(PHOTO, 250, 250, method)
    assert tuple(face.box_xyxy_px) == expected[:4]
    assert face.probability == pytest.approx(expected[4])


def test_subject_takes_a_doubtful_face_when_there_is_no_other():
    assert choose(_faces(DOUBTFUL), 250, 250, "subject") is not None


def test_largest_over_threshold_refuses_doubtful_faces():
    assert choose(_faces(DOUBTFUL), 250, 250, "largest_over_threshold") is None


UNRATED = (70, 70, 180, 180, np.nan)


@pytest.mark.parametrize(
    ("method", "others"),
    [
        ("subject", [SUBJECT, DOUBTFUL]),
        ("largest_over_threshold", [DOUBTFUL, FAR_AND_SURE]),
        ("probability", [SUBJECT, FAR_AND_SURE]),
    ],
)
def test_a_face_without_a_probability_counts_as_sure(method, others):
    face = choose(_faces(*others, UNRATED), 250, 250, method)
    assert tuple(face.box_xyxy_px) == UNRATED[:4]
    assert np.isnan(face.probability)


def test_where_no_face_has_a_probability_place_and_size_decide():
    unrated = _faces(*((*face[:4], np.nan) for face in (BYSTANDER, SUBJECT, FAR_AND_SURE)))
    assert tuple(choose(unrated, 250, 250).box_xyxy_px) == SUBJECT[:4]
    assert tuple(choose(unrated, 250, 250, "largest_over_threshold").box_xyxy_px) == BYSTANDER[:4]


@pytest.mark.parametrize("method", SELECTIONS)
def test_no_face_gives_none(method):
    assert choose(Faces.none(), 10, 10, method) is None


def test_an_unknown_method_suggests_the_closest():
    with pytest.raises(ConfigurationError, match="subject"):
        choose(PHOTO, 250, 250, "subjekt")


LEFT, RIGHT = (40, 100, 110, 170), (140, 100, 210, 170)
SMALL = (100, 20, 150, 70)


@pytest.mark.parametrize("method", SELECTIONS)
def test_of_equal_scores_the_more_probable_then_the_earlier_face_is_chosen(method):
    """Both boxes are of one size and as far from the middle of the photo."""
    assert choose(_faces((*LEFT, 0.98), (*RIGHT, 0.99)), 250, 250, method).probability == np.float32(0.99)
    assert choose(_faces((*RIGHT, 0.99), (*LEFT, 0.98)), 250, 250, method).probability == np.float32(0.99)
    assert tuple(choose(_faces((*LEFT, 1), (*RIGHT, 1)), 250, 250, method).box_xyxy_px) == LEFT
    assert tuple(choose(_faces((*RIGHT, 1), (*LEFT, 1)), 250, 250, method).box_xyxy_px) == RIGHT


@pytest.mark.parametrize("sure", [1.0, np.nan])
def test_of_equally_probable_faces_the_larger_is_chosen(sure):
    for rows in ([(*SMALL, sure), (*LEFT, sure)], [(*LEFT, sure), (*SMALL, sure)]):
        assert tuple(choose(_faces(*rows), 250, 250, "probability").box_xyxy_px) == LEFT


def test_the_choice_among_many_equals_hangs_on_no_unstable_sort():
    faces = _faces(*[(7 * i, 0, 7 * i + 5, 5, 1) for i in range(200)])
    assert choose(faces, 250, 1400, "largest").box_xyxy_px[0] == 0
