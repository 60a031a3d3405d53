"""Options that ``evaluate`` and ``stress`` share: comparisons, recipe, and options of the run."""

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
    OnMissing,
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
    *("crop_size", "margin", "alignment", "mirror", "select", "detector", "min_face_size", "pad", "on_missing"),
    *("color_order", "pixel_mean", "pixel_divisor"),
)


@dataclass(frozen=True, kw_only=True)
class StudyArguments:
    """Values of the shared options; the fields have the names of the options on the command line."""

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
    on_missing: OnMissing = "fail"
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
            ConfigurationError: an option does not apply to the protocol, or a pair list is missing.
        """
        names = ("one_photo_people", "mated", "non_mated", "limit")
        return protocol_settings(self.protocol, self.pairs, {name: getattr(self, name) for name in names})

    def recipe(self) -> Recipe | None:
        """Changes to detection and preprocessing; None: as the card of the model says.

        Raises:
            ConfigurationError: an option is not valid.
        """
        return recipe_of(**{name: getattr(self, name) for name in _RECIPE})

    def options(self) -> StudyOptions:
        """The options of the run.

        Raises:
            ConfigurationError: an option is not valid.
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
    """The command line, for the manifest."""
    return shlex.join(["faceproof", *sys.argv[1:]])


def with_study_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of `StudyArguments` to a command; the command gets them as the argument ``study``."""
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
