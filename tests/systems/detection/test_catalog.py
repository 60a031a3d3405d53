from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from faceproof.errors import ConfigurationError
from faceproof.systems.detection.box_file import BoxFile
from faceproof.systems.detection.catalog import load_detector
from faceproof.systems.detection.detector import WholePhoto
from faceproof.systems.detection.mtcnn import MtcnnDetector


class Nothing:
    def find(self, photos):
        return [None] * len(photos)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "faces.CSV"
    path.write_text("photo,x0,y0,x1,y1\nAnna/1.jpg,1,2,3,4\n")
    return path


def test_mtcnn_is_the_default():
    assert isinstance(load_detector(offline=True), MtcnnDetector)
    assert load_detector("mtcnn", min_face_size=40, offline=True).recipe()["min_face_size"] == 40


def test_templates_cached_under_an_earlier_cascade_are_not_those_of_this_one():
    """The first cascade named no version in its recipe, and kept other faces where probabilities are equal."""
    assert load_detector(offline=True).recipe()["version"] == 2


def test_a_file_is_known_by_its_suffix(file):
    for name in (file, str(file)):
        assert isinstance(load_detector(name), BoxFile)
    with pytest.raises(ConfigurationError, match=r"no detector 'mine\.csv:'"):
        load_detector("mine.csv:")


def test_a_detector_that_is_loaded_stays_as_it_is():
    loaded = WholePhoto()
    assert load_detector(loaded) is loaded


@pytest.mark.parametrize("name", ["mtcn", "faces.txt", "None", ""])
def test_an_unknown_name_says_what_there_is(name):
    said = rf"no detector '{name}'\. Expected mtcnn, none, a \.csv or \.parquet file of faces, or package"
    with pytest.raises(ConfigurationError, match=said):
        load_detector(name)


@pytest.mark.parametrize("thing", [7, None, Path, object()])
def test_what_cannot_find_is_no_detector(thing):
    with pytest.raises(ConfigurationError, match=r"without a method find\(photos\)"):
        load_detector(thing)


def test_a_smallest_face_is_for_mtcnn_alone(file):
    for detector in ("none", file, "mine:Finder", Nothing()):
        with pytest.raises(ConfigurationError, match="min_face_size"):
            load_detector(detector, min_face_size=30)


def test_a_border_is_for_mtcnn_alone(file):
    for detector in ("none", file, "mine:Finder", Nothing(), WholePhoto()):
        for pad in (0, 0.35):
            with pytest.raises(ConfigurationError, match="pad"):
                load_detector(detector, pad=pad)


def test_smallest_face_and_border_go_together():
    recipe = load_detector("mtcnn", min_face_size=40, pad=0.2, offline=True).recipe()
    assert (recipe["min_face_size"], recipe["pad"]) == (40, 0.2)


def test_none_takes_each_photo_for_a_face():
    detector = load_detector("none")
    found = detector.find([np.zeros((30, 40, 3), np.uint8), np.zeros((9, 7, 3), np.uint8)])
    assert [faces.boxes_xyxy_px.tolist() for faces in found] == [[[0, 0, 40, 30]], [[0, 0, 7, 9]]]
    assert np.isnan(found[0].probabilities).all()
    assert not found[0].face(0).has_landmarks
