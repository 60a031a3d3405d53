"""``faceproof evaluate``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faceproof.cli.options import (
    Alignment,
    BatchSize,
    ColorOrder,
    CropSize,
    DecodeMemory,
    DetectorName,
    Device,
    FailIf,
    Folds,
    Json,
    Limit,
    Margin,
    Mated,
    MinFaceSize,
    Mirror,
    NoCache,
    NoCanary,
    NoFigures,
    NonMated,
    Offline,
    OnePhotoPeople,
    Out,
    Overwrite,
    Pad,
    Pairs,
    PixelDivisor,
    PixelMean,
    Protocol,
    Quiet,
    Select,
    Threshold,
    numbers_of,
)
from faceproof.cli.output import STOPPED, only_results_on_stdout
from faceproof.cli.protocol_options import protocol_settings
from faceproof.cli.show import judge, show_run

if TYPE_CHECKING:
    pass

_WITH_TEMPLATES = {
    *("people", "templates", "name", "protocol", "pairs", "one_photo_people", "mated", "non_mated", "limit", "out"),
    *("overwrite", "threshold", "folds", "fail_if", "seed", "no_figures", "json", "quiet"),
}


def evaluate_command(
    context: typer.Context,
    people: Annotated[
        Path | None,
        typer.Argument(
            help="A folder with a folder of photos for each person; may be left out with --templates.", metavar="PEOPLE"
        ),
    ] = None,
    templates: Annotated[
        Path | None, typer.Option(help="Templates that another system has made: an npz or Parquet file.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="With --templates: name of that system.")] = None,
    model: Annotated[str, typer.Option(help="Name of a model, a .onnx file, or module:factory.")] = "facenet-vggface2",
    weights: Annotated[Path | None, typer.Option(help="File with the model's weights.")] = None,
    protocol: Protocol = "folders",
    pairs: Pairs = None,
    one_photo_people: OnePhotoPeople = None,
    mated: Mated = None,
    non_mated: NonMated = None,
    limit: Limit = None,
    out: Out = None,
    overwrite: Overwrite = False,
    crop_size: CropSize = None,
    margin: Margin = None,
    alignment: Alignment = None,
    mirror: Mirror = None,
    select: Select = None,
    detector: DetectorName = "mtcnn",
    min_face_size: MinFaceSize = None,
    pad: Pad = None,
    color_order: ColorOrder = None,
    pixel_mean: PixelMean = None,
    pixel_divisor: PixelDivisor = None,
    threshold: Threshold = None,
    folds: Folds = 10,
    fail_if: FailIf = None,
    seed: Annotated[int, typer.Option(help="Of folds, sampling and jitter.")] = 0,
    device: Device = "cpu",
    batch_size: BatchSize = 32,
    workers: Annotated[int | None, typer.Option(help="Threads that decode; changes no number.")] = None,
    decode_memory: DecodeMemory = None,
    no_cache: NoCache = False,
    offline: Offline = False,
    no_canary: NoCanary = False,
    no_figures: NoFigures = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Judge a model on a folder of people and leave a run folder with every number and picture."""
    from faceproof.cli.progress import PhotoProgress
    from faceproof.errors import ConfigurationError
    from faceproof.jobs.evaluation import evaluate
    from faceproof.jobs.external import evaluate_templates
    from faceproof.summary.gates import parse_gate
    from faceproof.systems.recipe import Recipe

    gates = [parse_gate(text) for text in fail_if or []]
    given = {"one_photo_people": one_photo_people, "mated": mated, "non_mated": non_mated, "limit": limit}
    with only_results_on_stdout(), PhotoProgress(quiet) as progress:
        try:
            if templates is not None:
                _refuse_without_meaning(context)
                run = evaluate_templates(
                    templates,
                    people,
                    name=name,
                    protocol=protocol,
                    protocol_settings=protocol_settings(protocol, pairs, given),
                    out=out,
                    overwrite=overwrite,
                    threshold=threshold,
                    folds=folds,
                    seed=seed,
                    figures=not no_figures,
                    say=progress.say,
                    command=shlex.join(["faceproof", *sys.argv[1:]]),
                )
            elif people is None or name is not None:
                lack = "--name goes with --templates" if people else "PEOPLE, the folder of people, is missing"
                raise ConfigurationError(f"{lack}. Expected PEOPLE, or --templates FILE with or without PEOPLE.")
            else:
                run = evaluate(
                    people,
                    model=model,
                    weights=weights,
                    protocol=protocol,
                    protocol_settings=protocol_settings(protocol, pairs, given),
                    out=out,
                    overwrite=overwrite,
                    recipe=Recipe(
                        *(crop_size, margin, alignment, mirror, select, min_face_size, color_order),
                        numbers_of("--pixel-mean", pixel_mean),
                        numbers_of("--pixel-divisor", pixel_divisor),
                        detector,
                        pad,
                    ),
                    threshold=threshold,
                    folds=folds,
                    seed=seed,
                    device=device,
                    batch_size=batch_size,
                    workers=workers,
                    decode_memory=decode_memory,
                    cache=not no_cache,
                    offline=offline,
                    canary=not no_canary,
                    figures=not no_figures,
                    progress=progress,
                    say=progress.say,
                    command=shlex.join(["faceproof", *sys.argv[1:]]),
                )
        except KeyboardInterrupt:
            typer.echo(progress.stopped() if not no_cache else "Stopped; nothing was kept (--no-cache).", err=True)
            raise typer.Exit(STOPPED) from None
    show_run(run, as_json=json)
    judge(gates, run)


def _refuse_without_meaning(context: typer.Context) -> None:
    """Refuse options that were given though nothing is detected or recognised here."""
    from faceproof.errors import ConfigurationError

    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name not in _WITH_TEMPLATES and source is not None and source.name != "DEFAULT":
            raise ConfigurationError(
                f"{option.opts[0]} means nothing with --templates, which are made already. Leave it out."
            )
