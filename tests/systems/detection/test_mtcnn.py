from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from faceproof.errors import ConfigurationError
from faceproof.systems.detection.mtcnn import MTCNN, load_mtcnn


@pytest.fixture(scope="module")
def blank():
    return np.full((70, 90, 3), 128, np.uint8)


def test_a_blank_photo_has_no_face_and_no_crop(blank):
    finder = MTCNN()
    assert len(finder.detect(blank)) == 0
    assert finder(blank) is None
    assert finder(blank, return_prob=True) == (None, None)
    assert MTCNN(keep_all=True)([blank, blank], return_prob=True) == ([None, None], [[], []])


@pytest.mark.real_photos
class TestOnRealPhotos:
    @pytest.fixture
    def photo(self, shared):
        return Image.open(shared / "data/photos/multiface.jpg").convert("RGB")

    def test_arrays_tensors_and_images_give_the_same(self, photo):
        finder = MTCNN()
        array = np.asarray(photo)
        kinds = [photo, array, torch.from_numpy(array.copy()), array.astype(np.float64)]
        boxes = [finder.detect(one).boxes_xyxy_px for one in kinds]
        for other in boxes[1:]:
            np.testing.assert_array_equal(other, boxes[0])

    def test_photos_of_different_sizes_some_without_a_face(self, photo, blank):
        crops = MTCNN()([photo, blank, photo.crop((400, 100, 600, 300))])
        assert crops[1] is None
        assert crops[0].shape == crops[2].shape == (3, 160, 160)

    def test_keep_all_gives_every_face(self, photo):
        crops, probabilities = MTCNN(keep_all=True, image_size=112, margin=8)(photo, return_prob=True)
        assert crops.shape == (6, 3, 112, 112)
        assert len(probabilities) == 6

    def test_post_process_scales_to_about_minus_one_to_one(self, photo):
        raw, scaled = MTCNN(post_process=False)(photo), MTCNN()(photo)
        torch.testing.assert_close((raw - 127.5) / 128, scaled)

    def test_save_path_writes_the_crops(self, photo, tmp_path):
        MTCNN(keep_all=True)(photo, save_path=tmp_path / "new" / "face.png")
        assert sorted(p.name for p in (tmp_path / "new").iterdir()) == [
            "face.png", *[f"face_{i}.png" for i in range(2, 7)]
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "method", ["probability", "largest", "largest_over_threshold", "center_weighted_size", "subject"]
    )
    def test_box_probability_and_landmarks_stay_together(self, photo, method):
        finder = MTCNN(selection_method=method)
        faces = finder.detect(photo)
        chosen = finder.select(faces, photo.height, photo.width)
        row = faces.boxes_xyxy_px.tolist().index(chosen.box_xyxy_px.tolist())
        assert chosen.probability == faces.probabilities[row]
        np.testing.assert_array_equal(chosen.landmarks_px, faces.landmarks_px[row])


def test_select_largest_off_means_most_probable():
    assert MTCNN(select_largest=False).selection_method == "probability"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"selection_method": "largst"}, "largest"),
        ({"margin": 160}, "margin"),
        ({"min_face_size": 0}, "min_face_size"),
        ({"min_face_size": float("nan")}, "min_face_size"),
        ({"factor": 1.0}, "factor"),
        ({"thresholds": (0.6, 0.7, 1.7)}, "thresholds"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ConfigurationError, match=message):
        MTCNN(**options)


@pytest.mark.parametrize("photo", [np.zeros((5, 5)), np.zeros((5, 5, 4), np.uint8), np.full((5, 5, 3), 300.0), "x.jpg"])
def test_what_is_no_photo_is_refused(photo):
    with pytest.raises(ConfigurationError, match="photo"):
        MTCNN().detect(photo)


def test_save_paths_must_fit_the_photos(blank):
    with pytest.raises(ConfigurationError, match="save_path"):
        MTCNN()([blank, blank], save_path="x.png")
    with pytest.raises(ConfigurationError, match="2 photos"):
        MTCNN()([blank, blank], save_path=["x.png"])


def test_what_p_net_says_of_a_photo_does_not_depend_on_how_many_there_are():
    """Matrix kernels differ with the number of photos: on some processors from two on, on others from nine on."""
    pnet = load_mtcnn(offline=True).cascade.pnet
    levels = np.random.default_rng(0).normal(size=(21, 3, 61, 47)).astype(np.float32)
    together = pnet(levels)
    for many in (1, 2, 3, 8, 20):
        for whole, part in zip(together, pnet(levels[:many]), strict=True):
            np.testing.assert_array_equal(whole[:many], part)
