"""The TOML card of an ONNX file: the contracts, which the ONNX file itself does not contain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from faceproof.errors import ConfigurationError
from faceproof.files import read_toml
from faceproof.systems.faces.alignment import five_point_template
from faceproof.systems.weights.card import (
    LARGEST_CROP_PX,
    Card,
    CardThreshold,
    InputContract,
    Number,
    Source,
    TemplateContract,
)
from faceproof.systems.weights.zoo import is_reserved

_LONGEST_NAME = 80  # of a model: run folders are named after it


class ModelFile(BaseModel):
    """The fields of ``MODEL.toml``; only ``contract`` is needed.

    Attributes:
        threshold: where to decide, in the model's usual score.
        threshold_distance: the same as a distance of unit templates, 0 to 2; one of the two at most.
        templates: what comes out of the model.
        contract: what goes in.
    """

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    title: str | None = None
    training_set: str = "not said"
    licence: str = "not said"
    source: str | None = None
    output: str | None = None
    threshold: Number | None = Field(default=None, allow_inf_nan=False)
    threshold_distance: Number | None = Field(default=None, ge=0, le=2)
    templates: TemplateContract | None = None
    contract: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_threshold(self) -> Self:
        if self.threshold is not None and self.threshold_distance is not None:
            raise ValueError("threshold and threshold_distance are both given; expected one of them")
        return self


def card_path(model: Path) -> Path:
    """Path of the card of a model file: the same name with ``.toml``."""
    return model.with_suffix(".toml")


def read_model_file(path: Path) -> ModelFile:
    """A card from its file.

    Raises:
        ConfigurationError: it cannot be read, or says something that makes no sense; the message says where.
    """
    content = read_toml(path, "The card", ConfigurationError)
    try:
        return ModelFile.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(f"The card {path} cannot be used: {reasons(error)}.") from error


def contract_from(fields: dict[str, Any], size_px: int | None, where: str) -> InputContract:
    """The contract of a card. The size may come from the model file; the five points have a default.

    Raises:
        ConfigurationError: fields are missing or make no sense, or the sizes disagree.
    """
    fields = dict(fields)
    size = fields.setdefault("size_px", size_px)
    if size is None:
        raise ConfigurationError(f"{where}: the size of the input is not known; say size_px in [contract].")
    if size_px is not None and size != size_px:
        raise ConfigurationError(f"{where}: size_px is {str(size)[:40]}, but the model's file takes {size_px} px.")
    alignment = fields.get("alignment")
    if isinstance(alignment, str) and alignment == "five_point" and _is_size(size):
        fields.setdefault("template_points", five_point_template(size))
    try:
        return InputContract.model_validate(fields)
    except ValidationError as error:
        raise ConfigurationError(f"{where}: [contract] cannot be used: {reasons(error)}.") from error


def _is_size(size: object) -> bool:
    return isinstance(size, int) and 0 < size <= LARGEST_CROP_PX


def threshold_from(
    file: ModelFile, templates: TemplateContract, where: str, origin: str = "the model's card"
) -> CardThreshold | None:
    """The threshold of a card; None if it has none.

    Args:
        file: the card.
        templates: what comes out of the model, which tells the score that a threshold is given in.
        where: the card's place, for an error.
        origin: how the threshold was set.

    Raises:
        ConfigurationError: the usual score has no such number.
    """
    distance = file.threshold_distance
    if file.threshold is not None:
        try:
            distance = float(templates.usual_score.distance(file.threshold))
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: its threshold cannot be used: {error}.") from error
    return None if distance is None else CardThreshold(distance=distance, origin=origin)


def with_model_file(card: Card, file: ModelFile, where: str) -> Card:
    """A built-in card, with templates and threshold replaced by those of the card of the model file.

    Raises:
        ConfigurationError: see `threshold_from`.
    """
    templates = file.templates or card.templates
    threshold = threshold_from(file, templates, where) or card.threshold
    return card.model_copy(update={"templates": templates, "threshold": threshold})


def foreign_card(
    name: str,
    contract: InputContract,
    template_size: int,
    architecture: Literal["onnx", "python"],
    file: ModelFile | None = None,
    where: str = "",
) -> Card:
    """The card of a user's model.

    Args:
        name: what it is called where its own card does not say.
        contract: what it is fed.
        template_size: numbers in a template.
        architecture: what kind of model it is.
        file: what it says of itself.
        where: the place of ``file``, for an error.

    Raises:
        ConfigurationError: the name is that of a model that faceproof knows, or see `threshold_from`.
    """
    declared = file or ModelFile()
    templates = declared.templates or TemplateContract()
    origin = "the model itself" if architecture == "python" else "the model's card"
    plain = re.sub(r"[^a-z0-9.-]+", "-", (declared.name or name).lower()).strip("-.")[:_LONGEST_NAME].strip("-.")
    if is_reserved(plain):
        raise ConfigurationError(_name_taken(plain, name, architecture, where if declared.name else ""))
    return Card(
        name=plain or "model",
        title=declared.title or declared.name or name,
        kind="recogniser",
        architecture=architecture,
        training_set=declared.training_set,
        template_size=template_size,
        contract=contract,
        templates=templates,
        licence=declared.licence,
        licence_note="A model of your own: its terms are not known to faceproof.",
        source=Source(who=declared.source or "not said", url=declared.source or "not said"),
        threshold=threshold_from(declared, templates, where, origin),
    )


def _name_taken(taken: str, name: str, architecture: str, where: str) -> str:
    """The message for a reserved name; ``where`` is the card or object that sets it, empty if it is a default."""
    instead = {
        "onnx": f'Give the file another name, or write name = "..." in its card, {name}.toml.',
        "python": "Give it another name in its attribute name.",
    }
    return (
        f"{where or name}: the model would be called {taken!r}, as a model that faceproof knows is. A run could not "
        f"tell the two apart. {f'Write another name in {where}.' if where.endswith('.toml') else instead[architecture]}"
    )


def as_toml(contract: InputContract) -> str:
    """A contract as the ``[contract]`` of a card.

    >>> contract = InputContract(size_px=112, pixel_mean=0, pixel_divisor=255, alignment="margin_crop")
    >>> print(as_toml(contract).splitlines()[1])
    size_px = 112
    """
    lines = ["[contract]"]
    for name, value in contract.model_dump(mode="json", exclude={"template_points", "selection"}).items():
        if name == "margin_px" and contract.alignment == "five_point":
            continue
        shown = str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else value
        lines.append(f"{name} = {shown}")
    points = contract.template_points
    if points is not None and points != tuple(five_point_template(contract.size_px)):
        lines.append(f"template_points = {[list(point) for point in points]}")
    return "\n".join(lines) + "\n"


def reasons(error: ValidationError) -> str:
    """The errors of a validation, each with its field."""
    return "; ".join(f"{'.'.join(str(part) for part in one['loc']) or 'it'}: {one['msg']}" for one in error.errors())
