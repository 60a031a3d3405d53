"""Parity with the original: golden files made by facenet-pytorch's MTCNN(keep_all=True) and MTCNN() + network."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from faceproof.systems.detection.mtcnn import MTCNN, load_mtcnn
from faceproof.systems.recognition.catalog import load_model
from faceproof.systems.weights.zoo import get_card

pytestmark = pytest.mark.real_photos
EXCEPTIONS: dict[str, str] = {}
"""Photos on which a face differs, and why. There are none."""


def _photos(shared, names):
    return [np.asarray(Image.open(shared / "data" / name).convert("RGB")) for name in names]


@pytest.fixture(scope="module")
def detector():
    return load_mtcnn()


def test_lfw_faces_equal_the_originals(shared, detector):
    golden = json.loads((shared / "golden" / "lfw-detections.json").read_text())
    photos = _photos(shared, [f"lfw-deepfunneled/{one['image']}" for one in golden])
    found = [faces for i in range(0, len(photos), 32) for faces in detector.find(photos[i : i + 32])]
    assert [len(faces) for faces in found] == [len(one["boxes"]) for one in golden]
    differing = {one["image"] for one, faces in zip(golden, found, strict=True) if not _equal(one, faces)}
    assert differing == set(EXCEPTIONS)


def test_several_faces_in_one_photo_equal_the_originals(shared, detector):
    golden = json.loads((shared / "golden" / "multiface-detections.json").read_text())
    faces = detector.find(_photos(shared, [f"photos/{golden['image']}"]))[0]
    assert len(faces) == len(golden["boxes"]) == 6
    assert _equal(golden, faces)


def test_faces_on_tight_cuts_equal_the_originals(shared, detector):
    """On these many candidates of the last stage have the very same probability."""
    golden = json.loads((shared / "golden" / "lfw-tight-detections.json").read_text())["photos"]
    photos = [_tight(shared / "data" / "lfw-deepfunneled" / one["image"]) for one in golden]
    found = [faces for i in range(0, len(photos), 20) for faces in detector.find(photos[i : i + 20])]
    assert len(photos) == 60
    assert sum(map(len, found)) == 58
    assert [len(faces) for faces in found] == [len(one["boxes"]) for one in golden]
    assert [one["image"] for one, faces in zip(golden, found, strict=True) if not _equal(one, faces)] == []


def _tight(path):
    """The cut that the golden file describes."""
    cut = Image.open(path).convert("RGB").crop((80, 75, 172, 180))
    return np.asarray(cut.resize((276, 315), Image.Resampling.BILINEAR))


def _equal(golden, faces):
    return (
        np.abs(faces.boxes_xyxy_px - np.array(golden["boxes"]).reshape(-1, 4)).max(initial=0) < 0.1
        and np.abs(faces.landmarks_px - np.array(golden["landmarks"]).reshape(-1, 5, 2)).max(initial=0) < 0.1
        and np.abs(faces.probabilities - np.array(golden["probs"], float)).max(initial=0) < 1e-3
    )


def test_templates_equal_the_originals(shared):
    golden = np.load(shared / "golden" / "lfw-embeddings.npz")
    contract = get_card("facenet-vggface2").contract.model_copy(
        update={"margin_px": 0, "mirrored": False, "alignment": "margin_crop", "template_points": None}
    )
    weights = shared / "weights" / "facenet-vggface2.safetensors"
    model = load_model("facenet-vggface2", weights=weights, offline=True, contract=contract)
    finder = MTCNN(post_process=False)
    photos = _photos(shared, [f"lfw-deepfunneled/{name}" for name in golden["image"]])
    crops = [crop for i in range(0, len(photos), 32) for crop in finder(photos[i : i + 32])]
    templates, norms = model.embed(torch.stack(crops).permute(0, 2, 3, 1).numpy().astype(np.uint8))
    cosine = (templates.astype(np.float64) * golden["embedding"]).sum(axis=1)
    assert cosine.min() >= 0.99999
    assert (norms > 1).all()


def test_a_photo_gives_the_same_faces_alone_and_in_any_batch(shared, detector):
    names = sorted((shared / "data" / "lfw-deepfunneled").glob("Aaron*/*.jpg"))
    photos = [np.asarray(Image.open(name).convert("RGB")) for name in names[:7]]
    photos.insert(3, _photos(shared, ["photos/multiface.jpg"])[0][:400, :700])
    photos.insert(5, np.zeros((90, 120, 3), np.uint8))
    together = detector.find(photos)
    for photo, faces in zip(photos, together, strict=True):
        alone = detector.find([photo])[0]
        np.testing.assert_array_equal(alone.boxes_xyxy_px, faces.boxes_xyxy_px)
        np.testing.assert_array_equal(alone.landmarks_px, faces.landmarks_px)
        np.testing.assert_array_equal(alone.probabilities, faces.probabilities)
    assert len(together[5]) == 0


def test_a_level_in_strips_gives_the_same_faces(shared, detector, monkeypatch):
    photo = _photos(shared, ["photos/multiface.jpg"])
    whole = detector.find(photo)[0]
    monkeypatch.setattr("faceproof.systems.detection.cascade._STRIP_PX", 40_000)
    strips = detector.find(photo)[0]
    np.testing.assert_allclose(strips.boxes_xyxy_px, whole.boxes_xyxy_px, atol=1e-3)
    np.testing.assert_allclose(strips.landmarks_px, whole.landmarks_px, atol=1e-3)
