"""Processes for attacks, forked from one that has imported everything: a command costs a second in place of five.

`Forks` has some of these servers. Each is this module run by Python: it reads pickled orders from stdin, forks a
process for each, watches it, and writes how it ended to stdout. It has no thread of Python's, so that it may fork.
"""

from __future__ import annotations

import encodings
import gc
import importlib
import io
import os
import pickle
import pkgutil
import queue
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, BinaryIO, Self

from attacks.child import become, private_mounts
from attacks.orders import CLOSED_PIPE, Ended, Order

_HEAVY = (
    *("torch", "pyarrow.parquet", "pyarrow.csv", "pyarrow.compute", "pyarrow.dataset", "scipy.stats", "scipy.optimize"),
    *("jinja2", "rich.console", "rich.table", "rich.progress", "filelock", "pydantic", "importlib.resources"),
    *("PIL.ImageDraw", "PIL.ImageFont", "platformdirs", "csv", "zoneinfo", "statistics"),
)
_BLOCK = 1 << 16
_SPARE_S = 120.0


class Forks:
    """A number of servers; use as a context manager. Threads may share it.

    Args:
        servers: processes at a time.
    """

    def __init__(self, servers: int = 1) -> None:
        self._free: queue.Queue[subprocess.Popen[bytes]] = queue.Queue()
        self._all = [self._server() for _ in range(servers)]
        for server in self._all:
            self._free.put(server)

    @staticmethod
    def _server() -> subprocess.Popen[bytes]:
        support = Path(__file__).parents[1]
        path = os.pathsep.join([str(support), *filter(None, [os.environ.get("PYTHONPATH")])])
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        line = [sys.executable, "-c", "from attacks.forks import serve; serve()"]
        # With output held back, as Python does it for most users.
        environment = os.environ | threads | {"PYTHONPATH": path, "PYTHONUNBUFFERED": ""}
        return subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def do(self, order: Order) -> Ended:
        """Carry out an order, and wait for its end.

        Raises:
            RuntimeError: the server is gone; no attack should get there.
        """
        server = self._free.get()
        try:
            assert server.stdin is not None
            assert server.stdout is not None
            pickle.dump(order, server.stdin)
            server.stdin.flush()
            ended = pickle.load(server.stdout)
        except (EOFError, BrokenPipeError) as error:
            raise RuntimeError(f"a server of the attacks ended by itself (exit code {server.poll()})") from error
        finally:
            self._free.put(server)
        assert isinstance(ended, Ended)
        return ended

    def command(self, *arguments: object, **surroundings: Any) -> Ended:
        """A command of faceproof."""
        return self.do(Order(arguments=tuple(map(str, arguments)), **surroundings))

    def call(self, function: Callable[..., Any], *values: Any, **surroundings: Any) -> Ended:
        """A function of a module in a process of its own."""
        return self.do(Order(function=function, values=values, **surroundings))

    @contextmanager
    def one(self) -> Iterator[Forks]:
        """One of the servers alone: its processes share mounts, those of several servers do not."""
        alone, server = Forks(0), self._free.get()
        alone._free.put(server)
        try:
            yield alone
        finally:
            self._free.put(server)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._all:
            for pipe in (server.stdin, server.stdout):
                if pipe is not None:
                    pipe.close()
            try:
                server.wait(_SPARE_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def serve() -> None:
    """Carry out orders until stdin ends. In a forked process this does what the order says, and ends it."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the attack, which closes stdin
    _import_everything()
    gc.freeze()  # or forked processes copy what the collector marks
    with suppress(OSError):  # attacks that need mounts say that they were not tried
        private_mounts()
    while True:
        try:
            order = pickle.load(orders)
        except EOFError:
            return
        pipes = [os.pipe() for _ in range(3)]
        started = monotonic()
        pid = os.fork()
        if pid == 0:
            orders.close()
            answers.close()
            for reading, _ in pipes:
                os.close(reading)
            become(order, *(writing for _, writing in pipes))
        for _, writing in pipes:
            os.close(writing)
        _answer(answers, order, _watched(order, pid, [reading for reading, _ in pipes], started), monotonic() - started)


def _answer(answers: BinaryIO, order: Order, watched: tuple[int, bool, list[bytes]], seconds: float) -> None:
    code, timed_out, (stdout, stderr, more) = watched
    found: dict[str, Any] = {}
    content = io.BytesIO(more)
    while content.tell() < len(more):
        try:
            found |= pickle.load(content)
        except (EOFError, pickle.UnpicklingError):  # the process ended while it wrote
            break
    texts = (stream.decode("utf-8", "replace") for stream in (stdout, stderr))
    expected = None if order.stop is None else order.stop.number
    pickle.dump(Ended(code, *texts, seconds, timed_out, **found, expected=expected), answers)
    answers.flush()


def _watched(order: Order, pid: int, pipes: list[int], started: float) -> tuple[int, bool, list[bytes]]:
    """Exit code of a process, whether the time limit ended it, and what came out of its pipes."""
    handle, open_pipes = os.pidfd_open(pid), set(pipes)
    content: dict[int, list[bytes]] = {pipe: [] for pipe in pipes}
    if order.stdout == CLOSED_PIPE:
        os.close(pipes[0])
        open_pipes.discard(pipes[0])
    kill_at = None if order.stop is None or order.stop.after_s is None else started + order.stop.after_s
    end_at, timed_out = started + order.seconds, False
    while True:
        wait = min(end_at if kill_at is None else min(kill_at, end_at), started + 86400) - monotonic()
        ready, _, _ = select.select([handle, *open_pipes], [], [], max(0.0, wait))
        _drain(open_pipes & set(ready), open_pipes, content)
        if handle in ready:
            break
        if kill_at is not None and monotonic() >= kill_at:
            os.kill(pid, order.stop.number)
            kill_at = None
        elif monotonic() >= end_at:
            timed_out, end_at = True, float("inf")
            _kill_group(pid)
    _, status = os.waitpid(pid, 0)
    os.close(handle)
    _kill_group(pid)  # what it started and left behind
    while ready := select.select(list(open_pipes), [], [], 0)[0]:
        _drain(set(ready), open_pipes, content)
    for pipe in open_pipes:
        os.close(pipe)
    return os.waitstatus_to_exitcode(status), timed_out, [b"".join(content[pipe]) for pipe in pipes]


def _kill_group(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)


def _drain(ready: set[int], open_pipes: set[int], content: dict[int, list[bytes]]) -> None:
    for pipe in ready:
        block = os.read(pipe, _BLOCK)
        content[pipe].append(block)
        if not block:
            os.close(pipe)
            open_pipes.discard(pipe)


def _import_everything() -> None:
    """Import what commands import, so that forked processes have it; figures are left to those that draw."""
    import faceproof

    for name in _HEAVY:
        importlib.import_module(name)
    for codec in pkgutil.iter_modules(encodings.__path__, "encodings."):  # another user may not read Python's folder
        with suppress(ImportError):  # those of other systems
            importlib.import_module(codec.name)
    for module in pkgutil.walk_packages(faceproof.__path__, "faceproof."):
        if not module.name.endswith(("__main__", "figures", "chart", "theme", "draw", "drawing")):
            importlib.import_module(module.name)
    from PIL import Image

    Image.init()
