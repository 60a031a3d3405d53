"""Names that the parts of the engine share."""

from __future__ import annotations

from typing import Protocol

Cell = tuple[int, int]
"""Indices of a recogniser and of a condition."""


class Progress(Protocol):
    """Told how far a run is."""

    def start(self, total: int, done: int) -> None:
        """``total`` photos, of which ``done`` came from the cache."""

    def advance(self, photos: int) -> None:
        """So many more photos are done."""
