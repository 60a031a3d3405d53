"""``faceproof verify``: compares two photos, and prints the decision and the source of the threshold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faceproof.cli.options import Device, Offline
from faceproof.cli.output import only_results_on_stdout, print_json
from faceproof.errors import ConfigurationError

if TYPE_CHECKING:
    from faceproof.jobs.verification import Verification
    from faceproof.scoring.threshold import Threshold
    from faceproof.systems.recipe import Recipe


def verify_command(
    a: Annotated[Path, typer.Argument(help="A photo.")],
    b: Annotated[Path, typer.Argument(help="Another photo.")],
    model: Annotated[
        str | None, typer.Option(help="Name of a model; by default that of --run, else facenet-vggface2.")
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
        str | None, typer.Option(help="... and this operating point; by default FMR 0.1%, or the lowest it could set.")
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
    known, name, recipe = (
        _of_card(threshold_card, model)
        if threshold_card is not None
        else (_threshold(threshold, run, at), *_system(model, run))
    )
    with only_results_on_stdout():
        result = verify(
            a, b, model=name, weights=weights, recipe=recipe, threshold=known, device=device, offline=offline
        )
    if picture:
        _draw(result, picture)
    if json:
        print_json(_as_json(result))
    else:
        typer.echo(_decision(result))
        if not quiet:
            _explain(result, picture)


def _threshold(distance: float | None, run: Path | None, at: str | None) -> Threshold | None:
    from faceproof.jobs.thresholds import threshold_of_run
    from faceproof.scoring.threshold import Threshold

    if distance is not None:
        return Threshold(distance)
    return threshold_of_run(run, at) if run is not None else None


def _of_card(file: Path, model: str | None) -> tuple[Threshold, str, Recipe]:
    from faceproof.jobs.verification import recipe_of_card
    from faceproof.summary.threshold_card import read_card

    card = read_card(file)
    name, recipe = recipe_of_card(file, card)
    if model not in (None, name):
        raise ConfigurationError(f"{file} is a threshold of {name}: it means nothing to {model}.", path=file)
    return card.threshold(), name, recipe


def _system(model: str | None, run: Path | None) -> tuple[str, Recipe | None]:
    from faceproof.jobs.verification import recipe_of_run

    if run is None:
        return model or "facenet-vggface2", None
    name, recipe = recipe_of_run(run)
    if model not in (None, name):
        raise ConfigurationError(f"{run} is a run of {name}: its threshold means nothing to {model}.")
    return name, recipe


def _decision(result: Verification) -> str:
    if result.same_person is None:
        return "no decision: no threshold is known for this model (give --threshold or --run)"
    return "same person" if result.same_person else "different people"


def _explain(result: Verification, picture: Path | None) -> None:
    typer.echo(f"distance    {result.distance:.4f}   (0 alike to 2 unlike)")
    typer.echo(f"similarity  {result.similarity:.4f}   (cosine, 1 alike to -1 unlike)")
    if result.threshold:
        typer.echo(f"threshold   {result.threshold.distance:.4f}   ({result.threshold.origin})")
    if picture:
        typer.echo(f"picture     {picture}")


def _as_json(result: Verification) -> dict[str, object]:
    threshold = result.threshold
    return {
        "same_person": result.same_person,
        "distance": result.distance,
        "similarity": result.similarity,
        "threshold_distance": None if threshold is None else threshold.distance,
        "threshold_origin": None if threshold is None else threshold.origin,
        "boxes_xyxy_px": [face.box_xyxy_px.tolist() for face in result.faces],
        "probabilities": [face.probability for face in result.faces],
    }


def _draw(result: Verification, path: Path) -> None:
    from faceproof.report.pictures.annotate import annotated, save_picture, side_by_side

    left, right = (annotated(photo, [face]) for photo, face in zip(result.photos, result.faces, strict=True))
    save_picture(side_by_side(left, right, f"{_decision(result)}, distance {result.distance:.3f}"), path)
