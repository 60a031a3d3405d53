"""The faces of the model check, and their templates under any contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from faceproof.systems.faces.types import Face
from faceproof.systems.model_check.contracts import changed
from faceproof.systems.recognition.recognizer import Recognizer, prepare_face
from faceproof.systems.weights.card import InputContract

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CheckFaces:
    """Faces that a recogniser is checked with.

    Attributes:
        people: who is on each photo.
        photos: uint8 (h, w, 3), RGB, each.
        faces: the face in each.
    """

    people: tuple[str, ...]
    photos: tuple[NDArray[np.uint8], ...]
    faces: tuple[Face, ...]

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.people)

    def at(self, rows: Sequence[int]) -> CheckFaces:
        """Some of the faces."""
        return CheckFaces(
            tuple(self.people[row] for row in rows),
            tuple(self.photos[row] for row in rows),
            tuple(self.faces[row] for row in rows),
        )

    def rows_of_first_people(self, many: int) -> NDArray[np.int64]:
        """Which faces are of the first people, in the order in which people appear, int64 (rows,)."""
        wanted = set(list(dict.fromkeys(self.people))[:many])
        return np.array([row for row, person in enumerate(self.people) if person in wanted], np.int64)

    def with_several(self) -> int:
        """Number of people with two faces or more."""
        return sum(count > 1 for count in Counter(self.people).values())


NO_FACES = CheckFaces((), (), ())


def templates_of(
    recognizer: Recognizer,
    faces: CheckFaces,
    contract: InputContract | None = None,
    *,
    shift_px: int = 0,
    mirror: bool = False,
) -> tuple[Array, Array]:
    """Templates of faces, without the mirrored face added.

    Args:
        recognizer: makes the templates.
        faces: one or more.
        contract: how faces are fed; None: as the recogniser's own contract says.
        shift_px: move the crop's content to the right by so many pixels.
        mirror: mirror the crop.

    Returns:
        Templates, float32 (faces, d), of unit length, NaN where there is none; and their lengths as the net gives
        them, float32 (faces,).

    Raises:
        ModelError: the recogniser fails on these faces.
    """
    contract = contract or recognizer.contract
    unmirrored = replace(recognizer, contract=changed(contract, mirrored=False))
    crops = [prepare_face(contract, photo, face) for photo, face in zip(faces.photos, faces.faces, strict=True)]
    blank = np.zeros((contract.size_px, contract.size_px, 3), np.uint8)
    batch = np.stack([blank if crop is None else crop for crop in crops])
    if shift_px:
        batch = np.concatenate([batch[:, :, :shift_px], batch[:, :, :-shift_px]], axis=2)
    templates, lengths = unmirrored.embed(batch[:, :, ::-1] if mirror else batch)
    templates[[crop is None for crop in crops]] = np.nan
    return templates, lengths


def finite_rows(templates: Array) -> NDArray[np.bool_]:
    """Which templates are finite, bool (faces,)."""
    return np.asarray(np.isfinite(templates).all(axis=1), dtype=np.bool_)
