"""Levels of severity that a user gives: they are checked, and a built-in family is tried with them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from faceproof.degrade.types import AT_SIDE, Condition, Family, Place
from faceproof.errors import ConfigurationError, DegradationError

_TRIED_PX = 32
_MIDDLE = Place(
    np.array([8, 6, 24, 26], np.float32), np.array([[12, 13], [20, 13], [16, 17], [13, 21], [19, 21]], np.float32)
)


def check_levels(levels: Sequence[Mapping[str, Any]]) -> None:
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


def with_levels(family: Family, levels: list[dict[str, Any]]) -> Family:
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
    check_levels(levels)
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
