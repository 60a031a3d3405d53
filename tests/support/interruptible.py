"""The command line as a child that Ctrl-C stops, even where the parent ignores it (a job in a shell's background)."""

from __future__ import annotations

import sys

_START = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
from faceproof.cli import main
main()
"""

INTERRUPTIBLE = [sys.executable, "-c", _START]
"""Begin of a command line; the words of the command follow."""
