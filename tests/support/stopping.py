"""Commands that are stopped by Ctrl-C at a moment that an event sets, whatever the load of the machine."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

LIMIT_S = 600
"""No test waits longer for a command, which is killed then."""

DECODING = "any(thread.name.startswith('faceproof-decode') for thread in threading.enumerate())"
"""Photos are being decoded: a run has begun to count them."""

# The signal comes from a thread of the command itself, so that a busy machine slows both down alike. A shell makes its
# jobs in the background ignore SIGINT, and children inherit that.
_CODE = """
import os, runpy, signal, sys, threading, time
from pathlib import Path

def stop():
    while not ({when}):
        time.sleep(0.001)
    os.kill(os.getpid(), {number})

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
threading.Thread(target=stop, daemon=True).start()
runpy.run_module("faceproof.cli", run_name="__main__", alter_sys=True)
"""


def stopped(
    when: str, *arguments: object, cwd: Path | None = None, number: signal.Signals = signal.SIGINT
) -> subprocess.CompletedProcess[str]:
    """Run faceproof in a process of its own, and send it a signal.

    Args:
        when: Python that is true from the moment on at which it is stopped; ``os``, ``sys``, ``threading`` and
            ``Path`` are at hand.
        arguments: of faceproof.
        cwd: folder to run in.
        number: the signal.

    Returns:
        The process, with stdout and stderr.
    """
    command = [sys.executable, "-c", _CODE.format(when=when, number=int(number)), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=LIMIT_S)
