"""Progress of a run on stderr: a bar on a terminal, lines of text in a log and on a narrow terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Event, RLock, Thread
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

from faceproof.cli.output import console
from faceproof.report.words.formatting import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_STEP = 0.03
_SHORTEST_S = 10.0
_FIRST_S = 15.0
_MOST_BY_TIME = 13
_TICK_S = 5.0
_BESIDE_THE_NAME = 50
"""Columns that bar, count, rate and time left need; a narrower terminal gets lines of text, as a log does."""


class Lines:
    """Decides when a log gets a line of progress.

    There is a line for each 3% of the work, at least 10 s after the previous line. There is also a line after 15 s
    without one, then after 30 s, 1 min, 2 min and so on. So a run of any length has at most 33 lines of the first kind
    and 13 of the second. A run that had a line has one at its end.

    Args:
        total: amount of work.
        done: amount that was done before the start.
        now: current time in seconds, on any clock.
    """

    def __init__(self, total: int, done: int, now: float) -> None:
        self._total, self._last_done, self._last_s = total, done, now
        self._patience_s, self._by_time, self._written = _FIRST_S, 0, False

    def due(self, done: int, now: float) -> bool:
        """Whether to write a line now; where True is returned, the line counts as written."""
        if done >= self._total:
            return self._written
        waited = now - self._last_s
        share = (done - self._last_done) / self._total if self._total else 0.0
        by_share = share >= _STEP and waited >= _SHORTEST_S
        by_time = waited >= self._patience_s and self._by_time < _MOST_BY_TIME
        if not by_share and not by_time:
            return False
        if not by_share:
            self._patience_s *= 2
            self._by_time += 1
        self._last_done, self._last_s, self._written = done, now, True
        return True


def time_in_words(seconds: float) -> str:
    """A duration as text: ``50 s``, ``12 min``, ``1 h 5 min``.

    >>> time_in_words(50), time_in_words(731), time_in_words(3900)
    ('50 s', '12 min', '1 h 5 min')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60} min"


class PhotoProgress:
    """Shows the number of photos done; used as a context manager.

    Args:
        quiet: show nothing.
        unit: name of the counted items.
        among: text that follows the name.
        clock: returns monotonic time in seconds.
    """

    def __init__(
        self, quiet: bool, unit: str = "photos", among: str = "", *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._quiet, self._unit, self._clock = quiet, unit, clock
        self._counted = f"{unit} {among}".strip()
        self._console = console(stderr=True)
        room = self._console.is_terminal and self._console.width >= len(self._counted) + _BESIDE_THE_NAME
        self._bar = self._make_bar() if room and not quiet else None
        self._task: TaskID | None = None
        self._total = self._done = self._cached = 0
        self._began = clock()
        self._lines: Lines | None = None
        self._lock, self._end, self._ticks = RLock(), Event(), Thread(target=self._tick, daemon=True)

    def say(self, text: str) -> None:
        """Write a line on stderr, unless ``quiet``."""
        if not self._quiet:
            with self._lock:
                self._console.print(printable(text), soft_wrap=True)

    def start(self, total: int, done: int) -> None:
        """Begin with ``total`` photos, of which ``done`` came from the cache."""
        with self._lock:
            self._total, self._done, self._cached = total, done, done
            self._began = self._clock()
            self._lines = None if self._bar or self._quiet else Lines(total, done, self._began)
        if done:
            have = "are" if self._unit == "templates" else "have their template"
            self.say(f"{done:,} of {total:,} {self._unit} {have} in the cache.")
        if self._bar:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(self._counted, total=total, completed=done)

    def advance(self, photos: int) -> None:
        """Count ``photos`` more photos as done."""
        with self._lock:
            self._done += photos
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self._done)
        self.tick()

    def tick(self) -> None:
        """Write a line to the log where one is due; also called every few seconds, for photos that take a long time."""
        with self._lock:
            if self._lines and self._lines.due(self._done, self._clock()):
                self.say(self._line())
                if self._done >= self._total:
                    self._lines = None

    def _line(self) -> str:
        """Count, share, rate and time left in words."""
        made, seconds = self._done - self._cached, self._clock() - self._began
        start = f"{self._done:,} of {self._total:,} {self._counted} ({100 * self._done // self._total}%)"
        if not made:
            return f"{start} after {time_in_words(seconds)}"
        rate = made / max(seconds, 1e-9)
        shown = f"{rate:.1f} a second" if rate >= 0.1 else f"{60 * rate:.1f} a minute"
        if self._done >= self._total:
            return f"{start} in {time_in_words(seconds)}, {shown}"
        return f"{start}, {shown}, {time_in_words((self._total - self._done) / rate)} left"

    def stopped(self) -> str:
        """The message after Ctrl-C."""
        if not self._total:
            return "Stopped before the first photo; nothing was changed."
        return (
            f"Stopped. {self._done:,} of {self._total:,} {self._unit} are done and kept in the template cache; "
            "give the same command again to go on from there."
        )

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        elif not self._quiet:
            self._ticks.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        if self._bar:
            self._bar.stop()
        elif self._ticks.is_alive():
            self._ticks.join()
        sys.stderr.flush()

    def _tick(self) -> None:
        while not self._end.wait(_TICK_S):
            with suppress(OSError):  # the main thread reports a log that cannot be written
                self.tick()

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
        from rich.table import Column
        from rich.text import Text

        class Rate(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text("" if task.speed is None else f"{task.speed:.1f}/s")

        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            Rate(table_column=Column(no_wrap=True)),
            TextColumn("left"),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
            console=self._console,
            transient=True,
        )
