"""The faces of the model check and what is made of them, pixel by pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from patterns import faces_in, people_of, photos_of, recognizer_of

from faceproof.systems.faces.types import Face
from faceproof.systems.model_check.check_faces import finite_rows, templates_of

PEOPLE = people_of({"a": 2, "b": 1, "c": 3, "d": 2})


@pytest.fixture(scope="module")
def faces():
    return faces_in(PEOPLE, photos_of(PEOPLE, noise=5))


def pixels(batch):
    """Every pixel as it is, so that a template times its length is the picture that the net saw."""
    return batch.reshape(len(batch), -1)


@pytest.fixture(scope="module")
def recognizer():
    return recognizer_of(pixels, 3 * 24 * 24, pixel_mean=0, pixel_divisor=1)


def seen(recognizer, faces, **how):
    """The pictures that the net got, (n, 24, 24, 3)."""
    templates, lengths = templates_of(recognizer, faces, **how)
    return (templates * lengths[:, None]).reshape(-1, 3, 24, 24).transpose(0, 2, 3, 1).round().astype(int)


def test_first_people_are_those_that_appear_first_with_all_their_faces(faces):
    assert faces.rows_of_first_people(1).tolist() == [0, 1]
    assert faces.rows_of_first_people(3).tolist() == [0, 1, 2, 3, 4, 5]
    assert faces.rows_of_first_people(9).tolist() == list(range(8))
    mixed = faces.at([5, 0, 2, 1])
    assert mixed.people == ("c", "a", "b", "a")
    assert mixed.rows_of_first_people(2).tolist() == [0, 1, 3]


def test_people_with_two_faces_or_more_are_counted(faces):
    assert faces.with_several() == 3
    assert faces.at([0, 2, 3]).with_several() == 0


def test_a_net_sees_the_crop_of_its_contract(faces, recognizer):
    for picture, photo in zip(seen(recognizer, faces), faces.photos, strict=True):
        # The box of 48 px is reduced to 24: about the mean of each two by two pixels.
        halved = photo[24:72, 24:72].reshape(24, 2, 24, 2, 3).mean(axis=(1, 3))
        assert np.abs(picture - halved)[1:-1, 1:-1].mean() < 8  # blocks are over 30 apart


def test_a_shift_moves_the_content_to_the_right_and_repeats_the_first_columns(faces, recognizer):
    plain = seen(recognizer, faces)
    for shift_px in (1, 3):
        shifted = seen(recognizer, faces, shift_px=shift_px)
        np.testing.assert_array_equal(shifted[:, :, shift_px:], plain[:, :, :-shift_px])
        np.testing.assert_array_equal(shifted[:, :, :shift_px], plain[:, :, :shift_px])


def test_a_mirror_swaps_left_and_right(faces, recognizer):
    np.testing.assert_array_equal(seen(recognizer, faces, mirror=True), seen(recognizer, faces)[:, :, ::-1])


def test_the_mirrored_face_is_not_added(faces, recognizer):
    mirrored = replace(recognizer, contract=recognizer.contract.model_copy(update={"mirrored": True}))
    np.testing.assert_array_equal(seen(mirrored, faces), seen(recognizer, faces))


def test_a_face_outside_of_its_photo_has_no_template_and_the_others_keep_theirs(faces, recognizer):
    outside = Face(np.array([200, 200, 250, 250], np.float32), 1.0, faces.faces[0].landmarks_px)
    lost = replace(faces, faces=(*faces.faces[:2], outside, *faces.faces[3:]))
    templates, _ = templates_of(recognizer, lost)
    assert np.isnan(templates[2]).all()
    assert finite_rows(templates).tolist() == [row != 2 for row in range(8)]
    np.testing.assert_array_equal(np.delete(templates, 2, 0), np.delete(templates_of(recognizer, faces)[0], 2, 0))


def test_one_number_that_is_not_finite_makes_a_template_unusable():
    templates = np.ones((4, 3), np.float32)
    templates[1, 2], templates[3, 0] = np.nan, np.inf
    assert finite_rows(templates).tolist() == [True, False, True, False]
