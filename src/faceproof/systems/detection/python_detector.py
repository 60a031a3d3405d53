"""Python detectors of users: any object with ``find(photos)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError, ModelError
from faceproof.plugins import attribute, identity_of, made_by, source_digest, users_code
from faceproof.systems.detection.detector import Detector, Picture
from faceproof.systems.faces.types import Faces, Failure

ENTRY_POINTS = "faceproof.detectors"
"""Group of entry points by which a package adds detectors: name = "package.module:factory"."""

_BOX, _SURE_BOX, _WHOLE_FACE = 4, 5, 15
_RESERVED = {"mtcnn", "none", "file"}
_EXPECTED = "expected for each photo Faces, None, or rows of 4, 5 or 15 numbers (docs/your-detector.md)"


class FindsFaces(Protocol):
    """The interface of a user's detector.

    It may have ``name``; and ``version``, any text that changes when what it finds does: with it, templates are cached
    between runs.
    """

    def find(self, photos: list[Picture]) -> Any:
        """Faces of photos, uint8 (h, w, 3), RGB, of any sizes.

        Returns:
            For each photo its faces: a `Faces`; or an array or lists (n, 4) of boxes x0, y0, x1, y1, (n, 5) of boxes
            and probabilities, or (n, 15) of boxes, probabilities, and x and y of left eye, right eye, nose, left and
            right mouth corner as seen in the picture; or None where there is none. All in pixels of the photo.
        """


class PythonDetector(Detector):
    """Wraps an object with ``find(photos)`` as a `Detector`.

    Args:
        finder: the object.
        reference: ``package.module:factory`` or the name of an entry point; None: it was given as an object.

    Raises:
        ConfigurationError: it has no such method, or its name is reserved for another kind of detector.
    """

    landmarks = None

    def __init__(self, finder: FindsFaces, reference: str | None = None) -> None:
        owner = reference or type(finder).__name__
        if not callable(attribute(finder, "find", owner)):
            what = f"{reference} gives" if reference else "Given is"
            raise ConfigurationError(f"{what} a {type(finder).__name__} without a method find(photos).")
        self.finder = finder
        with users_code(f"{owner}: making text of its name", ConfigurationError):
            self.name = str(attribute(finder, "name", owner) or owner)
        if self.name.strip().lower() in _RESERVED:
            raise ConfigurationError(
                f"A detector cannot be called {self.name!r}: this name is reserved for one of faceproof's detectors. "
                "Give it another name."
            )
        self.identity = identity_of(finder, reference)
        self.cacheable = self.identity is not None
        self.source = {} if reference is None else {"reference": reference}
        self.code_sha256 = source_digest(finder)

    def find(self, pictures: Sequence[Picture], ids: Sequence[str] = ()) -> list[Faces | Failure]:
        """The faces that the object finds. If it fails on several photos, each photo is tried separately."""
        try:
            with users_code("find", ModelError, stop=""):
                # Copies, as the object may write to the arrays.
                found = list(self.finder.find([picture.copy() for picture in pictures]))
        except ModelError as error:
            found, why = [], str(error)
        else:
            why = f"find gave {len(found)} results for {len(pictures)} photo{'s' if len(pictures) > 1 else ''}"
        if len(found) == len(pictures):
            return [_faces(one) for one in found]
        if len(pictures) == 1:
            return [Failure(f"the detector failed: {why}")]
        return [self.find([picture])[0] for picture in pictures]

    def recipe(self) -> dict[str, object]:
        """Its name and identity."""
        return {"name": self.name, "identity": self.identity}


def python_detector(reference: str) -> PythonDetector:
    """The detector that ``package.module:factory``, or the name of an entry point, leads to.

    Raises:
        ConfigurationError: it cannot be imported or called, or gives something that is no detector.
    """
    return PythonDetector(made_by(reference, ENTRY_POINTS, "find"), reference)


def _faces(found: Any) -> Faces | Failure:
    """The checked faces of one photo."""
    try:
        with users_code("reading it", ModelError, stop=""):
            rows = _as_rows(found)
    except ModelError as error:
        return Failure(f"the detector gave a {type(found).__name__} that is no numbers ({error}); {_EXPECTED}")
    if rows.size == 0:
        return Faces.none()
    if rows.ndim != 2 or rows.shape[1] not in {_BOX, _SURE_BOX, _WHOLE_FACE}:
        return Failure(f"the detector gave an array of shape {rows.shape}; {_EXPECTED}")
    faces = Faces.from_rows(rows)
    wrong = _what_is_wrong(faces)
    return Failure(f"the detector gave {wrong}") if wrong else faces


def _what_is_wrong(faces: Faces) -> str:
    box, probability = faces.boxes_xyxy_px, faces.probabilities
    if not np.isfinite(box).all():
        return "a box that is not finite"
    if (box[:, 2:] <= box[:, :2]).any():
        return "a box that is empty or upside down"
    return "a probability outside 0 to 1" if ((probability < 0) | (probability > 1)).any() else ""


def _as_rows(found: Any) -> NDArray[np.float32]:
    if not isinstance(found, Faces):
        return np.asarray([] if found is None else found, np.float32)
    parts = ((found.boxes_xyxy_px, _BOX), (found.probabilities, 1), (found.landmarks_px, 10))
    return np.concatenate([np.asarray(part, np.float32).reshape(len(found), size) for part, size in parts], axis=1)
