"""The faces that models are checked with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceproof.people.folder import read_people
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.people.types import Comparisons, Photo
from faceproof.systems.detection.detector import Detector
from faceproof.systems.detection.mtcnn import load_mtcnn
from faceproof.systems.faces.types import Faces
from faceproof.systems.model_check import faces as canary_faces
from faceproof.systems.model_check.contracts import TEMPLATES, changed
from faceproof.systems.model_check.faces import own_faces, own_photos, packaged_faces
from faceproof.systems.pipeline import Pipeline
from faceproof.systems.recognition.catalog import load_model
from faceproof.systems.recognition.recognizer import prepare_face


class Means:
    def __init__(self):
        self.contract = {"size_px": 48, "pixel_mean": 0, "pixel_divisor": 255, "alignment": "even_margin_crop"}

    def embed(self, batch):
        return batch.mean(axis=2).reshape(len(batch), -1)


class Boxes(Detector):
    """One box in every photo, or none."""

    name = "boxes"

    def __init__(self, *boxes):
        self.boxes = np.array(boxes, np.float32).reshape(len(boxes), -1) if boxes else np.zeros((0, 4), np.float32)

    def find(self, pictures, ids=()):
        return [Faces.from_rows(self.boxes) for _ in pictures]

    def recipe(self):
        return {"name": self.name}


@pytest.fixture
def pipeline(monkeypatch):
    """A pipeline, and six photos to draw for it in place of 120."""
    monkeypatch.setattr(canary_faces, "PEOPLE", 3)
    monkeypatch.setattr(canary_faces, "PHOTOS", 2)
    monkeypatch.setattr(canary_faces, "_KEPT", {})
    return Pipeline(load_mtcnn(offline=True), load_model(Means()))


def same(one, other):
    def arrays(faces):
        return [*faces.photos, *(face.box_xyxy_px for face in faces.faces), *(f.landmarks_px for f in faces.faces)]

    pairs = zip(arrays(one), arrays(other), strict=True)
    return one.people == other.people and all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def forget():
    canary_faces._KEPT.clear()


def test_they_are_the_same_on_any_number_of_threads(pipeline):
    one = packaged_faces(replace(pipeline, workers=1))
    forget()
    assert same(packaged_faces(replace(pipeline, workers=3)), one)
    assert one.people == ("drawn 0", "drawn 0", "drawn 1", "drawn 1", "drawn 2", "drawn 2")
    assert not same(packaged_faces(pipeline, seed=21), one)


def test_they_are_kept_on_disk_and_a_damaged_file_is_replaced(pipeline, tmp_path, monkeypatch):
    first = packaged_faces(pipeline, cache=tmp_path)
    (file,) = tmp_path.rglob("faces-*.npz")
    whole = file.read_bytes()
    forget()
    with monkeypatch.context() as patch:
        patch.setattr(canary_faces, "draw_photo", None)  # they are read, not drawn
        assert same(packaged_faces(pipeline, cache=tmp_path), first)
    directory = whole.index(b"PK\x01\x02")
    encrypted, unknown_method = ((directory + place, bit) for place, bit in ((8, 1), (10, 4)))
    open_bracket = whole.index(b")"), 64  # of a shape, as Python code
    places = ((5000, 1), encrypted, unknown_method, open_bracket)
    flipped = [bytearray(whole) for _ in places]
    for content, (place, bit) in zip(flipped, places, strict=True):
        content[place] ^= bit
    for damaged in (whole[: len(whole) // 2], b"", *flipped):
        file.write_bytes(damaged)
        forget()
        assert same(packaged_faces(pipeline, cache=tmp_path), first)
        assert file.read_bytes() == whole


def test_faces_of_another_detector_are_not_taken_for_these(pipeline):
    first = packaged_faces(pipeline)
    assert not same(packaged_faces(replace(pipeline, detector=Boxes((0, 0, 250, 250)))), first)
    assert same(packaged_faces(pipeline), first)


@pytest.mark.parametrize(
    ("box", "near"),
    [
        ((25, 25, 125, 125), 0),
        ((24, 25, 124, 125), 2),
        ((25, 24, 125, 124), 2),
        ((125, 125, 225, 225), 0),
        ((126, 125, 226, 225), 2),
        ((125, 126, 225, 226), 2),
        ((-10, -10, 300, 300), 2),
        (None, 2),
    ],
)
def test_a_face_is_near_the_edge_within_a_quarter_of_its_size(pipeline, tmp_path, box, near):
    """Photos have 250 x 250 px."""
    write_population(tmp_path, Population(1, 2), workers=1)
    found = own_faces(replace(pipeline, detector=Boxes(*([] if box is None else [box]))), read_people(tmp_path).photos)
    assert found.near_edge == near
    assert len(found.people) == len(found.crops) == 2
    assert len(found.faces) == (0 if box is None else 2)


def photo_of_noise(folder, height, width):
    """One photo of one person."""
    (folder / "someone").mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(noise).save(folder / "someone" / "1.png")
    return read_people(folder).photos


@pytest.mark.parametrize(
    ("box", "near"),
    [
        ((60, 100, 140, 300), 0),
        ((49, 100, 129, 300), 1),
        ((60, 49, 140, 249), 1),
        ((71, 100, 151, 300), 1),
        ((60, 151, 140, 351), 1),
    ],
)
def test_the_longer_side_of_a_face_counts_on_each_side_of_the_photo(pipeline, tmp_path, box, near):
    """A face of 80 x 200 px on a photo of 200 x 400 px needs 50 px on each side."""
    photos = photo_of_noise(tmp_path, 400, 200)
    assert own_faces(replace(pipeline, detector=Boxes(box)), photos).near_edge == near


def test_three_quarters_of_the_longer_side_are_kept_around_a_face(pipeline, tmp_path):
    """A face of 100 x 300 px: 225 px on each side."""
    photos = photo_of_noise(tmp_path, 1000, 900)
    found = own_faces(replace(pipeline, detector=Boxes((400, 300, 500, 600))), photos).faces
    assert found.photos[0].shape == (750, 550, 3)
    assert found.faces[0].box_xyxy_px.tolist() == [225, 225, 325, 525]


def test_of_each_person_the_first_mated_photos_are_taken_in_turn():
    """Mated comparisons alone count: the first of each person, then the second of each."""
    names = ["a/1", "a/2", "a/3", "b/1", "b/2", "c/1", "c/2", "c/3"]
    photos = tuple(Photo(name, Path(name), name[0], name) for name in names)
    listed = ["b1c1", "a1a2", "a1a3", "a2a3", "b1b2", "c1c2", "c1c3"]
    rows = np.array([[names.index(f"{pair[at]}/{pair[at + 1]}") for at in (0, 2)] for pair in listed])
    mated = np.array([pair[0] == pair[2] for pair in listed])
    comparisons = Comparisons(photos, rows[:, 0], rows[:, 1], mated, np.full(7, -1, np.int16), "csv")
    assert [photo.id for photo in own_photos(comparisons, 2)] == ["a/1", "a/2"]
    assert [photo.id for photo in own_photos(comparisons, 6)] == ["a/1", "a/2", "b/1", "b/2", "c/1", "c/2"]
    assert [photo.id for photo in own_photos(comparisons, 8)] == [*names[:2], *names[3:7], "a/3"]


@pytest.mark.parametrize("alignment", ["even_margin_crop", "five_point"])
def test_large_faces_are_reduced_and_stay_where_they_are(pipeline, tmp_path, alignment):
    """A face of 880 px is reduced to a third, and gives the crop that it gives at full size."""
    write_population(tmp_path / "usual", Population(1, 1), workers=1)
    (file,) = (tmp_path / "usual").rglob("*.jpg")
    (tmp_path / "large" / "someone").mkdir(parents=True)
    photo = Image.open(file).resize((2000, 2000), Image.Resampling.BICUBIC)
    photo.save(tmp_path / "large" / "someone" / "1.png")
    face = [600, 600, 1400, 1480, 1, 800, 880, 1200, 880, 1000, 1120, 840, 1280, 1160, 1280]
    whole = replace(pipeline, detector=Boxes(face))
    found = own_faces(whole, read_people(tmp_path / "large").photos).faces
    assert found.photos[0].shape == (667, 667, 3)
    np.testing.assert_allclose(found.faces[0].box_xyxy_px * 3, face[:4], atol=1e-3)
    np.testing.assert_allclose(found.faces[0].landmarks_px.ravel() * 3 + 1, face[5:], atol=1e-3)
    points = {"template_points": (TEMPLATES["112 x 112 (ArcFace)"] * 48).tolist()} if alignment == "five_point" else {}
    contract = changed(pipeline.contract, alignment=alignment, **points)
    reduced = prepare_face(contract, found.photos[0], found.faces[0])
    at_full_size = prepare_face(contract, np.asarray(photo), Faces.from_rows(np.array([face], np.float32)).face(0))
    difference = np.abs(reduced.astype(int) - at_full_size)
    assert difference.mean() < 1.5
    shifted = np.abs(np.roll(reduced, 1, axis=1).astype(int) - at_full_size)
    assert difference.mean() < 0.5 * shifted.mean()
