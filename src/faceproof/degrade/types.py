"""A family of degradations, a condition, which is a family at one severity, and a suite of conditions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
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
"""Parameter: shorter side, in pixels, of the photo that lengths are given for; they are scaled to other photos."""


class FacePlace(Protocol):
    """Box and landmarks of a face, for a family ``on_face``."""

    @property
    def box_xyxy_px(self) -> NDArray[np.float32]:
        """float32 (4,), x0, y0, x1, y1 in pixels of the photo."""

    @property
    def landmarks_px(self) -> NDArray[np.float32]:
        """float32 (5, 2), left eye, right eye, nose, left and right mouth corner as seen in the picture."""


@dataclass(frozen=True, slots=True)
class Place:
    """A `FacePlace` that is independent of a detected face."""

    box_xyxy_px: NDArray[np.float32]
    landmarks_px: NDArray[np.float32]


def as_bytes(values: NDArray[Any]) -> Picture:
    """Values rounded and clipped to 0 to 255, uint8 of the same shape."""
    result: Picture = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return result


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of degradation, with the parameters of its severities.

    Attributes:
        name: name on the command line and in the tables.
        title: name on a page.
        function: takes a photo, the parameters of a level and, if ``random`` and ``on_face``, ``rng`` and ``face``.
        levels: parameters of severity 1, 2, ...; severity 0 is always the photo as it is.
        level_text: text of a level, a format string of its parameters.
        random: the function draws random numbers, and takes ``rng``.
        on_face: the function needs the place of the face, and takes ``face``.
        lengths: parameters that are lengths in pixels, which `AT_SIDE` scales.
        identity: identifies the function in a cache key; None: results must not be cached.
    """

    name: str
    title: str
    function: Callable[..., Picture]
    levels: tuple[Level, ...]
    level_text: str
    random: bool = False
    on_face: bool = False
    lengths: tuple[str, ...] = ()
    identity: str | None = BUILT_IN

    @property
    def reference(self) -> str:
        """Name of the function: ``faceproof:gaussian_blur``, or ``module:name:digest`` for a user's; may be empty."""
        return f"{self.identity}:{getattr(self.function, '__name__', '')}" if self.identity else ""

    def at(self, severity: int, *, stage: Stage = "capture", seed: int = 0) -> Condition:
        """The condition of a severity.

        Args:
            severity: 0 (the photo as it is) to the number of ``levels``.
            stage: stage at which the condition is applied.
            seed: seed of all random values.

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
    """A family at one severity, and the stage at which it is applied.

    Attributes:
        family: the family of the degradation.
        severity: 0 for the photo as it is, else 1 or more.
        parameters: the parameters of this severity.
        stage: ``capture``: applied to the photo, before face detection; ``aligned``: applied to the prepared face of
            the original photo, which tests the recogniser alone.
        seed: seed of all random values.
    """

    family: Family
    severity: int
    parameters: Level = field(default_factory=dict)
    stage: Stage = "capture"
    seed: int = 0

    @property
    def name(self) -> str:
        """Name, such as ``gaussian-blur-3``; ``clean`` for severity 0."""
        return f"{self.family.name}-{self.severity}" if self.severity else "clean"

    @property
    def label(self) -> str:
        """Title and parameters, such as ``Gaussian blur, radius 3 px``."""
        if not self.severity:
            return "Photo as it is"
        return f"{self.family.title}, {self.text}" if self.text else self.family.title

    @property
    def text(self) -> str:
        """The parameters as text, such as ``radius 3 px``; empty for a family without parameters."""
        if not self.severity:
            return "as it is"
        text = self.family.level_text.format(**self.parameters)
        has_length = any(f"{{{name}" in self.family.level_text for name in self.family.lengths)
        return f"{text} of {self.parameters[AT_SIDE]:g}" if AT_SIDE in self.parameters and has_length else text

    @property
    def cacheable(self) -> bool:
        """Whether results may be cached."""
        return self.family.identity is not None

    def recipe(self) -> str | dict[str, object]:
        """A JSON value that identifies this condition."""
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
            photo: uint8 (h, w, 3), RGB; it is not changed.
            key: the digest of the photo's file. Random values depend on it, the seed and the family only.
            face: box and landmarks in ``photo``, required by a family ``on_face``.

        Returns:
            uint8 (h', w', 3); it may share memory with ``photo``, and may be read-only.

        Raises:
            DegradationError: the function raised an exception or returned no picture, or the face has no landmarks.
            ConfigurationError: the family requires a face, and ``face`` is None.
        """
        if not self.severity:
            return photo
        arguments = self._scaled(min(photo.shape[:2]))
        if self.family.random:
            arguments["rng"] = self._generator(key)
        if self.family.on_face:
            if face is None:
                raise ConfigurationError(f"{self.family.name} requires a face, and no face was given.")
            if not np.isfinite(face.landmarks_px).all():
                raise DegradationError(f"{self.family.name} is placed by landmarks, and the detector gave none.")
            arguments["face"] = face
        own = photo.view()
        if self.family.identity != BUILT_IN:
            # A user's function may change its arguments, so it gets copies.
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
        """Generator seeded by seed, family and photo; all severities of a photo draw the same values."""
        digest = hashlib.sha256(f"{self.seed}:{self.family.name}:{key}".encode()).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16])))

    def _scaled(self, shorter_side_px: int) -> dict[str, Any]:
        """The parameters, with lengths scaled to a photo of this shorter side."""
        arguments = {name: value for name, value in self.parameters.items() if name != AT_SIDE}
        if AT_SIDE in self.parameters:
            scale = shorter_side_px / self.parameters[AT_SIDE]
            arguments |= {name: arguments[name] * scale for name in self.family.lengths}
        return arguments

    def _checked(self, result: object) -> Picture:
        """The result of the function, C-contiguous, if it is a picture; else raise DegradationError."""
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


@dataclass(frozen=True, slots=True)
class Series:
    """A family, and its severities in a suite."""

    family: Family
    severities: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """A named list of series."""

    name: str
    series: tuple[Series, ...]

    def conditions(
        self, severities: Sequence[int] | None = None, *, stage: Stage = "capture", seed: int = 0
    ) -> list[Condition]:
        """The photo as it is, then every condition of the suite.

        Args:
            severities: keep only these; None: all.
            stage: stage at which the conditions are applied.
            seed: seed of all random values.

        Returns:
            The conditions, the clean one first.

        Raises:
            ConfigurationError: no family has such a severity, or no condition is left.
        """
        if severities is not None:
            most = max(len(series.family.levels) for series in self.series)
            outside = [severity for severity in severities if not 1 <= severity <= most]
            if outside:
                raise ConfigurationError(
                    f"Suite {self.name!r} has severities 1 to {most}, not {outside[0]} (0 is the photo as it is, "
                    "which is always included)."
                )
        chosen = [
            series.family.at(severity, stage=stage, seed=seed)
            for series in self.series
            for severity in series.severities
            if severities is None or severity in severities
        ]
        if not chosen:
            raise ConfigurationError(f"Suite {self.name!r} has no condition with these severities.")
        return [CLEAN, *chosen]
