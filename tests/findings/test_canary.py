from __future__ import annotations

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from faceproof.canary_faces import packaged_faces
from faceproof.checking import check_pipeline
from faceproof.detection.mtcnn import load_mtcnn
from faceproof.engine.runner import Pipeline
from faceproof.findings.canary import check_recognizer
from faceproof.findings.checks import complaints
from faceproof.findings.contracts import every_contract, neighbours_of
from faceproof.recipe import Recipe, load_pipeline
from faceproof.recognition.card import InputContract
from faceproof.recognition.catalog import load_model
from faceproof.recognition.dlib_file import find_dlib_file
from faceproof.recognition.zoo import get_card

IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
RAW = Recipe(pixel_mean=0.0, pixel_divisor=1.0)
UNIT = Recipe(pixel_mean=0.0, pixel_divisor=255.0)
WRONG = {
    "MobileFaceNet.onnx": {
        "bgr": Recipe(color_order="bgr"),
        "0-255": RAW,
        "0-1": UNIT,
        "-1..1": Recipe(pixel_mean=127.5, pixel_divisor=127.5),
        "unaligned": Recipe(alignment="even_margin_crop"),
    },
    "facenet-vggface2": {
        "bgr": Recipe(color_order="bgr"),
        "0-255": RAW,
        "0-1": UNIT,
        "imagenet": Recipe(pixel_mean=IMAGENET[0], pixel_divisor=IMAGENET[1]),
        "aligned": Recipe(alignment="five_point"),
    },
}
PLAIN = {"size_px": 48, "pixel_mean": 127.5, "pixel_divisor": 127.5, "alignment": "even_margin_crop"}
CASES = [(model, wrong) for model, recipes in WRONG.items() for wrong in recipes]


def looked_at(shared, model, recipe):
    if model.endswith(".onnx"):
        pytest.importorskip("onnxruntime", reason="extra 'onnx' is not installed")
        return check_pipeline(load_pipeline(str(shared / "weights" / model), None, recipe, offline=True))
    return check_pipeline(load_pipeline(model, shared / "weights" / f"{model}.safetensors", recipe, offline=True))


@pytest.mark.real_photos
@pytest.mark.parametrize("model", WRONG)
def test_the_right_contract_passes(shared, model):
    found = looked_at(shared, model, None)
    assert found["outcome"] == "passed", complaints(found)


@pytest.mark.real_photos
@pytest.mark.parametrize(("model", "wrong"), CASES)
def test_each_wrong_contract_is_caught(shared, model, wrong):
    found = looked_at(shared, model, WRONG[model][wrong])
    assert found["outcome"] == "failed"
    assert complaints(found)


@pytest.mark.skipif(find_dlib_file() is None, reason="the weights of dlib-resnet are not installed (extra 'embedded')")
def test_gross_faults_show_in_the_faces_alone(tmp_path):
    right = load_pipeline("dlib-resnet", None, None, offline=True)
    found = check_pipeline(right, cache=tmp_path)
    assert found["outcome"] == "passed", complaints(found)
    assert check_pipeline(right, cache=tmp_path) == found
    assert len(list(tmp_path.rglob("*.json"))) == 1
    unaligned = check_pipeline(load_pipeline("dlib-resnet", None, Recipe(alignment="even_margin_crop"), offline=True))
    declared, *others = unaligned["neighbours"]
    assert max(others, key=lambda one: one["d_prime"])["text"] == "aligned by five points"
    assert declared["d_prime"] < found["neighbours"][0]["d_prime"]


class Means:
    """Means of 48 patches, as they are or of unit length."""

    template_size = 48

    def __init__(self, *, unit, declared, mirrored=False):
        self.unit, self.templates = unit, {"unit_length": declared}
        self.contract = PLAIN | {"mirrored": mirrored}

    def embed(self, batch):
        flat = batch.reshape(len(batch), 3, 4, 12, 4, 12).mean(axis=(3, 5)).reshape(len(batch), -1)
        return flat / np.linalg.norm(flat, axis=1, keepdims=True) if self.unit else 40 * flat


def about_lengths(faces, **model):
    checks = check_recognizer(load_model(Means(**model)), faces).checks
    return next((check for check in checks if "unit length" in check.name), None)


@pytest.fixture(scope="module")
def faces():
    return packaged_faces(Pipeline(load_mtcnn(), load_model(Means(unit=True, declared=True))))


def test_a_promise_of_unit_length_is_held_against_the_lengths(faces):
    assert about_lengths(faces, unit=True, declared=True).passed
    assert about_lengths(faces, unit=True, declared=True, mirrored=True).passed
    broken = about_lengths(faces, unit=False, declared=True)
    assert not broken.passed
    low, high = re.fullmatch(
        r"lengths are ([\d.]+) to ([\d.]+); they must lie within 0.001 of 1", broken.found
    ).groups()
    assert 1 < float(low) < float(high)


def test_without_the_promise_lengths_are_no_matter(faces):
    assert about_lengths(faces, unit=False, declared=False) is None


@pytest.mark.parametrize(("length", "passes"), [(1.0009, True), (0.9991, True), (1.0011, False), (0.9989, False)])
def test_unit_length_is_meant_within_a_thousandth(faces, length, passes):
    model = Means(unit=True, declared=True)
    exact, model.embed = model.embed, lambda batch: np.float32(length) * exact(batch)
    checks = check_recognizer(load_model(model), faces).checks
    assert [check.passed for check in checks if "unit length" in check.name] == [passes]


def test_neighbours_differ_in_one_thing():
    contract = get_card("facenet-vggface2").contract
    told = [words for words, _ in neighbours_of(contract)]
    assert told == [
        "channels in the order BGR",
        "values 0 to 255",
        "values 0 to 1",
        "values ImageNet mean and sd",
        "aligned by five points",
    ]
    for _, other in neighbours_of(contract):
        changed = {name for name, value in other if getattr(contract, name) != value}
        assert changed in (
            {"color_order"},
            {"pixel_mean", "pixel_divisor"},
            {"alignment", "margin_px", "template_points"},
        )


def test_every_contract_is_there_once():
    contracts = [contract for _, contract in every_contract(112)]
    assert len({contract.model_dump_json() for contract in contracts}) == len(contracts) == 16
    assert all(isinstance(contract, InputContract) for contract in contracts)


@pytest.mark.parametrize("usable", [0, 5, 20])
def test_a_model_that_gives_nan_is_told_in_json_values(usable):
    seen = []

    def embed(batch):
        templates = np.random.default_rng(len(seen)).normal(size=(len(batch), 8)).astype(np.float32)
        templates[(len(seen) + np.arange(len(batch))) % 30 >= usable] = np.nan
        seen.extend(batch)
        return templates

    contract = {"size_px": 32, "pixel_mean": 0.0, "pixel_divisor": 255.0, "alignment": "margin_crop"}
    model = SimpleNamespace(contract=contract, embed=embed, template_size=8)
    found = check_pipeline(load_pipeline(model, None, None, offline=True))
    assert found["outcome"] == "failed"
    json.dumps(found, allow_nan=False)
