"""Which tensors of which shapes each architecture has, known without building the network.

Names are those of facenet-pytorch's and Face Transformer's state dicts, where these have the network, without the
classifier (``logits.``, ``loss.``) and the step counters (``num_batches_tracked``), which play no part in making a
template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

from faceproof.errors import ConfigurationError, WeightsError

if TYPE_CHECKING:
    import numpy as np

Layout = dict[str, tuple[int, ...]]

_SHOWN = 4

# Layer and shape of its weight; every layer but a PReLU also has a bias.
_MTCNN_LAYERS: dict[str, dict[str, tuple[int, ...]]] = {
    "pnet": {
        "conv1": (10, 3, 3, 3),
        "prelu1": (10,),
        "conv2": (16, 10, 3, 3),
        "prelu2": (16,),
        "conv3": (32, 16, 3, 3),
        "prelu3": (32,),
        "conv4_1": (2, 32, 1, 1),
        "conv4_2": (4, 32, 1, 1),
    },
    "rnet": {
        "conv1": (28, 3, 3, 3),
        "prelu1": (28,),
        "conv2": (48, 28, 3, 3),
        "prelu2": (48,),
        "conv3": (64, 48, 2, 2),
        "prelu3": (64,),
        "dense4": (128, 576),
        "prelu4": (128,),
        "dense5_1": (2, 128),
        "dense5_2": (4, 128),
    },
    "onet": {
        "conv1": (32, 3, 3, 3),
        "prelu1": (32,),
        "conv2": (64, 32, 3, 3),
        "prelu2": (64,),
        "conv3": (64, 64, 3, 3),
        "prelu3": (64,),
        "conv4": (128, 64, 2, 2),
        "prelu4": (128,),
        "dense5": (256, 1152),
        "prelu5": (256,),
        "dense6_1": (2, 256),
        "dense6_2": (4, 256),
        "dense6_3": (10, 256),
    },
}

# Convolution and (output channels, input channels, rows, columns); each is followed by batch normalisation.
_Convolutions = dict[str, tuple[int, int, int, int]]
_STEM: _Convolutions = {
    "conv2d_1a": (32, 3, 3, 3),
    "conv2d_2a": (32, 32, 3, 3),
    "conv2d_2b": (64, 32, 3, 3),
    "conv2d_3b": (80, 64, 1, 1),
    "conv2d_4a": (192, 80, 3, 3),
    "conv2d_4b": (256, 192, 3, 3),
    "mixed_6a.branch0": (384, 256, 3, 3),
    "mixed_6a.branch1.0": (192, 256, 1, 1),
    "mixed_6a.branch1.1": (192, 192, 3, 3),
    "mixed_6a.branch1.2": (256, 192, 3, 3),
    "mixed_7a.branch0.0": (256, 896, 1, 1),
    "mixed_7a.branch0.1": (384, 256, 3, 3),
    "mixed_7a.branch1.0": (256, 896, 1, 1),
    "mixed_7a.branch1.1": (256, 256, 3, 3),
    "mixed_7a.branch2.0": (256, 896, 1, 1),
    "mixed_7a.branch2.1": (256, 256, 3, 3),
    "mixed_7a.branch2.2": (256, 256, 3, 3),
}
_BLOCK35: _Convolutions = {
    "branch0": (32, 256, 1, 1),
    "branch1.0": (32, 256, 1, 1),
    "branch1.1": (32, 32, 3, 3),
    "branch2.0": (32, 256, 1, 1),
    "branch2.1": (32, 32, 3, 3),
    "branch2.2": (32, 32, 3, 3),
}
_BLOCK17: _Convolutions = {
    "branch0": (128, 896, 1, 1),
    "branch1.0": (128, 896, 1, 1),
    "branch1.1": (128, 128, 1, 7),
    "branch1.2": (128, 128, 7, 1),
}
_BLOCK8: _Convolutions = {
    "branch0": (192, 1792, 1, 1),
    "branch1.0": (192, 1792, 1, 1),
    "branch1.1": (192, 192, 1, 3),
    "branch1.2": (192, 192, 3, 1),
}

# Channels of the blocks of dlib's network.
_DLIB_BLOCKS = (32,) * 3 + (64,) * 4 + (128,) * 3 + (256,) * 4


def _mtcnn() -> Layout:
    layout: Layout = {}
    for net, layers in _MTCNN_LAYERS.items():
        for layer, shape in layers.items():
            layout[f"{net}.{layer}.weight"] = shape
            if not layer.startswith("prelu"):
                layout[f"{net}.{layer}.bias"] = shape[:1]
    return layout


def _batch_norm(name: str, channels: int) -> Layout:
    return {f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")}


def _normalised(convolutions: _Convolutions, prefix: str = "") -> Layout:
    layout: Layout = {}
    for name, shape in convolutions.items():
        layout[f"{prefix}{name}.conv.weight"] = shape
        layout |= _batch_norm(f"{prefix}{name}.bn", shape[0])
    return layout


def _residual_block(name: str, convolutions: _Convolutions, joined: int, channels: int) -> Layout:
    ending: Layout = {f"{name}.conv2d.weight": (channels, joined, 1, 1), f"{name}.conv2d.bias": (channels,)}
    return _normalised(convolutions, f"{name}.") | ending


def _inception_resnet_v1() -> Layout:
    layout = _normalised(_STEM)
    for row in range(5):
        layout |= _residual_block(f"repeat_1.{row}", _BLOCK35, 96, 256)
    for row in range(10):
        layout |= _residual_block(f"repeat_2.{row}", _BLOCK17, 256, 896)
    for name in [*(f"repeat_3.{row}" for row in range(5)), "block8"]:
        layout |= _residual_block(name, _BLOCK8, 384, 1792)
    return layout | {"last_linear.weight": (512, 1792)} | _batch_norm("last_bn", 512)


def _conv_affine(name: str, shape: tuple[int, int, int, int]) -> Layout:
    parts = ("conv.bias", "affine.weight", "affine.bias")
    return {f"{name}.conv.weight": shape} | {f"{name}.{part}": shape[:1] for part in parts}


def _dlib_resnet() -> Layout:
    layout = _conv_affine("stem", (32, 3, 7, 7))
    inputs = 32
    for row, channels in enumerate(_DLIB_BLOCKS):
        layout |= _conv_affine(f"blocks.{row}.first", (channels, inputs, 3, 3))
        layout |= _conv_affine(f"blocks.{row}.second", (channels, channels, 3, 3))
        inputs = channels
    return layout | {"fc.weight": (128, inputs)}


def _dense(name: str, outputs: int, inputs: int) -> Layout:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _layer_norm(name: str, size: int) -> Layout:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def face_transformer_layout(
    patch_px: int,
    *,
    dim: int = 512,
    depth: int = 20,
    heads: int = 8,
    head_dim: int = 64,
    mlp: int = 2048,
    patches: int = 196,
) -> Layout:
    """The layout of a Face Transformer of any size; see `faceproof.systems.nets.face_transformer.FaceTransformer`.

    Args:
        patch_px: side of a patch.
        dim: numbers in a token.
        depth: layers.
        heads: of attention in each layer.
        head_dim: numbers that a head compares.
        mlp: numbers between the two steps of a feed-forward.
        patches: in a crop; 14 x 14 of 112 px, however they are cut.

    >>> face_transformer_layout(12)["patch_to_embedding.weight"]
    (512, 432)
    """
    layout: Layout = {"pos_embedding": (1, patches + 1, dim), "cls_token": (1, 1, dim)}
    layout |= _dense("patch_to_embedding", dim, 3 * patch_px**2)
    for row in range(depth):
        attention, feed_forward = f"transformer.layers.{row}.0.fn", f"transformer.layers.{row}.1.fn"
        layout |= _layer_norm(f"{attention}.norm", dim)
        layout |= {f"{attention}.fn.to_qkv.weight": (3 * heads * head_dim, dim)}
        layout |= _dense(f"{attention}.fn.to_out.0", dim, heads * head_dim)
        layout |= _layer_norm(f"{feed_forward}.norm", dim)
        layout |= _dense(f"{feed_forward}.fn.net.0", mlp, dim) | _dense(f"{feed_forward}.fn.net.3", dim, mlp)
    return layout | _layer_norm("mlp_head.0", dim)


_BUILDERS: dict[str, Callable[[], Layout]] = {
    "mtcnn": _mtcnn,
    "inception_resnet_v1": _inception_resnet_v1,
    "dlib_resnet": _dlib_resnet,
    "face_transformer_p8s8": partial(face_transformer_layout, 8),
    "face_transformer_p10s8": partial(face_transformer_layout, 10),
    "face_transformer_p12s8": partial(face_transformer_layout, 12),
}


@cache
def expected_layout(architecture: str) -> Mapping[str, tuple[int, ...]]:
    """Name and shape of every tensor that ``architecture`` needs.

    Args:
        architecture: ``mtcnn``, ``inception_resnet_v1``, ``dlib_resnet``, or ``face_transformer_p8s8``,
            ``face_transformer_p10s8`` and ``face_transformer_p12s8``, which differ in the side of a patch.

    Returns:
        Shapes by tensor name; convolutions are (out, in, rows, columns), dense layers (out, in).

    Raises:
        ConfigurationError: when the architecture is unknown.

    >>> expected_layout("mtcnn")["rnet.dense4.weight"]
    (128, 576)
    """
    if architecture not in _BUILDERS:
        raise ConfigurationError(f"Unknown architecture {architecture!r}. Known: {', '.join(_BUILDERS)}.")
    return _BUILDERS[architecture]()


def check_layout(tensors: Mapping[str, np.ndarray], architecture: str, origin: str) -> None:
    """Make sure that ``tensors`` are those of ``architecture``, all float32.

    Args:
        tensors: arrays by name, without classifier and step counters.
        architecture: key of `expected_layout`.
        origin: file or folder that the message names.

    Raises:
        WeightsError: when tensors are missing, unexpected, of another shape or not float32.
    """
    expected = expected_layout(architecture)
    shared = sorted(expected.keys() & tensors.keys())
    shapes = [
        f"{name} {tensors[name].shape}, expected {expected[name]}"
        for name in shared
        if tensors[name].shape != expected[name]
    ]
    dtypes = [f"{name} {tensors[name].dtype}" for name in shared if tensors[name].dtype != "float32"]
    problems = [
        _few("missing", sorted(expected.keys() - tensors.keys())),
        _few("unexpected", sorted(tensors.keys() - expected.keys())),
        _few("of another shape", shapes),
        _few("not float32", dtypes),
    ]
    found = "; ".join(problem for problem in problems if problem)
    if found:
        raise WeightsError(f"{origin} does not hold the weights of {architecture}. Tensors {found}.")


def _few(what: str, names: list[str]) -> str:
    """At most a handful of ``names`` under the heading ``what``, with how many more there are."""
    if not names:
        return ""
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{what}: {', '.join(names[:_SHOWN])}{rest}"
