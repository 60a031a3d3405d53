"""Everything that faceproof raises on purpose: one root, and a leaf for each cause.

A message says what was found, what was expected, and what to do next. A photo that cannot be used raises nothing: it
is a row with a reason (see ``faceproof.systems.faces.types.Failure``).

Convention: where a message names an argument, it is written ``[[name]]`` or ``[[name=value]]``. `str` of the error has
the Python argument, `FaceproofError.on_command_line` has the option.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_ARGUMENT = re.compile(r"\[\[(\w+)(?:=([^\]]+))?\]\]")
_OPTIONS = {
    "size_px": "crop-size",
    "margin_px": "margin",
    "mirrored": "mirror",
    "selection": "select",
    "models": "model",
}
"""Options that have another name than the Python argument."""


class FaceproofError(Exception):
    """Root of all errors that faceproof raises on purpose.

    Attributes:
        path: file or folder that cannot be used; None where the error is about something else.
        stage: what could not be done with a photo, ``decode``, ``detect``, ``align``, ``embed`` or ``degrade``; None
            where the error is about something else.
    """

    def __init__(self, message: str = "", *, path: str | Path | None = None, stage: str | None = None) -> None:
        super().__init__(message)
        self.path = None if path is None else Path(path)
        self.stage = stage

    def __str__(self) -> str:
        """The message, with arguments as Python has them."""
        return _ARGUMENT.sub(_python_name, super().__str__())

    def on_command_line(self) -> str:
        """The message, with arguments as options of the command line."""
        return _ARGUMENT.sub(_option, super().__str__())


class ConfigurationError(FaceproofError, ValueError):
    """A setting, an option or a combination of them is invalid.

    Attributes:
        argument: name of the invalid Python argument; None if the cause is not a single argument.
    """

    def __init__(
        self,
        message: str = "",
        *,
        argument: str | None = None,
        path: str | Path | None = None,
        stage: str | None = None,
    ) -> None:
        super().__init__(message, path=path, stage=stage)
        self.argument = argument


class PeopleError(FaceproofError):
    """A folder of people, a pair list, a split, or a file of templates or scores cannot be used."""


class ImageDecodeError(FaceproofError):
    """A photo cannot be decoded."""


class DegradationError(FaceproofError):
    """A degradation raised an exception, or returned something other than a picture."""


class WeightsError(FaceproofError):
    """A weights file is missing, damaged, another one than expected, or not safe to load."""


class DownloadError(FaceproofError):
    """A file cannot be downloaded, or the downloaded file is not the expected one."""


class ModelError(FaceproofError):
    """A recogniser fails on some faces, or returns something other than templates."""


class CacheError(FaceproofError):
    """The template cache cannot be read or written."""


class RunFolderError(FaceproofError):
    """A run folder is incomplete, of another version, or would be overwritten."""


class RepeatError(FaceproofError):
    """A run cannot be repeated from its manifest.

    Attributes:
        reasons: why, one sentence each.
    """

    def __init__(self, message: str = "", *, path: str | Path | None = None, reasons: Sequence[str] = ()) -> None:
        super().__init__(message, path=path)
        self.reasons = tuple(reasons)


class MetricUndefinedError(FaceproofError, ValueError):
    """A metric is not defined for the given data."""


def _python_name(found: re.Match[str]) -> str:
    name, value = found.groups()
    return f"`{name}`" if value is None else f"`{name}={value if _is_literal(value) else repr(value)}`"


def _is_literal(value: str) -> bool:
    return value in ("True", "False", "None") or value.isupper() or re.fullmatch(r"-?[\d.]+", value) is not None


def _option(found: re.Match[str]) -> str:
    name, value = found.groups()
    option = _OPTIONS.get(name, name.replace("_", "-"))
    if value == "False":
        return f"--no-{option}"
    return f"--{option}" if value in (None, "True") else f"--{option} {value}"
