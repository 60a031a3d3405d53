"""The cascade's weights out of the ``mtcnn`` package, which is never imported (it wants TensorFlow)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import WeightsError
from faceproof.systems.weights.packages import find_in_package

# The files are pickles, so nothing but these exact bytes (mtcnn 1.0.0) is ever unpickled.
_FILES_SHA256 = {
    "pnet": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "rnet": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "onet": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
}

# Layers in the order of the arrays in each file, under facenet-pytorch's names. The heads come in another
# order there: box regression, then landmarks, then face or not.
_LAYERS = {
    "pnet": "conv1 prelu1 conv2 prelu2 conv3 prelu3 conv4_2 conv4_1",
    "rnet": "conv1 prelu1 conv2 prelu2 conv3 prelu3 dense4 prelu4 dense5_2 dense5_1",
    "onet": "conv1 prelu1 conv2 prelu2 conv3 prelu3 conv4 prelu4 dense5 prelu5 dense6_2 dense6_3 dense6_1",
}

_HELP = "Reinstall it with: pip install --force-reinstall --no-deps 'mtcnn==1.0.0'"


def find_wheel_folder(package: str = "mtcnn") -> Path | None:
    """Folder of the weights inside the installed package, found without importing it.

    Args:
        package: name of the package.

    Returns:
        The folder, or None when the package is not installed or has no such folder.
    """
    return find_in_package(package, "assets/weights")


def read_wheel(folder: Path) -> dict[str, NDArray[np.float32]]:
    """The cascade's tensors under facenet-pytorch's names, prefixed with ``pnet.``, ``rnet.``, ``onet.``.

    Both flatten the last feature map in the order column, row, channel, so that a dense layer needs no more
    than transposing.

    Args:
        folder: what `find_wheel_folder` returns.

    Returns:
        float32 arrays by name; convolutions (out, in, rows, columns), dense layers (out, in).

    Raises:
        WeightsError: when a file is missing or is not the known one.
    """
    tensors: dict[str, NDArray[np.float32]] = {}
    for net in _LAYERS:
        tensors |= _named(net, _unpickle(folder / f"{net}.lz4", _FILES_SHA256[net]))
    return tensors


def _unpickle(path: Path, expected_sha256: str) -> list[NDArray[np.float32]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"Cannot read {path}: {error.strerror or error}. {_HELP}") from error
    found_sha256 = hashlib.sha256(content).hexdigest()
    if found_sha256 != expected_sha256:
        raise WeightsError(
            f"{path} is not the file of mtcnn 1.0.0, so it is not opened (it is a pickle, which could run "
            f"code): SHA-256 {found_sha256}, expected {expected_sha256}. {_HELP}",
            path=path,
        )
    import joblib  # here and not at the top: it takes long to load, and most commands read no such weights

    load: Callable[[io.BytesIO], list[NDArray[np.float32]]] = joblib.load
    return load(io.BytesIO(content))


def _named(net: str, arrays: list[NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    remaining = iter(arrays)
    tensors = {}
    for layer in _LAYERS[net].split():
        tensors[f"{net}.{layer}.weight"] = _reordered(layer, next(remaining))
        if not layer.startswith("prelu"):
            tensors[f"{net}.{layer}.bias"] = next(remaining)
    return tensors


def _reordered(layer: str, weight: NDArray[Any]) -> NDArray[np.float32]:
    """From TensorFlow's order of axes to PyTorch's."""
    if layer.startswith("prelu"):
        return np.ascontiguousarray(weight.reshape(-1), dtype=np.float32)
    axes = (3, 2, 0, 1) if layer.startswith("conv") else (1, 0)
    return np.ascontiguousarray(weight.transpose(axes), dtype=np.float32)
