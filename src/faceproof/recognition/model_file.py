"""What stands beside an ONNX file: a small TOML card with the contract, which the file itself cannot tell."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from faceproof.detection.alignment import five_point_template
from faceproof.errors import ConfigurationError
from faceproof.recognition.card import Card, InputContract, Source, Threshold


class ModelFile(BaseModel):
    """The fields of ``MODEL.toml``; only ``contract`` is needed."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    title: str | None = None
    training_set: str = "not said"
    licence: str = "not said"
    source: str | None = None
    output: str | None = None
    threshold_distance: float | None = None
    contract: dict[str, Any] | None = None


def card_path(model: Path) -> Path:
    """Where the card of a model's file is looked for: the same name with ``.toml``."""
    return model.with_suffix(".toml")


def read_model_file(path: Path) -> ModelFile:
    """A card from its file.

    Raises:
        ConfigurationError: it cannot be read, or says something that makes no sense; the message says where.
    """
    try:
        return ModelFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ConfigurationError(f"The card {path} cannot be read ({error.strerror or error}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The card {path} is no TOML: {error}.") from error
    except ValidationError as error:
        raise ConfigurationError(f"The card {path} cannot be used: {reasons(error)}.") from error


def contract_from(fields: dict[str, Any], size_px: int | None, where: str) -> InputContract:
    """A contract from the fields of a card; the size may come from the model's file, and the usual five points too.

    Raises:
        ConfigurationError: fields are missing or make no sense, or the sizes disagree.
    """
    fields = dict(fields)
    said = fields.setdefault("size_px", size_px)
    if said is None:
        raise ConfigurationError(f"{where}: the model's file leaves the size open; say size_px in [contract].")
    if size_px is not None and said != size_px:
        raise ConfigurationError(f"{where}: size_px is {said}, but the model's file takes {size_px} px.")
    if fields.get("alignment") == "five_point":
        fields.setdefault("template_points", five_point_template(said))
    try:
        return InputContract.model_validate(fields)
    except ValidationError as error:
        raise ConfigurationError(f"{where}: [contract] cannot be used: {reasons(error)}.") from error


def foreign_card(
    name: str, contract: InputContract, template_size: int, architecture: str, file: ModelFile | None = None
) -> Card:
    """The card of a model that is not one of faceproof's own."""
    said = file or ModelFile()
    plain = re.sub(r"[^a-z0-9.-]+", "-", (said.name or name).lower()).strip("-.") or "model"
    threshold = None
    if said.threshold_distance is not None:
        threshold = Threshold(distance=said.threshold_distance, origin="the model's card")
    return Card(
        name=plain,
        title=said.title or said.name or name,
        kind="recogniser",
        architecture=architecture,
        training_set=said.training_set,
        template_size=template_size,
        contract=contract,
        licence=said.licence,
        licence_note="A model of your own: its terms are not known to faceproof.",
        source=Source(who=said.source or "not said", url=said.source or "not said"),
        threshold=threshold,
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
    return "\n".join(lines) + "\n"


def reasons(error: ValidationError) -> str:
    """What a validation found, with the place of each finding."""
    return "; ".join(f"{'.'.join(str(part) for part in one['loc']) or 'it'}: {one['msg']}" for one in error.errors())
