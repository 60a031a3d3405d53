"""What a user changes of how a model's card feeds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from faceproof.systems.detection.detector import Detector
    from faceproof.systems.detection.python_detector import FindsFaces


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a photo becomes a template; None means what the model's card says.

    Attributes:
        crop_size: side of the face crop in pixels.
        margin: around the box, in pixels of the crop, both sides together.
        alignment: ``margin_crop``, ``even_margin_crop`` or ``five_point``.
        mirror: add the template of the mirrored face.
        select: which face is compared (`faceproof.systems.faces.selection.SELECTIONS`).
        min_face_size: of MTCNN: side of the smallest face that is sought, in pixels of the photo; None: 20.
        color_order: ``rgb`` or ``bgr``.
        pixel_mean: subtracted from each pixel, 0 to 255: one number, or red, green and blue.
        pixel_divisor: divides what is left, likewise.
        detector: what finds the faces: ``mtcnn``, ``none``, a file of faces, ``package.module:factory``, or an object
            with ``find(photos)`` (docs/your-detector.md).
        pad: of MTCNN: black border added to each side of a photo before detection, as a fraction of its height and
            width, 0 to 1; None: 0. Boxes, landmarks and crops are those of the photo without the border.
    """

    crop_size: int | None = None
    margin: int | None = None
    alignment: str | None = None
    mirror: bool | None = None
    select: str | None = None
    min_face_size: float | None = None
    color_order: str | None = None
    pixel_mean: float | tuple[float, float, float] | None = None
    pixel_divisor: float | tuple[float, float, float] | None = None
    detector: str | Path | FindsFaces | Detector = "mtcnn"
    pad: float | None = None

    def contract_fields(self) -> dict[str, Any]:
        """What it says of the contract, by the names of `faceproof.systems.weights.card.InputContract`."""
        fields = {
            "size_px": self.crop_size,
            "margin_px": self.margin,
            "alignment": self.alignment,
            "mirrored": self.mirror,
            "selection": self.select,
            "color_order": self.color_order,
            "pixel_mean": self.pixel_mean,
            "pixel_divisor": self.pixel_divisor,
        }
        return {name: value for name, value in fields.items() if value is not None}
