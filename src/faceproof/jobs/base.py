"""What the jobs share: the run that they return, and the check of thresholds and seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faceproof.errors import ConfigurationError

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: its folder and every number in it (what ``metrics.json`` holds)."""

    folder: Path
    summary: dict[str, Any]


def check_judging(threshold: float | None, seed: int) -> None:
    """Refuse a threshold or a seed that makes no sense, before anything is computed.

    Raises:
        ConfigurationError: the threshold is no distance of unit templates, or the seed is below 0.
    """
    if threshold is not None and not 0 <= threshold <= 2:
        raise ConfigurationError(f"A threshold of distance {threshold} makes no sense: expected 0 to 2.")
    if seed < 0:
        raise ConfigurationError(f"The seed is {seed}; expected 0 or more.")
