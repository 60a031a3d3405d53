"""Suites: lists of conditions for a stress run. Two are part of faceproof; users add more by a file or a function."""

from __future__ import annotations

import hashlib
import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from types import CodeType
from typing import Any, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from faceproof.degrade.registry import FAMILIES, get_family
from faceproof.degrade.types import AT_SIDE, BUILT_IN, CLEAN, Condition, Family, Picture, Place, Stage
from faceproof.errors import ConfigurationError, DegradationError
from faceproof.files import read_toml
from faceproof.plugins import imported, is_reference

CALLABLE_SEVERITIES = 5
_TRIED_PX = 32
_MIDDLE = Place(
    np.array([8, 6, 24, 26], np.float32), np.array([[12, 13], [20, 13], [16, 17], [13, 21], [19, 21]], np.float32)
)


@dataclass(frozen=True, slots=True)
class Series:
    """A family, and its severities in a suite."""

    family: Family
    severities: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """A named list of series."""

    name: str
    series: tuple[Series, ...]

    def conditions(
        self, severities: Sequence[int] | None = None, *, stage: Stage = "capture", seed: int = 0
    ) -> list[Condition]:
        """The photo as it is, then every condition of the suite.

        Args:
            severities: keep only these; None: all.
            stage: stage at which the conditions are applied.
            seed: seed of all random values.

        Returns:
            The conditions, the clean one first.

        Raises:
            ConfigurationError: no family has such a severity, or no condition is left.
        """
        if severities is not None:
            most = max(len(series.family.levels) for series in self.series)
            outside = [severity for severity in severities if not 1 <= severity <= most]
            if outside:
                raise ConfigurationError(
                    f"Suite {self.name!r} has severities 1 to {most}, not {outside[0]} (0 is the photo as it is, "
                    "which is always included)."
                )
        chosen = [
            series.family.at(severity, stage=stage, seed=seed)
            for series in self.series
            for severity in series.severities
            if severities is None or severity in severities
        ]
        if not chosen:
            raise ConfigurationError(f"Suite {self.name!r} has no condition with these severities.")
        return [CLEAN, *chosen]


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
        return _suite_of(_imported(text))
    close = get_close_matches(text, SUITES, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    raise ConfigurationError(
        f"There is no suite {text!r}. {hint}Expected {', '.join(SUITES)}, a .toml file, or package.module:function."
    )


def family_again(function: str, *, name: str, title: str, text: str) -> Family | None:
    """The family of a stored condition; None where its function is not available or has changed.

    Args:
        function: its reference (`Family.reference`).
        name: name of the family.
        title: title of the family.
        text: the parameters of the condition as text.
    """
    known = {family.reference: family for family in FAMILIES.values()}
    family = known.get(function) or _user_family(function)
    if family is None:
        return None
    level_text = family.level_text if family.identity == BUILT_IN else _literal(text)
    return replace(family, name=name, title=title, level_text=level_text)


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


class _Entry(BaseModel):
    """One ``[[degradation]]`` of a file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    family: str | None = None
    function: str | None = None
    name: str | None = None
    title: str | None = None
    severities: list[int] | None = None
    levels: list[dict[str, Any]] | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str | None = None
    degradation: list[_Entry]


def read_suite(path: Path) -> Suite:
    """A suite from a TOML file.

    Args:
        path: the file; docs/stress.md shows an example.

    Raises:
        ConfigurationError: the file cannot be read or has a wrong entry; the message names the entry.
    """
    found = read_toml(path, "The suite", ConfigurationError)
    try:
        content = _File.model_validate(found)
    except ValidationError as error:
        one = error.errors()[0]
        where = ".".join(str(part) for part in one["loc"]) or "the file"
        raise ConfigurationError(
            f"The suite {path} cannot be used: {where}: {one['msg']}. A [[degradation]] has family or function, and "
            "name, title, severities, levels."
        ) from error
    series = []
    for number, entry in enumerate(content.degradation, start=1):
        try:
            series.append(_series(entry))
        except ConfigurationError as error:
            raise ConfigurationError(f"The suite {path}, degradation {number}: {error}") from error
    names = [one.family.name for one in series]
    twice = {name for name in names if names.count(name) > 1}
    if twice or not series:
        why = f"two degradations have the name {min(twice)!r}: give each its own" if twice else "it has no degradation"
        raise ConfigurationError(f"The suite {path} cannot be used: {why}.")
    return Suite(content.name or path.stem, tuple(series))


def _series(entry: _Entry) -> Series:
    """The series of one entry of a file; raise ConfigurationError if it is wrong."""
    if (entry.family is None) == (entry.function is None):
        raise ConfigurationError("expected either family or function")
    if entry.name is not None and not re.fullmatch(r"[a-z0-9][a-z0-9-]*", entry.name):
        raise ConfigurationError(f"the name {entry.name!r}: expected lower-case letters, digits and hyphens")
    if entry.family is not None:
        family = get_family(entry.family)
        if entry.levels is not None:
            family = _with_levels(family, entry.levels)
    else:
        family = _family_of(_imported(entry.function or ""), entry.levels)
    family = replace(family, name=entry.name or family.name, title=entry.title or family.title)
    severities = range(1, len(family.levels) + 1) if entry.severities is None else entry.severities
    if not severities or len(set(severities)) < len(severities) or 0 in severities:
        raise ConfigurationError(f"severities {list(severities)}: expected one or more, each once, from 1")
    for severity in severities:
        family.at(severity)
    return Series(family, tuple(sorted(severities)))


def _check_levels(levels: Sequence[Mapping[str, Any]]) -> None:
    """Check that all levels have the same parameters, and that their values are finite numbers or text.

    Raises:
        ConfigurationError: a level is different.
    """
    if not levels:
        raise ConfigurationError("levels is empty: expected the parameters of one severity or more")
    for level in levels:
        if set(level) != set(levels[0]):
            raise ConfigurationError(f"levels have {_words(levels[0])} and {_words(level)}: expected the same in each")
        for name, value in level.items():
            plain = isinstance(value, str) or (isinstance(value, int | float) and math.isfinite(value))
            if not name.isidentifier() or not plain:
                raise ConfigurationError(f"a level has {name} = {value}: expected a name and a finite number or text")
        if AT_SIDE in level and not (isinstance(level[AT_SIDE], int | float) and level[AT_SIDE] > 0):
            raise ConfigurationError(f"{AT_SIDE} = {level[AT_SIDE]}: expected pixels, above 0")


def _with_levels(family: Family, levels: list[dict[str, Any]]) -> Family:
    """A built-in family with other levels; raise ConfigurationError if the family does not accept them."""
    known = set(family.levels[0])
    for level in levels:
        for name in known & set(level):
            if isinstance(level[name], str) != isinstance(family.levels[0][name], str):
                raise ConfigurationError(
                    f"a level of {family.name} has {name} = {level[name]!r}; expected a value such as "
                    f"{family.levels[0][name]!r}"
                )
        if set(level) != known:
            raise ConfigurationError(f"a level of {family.name} has {_words(level)}; expected {_words(known)}")
    _check_levels(levels)
    changed = replace(family, levels=tuple(levels))
    for severity in range(1, len(levels) + 1):
        _try(changed.at(severity))
    return changed


def _try(condition: Condition) -> None:
    """Apply a condition to a small picture, to find wrong parameters before a run.

    Raises:
        ConfigurationError: the function does not accept the parameters.
    """
    given = ", ".join(f"{name} = {value}" for name, value in condition.parameters.items())
    below = [name for name, value in condition.parameters.items() if not isinstance(value, str) and value < 0]
    try:
        condition.apply(np.full((_TRIED_PX, _TRIED_PX, 3), 128, np.uint8), "", _MIDDLE)
    except DegradationError as error:
        raise ConfigurationError(f"{condition.family.name} cannot be made with {given}: {error}") from error
    if below:
        raise ConfigurationError(f"{condition.family.name} cannot be made with {given}: expected 0 or more")


def _words(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no parameter"


def _imported(reference: str) -> Callable[..., Picture]:
    function = imported(reference)
    if not callable(function):
        raise ConfigurationError(f"{reference} is a {type(function).__name__}; expected a function.")
    return cast("Callable[..., Picture]", function)


def _suite_of(function: Callable[..., Picture]) -> Suite:
    family = _family_of(function, None)
    return Suite(family.name, (Series(family, tuple(range(1, len(family.levels) + 1))),))


def _family_of(function: Callable[..., Picture], levels: Sequence[Mapping[str, Any]] | None) -> Family:
    """The family of a user's function; without levels its parameter is ``severity``, 1 to 5."""
    name = getattr(function, "__name__", type(function).__name__)
    takes = _parameters_of(function)
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "function"
    if levels is None:
        levels = [{"severity": severity} for severity in range(1, CALLABLE_SEVERITIES + 1)]
    _check_levels(levels)
    level_text = ", ".join(f"{key} {{{key}}}" for key in levels[0])
    return Family(
        plain,
        plain.replace("-", " ").capitalize(),
        function,
        tuple(levels),
        level_text,
        random="rng" in takes,
        on_face="face" in takes,
        identity=_identity(function),
    )


def _user_family(reference: str) -> Family | None:
    """The family of a user's function by its reference; None if the function is missing or has changed."""
    module, _, rest = reference.partition(":")
    try:
        family = _family_of(_imported(f"{module}:{rest.partition(':')[0]}"), None)
    except ConfigurationError:
        return None
    return family if family.reference == reference else None


def _parameters_of(function: Callable[..., Picture]) -> set[str]:
    try:
        return set(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return set()


def _identity(function: Callable[..., Picture]) -> str | None:
    """Identity of a user's function for the cache: its name and the digest of its file; None if they are unknown."""
    name = getattr(function, "__qualname__", "")
    try:
        text = Path(inspect.getsourcefile(function) or "").read_bytes()
        as_written = _code_of(compile(text, "", "exec", dont_inherit=True), name)
    except (TypeError, OSError, SyntaxError, ValueError):
        return None
    # A file that was edited after it was imported differs from the code that runs.
    running = getattr(function, "__code__", None)
    if as_written is None or running is None or _instructions(as_written) != _instructions(running):
        return None
    return f"{function.__module__}:{name}:{hashlib.sha256(text).hexdigest()}"


def _code_of(module: CodeType, name: str) -> CodeType | None:
    """The code of a function at the top level of a module."""
    found = [const for const in module.co_consts if isinstance(const, CodeType) and const.co_name == name]
    return found[-1] if found else None


def _instructions(code: CodeType) -> tuple[object, ...]:
    return code.co_code, code.co_consts, code.co_names, code.co_varnames


def _literal(words: str) -> str:
    """A format string whose result is these words."""
    return words.replace("{", "{{").replace("}", "}}")
