"""The model check as a job: which checks of the user's photos it makes, what it keeps, what it writes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from patterns import PLAIN, blocks
from PIL import Image

from faceproof.people.folder import read_people
from faceproof.people.protocols import make_comparisons
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.systems.detection.detector import Detector
from faceproof.systems.detection.mtcnn import load_mtcnn
from faceproof.systems.faces.types import Faces
from faceproof.systems.model_check import faces as check_faces
from faceproof.systems.model_check.detector_faces import AS_MTCNN, BORDER
from faceproof.systems.model_check.job import check_pipeline, propose_contract
from faceproof.systems.pipeline import Pipeline
from faceproof.systems.recognition.catalog import load_model


class Middle(Detector):
    """The middle of every photo."""

    name = "middle"

    def find(self, pictures, ids=()):
        return [Faces.from_rows(np.array([[75, 75, 175, 175]], np.float32)) for _ in pictures]

    def recipe(self):
        return {"name": self.name}


@pytest.fixture(autouse=True)
def _few_drawn_faces(monkeypatch):
    """Six photos of three people in place of 120."""
    monkeypatch.setattr(check_faces, "PEOPLE", 3)
    monkeypatch.setattr(check_faces, "PHOTOS", 2)
    monkeypatch.setattr(check_faces, "_KEPT", {})


def pipeline_of(detector=None, **said):
    model = SimpleNamespace(contract=PLAIN, embed=blocks, template_size=108, **said)
    return Pipeline(detector or load_mtcnn(offline=True), load_model(model))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Two photos each of four people, with faces far from the edge."""
    folder = tmp_path_factory.mktemp("drawn")
    write_population(folder, Population(4, 2, seed=1), workers=1)
    return folder


def cut(drawn, folder, many):
    """The photos, with the first so many cut off beside the face."""
    for row, photo in enumerate(read_people(drawn).photos):
        target = (folder / photo.id).with_suffix(".png")
        target.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.open(photo.path)
        (picture.crop((75, 0, 250, 250)) if row < many else picture).save(target)
    return make_comparisons("all", read_people(folder))


def names(found):
    return {check.name for check in found.checks}


@pytest.mark.parametrize(("near_edge", "tried"), [(0, False), (1, False), (2, True)])
def test_a_border_is_tried_from_a_quarter_of_the_photos_on(drawn, tmp_path, near_edge, tried):
    found = check_pipeline(pipeline_of(), cut(drawn, tmp_path, near_edge))
    assert found.own_faces == 8
    assert (BORDER in names(found)) == tried
    assert AS_MTCNN not in names(found)


def test_where_no_photo_can_be_read_no_border_is_tried(tmp_path):
    for name in ("1.png", "2.png"):
        (tmp_path / "ann").mkdir(exist_ok=True)
        (tmp_path / "ann" / name).write_bytes(b"no picture " + name.encode())
    found = check_pipeline(pipeline_of(), make_comparisons("all", read_people(tmp_path)))
    assert found.own_faces == 0
    assert BORDER not in names(found)


def test_another_detector_is_compared_with_mtcnn(drawn, tmp_path):
    found = check_pipeline(pipeline_of(Middle()), cut(drawn, tmp_path, 0))
    assert AS_MTCNN in names(found)
    assert BORDER not in names(found)
    assert found.own_faces == 0


def test_a_result_is_kept_only_where_the_model_can_be_told_from_others(tmp_path):
    """A model written in Python that gives no version may change from call to call."""
    assert check_pipeline(pipeline_of(), cache=tmp_path / "unknown").faces == 6
    assert not list(tmp_path.rglob("*.json"))


def test_a_result_that_is_kept_is_that_of_the_model_of_its_name(tmp_path):
    path = tmp_path / "net.onnx"
    written_net(path, TWO_NUMBERS)
    contract = "[contract]\npixel_mean = 127.5\npixel_divisor = 127.5\nalignment = 'even_margin_crop'\n"
    for name in ("one", "two", "one"):
        path.with_suffix(".toml").write_text(f"name = '{name}'\n{contract}")
        found = check_pipeline(Pipeline(load_mtcnn(offline=True), load_model(path)), cache=tmp_path / "cache")
        assert found.model == name
    assert len(list((tmp_path / "cache").rglob("*.json"))) == 2


def written_net(path, weights):
    """An ONNX file: means of 8 x 8 px in three colours of a crop of 48 px, times a matrix."""
    onnx = pytest.importorskip("onnx", reason="extra 'dev' is not installed")
    pytest.importorskip("onnxruntime", reason="extra 'onnx' is not installed")
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("AveragePool", ["face"], ["means"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["template"]),
    ]
    face = helper.make_tensor_value_info("face", TensorProto.FLOAT, ["n", 3, 48, 48])
    template = helper.make_tensor_value_info("template", TensorProto.FLOAT, ["n", weights.shape[1]])
    tensors = [numpy_helper.from_array(weights.astype(np.float32), "weights")]
    graph = helper.make_graph(nodes, "net", [face], [template], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))


TWO_NUMBERS = np.stack([np.ones(108), 0.05 * np.eye(108)[0]], axis=1)
CENTRED = np.eye(108) - 1 / 108
"""Takes the mean of a template off its numbers. On six drawn faces the net above has a d' of 1.9, this one 0.8."""


@pytest.mark.parametrize(("weights", "works"), [(TWO_NUMBERS, True), (CENTRED, False)])
def test_a_card_is_written_only_for_a_net_that_separates_people(tmp_path, weights, works):
    path = tmp_path / "net.onnx"
    written_net(path, weights)
    found = propose_contract(path, None, write=True)
    assert (found.d_prime >= 1.5) == works
    assert (found.works, found.written, (tmp_path / "net.toml").exists()) == (works, works, works)
    assert found.neighbours[0].text == ""
    others = found.neighbours[1:]
    not_worse = [one.text for one in others if one.separation is not None and not (one.high or 0) < 0]
    assert found.undecided == not_worse
    assert not_worse


def test_a_card_is_written_only_where_it_is_asked_for(tmp_path):
    path = tmp_path / "net.onnx"
    written_net(path, TWO_NUMBERS)
    found = propose_contract(path, None)
    assert (found.works, found.written) == (True, False)
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]
