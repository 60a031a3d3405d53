"""Collect the errors in a user's file, so that one message names several lines."""

from __future__ import annotations

from pathlib import Path

from faceproof.errors import PeopleError

_SHOWN = 5


class Problems:
    """Collects the errors of a file; `check` raises one exception with the first few lines and the count."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.first: list[str] = []

    def add(self, line: int, text: str) -> None:
        """Add an error: the line, from 1, and a description."""
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(f"line {line:,}: {text}")

    def check(self, advice: str) -> None:
        """Do nothing if there is no error.

        Args:
            advice: the end of the message, a sentence that says what to do.

        Raises:
            PeopleError: there are errors.
        """
        if self.count:
            more = f"; and {self.count - len(self.first):,} more" if self.count > len(self.first) else ""
            raise PeopleError(f"{self.path}: {'; '.join(self.first)}{more}. {advice}", path=self.path)
