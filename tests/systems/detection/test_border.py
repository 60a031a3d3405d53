"""A black border before detection: faces come back in the pixels of the photo without it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from faceproof.errors import ConfigurationError
from faceproof.people.synthetic.draw import draw_identity, draw_photo
from faceproof.people.synthetic.face_model import packaged_model
from faceproof.systems.detection.border import border_px, bordered, without_border
from faceproof.systems.detection.cascade import Cascade, CascadeSettings
from faceproof.systems.detection.catalog import load_detector
from faceproof.systems.detection.mtcnn import MTCNN
from faceproof.systems.faces.types import Faces

PAD = 0.35


@pytest.fixture(scope="module")
def photo():
    """A tight cut, wider than high, of a person who does not exist."""
    model = packaged_model()
    picture = Image.fromarray(draw_photo(model, draw_identity(model, 2, 0), 2, 0, 0))
    return np.asarray(picture.crop((65, 65, 185, 195)).resize((300, 240), Image.Resampling.BILINEAR))


@pytest.fixture(scope="module")
def detectors():
    return {pad: load_detector(pad=pad, offline=True) for pad in (None, 0, 0.2, PAD)}


def test_the_border_is_black_and_in_proportion_to_each_side():
    picture = np.random.default_rng(3).integers(1, 256, (40, 21, 3), np.uint8)
    wide = bordered(picture, 0.25)
    assert border_px(40, 21, 0.25) == (10, 5)
    assert wide.shape == (60, 31, 3)
    np.testing.assert_array_equal(wide[10:50, 5:26], picture)
    assert wide.sum(dtype=np.int64) == picture.sum(dtype=np.int64)


def test_faces_are_moved_back_by_the_border():
    faces = Faces(
        np.array([[105, 110, 126, 150]], np.float32),
        np.ones(1, np.float32),
        np.arange(10, dtype=np.float32).reshape(1, 5, 2),
    )
    moved = without_border(faces, 40, 21, 0.25)
    assert moved.boxes_xyxy_px.tolist() == [[100, 100, 121, 140]]
    assert moved.landmarks_px[0].tolist() == [[-5, -9], [-3, -7], [-1, -5], [1, -3], [3, -1]]
    assert moved.probabilities.tolist() == [1]
    assert faces.boxes_xyxy_px[0, 0] == 105


def test_faces_are_those_of_a_bordered_photo_in_the_pixels_of_the_photo(photo, detectors):
    found = detectors[PAD].find([photo])[0]
    larger = np.zeros((240 + 2 * 84, 300 + 2 * 105, 3), np.uint8)
    larger[84:324, 105:405] = photo
    by_hand = detectors[None].find([larger])[0]
    assert len(found) == len(by_hand) == 1
    corner = np.array([105, 84], np.float32)
    np.testing.assert_allclose(found.boxes_xyxy_px, by_hand.boxes_xyxy_px - [*corner, *corner], atol=1e-4)
    np.testing.assert_allclose(found.landmarks_px, by_hand.landmarks_px - corner, atol=1e-4)
    np.testing.assert_array_equal(found.probabilities, by_hand.probabilities)
    without = detectors[None].find([photo])[0]
    assert np.abs(without.landmarks_px - found.landmarks_px).max() > 1


def test_without_a_border_faces_are_those_of_the_photo_as_it_is(photo, detectors):
    for one, other in zip(detectors[None].find([photo]), detectors[0].find([photo]), strict=True):
        np.testing.assert_array_equal(one.boxes_xyxy_px, other.boxes_xyxy_px)


def test_a_photo_gives_the_same_faces_alone_and_among_others_of_any_size(photo, detectors):
    photos = [photo, photo[:, ::-1], np.zeros((90, 120, 3), np.uint8), photo[:200], photo[:5, :5], photo[:, 20:]]
    for one, faces in zip(photos, detectors[PAD].find(photos), strict=True):
        alone = detectors[PAD].find([one])[0]
        np.testing.assert_array_equal(alone.boxes_xyxy_px, faces.boxes_xyxy_px)
        np.testing.assert_array_equal(alone.landmarks_px, faces.landmarks_px)


@pytest.mark.parametrize(("pad", "most"), [(0.0, 9), (0.5, 2), (1.0, 1)])
def test_bordered_photos_take_no_more_memory_at_a_time_than_photos_without_a_border(pad, most):
    at_a_time = []

    def pnet(level):
        at_a_time.append(len(level))
        height, width = ((side - 12) // 2 + 1 for side in level.shape[2:])
        return np.zeros((len(level), 4, height, width), np.float32), np.zeros((len(level), 2, height, width), "f4")

    offsets, points, probability = (np.zeros((0, numbers), np.float32) for numbers in (4, 10, 2))
    cascade = Cascade(
        pnet,
        lambda _: (offsets, probability),
        lambda _: (offsets, points, probability),
        CascadeSettings(pad=pad),
    )
    assert list(map(len, cascade.find([np.zeros((30, 40, 3), np.uint8)] * 9))) == [0] * 9
    assert max(at_a_time) == most


def test_the_border_is_part_of_the_recipe(detectors):
    recipes = {pad: json.dumps(detector.recipe()) for pad, detector in detectors.items()}
    assert recipes[None] == recipes[0]
    assert len(set(recipes.values())) == 3
    assert detectors[PAD].recipe()["pad"] == PAD


@pytest.mark.parametrize("pad", [-0.01, 1.01, 35, float("nan"), float("inf")])
def test_a_border_that_is_no_fraction_of_the_sides_is_refused(pad):
    with pytest.raises(ConfigurationError, match=r"pad is .*; expected a fraction .* from 0 to 1, such as 0\.35"):
        load_detector(pad=pad, offline=True)
    with pytest.raises(ConfigurationError, match="pad is"):
        MTCNN(pad=pad)
    assert load_detector(pad=1, offline=True).recipe()["pad"] == 1


def test_the_object_cuts_its_crops_out_of_the_photo_without_the_border(photo):
    finder = MTCNN(pad=PAD, post_process=False)
    box = finder.detect(photo).boxes_xyxy_px[0]
    x0, y0, x1, y1 = np.clip(box, 0, [300, 240, 300, 240]).round(4).astype(int)
    cut = Image.fromarray(photo[y0:y1, x0:x1]).resize((160, 160), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(finder(photo).permute(1, 2, 0).numpy(), np.asarray(cut, np.float32))


@pytest.mark.real_photos
def test_on_tight_cuts_it_brings_the_landmarks_to_where_the_whole_photo_has_them(shared, detectors):
    """The whole photo's landmarks are the yardstick: cuts are 92 x 105 px of it, three times as large."""
    golden = json.loads((shared / "golden" / "lfw-tight-detections.json").read_text())["photos"]
    whole = [Image.open(shared / "data/lfw-deepfunneled" / one["image"]).convert("RGB") for one in golden]
    tight = [
        np.asarray(photo.crop((80, 75, 172, 180)).resize((276, 315), Image.Resampling.BILINEAR)) for photo in whole
    ]
    expected = [_largest(faces) for faces in detectors[None].find([np.asarray(photo) for photo in whole])]
    off = {}
    for pad in (None, PAD):
        found = [_largest(faces) for faces in detectors[pad].find(tight)]
        off[pad] = np.array([_off(one, other) for one, other in zip(found, expected, strict=True)])
    missed = {pad: int(np.isnan(distances).sum()) for pad, distances in off.items()}
    assert missed[PAD] < missed[None] == 2
    assert np.nanmedian(off[PAD]) < 0.5 * np.nanmedian(off[None])


def _largest(faces):
    return faces.landmarks_px[0].astype(np.float64) if len(faces) else np.full((5, 2), np.nan)


def _off(found, whole):
    """Mean distance of the landmarks from where they should be, in distances of eyes and mouth."""
    should = (whole - [80, 75]) * 3
    eyes_to_mouth = np.linalg.norm(should[:2].mean(axis=0) - should[3:].mean(axis=0))
    return np.linalg.norm(found - should, axis=1).mean() / eyes_to_mouth
