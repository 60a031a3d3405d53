"""The statistical face model of the package: the distribution of faces, and of the photos of one person.

A face is a texture on a canvas, moved by a smooth displacement (its shape). Both together are a point in a space of
principal components. In this space people vary about the mean of all people with one covariance (*between*). A person's
photos vary about that person with another covariance (*within*). This is the two-covariance model of Prince and Elder,
"Probabilistic linear discriminant analysis for inferences about identity", ICCV 2007. ``tools/build_population.py``
makes the file; ``docs/synthetic-people.md`` is its data sheet.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import PeopleError

Float32Array = NDArray[np.float32]

FILE = "face_model.npz"
VERSION = 1


@dataclass(frozen=True, slots=True)
class FaceModel:
    """The model, unpacked.

    Attributes:
        canvas_px: side of the canvas of a texture's luminance; chroma has a quarter of it.
        nodes: displacements are given at nodes x nodes points of the canvas, and interpolated in between.
        mean: float32 (p,), mean texture: luminance, blue and red difference, 0 to 255 (JPEG's YCbCr), row-major.
        texture: float32 (k, p), contribution of each component to the texture.
        shape: float32 (k, 2 * nodes * nodes), contribution of each component to the displacement, x then y, in halves
            of the canvas.
        between: float32 (k, k), a person is ``between @ z`` for z of k independent standard normal numbers.
        within: float32 (k, k), a photo adds ``within @ z``.
        about: settings and results of the tool that made the model.
        sha256: digest of the file.
    """

    canvas_px: int
    nodes: int
    mean: Float32Array
    texture: Float32Array
    shape: Float32Array
    between: Float32Array
    within: Float32Array
    about: dict[str, Any]
    sha256: str

    @property
    def components(self) -> int:
        """Number of components k."""
        return len(self.texture)


@cache
def packaged_model() -> FaceModel:
    """The model of the package.

    Raises:
        PeopleError: the file is missing or damaged.
    """
    try:
        content = (resources.files("faceproof.people.synthetic") / FILE).read_bytes()
    except OSError as error:
        raise PeopleError(f"{_HEAD} is missing ({error}). {_ADVICE}") from error
    return read_model(content)


def read_model(content: bytes) -> FaceModel:
    """A model from the bytes of its file.

    Args:
        content: bytes as `pack_model` returns them.

    Raises:
        PeopleError: the bytes are damaged, or of another version.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            if about["version"] != VERSION:
                raise PeopleError(f"{_HEAD} has version {about['version']}, expected {VERSION}. {_ADVICE}")
            model = FaceModel(
                canvas_px=int(about["canvas_px"]),
                nodes=int(about["nodes"]),
                mean=file["mean"].astype(np.float32),
                texture=file["texture"].astype(np.float32) * file["texture_step"][:, None],
                shape=file["shape"].astype(np.float32),
                between=file["between"].astype(np.float32),
                within=file["within"].astype(np.float32),
                about=about,
                sha256=hashlib.sha256(content).hexdigest(),
            )
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise PeopleError(f"{_HEAD} is damaged ({str(error).rstrip('.')}). {_ADVICE}") from error
    _check(model)
    return model


def pack_model(model: FaceModel) -> bytes:
    """The bytes of a model's file: textures in 8 bits with a step for each component, other arrays in 16 bits.

    Args:
        model: the model; its ``sha256`` is not used.

    Returns:
        A compressed NumPy archive; equal models give equal bytes.
    """
    step = np.abs(model.texture).max(axis=1) / 127
    about = model.about | {"version": VERSION, "canvas_px": model.canvas_px, "nodes": model.nodes}
    arrays = {
        "about": np.frombuffer(json.dumps(about, sort_keys=True).encode(), np.uint8),
        "mean": model.mean.astype(np.float16),
        "texture": np.round(model.texture / step[:, None]).astype(np.int8),
        "texture_step": step.astype(np.float32),
        "shape": model.shape.astype(np.float16),
        "between": model.between.astype(np.float16),
        "within": model.within.astype(np.float16),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            # A fixed date, so that equal models are equal files.
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_LZMA
            archive.writestr(entry, content.getvalue())
    return out.getvalue()


_HEAD = "The face model inside the package"
_ADVICE = "Install faceproof again."


def _check(model: FaceModel) -> None:
    """Raise PeopleError if an array has a wrong shape or is not finite."""
    k, side = model.components, model.canvas_px
    expected = {
        "mean": (side * side + 2 * (side // 4) ** 2,),
        "texture": (k, side * side + 2 * (side // 4) ** 2),
        "shape": (k, 2 * model.nodes**2),
        "between": (k, k),
        "within": (k, k),
    }
    for name, shape in expected.items():
        array = getattr(model, name)
        if array.shape != shape or not np.isfinite(array).all():
            raise PeopleError(f"{_HEAD} is damaged ({name} is {array.shape}, expected {shape}, finite). {_ADVICE}")
