"""The result of each photo, as columns: filled row by row, written as ``photos.parquet``."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.disk_room import temporary_folder
from faceproof.errors import CacheError
from faceproof.people.types import Photo
from faceproof.sizes import in_words
from faceproof.systems.faces.types import Face

Float32Array = NDArray[np.float32]
STAGES = ("decode", "detect", "align", "embed")
"""The stages from a photo to its template, in order; ``detect_ms`` includes alignment."""
_BLOCK_BYTES = 1 << 20
STAGES_MS = ("decode_ms", "detect_ms", "embed_ms")


@dataclass(slots=True)
class PhotoOutcome:
    """The row of one photo, with its template if it has one."""

    outcome: str = ""
    reason: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    faces_found: int | None = None
    face: Face | None = None
    template: Float32Array | None = None
    template_norm: float | None = None
    decode_ms: float | None = None
    detect_ms: float | None = None
    embed_ms: float | None = None

    def fail(self, stage: str, reason: str) -> PhotoOutcome:
        """Mark the photo as failed at ``stage``, and return it."""
        self.outcome, self.reason = stage, reason
        return self


class PhotoTable:
    """Columns of all photos of a run; the templates are in a temporary file and not in memory.

    Args:
        photos: the photos, one row each.
        template_size: numbers in a template.
    """

    def __init__(self, photos: Sequence[Photo], template_size: int) -> None:
        n = len(photos)
        self.photos = photos
        self.outcome: list[str] = [""] * n
        self.reason: dict[int, str] = {}
        self.whole = {name: np.full(n, -1, np.int32) for name in ("width_px", "height_px", "faces_found")}
        self.real = {name: np.full(n, np.nan, np.float32) for name in ("probability", "template_norm", *STAGES_MS)}
        self.box = np.full((n, 4), np.nan, np.float32)
        self.landmarks = np.full((n, 10), np.nan, np.float32)
        self.templates = _empty_templates(n, template_size)

    def put(self, row: int, outcome: PhotoOutcome) -> None:
        """Fill one row."""
        self.outcome[row] = outcome.outcome
        if outcome.reason is not None:
            self.reason[row] = outcome.reason
        for name, whole in self.whole.items():
            value = getattr(outcome, name)
            whole[row] = -1 if value is None else value
        for name in ("template_norm", *STAGES_MS):
            value = getattr(outcome, name)
            self.real[name][row] = np.nan if value is None else value
        if outcome.face is not None:
            self.box[row] = outcome.face.box_xyxy_px
            self.landmarks[row] = outcome.face.landmarks_px.ravel()
            self.real["probability"][row] = outcome.face.probability
        self.templates[row] = np.nan if outcome.template is None else outcome.template

    def failure(self, row: int) -> str | None:
        """Why a photo has no template (``detect: no face``), None where it has one."""
        return None if self.outcome[row] == "template" else f"{self.outcome[row]}: {self.reason.get(row, '')}"

    def to_table(self, condition: str = "clean") -> pa.Table:
        """The rows as ``photos.parquet`` has them (see docs/run-folder.md); photos that were not wanted have none."""
        no_face = np.isnan(self.box[:, 0])
        columns: dict[str, pa.Array[Any]] = {
            "photo": pa.array([photo.id for photo in self.photos], pa.string()),
            "person": pa.array([photo.person for photo in self.photos], pa.string()),
            "path": pa.array([printable_path(photo.path) for photo in self.photos], pa.string()),
            "sha256": pa.array([photo.sha256 for photo in self.photos], pa.string()),
            "condition": pa.array([condition] * len(self.photos), pa.string()),
            "outcome": pa.array(self.outcome, pa.string()),
            "reason": pa.array([self.reason.get(row) for row in range(len(self.photos))], pa.string()),
        }
        for name, whole in self.whole.items():
            columns[name] = pa.array(whole, mask=whole < 0)
        columns["box_xyxy_px"] = _fixed_lists(self.box, no_face)
        columns["landmarks_px"] = _fixed_lists(self.landmarks, np.isnan(self.landmarks[:, 0]))
        for name, real in self.real.items():
            columns[name] = pa.array(real, mask=np.isnan(real))
        order = [
            *("photo", "person", "path", "sha256", "condition", "outcome", "reason", "width_px", "height_px"),
            *("faces_found", "box_xyxy_px", "probability", "landmarks_px", "template_norm", *STAGES_MS),
        ]
        table = pa.table({name: columns[name] for name in order})
        return table.filter(pc.not_equal(table["outcome"], pa.scalar(""))) if "" in self.outcome else table


def printable_path(path: Path) -> str:
    """A path as valid Unicode; bytes that are none are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def _fixed_lists(values: Float32Array, missing: NDArray[np.bool_]) -> pa.Array[Any]:
    flat = pa.array(values.ravel())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1], mask=pa.array(missing))


def _empty_templates(rows: int, size: int) -> Float32Array:
    """Zeros, float32 (rows, size), in a temporary file that is deleted with the process.

    The room on the disk is reserved at once: writing to a mapped file on a full disk would end the process.

    Raises:
        CacheError: the folder for temporary files has not enough room.
    """
    if rows * size == 0:
        return np.zeros((rows, size), np.float32)
    room, folder = rows * size * 4, temporary_folder()
    try:
        with tempfile.TemporaryFile(prefix="faceproof-templates-") as file:
            _reserve(file, room)
            return np.memmap(file, np.float32, "r+", shape=(rows, size))
    except OSError as error:
        raise CacheError(
            f"Templates of {rows:,} photos need {in_words(room)} in {folder} while the run lasts "
            f"({error.strerror or error}). Free some room, or set TMPDIR to a folder with more."
        ) from error


def _reserve(file: IO[bytes], size: int) -> None:
    """Give a file a size in bytes, and reserve the disk space."""
    try:
        os.posix_fallocate(file.fileno(), 0, size)
        return
    except AttributeError:
        pass  # no such call on this system
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
            raise
    zeros = bytes(_BLOCK_BYTES)
    for start in range(0, size, _BLOCK_BYTES):
        file.write(zeros[: size - start])
    file.flush()
