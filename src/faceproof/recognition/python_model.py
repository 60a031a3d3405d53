"""Recognisers written in Python by somebody else: any object with a contract and ``embed(batch)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from faceproof.errors import ConfigurationError, ModelError
from faceproof.recognition.card import InputContract
from faceproof.recognition.model_file import ModelFile, contract_from, reasons
from faceproof.references import installed, made_by

if TYPE_CHECKING:
    from faceproof.nets.runtime import Runner

ENTRY_POINTS = "faceproof.models"
"""Group of entry points by which a package adds models: name = "package.module:factory"."""

Array = NDArray[np.float32]


class PythonModel(Protocol):
    """What a model of one's own has to have.

    Attributes:
        contract: what its faces have to look like: an `InputContract`, or a dict of its fields.

    It may have ``name`` and ``title``; ``template_size``, where a black picture cannot be described; ``templates``,
    what comes out of it: a `TemplateContract`, or a dict of its fields; ``threshold``, where to decide, in the usual
    score of that; and ``version``, any text that changes when its templates do: with it, templates are cached between
    runs.
    """

    contract: InputContract | Mapping[str, Any]

    def embed(self, batch: Array) -> Any:
        """Templates (n, d) of prepared faces, float32 (n, 3, s, s), normalised as the contract says."""


def installed_models() -> dict[str, str]:
    """Models that installed packages add, and where each comes from."""
    return installed(ENTRY_POINTS)


def make_model(reference: str) -> PythonModel:
    """Call the factory that ``package.module:factory`` (or the name of an entry point) leads to.

    Raises:
        ConfigurationError: it cannot be imported or called, or gives something that is no model.
    """
    made = made_by(reference, ENTRY_POINTS, "embed")
    check_model(made, reference)
    return cast("PythonModel", made)


def check_model(model: object, name: str) -> None:
    """Make sure that an object has what a model has to have.

    Raises:
        ConfigurationError: it has not.
    """
    lacking = [part for part in ("contract", "embed") if not hasattr(model, part)]
    if lacking:
        raise ConfigurationError(
            f"{name} gives a {type(model).__name__} without {' and '.join(lacking)}. Expected an object with a "
            "contract and embed(batch): see docs/your-model.md."
        )


def contract_of(model: PythonModel, name: str) -> InputContract:
    """The model's contract.

    Raises:
        ConfigurationError: it is none.
    """
    if isinstance(model.contract, InputContract):
        return model.contract
    try:
        fields = dict(model.contract)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{name}: its contract is no dict of fields ({error}).") from error
    return contract_from(fields, None, name)


def said_by(model: PythonModel, name: str) -> ModelFile:
    """What a model says of itself beside its contract.

    Raises:
        ConfigurationError: it makes no sense.
    """
    said = {field: getattr(model, field, None) for field in ("name", "title", "templates", "threshold")}
    try:
        return ModelFile.model_validate(said)
    except ValidationError as error:
        raise ConfigurationError(f"{name}: what it says of itself cannot be used: {reasons(error)}.") from error


def template_size_of(model: PythonModel, contract: InputContract, name: str) -> int:
    """Numbers in a template: as the model says, or as it gives for a black picture.

    Raises:
        ConfigurationError: neither works.
    """
    said = getattr(model, "template_size", None)
    if said is not None:
        return int(said)
    black = np.zeros((1, 3, contract.size_px, contract.size_px), np.float32)
    try:
        return int(python_runner(model.embed, None)(black)[0].shape[1])
    except ModelError as error:
        raise ConfigurationError(
            f"{name} cannot describe a black picture ({error}). Give it a template_size."
        ) from error


def python_runner(embed: Callable[[Array], Any], template_size: int | None) -> Runner:
    """A runner that calls ``embed`` and checks what comes back.

    Args:
        embed: see `PythonModel`.
        template_size: numbers in a template; None: as they come.

    Returns:
        The runner. It raises `ModelError` where ``embed`` raises, or gives no (n, d) numbers.
    """

    def run(faces: Array) -> tuple[Array, ...]:
        try:
            made = embed(faces)
            templates = np.asarray(made.detach().cpu() if hasattr(made, "detach") else made, np.float32)
        except Exception as error:  # a user's model may raise anything
            raise ModelError(f"embed raised {type(error).__name__}: {error}") from error
        if templates.ndim != 2 or len(templates) != len(faces):
            raise ModelError(f"embed gave an array of shape {templates.shape} for {len(faces)} faces; expected (n, d)")
        if template_size is not None and templates.shape[1] != template_size:
            raise ModelError(f"embed gave templates of {templates.shape[1]} numbers; before, they had {template_size}")
        return (templates,)

    return run
