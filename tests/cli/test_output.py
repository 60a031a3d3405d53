"""What all commands share: notes on stderr, JSON on stdout, and nothing else there while a job runs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from faceproof.cli.output import (
    console,
    mend_console_size,
    note_to,
    only_results_on_stdout,
    print_json,
    tolerate_any_text,
    widen_help,
)


def test_a_note_is_a_line_on_stderr_that_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    note_to(quiet=False)("Zoë \x1b[31m")
    note_to(quiet=True)("not said")
    assert capsys.readouterr() == ("", "Zoë \\x1b[31m\n")


@pytest.mark.parametrize(("text", "stays"), [("80", True), ("1", True), ("0", False), ("-5", False), ("²", False)])
def test_a_size_of_the_console_that_is_no_positive_number_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, text: str, stays: bool
) -> None:
    monkeypatch.setenv("COLUMNS", text)
    monkeypatch.setenv("LINES", "24")
    mend_console_size()
    assert (os.environ.get("COLUMNS"), os.environ["LINES"]) == (text if stays else None, "24")
    monkeypatch.setenv("LINES", "")
    monkeypatch.delenv("COLUMNS", raising=False)
    mend_console_size()
    assert not {"COLUMNS", "LINES"} & os.environ.keys()


def test_the_console_of_stdout_takes_a_width_that_makes_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, width in (("0", 80), ("33", 33), ("1", 1), ("+5", 80)):
        monkeypatch.setenv("COLUMNS", text)
        assert console().width == width


@pytest.mark.parametrize(
    ("columns", "before", "after"), [("79", None, "80"), ("80", None, None), ("79", "120", "120"), ("200", None, None)]
)
def test_help_has_80_columns_at_least(
    monkeypatch: pytest.MonkeyPatch, columns: str, before: str | None, after: str | None
) -> None:
    monkeypatch.setenv("TERMINAL_WIDTH", "")  # so that it is restored
    monkeypatch.delenv("TERMINAL_WIDTH")
    if before is not None:
        monkeypatch.setenv("TERMINAL_WIDTH", before)
    monkeypatch.setenv("COLUMNS", columns)
    widen_help()
    assert os.environ.get("TERMINAL_WIDTH") == after


@pytest.mark.parametrize(
    ("encoding", "printed"), [("utf-8", "Zoë"), ("UTF8", "Zoë"), ("latin-1", "Zo\\u00eb"), ("ascii", "Zo\\u00eb")]
)
def test_json_is_escaped_where_the_encoding_may_lack_letters(
    monkeypatch: pytest.MonkeyPatch, encoding: str, printed: str
) -> None:
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, encoding))
    print_json({"name": "Zoë", "n": 1})
    sys.stdout.flush()
    text = content.getvalue().decode(encoding)
    assert text == f'{{\n  "name": "{printed}",\n  "n": 1\n}}\n'
    assert json.loads(text) == {"name": "Zoë", "n": 1}


def test_what_an_encoding_has_no_letters_for_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = {name: io.BytesIO() for name in ("stdout", "stderr")}
    for name, content in streams.items():
        monkeypatch.setattr(sys, name, io.TextIOWrapper(content, "ascii", errors="strict"))
    tolerate_any_text()
    for stream in (sys.stdout, sys.stderr):
        stream.write("Zoë \udce9")
        stream.flush()
    assert {content.getvalue() for content in streams.values()} == {b"Zo\\xeb \\udce9"}


def test_while_a_job_runs_nothing_reaches_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither from Python, nor from C, nor from a child process; and what a job fails with is passed on."""

    @only_results_on_stdout()
    def job() -> None:
        print("from Python", flush=True)
        os.write(1, b"from C\n")
        subprocess.run(["echo", "from a child"], check=True)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        job()
    print("the result", flush=True)
    out, err = capfd.readouterr()
    assert out == "the result\n"
    assert sorted(err.splitlines()) == ["from C", "from Python", "from a child"]
