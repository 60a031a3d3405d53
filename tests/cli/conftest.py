from __future__ import annotations

import signal
import sys

import pytest

from faceproof.cli import main


class Done:
    def __init__(self, code, stdout, stderr):
        self.code, self.stdout, self.stderr = code, stdout, stderr


@pytest.fixture
def own_signals():
    """The handlers of this process come back, whatever a command sets."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def run(monkeypatch, capsys, own_signals):
    """The command line in this process: exit code, stdout, stderr."""

    def run(*arguments, code=0):
        monkeypatch.setattr(sys, "argv", ["faceproof", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out = capsys.readouterr()
        assert (end.value.code or 0) == code, out.err
        return Done(end.value.code or 0, out.out, out.err)

    return run
