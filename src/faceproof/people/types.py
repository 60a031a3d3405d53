"""Photos of people, and the comparisons between them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Group = Literal["any", "mated", "non_mated"]

SYNTHETIC = "synthetic_photos"
"""Kind of the notice for photos of people who do not exist."""

UNKNOWN = "unknown"
"""Outcome of a photo in a run of scores: it has neither a template nor a failure."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of one person.

    Attributes:
        id: path below the folder of people, with ``/``, always valid Unicode.
        path: path of the file.
        person: name of the folder that contains the photo.
        sha256: digest of the file's bytes, hexadecimal; empty if the file cannot be read.
        group: ``mated`` or ``non_mated`` below ``matched_faces/`` or ``mismatched_faces/``, else ``any``.
    """

    id: str
    path: Path
    person: str
    sha256: str
    group: Group = "any"


@dataclass(frozen=True, slots=True)
class Notice:
    """Information for the user before a run: a message, the number of cases, and a few examples."""

    kind: str
    message: str
    count: int
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The message with its examples, in one line."""
        more = ", ..." if self.count > len(self.examples) else ""
        return f"{self.message} ({', '.join(self.examples)}{more})" if self.examples else self.message


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """All photos of a folder of people, sorted by group, person and id.

    Attributes:
        root: the folder.
        photos: every photo, readable or not.
        people_without_photos: names of folders without a photo.
        notices: files that were ignored, and unusual names or files.
    """

    root: Path
    photos: tuple[Photo, ...]
    people_without_photos: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()

    def by_person(self, group: Group | None = None) -> dict[str, list[Photo]]:
        """Photos by person, in sorted order, of all groups or of one."""
        people: dict[str, list[Photo]] = {}
        for photo in self.photos:
            if group is None or photo.group == group:
                people.setdefault(photo.person, []).append(photo)
        return people

    @property
    def synthetic(self) -> bool:
        """Whether there are photos of people who do not exist."""
        return any(notice.kind == SYNTHETIC for notice in self.notices)

    def digest(self) -> str:
        """SHA-256 over id and content digest of every photo; it does not depend on ``root``."""
        return _photo_list_digest(self.photos)


@dataclass(frozen=True, slots=True)
class Comparisons:
    """The pair list. It is fixed before face detection, so a missed face does not change the other pairs.

    Attributes:
        photos: the photos that are compared, each once.
        row_a, row_b: int64 (n,), rows of ``photos``.
        mated: bool (n,), true if both photos are of the same person.
        fold: int16 (n,), fold of the protocol from 0, or -1 if the protocol has none.
        protocol: name of the protocol.
        settings: settings of the protocol, as JSON values.
        notes: information about the choice of comparisons (people left out, photos missing, ...).
    """

    photos: tuple[Photo, ...]
    row_a: NDArray[np.int64]
    row_b: NDArray[np.int64]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int16]
    protocol: str
    settings: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of comparisons."""
        return len(self.row_a)

    def digest(self) -> str:
        """SHA-256 over photos, pairs, labels and folds."""
        total = hashlib.sha256(_photo_list_digest(self.photos).encode())
        for column, dtype in (
            (self.row_a, "<i8"),
            (self.row_b, "<i8"),
            (self.mated, "u1"),
            (self.fold, "<i2"),
        ):
            total.update(np.ascontiguousarray(column, dtype=dtype).tobytes())
        return total.hexdigest()


def _photo_list_digest(photos: tuple[Photo, ...]) -> str:
    total = hashlib.sha256()
    for photo in photos:
        total.update(f"{photo.id}\0{photo.sha256}\n".encode())
    return total.hexdigest()
