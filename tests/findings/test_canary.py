from __future__ import annotations

import pytest

from faceproof.checking import canary, complaints
from faceproof.evaluation import Recipe, load_pipeline
from faceproof.findings.canary import every_contract, neighbours_of
from faceproof.recognition.card import InputContract
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
CASES = [(model, wrong) for model, recipes in WRONG.items() for wrong in recipes]


def looked_at(shared, model, recipe):
    if model.endswith(".onnx"):
        pytest.importorskip("onnxruntime", reason="extra 'onnx' is not installed")
        return canary(load_pipeline(str(shared / "weights" / model), None, recipe, offline=True))
    return canary(load_pipeline(model, shared / "weights" / f"{model}.safetensors", recipe, offline=True))


@pytest.mark.real_photos
@pytest.mark.parametrize("model", WRONG)
def test_the_right_contract_passes(shared, model):
    found = looked_at(shared, model, None)
    assert found["passed"], complaints(found)


@pytest.mark.real_photos
@pytest.mark.parametrize(("model", "wrong"), CASES)
def test_each_wrong_contract_is_caught(shared, model, wrong):
    found = looked_at(shared, model, WRONG[model][wrong])
    assert not found["passed"]
    assert complaints(found)


@pytest.mark.skipif(find_dlib_file() is None, reason="the weights of dlib-resnet are not installed (extra 'embedded')")
def test_gross_faults_show_in_the_faces_alone(tmp_path):
    right = load_pipeline("dlib-resnet", None, None, offline=True)
    found = canary(right, cache=tmp_path)
    assert found["passed"], complaints(found)
    assert canary(right, cache=tmp_path) == found
    assert len(list(tmp_path.rglob("*.json"))) == 1
    unaligned = canary(load_pipeline("dlib-resnet", None, Recipe(alignment="even_margin_crop"), offline=True))
    declared, *others = unaligned["neighbours"]
    assert max(others, key=lambda one: one["d_prime"])["told"] == "aligned by five points"
    assert declared["d_prime"] < found["neighbours"][0]["d_prime"]


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
