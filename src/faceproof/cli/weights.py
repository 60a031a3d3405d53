"""``faceproof weights``: lists, downloads and verifies the weights of models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faceproof.cli.options import Offline
from faceproof.cli.output import console, print_json

if TYPE_CHECKING:
    from faceproof.systems.weights.card import Card
    from faceproof.systems.weights.resolve import FoundWeights, LoadedWeights

weights_app = typer.Typer(
    no_args_is_help=True, help="Model weights: list them, fetch them, check that they are the right ones."
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@weights_app.command("list")
def list_weights(json: Json = False) -> None:
    """Every model faceproof knows by name, and where its weights are on this machine."""
    from faceproof.systems.weights.resolve import find_weights
    from faceproof.systems.weights.zoo import list_cards

    rows = [(card, find_weights(card)) for card in list_cards()]
    if json:
        print_json([_listed(card, found) for card, found in rows])
        return
    _print_table(
        ("name", "kind", "template", "trained on", "licence", "weights"),
        [
            (
                card.name,
                card.kind,
                "" if card.template_size is None else str(card.template_size),
                card.training_set,
                card.licence,
                f"{found[0].place}: {found[0].path}" if found else "not here",
            )
            for card, found in rows
        ],
    )


@weights_app.command("pull")
def pull(
    name: Annotated[str, typer.Argument(help="A model's name, as faceproof weights list shows it.")],
    file: Annotated[
        Path | None, typer.Option("--from", help="Take them from this file instead, and keep a copy in the cache.")
    ] = None,
    offline: Offline = False,
    force: Annotated[bool, typer.Option("--force", help="Download anew, even if there is a copy.")] = False,
    json: Json = False,
) -> None:
    """Fetch a model's weights into the cache, unless a checked copy is on this machine."""
    from faceproof.errors import ConfigurationError
    from faceproof.systems.weights.resolve import (
        adopt_weights,
        download_weights,
        forget_unfinished_download,
        resolve_weights,
    )
    from faceproof.systems.weights.zoo import get_card

    card = get_card(name)
    if force and (offline or file):
        raise ConfigurationError(f"--force downloads anew and {'--from' if file else '--offline'} does not: give one.")
    if file is not None:
        loaded = adopt_weights(card, file)
    elif force and card.download_url is not None:
        forget_unfinished_download(card)
        loaded = download_weights(card)
    else:
        loaded = resolve_weights(card, offline=offline)
    if json:
        print_json({"name": card.name, **_loaded(loaded)})
        return
    state = "verified" if loaded.verified else "UNVERIFIED"
    typer.echo(f"{card.name}: {loaded.source} ({state}, tensors SHA-256 {loaded.tensors_sha256})")


@weights_app.command("verify")
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Models to check; all when none is named.")] = None,
    path: Annotated[Path | None, typer.Option(help="Check this file, as the weights of one NAME.")] = None,
    json: Json = False,
) -> None:
    """Open every copy of the weights on this machine and compare its digest; exit 1 when one is wrong."""
    from faceproof.errors import ConfigurationError
    from faceproof.systems.weights.resolve import FoundWeights, find_weights
    from faceproof.systems.weights.zoo import get_card, list_cards

    cards = [get_card(name) for name in names] if names else list_cards()
    if path is not None and (not names or len(cards) != 1):
        raise ConfigurationError("--path needs the name of one model: faceproof weights verify NAME --path FILE")
    results: list[dict[str, Any]] = []
    for card in cards:
        copies = [FoundWeights("path", path)] if path is not None else find_weights(card)
        results += [_verified(card, found) for found in copies]
        if not copies:
            results.append({"name": card.name, "place": None, "path": None, "outcome": "not here"})
    if json:
        print_json(results)
    else:
        _print_outcomes(results)
    tolerated = {"ok", "unverified"} if names else {"ok", "unverified", "not here"}
    if any(result["outcome"] not in tolerated for result in results):
        raise typer.Exit(1)


def _verified(card: Card, found: FoundWeights) -> dict[str, Any]:
    """Result of opening one copy of the weights; for a damaged or wrong copy, the row has a reason."""
    from faceproof.errors import WeightsError
    from faceproof.systems.weights.resolve import load_found

    row: dict[str, Any] = {"name": card.name, "place": found.place, "path": str(found.path)}
    try:
        loaded = load_found(card, found)
    except WeightsError as error:
        return row | {"outcome": "wrong", "reason": str(error)}
    return row | {
        "outcome": "ok" if loaded.verified else "unverified",
        "tensors_sha256": loaded.tensors_sha256,
    }


def _print_outcomes(results: list[dict[str, Any]]) -> None:
    _print_table(
        ("name", "outcome", "where", "tensors SHA-256"),
        [
            (
                result["name"],
                result["outcome"],
                f"{result['place']}: {result['path']}" if result["path"] else "",
                result.get("tensors_sha256", ""),
            )
            for result in results
        ],
    )
    for result in results:
        if "reason" in result:
            typer.echo(result["reason"], err=True)


def _listed(card: Card, found: list[FoundWeights]) -> dict[str, Any]:
    columns = {"name", "kind", "template_size", "training_set", "licence", "licence_note", "tensors_sha256"}
    places = [{"place": copy.place, "path": str(copy.path)} for copy in found]
    return card.model_dump(mode="json", include=columns) | {"found": places}


def _loaded(loaded: LoadedWeights) -> dict[str, Any]:
    return {
        "source": loaded.source,
        "tensors_sha256": loaded.tensors_sha256,
        "verified": loaded.verified,
    }


def _print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a table at the width of the terminal; without a terminal, wide enough that paths are not broken."""
    from faceproof.report.console.terminal import Column, print_table

    terminal = console()
    shown = [Column(columns[0]), *(Column(title, label=title, wraps=True) for title in columns[1:])]
    print_table(terminal, shown, rows, gap=1, whole=not terminal.is_terminal)
