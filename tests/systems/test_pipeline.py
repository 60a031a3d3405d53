"""Detector, choice of the face and recogniser together: which face counts, and why there is none."""

from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from patterns import PLAIN, blocks, recognizer_of

from faceproof.degrade.registry import get_family
from faceproof.systems.detection.detector import WholePhoto
from faceproof.systems.detection.python_detector import PythonDetector
from faceproof.systems.faces.alignment import ARCFACE_112
from faceproof.systems.faces.types import Face, Failure
from faceproof.systems.pipeline import Pipeline

PHOTO = np.zeros((100, 100, 3), np.uint8)
NO_LANDMARKS = np.full((5, 2), np.nan, np.float32)


@pytest.fixture(scope="module")
def cut_out():
    return recognizer_of(blocks, 108)


@pytest.fixture(scope="module")
def aligned():
    points = {"alignment": "five_point", "template_points": ARCFACE_112, "size_px": 112}
    return recognizer_of(blocks, 108, **points)


def finds(rows):
    """A detector that finds the same boxes, each with its probability, in every photo."""
    return PythonDetector(SimpleNamespace(find=lambda photos: [rows] * len(photos), name="fixed"))


def face(box, landmarks=NO_LANDMARKS):
    return Face(np.array(box, np.float32), 1.0, landmarks)


@pytest.mark.parametrize(
    ("selection", "box"),
    [("subject", [40, 40, 60, 60]), ("largest", [0, 0, 30, 30]), ("probability", [70, 70, 80, 80])],
)
def test_the_face_that_the_selection_chooses_counts(cut_out, selection, box):
    detector = finds([(40, 40, 60, 60, 0.95), (0, 0, 30, 30, 0.97), (70, 70, 80, 80, 0.99)])
    assert Pipeline(detector, cut_out, selection).find_face(PHOTO).box_xyxy_px.tolist() == box


def test_a_photo_without_a_face_and_a_detector_that_fails_have_reasons_of_their_own(cut_out):
    assert Pipeline(finds(None), cut_out).find_face(PHOTO) == Failure("no face found")
    unsure = Pipeline(finds([(40, 40, 60, 60, 0.5)]), cut_out, "largest_over_threshold")
    assert unsure.find_face(PHOTO) == Failure("1 face, none fit for 'largest_over_threshold'")
    failed = Pipeline(finds([(1, 2)]), cut_out).find_face(PHOTO)
    assert failed.reason.startswith("the detector ")


@pytest.mark.parametrize("kind", ["cut_out", "aligned"])
def test_the_centre_of_a_photo_takes_the_place_of_a_face_that_was_not_found(request, kind):
    recognizer = request.getfixturevalue(kind)
    pipeline = Pipeline(finds(None), recognizer, on_missing="centre-crop")
    photo = np.random.default_rng(0).integers(0, 255, (120, 200, 3), np.uint8)
    found = pipeline.find_face(photo)
    assert found.box_xyxy_px.tolist() == [70, 30, 130, 90]
    assert np.isnan(found.probability)
    assert pipeline.prepare(photo, found).shape == (recognizer.contract.size_px, recognizer.contract.size_px, 3)


def test_the_centre_is_compared_only_where_no_face_was_found(cut_out):
    usual = {"recognizer": cut_out, "on_missing": "centre-crop"}
    assert Pipeline(finds([(4, 4, 60, 60, 0.95)]), **usual).find_face(PHOTO).box_xyxy_px.tolist() == [4, 4, 60, 60]
    unsure = Pipeline(finds([(4, 4, 60, 60, 0.5), (0, 0, 9, 9, 0.5)]), selection="largest_over_threshold", **usual)
    assert unsure.find_face(PHOTO) == Failure("2 faces, none fit for 'largest_over_threshold'")
    broken = Pipeline(finds([(1, 2)]), **usual).find_face(PHOTO)
    assert broken.reason.startswith("the detector ")


def test_a_prepared_photo_is_only_brought_to_size(cut_out, aligned):
    for recognizer in (cut_out, aligned):
        contract = Pipeline(WholePhoto(), recognizer).contract
        assert (contract.alignment, contract.margin_px, contract.template_points) == ("margin_crop", 0, None)
        assert contract.size_px == recognizer.contract.size_px
        assert Pipeline(finds(None), recognizer).contract == recognizer.contract
    photo = np.arange(24 * 24 * 3, dtype=np.uint8).reshape(24, 24, 3)
    pipeline = Pipeline(WholePhoto(), cut_out)
    np.testing.assert_array_equal(pipeline.prepare(photo, pipeline.find_face(photo)), photo)


def test_why_a_face_has_no_crop(cut_out, aligned):
    outside = face([200, 200, 220, 220])
    pipeline = Pipeline(finds(None), cut_out)
    assert pipeline.prepare(PHOTO, outside) is None
    assert pipeline.why_not_prepared(outside) == "the face's box is empty or lies outside of the photo"
    pipeline = Pipeline(finds(None), aligned)
    for landmarks, why in (
        (NO_LANDMARKS, "the detector gave no landmarks"),
        (np.full((5, 2), 7, np.float32), "its landmarks coincide or make no face"),
    ):
        odd = face([10, 10, 40, 40], landmarks)
        assert pipeline.prepare(PHOTO, odd) is None
        assert pipeline.why_not_prepared(odd) == f"the face cannot be aligned: {why}"


def test_a_face_is_where_its_crop_shows_it(cut_out):
    pipeline = Pipeline(finds(None), replace(cut_out, contract=cut_out.contract.model_copy(update={"size_px": 24})))
    found = pipeline.face_in_crop(100, 100, face([20, 40, 68, 88]))
    assert found.box_xyxy_px.tolist() == [0, 0, 24, 24]


def test_templates_are_cached_where_both_parts_allow_it(cut_out):
    for detector, detector_may in ((WholePhoto(), True), (finds(None), False)):
        for model_may in (True, False):
            assert Pipeline(detector, replace(cut_out, cacheable=model_may)).cacheable is (detector_may and model_may)


def test_the_recipe_changes_with_each_part(cut_out):
    pipeline = Pipeline(finds(None), cut_out)
    blurred = get_family("gaussian-blur").at(2)
    others = [
        replace(pipeline, selection="largest").recipe(),
        replace(pipeline, detector=WholePhoto()).recipe(),
        replace(pipeline, recognizer=replace(cut_out, weights_sha256="0" * 64)).recipe(),
        pipeline.recipe(blurred),
        replace(pipeline, on_missing="centre-crop").recipe(),
    ]
    changed = [{part for part in other if other[part] != pipeline.recipe().get(part)} for other in others]
    assert changed == [{"selection"}, {"detector"}, {"recognizer"}, {"condition"}, {"on_missing"}]
    # Templates that earlier versions cached are still found.
    assert "on_missing" not in pipeline.recipe()
    assert replace(pipeline, batch_size=1, workers=1, decode_memory=1).recipe() == pipeline.recipe()
    assert PLAIN.items() <= pipeline.recipe()["recognizer"].items()


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (3, 3), (8, 8), (9, 8), (None, 1)])
def test_there_is_a_thread_for_each_core_and_8_at_most(monkeypatch, cut_out, cores, workers):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert Pipeline(finds(None), cut_out).workers == workers
