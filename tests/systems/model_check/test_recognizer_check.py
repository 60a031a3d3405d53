"""The model check as a whole, on people who do not exist."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from patterns import blocks, faces_in, people_of, photos_of, recognizer_of

from faceproof.files import sha256_of_json
from faceproof.systems.detection.mtcnn import load_mtcnn
from faceproof.systems.load import load_pipeline
from faceproof.systems.model_check.contracts import TEMPLATES, changed
from faceproof.systems.model_check.faces import packaged_faces
from faceproof.systems.model_check.job import check_pipeline
from faceproof.systems.model_check.recognizer_check import check_recognizer
from faceproof.systems.pipeline import Pipeline
from faceproof.systems.recipe import Recipe
from faceproof.systems.recognition.catalog import load_model
from faceproof.systems.recognition.recognizer import prepare_face
from faceproof.systems.weights.dlib_file import find_dlib_file

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
        "0-1": UNIT,
        "imagenet": Recipe(pixel_mean=IMAGENET[0], pixel_divisor=IMAGENET[1]),
        "aligned": Recipe(alignment="five_point"),
    },
}
PLAIN = {"size_px": 48, "pixel_mean": 127.5, "pixel_divisor": 127.5, "alignment": "even_margin_crop"}
CASES = [(model, wrong) for model, recipes in WRONG.items() for wrong in recipes]
CONTRACT = "the declared contract separates people best"
CARD = "the contract agrees with the model's card"

needs_dlib = pytest.mark.skipif(
    find_dlib_file() is None, reason="the weights of dlib-resnet are not installed (extra 'embedded')"
)


def checked(shared, model, recipe):
    if model.endswith(".onnx"):
        pytest.importorskip("onnxruntime", reason="extra 'onnx' is not installed")
        return check_pipeline(load_pipeline(str(shared / "weights" / model), None, recipe, offline=True))
    return check_pipeline(load_pipeline(model, shared / "weights" / f"{model}.safetensors", recipe, offline=True))


def named(found, name):
    return next((check for check in found.checks if check.name == name), None)


@pytest.mark.real_photos
@pytest.mark.parametrize("model", WRONG)
def test_the_right_contract_passes(shared, model):
    found = checked(shared, model, None)
    assert found.outcome == "passed", found.complaints()
    assert found.neighbours == []


@pytest.mark.real_photos
@pytest.mark.parametrize(("model", "wrong"), CASES)
def test_a_contract_that_differs_from_the_card_fails(shared, model, wrong):
    found = checked(shared, model, WRONG[model][wrong])
    assert named(found, CARD).outcome == "failed"
    assert found.outcome == "failed"
    assert [one.text for one in found.neighbours] == ["", "as the card says"]
    assert found.complaints()


@pytest.mark.parametrize(
    "embed",
    [
        lambda batch: np.zeros((len(batch), 108)),
        lambda batch: np.ones((len(batch), 108)),
        lambda batch: np.full((len(batch), 108), np.inf),
        lambda batch: np.full((len(batch), 108), 3e38, np.float32),
        lambda batch: blocks(batch).astype(np.float64) * 1e300,
        lambda batch: np.where(batch[:, :1, 0, 0] > 0, blocks(batch), np.nan),
        lambda batch: np.where(batch[:, :1, 0, 0] > 0, 1.0, -1.0) * np.ones((1, 108)),
        lambda batch: np.eye(108)[batch.mean(axis=(1, 2, 3)).astype(int) % 108],
    ],
    ids=["zeros", "constant", "infinite", "long", "beyond float32", "some", "one number", "classes"],
)
def test_degenerate_templates_fail_without_a_warning(embed, recwarn):
    """Also where they are large: a warning of NumPy's would be an error here."""
    people = people_of({f"p{one}": 3 for one in range(8)})
    faces = faces_in(people, photos_of(people))
    recognizer = recognizer_of(embed, 108, mirrored=True, templates={"unit_length": True})
    for known in (None, changed(recognizer.contract, pixel_mean=0)):
        found = check_recognizer(recognizer, faces, known, faces)
        assert found.outcome == "failed"
        found.result().model_dump_json()
    assert not recwarn.list


@needs_dlib
def test_results_are_kept_and_a_model_that_is_known_passes(tmp_path, monkeypatch):
    right = load_pipeline("dlib-resnet", None, None, offline=True)
    found = check_pipeline(right, cache=tmp_path)
    assert found.outcome == "passed", found.complaints()
    assert found.faces == 120
    (kept,) = tmp_path.rglob("*.json")
    assert check_pipeline(right, cache=tmp_path) == found
    other = found.model_copy(update={"model": "read from the file"})
    kept.write_text(json.dumps({"result": other.as_json(), "sha256": sha256_of_json(other.as_json())}))
    assert check_pipeline(right, cache=tmp_path) == other
    whole = kept.read_text()
    read_again = Once(check_recognizer)
    monkeypatch.setattr("faceproof.systems.model_check.job.check_recognizer", read_again)
    for times, damaged in enumerate(
        (whole.replace("passed", "failed", 1), whole[:-9], other.model_dump_json(), "[1]"), 1
    ):
        kept.write_text(damaged)
        assert check_pipeline(right, cache=tmp_path) == found
        assert json.loads(kept.read_text())["result"] == found.as_json()
        assert read_again.times == times
    kept.write_text(whole)
    assert check_pipeline(right, cache=tmp_path, again=True) == found
    assert read_again.times == 5


class Once:
    """A function that is carried out once; later calls get the same, and are counted."""

    def __init__(self, function):
        self.function, self.times, self.result = function, 0, None

    def __call__(self, *arguments):
        self.times += 1
        if self.result is None:
            self.result = self.function(*arguments)
        return self.result


@needs_dlib
@pytest.mark.parametrize(
    ("changes", "outcome", "text"),
    [
        ({"mirrored": True}, "inconclusive", None),
        ({"pixel_mean": 0.0, "pixel_divisor": 1.0}, "failed", "RGB, values 0 to 1"),
        (
            {"alignment": "even_margin_crop", "margin_px": 47, "template_points": None},
            "failed",
            "five points of 150 x 150 (dlib)",
        ),
    ],
)
def test_a_contract_that_nobody_vouches_for_is_compared_with_the_usual_ones(drawn, changes, outcome, text):
    right = load_pipeline("dlib-resnet", None, None, offline=True).recognizer
    few = drawn.at(drawn.rows_of_first_people(16).tolist())
    found = check_recognizer(replace(right, contract=changed(right.contract, **changes)), few)
    check = named(found, CONTRACT)
    assert check.outcome == outcome
    assert [one.text for one in found.neighbours if one.better] == [] or text in check.found
    assert {one.faces for one in found.neighbours} <= {30, 48}


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
    return named(check_recognizer(load_model(Means(**model)), faces), "templates have unit length")


@pytest.fixture(scope="module")
def drawn():
    return packaged_faces(Pipeline(load_mtcnn(), load_model(Means(unit=True, declared=True))))


@pytest.fixture(scope="module")
def faces(drawn):
    return drawn.at(range(30))


def test_a_promise_of_unit_length_is_held_against_the_lengths(faces):
    assert about_lengths(faces, unit=True, declared=True).outcome == "passed"
    assert about_lengths(faces, unit=True, declared=True, mirrored=True).outcome == "passed"
    broken = about_lengths(faces, unit=False, declared=True)
    assert broken.outcome == "failed"
    low, high = re.fullmatch(
        r"lengths are ([\d.]+) to ([\d.]+); they must lie within 0.001 of 1", broken.found
    ).groups()
    assert 1 < float(low) < float(high)


def test_without_the_promise_lengths_are_no_matter(faces):
    assert about_lengths(faces, unit=False, declared=False) is None


@pytest.mark.parametrize(
    ("length", "outcome"), [(1.0009, "passed"), (0.9991, "passed"), (1.0011, "failed"), (0.9989, "failed")]
)
def test_unit_length_is_meant_within_a_thousandth(faces, length, outcome):
    model = Means(unit=True, declared=True)
    exact, model.embed = model.embed, lambda batch: np.float32(length) * exact(batch)
    found = check_recognizer(load_model(model), faces)
    assert named(found, "templates have unit length").outcome == outcome


@pytest.mark.parametrize("usable", [0, 5, 20])
def test_a_model_that_gives_nan_fails_and_the_result_is_json(faces, usable):
    seen = []

    def embed(batch):
        templates = np.random.default_rng(len(seen)).normal(size=(len(batch), 8)).astype(np.float32)
        templates[(len(seen) + np.arange(len(batch))) % 30 >= usable] = np.nan
        seen.extend(batch)
        return templates

    contract = {"size_px": 32, "pixel_mean": 0.0, "pixel_divisor": 255.0, "alignment": "margin_crop"}
    model = SimpleNamespace(contract=contract, embed=embed, template_size=8)
    found = check_recognizer(load_model(model), faces).result()
    assert found.outcome == "failed"
    finite = named(found, "templates are finite")
    assert finite.found == f"{usable} of 30 templates are finite; all must be"
    found.model_dump_json()


@pytest.mark.parametrize(
    ("value", "alike"),
    [(1.0, "the median cosine of different people is 1.000; it must be below 0.97"), (0.0, None)],
)
def test_a_model_that_gives_the_same_for_every_face_fails_in_words_that_are_right(faces, value, alike):
    contract = {"size_px": 32, "pixel_mean": 0.0, "pixel_divisor": 255.0, "alignment": "margin_crop"}
    model = SimpleNamespace(contract=contract, embed=lambda batch: np.full((len(batch), 8), value), template_size=8)
    found = check_recognizer(load_model(model), faces).result()
    found.model_dump_json()
    assert found.outcome == "failed"
    if alike is None:  # a template of zeros has no direction
        assert found.complaints() == [
            "failed the model check (templates are finite): 0 of 30 templates are finite; all must be."
        ]
    else:
        assert named(found, "templates of different people differ").found == alike
        assert named(found, "different people are separated").found.startswith("d' cannot be computed; it must be")


def test_a_model_that_raises_fails_with_its_own_words():
    def embed(batch):
        raise RuntimeError("no memory left")

    contract = {"size_px": 32, "pixel_mean": 0.0, "pixel_divisor": 255.0, "alignment": "margin_crop"}
    model = SimpleNamespace(contract=contract, embed=embed, template_size=8)
    found = check_pipeline(load_pipeline(model, None, None, offline=True))
    assert found.outcome == "failed"
    (complaint,) = found.complaints()
    assert complaint.startswith("failed the model check: the model fails on the first faces: ")
    assert "no memory left" in complaint


def patterned(counts, noise=60, seed=0):
    """Faces of patterns, so many of each person."""
    people = people_of(counts)
    return faces_in(people, photos_of(people, noise, seed))


MANY = {f"p{one}": 3 for one in range(12)}
DIFFER, SHIFT, MIRROR = (
    "templates of different people differ",
    "a shift of one pixel changes a template little",
    "a mirrored face stays the same person",
)
OWN = "people are separated on your photos"


@pytest.mark.parametrize(("counts", "checked"), [({"a": 2, "b": 2}, True), ({"a": 2, "b": 1}, False)])
def test_from_four_faces_on_templates_are_held_against_each_other(counts, checked):
    found = check_recognizer(recognizer_of(blocks, 108), patterned(counts))
    assert (named(found, DIFFER) is not None) == checked
    assert named(found, "templates are finite").outcome == "passed"


def test_numbers_in_the_checks_are_those_of_a_plain_loop():
    faces = patterned(MANY)
    recognizer = recognizer_of(blocks, 108)
    crops = [prepare_face(recognizer.contract, *one) for one in zip(faces.photos, faces.faces, strict=True)]
    made = recognizer.embed(np.stack(crops))[0].astype(float)
    found = check_recognizer(recognizer, faces)
    others = [made[a] @ made[b] for a, b in combinations(range(36), 2) if faces.people[a] != faces.people[b]]
    assert float(re.search(r"is (-?[\d.]+);", named(found, DIFFER).found)[1]) == pytest.approx(
        np.median(others), abs=6e-4
    )
    moved = [np.concatenate([crop[:, :1], crop[:, :-1]], axis=1) for crop in crops]
    mirrored = [crop[:, ::-1] for crop in crops]
    for name, changed_crops in ((SHIFT, moved), (MIRROR, mirrored)):
        cosines = (recognizer.embed(np.stack(changed_crops[:30]))[0].astype(float) * made[:30]).sum(axis=1)
        value = float(re.search(r"is (-?[\d.]+);", named(found, name).found)[1])
        assert value == pytest.approx(np.median(cosines), abs=6e-4)
        assert value < 0.999


@pytest.mark.parametrize(("people", "checked"), [(7, False), (8, True)])
def test_eight_people_with_two_photos_are_enough_for_a_check_of_ones_own(people, checked):
    recognizer = recognizer_of(blocks, 108)
    own = patterned({f"own{one}": 2 for one in range(people)} | {"alone": 1}, noise=90, seed=3)
    found = check_recognizer(recognizer, patterned(MANY), own=own)
    assert found.own_faces == 2 * people + 1
    check = named(found, OWN)
    assert (check is not None) == checked
    if checked:
        crops = [prepare_face(recognizer.contract, *one) for one in zip(own.photos, own.faces, strict=True)]
        made = recognizer.embed(np.stack(crops))[0].astype(float)
        pairs = [(own.people[a] == own.people[b], made[a] @ made[b]) for a, b in combinations(range(17), 2)]
        mated, others = ([cosine for same, cosine in pairs if same == kind] for kind in (True, False))
        spread = np.sqrt((np.var(mated, ddof=1) + np.var(others, ddof=1)) / 2)
        value = (np.mean(mated) - np.mean(others)) / spread
        assert check.found.startswith(f"d' on 17 of your photos is {value:.2f};")


@pytest.mark.parametrize(("declared", "checked"), [(True, True), (False, False)])
def test_lengths_are_checked_where_the_model_promises_them(declared, checked):
    recognizer = recognizer_of(blocks, 108, templates={"unit_length": declared})
    check = named(check_recognizer(recognizer, patterned(MANY)), "templates have unit length")
    assert (check is not None) == checked


def test_a_contract_is_held_against_the_one_that_is_known():
    recognizer, faces = recognizer_of(blocks, 108), patterned(MANY)
    agrees = check_recognizer(recognizer, faces, recognizer.contract)
    assert named(agrees, CARD).outcome == "passed"
    assert agrees.neighbours == ()
    other = check_recognizer(recognizer, faces, changed(recognizer.contract, color_order="bgr"))
    assert named(other, CARD).outcome == "failed"
    assert [one.text for one in other.neighbours] == ["", "as the card says"]
    size = check_recognizer(recognizer, faces, changed(recognizer.contract, size_px=48))
    assert named(size, CARD).found == "size_px is 24; the card has 48"
    assert [one.text for one in size.neighbours] == [""]


@pytest.fixture(scope="module")
def mobilefacenet(shared):
    """The file saved again, so that its digest is not known, with its graph to change."""
    pytest.importorskip("onnxruntime", reason="extra 'onnx' is not installed")
    onnx = pytest.importorskip("onnx", reason="extra 'dev' is not installed")
    model = onnx.load(str(shared / "weights" / "MobileFaceNet.onnx"))
    model.doc_string = "saved again"
    return model


def saved_again(model, folder, recipe, points=None):
    import onnx

    onnx.save(model, str(folder / "again.onnx"))
    mean, sd = IMAGENET
    usual = Recipe(pixel_mean=mean, pixel_divisor=sd, alignment="five_point")
    given = {name: value for name, value in vars_of(recipe).items() if value is not None}
    recognizer = load_pipeline(str(folder / "again.onnx"), None, replace(usual, **given), offline=True).recognizer
    if points is None:
        return recognizer
    return replace(recognizer, contract=changed(recognizer.contract, template_points=points))


def vars_of(recipe):
    return {name: getattr(recipe, name) for name in ("pixel_mean", "pixel_divisor", "color_order")}


SPHEREFACE = [tuple(p) for p in (TEMPLATES["112 x 96 (SphereFace, CosFace), not centred"] * 112).tolist()]


@pytest.mark.real_photos
def test_of_a_file_that_is_not_known_the_right_contract_does_not_fail(mobilefacenet, drawn, tmp_path):
    found = check_recognizer(saved_again(mobilefacenet, tmp_path, Recipe()), drawn)
    assert found.outcome == "inconclusive"
    check = named(found, CONTRACT)
    assert check.outcome == "inconclusive"
    assert "RGB, values -1 to 1" in check.found
    assert "RGB, values 0 to 1" not in check.found
    assert len(found.neighbours) == 17


@pytest.mark.real_photos
@pytest.mark.parametrize(
    ("recipe", "points", "better"),
    [
        (UNIT, None, "RGB, values ImageNet mean and sd"),
        (Recipe(), SPHEREFACE, "five points of 112 x 112 (ArcFace)"),
        (Recipe(color_order="bgr", pixel_mean=127.5, pixel_divisor=127.5), None, "RGB, values ImageNet mean and sd"),
    ],
)
def test_of_a_file_that_is_not_known_contracts_that_cost_accuracy_fail(
    mobilefacenet, drawn, tmp_path, recipe, points, better
):
    check = named(check_recognizer(saved_again(mobilefacenet, tmp_path, recipe, points), drawn), CONTRACT)
    assert check.outcome == "failed"
    assert check.found.startswith(f"{better} (gain +0.")


@pytest.mark.real_photos
def test_class_scores_taken_for_a_template_fail(mobilefacenet, drawn, tmp_path):
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.ModelProto()
    model.CopyFrom(mobilefacenet)
    weights = np.random.default_rng(0).normal(0, 0.1, (128, 5000)).astype(np.float32)
    model.graph.initializer.append(numpy_helper.from_array(weights, "classes"))
    model.graph.node.append(helper.make_node("MatMul", [model.graph.output[0].name, "classes"], ["scores"]))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, [1, 5000]))
    found = check_recognizer(saved_again(model, tmp_path, Recipe()), drawn)
    check = named(found, "the output is a template and not class scores")
    assert check.outcome == "failed"
    assert check.found.startswith("5,000 numbers span only 128 dimensions")


@pytest.mark.real_photos
def test_a_bad_conversion_to_int8_is_not_passed(mobilefacenet, drawn, tmp_path):
    """Weights rounded to whole numbers of a scale that is far too coarse, as a bad calibration leaves them."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.ModelProto()
    model.CopyFrom(mobilefacenet)
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    scale, zero = np.float32(0.06), np.int8(0)
    model.graph.initializer.extend([numpy_helper.from_array(np.array(v), n) for v, n in ((scale, "s"), (zero, "z"))])
    place = list(model.graph.node).index(first)
    inputs = [
        helper.make_node("QuantizeLinear", [first.output[0], "s", "z"], ["whole"]),
        helper.make_node("DequantizeLinear", ["whole", "s", "z"], ["rounded"]),
    ]
    for node in model.graph.node:
        node.input[:] = ["rounded" if name == first.output[0] else name for name in node.input]
    for offset, node in enumerate(inputs):
        model.graph.node.insert(place + 1 + offset, node)
    found = check_recognizer(saved_again(model, tmp_path, Recipe()), drawn)
    assert found.outcome != "passed"
    assert named(found, "the conversion to int8 costs no accuracy").outcome == "inconclusive"
