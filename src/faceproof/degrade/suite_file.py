"""Suites in TOML files."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from faceproof.degrade.levels import with_levels
from faceproof.degrade.own_functions import family_of, imported_function
from faceproof.degrade.registry import get_family
from faceproof.degrade.types import Series, Suite
from faceproof.errors import ConfigurationError
from faceproof.files import read_toml


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
            family = with_levels(family, entry.levels)
    else:
        family = family_of(imported_function(entry.function or ""), entry.levels)
    family = replace(family, name=entry.name or family.name, title=entry.title or family.title)
    severities = range(1, len(family.levels) + 1) if entry.severities is None else entry.severities
    if not severities or len(set(severities)) < len(severities) or 0 in severities:
        raise ConfigurationError(f"severities {list(severities)}: expected one or more, each once, from 1")
    for severity in severities:
        family.at(severity)
    return Series(family, tuple(sorted(severities)))
