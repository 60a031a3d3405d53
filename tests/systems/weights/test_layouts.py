import subprocess
import sys

import numpy as np
import pytest
import torch

from faceproof.errors import ConfigurationError, WeightsError
from faceproof.systems.nets.dlib_resnet import DlibResnet
from faceproof.systems.nets.face_transformer import P8S8, P10S8, P12S8, FaceTransformer, Patches
from faceproof.systems.nets.inception_resnet_v1 import InceptionResnetV1
from faceproof.systems.nets.mtcnn import ONet, PNet, RNet
from faceproof.systems.weights.layouts import check_layout, expected_layout, face_transformer_layout


def shapes(module, prefix=""):
    """Shapes of a real module's state dict, without its step counters."""
    return {
        prefix + name: tuple(tensor.shape)
        for name, tensor in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def zeros(architecture):
    """Tensors that take no memory, in the layout of an architecture."""
    return {name: np.broadcast_to(np.float32(0), shape) for name, shape in expected_layout(architecture).items()}


def test_the_cascade_is_that_of_the_torch_modules():
    nets = {"pnet": PNet(), "rnet": RNet(), "onet": ONet()}
    whole = {}
    for name, net in nets.items():
        whole |= shapes(net, f"{name}.")
    assert expected_layout("mtcnn") == whole


@pytest.mark.parametrize("num_classes", [None, 7])
def test_inception_resnet_is_that_of_the_torch_module_without_its_classifier(num_classes):
    with torch.device("meta"):
        net = InceptionResnetV1(num_classes=num_classes)
    whole = shapes(net)
    classifier = {name for name in whole if name.startswith("logits.")}
    assert len(classifier) == (0 if num_classes is None else 2)
    assert expected_layout("inception_resnet_v1") == {name: whole[name] for name in whole.keys() - classifier}


def test_dlibs_network_is_that_of_the_torch_module_in_its_order():
    layout = expected_layout("dlib_resnet")
    assert layout == shapes(DlibResnet())
    assert list(layout) == list(DlibResnet().state_dict())


@pytest.mark.parametrize(("name", "patches"), [("p8s8", P8S8), ("p10s8", P10S8), ("p12s8", P12S8)])
def test_a_face_transformer_is_that_of_the_torch_module_in_its_order(name, patches):
    with torch.device("meta"):
        net = FaceTransformer(patches)
    layout = expected_layout(f"face_transformer_{name}")
    assert layout == shapes(net)
    assert list(layout) == list(net.state_dict())
    assert len(layout) == 6 + 20 * 11


def test_a_face_transformers_layout_follows_its_sizes():
    """All sizes differ, so that none can stand in for another."""
    net = FaceTransformer(Patches(6, 4), dim=20, depth=3, heads=2, head_dim=7, mlp=11, image_px=22)
    layout = face_transformer_layout(6, dim=20, depth=3, heads=2, head_dim=7, mlp=11, patches=25)
    assert layout == shapes(net)
    assert list(layout) == list(net.state_dict())


def test_another_face_transformer_is_told_by_its_patches():
    with pytest.raises(WeightsError) as raised:
        check_layout(zeros("face_transformer_p12s8"), "face_transformer_p8s8", "some.pth")
    assert str(raised.value) == (
        "some.pth does not hold the weights of face_transformer_p8s8. Tensors of another shape: "
        "patch_to_embedding.weight (512, 432), expected (512, 192)."
    )


def test_missing_unexpected_and_misshapen_tensors_are_all_named():
    tensors = zeros("face_transformer_p8s8")
    for row in range(15, 20):
        del tensors[f"transformer.layers.{row}.1.fn.fn.net.3.bias"]
        tensors[f"transformer.layers.{row}.1.fn.fn.net.5.bias"] = np.zeros(1, np.float32)
        tensors[f"transformer.layers.{row}.0.fn.fn.to_qkv.weight"] = np.zeros((2, 2), np.float32)
    with pytest.raises(WeightsError) as raised:
        check_layout(tensors, "face_transformer_p8s8", "some.pth")
    rows = range(15, 19)
    missing = ", ".join(f"transformer.layers.{row}.1.fn.fn.net.3.bias" for row in rows)
    unexpected = ", ".join(f"transformer.layers.{row}.1.fn.fn.net.5.bias" for row in rows)
    misshapen = ", ".join(
        f"transformer.layers.{row}.0.fn.fn.to_qkv.weight (2, 2), expected (1536, 512)" for row in rows
    )
    assert str(raised.value).endswith(
        f"Tensors missing: {missing} and 1 more; unexpected: {unexpected} and 1 more; "
        f"of another shape: {misshapen} and 1 more."
    )


def test_an_unknown_architecture_is_refused_and_the_known_are_named():
    known = "mtcnn, inception_resnet_v1, dlib_resnet, face_transformer_p8s8, face_transformer_p10s8, "
    with pytest.raises(ConfigurationError, match=rf"'resnet50'\. Known: {known}face_transformer_p12s8\."):
        expected_layout("resnet50")


@pytest.mark.parametrize("architecture", ["mtcnn", "inception_resnet_v1", "dlib_resnet", "face_transformer_p12s8"])
def test_tensors_of_the_layout_pass_in_any_order(architecture):
    tensors = zeros(architecture)
    check_layout(tensors, architecture, "some.pt")
    check_layout(dict(reversed(tensors.items())), architecture, "some.pt")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"pnet.conv1.bias": None}, "missing: pnet.conv1.bias."),
        ({"rnet.conv1.gain": np.zeros(2, np.float32)}, "unexpected: rnet.conv1.gain."),
        (
            {"onet.dense5.bias": np.zeros((256, 1), np.float32)},
            "of another shape: onet.dense5.bias (256, 1), expected (256,).",
        ),
        ({"onet.dense5.bias": np.float32(0)}, "of another shape: onet.dense5.bias (), expected (256,)."),
        ({"onet.dense5.bias": np.zeros(256)}, "not float32: onet.dense5.bias float64."),
        (
            {"onet.dense5.bias": np.zeros(3, np.int64)},
            "of another shape: onet.dense5.bias (3,), expected (256,); not float32: onet.dense5.bias int64.",
        ),
    ],
)
def test_a_message_has_what_is_wrong_and_no_more(changes, told):
    tensors = {name: value for name, value in (zeros("mtcnn") | changes).items() if value is not None}
    with pytest.raises(WeightsError) as raised:
        check_layout(tensors, "mtcnn", "/some where/file.pt")
    assert str(raised.value) == f"/some where/file.pt does not hold the weights of mtcnn. Tensors {told}"


def test_four_names_are_shown_and_the_others_counted():
    tensors = zeros("mtcnn")
    layers = ["conv1", "conv2", "conv3", "conv4_1", "conv4_2"]
    for layer in layers[:4]:
        del tensors[f"pnet.{layer}.bias"]
    four = ", ".join(f"pnet.{layer}.bias" for layer in layers[:4])
    with pytest.raises(WeightsError, match=rf"missing: {four}\.$"):
        check_layout(tensors, "mtcnn", "some.pt")
    del tensors["pnet.conv4_2.bias"]
    with pytest.raises(WeightsError, match=rf"missing: {four} and 1 more\.$"):
        check_layout(tensors, "mtcnn", "some.pt")


def test_a_file_without_tensors_lacks_them_all():
    count = len(expected_layout("mtcnn"))
    with pytest.raises(WeightsError, match=rf"Tensors missing: .* and {count - 4} more\.$"):
        check_layout({}, "mtcnn", "some.pt")


def test_layouts_are_known_without_torch():
    code = (
        "import sys; from faceproof.systems.weights.layouts import expected_layout; "
        "[expected_layout(name) for name in ('mtcnn', 'inception_resnet_v1', 'dlib_resnet', 'face_transformer_p8s8')]; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=300, check=False).returncode == 0
