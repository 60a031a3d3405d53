"""Reported numbers, with the digits in which they were reported."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.files import read_toml

RATES = ("accuracy", "eer", "auc", "fmr", "fnmr", "precision", "recall", "f1")
COUNTS = ("tp", "tn", "fp", "fn", "comparisons", "mated", "non_mated")
THRESHOLD, TUNED = "threshold", "tuned_on_same_comparisons"
KNOWN = (*RATES, "fnmr@fmr=1e-3", THRESHOLD, *COUNTS, TUNED)
"""All names of claims; the FMR of ``fnmr@fmr=`` may be any."""

_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?")
_AT_FMR = re.compile(r"fnmr@fmr=(\S+)")
_EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class Claim:
    """A reported number.

    Attributes:
        name: its name in the claims.
        text: the number as it was written.
        value: the number; a percentage as a fraction.
        half: half of the unit of its last digit: the true number is at most so far away.
    """

    name: str
    text: str
    value: float
    half: float

    def holds(self, values: ArrayLike) -> NDArray[np.bool_]:
        """Which numbers, float64 of any shape, are the claimed one at the digits given; False for NaN."""
        return np.asarray(np.abs(np.asarray(values, np.float64) - self.value) <= self.half + _EXACT)

    @property
    def said(self) -> str:
        """Name and number, as part of a sentence."""
        return f"{self.name} = {self.text}"


@dataclass(frozen=True)
class Claims:
    """The reported numbers of one test.

    Attributes:
        numbers: each claim by its name, except thresholds.
        thresholds: the thresholds in the scale of the scores; more than one is a fault.
        tuned: whether the threshold was set on the comparisons that were decided with it; None: not said.
    """

    numbers: Mapping[str, Claim]
    thresholds: Sequence[Claim] = ()
    tuned: bool | None = None

    def get(self, name: str) -> Claim | None:
        """The claim of a name, or None."""
        return self.numbers.get(name)

    @cached_property
    def at_fmr(self) -> list[tuple[float, Claim]]:
        """Claims of FNMR at a target FMR, with the FMR."""
        found = ((_AT_FMR.fullmatch(name), claim) for name, claim in self.numbers.items())
        return [(float(match.group(1)), claim) for match, claim in found if match]


def read_claims(path: str | Path) -> Claims:
    """The claims of a TOML file.

    Args:
        path: the file: a key for each claim, numbers as numbers or as text (docs/doctor.md).

    Raises:
        PeopleError: the file cannot be read.
        ConfigurationError: a name is unknown, or a value is not one that it may have.
    """
    path = Path(path)
    return claims_of(read_toml(path, "The claims file", PeopleError, parse_float=str), str(path))


def claims_of(entries: Mapping[str, object], source: str = "claims") -> Claims:
    """Claims from names and values.

    Args:
        entries: values by name; a number as text keeps its digits, so ``"0.990"`` has three.
        source: where they are from, for messages.

    Raises:
        ConfigurationError: a name is unknown, or a value is not one that it may have.

    >>> claims_of({"accuracy": "0.990"}).get("accuracy")
    Claim(name='accuracy', text='0.990', value=0.99, half=0.0005)
    >>> claims_of({"fmr": "0.1%", "tp": 3}).get("fmr").half
    0.0005
    """
    numbers: dict[str, Claim] = {}
    thresholds: list[Claim] = []
    tuned = None
    for name, value in entries.items():
        if name == TUNED:
            if not isinstance(value, bool):
                raise ConfigurationError(f"{source}: {name} is {value!r}; expected true or false.")
            tuned = value
        elif name == THRESHOLD:
            several = value if isinstance(value, list) else [value]
            thresholds.extend(_claim(name, one, source) for one in several)
        elif name in (*RATES, *COUNTS) or _is_fmr(name):
            numbers[name] = _checked(_claim(name, value, source), source)
        else:
            close = get_close_matches(name, KNOWN, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ConfigurationError(f"{source}: {name!r} is no claim.{hint} Known: {', '.join(KNOWN)}.")
    return Claims(numbers, tuple(thresholds), tuned)


def _is_fmr(name: str) -> bool:
    """Whether the name is that of an FNMR at an FMR above 0 and up to 1."""
    found = _AT_FMR.fullmatch(name)
    try:
        return found is not None and 0 < float(found.group(1)) <= 1
    except ValueError:
        return False


def _claim(name: str, value: object, source: str) -> Claim:
    """A claim from a number, or from its text with the digits that count."""
    text = value.strip() if isinstance(value, str) else str(value)
    known = None if isinstance(value, bool) or not isinstance(value, str | int | float) else _number(text)
    if known is None:
        raise ConfigurationError(f'{source}: {name} is {value!r}; expected a number, such as 0.990 or "99.0%".')
    number, half = known
    # A rate of 1 or 0 without decimals is all or nothing, and not anything from 0.5 to 1.
    exact = name in COUNTS or (name != THRESHOLD and number in (0.0, 1.0) and half == 0.5)
    return Claim(name, text, number, 0.0 if exact else half)


def _number(text: str) -> tuple[float, float] | None:
    """A finite number and half of the unit of its last digit, from its text; None where it is none."""
    percent = text.endswith("%")
    found = _NUMBER.fullmatch(text.removesuffix("%").strip().replace("_", ""))
    if found is None or not any(found.groups()[1:3]):
        return None
    sign, whole, decimals, exponent = found.groups()
    power = int(exponent or 0) - (2 if percent else 0)
    number = float(f"{sign}{whole or 0}.{decimals or 0}e{power}")
    half = float(f"5e{power - len(decimals or '') - 1}")
    return (number, half) if math.isfinite(number + half) else None


def _checked(claim: Claim, source: str) -> Claim:
    """The claim; an error where it lies outside of what a rate or a count can be."""
    if claim.name in COUNTS:
        if claim.value < 0 or not claim.value.is_integer():
            raise ConfigurationError(f"{source}: {claim.said}; expected a whole number, 0 or more.")
    elif not 0 <= claim.value <= 1 or math.isnan(claim.value):
        raise ConfigurationError(
            f'{source}: {claim.said}; expected a fraction from 0 to 1, or a percentage such as "{claim.text}%".'
        )
    return claim
