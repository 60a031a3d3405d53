"""``faceproof verify``: compares two photos, and prints the decision and the source of the threshold."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faceproof.cli.options import Device, Offline
from faceproof.cli.output import only_results_on_stdout, print_json
from faceproof.errors import ConfigurationError

if TYPE_CHECKING:
    from faceproof.jobs.verification import Verification


def verify_command(
    a: Annotated[Path, typer.Argument(help="A photo.")],
    b: Annotated[Path, typer.Argument(help="Another photo.")],
    model: Annotated[
        str | None, typer.Option(help="Name of a model; by default that of --run or the card, else facenet-vggface2.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="File with the model's weights.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Distance (0 to 2) up to which they are the same.")] = None,
    run: Annotated[
        Path | None, typer.Option(help="Take the threshold from this run folder, and feed the model as it did.")
    ] = None,
    threshold_card: Annotated[
        Path | None, typer.Option(help="Take threshold, model and recipe from this card of faceproof threshold.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="With --run: this operating point; by default FMR 0.1%, or the lowest that it could set."),
    ] = None,
    prior: Annotated[
        float | None,
        typer.Option(help="Probability (0 to 1) of one person before the photos are seen; prints the one after."),
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Write both photos with their faces to this file.")] = None,
    device: Device = "cpu",
    offline: Offline = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the decision alone.")] = False,
) -> None:
    """Compare two photos: distance, similarity, decision."""
    from faceproof.jobs.verification import verify

    if sum(one is not None for one in (threshold, run, threshold_card)) > 1:
        raise ConfigurationError("Give one of --threshold, --run and --threshold-card.")
    if at is not None and run is None:
        raise ConfigurationError("--at names an operating point of a run: give --run, or leave it out.")
    if prior is not None and not 0 < prior < 1:
        raise ConfigurationError(f"--prior {prior:g}: expected a probability above 0 and below 1.")
    if prior is not None and run is None and threshold_card is None:
        raise ConfigurationError("--prior needs likelihood ratios: give --run or --threshold-card.")
    known = _of_card(threshold_card, model) if threshold_card is not None else _of_run(threshold, run, at, model)
    with only_results_on_stdout():
        result = verify(a, b, weights=weights, device=device, offline=offline, **known)
    if prior is not None and result.likelihood_ratio is None:
        raise ConfigurationError(f"{run or threshold_card} has no likelihood ratios; --prior needs them.")
    if picture:
        _draw(result, picture)
    if json:
        print_json(_as_json(result, prior))
    else:
        typer.echo(_decision(result))
        if not quiet:
            _explain(result, picture, prior)


def _of_card(file: Path, model: str | None) -> dict[str, Any]:
    """Arguments of ``faceproof.verify`` from a threshold card."""
    from faceproof.jobs.verification import recipe_of_card
    from faceproof.summary.threshold_card import read_card

    card = read_card(file)
    name, recipe = recipe_of_card(file, card)
    if model not in (None, name):
        raise ConfigurationError(f"{file} is a threshold of {name}: it means nothing to {model}.", path=file)
    return {"threshold": card.threshold(), "calibration": card.calibration, "model": name, "recipe": recipe}


def _of_run(distance: float | None, run: Path | None, at: str | None, model: str | None) -> dict[str, Any]:
    """Arguments of ``faceproof.verify`` from a run folder, or without one."""
    from faceproof.jobs.thresholds import calibration_of_run, threshold_of_run
    from faceproof.jobs.verification import recipe_of_run

    if run is None:
        return {"threshold": distance, "model": model or "facenet-vggface2"}
    name, recipe = recipe_of_run(run)
    if model not in (None, name):
        raise ConfigurationError(f"{run} is a run of {name}: its threshold means nothing to {model}.")
    threshold, calibration = threshold_of_run(run, at), calibration_of_run(run)
    return {"threshold": threshold, "calibration": calibration, "model": name, "recipe": recipe}


def _decision(result: Verification) -> str:
    if result.same_person is None:
        return "no decision: no threshold is known for this model (give --threshold or --run)"
    return "same person" if result.same_person else "different people"


def _explain(result: Verification, picture: Path | None, prior: float | None) -> None:
    from faceproof.report.words.calibration import posterior_in_words, ratio_in_words

    typer.echo(f"distance    {result.distance:.4f}   (0 alike to 2 unlike)")
    typer.echo(f"similarity  {result.similarity:.4f}   (cosine, 1 alike to -1 unlike)")
    if result.threshold:
        typer.echo(f"threshold   {result.threshold.distance:.4f}   ({result.threshold.origin})")
    if result.likelihood_ratio:
        typer.echo(f"evidence    {ratio_in_words(result.likelihood_ratio)}")
        if prior is not None:
            typer.echo(f"with prior  {posterior_in_words(result.likelihood_ratio, prior)}")
    if picture:
        typer.echo(f"picture     {picture}")


def _as_json(result: Verification, prior: float | None) -> dict[str, object]:
    from faceproof.summary.estimates import finite_or_none

    threshold, ratio = result.threshold, result.likelihood_ratio
    return {
        "same_person": result.same_person,
        "distance": result.distance,
        "similarity": result.similarity,
        "threshold_distance": None if threshold is None else threshold.distance,
        "threshold_origin": None if threshold is None else threshold.origin,
        "likelihood_ratio": None if ratio is None else asdict(ratio),
        "prior": prior,
        "posterior": None if ratio is None or prior is None else ratio.posterior(prior),
        "boxes_xyxy_px": [face.box_xyxy_px.tolist() for face in result.faces],
        "probabilities": [finite_or_none(face.probability) for face in result.faces],
    }


def _draw(result: Verification, path: Path) -> None:
    from faceproof.report.pictures.annotate import annotated, save_picture, side_by_side

    left, right = (annotated(photo, [face]) for photo, face in zip(result.photos, result.faces, strict=True))
    save_picture(side_by_side(left, right, f"{_decision(result)}, distance {result.distance:.3f}"), path)
