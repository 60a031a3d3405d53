"""Options that say how a model is fed, shared by the commands that load one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ColorOrder = Annotated[str | None, typer.Option(help="Channels as the net gets them: rgb or bgr.")]
PixelMean = Annotated[str | None, typer.Option(help="Subtracted from 0 to 255: one number, or R,G,B.")]
PixelDivisor = Annotated[str | None, typer.Option(help="Divides what is left: one number, or R,G,B.")]

NoCanary = Annotated[bool, typer.Option("--no-canary", help="Do not look at the model on a few dozen faces first.")]


def numbers_of(option: str, text: str | None) -> float | tuple[float, float, float] | None:
    """One number or three, as typed.

    Raises:
        ConfigurationError: it is neither.

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


def is_described(model: Path) -> bool:
    """Whether an ONNX file has a card with a contract beside it, or is one that faceproof knows."""
    from faceproof.files import sha256_of
    from faceproof.recognition.model_file import card_path, read_model_file
    from faceproof.recognition.zoo import card_of_file

    beside = card_path(model)
    if beside.is_file() and read_model_file(beside).contract:
        return True
    return model.is_file() and card_of_file(sha256_of(model)) is not None
