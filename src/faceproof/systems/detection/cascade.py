"""MTCNN's cascade: photos in, all faces out. P-Net proposes, R-Net refines, O-Net decides and finds landmarks.

Zhang et al., arXiv 1604.02878; thresholds, rounding and box arithmetic as facenet-pytorch runs it. Photos may
differ in size; proposals of all photos go through R-Net and O-Net together.

Convention: candidates can have the very same probability, since boxes that reach past the photo are clipped to the
same crop, and since softmax in float32 saturates near 1. The original's rule decides then: P-Net and R-Net keep the
earlier row, O-Net the later one. Rows of O-Net are in the order in which R-Net's suppression leaves them, the most
probable first. Faces of equal area come in reversed order of O-Net's suppression. Every sort is stable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError
from faceproof.systems.detection.border import bordered, check_pad, without_border
from faceproof.systems.detection.pyramid import IntegralImages
from faceproof.systems.detection.suppression import suppress
from faceproof.systems.faces.types import Faces
from faceproof.systems.nets.runtime import Runner

CASCADE_VERSION = 2
"""Raised when the same photo, weights and settings give other faces, so that templates cached before are not used."""

CELL_PX = 12
STRIDE_PX = 2
_STRIP_PX = 1 << 22
"""Pixels of a strip, about. P-Net processes a level strip by strip, so that its memory is limited."""

Float32Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CascadeSettings:
    """Settings of the cascade; the defaults are facenet-pytorch's.

    Attributes:
        min_face_size: side of the smallest face that is sought, in pixels.
        thresholds: probability from which a box survives P-Net, R-Net and O-Net.
        factor: ratio of one pyramid level to the one before.
        pad: black border added to each side of a photo before detection, as a fraction of its height and width, 0 to 1.
    """

    min_face_size: float = 20
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7)
    factor: float = 0.709
    pad: float = 0

    def __post_init__(self) -> None:
        if not 0 < self.min_face_size < float("inf"):
            raise ConfigurationError(f"min_face_size must be above 0 pixels, not {self.min_face_size}")
        if not 0 < self.factor < 1:
            raise ConfigurationError(f"factor must lie between 0 and 1, not {self.factor}")
        if len(self.thresholds) != 3 or not all(0 <= t <= 1 for t in self.thresholds):
            raise ConfigurationError(f"thresholds must be three numbers from 0 to 1, not {self.thresholds}")
        check_pad(self.pad)


@dataclass(frozen=True, slots=True)
class Cascade:
    """The three nets as runners, and the settings."""

    pnet: Runner
    rnet: Runner
    onet: Runner
    settings: CascadeSettings = field(default_factory=CascadeSettings)

    def find(self, photos: Sequence[NDArray[np.uint8]]) -> list[Faces]:
        """All faces of each photo, the largest box first.

        Args:
            photos: uint8 (h, w, 3) each, RGB; sizes may differ.

        Returns:
            One `Faces` a photo, in order, in pixels of the photo without a border; empty where there is no face.

        Raises:
            ConfigurationError: when a photo is no such array.
        """
        _check(photos)
        pad = self.settings.pad
        if not pad:
            return self._find(photos)
        found = []
        for some in _as_large_as(photos, pad):
            for photo, faces in zip(some, self._find([bordered(photo, pad) for photo in some]), strict=True):
                found.append(without_border(faces, photo.shape[0], photo.shape[1], pad))
        return found

    def _find(self, photos: Sequence[NDArray[np.uint8]]) -> list[Faces]:
        groups = _by_size(photos)
        boxes, owner = self._propose(groups)
        boxes, owner, _ = self._refine(groups, boxes, owner)
        boxes, owner, probability, landmarks = self._decide(groups, boxes, owner)
        return [_faces_of(i, boxes, owner, probability, landmarks) for i in range(len(photos))]

    def _propose(self, groups: list[_SameSize]) -> tuple[Float32Array, NDArray[np.int64]]:
        found = [_Proposals.join(list(self._levels(group))) for group in groups]
        everything = _Proposals.join(found)
        rows = suppress(everything.boxes, everything.probability, everything.owner, 0.7)
        boxes, offsets = everything.boxes[rows], everything.offsets[rows]
        side = np.concatenate([boxes[:, 2:] - boxes[:, :2]] * 2, axis=1)
        return _squared(boxes + offsets * side), everything.owner[rows]

    def _levels(self, group: _SameSize) -> Iterator[_Proposals]:
        """Proposals of each pyramid level, suppressed within the level."""
        for scale in pyramid_scales(group.sums.height, group.sums.width, self.settings):
            one = _Proposals.join(list(self._strips(group, scale)))
            yield one.take(suppress(one.boxes, one.probability, one.owner, 0.5))

    def _strips(self, group: _SameSize, scale: float) -> Iterator[_Proposals]:
        """Proposals of each strip of a pyramid level; those of a photo are in row order, from left to right."""
        level = group.sums.level(int(group.sums.height * scale + 1), int(group.sums.width * scale + 1))
        for first_row, offsets, probability in _in_strips(self.pnet, level):
            photo, y, x = np.nonzero(probability[:, 1] >= np.float32(self.settings.thresholds[0]))
            cell = np.stack([x, y + first_row], axis=1).astype(np.float32) * STRIDE_PX + 1
            start = np.floor(cell / np.float32(scale))
            stop = np.floor((cell + np.float32(CELL_PX - 1)) / np.float32(scale))
            boxes = np.concatenate([start, stop], axis=1)
            yield _Proposals(boxes, probability[photo, 1, y, x], offsets[photo, :, y, x], group.rows[photo])

    def _refine(
        self, groups: list[_SameSize], boxes: Float32Array, owner: NDArray[np.int64]
    ) -> tuple[Float32Array, NDArray[np.int64], Float32Array]:
        crops, rows = _cut(groups, boxes, owner, 24)
        offsets, probability = self.rnet(crops)
        passed = probability[:, 1] > np.float32(self.settings.thresholds[1])
        rows, offsets, probability = rows[passed], offsets[passed], probability[passed, 1]
        keep = suppress(boxes[rows], probability, owner[rows], 0.7)
        rows = rows[keep]
        return _squared(_moved(boxes[rows], offsets[keep])), owner[rows], probability[keep]

    def _decide(
        self, groups: list[_SameSize], boxes: Float32Array, owner: NDArray[np.int64]
    ) -> tuple[Float32Array, NDArray[np.int64], Float32Array, Float32Array]:
        crops, rows = _cut(groups, boxes, owner, 48)
        offsets, points, probability = self.onet(crops)
        passed = probability[:, 1] > np.float32(self.settings.thresholds[2])
        rows, offsets, points, probability = (
            rows[passed],
            offsets[passed],
            points[passed],
            probability[passed, 1],
        )
        before = boxes[rows]
        size = before[:, 2:] - before[:, :2] + 1
        landmarks = points.reshape(-1, 2, 5).transpose(0, 2, 1) * size[:, None] + before[:, None, :2] - 1
        after = _moved(before, offsets)
        keep = suppress(after, probability, owner[rows], 0.7, "smaller", of_equals="later")
        return after[keep], owner[rows][keep], probability[keep], landmarks[keep].astype(np.float32)


def pyramid_scales(height: int, width: int, settings: CascadeSettings) -> list[float]:
    """Scale of each pyramid level, the largest first; none for a photo smaller than the smallest face.

    >>> [round(s, 3) for s in pyramid_scales(50, 40, CascadeSettings())]
    [0.6, 0.425, 0.302]
    """
    scale = CELL_PX / settings.min_face_size
    shorter = min(height, width) * scale
    scales = []
    while shorter >= CELL_PX:
        scales.append(scale)
        scale *= settings.factor
        shorter *= settings.factor
    return scales


@dataclass(frozen=True, slots=True)
class _SameSize:
    """Photos of one size: their rows in the batch and their running sums."""

    rows: NDArray[np.int64]
    sums: IntegralImages


@dataclass(frozen=True, slots=True)
class _Proposals:
    """Boxes of P-Net: ``boxes`` (n, 4), ``probability`` (n,), ``offsets`` (n, 4), ``owner`` (n,) row of the photo."""

    boxes: Float32Array
    probability: Float32Array
    offsets: Float32Array
    owner: NDArray[np.int64]

    def take(self, rows: NDArray[np.intp]) -> _Proposals:
        return _Proposals(self.boxes[rows], self.probability[rows], self.offsets[rows], self.owner[rows])

    @staticmethod
    def join(parts: list[_Proposals]) -> _Proposals:
        four, one = np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        parts = [_Proposals(four, one, four, np.zeros(0, np.int64)), *parts]
        return _Proposals(
            np.concatenate([p.boxes for p in parts]),
            np.concatenate([p.probability for p in parts]),
            np.concatenate([p.offsets for p in parts]),
            np.concatenate([p.owner for p in parts]),
        )


def _check(photos: Sequence[NDArray[np.uint8]]) -> None:
    for row, photo in enumerate(photos):
        if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
            raise ConfigurationError(
                f"Photo {row} is {photo.dtype} {photo.shape}; expected uint8 (height, width, 3), RGB."
            )


def _as_large_as(photos: Sequence[NDArray[np.uint8]], pad: float) -> Iterator[Sequence[NDArray[np.uint8]]]:
    """Split photos so that each part, with its borders, has about as many pixels as all photos without borders."""
    size = max(int(len(photos) / (1 + 2 * pad) ** 2), 1)
    for first in range(0, len(photos), size):
        yield photos[first : first + size]


def _by_size(photos: Sequence[NDArray[np.uint8]]) -> list[_SameSize]:
    rows_by_size: dict[tuple[int, ...], list[int]] = {}
    for row, photo in enumerate(photos):
        rows_by_size.setdefault(photo.shape, []).append(row)
    return [
        _SameSize(np.array(rows, np.int64), IntegralImages(np.stack([photos[row] for row in rows])))
        for rows in rows_by_size.values()
    ]


def _in_strips(pnet: Runner, level: Float32Array) -> Iterator[tuple[int, Float32Array, Float32Array]]:
    """First output row, offsets and probabilities of each strip of a level; most levels are one strip."""
    height, width = level.shape[2:]
    out_rows = max(_STRIP_PX // (width * STRIDE_PX), 1)
    total = (height - CELL_PX + 1) // STRIDE_PX + 1
    for first in range(0, total, out_rows):
        last = first + out_rows >= total
        stop = height if last else (first + out_rows - 1) * STRIDE_PX + CELL_PX
        offsets, probability = pnet(level[:, :, first * STRIDE_PX : stop])
        rows = slice(None) if last else slice(out_rows)
        yield first, offsets[:, :, rows], probability[:, :, rows]


def _cut(
    groups: list[_SameSize], boxes: Float32Array, owner: NDArray[np.int64], size: int
) -> tuple[Float32Array, NDArray[np.intp]]:
    """Crops of the boxes that overlap their photo, and the rows of these boxes."""
    # Rounded first, so that cutting does not hang on the last bit of a coordinate just below a whole pixel.
    whole = np.trunc(np.round(boxes.astype(np.float64), 4)).astype(np.int64)
    group_of, place = _places(groups, owner)
    crops, rows = [np.zeros((0, 3, size, size), np.float32)], [np.zeros(0, np.intp)]
    for number, group in enumerate(groups):
        mine = np.flatnonzero(group_of == number)
        x0, y0 = np.maximum(whole[mine, 0], 1) - 1, np.maximum(whole[mine, 1], 1) - 1
        x1, y1 = np.minimum(whole[mine, 2], group.sums.width), np.minimum(whole[mine, 3], group.sums.height)
        inside = (x1 > x0) & (y1 > y0)
        mine, cut = mine[inside], np.stack([x0, y0, x1, y1], axis=1)[inside]
        crops.append(group.sums.crops(place[mine], cut, size))
        rows.append(mine)
    return np.concatenate(crops), np.concatenate(rows)


def _places(groups: list[_SameSize], owner: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The group of each box's photo, and the photo's index in it."""
    photos = sum(len(group.rows) for group in groups)
    group_of, place = np.zeros(photos, np.int64), np.zeros(photos, np.int64)
    for number, group in enumerate(groups):
        group_of[group.rows] = number
        place[group.rows] = np.arange(len(group.rows))
    return group_of[owner], place[owner]


def _moved(boxes: Float32Array, offsets: Float32Array) -> Float32Array:
    """Boxes shifted by the net's offsets, which are in units of the box sides (+ 1)."""
    side = np.concatenate([boxes[:, 2:] - boxes[:, :2] + 1] * 2, axis=1)
    moved: Float32Array = boxes + offsets * side
    return moved


def _squared(boxes: Float32Array) -> Float32Array:
    """Square boxes with the same centre and the longer side."""
    size = boxes[:, 2:] - boxes[:, :2]
    side = size.max(axis=1, keepdims=True)
    start = boxes[:, :2] + size * np.float32(0.5) - side * np.float32(0.5)
    return np.concatenate([start, start + side], axis=1)


def _faces_of(
    photo: int, boxes: Float32Array, owner: NDArray[np.int64], probability: Float32Array, landmarks: Float32Array
) -> Faces:
    rows = np.flatnonzero(owner == photo)
    area = (boxes[rows, 2] - boxes[rows, 0]) * (boxes[rows, 3] - boxes[rows, 1])
    rows = rows[np.argsort(area, kind="stable")[::-1]]
    return Faces(boxes[rows], probability[rows], landmarks[rows])
