"""``faceproof stress``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from faceproof.cli.options import (
    Alignment,
    BatchSize,
    ColorOrder,
    CropSize,
    DecodeMemory,
    DetectorName,
    Device,
    Folder,
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
    numbers_of,
)
from faceproof.cli.output import STOPPED, only_results_on_stdout
from faceproof.cli.protocol_options import protocol_settings
from faceproof.cli.show import show_stress

if TYPE_CHECKING:
    from faceproof.degrade.types import Stage
    from faceproof.engine.plan import Side


def stress_command(
    people: Folder,
    model: Annotated[
        list[str] | None, typer.Option(help="Name of a model, a .onnx file, or module:factory. Repeatable.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="File with the weights of a single model.")] = None,
    suite: Annotated[str, typer.Option(help="classic, standard, a .toml file, or module:function.")] = "classic",
    severities: Annotated[str | None, typer.Option(help="Only these, such as 1-5 or 1,3,5.")] = None,
    stage: Annotated[
        str, typer.Option(help="capture: the whole system; aligned: the recogniser alone, on degraded crops.")
    ] = "capture",
    side: Annotated[str, typer.Option(help="Degrade both photos of a comparison, or the probe (the second).")] = "both",
    protocol: Protocol = "folders",
    pairs: Pairs = None,
    one_photo_people: OnePhotoPeople = None,
    mated: Mated = None,
    non_mated: NonMated = None,
    limit: Limit = None,
    fmr: Annotated[
        float | None,
        typer.Option(help="FMR on clean photos of other people that sets the threshold (0.001, or what can be told)."),
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="Hold this distance (0 to 2) instead; for one model.")] = None,
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
    seed: Annotated[int, typer.Option(help="Of degradations, folds, bootstrap and sampling.")] = 0,
    device: Device = "cpu",
    batch_size: BatchSize = 32,
    workers: Annotated[int | None, typer.Option(help="Threads that decode and degrade; changes no number.")] = None,
    decode_memory: DecodeMemory = None,
    no_cache: NoCache = False,
    offline: Offline = False,
    no_canary: NoCanary = False,
    no_figures: NoFigures = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show how models break: the same comparisons under every degradation, at the threshold that clean photos gave."""
    from faceproof.cli.progress import PhotoProgress
    from faceproof.degrade.suites import get_suite, parse_severities
    from faceproof.jobs.stressing import stress
    from faceproof.systems.recipe import Recipe

    given = {"one_photo_people": one_photo_people, "mated": mated, "non_mated": non_mated, "limit": limit}
    models = model or ["facenet-vggface2"]
    only = None if severities is None else parse_severities(severities)
    with only_results_on_stdout(), PhotoProgress(quiet, "templates", "under all conditions") as progress:
        try:
            run = stress(
                people,
                models=models,
                weights=weights,
                suite=get_suite(suite),
                severities=only,
                stage=cast("Stage", stage),
                side=cast("Side", side),
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
                fmr=fmr,
                threshold=threshold,
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
    show_stress(run, as_json=json)
