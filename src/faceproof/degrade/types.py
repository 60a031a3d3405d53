"""The values of this room: a family of degradations, and a condition, which is one of them at one severity."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError, DegradationError
from faceproof.plugins import users_code

Picture = NDArray[np.uint8]
Stage = Literal["capture", "aligned"]
Level = Mapping[str, Any]

BUILT_IN = "faceproof"
"""Identity of the families that ship with faceproof."""

AT_SIDE = "at_side_px"
"""Parameter that makes lengths count for a photo whose shorter side has so many pixels; others are in proportion."""


class FacePlace(Protocol):
    """Where a face is: what a family ``on_face`` is told."""

    @property
    def box_xyxy_px(self) -> NDArray[np.float32]:
        """float32 (4,), x0, y0, x1, y1 in pixels of the photo."""

    @property
    def landmarks_px(self) -> NDArray[np.float32]:
        """float32 (5, 2), left eye, right eye, nose, left and right mouth corner as seen in the picture."""


@dataclass(frozen=True, slots=True)
class Place:
    """A `FacePlace` on its own, apart from any face that was found."""

    box_xyxy_px: NDArray[np.float32]
    landmarks_px: NDArray[np.float32]


def as_bytes(values: NDArray[Any]) -> Picture:
    """Values rounded and clipped to 0 to 255."""
    result: Picture = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return result


@dataclass(frozen=True, slots=True)
class Family:
    """One way in which photos get worse, in steps.

    Attributes:
        name: what the command line and the tables call it.
        title: what a page calls it.
        function: takes a photo, the parameters of a level and, where it says so, ``rng`` and ``face``.
        levels: parameters of severity 1, 2, ...; severity 0 is always the photo as it is.
        told: how a level reads, a format string of its parameters.
        random: the function draws, and takes ``rng``.
        on_face: it needs to know where the face is, and takes ``face``.
        lengths: parameters that are lengths in pixels, which `AT_SIDE` scales.
        identity: what stands for the function in a cache key; None: it must not be cached.
    """

    name: str
    title: str
    function: Callable[..., Picture]
    levels: tuple[Level, ...]
    told: str
    random: bool = False
    on_face: bool = False
    lengths: tuple[str, ...] = ()
    identity: str | None = BUILT_IN

    @property
    def reference(self) -> str:
        """The function by name: ``faceproof:gaussian_blur``, or ``module:name:digest`` of a user's; may be empty."""
        return f"{self.identity}:{getattr(self.function, '__name__', '')}" if self.identity else ""

    def at(self, severity: int, *, stage: Stage = "capture", seed: int = 0) -> Condition:
        """The condition of a severity.

        Raises:
            ConfigurationError: there is no such severity.
        """
        if not 0 <= severity <= len(self.levels):
            raise ConfigurationError(
                f"{self.name} has severities 1 to {len(self.levels)} (0 is the photo as it is), not {severity}."
            )
        return Condition(self, severity, self.levels[severity - 1] if severity else {}, stage, seed)


@dataclass(frozen=True, slots=True)
class Condition:
    """A family at one severity, and where in the path of a photo it strikes.

    Attributes:
        family: what is done.
        severity: 0 for nothing.
        parameters: how much of it.
        stage: ``capture``: to the photo, before any face is sought; ``aligned``: to the prepared face of the photo
            as it is, so that the recogniser alone is put to the test.
        seed: of all that is drawn.
    """

    family: Family
    severity: int
    parameters: Level = field(default_factory=dict)
    stage: Stage = "capture"
    seed: int = 0

    @property
    def name(self) -> str:
        """``gaussian-blur-3``; ``clean`` where nothing is done."""
        return f"{self.family.name}-{self.severity}" if self.severity else "clean"

    @property
    def label(self) -> str:
        """``Gaussian blur, radius 3 px``."""
        if not self.severity:
            return "Photo as it is"
        return f"{self.family.title}, {self.told}" if self.told else self.family.title

    @property
    def told(self) -> str:
        """The parameters in words, ``radius 3 px``; empty for a family of one level without any."""
        if not self.severity:
            return "as it is"
        words = self.family.told.format(**self.parameters)
        length_is_told = any(f"{{{name}" in self.family.told for name in self.family.lengths)
        return f"{words} of {self.parameters[AT_SIDE]:g}" if AT_SIDE in self.parameters and length_is_told else words

    @property
    def cacheable(self) -> bool:
        """Whether its results may be kept between runs."""
        return self.family.identity is not None

    def recipe(self) -> str | dict[str, object]:
        """What tells this condition from every other, as a JSON value."""
        if not self.severity:
            return "clean"
        recipe = {
            "function": self.family.reference,
            "parameters": dict(self.parameters),
            "stage": self.stage,
        }
        return recipe | ({"seed": self.seed, "draws": self.family.name} if self.family.random else {})

    def apply(self, photo: Picture, key: str, face: FacePlace | None = None) -> Picture:
        """The photo under this condition.

        Args:
            photo: uint8 (h, w, 3), RGB; it is left as it is.
            key: what is drawn depends on this, the seed and the family alone: the digest of the photo's file.
            face: box and landmarks in ``photo``, which a family ``on_face`` needs.

        Returns:
            uint8 (h', w', 3); it may share memory with ``photo``, and may be read-only.

        Raises:
            DegradationError: the function raised, or gave no picture, or the face has no landmarks to place it by.
            ConfigurationError: it needs a face and there is none.
        """
        if not self.severity:
            return photo
        arguments = self._scaled(min(photo.shape[:2]))
        if self.family.random:
            arguments["rng"] = self._generator(key)
        if self.family.on_face:
            if face is None:
                raise ConfigurationError(f"{self.family.name} needs to know where the face is.")
            if not np.isfinite(face.landmarks_px).all():
                raise DegradationError(f"{self.family.name} is placed by landmarks, and the detector gave none.")
            arguments["face"] = face
        own = photo.view()
        if self.family.identity != BUILT_IN:
            # A user's function may write where it should not: what it gets is its own.
            own = photo.copy()
            arguments |= (
                {"face": Place(face.box_xyxy_px.copy(), face.landmarks_px.copy())}
                if face and self.family.on_face
                else {}
            )
        own.flags.writeable = False
        with users_code(f"{self.name}: the function", DegradationError):
            result = self.family.function(own, **arguments)
        return self._checked(result)

    def _generator(self, key: str) -> np.random.Generator:
        """Draws that hang on seed, family and photo; all severities of a photo share them."""
        digest = hashlib.sha256(f"{self.seed}:{self.family.name}:{key}".encode()).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16])))

    def _scaled(self, shorter_side_px: int) -> dict[str, Any]:
        arguments = {name: value for name, value in self.parameters.items() if name != AT_SIDE}
        if AT_SIDE in self.parameters:
            scale = shorter_side_px / self.parameters[AT_SIDE]
            arguments |= {name: arguments[name] * scale for name in self.family.lengths}
        return arguments

    def _checked(self, result: object) -> Picture:
        if not isinstance(result, np.ndarray):
            found = f"{type(result).__name__}"
        elif result.dtype != np.uint8 or result.ndim != 3 or result.shape[2] != 3 or not result.size:
            found = f"{result.dtype} of shape {result.shape}"
        else:
            return np.ascontiguousarray(result)
        raise DegradationError(
            f"{self.name}: the function gave {found}; expected an array uint8 (height, width, 3), RGB, 0 to 255."
        )


CLEAN = Condition(Family("clean", "As it is", lambda photo: photo, (), ""), 0)
"""The photo as it is."""
