"""The faces of the model check: of people who do not exist, and from the user's first photos."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from heapq import nsmallest
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faceproof.errors import ImageDecodeError
from faceproof.files import write_whole
from faceproof.people.decode import decode_photo
from faceproof.people.synthetic.draw import draw_identity, draw_photo
from faceproof.people.synthetic.face_model import FaceModel, packaged_model
from faceproof.people.synthetic.folder import variation_of
from faceproof.people.types import Comparisons, Photo
from faceproof.systems.faces.selection import choose
from faceproof.systems.faces.types import Face, Failure
from faceproof.systems.model_check.check_faces import CheckFaces
from faceproof.systems.pipeline import Pipeline

Pixels = NDArray[np.uint8]

PEOPLE, PHOTOS, SEED = 40, 3, 20
_ROOM = 0.75
"""Margin that is kept around a face, in sides of its box: larger than the margin of any contract."""
_LARGE_PX = 240
"""Faces of twice this side or more are reduced to between it and its double."""
_AT_A_TIME = 30
_NEAR = 0.25
_FOLDER = "canary"


def packaged_faces(pipeline: Pipeline, *, cache: Path | None = None, seed: int = SEED) -> CheckFaces:
    """The faces of people who do not exist that every model is checked with.

    Args:
        pipeline: whose detector finds them; a whole photo counts as a face only where it is a face.
        cache: folder where they are kept, since drawing and finding them takes some seconds.
        seed: of the draws.
    """
    model = packaged_model()
    drawn = {"model": model.sha256, "people": PEOPLE, "photos": PHOTOS, "seed": seed, "around": [_ROOM, _LARGE_PX]}
    key = json.dumps([pipeline.detector.recipe(), pipeline.selection, drawn], sort_keys=True)
    if key not in _KEPT:
        _KEPT.clear()
        file = None if cache is None else cache / _FOLDER / f"faces-{hashlib.sha256(key.encode()).hexdigest()}.npz"
        _KEPT[key] = _read(file) or _written(file, _found(pipeline, model, seed))
    return _KEPT[key]


_KEPT: dict[str, CheckFaces] = {}
"""The faces of the last call, so that several models of a run share them."""


@dataclass(frozen=True, slots=True)
class OwnFaces:
    """The faces that a pipeline finds in the user's photos that can be decoded.

    Attributes:
        people: who is on each photo.
        crops: the prepared face of each, uint8 (s, s, 3), or None where there is none.
        near_edge: number of photos without a face, or whose face lies nearer the edge than a quarter of its size.
        faces: the faces, for other contracts.
    """

    people: list[str]
    crops: list[Pixels | None]
    near_edge: int
    faces: CheckFaces


def own_faces(pipeline: Pipeline, photos: Iterable[Photo]) -> OwnFaces:
    """The face of each photo; one photo is in memory at a time."""
    people: list[str] = []
    crops: list[Pixels | None] = []
    kept, near_edge = [], 0
    for photo, pixels in _decoded(photos, pipeline.decode_memory):
        face = pipeline.find_face(pixels, photo.id)
        people.append(photo.person)
        if isinstance(face, Failure):
            crops.append(None)
            near_edge += 1
            continue
        crops.append(pipeline.prepare(pixels, face))
        near_edge += _is_near_edge(pixels, face)
        kept.append((photo.person, *_around(pixels, face)))
    return OwnFaces(people, crops, near_edge, _as_faces(kept))


def _is_near_edge(pixels: Pixels, face: Face) -> bool:
    x0, y0, x1, y1 = face.box_xyxy_px.astype(np.float64).tolist()
    room = _NEAR * max(x1 - x0, y1 - y0)
    height, width = pixels.shape[:2]
    return bool(min(x0, y0) < room or x1 > width - room or y1 > height - room)


def own_photos(comparisons: Comparisons, many: int) -> list[Photo]:
    """The first photos that take part in mated comparisons: of each person's first one, then of each one's second."""
    seen: Counter[str] = Counter()
    in_turn = []
    for row in np.flatnonzero(comparisons.mated).tolist():
        person = comparisons.photos[comparisons.row_a[row]].person
        in_turn.append((seen[person], row))
        seen[person] += 1
    rows = [row for _, row in nsmallest(many // 2, in_turn)]
    places = dict.fromkeys(np.stack([comparisons.row_a[rows], comparisons.row_b[rows]], axis=1).ravel().tolist())
    return [comparisons.photos[place] for place in places]


def _found(pipeline: Pipeline, model: FaceModel, seed: int) -> CheckFaces:
    """Draw people and find their faces, some photos at a time."""
    how, kept = variation_of(model), []

    def drawn(place: tuple[int, int]) -> Pixels:
        person, photo = place
        return draw_photo(model, draw_identity(model, seed, person, how), seed, person, photo, how)

    places = list(product(range(PEOPLE), range(PHOTOS)))
    with ThreadPoolExecutor(pipeline.workers, "faceproof-draw") as pool:
        for start in range(0, len(places), _AT_A_TIME):
            batch = places[start : start + _AT_A_TIME]
            photos = list(pool.map(drawn, batch))
            for (person, _), pixels, faces in zip(batch, photos, pipeline.detector.find(photos), strict=True):
                face = (
                    None
                    if isinstance(faces, Failure)
                    else choose(faces, pixels.shape[0], pixels.shape[1], pipeline.selection)
                )
                if face is not None:
                    kept.append((f"drawn {person}", *_around(pixels, face)))
    return _as_faces(kept)


def _as_faces(kept: Sequence[tuple[str, Pixels, Face]]) -> CheckFaces:
    return CheckFaces(tuple(p for p, _, _ in kept), tuple(x for _, x, _ in kept), tuple(f for _, _, f in kept))


def _around(pixels: Pixels, face: Face) -> tuple[Pixels, Face]:
    """The part of a photo around its face, and the face in it; large faces are reduced.

    This limits the memory for the user's photos, whatever their size.
    """
    box = face.box_xyxy_px.astype(np.float64)
    side = max(box[2] - box[0], box[3] - box[1])
    x0, y0 = np.clip(box[:2] - _ROOM * side, 0, None).astype(int).tolist()
    x1, y1 = np.ceil(box[2:] + _ROOM * side).astype(int).tolist()
    moved, factor = np.array([x0, y0], np.float32), max(int(side // _LARGE_PX), 1)
    around = pixels[y0:y1, x0:x1]
    kept = np.asarray(Image.fromarray(around).reduce(factor)) if factor > 1 else around.copy()
    # Landmarks count from the middle of the first pixel, which moves when pixels are averaged; boxes from its corner.
    middle = np.float32((factor - 1) / 2)
    box_px = (face.box_xyxy_px - np.tile(moved, 2)) / np.float32(factor)
    landmarks_px = (face.landmarks_px - moved - middle) / np.float32(factor)
    return kept, Face(box_px, face.probability, landmarks_px)


def _read(file: Path | None) -> CheckFaces | None:
    """Faces from the cache; None if there are none, or if the file is damaged (npz files have checksums)."""
    if file is None or not file.is_file():
        return None
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as kept:
            photos = [kept[f"photo-{row}"] for row in range(len(kept["people"]))]
            rows = zip(kept["boxes"], kept["probabilities"], kept["landmarks"], strict=True)
            faces = [Face(box, float(probability), landmarks) for box, probability, landmarks in rows]
            return CheckFaces(tuple(kept["people"].tolist()), tuple(photos), tuple(faces))
    except Exception:  # zipfile, zlib, tokenize and NumPy raise many kinds on damaged files
        return None


def _written(file: Path | None, faces: CheckFaces) -> CheckFaces:
    """Write faces to the cache, if that is possible, and return them."""
    if file is None:
        return faces
    arrays: dict[str, Any] = {f"photo-{row}": photo for row, photo in enumerate(faces.photos)}
    arrays |= {
        "people": np.array(faces.people),
        "boxes": np.stack([face.box_xyxy_px for face in faces.faces]),
        "probabilities": np.array([face.probability for face in faces.faces]),
        "landmarks": np.stack([face.landmarks_px for face in faces.faces]),
    }
    content = io.BytesIO()
    np.savez(content, **arrays)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content.getvalue())
    except OSError:
        return faces  # they are drawn again next time
    return faces


def _decoded(photos: Iterable[Photo], memory_bytes: int) -> Iterator[tuple[Photo, Pixels]]:
    for photo in photos:
        try:
            yield photo, decode_photo(photo.path, memory_bytes=memory_bytes)
        except ImageDecodeError:
            continue
