"""What a process of an attack is to do, in which surroundings, and how it ended."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PIPE, CLOSED_PIPE = "pipe", "closed pipe"

DOCUMENTED_CODES = frozenset({0, 1, 2, 3, 130})
_UNFORESEEN = re.compile(r"^faceproof: Unexpected error|Please report it", re.MULTILINE)
_TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Stop:
    """A signal that ends a process midway.

    Attributes:
        number: the signal.
        after_s: seconds after its start; None: at a step.
        at_step: the process gets it when it is about to change the file system for so many times.
    """

    number: int = signal.SIGKILL
    after_s: float | None = None
    at_step: int | None = None


@dataclass(frozen=True)
class Order:
    """What a process is to do.

    Attributes:
        arguments: of the command line; empty where a function is called.
        function: a function of a module, called with ``values``; its result is `Ended.value`.
        values: arguments of the function.
        folder: the current folder.
        variables: environment variables to change; None: removed.
        seconds: time limit.
        limits: resource limits by their names in the module `resource`, in bytes.
        stdout: `PIPE`, `CLOSED_PIPE` (the reader is gone), or a path.
        stop: the signal that ends it midway.
        count_steps: tell in `Ended.steps` how often the file system was changed.
        fresh: start Python anew instead of going on in the forked process.
        user: number of the user that it runs as.
        ignore_interrupts: start with SIGINT ignored, as the background jobs of a shell do.
        hide_proc: run without /proc.
    """

    arguments: tuple[str, ...] = ()
    function: Callable[..., Any] | None = None
    values: tuple[Any, ...] = ()
    folder: Path = Path()
    variables: Mapping[str, str | None] = field(default_factory=dict)
    seconds: float = 120.0
    limits: Mapping[str, int] = field(default_factory=dict)
    stdout: str = PIPE
    stop: Stop | None = None
    count_steps: bool = False
    fresh: bool = False
    user: int | None = None
    ignore_interrupts: bool = False
    hide_proc: bool = False


@dataclass(frozen=True)
class Raised:
    """An exception of a function that was called.

    Attributes:
        kind: name of its class.
        message: its text.
        foreseen: whether it is a FaceproofError.
        trace: the traceback.
    """

    kind: str
    message: str
    foreseen: bool
    trace: str


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        code: exit code; minus the signal where one ended it.
        stdout: what it printed.
        stderr: likewise.
        seconds: how long it took.
        timed_out: whether the time limit ended it.
        value: what the function gave.
        raised: what the function raised.
        steps: how often the file system was changed, where that was counted.
        expected: the signal that was to end it.
    """

    code: int
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False
    value: Any = None
    raised: Raised | None = None
    steps: int | None = None
    expected: int | None = None

    @property
    def crash(self) -> str | None:
        """Why this counts as a crash; None where it does not. A process that was stopped on purpose is no crash."""
        if any(_TRACEBACK in stream for stream in (self.stderr, self.stdout)):
            return f"a traceback: {self.stderr[-300:]}"
        if self.timed_out or (self.expected is not None and self.code == -self.expected):
            return None
        if self.code not in DOCUMENTED_CODES:
            how = f"signal {signal.Signals(-self.code).name}" if self.code < 0 else f"exit code {self.code}"
            return f"{how}: {self.stderr[-300:]}"
        if self.raised is not None and not self.raised.foreseen:
            return f"{self.raised.kind}: {self.raised.message[:300]}"
        found = _UNFORESEEN.search(self.stderr)
        return self.stderr[found.start() :][:300] if found else None
