"""Tensors in files: read them without running anything, digest them, write them whole or not at all."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from faceproof.errors import WeightsError
from faceproof.files import check_file, replaced_whole

Tensors = dict[str, NDArray[np.float32]]

_ZIP = b"PK\x03\x04"
_TORCH_PICKLE = b"\x80\x02"
_NUMPY_TYPES = {"F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"}

# What training puts around a network: DataParallel, and trainers that call it their model or backbone.
_WRAPPERS = ("module.", "model.", "backbone.")


def matters(name: str) -> bool:
    """Whether the tensor ``name`` plays a part in making a template (classifier and step counters do not).

    >>> [matters(name) for name in ("conv2d_1a.conv.weight", "logits.weight", "loss.weight", "a.num_batches_tracked")]
    [True, False, False, False]
    """
    return not name.startswith(("logits.", "loss.")) and not name.endswith("num_batches_tracked")


def plain_names(names: Iterable[str]) -> dict[str, str]:
    """What a file calls each tensor that `matters`, and its name without what training puts around a network.

    A wrapper is left out only where all names have it: ``module.``, ``model.``, ``backbone.``, or several of them.

    >>> plain_names(["module.fc.weight", "module.loss.weight"])
    {'module.fc.weight': 'fc.weight'}
    """
    plain = {name: name for name in names if matters(name)}
    for wrapper in _WRAPPERS * len(_WRAPPERS):  # in any order
        if all(short.startswith(wrapper) for short in plain.values()):
            plain = {name: short.removeprefix(wrapper) for name, short in plain.items()}
            plain = {name: short for name, short in plain.items() if matters(short)}
    return plain


def tensors_digest(tensors: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 of names, shapes and values, whatever file format the tensors came in.

    For each tensor that `matters`, in the order of the names: the name in UTF-8, a NUL byte, the shape as
    decimal numbers joined by commas, a NUL byte, the values as little-endian float32 in row-major order.

    Args:
        tensors: arrays by name.

    Returns:
        64 hexadecimal digits.

    >>> tensors_digest({"a": np.zeros((2, 1), np.float32)})[:16]
    'd86333ee67359c1b'
    """
    digest = hashlib.sha256()
    for name in sorted(filter(matters, tensors)):
        values = np.ascontiguousarray(tensors[name], dtype="<f4")
        shape = ",".join(map(str, np.shape(tensors[name])))
        digest.update(name.encode() + b"\0" + shape.encode() + b"\0")
        digest.update(values.data)
    return digest.hexdigest()


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Every tensor of a file that `matters`, by its plain name (`plain_names`).

    The file is safetensors, or a PyTorch file that holds nothing but tensors.

    The first bytes decide the format, not the name. Code in a pickle is never run.

    Args:
        path: the file.

    Returns:
        Arrays by name, as stored.

    Raises:
        WeightsError: when the file is missing, a folder, empty, damaged, of another kind, or holds code.
    """
    check_weights_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise WeightsError(f"Cannot read weights file {path}: {error.strerror or error}.") from error
    if head[8:9] == b"{":
        return _read_safetensors(path)
    if head.startswith((_ZIP, _TORCH_PICKLE)):
        return _read_torch(path)
    raise WeightsError(f"{path} is not a weights file: {_what_it_looks_like(head)}.", path=path)


def check_weights_file(path: Path) -> None:
    """Make sure that a weights file may be opened and is not empty.

    Args:
        path: the file.

    Raises:
        WeightsError: it is missing, empty, a folder, a pipe, a socket or a device.
    """
    if path.is_dir():
        raise WeightsError(
            f"{path} is a folder; expected a weights file. To have a folder searched, name it in FACEPROOF_WEIGHTS.",
            path=path,
        )
    if not check_file(path, "The weights file", WeightsError):
        raise WeightsError(f"The weights file {path} is empty.")


def write_tensors(path: Path, tensors: Mapping[str, NDArray[Any]], metadata: dict[str, str]) -> None:
    """Write a safetensors file that is there whole or not at all.

    Args:
        path: the file; its folder is made when missing.
        tensors: arrays by name.
        metadata: texts kept in the file's header.

    Raises:
        WeightsError: when the file cannot be written.
    """
    contiguous = {name: np.ascontiguousarray(values) for name, values in tensors.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_whole(path) as part:
            save_file(contiguous, part, metadata=metadata)
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"Cannot write {path}: {error}.") from error


def _read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with safe_open(path, framework="np") as file:
            names = plain_names(file.keys())
            for name in names:
                _check_dtype(path, name, file.get_slice(name).get_dtype())
            return {plain: file.get_tensor(name) for name, plain in names.items()}
    except WeightsError:
        raise
    except Exception as error:
        raise WeightsError(f"{path} is a damaged or incomplete safetensors file: {error}.", path=path) from error


def _check_dtype(path: Path, name: str, dtype: str) -> None:
    """Refuse types that NumPy does not have, such as BF16 and F8_E4M3."""
    if dtype not in _NUMPY_TYPES:
        raise WeightsError(
            f"{path}: tensor {name} has the type {dtype}; expected float32 (F32). Save the weights as float32.",
            path=path,
        )


def _read_torch(path: Path) -> dict[str, NDArray[Any]]:
    """A PyTorch state dict as arrays that share the tensors' memory."""
    import torch  # here and not at the top: only weights in PyTorch's own format need it

    _refuse_packed(path)
    try:
        # An open file, since torch.load takes a path that ends in .safetensors for what its name says.
        with path.open("rb") as file:
            state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise WeightsError(_why_refused(path, str(error))) from error
    if not isinstance(state, dict):
        raise WeightsError(f"{path} holds a {type(state).__name__}; expected a state dict of tensors.", path=path)
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise WeightsError(
                f"{path} holds a {type(value).__name__} under {name!r}; expected a state dict of tensors.", path=path
            )
    try:
        return {plain: state[name].detach().numpy() for name, plain in plain_names(state).items()}
    except Exception as error:  # sparse, quantised and other tensors that are no plain arrays
        raise WeightsError(
            f"{path} holds tensors that cannot be read as float32: {str(error).rstrip('.')}.", path=path
        ) from error


def _refuse_packed(path: Path) -> None:
    """Refuse a zip file that unpacks to more than it holds: PyTorch never compresses what it saves."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return  # an old PyTorch file is no zip file; PyTorch's own message names a damaged one
    if unpacked > path.stat().st_size:
        raise WeightsError(
            f"{path} is refused: it says that it unpacks to {unpacked:,} bytes, more than the {path.stat().st_size:,} "
            "that it holds. PyTorch files are not compressed: save the state dict again with torch.save.",
            path=path,
        )


def _why_refused(path: Path, reason: str) -> str:
    wanted = re.search(r"(?:GLOBAL|global:?|class:?)\s+([\w.]+\.\w+)", reason)
    if wanted:
        return (
            f"{path} is refused: besides tensors it holds Python objects ({wanted[1]}), and loading those "
            "could run any code. Ask its maker for a plain state dict or a safetensors file."
        )
    sentence = re.split(r"\. |\.?\n", reason.strip(), maxsplit=1)[0].rstrip(".")
    return f"{path} is a damaged or incomplete PyTorch file: {sentence or 'no reason given'}."


def _what_it_looks_like(head: bytes) -> str:
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "it is a web page, perhaps an error page saved in place of the download"
    if head.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; fetch the file itself with git lfs pull"
    if head.startswith(b"\x80"):
        return "it is a Python pickle, which could run any code and is never loaded"
    return f"it starts with {head[:16]!r}; expected safetensors or a PyTorch file (.pt, .pth)"
