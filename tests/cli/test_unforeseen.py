"""Errors that faceproof did not foresee, and closed or full streams: one message, an exit code, no traceback."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import faceproof
import faceproof.jobs.comparing
from faceproof.people.synthetic.folder import Population, write_population

FACEPROOF = [sys.executable, "-m", "faceproof.cli"]
MODEL = """
import os, subprocess, sys

print("printed on import")


class Loud:
    version = "1"
    template_size = 48

    @property
    def contract(self):
        print("printed by contract")
        os.write(1, b"written to descriptor 1\\n")
        subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)
        sys.__stdout__.write("kept back by Python\\n")
        return {"size_px": 48, "pixel_mean": 127.5, "pixel_divisor": 127.5, "alignment": "even_margin_crop"}

    def embed(self, batch):
        print("printed by embed")
        return batch.reshape(len(batch), 3, 4, 12, 4, 12).mean(axis=(3, 5)).reshape(len(batch), -1)
"""


@pytest.fixture
def logs(tmp_path, monkeypatch):
    """Where log files go in this test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "faceproof" / "log"


@pytest.fixture
def fails(monkeypatch):
    """Makes ``faceproof compare a b`` raise what it is given."""

    def fail(error):
        def compare(*arguments, **settings):
            raise error

        monkeypatch.setattr(faceproof.jobs.comparing, "compare", compare)

    return fail


class Panic(BaseException):
    """What libraries written in Rust raise: no Exception."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("division by zero"), "Unexpected error, ZeroDivisionError: division by zero. The traceback"),
        (RecursionError("too deep"), "Unexpected error, RecursionError: too deep. "),
        (KeyError("two\nlines\x1b[31m"), r"Unexpected error, KeyError: 'two\nlines\x1b[31m'. "),
        (Panic("rust"), "Unexpected error, Panic: rust. "),
        (MemoryError(), "Memory ran out (MemoryError). Close other programs"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"), "Memory ran out (RuntimeError"),
        (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "No room is left on the disk for /x/y (No space"),
        (OSError(errno.ENOSPC, "No space left on device"), "No room is left on the disk (No space left on device)."),
        (
            PermissionError(errno.EACCES, "Permission denied", b"/x/y"),
            "/x/y cannot be read or written (Permission denied)",
        ),
        (OSError(errno.EIO, "Input/output error", "/x/y"), "/x/y cannot be read or written (Input/output error). Make"),
        (OSError("no errno"), "Unexpected error, OSError: no errno. "),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_what_is_not_foreseen_is_one_message_and_a_log_file(run, fails, logs, error, said):
    fails(error)
    done = run("compare", "a", "b", code=1)
    assert done.stdout == ""
    assert done.stderr.startswith(f"faceproof: {said}")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    (log,) = logs.iterdir()
    assert f"The traceback is in {log}." in done.stderr
    assert ("Please report it with that file." in done.stderr) is ("Unexpected error" in said)
    assert log.stat().st_mode & 0o777 == 0o600
    text = log.read_text("utf-8")
    assert text.startswith(f"faceproof {faceproof.__version__}, Python 3.")
    assert "command: faceproof compare a b\n" in text
    assert "Traceback (most recent call last):\n" in text
    assert "in compare_command" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("how", ["option", "variable"])
def test_the_traceback_is_shown_where_it_is_asked_for(run, fails, logs, how, monkeypatch):
    fails(ZeroDivisionError("division by zero"))
    if how == "variable":
        monkeypatch.setenv("FACEPROOF_TRACEBACK", "1")
    option = ["--traceback"] if how == "option" else []
    done = run(*option, "compare", "a", "b", code=1)
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert "\nfaceproof: Unexpected error, ZeroDivisionError" in done.stderr
    monkeypatch.setenv("FACEPROOF_TRACEBACK", "0")
    assert "Traceback (" not in run("compare", "a", "b", code=1).stderr


def test_the_traceback_of_a_foreseen_error_is_shown_too_and_no_log_is_written(run, logs):
    done = run("--traceback", "models", "show", "nix", code=2)
    assert "Traceback (most recent call last):\n" in done.stderr
    assert "\nfaceproof: There is no model 'nix'." in done.stderr
    assert not logs.exists()


def test_a_log_goes_where_it_can_be_written(run, fails, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    fails(ZeroDivisionError("0"))
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path / "cache"))
    assert f" {tmp_path}/cache/log/error-" in run("compare", "a", "b", code=1).stderr
    monkeypatch.setenv("FACEPROOF_CACHE", str(blocked))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert f" {tmp_path}/error-" in run("compare", "a", "b", code=1).stderr
    with monkeypatch.context() as nowhere:
        nowhere.setattr(tempfile, "tempdir", str(blocked))
        said = run("compare", "a", "b", code=1).stderr
    assert "No log file could be written (run faceproof --traceback compare a b to see it). Please report it." in said


def test_ctrl_c_where_no_command_handles_it(run, fails):
    fails(KeyboardInterrupt())
    done = run("compare", "a", "b", code=130)
    assert (done.stdout, done.stderr) == ("", "Stopped.\n")


def shell(command, cwd=None):
    return subprocess.run(
        ["bash", "-c", command.replace("faceproof", " ".join(FACEPROOF), 1)],
        capture_output=True, text=True, check=False, timeout=300, cwd=cwd,
    )  # fmt: skip


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_streams_that_are_full(logs, monkeypatch, unbuffered):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    done = shell("faceproof models list --json > /dev/full")
    assert done.returncode == 1
    assert done.stderr.startswith("faceproof: No room is left on the disk (No space left on device).")
    assert done.stderr.count("\n") == 1
    assert shell("faceproof models show nix 2> /dev/full").returncode == 2


def test_streams_that_are_closed(logs):
    for closed, code in ((">&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 0)):
        done = shell(f"faceproof models list --json {closed}")
        assert (done.returncode, done.stderr) == (code, "")
    assert shell("faceproof models show nix 2>&-").returncode == 2


def test_a_reader_that_has_enough_ends_the_command_quietly(logs):
    done = shell("faceproof degradations --json | head -c 1; exit ${PIPESTATUS[0]}")
    assert (done.returncode in {0, 1}, done.stdout, done.stderr) == (True, "[", "")
    done = shell("faceproof degradations --json | true; exit ${PIPESTATUS[0]}")
    assert (done.returncode in {0, 1}, done.stdout, done.stderr) == (True, "", "")
    assert not logs.exists()


def test_what_a_model_prints_does_not_get_into_the_json(run, process, few_faces, tmp_path, monkeypatch):
    """The first command in a process of its own, where Python holds output back; the others in this one."""
    monkeypatch.setenv("PYTHONUNBUFFERED", "")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "loud.py").write_text(MODEL)
    (tmp_path / "blur.toml").write_text('[[degradation]]\nfamily = "gaussian-blur"\nseverities = [1]\n')
    write_population(tmp_path / "people", Population(4, 2), workers=1)
    photos = sorted(str(path) for path in (tmp_path / "people").rglob("*.jpg"))[:2]
    loud = ["--model", "loud:Loud"]
    quick = ["--protocol", "all", "--no-canary", "--no-figures", "--json", "--quiet"]
    for command, faceproof_in, code in (
        (["evaluate", "people", *loud, *quick], process, 0),
        (["stress", "people", *loud, *quick, "--suite", "blur.toml"], run, 0),
        (["verify", *photos, *loud, "--json"], run, 0),
        (["models", "show", "loud:Loud", "--json"], run, 0),
        (["models", "check", "loud:Loud", "--json"], run, 1),
    ):
        sys.modules.pop("loud", None)
        done = faceproof_in(*command, code=code, cwd=tmp_path)
        assert isinstance(json.loads(done.stdout), dict)
        for printed in ("on import", "by contract", "to descriptor 1", "by a child", "back by Python"):
            assert printed in done.stderr, command
        assert not re.search("printed|written|kept back", done.stdout)
