"""A user's changes to the input contract of a model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import TypeAdapter, ValidationError

from faceproof.errors import ConfigurationError
from faceproof.systems.faces.centre import FAIL, check_on_missing
from faceproof.systems.faces.selection import get_selection
from faceproof.systems.weights.card import InputContract

if TYPE_CHECKING:
    from faceproof.systems.detection.detector import Detector
    from faceproof.systems.detection.python_detector import FindsFaces

_OF_CONTRACT = (
    "size_px",
    "margin_px",
    "alignment",
    "mirrored",
    "selection",
    "color_order",
    "pixel_mean",
    "pixel_divisor",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a photo becomes a template; None means what the model's card says.

    Each value is checked when the recipe is made. Names are those of
    `faceproof.systems.weights.card.InputContract`.

    Attributes:
        size_px: side of the face crop in pixels.
        margin_px: margin around the box, in pixels of the crop, both sides together.
        alignment: ``margin_crop``, ``even_margin_crop`` or ``five_point``.
        mirrored: add the template of the mirrored face.
        selection: which face is compared (`faceproof.systems.faces.selection.SELECTIONS`).
        min_face_size: of MTCNN: side of the smallest face that is sought, in pixels of the photo; None: 20.
        color_order: ``rgb`` or ``bgr``.
        pixel_mean: subtracted from each pixel, 0 to 255: one number, or red, green and blue.
        pixel_divisor: divides what is left, likewise.
        detector: what finds the faces: ``mtcnn``, ``none``, a file of faces, ``package.module:factory``, or an object
            with ``find(photos)`` (docs/your-detector.md).
        pad: of MTCNN: black border added to each side of a photo before detection, as a fraction of its height and
            width, 0 to 1; None: 0. Boxes, landmarks and crops are those of the photo without the border.
        on_missing: what happens where no face is found: ``fail`` (the photo gives no template), or ``centre-crop``: a
            square at the centre of the photo is compared, as in many published results.

    Raises:
        ConfigurationError: a value is of another type or out of range; its ``argument`` is the name.

    Examples:
        >>> Recipe(margin_px=-4)
        Traceback (most recent call last):
        faceproof.errors.ConfigurationError: margin_px is -4. Input should be greater than or equal to 0.
    """

    size_px: int | None = None
    margin_px: int | None = None
    alignment: str | None = None
    mirrored: bool | None = None
    selection: str | None = None
    min_face_size: float | None = None
    color_order: str | None = None
    pixel_mean: float | tuple[float, float, float] | None = None
    pixel_divisor: float | tuple[float, float, float] | None = None
    detector: str | Path | FindsFaces | Detector = "mtcnn"
    pad: float | None = None
    on_missing: str = FAIL

    def __post_init__(self) -> None:
        for name, value in self.contract_fields().items():
            object.__setattr__(self, name, _checked(name, value))
        if self.selection is not None:
            get_selection(self.selection)
        check_on_missing(self.on_missing)
        _check_number("min_face_size", self.min_face_size, 0, math.inf, "a number of pixels above 0")
        _check_number("pad", self.pad, -math.ulp(0), 1, "a fraction from 0 to 1")

    def contract_fields(self) -> dict[str, Any]:
        """The changed fields of the contract, by name."""
        return {name: value for name in _OF_CONTRACT if (value := getattr(self, name)) is not None}


def _checked(name: str, value: object) -> object:
    """A value, validated and converted as in the contract."""
    field = InputContract.model_fields[name]
    try:
        of_field: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        found: object = TypeAdapter(of_field, config=InputContract.model_config).validate_python(value)
    except ValidationError as error:
        raise ConfigurationError(f"{name} is {value!r}. {error.errors()[0]['msg']}.", argument=name) from error
    if name == "pixel_divisor" and not all(part > 0 for part in (found if isinstance(found, tuple) else (found,))):
        raise ConfigurationError(f"{name} is {value!r}. Expected above 0.", argument=name)
    return found


def _check_number(name: str, value: object, above: float, most: float, expected: str) -> None:
    if value is None:
        return
    number = float("nan") if isinstance(value, bool) or not isinstance(value, int | float) else value
    if not above < number <= most or number == math.inf:
        raise ConfigurationError(f"{name} is {value!r}. Expected {expected}.", argument=name)
