"""Load a pipeline: detector and recogniser with the user's changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from faceproof.errors import ConfigurationError
from faceproof.sizes import bytes_of
from faceproof.systems.faces.alignment import five_point_template
from faceproof.systems.faces.centre import FAIL
from faceproof.systems.recipe import Recipe
from faceproof.systems.recognition.model_file import reasons

if TYPE_CHECKING:
    from faceproof.systems.detection.detector import Detector
    from faceproof.systems.pipeline import Pipeline
    from faceproof.systems.recognition.python_model import PythonModel
    from faceproof.systems.weights.card import InputContract


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
    """Load detector, recogniser and selection (see `evaluate` for arguments and errors).

    ``detector`` is the recipe's, where it is loaded already.
    """
    # Here and not at the top: these load torch, and a job that is refused needs none of it.
    from faceproof.systems.detection.catalog import load_detector
    from faceproof.systems.pipeline import Pipeline
    from faceproof.systems.recognition.catalog import load_model

    recipe = recipe or Recipe()
    if batch_size < 1 or (workers is not None and workers < 1):
        raise ConfigurationError(f"batch_size {batch_size} and workers {workers} must be 1 or more.")
    recognizer = load_model(
        model,
        weights=weights,
        offline=offline,
        device=device,
        change=lambda contract: changed_contract(contract, recipe),
        contract_fields=recipe.contract_fields(),
    )
    detector = detector or load_detector(
        recipe.detector, min_face_size=recipe.min_face_size, pad=recipe.pad, device=device, offline=offline
    )
    _check_detector(detector, recognizer.contract, recipe)
    more: dict[str, Any] = {"on_missing": recipe.on_missing}
    if workers is not None:
        more["workers"] = workers
    if decode_memory is not None:
        more["decode_memory"] = bytes_of("decode_memory", decode_memory)
    return Pipeline(detector, recognizer, recognizer.contract.selection, batch_size=batch_size, **more)


def _check_detector(detector: Detector, contract: InputContract, recipe: Recipe) -> None:
    """Refuse a model that cannot use the detector's faces, and options without effect with this detector."""
    if detector.prepared:
        missing = None if recipe.on_missing == FAIL else recipe.on_missing
        given = {
            **{"alignment": recipe.alignment, "margin_px": recipe.margin_px, "selection": recipe.selection},
            "on_missing": missing,
        }
        for name, value in given.items():
            if value is not None:
                raise ConfigurationError(
                    f"[[{name}]] means nothing with [[detector={detector.name}]]: photos are brought to size and "
                    "nothing else. Leave it out."
                )
    elif detector.landmarks is False and contract.alignment == "five_point":
        raise ConfigurationError(
            f"The model aligns faces by five landmarks, and the faces of {detector.source.get('file', detector.name)} "
            "have none. Add them, or cut the faces out: [[alignment=even_margin_crop]]."
        )


def changed_contract(contract: InputContract, recipe: Recipe) -> InputContract:
    """A card's contract with a recipe's changes.

    Raises:
        ConfigurationError: when the changes do not fit together.
    """
    fields = contract.model_dump() | recipe.contract_fields()
    if fields["alignment"] == "five_point":
        if recipe.margin_px:
            raise ConfigurationError("A margin has no meaning with five_point alignment: leave [[margin_px]] out.")
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
