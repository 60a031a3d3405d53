"""Recognisers that come as ONNX files: what the file says of itself, and a runner for it.

Needs onnxruntime (extra ``onnx``).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError, ModelError, WeightsError
from faceproof.files import sha256_of

if TYPE_CHECKING:
    import onnxruntime as ort

    from faceproof.nets.runtime import Runner

CHUNK = 32
"""Faces at a time where the file leaves the batch open."""

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
        run: gives (n, d) of float32 (n, 3, s, s).
    """

    sha256: str
    size_px: int | None
    channels_last: bool
    batch: int | None
    template_size: int | None
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
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror or error}).") from error
    session = _session(path, device)
    taken = _the_input(path, session)
    shape, channels_last, batch = _layout(path, taken)
    given = _the_output(path, session, output)
    template_size = given.shape[-1] if len(given.shape) <= 2 and isinstance(given.shape[-1], int) else None
    side = shape[0] if isinstance(shape[0], int) else None
    runner = _runner(session, taken.name, given.name, channels_last, batch)
    return OnnxNet(_digest(path, content), side, channels_last, batch, template_size, runner)


def _digest(path: Path, content: bytes) -> str:
    """Of a file and of those that it names as holding its weights: large models keep them outside."""
    digest = hashlib.sha256(content)
    for place in sorted({path.parent / name for name in _outside(content)}):
        if place.is_file():
            digest.update(bytes.fromhex(sha256_of(place)))
    return digest.hexdigest()


def _outside(content: bytes) -> Iterator[str]:
    """Names of files, relative to the model's, that tensors name as their ``location``, as protobuf writes it."""
    for found in re.finditer(rb"\x08location\x12([\x80-\xff]*[\x00-\x7f])", content):
        length = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(found[1]))
        name = content[found.end() : found.end() + length]
        if b"\0" not in name:
            yield os.fsdecode(name)


def _session(path: Path, device: str) -> ort.InferenceSession:
    try:
        import onnxruntime
    except ImportError as error:
        raise ConfigurationError(
            "ONNX files need onnxruntime, which is not installed: pip install 'faceproof[onnx]'"
        ) from error
    kind, _, number = device.partition(":")
    providers: list[Any] = ["CPUExecutionProvider"]
    if kind == "cuda":
        providers = [("CUDAExecutionProvider", {"device_id": int(number or 0)})]
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise ConfigurationError(f"Device {device!r} cannot be used: this onnxruntime runs on the CPU alone.")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # Threads that spin while they wait slow the detector's nets down.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # onnxruntime raises a family of its own that has no common root
        raise WeightsError(_why_not_opened(path, str(error))) from error


def _why_not_opened(path: Path, message: str) -> str:
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
    if "xternal data" in message or "xternal_data" in message:
        return f"{path} keeps its weights in a file of their own, which is missing or cut short ({_short(message)})."
    return f"{path} cannot be opened by onnxruntime ({_short(message)})."


def _short(message: str) -> str:
    return " ".join(message.split())[:200]


def _the_input(path: Path, session: ort.InferenceSession) -> Any:
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise ConfigurationError(f"{path} has {len(inputs)} inputs ({_listed(inputs)}); expected one: the face.")
    if inputs[0].type != "tensor(float)":
        raise ConfigurationError(f"{path} takes {inputs[0].type} as {inputs[0].name!r}; expected float32.")
    return inputs[0]


def _layout(path: Path, taken: Any) -> tuple[Sequence[int | str | None], bool, int | None]:
    """Rows and columns of the input, whether channels come last, and the batch."""
    shape = list(taken.shape)
    with_batch = len(shape) == 4
    if len(shape) not in {3, 4} or shape.count(3) == 0:
        raise ConfigurationError(f"{path} takes {_listed([taken])}; expected pictures (n, 3, s, s) or (n, s, s, 3).")
    inner = shape[1:] if with_batch else shape
    if inner[0] != 3 and inner[-1] != 3:
        raise ConfigurationError(f"{path} takes {_listed([taken])}; expected three channels, first or last.")
    channels_last = inner[0] != 3
    sides = inner[:2] if channels_last else inner[1:]
    if all(isinstance(side, int) for side in sides) and sides[0] != sides[1]:
        raise ConfigurationError(f"{path} takes pictures of {sides[0]} x {sides[1]} px; expected square ones.")
    if not with_batch:
        return sides, channels_last, 0
    return sides, channels_last, shape[0] if isinstance(shape[0], int) else None


def _the_output(path: Path, session: ort.InferenceSession, wanted: str | None) -> Any:
    outputs = session.get_outputs()
    if wanted is not None:
        found = [one for one in outputs if one.name == wanted]
        if not found:
            raise ConfigurationError(f"{path} has no output {wanted!r}; it has {_listed(outputs)}.")
        return found[0]
    if len(outputs) != 1:
        raise ConfigurationError(
            f"{path} has {len(outputs)} outputs ({_listed(outputs)}); say which is the template: "
            'output = "NAME" in the .toml beside it.'
        )
    return outputs[0]


def _listed(many: Sequence[Any]) -> str:
    return ", ".join(f"{one.name} {tuple(one.shape)}" for one in many)


def _runner(session: ort.InferenceSession, name: str, output: str, channels_last: bool, batch: int | None) -> Runner:
    size = CHUNK if batch is None else max(batch, 1)

    def once(faces: Array) -> Array:
        fed = np.ascontiguousarray(faces.transpose(0, 2, 3, 1) if channels_last else faces)
        try:
            (made,) = session.run([output], {name: fed[0] if batch == 0 else fed})
        except Exception as error:
            raise ModelError(f"onnxruntime failed: {_short(str(error))}") from error
        templates = np.asarray(made, np.float32)
        return templates.reshape(1, -1) if batch == 0 else templates.reshape(len(templates), -1)

    def run(faces: Array) -> tuple[Array, ...]:
        parts = []
        for start in range(0, len(faces), size):
            rows = faces[start : start + size]
            filled = np.zeros((size, *rows.shape[1:]), np.float32)
            filled[: len(rows)] = rows
            made = once(filled)
            if len(made) != size:
                raise ModelError(f"the net gave {len(made)} templates of {size} faces")
            parts.append(made[: len(rows)])
        return (np.concatenate(parts) if parts else np.zeros((0, 0), np.float32),)

    return run
