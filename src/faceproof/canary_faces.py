"""The faces that a model is looked at with: of people who do not exist, and the first of the user's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest

import numpy as np
from numpy.typing import NDArray

from faceproof.detection.types import Face, Failure
from faceproof.engine.runner import Pipeline
from faceproof.errors import ImageDecodeError
from faceproof.findings.canary import CanaryFaces
from faceproof.people.decode import decode_photo
from faceproof.people.types import Comparisons, Photo

Pixels = NDArray[np.uint8]

PEOPLE, PHOTOS, SEED = 10, 3, 20
_ROOM = 1.5
"""How much of a photo is kept around a face on all sides, in sides of its box: more than any contract cuts out."""


def packaged_faces(pipeline: Pipeline) -> CanaryFaces:
    """The faces of people who do not exist that every model is asked about."""
    return _faces(pipeline, _drawn())


def faces_of(pipeline: Pipeline, photos: Iterable[Photo]) -> CanaryFaces:
    """The face of each photo, where there is one; one photo is in memory at a time."""
    return _faces(pipeline, ((photo.person, pixels) for photo, pixels in _decoded(photos, pipeline.decode_memory)))


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


def crops_of(photos: Iterable[Photo], pipelines: Sequence[Pipeline]) -> tuple[list[str], list[list[Pixels | None]]]:
    """The prepared face of each photo that can be read, by each pipeline; one photo is in memory at a time.

    Returns:
        Who is on each, and for each pipeline a list of faces, None where there is none.
    """
    people: list[str] = []
    crops: list[list[Pixels | None]] = [[] for _ in pipelines]
    for photo, pixels in _decoded(photos, pipelines[0].decode_memory):
        people.append(photo.person)
        for pipeline, row in zip(pipelines, crops, strict=True):
            face = pipeline.find_face(pixels, photo.id)
            row.append(None if isinstance(face, Failure) else pipeline.prepare(pixels, face))
    return people, crops


def _faces(pipeline: Pipeline, photos: Iterable[tuple[str, Pixels]]) -> CanaryFaces:
    kept = []
    for person, pixels in photos:
        face = pipeline.find_face(pixels)
        if not isinstance(face, Failure):
            kept.append((person, *_around(pixels, face)))
    return CanaryFaces(tuple(p for p, _, _ in kept), tuple(x for _, x, _ in kept), tuple(f for _, _, f in kept))


def _around(pixels: Pixels, face: Face) -> tuple[Pixels, Face]:
    """A photo with no more around its face than may be cut out, and the face in it."""
    box = face.box_xyxy_px.astype(np.float64)
    room = _ROOM * max(box[2] - box[0], box[3] - box[1])
    x0, y0 = np.clip(box[:2] - room, 0, None).astype(int).tolist()
    x1, y1 = np.ceil(box[2:] + room).astype(int).tolist()
    moved = np.array([x0, y0], np.float32)
    there = Face(face.box_xyxy_px - np.tile(moved, 2), face.probability, face.landmarks_px - moved)
    return pixels[y0:y1, x0:x1].copy(), there


def _drawn() -> Iterator[tuple[str, Pixels]]:
    from faceproof.people.synthetic.draw import draw_identity, draw_photo
    from faceproof.people.synthetic.face_model import packaged_model
    from faceproof.people.synthetic.folder import variation_of

    model = packaged_model()
    how = variation_of(model)
    for person in range(PEOPLE):
        identity = draw_identity(model, SEED, person, how)
        for photo in range(PHOTOS):
            yield f"drawn {person}", draw_photo(model, identity, SEED, person, photo, how)


def _decoded(photos: Iterable[Photo], memory_bytes: int) -> Iterator[tuple[Photo, Pixels]]:
    for photo in photos:
        try:
            yield photo, decode_photo(photo.path, memory_bytes=memory_bytes)
        except ImageDecodeError:
            continue
