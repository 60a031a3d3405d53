"""How far a run is, on stderr: a bar with rate and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

from faceproof.report.formatting import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LINE_EVERY_S = 15.0


def _time_words(seconds: float) -> str:
    """A time left: ``50 s``, ``12 min``, ``1 h 5 min``.

    >>> _time_words(50), _time_words(731), _time_words(3900)
    ('50 s', '12 min', '1 h 5 min')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class PhotoProgress:
    """Shows how many photos are done; use as a context manager.

    Args:
        quiet: show nothing.
        unit: what is counted.
        among: what more to say of them while they are counted.
    """

    def __init__(self, quiet: bool, unit: str = "photos", among: str = "") -> None:
        from rich.console import Console

        self._quiet, self._unit = quiet, unit
        self._counted = f"{unit} {among}".strip()
        self._console = Console(stderr=True)
        self._bar = self._make_bar() if self._console.is_terminal and not quiet else None
        self._task: TaskID | None = None
        self._total = self._done = self._cached = 0
        self._began = self._last_line = monotonic()

    def say(self, text: str) -> None:
        """A line on stderr, unless quiet."""
        if not self._quiet:
            self._console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def start(self, total: int, done: int) -> None:
        """Begin with ``total`` photos, of which ``done`` came from the cache."""
        self._total, self._done, self._cached = total, done, done
        self._began = self._last_line = monotonic()
        if done:
            have = "are" if self._unit == "templates" else "have their template"
            self.say(f"{done:,} of {total:,} {self._unit} {have} in the cache.")
        if self._bar:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(self._counted, total=total, completed=done)

    def advance(self, photos: int) -> None:
        """So many more photos are done."""
        self._done += photos
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self._done)
        elif not self._quiet and monotonic() - self._last_line >= _LINE_EVERY_S:
            self._last_line = monotonic()
            rate = (self._done - self._cached) / (self._last_line - self._began)
            left = (self._total - self._done) / rate
            self.say(
                f"{self._done:,} of {self._total:,} {self._counted}, {rate:.1f} a second, {_time_words(left)} left"
            )

    def stopped(self) -> str:
        """What to tell a person who pressed Ctrl-C."""
        if not self._total:
            return "Stopped before the first photo; nothing was changed."
        return (
            f"Stopped. {self._done:,} of {self._total:,} {self._unit} are done and kept in the template cache; "
            "give the same command again to go on from there."
        )

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        sys.stderr.flush()

    def _make_bar(self) -> Progress:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            Task,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text

        class Rate(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text("" if task.speed is None else f"{task.speed:.1f}/s")

        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            Rate(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
