"""``faceproof threshold``: writes a threshold card for a target FMR, the least cost or the best accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faceproof.cli.options import Json
from faceproof.cli.output import console, print_json
from faceproof.errors import ConfigurationError

if TYPE_CHECKING:
    from faceproof.summary.estimates import Estimate
    from faceproof.summary.threshold_card import ThresholdCard


def threshold_command(
    run: Annotated[Path, typer.Argument(help="A run folder of evaluate.")],
    fmr: Annotated[float | None, typer.Option(help="Target FMR, as a fraction; by default 0.001.")] = None,
    cost_ratio: Annotated[
        float | None, typer.Option(help="Least cost instead: how many times more FMR costs than FNMR.")
    ] = None,
    best_accuracy: Annotated[bool, typer.Option("--best-accuracy", help="Best accuracy instead.")] = False,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("threshold-card.json"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    json: Json = False,
) -> None:
    """Set a threshold, and write it with all that is known of it for faceproof verify."""
    from faceproof.files import write_whole
    from faceproof.jobs.thresholds import threshold_card

    if out.exists() and not overwrite:
        raise ConfigurationError(f"{out} exists. Choose another --out, or use --overwrite.", path=out)
    if not out.parent.is_dir():
        raise ConfigurationError(f"{out}: there is no folder {out.parent}. Make it, or choose another --out.", path=out)
    card = threshold_card(run, fmr=fmr, cost_ratio=cost_ratio, best_accuracy=best_accuracy)
    write_whole(out, (card.model_dump_json(indent=2) + "\n").encode())
    if json:
        print_json(card.model_dump(mode="json"))
    else:
        _print(card, out)


def _print(card: ThresholdCard, out: Path) -> None:
    from faceproof.report.console.terminal import print_path, print_text
    from faceproof.report.words.formatting import count

    shown = console()
    print_text(
        shown,
        f"Distance {card.value:.4f} for {card.aim.label}, set on {count(card.mated)} mated and "
        f"{count(card.non_mated)} non-mated comparisons of {count(card.people)} people by {card.system.name}.",
        style="bold",
    )
    low, high = ("not known" if end is None else f"{end:.4f}" for end in (card.low, card.high))
    print_text(shown, f"The true threshold for this aim lies between {low} and {high} (95%).")
    print_text(shown, f"FMR to expect on other people: {_in_words(card.fmr)}.")
    at = "FNMR to expect on other people" if card.target_fmr is None else "FNMR at this FMR"
    print_text(shown, f"{at}: {_in_words(card.fnmr)}.")
    if card.transfer_loss is not None and card.transfer_loss.value is not None:
        print_text(shown, f"Cost of a threshold from other people over the best one: {card.transfer_loss.value:.4f}.")
    for limit in card.do_not_use_for:
        print_text(shown, f"Do not use it for {limit}.", mark="! ")
    print_path(shown, "Card", out)


def _in_words(estimate: Estimate) -> str:
    from faceproof.report.words.formatting import cannot_be_estimated, percent, percent_range

    if estimate.value is None:
        return cannot_be_estimated(estimate)
    reach = percent_range(estimate, " to ")
    return f"{percent(estimate.value, estimate.n)} (95% interval {reach})" if reach else percent(estimate.value)
