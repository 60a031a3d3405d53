from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from faceproof.errors import ConfigurationError, WeightsError
from faceproof.systems.load import load_pipeline
from faceproof.systems.recipe import Recipe
from faceproof.systems.recognition.catalog import load_model
from faceproof.systems.recognition.onnx_model import open_onnx

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
    with pytest.raises(WeightsError, match=r"^The model \S+none\.onnx cannot be read \(No such file"):
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
    assert (model.card.templates.score, model.card.threshold) == ("angle_deg", None)


@pytest.mark.real_photos
def test_a_card_beside_a_known_file_may_set_its_threshold(mobile, tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(mobile.read_bytes())
    path.with_suffix(".toml").write_text("threshold = 60\n")
    model = load_model(path)
    assert (model.card.name, model.card.threshold.distance) == ("mobilefacenet", pytest.approx(1.0))


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


class TestLayouts:
    """Small files of every layout, whose template is the mean (and the largest value) of each channel."""

    @staticmethod
    def write(path, shape, axes, *, outputs=1, dtype=None):
        onnx = pytest.importorskip("onnx", reason="the package onnx, which writes such files, is not installed")
        helper, kinds = onnx.helper, onnx.TensorProto
        taken = helper.make_tensor_value_info("face", kinds.FLOAT if dtype is None else dtype, shape)
        given, nodes = [], []
        for name, operator in [("mean", "ReduceMean"), ("most", "ReduceMax")][:outputs]:
            nodes.append(helper.make_node(operator, ["face"], [name], axes=axes, keepdims=0))
            left = [side for place, side in enumerate(shape) if place not in axes]
            given.append(helper.make_tensor_value_info(name, kinds.FLOAT, left))
        graph = helper.make_graph(nodes, "small", [taken], given)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.save(model, path)
        return path

    @pytest.mark.parametrize(
        ("shape", "axes", "found"),
        [
            (["n", 3, 8, 8], [2, 3], (8, False, None)),
            ([4, 3, 8, 8], [2, 3], (8, False, 4)),
            ([1, 3, "h", "w"], [2, 3], (None, False, 1)),
            (["n", 8, 8, 3], [1, 2], (8, True, None)),
            ([3, 8, 8], [1, 2], (8, False, 0)),
            ([8, 8, 3], [0, 1], (8, True, 0)),
        ],
        ids=["open batch", "batch of four", "open size", "channels last", "no batch", "channels last, no batch"],
    )
    def test_each_is_read_off_the_file_and_gives_the_same_templates(self, tmp_path, shape, axes, found):
        net = open_onnx(self.write(tmp_path / "small.onnx", shape, axes))
        assert (net.size_px, net.channels_last, net.batch) == found
        batch = np.random.default_rng(0).random((6, 3, 8, 8), np.float32)
        np.testing.assert_allclose(net.run(batch)[0], batch.mean(axis=(2, 3)), atol=1e-6)

    @pytest.mark.parametrize("operator", ["QuantizeLinear", "DynamicQuantizeLinear", None])
    def test_a_net_that_computes_with_whole_numbers_is_known_by_its_operators(self, tmp_path, operator):
        """A node's name says nothing, nor does another operator whose name begins alike."""
        onnx = pytest.importorskip("onnx", reason="the package onnx, which writes such files, is not installed")
        model = onnx.load(self.write(tmp_path / "small.onnx", ["n", 3, 8, 8], [2, 3]))
        names = ["mean", "s", "z"][: 1 if operator == "DynamicQuantizeLinear" else 3]
        made = ["whole", "s2", "z2"][: 3 if operator == "DynamicQuantizeLinear" else 1]
        for name, value in (("s", np.float32(0.1)), ("z", np.uint8(0))):
            model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(value), name))
        if operator is None:
            node = onnx.helper.make_node("DequantizeLinear", ["z", "s"], ["whole"], name="QuantizeLinear")
        else:
            node = onnx.helper.make_node(operator, names, made)
        model.graph.node.append(node)
        onnx.save(model, tmp_path / "small.onnx")
        assert open_onnx(tmp_path / "small.onnx").quantized == (operator is not None)

    def test_of_several_outputs_one_has_to_be_named(self, tmp_path):
        path = self.write(tmp_path / "small.onnx", ["n", 3, 8, 8], [2, 3], outputs=2)
        with pytest.raises(ConfigurationError, match="2 outputs"):
            open_onnx(path)
        batch = np.random.default_rng(0).random((2, 3, 8, 8), np.float32)
        np.testing.assert_allclose(open_onnx(path, output="most").run(batch)[0], batch.max(axis=(2, 3)))

    @pytest.mark.parametrize(
        ("shape", "axes", "said"),
        [
            (["n", 3, 8, 9], [2, 3], "square"),
            (["n", 1, 8, 8], [2, 3], "expected pictures"),
            (["n", 8, 3, 8], [1, 3], "three channels"),
            (["n", 3], [1], "expected pictures"),
        ],
    )
    def test_what_takes_no_face_is_refused(self, tmp_path, shape, axes, said):
        with pytest.raises(ConfigurationError, match=said):
            open_onnx(self.write(tmp_path / "small.onnx", shape, axes))

    def test_options_may_say_what_a_card_would(self, tmp_path):
        path = self.write(tmp_path / "small.onnx", ["n", 3, 8, 8], [2, 3])
        said = Recipe(pixel_mean=0.0, pixel_divisor=255.0, alignment="even_margin_crop", margin_px=2)
        model = load_pipeline(str(path), None, said, offline=True).recognizer
        assert (model.contract.size_px, model.contract.margin_px, model.known_contract) == (8, 2, None)
        with pytest.raises(ConfigurationError, match="pixel_divisor"):
            load_pipeline(str(path), None, Recipe(pixel_mean=0.0, alignment="margin_crop"), offline=True)
        with pytest.raises(ConfigurationError, match=r"takes 8 px|fixes|size_px is 9"):
            load_pipeline(str(path), None, replace(said, size_px=9), offline=True)

    @pytest.mark.parametrize("place", ["outside.bin", "./dot.bin", "below/outside.bin", "b" * 140])
    def test_weights_may_lie_in_a_file_of_their_own(self, tmp_path, place):
        onnx = pytest.importorskip("onnx", reason="the package onnx, which writes such files, is not installed")
        model = onnx.load(self.write(tmp_path / "small.onnx", ["n", 3, 8, 8], [2, 3]))
        weight = np.linspace(1, 2, 3, dtype=np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(weight, "weight"))
        model.graph.node[0].output[0] = "plain"
        model.graph.node.append(onnx.helper.make_node("Mul", ["plain", "weight"], ["mean"]))
        path, weights = tmp_path / "outside.onnx", tmp_path / place
        weights.parent.mkdir(exist_ok=True)
        onnx.save(model, path, save_as_external_data=True, location=place, size_threshold=0)
        batch = np.random.default_rng(0).random((2, 3, 8, 8), np.float32)
        net = open_onnx(path)
        np.testing.assert_allclose(net.run(batch)[0], batch.mean(axis=(2, 3)) * weight, rtol=1e-6)
        weights.write_bytes((weight * 2).tobytes())
        assert open_onnx(path).sha256 != net.sha256
        weights.unlink()
        with pytest.raises(WeightsError, match="a file of their own, which is missing"):
            open_onnx(path)

    def test_a_card_beside_it_makes_it_a_model(self, tmp_path):
        path = self.write(tmp_path / "small.onnx", ["n", 3, "h", "w"], [2, 3])
        card = path.with_suffix(".toml")
        card.write_text('name = "Small"\n[contract]\npixel_mean = 0\npixel_divisor = 255\nalignment = "margin_crop"\n')
        with pytest.raises(ConfigurationError, match="say size_px"):
            load_model(path)
        card.write_text(card.read_text().replace("[contract]", "[contract]\nsize_px = 24"))
        model = load_model(path)
        assert (model.card.name, model.contract.size_px, model.template_size) == ("small", 24, 3)
        card.write_text(f'threshold = 0.5\n{card.read_text()}[templates]\nscore = "cosine_similarity"\n')
        model = load_model(path)
        assert (model.card.templates.score, model.card.threshold.distance) == ("cosine_similarity", 1.0)
        card.write_text("[contract\n")
        with pytest.raises(ConfigurationError, match="no TOML"):
            load_model(path)
        card.write_text("contrakt = 1\n")
        with pytest.raises(ConfigurationError, match="contrakt"):
            load_model(path)

    def test_a_card_that_is_no_regular_file_is_not_opened(self, tmp_path, special):
        path = self.write(tmp_path / "small.onnx", ["n", 3, 8, 8], [2, 3])
        called = special(tmp_path / "small.toml")
        with pytest.raises(ConfigurationError, match=rf"^The card \S+small\.toml is {called}\. Expected a "):
            load_model(path)

    def test_a_model_that_is_no_regular_file_is_not_opened(self, tmp_path, special):
        called = special(tmp_path / "odd.onnx")
        with pytest.raises(WeightsError, match=rf"^The model \S+odd\.onnx is {called}\. Expected a "):
            load_model(tmp_path / "odd.onnx")

    @pytest.mark.parametrize(
        ("shape", "said"),
        [
            (["n", 3, 10**6, 10**6], "takes 32 pictures of 1,000,000 x 1,000,000 px at a time; expected sides of at"),
            (["n", 3, 1025, 1025], "takes 32 pictures of 1,025 x 1,025 px at a time"),
            ([10**9, 3, 8, 8], "takes 1,000,000,000 pictures of 8 x 8 px at a time"),
            ([0, 3, 8, 8], r"takes 0 pictures at a time \(face \(0, 3, 8, 8\)\); expected 1 or more"),
        ],
    )
    def test_an_input_for_which_there_is_no_room_is_refused(self, tmp_path, shape, said):
        with pytest.raises(ConfigurationError, match=said):
            open_onnx(self.write(tmp_path / "small.onnx", shape, [2, 3]))

    @pytest.mark.parametrize("device", ["cuda:x", "cuda:-1", "xyz", "", "meta", "mps", "cuda:99999999999"])
    def test_a_device_that_is_none_is_refused(self, tmp_path, device):
        path = self.write(tmp_path / "small.onnx", ["n", 3, 8, 8], [2, 3])
        with pytest.raises(ConfigurationError, match=f"^Device '{device}' cannot be used: ONNX files run on cpu, cuda"):
            open_onnx(path, device=device)
        assert open_onnx(path, device="cpu:0").size_px == 8

    def test_cuda_is_refused_where_onnxruntime_has_none(self, tmp_path):
        import onnxruntime

        if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            pytest.skip("this onnxruntime has CUDA")
        path = self.write(tmp_path / "small.onnx", ["n", 3, 8, 8], [2, 3])
        with pytest.raises(ConfigurationError, match="'cuda:99' cannot be used: this onnxruntime runs on the CPU"):
            open_onnx(path, device="cuda:99")

    @staticmethod
    def odd(path, nodes, given, weights=(), shape=("n", 3, 8, 8)):
        """A file of these nodes, from ``face`` to ``out``, and a card beside it."""
        onnx = pytest.importorskip("onnx", reason="the package onnx, which writes such files, is not installed")
        taken = onnx.helper.make_tensor_value_info("face", onnx.TensorProto.FLOAT, list(shape))
        graph = onnx.helper.make_graph(nodes(onnx), "odd", [taken], [given(onnx)], weights)
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)])
        model.ir_version = 8
        path.write_bytes(model.SerializeToString())
        path.with_suffix(".toml").write_text(
            '[contract]\npixel_mean = 0\npixel_divisor = 255\nalignment = "margin_crop"\n'
        )
        return path

    def test_an_output_that_is_no_numbers_is_refused(self, tmp_path):
        path = self.odd(
            tmp_path / "odd.onnx",
            lambda onnx: [onnx.helper.make_node("Cast", ["face"], ["out"], to=onnx.TensorProto.STRING)],
            lambda onnx: onnx.helper.make_tensor_value_info("out", onnx.TensorProto.STRING, ["n", 3, 8, 8]),
        )
        with pytest.raises(ConfigurationError, match=r"gives tensor\(string\) as 'out'; expected numbers"):
            open_onnx(path)

    def test_an_output_without_an_axis_for_faces_is_refused(self, tmp_path):
        path = self.odd(
            tmp_path / "odd.onnx",
            lambda onnx: [onnx.helper.make_node("ReduceMean", ["face"], ["out"], keepdims=0)],
            lambda onnx: onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, []),
        )
        with pytest.raises(ConfigurationError, match=r"cannot describe a black picture of 8 x 8 px .*shape \(\)"):
            load_model(path)

    def open_size(self, path, size):
        """A net whose convolution of 5 x 5 takes no smaller picture, and whose file leaves the size open."""
        onnx = pytest.importorskip("onnx", reason="the package onnx, which writes such files, is not installed")
        kernel = onnx.numpy_helper.from_array(np.ones((4, 3, 5, 5), np.float32), "kernel")
        self.odd(
            path,
            lambda onnx: [
                onnx.helper.make_node("Conv", ["face", "kernel"], ["map"]),
                onnx.helper.make_node("ReduceMean", ["map"], ["out"], axes=[2, 3], keepdims=0),
            ],
            lambda onnx: onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, ["n", 4]),
            [kernel],
            ("n", 3, "h", "w"),
        )
        card = path.with_suffix(".toml")
        card.write_text(f"{card.read_text()}size_px = {size}\n")
        return path

    def test_a_size_that_the_net_cannot_take_is_refused_before_a_run(self, tmp_path):
        assert load_model(self.open_size(tmp_path / "odd.onnx", 5)).template_size == 4
        with pytest.raises(ConfigurationError, match=r"cannot describe a black picture of 4 x 4 px .* size_px"):
            load_model(self.open_size(tmp_path / "odd.onnx", 4))

    def outside(self, path, location, **more):
        """A file that names another as holding its weights, 12 numbers."""
        onnx = pytest.importorskip("onnx", reason="the package onnx, which writes such files, is not installed")
        weight = onnx.TensorProto(name="weight", data_type=onnx.TensorProto.FLOAT, dims=[3, 4])
        weight.data_location = onnx.TensorProto.EXTERNAL
        for key, value in {"location": location, "offset": 0, "length": 48, **more}.items():
            weight.external_data.add(key=key, value=str(value))
        return self.odd(
            path,
            lambda onnx: [
                onnx.helper.make_node("ReduceMean", ["face"], ["mean"], axes=[2, 3], keepdims=0),
                onnx.helper.make_node("MatMul", ["mean", "weight"], ["out"]),
            ],
            lambda onnx: onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, ["n", 4]),
            [weight],
        )

    @pytest.mark.parametrize(
        "location", ["../weights.bin", "/dev/zero", "a/../../weights.bin", "..\\weights.bin", "C:\\w"]
    )
    def test_weights_outside_of_the_folder_are_refused(self, tmp_path, location):
        (tmp_path / "weights.bin").write_bytes(bytes(48))
        (tmp_path / "model").mkdir()
        path = self.outside(tmp_path / "model" / "odd.onnx", location)
        with pytest.raises(WeightsError, match=r"odd\.onnx is refused: it names .* as the file of its weights"):
            open_onnx(path)

    @pytest.mark.parametrize("more", [{"offset": 10**12}, {"length": 10**12}, {"length": 96}])
    def test_weights_beyond_the_end_of_their_file_are_refused(self, tmp_path, more):
        (tmp_path / "weights.bin").write_bytes(bytes(48))
        assert open_onnx(self.outside(tmp_path / "odd.onnx", "weights.bin")).template_size == 4
        with pytest.raises(
            WeightsError, match=r"odd\.onnx keeps its weights in a file of their own, which is missing or cut short"
        ):
            open_onnx(self.outside(tmp_path / "odd.onnx", "weights.bin", **more))

    def test_weights_that_claim_a_trillion_numbers_are_refused(self, tmp_path):
        onnx = pytest.importorskip("onnx", reason="the package onnx, which writes such files, is not installed")
        weight = onnx.TensorProto(name="weight", data_type=onnx.TensorProto.FLOAT, dims=[3, 10**12], raw_data=bytes(48))
        path = self.odd(
            tmp_path / "odd.onnx",
            lambda onnx: [
                onnx.helper.make_node("ReduceMean", ["face"], ["mean"], axes=[2, 3], keepdims=0),
                onnx.helper.make_node("MatMul", ["mean", "weight"], ["out"]),
            ],
            lambda onnx: onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, ["n", 10**12]),
            [weight],
        )
        with pytest.raises(WeightsError, match=r"odd\.onnx cannot be opened by onnxruntime .*(declares a size|limit)"):
            open_onnx(path)
