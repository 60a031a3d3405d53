"""The process of an order: takes on the surroundings that the order asks for, then does what it says."""

from __future__ import annotations

import atexit
import ctypes
import os
import pickle
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from attacks.orders import CLOSED_PIPE, PIPE, Order, Raised, Stop

CHANGES = frozenset(
    {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.chmod"}
)
"""Audit events of Python that change the file system; ``open`` for writing counts too."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CLONE_NEWNS, _MS_REC, _MS_PRIVATE = 0x20000, 0x4000, 1 << 18
_PR_SET_PDEATHSIG = 1


def become(order: Order, stdout: int, stderr: int, answer: int) -> None:
    """Take on an order's surroundings, and do it; ends the process the usual way (`SystemExit`).

    Args:
        order: what to do.
        stdout: descriptor of the pipe for stdout.
        stderr: likewise for stderr.
        answer: descriptor for the function's result and the number of steps.
    """
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # nothing outlives an attack that is ended
    signal.signal(signal.SIGINT, signal.SIG_IGN if order.ignore_interrupts else signal.default_int_handler)
    if order.stdout not in (PIPE, CLOSED_PIPE):
        stdout = os.open(order.stdout, os.O_WRONLY)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
    _surround(order)
    if order.fresh:
        os.execve(sys.executable, [sys.executable, "-m", "faceproof.cli", *order.arguments], os.environ)
    _watch_steps(order.stop, answer, counted=order.count_steps)
    if order.function is None:
        _command(order.arguments)
    _call(order, answer)


def _surround(order: Order) -> None:
    for name, value in order.variables.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    tempfile.tempdir = None
    if encoding := order.variables.get("PYTHONIOENCODING"):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding=encoding)
    if order.hide_proc:
        private_mounts()
        _mount("none", "/proc", "tmpfs", "size=4k")
    os.chdir(order.folder)
    sys.path[0] = os.getcwd()
    if order.user is not None:
        os.setgroups([])
        os.setgid(order.user)
        os.setuid(order.user)
    for name, value in order.limits.items():
        number = getattr(resource, name)
        resource.setrlimit(number, (value, resource.getrlimit(number)[1]))


def _command(arguments: tuple[str, ...]) -> None:
    from faceproof.cli import main

    sys.argv = ["faceproof", *arguments]
    main()
    sys.exit(0)


def _call(order: Order, answer: int) -> None:
    assert order.function is not None
    value, raised = called(order.function, order.values)
    send(answer, {"value": value, "raised": raised})
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)  # the end of an interpreter with all these modules takes longer than most functions


def called(function: Callable[..., Any], values: Sequence[Any]) -> tuple[Any, Raised | None]:
    """What a function gives, and what it raises."""
    from faceproof.errors import FaceproofError

    try:
        return function(*values), None
    except BaseException as error:  # whatever it is, it is counted
        foreseen = isinstance(error, FaceproofError)
        return None, Raised(type(error).__name__, str(error), foreseen, traceback.format_exc())


def send(answer: int, found: dict[str, Any]) -> None:
    """Write a part of `Ended` to the pipe."""
    with os.fdopen(os.dup(answer), "wb") as pipe:
        pickle.dump(found, pipe)


def _watch_steps(stop: Stop | None, answer: int, *, counted: bool) -> None:
    """Count changes of the file system; send the signal at the one that the order names."""
    last = None if stop is None else stop.at_step
    if last is None and not counted:
        return
    steps, pid = count(1), os.getpid()
    done = [0]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES) or event in CHANGES:
            if os.getpid() != pid:
                return
            done[0] = next(steps)
            if done[0] == last and stop is not None:
                os.kill(pid, stop.number)

    sys.addaudithook(hook)
    if counted:
        atexit.register(lambda: send(answer, {"steps": done[0]}))


def private_mounts() -> None:
    """Let this process and its children have mounts of their own.

    Raises:
        OSError: it is not permitted.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) or libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount_disk(folder: str, size_bytes: int, *, again: bool = False) -> None:
    """Put a small file system of memory on a folder, or change its size.

    Raises:
        OSError: it is not permitted.
    """
    _mount("none", folder, "tmpfs", f"size={size_bytes},mode=777", 32 if again else 0)


def unmount_disk(folder: str) -> None:
    """Remove what `mount_disk` made."""
    ctypes.CDLL(None, use_errno=True).umount2(os.fsencode(folder), 2)


def _mount(source: str, folder: str, kind: str, options: str, flags: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), os.fsencode(folder), kind.encode(), flags, options.encode()):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), folder)
