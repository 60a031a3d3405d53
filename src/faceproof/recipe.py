"""How a photo becomes a template: what a user changes of a model's card, and the pipeline that does it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.errors import ConfigurationError
from faceproof.sizes import bytes_of

if TYPE_CHECKING:
    from faceproof.detection.detector import Detector
    from faceproof.detection.python_detector import FindsFaces
    from faceproof.engine.runner import Pipeline
    from faceproof.recognition.card import InputContract
    from faceproof.recognition.python_model import PythonModel


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a photo becomes a template; None means what the model's card says.

    Attributes:
        crop_size: side of the face crop in pixels.
        margin: around the box, in pixels of the crop, both sides together.
        alignment: ``margin_crop``, ``even_margin_crop`` or ``five_point``.
        mirror: add the template of the mirrored face.
        select: which face is compared (`faceproof.detection.selection.SELECTIONS`).
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
        """What it says of the contract, by the names of `faceproof.recognition.card.InputContract`."""
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


def load_pipeline(
    model: str | Path | PythonModel,
    weights: str | Path | None,
    recipe: Recipe | None,
    device: str = "cpu",
    batch_size: int = 32,
    workers: int | None = None,
    offline: bool = False,
    *,
    detector: Detector | None = None,
    decode_memory: int | str | None = None,
) -> Pipeline:
    """Detector, recogniser and selection, ready to use (see `evaluate` for arguments and errors).

    ``detector`` is the recipe's, where it is loaded already.
    """
    from faceproof.detection.catalog import load_detector
    from faceproof.detection.selection import get_selection
    from faceproof.engine.runner import Pipeline
    from faceproof.recognition.catalog import load_model

    recipe = recipe or Recipe()
    if batch_size < 1 or (workers is not None and workers < 1):
        raise ConfigurationError(f"batch_size {batch_size} and workers {workers} must be 1 or more.")
    if recipe.select is not None:
        get_selection(recipe.select)
    recognizer = load_model(
        model,
        weights=weights,
        offline=offline,
        device=device,
        change=lambda contract: changed_contract(contract, recipe),
        said=recipe.contract_fields(),
    )
    detector = detector or load_detector(
        recipe.detector, min_face_size=recipe.min_face_size, pad=recipe.pad, device=device, offline=offline
    )
    _check_detector(detector, recognizer.contract, recipe)
    more: dict[str, int] = {} if workers is None else {"workers": workers}
    if decode_memory is not None:
        more["decode_memory"] = bytes_of("decode_memory", decode_memory)
    return Pipeline(detector, recognizer, recognizer.contract.selection, batch_size=batch_size, **more)


def _check_detector(detector: Detector, contract: InputContract, recipe: Recipe) -> None:
    """Refuse what a detector's faces cannot be used for, and options that mean nothing with it."""
    if detector.prepared:
        given = {"--alignment": recipe.alignment, "--margin": recipe.margin, "--select": recipe.select}
        for option, value in given.items():
            if value is not None:
                raise ConfigurationError(
                    f"{option} means nothing with --detector {detector.name}: photos are brought to size and nothing "
                    "else. Leave it out."
                )
    elif detector.landmarks is False and contract.alignment == "five_point":
        raise ConfigurationError(
            f"The model aligns faces by five landmarks, and the faces of {detector.source.get('file', detector.name)} "
            "have none. Add them, or cut the faces out: --alignment even_margin_crop."
        )


def changed_contract(contract: InputContract, recipe: Recipe) -> InputContract:
    """A card's contract with a recipe's changes.

    Raises:
        ConfigurationError: when the changes do not fit together.
    """
    from pydantic import ValidationError

    from faceproof.detection.alignment import five_point_template
    from faceproof.recognition.model_file import reasons

    fields = contract.model_dump() | recipe.contract_fields()
    if fields["alignment"] == "five_point":
        if recipe.margin:
            raise ConfigurationError("A margin has no meaning with five_point alignment: leave --margin out.")
        if contract.template_points is None:
            fields["template_points"] = five_point_template(fields["size_px"])
        else:
            scale = fields["size_px"] / contract.size_px
            fields["template_points"] = [(x * scale, y * scale) for x, y in contract.template_points]
    else:
        fields["template_points"] = None
    try:
        return type(contract).model_validate(fields)
    except ValidationError as error:
        raise ConfigurationError(f"This recipe cannot be used: {reasons(error)}.") from error
