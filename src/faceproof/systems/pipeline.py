"""A system under test: detector, choice of the face, recogniser."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from faceproof.degrade.types import CLEAN, Condition
from faceproof.people.decode import default_decode_memory
from faceproof.systems.detection.detector import Detector
from faceproof.systems.faces.centre import CENTRE_CROP, FAIL, centre_face
from faceproof.systems.faces.selection import choose
from faceproof.systems.faces.types import Face, Faces, Failure
from faceproof.systems.recognition.recognizer import Recognizer, face_in_crop, prepare_face, whole_photo
from faceproof.systems.weights.card import InputContract

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Computes templates of photos.

    Attributes:
        detector: finds faces.
        recognizer: makes templates.
        selection: which face counts (`faceproof.systems.faces.selection`).
        on_missing: what is compared where no face is found (`faceproof.systems.faces.centre.ON_MISSING`).
        batch_size: photos detected together, at most.
        workers: threads that decode, degrade and crop.
        decode_memory: bytes that photos may take while they are decoded and wait, decoded, for their turn; a photo
            that needs more fails with that reason.
    """

    detector: Detector
    recognizer: Recognizer
    selection: str = "subject"
    on_missing: str = FAIL
    batch_size: int = 32
    workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, 8))
    decode_memory: int = field(default_factory=default_decode_memory)

    @property
    def cacheable(self) -> bool:
        """Whether its templates may be cached."""
        return self.recognizer.cacheable and self.detector.cacheable

    @property
    def contract(self) -> InputContract:
        """The contract for cropping: the recogniser's, or `whole_photo` of it if photos are faces already."""
        contract = self.recognizer.contract
        return whole_photo(contract) if self.detector.prepared else contract

    def prepare(self, photo: Pixels, face: Face) -> Pixels | None:
        """The crop of the face; see `faceproof.systems.recognition.recognizer.prepare_face`."""
        return prepare_face(self.contract, photo, face)

    def find_face(self, photo: Pixels, photo_id: str = "") -> Face | Failure:
        """The face that is compared in one photo, or why there is none."""
        return self.choose_face(self.detector.find([photo], [photo_id])[0], photo.shape[0], photo.shape[1])

    def choose_face(self, found: Faces | Failure, height: int, width: int) -> Face | Failure:
        """The face that is compared, of all that were found in a photo of this size in pixels."""
        if isinstance(found, Failure):
            return found
        face = choose(found, height, width, self.selection)
        if face is not None:
            return face
        if len(found):
            faces = "1 face" if len(found) == 1 else f"{len(found)} faces"
            return Failure(f"{faces}, none fit for {self.selection!r}")
        return centre_face(height, width) if self.on_missing == CENTRE_CROP else Failure("no face found")

    def why_not_prepared(self, face: Face) -> str:
        """The reason why `prepare` returns None for a face."""
        if self.contract.alignment == "five_point":
            lack = "its landmarks coincide or make no face" if face.has_landmarks else "the detector gave no landmarks"
            return f"the face cannot be aligned: {lack}"
        return "the face's box is empty or lies outside of the photo"

    def face_in_crop(self, height: int, width: int, face: Face) -> Face:
        """Box and landmarks in the crop of `prepare`; see `faceproof.systems.recognition.recognizer.face_in_crop`."""
        return face_in_crop(self.contract, height, width, face)

    def recipe(self, condition: Condition = CLEAN) -> dict[str, object]:
        """Everything that determines a template besides the photo, as JSON values."""
        return {
            "condition": condition.recipe(),
            "detector": self.detector.recipe(),
            "selection": self.selection,
            "recognizer": self.recognizer.recipe(),
            **self.recipe_of_missing,
        }

    @property
    def recipe_of_missing(self) -> dict[str, str]:
        """The part of the recipe about photos without a face; empty where they fail, as in earlier versions."""
        return {} if self.on_missing == FAIL else {"on_missing": self.on_missing}
