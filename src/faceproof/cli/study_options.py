"""Options that ``evaluate`` and ``stress`` share, declared once: comparisons, recipe, and how a run is made."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from faceproof.cli.options import (
    Alignment,
    BatchSize,
    ColorOrder,
    CropSize,
    DecodeMemory,
    DetectorName,
    Device,
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
    recipe_of,
)
from faceproof.cli.protocol_options import protocol_settings

if TYPE_CHECKING:
    from faceproof.jobs.study import StudyOptions
    from faceproof.systems.recipe import Recipe

_RECIPE = (
    *("crop_size", "margin", "alignment", "mirror", "select", "detector", "min_face_size", "pad"),
    *("color_order", "pixel_mean", "pixel_divisor"),
)


@dataclass(frozen=True, kw_only=True)
class StudyArguments:
    """The values of the options, by their names on the command line."""

    weights: Annotated[Path | None, typer.Option(help="File with the weights of a single model.")] = None
    protocol: Protocol = "folders"
    pairs: Pairs = None
    one_photo_people: OnePhotoPeople = None
    mated: Mated = None
    non_mated: NonMated = None
    limit: Limit = None
    out: Out = None
    overwrite: Overwrite = False
    crop_size: CropSize = None
    margin: Margin = None
    alignment: Alignment = None
    mirror: Mirror = None
    select: Select = None
    detector: DetectorName = "mtcnn"
    min_face_size: MinFaceSize = None
    pad: Pad = None
    color_order: ColorOrder = None
    pixel_mean: PixelMean = None
    pixel_divisor: PixelDivisor = None
    seed: Annotated[int, typer.Option(help="Of everything that is drawn at random.")] = 0
    device: Device = "cpu"
    batch_size: BatchSize = 32
    workers: Annotated[int | None, typer.Option(help="Threads that decode; changes no number.")] = None
    decode_memory: DecodeMemory = None
    no_cache: NoCache = False
    offline: Offline = False
    no_canary: NoCanary = False
    no_figures: NoFigures = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, say what the run takes, and stop before it starts.")
    ] = False
    quiet: Quiet = False

    def settings_of_protocol(self) -> dict[str, Any]:
        """Arguments of the protocol.

        Raises:
            ConfigurationError: an option that the protocol does not take, or a pair list that is missing.
        """
        names = ("one_photo_people", "mated", "non_mated", "limit")
        return protocol_settings(self.protocol, self.pairs, {name: getattr(self, name) for name in names})

    def recipe(self) -> Recipe | None:
        """How the model is fed; None: as its card says.

        Raises:
            ConfigurationError: an option makes no sense.
        """
        return recipe_of(**{name: getattr(self, name) for name in _RECIPE})

    def options(self) -> StudyOptions:
        """How the run is made.

        Raises:
            ConfigurationError: an option makes no sense.
        """
        from faceproof.jobs.study import StudyOptions

        return StudyOptions(
            protocol=self.protocol,
            protocol_settings=self.settings_of_protocol(),
            out=self.out,
            overwrite=self.overwrite,
            seed=self.seed,
            device=self.device,
            batch_size=self.batch_size,
            workers=self.workers,
            decode_memory=self.decode_memory,
            cache=not self.no_cache,
            offline=self.offline,
            canary=not self.no_canary,
            figures=not self.no_figures,
        )


def command_line() -> str:
    """The command as it was given, for the manifest."""
    return shlex.join(["faceproof", *sys.argv[1:]])


def with_study_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `StudyArguments` after its own; it gets them as the argument ``study``."""
    own = inspect.signature(command, eval_str=True)
    hints = get_type_hints(StudyArguments, include_extras=True)
    shared = [
        inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=hints[one.name])
        for one in fields(StudyArguments)
    ]

    def with_options(**given: Any) -> None:
        study = StudyArguments(**{one.name: given.pop(one.name) for one in shared})
        command(**given, study=study)

    parameters = [
        one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, one in own.parameters.items() if name != "study"
    ]
    with_options.__signature__ = own.replace(parameters=[*parameters, *shared])  # type: ignore[attr-defined]
    with_options.__annotations__ = {one.name: one.annotation for one in (*parameters, *shared)}
    with_options.__doc__, with_options.__name__ = command.__doc__, command.__name__
    return with_options
