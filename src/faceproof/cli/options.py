"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from faceproof.systems.recipe import Recipe

Folder = Annotated[Path, typer.Argument(help="A folder with a folder of photos for each person.", metavar="PEOPLE")]
RunFolder = Annotated[Path, typer.Argument(help="A run folder: what --out was given.", metavar="RUN")]
Threshold = Annotated[
    float | None, typer.Option(help="Judge at this distance (0 to 2) instead of the best on these photos.")
]
ThresholdFrom = Annotated[
    Path | None,
    typer.Option(help="Judge at the threshold of this run folder or threshold card, which other photos have set."),
]
Folds = Annotated[int, typer.Option(help="Person-disjoint folds, where the protocol has none of its own.")]
FailIf = Annotated[
    list[str] | None,
    typer.Option("--fail-if", help='Exit with 3 when this holds, such as "fnmr@fmr=1e-3 > 0.02". Repeatable.'),
]
Json = Annotated[bool, typer.Option("--json", help="Print the numbers as JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes on stderr.")]

Protocol = Annotated[str, typer.Option(help="folders, lfw, all, sampled or csv.")]
Pairs = Annotated[Path | None, typer.Option(help="Pair list of the protocols lfw and csv.")]
OnePhotoPeople = Annotated[int | None, typer.Option(help="folders: use only so many one-photo people.")]
Mated = Annotated[int | None, typer.Option(help="sampled: mated comparisons.")]
NonMated = Annotated[int | None, typer.Option(help="sampled: non-mated comparisons.")]
Limit = Annotated[int | None, typer.Option(help="all: most comparisons that are made.")]
Out = Annotated[Path | None, typer.Option(help="Run folder; a new one below runs/ by default.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a finished run.")]
CropSize = Annotated[int | None, typer.Option(help="Side of the face crop in pixels.")]
Margin = Annotated[int | None, typer.Option(help="Margin around the face, in pixels of the crop.")]
Alignment = Annotated[str | None, typer.Option(help="margin_crop, even_margin_crop or five_point.")]
Mirror = Annotated[bool | None, typer.Option("--mirror/--no-mirror", help="Add the mirrored face.")]
Select = Annotated[str | None, typer.Option(help="Which face is compared: subject, largest, ...")]
DetectorName = Annotated[
    str,
    typer.Option(
        "--detector",
        help="mtcnn, none (photos are aligned faces), a .csv or .parquet file of faces, or module:factory.",
    ),
]
Pad = Annotated[
    float | None,
    typer.Option(help="mtcnn: black border added before detection, as a fraction of each side, 0 to 1 (0)."),
]
OnMissing = Annotated[
    str,
    typer.Option(help="Where no face is found: fail, or centre-crop (compare the centre of the photo, and count it)."),
]
MinFaceSize = Annotated[float | None, typer.Option(help="mtcnn: smallest face that is sought, in pixels (20).")]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...")]
BatchSize = Annotated[int, typer.Option(help="Photos detected together; changes no number.")]
DecodeMemory = Annotated[
    str | None,
    typer.Option(help="Memory that decoded photos may take, such as 2GB; a quarter of the machine's by default."),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither use nor keep cached templates.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never use the network.")]

ColorOrder = Annotated[str | None, typer.Option(help="Channels as the net gets them: rgb or bgr.")]
PixelMean = Annotated[str | None, typer.Option(help="Subtracted from 0 to 255: one number, or R,G,B.")]
PixelDivisor = Annotated[str | None, typer.Option(help="Divides what is left: one number, or R,G,B.")]

NoFigures = Annotated[bool, typer.Option("--no-figures", help="Leave the figures out; faceproof report draws them.")]

MovedPeople = Annotated[Path | None, typer.Option("--people", help="Folder of people, where it has moved.")]
MovedWeights = Annotated[
    Path | None, typer.Option("--weights", help="Weights file or .onnx file of a single model, where it has moved.")
]
MovedPairs = Annotated[Path | None, typer.Option("--pairs", help="Pair list, where it has moved.")]
MovedSource = Annotated[Path | None, typer.Option("--source", help="File of templates or scores, where it has moved.")]

NoCanary = Annotated[bool, typer.Option("--no-canary", help="Do not check the model before the run.")]


_RECIPE_OPTIONS = {
    "size_px": "crop-size",
    "margin_px": "margin",
    "mirrored": "mirror",
    "selection": "select",
}


def recipe_of(
    *,
    crop_size: int | None = None,
    margin: int | None = None,
    alignment: str | None = None,
    mirror: bool | None = None,
    select: str | None = None,
    detector: str = "mtcnn",
    min_face_size: float | None = None,
    pad: float | None = None,
    on_missing: str = "fail",
    color_order: str | None = None,
    pixel_mean: str | None = None,
    pixel_divisor: str | None = None,
) -> Recipe:
    """Make a recipe from the options of a command.

    Raises:
        ConfigurationError: a value is not valid; the message names the option.
    """
    from faceproof.systems.recipe import Recipe

    with options_named(_RECIPE_OPTIONS):
        return Recipe(
            size_px=crop_size,
            margin_px=margin,
            alignment=alignment,
            mirrored=mirror,
            selection=select,
            min_face_size=min_face_size,
            color_order=color_order,
            pixel_mean=numbers_of("--pixel-mean", pixel_mean),
            pixel_divisor=numbers_of("--pixel-divisor", pixel_divisor),
            detector=detector,
            pad=pad,
            on_missing=on_missing,
        )


@contextmanager
def options_named(options: Mapping[str, str]) -> Iterator[None]:
    """Replace the name of an argument at the start of an error message by the name of its option.

    Args:
        options: option by argument, without ``--``, where they differ in more than hyphens.

    Raises:
        ConfigurationError: as raised in the block, with the option in place of the argument.
    """
    from faceproof.errors import ConfigurationError

    try:
        yield
    except ConfigurationError as error:
        if error.argument is None:
            raise
        option = options.get(error.argument, error.argument.replace("_", "-"))
        raise ConfigurationError(f"--{option}{str(error).removeprefix(error.argument)}") from error


def numbers_of(option: str, text: str | None) -> float | tuple[float, float, float] | None:
    """Parse one number, or three numbers separated by commas.

    Raises:
        ConfigurationError: the text is neither.

    >>> numbers_of("--pixel-mean", "127.5"), numbers_of("--pixel-mean", "1,2,3")
    (127.5, (1.0, 2.0, 3.0))
    """
    from faceproof.errors import ConfigurationError

    if text is None:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) == 1:
        return values[0]
    if len(values) == 3:
        return values[0], values[1], values[2]
    raise ConfigurationError(f"{option} is {text!r}; expected one number, or three with commas for red, green, blue.")
