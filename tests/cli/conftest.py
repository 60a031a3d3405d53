from __future__ import annotations

import signal
import subprocess
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
def run(capfd, own_signals):
    """The command line in this process, in the folder ``cwd``: exit code, stdout, stderr.

    What libraries and child processes print is in them too.
    """

    def run(*arguments, code=0, cwd=None):
        with pytest.MonkeyPatch.context() as there:
            there.setattr(sys, "argv", ["faceproof", *map(str, arguments)])
            if cwd is not None:
                there.chdir(cwd)
            capfd.readouterr()
            with pytest.raises(SystemExit) as end:
                main()
        out = capfd.readouterr()
        assert (end.value.code or 0) == code, out.err
        return Done(end.value.code or 0, out.out, out.err)

    return run


@pytest.fixture
def foreseen(run):
    """See ``run``; a traceback on stderr fails the test, since errors have to be foreseen."""

    def checked(*arguments, **settings):
        done = run(*arguments, **settings)
        assert "Traceback" not in done.stderr
        return done

    return checked


@pytest.fixture(scope="session")
def process():
    """The command line in a process of its own, which has imported nothing before; arguments are those of ``run``."""

    def process(*arguments, code=0, cwd=None):
        command = [sys.executable, "-m", "faceproof.cli", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=600)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return process
