"""What a detector is, and the one that seeks nothing: photos that are faces already."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from faceproof.people.types import Photo
from faceproof.systems.faces.types import Faces, Failure

Picture = NDArray[np.uint8]


class Detector(ABC):
    """What says where the faces of photos are.

    Attributes:
        name: what manifest and report call it.
        landmarks: whether its faces have landmarks; None where that shows only in what it finds.
        prepared: whether a photo is taken for a face that was cut out as the model wants it, and none is sought.
        clean_only: whether what it says holds for photos as they are alone, since it never looks at a picture.
        cacheable: whether templates of its faces may be kept between runs.
        source: where it comes from, for the manifest.
    """

    name: str
    landmarks: bool | None = True
    prepared: bool = False
    clean_only: bool = False
    cacheable: bool = True
    source: Mapping[str, str] = MappingProxyType({})

    @abstractmethod
    def find(self, pictures: Sequence[Picture], ids: Sequence[str] = ()) -> list[Faces | Failure]:
        """The faces of each picture.

        Args:
            pictures: uint8 (h, w, 3), RGB; sizes may differ.
            ids: `faceproof.people.types.Photo.id` of each; only a detector that is ``clean_only`` needs them.

        Returns:
            For each its faces, or why nothing is known of them.
        """

    @abstractmethod
    def recipe(self) -> dict[str, object]:
        """Everything that decides what is found besides the photo, as JSON values."""

    def key(self, photo: Photo) -> str:
        """What photos have in common that have the same faces: the digest of their bytes; empty where none is known."""
        return photo.sha256

    def notes(self, photos: Sequence[Photo]) -> list[str]:
        """What a person should know before these photos are looked at.

        Raises:
            ConfigurationError: it knows nothing of them.
        """
        return []


class WholePhoto(Detector):
    """``none``: each photo is one face, cut out and aligned as the model wants it, whatever is on it."""

    name = "none"
    landmarks = False
    prepared = True

    def find(self, pictures: Sequence[Picture], ids: Sequence[str] = ()) -> list[Faces | Failure]:
        """The whole of each picture."""
        return [_whole(*picture.shape[:2]) for picture in pictures]

    def recipe(self) -> dict[str, object]:
        """Its name."""
        return {"name": self.name}


def _whole(height: int, width: int) -> Faces:
    box = np.array([[0, 0, width, height]], np.float32)
    return Faces(box, np.full(1, np.nan, np.float32), np.full((1, 5, 2), np.nan, np.float32))
