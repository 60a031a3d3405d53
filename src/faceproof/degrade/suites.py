"""Suites: lists of conditions for a stress run. Two are part of faceproof; users add more by a file or a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path

from faceproof.degrade.own_functions import family_of, imported_function
from faceproof.degrade.registry import FAMILIES
from faceproof.degrade.suite_file import read_suite
from faceproof.degrade.types import Picture, Series, Suite
from faceproof.errors import ConfigurationError
from faceproof.plugins import is_reference


def _all_of(*names: str) -> Iterable[Series]:
    for name in names:
        family = FAMILIES[name]
        yield Series(family, tuple(range(1, len(family.levels) + 1)))


CLASSIC = Suite(
    "classic",
    (
        *_all_of("gaussian-blur", "resolution", "square", "face-square"),
        *_all_of("grayscale", "sepia", "tint", "invert", "contrast-up"),
        Series(FAMILIES["brightness-up"], (2,)),
    ),
)
"""The degradations of the study that faceproof started from, and the square on the face."""

STANDARD = Suite(
    "standard",
    tuple(
        _all_of(
            *("gaussian-noise", "shot-noise", "impulse-noise", "speckle-noise"),
            *("lens-blur", "defocus-blur", "motion-blur", "zoom-blur"),
            *("down-sampling", "pixelation", "jpeg"),
            *("brightness-up", "brightness-down", "contrast-down", "gamma", "saturation", "colour-cast"),
            *("haze", "rain", "rotation", "perspective", "side-light", "over-exposure"),
            *("sunglasses", "mask", "half-face", "hair-line"),
        )
    ),
)
"""Common degradations of photos in use, five severities each."""

SUITES = {suite.name: suite for suite in (CLASSIC, STANDARD)}


def list_suites() -> list[str]:
    """Names of the suites that ship with faceproof.

    >>> list_suites()
    ['classic', 'standard']
    """
    return list(SUITES)


def get_suite(suite: str | Path | Suite | Callable[..., Picture]) -> Suite:
    """A suite by its name, from a TOML file, or from a function.

    Args:
        suite: ``classic``, ``standard``, a file ending in ``.toml``, ``package.module:function``, a function
            ``(photo, severity)`` that may also take ``rng`` and ``face``, or a suite.

    Returns:
        The suite.

    Raises:
        ConfigurationError: there is no such suite, or the file or the function cannot be used.
    """
    if isinstance(suite, Suite):
        return suite
    if callable(suite):
        return _suite_of(suite)
    text = str(suite)
    if text in SUITES:
        return SUITES[text]
    if text.endswith(".toml"):
        return read_suite(Path(text))
    if is_reference(text):
        return _suite_of(imported_function(text))
    close = get_close_matches(text, SUITES, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    raise ConfigurationError(
        f"There is no suite {text!r}. {hint}Expected {', '.join(SUITES)}, a .toml file, or package.module:function."
    )


def parse_severities(text: str) -> list[int]:
    """The severities in a text.

    Args:
        text: numbers and ranges, such as ``1-5``, ``3`` or ``1,3,5``.

    Returns:
        The severities in ascending order, each once.

    Raises:
        ConfigurationError: the text has another form.

    >>> parse_severities("1-3,5")
    [1, 2, 3, 5]
    """
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?", part)
        if not match or int(match[1]) > int(match[2] or match[1]):
            raise ConfigurationError(f"Severities {text!r} cannot be read. Expected such as 3, 1-5 or 1,3,5.")
        found.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return sorted(found)


def _suite_of(function: Callable[..., Picture]) -> Suite:
    family = family_of(function, None)
    return Suite(family.name, (Series(family, tuple(range(1, len(family.levels) + 1))),))
