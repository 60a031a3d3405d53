"""Families of degradations that are functions of the user's."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import CodeType
from typing import Any, cast

from faceproof.degrade.levels import check_levels
from faceproof.degrade.registry import FAMILIES
from faceproof.degrade.types import BUILT_IN, Family, Picture
from faceproof.errors import ConfigurationError
from faceproof.plugins import imported

CALLABLE_SEVERITIES = 5


def imported_function(reference: str) -> Callable[..., Picture]:
    """The function of a reference, ``package.module:function``.

    Raises:
        ConfigurationError: it cannot be imported, or is no function.
    """
    function = imported(reference)
    if not callable(function):
        raise ConfigurationError(f"{reference} is a {type(function).__name__}; expected a function.")
    return cast("Callable[..., Picture]", function)


def family_of(function: Callable[..., Picture], levels: Sequence[Mapping[str, Any]] | None) -> Family:
    """The family of a user's function; without levels its parameter is ``severity``, 1 to 5."""
    name = getattr(function, "__name__", type(function).__name__)
    takes = _parameters_of(function)
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "function"
    if levels is None:
        levels = [{"severity": severity} for severity in range(1, CALLABLE_SEVERITIES + 1)]
    check_levels(levels)
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


def _user_family(reference: str) -> Family | None:
    """The family of a user's function by its reference; None if the function is missing or has changed."""
    module, _, rest = reference.partition(":")
    try:
        family = family_of(imported_function(f"{module}:{rest.partition(':')[0]}"), None)
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
