"""Faces that are random patterns: the model check without drawn people, a detector or a net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from faceproof.systems.faces.alignment import ARCFACE_112
from faceproof.systems.faces.types import Face
from faceproof.systems.model_check.check_faces import CheckFaces
from faceproof.systems.recognition.catalog import load_model
from faceproof.systems.recognition.recognizer import Recognizer

PLAIN = {"size_px": 24, "pixel_mean": 127.5, "pixel_divisor": 127.5, "alignment": "even_margin_crop"}
SIDE_PX, ROOM_PX, FACE_PX = 96, 24, 48


def people_of(counts: Mapping[str, int]) -> list[str]:
    """Each name so many times in a row."""
    return [name for name, count in counts.items() for _ in range(count)]


def photos_of(people: Sequence[str], noise: float = 20.0, seed: int = 0) -> list[np.ndarray]:
    """A photo of each, uint8 (96, 96, 3): blocks of 8 px in colours of the person, with noise of the photo's own."""
    rng = np.random.default_rng(seed)
    pattern = {name: rng.uniform(40, 215, (12, 12, 3)).repeat(8, 0).repeat(8, 1) for name in dict.fromkeys(people)}
    return [np.uint8(np.clip(pattern[name] + rng.normal(0, noise, (96, 96, 3)), 0, 255)) for name in people]


def faces_in(people: Sequence[str], photos: Sequence[np.ndarray]) -> CheckFaces:
    """A box of 48 px in the middle of each photo, with the landmarks that most recognisers want."""
    box = np.array([ROOM_PX, ROOM_PX, ROOM_PX + FACE_PX, ROOM_PX + FACE_PX], np.float32)
    face = Face(box, 1.0, (ROOM_PX + np.array(ARCFACE_112) * FACE_PX / 112).astype(np.float32))
    return CheckFaces(tuple(people), tuple(photos), (face,) * len(people))


def recognizer_of(embed: Any, size: int, **fields: Any) -> Recognizer:
    """A model of one's own with the contract ``PLAIN``; ``templates`` says what comes out, the rest changes it."""
    templates = fields.pop("templates", None)
    return load_model(SimpleNamespace(contract=PLAIN | fields, embed=embed, template_size=size, templates=templates))


def blocks(batch: np.ndarray) -> np.ndarray:
    """Means of 6 x 6 blocks in three colours, less their mean: float (n, 108)."""
    side = batch.shape[2] // 6
    means = batch.reshape(len(batch), 3, 6, side, 6, side).mean(axis=(3, 5)).reshape(len(batch), -1)
    return means - means.mean(axis=1, keepdims=True)
