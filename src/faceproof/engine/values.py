"""Types that the modules of the engine share."""

from __future__ import annotations

from typing import Protocol

ModelCondition = tuple[int, int]
"""Index of a recogniser and index of a condition, both from 0."""


class Progress(Protocol):
    """Receives the number of photos that are done."""

    def start(self, total: int, done: int) -> None:
        """Begin: the total number of photos, and the number that came from the cache."""

    def advance(self, photos: int) -> None:
        """Add a number of photos that were computed."""
