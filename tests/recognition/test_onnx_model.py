from __future__ import annotations

import numpy as np
import pytest

from faceproof.errors import ConfigurationError, WeightsError
from faceproof.recognition.catalog import load_model
from faceproof.recognition.onnx_model import open_onnx

pytest.importorskip("onnxruntime", reason="extra 'onnx' is not installed")


@pytest.fixture
def mobile(shared):
    return shared / "weights" / "MobileFaceNet.onnx"


def faces(n):
    return np.random.default_rng(0).standard_normal((n, 3, 112, 112)).astype(np.float32)


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x08\x07\x12\x04test"])
def test_a_file_that_is_no_onnx_is_refused(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"model\.onnx"):
        open_onnx(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match="cannot be read"):
        load_model(tmp_path / "none.onnx")


@pytest.mark.real_photos
def test_what_the_file_says_of_itself(mobile):
    net = open_onnx(mobile)
    assert (net.size_px, net.channels_last, net.batch, net.template_size) == (112, False, 1, 128)


@pytest.mark.real_photos
def test_faces_do_not_depend_on_their_company(mobile):
    net, batch = open_onnx(mobile), faces(3)
    whole = net.run(batch)[0]
    for row in range(3):
        np.testing.assert_array_equal(net.run(batch[row : row + 1])[0][0], whole[row])


@pytest.mark.real_photos
def test_an_unknown_operator_is_named(mobile, tmp_path):
    path = tmp_path / "odd.onnx"
    path.write_bytes(mobile.read_bytes().replace(b"Conv", b"Cxnv"))
    with pytest.raises(WeightsError, match="Cxnv"):
        open_onnx(path)


@pytest.mark.real_photos
def test_an_output_that_is_not_there_is_refused_with_those_that_are(mobile):
    with pytest.raises(ConfigurationError, match="output0"):
        open_onnx(mobile, output="embedding")


@pytest.mark.real_photos
def test_a_known_file_brings_its_contract(mobile):
    model = load_model(mobile)
    assert (model.card.name, model.contract.alignment, model.contract.mirrored) == ("mobilefacenet", "five_point", True)


@pytest.mark.real_photos
def test_a_file_that_nothing_is_known_of_needs_a_card(mobile, tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(mobile.read_bytes() + b"\x12\x03abc")  # another producer name: the same net in another file
    with pytest.raises(ConfigurationError, match="Nothing is known"):
        load_model(path)
    path.with_suffix(".toml").write_text(
        '[contract]\npixel_mean = 127.5\npixel_divisor = 127.5\nalignment = "five_point"\n'
    )
    model = load_model(path)
    assert (model.contract.size_px, model.template_size, model.known_contract) == (112, 128, None)
    path.with_suffix(".toml").write_text('[contract]\nsize_px = 96\npixel_mean = 0\nalignment = "margin_crop"\n')
    with pytest.raises(ConfigurationError, match="takes 112 px"):
        load_model(path)
