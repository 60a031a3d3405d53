"""Commands on consoles of every width, as containers, CI and terminals give them."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from faceproof.cli.degrade import degradations_command


def with_digits(text: str) -> Counter[str]:
    return Counter(word.strip(".,:;()") for word in text.split() if re.search(r"\d", word))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that prints a finished run of scores."""
    folder = tmp_path_factory.mktemp("consoles")
    rng = np.random.default_rng(1)
    mated = np.arange(120) < 60
    similarity = (np.where(mated, 0.6, 0.1) + rng.normal(0, 0.2, 120)).clip(-1, 1)
    rows = "".join(f"{value:.6f},{int(same)}\n" for value, same in zip(similarity, mated, strict=True))
    (folder / "scores.csv").write_text(f"similarity,mated\n{rows}")
    out = ["--out", str(folder / "run"), "--no-figures", "-q"]
    printed(["score", str(folder / "scores.csv"), *out], columns=None)
    return ["report", str(folder / "run"), "--no-figures", "-q"]


def printed(arguments: list[str], columns: str | None) -> str:
    """stdout of a command in a process of its own, whose environment says so many columns."""
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    if columns is not None:
        environment |= {"COLUMNS": columns, "LINES": columns}
    command = [sys.executable, "-m", "faceproof.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=environment, check=True, stdin=subprocess.DEVNULL
    ).stdout


@pytest.fixture
def printed_here(run: Callable[..., Any]) -> Callable[[list[str], str], str]:
    """As ``printed``, in this process."""

    def printed_here(arguments: list[str], columns: str) -> str:
        with pytest.MonkeyPatch.context() as environment:
            for name in ("COLUMNS", "LINES"):
                environment.setenv(name, columns)
            return run(*arguments).stdout

    return printed_here


@pytest.fixture(scope="module")
def at_80_columns(report: list[str]) -> str:
    """What a process prints on a console of 80 columns."""
    return printed(report, "80")


@pytest.mark.parametrize("columns", ["00", "-3", "", "x", "²"])
def test_a_width_that_is_none_counts_as_80_columns(
    report: list[str], printed_here: Callable[[list[str], str], str], at_80_columns: str, columns: str
) -> None:
    assert printed_here(report, columns) == at_80_columns
    assert "Accuracy, held-out folds" in at_80_columns


def test_no_columns_count_as_80_in_a_process_too(report: list[str], at_80_columns: str) -> None:
    assert printed(report, "0") == at_80_columns


@pytest.mark.parametrize("columns", ["1", "20", "40"])
def test_on_a_narrow_console_every_number_is_whole(
    report: list[str], printed_here: Callable[[list[str], str], str], columns: str
) -> None:
    wide = with_digits(printed_here(report, "200"))
    assert sum(wide.values()) > 40
    assert wide - with_digits(printed_here(report, columns)) == Counter()


@pytest.mark.parametrize("columns", ["0", "1", "20"])
def test_help_names_every_option_whole(columns: str) -> None:
    text = printed(["evaluate", "--help"], columns)
    for option in ("--one-photo-people", "--min-face-size", "--pixel-divisor", "--no-figures", "--fail-if"):
        assert option in text
    assert "…" not in text


@pytest.mark.parametrize("width", [0, 1, 20, 40, 59, 60, 80, 200])
def test_the_table_of_degradations_is_whole_at_every_width(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    degradations_command()
    wide = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", str(width))
    degradations_command()
    text = capsys.readouterr().out
    assert with_digits(wide) - with_digits(text) == Counter()
    assert text.startswith("name ") is (width == 0 or width >= 60)


def on_terminal(arguments: list[str], columns: int, *, stderr: bool = False) -> str:
    """What Python writes to a terminal that is so wide; the environment says 0 columns."""
    first, second = pty.openpty()
    fcntl.ioctl(second, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = os.environ | {"COLUMNS": "0", "TERM": "xterm"}
    command, other = [sys.executable, *arguments], second if stderr else subprocess.DEVNULL
    with subprocess.Popen(command, stdin=second, stdout=second, stderr=other, env=environment) as process:
        os.close(second)
        content = b""
        try:
            while part := os.read(first, 65536):
                content += part
        except OSError:  # the other end was closed
            pass
        os.close(first)
        assert process.wait(timeout=300) == 0
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", content.decode()).replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [47, 110])
def test_the_terminals_own_width_counts_where_the_environment_says_none(columns: int) -> None:
    text = on_terminal(["-m", "faceproof.cli", "degradations"], columns)
    widest = max(map(len, text.splitlines()))
    assert columns - 12 < widest <= columns
    assert text.startswith("name ") is (columns >= 60)


@pytest.mark.parametrize("columns", [30, 300])
def test_paths_and_digests_of_weights_stay_whole(columns: int) -> None:
    listed = json.loads(printed(["weights", "list", "--json"], None))
    text = on_terminal(["-m", "faceproof.cli", "weights", "list"], columns)
    for card in listed:
        assert card["name"] in text
        for copy in card["found"]:
            assert copy["path"] in text.replace("\n", "") or copy["path"] in text
    assert "…" not in text


BAR = """
import time
from faceproof.cli.progress import PhotoProgress
with PhotoProgress(False) as progress:
    progress.start(1_234_567, 0)
    for _ in range(12):
        time.sleep(0.1)
        progress.advance(50_000)
"""


@pytest.mark.parametrize("columns", [60, 100])
def test_the_bar_of_a_terminal_has_whole_numbers_rate_and_time_left(columns: int) -> None:
    lines = [line for line in re.split("[\r\n]", on_terminal(["-c", BAR], columns, stderr=True)) if "photos" in line]
    assert max(map(len, lines)) <= columns
    assert any(re.fullmatch(r"photos [━╸╺]+ +\d+/1234567 +\d+\.\d/s left \d:\d\d:\d\d *", line) for line in lines)


def test_a_narrow_terminal_gets_no_bar() -> None:
    assert on_terminal(["-c", BAR], 40, stderr=True) == ""
