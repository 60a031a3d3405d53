"""Recognisers in ONNX files: read their inputs and outputs, and run them.

Needs onnxruntime (extra ``onnx``).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError, ModelError, WeightsError
from faceproof.files import check_file, sha256_of
from faceproof.systems.recognition.float32 import as_float32
from faceproof.systems.recognition.python_model import LARGEST_TEMPLATE
from faceproof.systems.weights.card import LARGEST_CROP_PX

if TYPE_CHECKING:
    import onnxruntime as ort

    from faceproof.systems.nets.runtime import Runner

CHUNK = 32
"""Batch size if the file leaves it open."""

_MOST_BYTES = 1 << 31
"""Largest size of a file: the limit of protobuf, the format of ONNX."""

_MOST_NUMBERS = 1 << 29
"""Largest number of values in a batch: 2 GiB of float32."""

_QUANTIZING = (b"QuantizeLinear", b"DynamicQuantizeLinear", b"QLinearConv", b"QLinearMatMul", b"ConvInteger")

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class OnnxNet:
    """An opened file.

    Attributes:
        sha256: of the file, and of those beside it that hold its weights, where it has any there.
        size_px: side of the input that the file fixes; None where it leaves it open.
        channels_last: the input is (n, s, s, 3) and not (n, 3, s, s).
        batch: faces at a time that the file fixes; None where it leaves it open; 0: it has no axis for them.
        template_size: numbers in a template; None where the file does not say.
        quantized: the net computes with whole numbers (int8) somewhere.
        run: gives (n, d) of float32 (n, 3, s, s).
    """

    sha256: str
    size_px: int | None
    channels_last: bool
    batch: int | None
    template_size: int | None
    quantized: bool
    run: Runner


def open_onnx(path: Path, *, device: str = "cpu", output: str | None = None) -> OnnxNet:
    """Open an ONNX file that makes templates of faces.

    Args:
        path: the file.
        device: ``cpu`` or ``cuda``, ``cuda:1``, ...
        output: which output is the template; None where there is one alone.

    Raises:
        WeightsError: it cannot be read, is no ONNX, or has an operator that onnxruntime does not know.
        ConfigurationError: its inputs or outputs are not those of a recogniser, or onnxruntime or the device is
            not there.
    """
    size = check_file(path, "The model", WeightsError, most_bytes=_MOST_BYTES)
    try:
        content = path.read_bytes() if size else b""
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror or error}).", path=path) from error
    beside = _files_beside(path, content)
    session = _session(path, device, weights_beside=bool(beside))
    taken = _the_input(path, session)
    shape, channels_last, batch = _layout(path, taken)
    given = _the_output(path, session, output)
    last = given.shape[-1] if given.shape else None
    template_size = last if len(given.shape) <= 2 and isinstance(last, int) else None
    side = shape[0] if isinstance(shape[0], int) else None
    if side is not None:
        refuse_huge_input(path, side, batch)
    if template_size is not None and not 0 < template_size <= LARGEST_TEMPLATE:
        raise ConfigurationError(
            f"{path} gives templates of {template_size:,} numbers; expected 1 to {LARGEST_TEMPLATE:,}.", path=path
        )
    runner = _runner(session, taken.name, given.name, channels_last, batch)
    return OnnxNet(_digest(content, beside), side, channels_last, batch, template_size, _is_quantized(content), runner)


def refuse_huge_input(path: Path, size_px: int, batch: int | None) -> None:
    """Refuse an input that is too large for memory: a file may declare any shape.

    Args:
        path: the file.
        size_px: side of its input.
        batch: see `OnnxNet`.

    Raises:
        ConfigurationError: its side is over `LARGEST_CROP_PX`, or a batch takes over 2 GiB.
    """
    faces = CHUNK if batch is None else max(batch, 1)
    if size_px > LARGEST_CROP_PX or faces * 3 * size_px**2 > _MOST_NUMBERS:
        raise ConfigurationError(
            f"{path} takes {faces:,} pictures of {size_px:,} x {size_px:,} px at a time; expected sides of at most "
            f"{LARGEST_CROP_PX:,} px, and at most {_MOST_NUMBERS:,} numbers at a time.",
            path=path,
        )


def _digest(content: bytes, beside: Sequence[Path]) -> str:
    """SHA-256 of a file and of its weight files: large models store weights in separate files."""
    digest = hashlib.sha256(content)
    for place in beside:
        if place.is_file():
            digest.update(bytes.fromhex(sha256_of(place)))
    return digest.hexdigest()


def _files_beside(path: Path, content: bytes) -> list[Path]:
    """The files that a model names as holding its weights, in its own folder or below.

    Raises:
        WeightsError: it names one elsewhere.
    """
    names = set(_outside(content))
    for name in sorted(names):
        if PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or ".." in PureWindowsPath(name).parts:
            raise WeightsError(
                f"{path} is refused: it names {name!r} as the file of its weights. Expected a file in its own folder.",
                path=path,
            )
    return sorted({path.parent / name for name in names})


def _outside(content: bytes) -> Iterator[str]:
    """Names of files, relative to the model's, that tensors name as their ``location``, as protobuf writes it."""
    for found in re.finditer(rb"\x08location\x12([\x80-\xff]*[\x00-\x7f])", content):
        length = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(found[1]))
        name = content[found.end() : found.end() + length]
        if b"\0" not in name:
            yield os.fsdecode(name)


def _is_quantized(content: bytes) -> bool:
    """Whether a node has a quantizing operator: its ``op_type`` in protobuf's encoding."""
    return any(b"\x22" + bytes([len(name)]) + name in content for name in _QUANTIZING)


def _session(path: Path, device: str, *, weights_beside: bool) -> ort.InferenceSession:
    try:
        import onnxruntime  # an extra, which may not be installed
    except ImportError as error:
        raise ConfigurationError(
            "ONNX files need onnxruntime, which is not installed: pip install 'faceproof[onnx]'"
        ) from error
    found = re.fullmatch(r"(cpu|cuda)(?::([0-9]{1,3}))?", device)
    if not found:
        raise ConfigurationError(
            f"Device {device!r} cannot be used: ONNX files run on cpu, cuda, or cuda:0, cuda:1, ..."
        )
    providers: list[Any] = ["CPUExecutionProvider"]
    if found[1] == "cuda":
        providers = [("CUDAExecutionProvider", {"device_id": int(found[2] or 0)})]
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise ConfigurationError(f"Device {device!r} cannot be used: this onnxruntime runs on the CPU alone.")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # Threads that spin while they wait slow the detector's nets down.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        # Without the fallback, which prints to stdout and runs on the CPU.
        session = onnxruntime.InferenceSession(str(path), options, providers=providers, enable_fallback=False)
    except Exception as error:  # onnxruntime raises a family of its own that has no common root
        if found[1] == "cuda" and "CUDA" in str(error):
            raise ConfigurationError(f"Device {device!r} cannot be used ({_short(str(error))}).") from error
        raise WeightsError(_why_not_opened(path, str(error), weights_beside=weights_beside)) from error
    if found[1] == "cuda" and "CUDAExecutionProvider" not in session.get_providers():
        raise ConfigurationError(f"Device {device!r} cannot be used: onnxruntime found no CUDA that it can use.")
    return session


def _why_not_opened(path: Path, message: str, *, weights_beside: bool) -> str:
    operator = re.search(r"([\w.:]+)\(\S*\) is not a registered function/op", message) or re.search(
        r"No Op registered for (\w+)", message
    )
    if operator:
        return (
            f"{path} has the operator {operator[1]}, which onnxruntime does not know. Export the model with standard "
            "operators, or with an older opset."
        )
    if "NOT_IMPLEMENTED" in message:
        return f"{path} has an operator that onnxruntime cannot run ({_short(message)})."
    if "INVALID_PROTOBUF" in message or "ModelProto does not have a graph" in message:
        return f"{path} is no ONNX file, or it is cut short. Expected what torch.onnx.export and the like write."
    if weights_beside and re.search("xternal[ _](data|initializer)", message):
        return f"{path} keeps its weights in a file of their own, which is missing or cut short ({_short(message)})."
    return f"{path} cannot be opened by onnxruntime ({_short(message)})."


def _short(message: str) -> str:
    return " ".join(message.split())[:200]


def _the_input(path: Path, session: ort.InferenceSession) -> Any:
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise ConfigurationError(
            f"{path} has {len(inputs)} inputs ({_listed(inputs)}); expected one: the face.", path=path
        )
    if inputs[0].type != "tensor(float)":
        raise ConfigurationError(f"{path} takes {inputs[0].type} as {inputs[0].name!r}; expected float32.", path=path)
    return inputs[0]


def _layout(path: Path, taken: Any) -> tuple[Sequence[int | str | None], bool, int | None]:
    """Rows and columns of the input, whether channels come last, and the batch."""
    shape = list(taken.shape)
    with_batch = len(shape) == 4
    if len(shape) not in {3, 4} or shape.count(3) == 0:
        raise ConfigurationError(
            f"{path} takes {_listed([taken])}; expected pictures (n, 3, s, s) or (n, s, s, 3).", path=path
        )
    inner = shape[1:] if with_batch else shape
    if inner[0] != 3 and inner[-1] != 3:
        raise ConfigurationError(f"{path} takes {_listed([taken])}; expected three channels, first or last.", path=path)
    channels_last = inner[0] != 3
    sides = inner[:2] if channels_last else inner[1:]
    if all(isinstance(side, int) for side in sides) and sides[0] != sides[1]:
        raise ConfigurationError(
            f"{path} takes pictures of {sides[0]} x {sides[1]} px; expected square ones.", path=path
        )
    if not with_batch:
        return sides, channels_last, 0
    batch = shape[0] if isinstance(shape[0], int) else None
    if batch is not None and batch < 1:
        raise ConfigurationError(
            f"{path} takes {batch} pictures at a time ({_listed([taken])}); expected 1 or more.", path=path
        )
    return sides, channels_last, batch


def _the_output(path: Path, session: ort.InferenceSession, wanted: str | None) -> Any:
    outputs = session.get_outputs()
    if wanted is not None:
        found = [one for one in outputs if one.name == wanted]
        if not found:
            raise ConfigurationError(f"{path} has no output {wanted!r}; it has {_listed(outputs)}.", path=path)
        outputs = found
    if len(outputs) != 1:
        raise ConfigurationError(
            f"{path} has {len(outputs)} outputs ({_listed(outputs)}); say which is the template: "
            'output = "NAME" in the .toml beside it.',
            path=path,
        )
    if not re.fullmatch(r"tensor\((float|float16|double|u?int(8|16|32|64))\)", outputs[0].type):
        raise ConfigurationError(f"{path} gives {outputs[0].type} as {outputs[0].name!r}; expected numbers.", path=path)
    return outputs[0]


def _listed(many: Sequence[Any]) -> str:
    return ", ".join(f"{one.name} {tuple(one.shape)}" for one in many)


def _runner(session: ort.InferenceSession, name: str, output: str, channels_last: bool, batch: int | None) -> Runner:
    size = CHUNK if batch is None else max(batch, 1)

    def once(faces: Array) -> Array:
        fed = np.ascontiguousarray(faces.transpose(0, 2, 3, 1) if channels_last else faces)
        try:
            (output_array,) = session.run([output], {name: fed[0] if batch == 0 else fed})
        except Exception as error:
            raise ModelError(f"onnxruntime failed: {_short(str(error))}") from error
        templates = as_float32(np.asarray(output_array))
        if batch == 0:
            return templates.reshape(1, -1)
        if templates.ndim == 0 or len(templates) != len(faces):
            raise ModelError(f"the net gave an array of shape {templates.shape} for {len(faces)} faces")
        return templates.reshape(len(templates), -1)

    def run(faces: Array) -> tuple[Array, ...]:
        parts = []
        for start in range(0, len(faces), size):
            rows = faces[start : start + size]
            filled = np.zeros((size, *rows.shape[1:]), np.float32)
            filled[: len(rows)] = rows
            parts.append(once(filled)[: len(rows)])
        return (np.concatenate(parts) if parts else np.zeros((0, 0), np.float32),)

    return run
