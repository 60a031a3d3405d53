"""The interface of detectors, and the detector for photos that are faces already."""

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
    """Finds the faces of photos.

    Attributes:
        name: name in manifest and report.
        landmarks: whether its faces have landmarks; None: some may have them.
        prepared: whether each photo is a face that is cut out and aligned already.
        clean_only: whether its faces are valid only for photos without degradation, as it reads no pixels.
        cacheable: whether templates of its faces may be cached.
        source: file or reference of the detector, for the manifest.
        code_sha256: digest of the source of a detector in Python; None where it cannot be read, and for others.
    """

    name: str
    landmarks: bool | None = True
    prepared: bool = False
    clean_only: bool = False
    cacheable: bool = True
    source: Mapping[str, str] = MappingProxyType({})
    code_sha256: str | None = None

    @abstractmethod
    def find(self, pictures: Sequence[Picture], ids: Sequence[str] = ()) -> list[Faces | Failure]:
        """The faces of each picture.

        Args:
            pictures: uint8 (h, w, 3), RGB; sizes may differ.
            ids: `faceproof.people.types.Photo.id` of each; only a detector that is ``clean_only`` needs them.

        Returns:
            The faces of each picture, or the reason of a failure.
        """

    @abstractmethod
    def recipe(self) -> dict[str, object]:
        """Everything that determines the faces besides the photo, as JSON values."""

    def key(self, photo: Photo) -> str:
        """Cache key: photos with the same key have the same faces. Empty: do not cache."""
        return photo.sha256

    def notes(self, photos: Sequence[Photo]) -> list[str]:
        """Notes for the user about these photos, before detection.

        Raises:
            ConfigurationError: it has no face of any of them.
        """
        return []


class WholePhoto(Detector):
    """The detector ``none``: each photo is one face that is cut out and aligned for the model already."""

    name = "none"
    landmarks = False
    prepared = True

    def find(self, pictures: Sequence[Picture], ids: Sequence[str] = ()) -> list[Faces | Failure]:
        """One face for each picture: a box around the whole picture."""
        return [_whole(*picture.shape[:2]) for picture in pictures]

    def recipe(self) -> dict[str, object]:
        """Its name."""
        return {"name": self.name}


def _whole(height: int, width: int) -> Faces:
    box = np.array([[0, 0, width, height]], np.float32)
    return Faces(box, np.full(1, np.nan, np.float32), np.full((1, 5, 2), np.nan, np.float32))
