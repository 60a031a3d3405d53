"""``faceproof evaluate`` and ``faceproof report``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    RunFolder,
    Select,
    Threshold,
    numbers_of,
)
from faceproof.cli.output import STOPPED, console, note_to, only_results_on_stdout, print_json

if TYPE_CHECKING:
    from faceproof.jobs.evaluation import Run, Say

MISSED = 3
_SERIES = ("curves", "histogram", "threshold_table", "scatter")

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


def report_command(
    run: RunFolder,
    threshold: Annotated[
        float | None,
        typer.Option(help="Judge at this distance (0 to 2; in a run of score: this score); by default as the run was."),
    ] = None,
    folds: Annotated[int | None, typer.Option(help="Person-disjoint folds; by default as many as the run had.")] = None,
    fail_if: FailIf = None,
    no_figures: NoFigures = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compute the numbers of a run again and draw its report again, from its tables alone."""
    from faceproof.jobs.evaluation import report_again
    from faceproof.runs.run_folder import read_manifest
    from faceproof.summary.gates import parse_gate

    gates = [parse_gate(text) for text in fail_if or []]
    say = note_to(quiet)
    say(f"Drawing the report of {run} again ...")
    if read_manifest(run).get("kind") == "stress":
        _stress_again(run, given=(threshold, folds, fail_if), figures=not no_figures, say=say, as_json=json)
        return
    with only_results_on_stdout():
        again = report_again(run, threshold=threshold, folds=folds, figures=not no_figures, say=say)
    show_run(again, as_json=json)
    judge(gates, again)


def _stress_again(run: Path, *, given: tuple[object, ...], figures: bool, say: Say, as_json: bool) -> None:
    from faceproof.cli.stress import show_stress
    from faceproof.errors import ConfigurationError
    from faceproof.jobs.stressing import stress_report_again

    if any(option is not None for option in given):
        raise ConfigurationError("--threshold, --folds and --fail-if are for runs of evaluate; leave them out.")
    with only_results_on_stdout():
        again = stress_report_again(run, figures=figures, say=say)
    show_stress(again, as_json=as_json)


def protocol_settings(protocol: str, pairs: Path | None, given: dict[str, int | None]) -> dict[str, Any]:
    """What the protocol is asked for; an option that means nothing to it is refused, not ignored."""
    from faceproof.errors import ConfigurationError

    takes = {
        "folders": {"one_photo_people"},
        "all": {"limit"},
        "sampled": {"mated", "non_mated"},
        "lfw": {"pairs"},
        "csv": {"pairs"},
    }.get(protocol, {"pairs", *given})
    settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if pairs is None and protocol in {"lfw", "csv"}:
        raise ConfigurationError(f"Protocol {protocol} needs a pair list: --pairs FILE.")
    if pairs is not None and "pairs" not in takes:
        raise ConfigurationError(
            f"Protocol {protocol!r} takes no pair list. Say --protocol lfw or --protocol csv, or leave --pairs out."
        )
    if pairs is not None:
        settings["pairs"] = pairs
    for name in settings:
        if name not in takes:
            option = "--" + name.replace("_", "-")
            raise ConfigurationError(f"{option} means nothing to protocol {protocol!r}. Leave it out.")
    return settings


def show_run(run: Run, *, as_json: bool) -> None:
    """The table of a run on stdout, or its numbers as JSON."""
    if as_json:
        numbers = {name: value for name, value in run.summary.items() if name not in _SERIES}
        print_json(numbers | {"folder": str(run.folder)})
        return
    from faceproof.report.console.evaluation import print_summary

    print_summary(run.summary, console(), run.folder / "report.html")


def judge(gates: list[Any], run: Run) -> None:
    """Exit with 3 where a run misses a gate, and say which."""
    from faceproof.summary.gates import missed

    complaints = [why for gate in gates if (why := missed(gate, run.summary)) is not None]
    for why in complaints:
        typer.echo(f"Gate missed: {why}", err=True)
    if complaints:
        raise typer.Exit(MISSED)
