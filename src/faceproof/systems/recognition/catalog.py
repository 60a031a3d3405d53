"""Find a model by its name, its ONNX file or its Python reference, or use an object."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from faceproof.errors import ConfigurationError, ModelError
from faceproof.files import sha256_of
from faceproof.plugins import attribute, identity_of, is_reference, source_digest
from faceproof.systems.recognition.model_file import (
    card_path,
    contract_from,
    foreign_card,
    read_model_file,
    with_model_file,
)
from faceproof.systems.recognition.onnx_model import open_onnx, refuse_huge_input
from faceproof.systems.recognition.python_model import (
    LARGEST_TEMPLATE,
    PythonModel,
    check_model,
    contract_of,
    declared_by,
    installed_models,
    make_model,
    name_of,
    python_runner,
    template_size_of,
)
from faceproof.systems.recognition.recognizer import Recognizer, load_card
from faceproof.systems.weights.card import Card, InputContract
from faceproof.systems.weights.zoo import card_of_file, get_card

if TYPE_CHECKING:
    from faceproof.systems.recognition.onnx_model import OnnxNet

Change = Callable[[InputContract], InputContract]

REQUIRED_FIELDS = ("pixel_mean", "pixel_divisor", "alignment")
"""Fields that an ONNX file without a card needs; the others have defaults or are in the file."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Options for loading a model.

    Attributes:
        weights: file with the weights of a card's model; None: the usual places.
        offline: never download.
        device: ``cpu``, ``cuda``, ...
        change: makes the contract that is used of the one that is declared.
        contract_fields: fields of a contract, for an ONNX file without a card.
    """

    weights: Path | None = None
    offline: bool = False
    device: str = "cpu"
    change: Change = lambda contract: contract
    contract_fields: Mapping[str, Any] = field(default_factory=dict)


def load_model(
    model: str | Path | PythonModel,
    *,
    weights: str | Path | None = None,
    offline: bool = False,
    device: str = "cpu",
    contract: InputContract | None = None,
    change: Change | None = None,
    contract_fields: Mapping[str, Any] | None = None,
) -> Recognizer:
    """Load a recogniser.

    Args:
        model: name of a card (``faceproof models list``), an ONNX file, ``package.module:factory``, the name of an
            entry point, or an object with a contract and ``embed(batch)`` (docs/your-model.md).
        weights: file to take the weights of a card's model from, instead of looking for them.
        offline: never download.
        device: ``cpu``, ``cuda``, ``cuda:1``, ...
        contract: another contract than the declared one, for experiments.
        change: makes the contract of the declared one; not together with ``contract``.
        contract_fields: fields of a contract, for an ONNX file without a card; at least `REQUIRED_FIELDS`.

    Returns:
        The recogniser.

    Raises:
        ConfigurationError: when there is no such model, it cannot be used, or nothing is known of its contract.
        WeightsError: when its weights cannot be found, or are not the card's.

    Examples:
        >>> load_model("facenet-vggface2").template_size  # doctest: +SKIP
        512
    """
    file = None if weights is None else Path(weights)
    options = LoadOptions(
        file, offline, device, change or (lambda declared: contract or declared), contract_fields or {}
    )
    if file is not None and not _is_card(model):
        called = model if isinstance(model, str | Path) else name_of(model)
        raise ConfigurationError(
            f"A weights file ({file}) is for models that faceproof has a card of, and {called} brings its own. Leave "
            "it out."
        )
    if not isinstance(model, str | Path):
        return _python(model, name_of(model), options, None)
    name = str(model)
    if name.lower().endswith(".onnx"):
        return _onnx(Path(name), options)
    if is_reference(name) or name in installed_models():
        return _python(make_model(name), name, options, name)
    return _of_card(name, options)


def _is_card(model: object) -> bool:
    if not isinstance(model, str | Path):
        return False
    name = str(model)
    return not (name.lower().endswith(".onnx") or is_reference(name) or name in installed_models())


def _of_card(name: str, options: LoadOptions) -> Recognizer:
    card = _card(name)
    if card.contract is None:
        raise ConfigurationError(f"{card.name} finds faces, it makes no templates. See: faceproof models list")
    return load_card(
        card, options.change(card.contract), weights=options.weights, offline=options.offline, device=options.device
    )


def _card(name: str) -> Card:
    """A card by its name; the error for an unknown name lists the alternatives."""
    try:
        return get_card(name)
    except ConfigurationError as error:
        others = installed_models()
        close = get_close_matches(name, others, n=1)
        hint = f" Did you mean {close[0]!r}, which an installed package adds?" if close else ""
        raise ConfigurationError(f"{error}{hint} Or give a path to a .onnx file, or package.module:factory.") from error


def _onnx(path: Path, options: LoadOptions) -> Recognizer:
    beside = card_path(path)
    file = read_model_file(beside) if os.path.lexists(beside) else None
    net = open_onnx(path, device=options.device, output=file.output if file else None)
    by_digest = card_of_file(net.sha256)
    known = by_digest.contract if by_digest else None
    declared = contract_from(file.contract, net.size_px, str(beside)) if file and file.contract else known
    if declared is None and has_required_fields(options.contract_fields):
        declared = contract_from(dict(options.contract_fields), net.size_px, f"{path}, as the options specify")
    if declared is None:
        raise ConfigurationError(_nothing_known(path, beside))
    contract = options.change(declared)
    if net.size_px is not None and contract.size_px != net.size_px:
        raise ConfigurationError(f"{path} takes faces of {net.size_px} px, not {contract.size_px}.", path=path)
    size = _template_size(path, net, contract)
    own = by_digest or foreign_card(path.stem, contract, size, "onnx", file, str(beside))
    if by_digest and file:
        own = with_model_file(by_digest, file, str(beside))
    return Recognizer(
        own,
        contract,
        net.sha256,
        str(path),
        net.run,
        known_contract=known,
        reference=str(path.resolve()),
        quantized=net.quantized,
    )


def has_required_fields(fields: Mapping[str, Any]) -> bool:
    """Whether fields of a contract are enough for an ONNX file that nothing is known of."""
    return all(fields.get(name) is not None for name in REQUIRED_FIELDS)


def is_described(model: Path) -> bool:
    """Whether an ONNX file has a card with a contract, or is a model that faceproof knows."""
    beside = card_path(model)
    if os.path.lexists(beside) and read_model_file(beside).contract:
        return True
    return model.is_file() and card_of_file(sha256_of(model)) is not None


def open_unknown(
    path: Path, size_px: int | None, contract: Callable[[int], InputContract], *, device: str = "cpu"
) -> Recognizer:
    """Load an ONNX file without a card, with a provisional contract.

    Args:
        path: the file.
        size_px: side of its input, where the file leaves it open.
        contract: gives a contract for a size.
        device: ``cpu``, ``cuda``, ...

    Raises:
        ConfigurationError: the size of the input must be given.
        WeightsError: the file cannot be opened.
    """
    net = open_onnx(path, device=device)
    size = net.size_px or size_px
    if size is None:
        raise ConfigurationError(f"{path} leaves the size of its input open: say it: [[size_px=112]].", path=path)
    begin = contract(size)
    template_size = _template_size(path, net, begin)
    return Recognizer(foreign_card(path.stem, begin, template_size, "onnx"), begin, net.sha256, str(path), net.run)


def _nothing_known(path: Path, beside: Path) -> str:
    lack = "says nothing of a [contract]" if os.path.lexists(beside) else "is not there"
    return (
        f"Nothing is known of what {path} has to be fed: its file cannot tell, and its card {beside} {lack}. Let "
        f"faceproof models check {path} propose one (--write-card writes it), say it with [[pixel_mean]], "
        "[[pixel_divisor]] and [[alignment]], or write it yourself (docs/your-model.md)."
    )


def _template_size(path: Path, net: OnnxNet, contract: InputContract) -> int:
    """Template size: from the file, or from the net's output for a black picture.

    Where the file leaves the size of the input open, the net is always tried, since it may not take every size.
    """
    if net.size_px is not None and net.template_size is not None:
        return net.template_size
    side = contract.size_px
    refuse_huge_input(path, side, net.batch)
    try:
        found = int(net.run(np.zeros((1, 3, side, side), np.float32))[0].shape[1])
    except ModelError as error:
        hint = "" if net.size_px else " Give the size that it was made for: [[size_px]], or size_px in its card."
        raise ConfigurationError(
            f"{path} cannot describe a black picture of {side} x {side} px ({error}).{hint}", path=path
        ) from error
    if not 0 < found <= LARGEST_TEMPLATE:
        raise ConfigurationError(
            f"{path} gives templates of {found:,} numbers; expected 1 to {LARGEST_TEMPLATE:,}.", path=path
        )
    return found


def _python(model: PythonModel, name: str, options: LoadOptions, reference: str | None) -> Recognizer:
    check_model(model, name)
    declared = contract_of(model, name)
    contract = options.change(declared)
    size = template_size_of(model, contract, name)
    identity = identity_of(model, reference)
    return Recognizer(
        foreign_card(name.replace(":", "."), contract, size, "python", declared_by(model, name), name),
        contract,
        identity or "not known",
        name,
        python_runner(attribute(model, "embed", name), size),
        cacheable=identity is not None,
        reference=reference,
        code_sha256=source_digest(model),
    )
