"""Python recognisers of users: any object with a contract and ``embed(batch)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import index
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from faceproof.errors import ConfigurationError, ModelError
from faceproof.plugins import attribute, described, installed, made_by, users_code
from faceproof.systems.recognition.float32 import as_float32
from faceproof.systems.recognition.model_file import ModelFile, contract_from, reasons
from faceproof.systems.weights.card import InputContract
from faceproof.systems.weights.zoo import is_reserved

if TYPE_CHECKING:
    from faceproof.systems.nets.runtime import Runner

ENTRY_POINTS = "faceproof.models"
"""Group of entry points by which a package adds models: name = "package.module:factory"."""

LARGEST_TEMPLATE = 1 << 20
"""Largest template size: memory is reserved for the size that a model declares."""

Array = NDArray[np.float32]

_MISSING = object()
_NUMBERS = "fiubO"


class PythonModel(Protocol):
    """The interface of a user's model.

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
    """Models that installed packages add, by name, and the reference of each.

    A name of a model that faceproof knows stays with that model; see `hidden_models`.
    """
    return {name: reference for name, reference in installed(ENTRY_POINTS).items() if not is_reserved(name)}


def hidden_models() -> dict[str, str]:
    """Models that installed packages add under a reserved name; they can be used only by their references."""
    return {name: reference for name, reference in installed(ENTRY_POINTS).items() if is_reserved(name)}


def make_model(reference: str) -> PythonModel:
    """Call the factory that ``package.module:factory`` (or the name of an entry point) leads to.

    Raises:
        ConfigurationError: it cannot be imported or called, or gives something that is no model.
    """
    model = made_by(reference, ENTRY_POINTS, "embed")
    check_model(model, reference)
    return cast("PythonModel", model)


def check_model(model: object, name: str) -> None:
    """Check that an object has the interface of a model.

    Raises:
        ConfigurationError: it has not.
    """
    lacking = [part for part in ("contract", "embed") if attribute(model, part, name, _MISSING) is _MISSING]
    if lacking:
        raise ConfigurationError(
            f"{name} gives a {type(model).__name__} without {' and '.join(lacking)}. Expected an object with a "
            "contract and embed(batch): see docs/your-model.md."
        )
    if not callable(attribute(model, "embed", name)):
        raise ConfigurationError(f"{name}: its embed cannot be called. Expected a method embed(batch).")


def name_of(model: object) -> str:
    """Name of a model that was given as an object: its attribute ``name``, or the name of its class.

    Raises:
        ConfigurationError: reading its name raised something.
    """
    kind = type(model).__name__
    declared = attribute(model, "name", kind)
    return declared if isinstance(declared, str) and declared.strip() else kind


def contract_of(model: PythonModel, name: str) -> InputContract:
    """The model's contract.

    Raises:
        ConfigurationError: it is none.
    """
    declared = attribute(model, "contract", name)
    if isinstance(declared, InputContract):
        return declared
    try:
        fields = dict(declared)
    except Exception as error:  # it may be anything
        raise ConfigurationError(
            f"{name}: its contract is of type {type(declared).__name__} ({described(error)}). Expected an "
            "InputContract, or a dict of its fields: see docs/your-model.md."
        ) from error
    return contract_from(fields, None, name)


def declared_by(model: PythonModel, name: str) -> ModelFile:
    """Name, title, templates and threshold that a model declares.

    Raises:
        ConfigurationError: it makes no sense.
    """
    declared = {field: attribute(model, field, name) for field in ("name", "title", "templates", "threshold")}
    try:
        return ModelFile.model_validate(declared)
    except ValidationError as error:
        raise ConfigurationError(f"{name}: what it says of itself cannot be used: {reasons(error)}.") from error


def template_size_of(model: PythonModel, contract: InputContract, name: str) -> int:
    """Template size: as the model declares, or from its output for a black picture.

    Raises:
        ConfigurationError: neither works.
    """
    declared = attribute(model, "template_size", name)
    if declared is not None:
        return _size(declared, name)
    black = np.zeros((1, 3, contract.size_px, contract.size_px), np.float32)
    try:
        return _size(python_runner(attribute(model, "embed", name), None)(black)[0].shape[1], name)
    except ModelError as error:
        raise ConfigurationError(
            f"{name} cannot describe a black picture ({error}). Give it a template_size."
        ) from error


def _size(declared: object, name: str) -> int:
    with users_code(f"{name}: its template_size is no whole number, reading it", ConfigurationError):
        size = index(declared)  # type: ignore[arg-type]
    if not 1 <= size <= LARGEST_TEMPLATE:
        raise ConfigurationError(f"{name}: its template_size is {size:,}. Expected 1 to {LARGEST_TEMPLATE:,} numbers.")
    return size


def python_runner(embed: Callable[[Array], Any], template_size: int | None) -> Runner:
    """A runner that calls ``embed`` and checks its result.

    Args:
        embed: see `PythonModel`.
        template_size: numbers in a template; None: as they come.

    Returns:
        The runner. It raises `ModelError` where ``embed`` raises, or gives no (n, d) numbers.
    """

    def run(faces: Array) -> tuple[Array, ...]:
        with users_code("embed", ModelError, stop=""):
            output = embed(faces)
            given = np.asarray(output.detach().cpu() if hasattr(output, "detach") else output)
            # A copy: a model may use its array again for the next faces.
            templates = as_float32(given) if given.dtype.kind in _NUMBERS else None
        if templates is None:
            raise ModelError(f"embed gave an array of {given.dtype} of shape {given.shape}; expected numbers (n, d)")
        if templates.ndim != 2 or len(templates) != len(faces):
            raise ModelError(f"embed gave an array of shape {templates.shape} for {len(faces)} faces; expected (n, d)")
        if template_size is not None and templates.shape[1] != template_size:
            raise ModelError(f"embed gave templates of {templates.shape[1]} numbers; before, they had {template_size}")
        return (templates,)

    return run
