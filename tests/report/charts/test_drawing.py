"""Drawing in a process of its own: whatever becomes of it, the numbers and the page are there."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import altair as alt
import numpy as np
import pytest
from pages import parsed, words
from typer.testing import CliRunner

from faceproof.cli import app
from faceproof.report.charts.drawing import Drawn, write_charts
from faceproof.report.charts.evaluation import FIGURES, write_figures
from faceproof.report.pages.evaluation import render_report, write_report
from faceproof.report.pictures.thumbnails import PhotoStrips
from faceproof.summary.evaluation_schema import EvaluationSummary

ADDRESS_SPACE = 20 * 2**30
"""Bytes: enough for Python, Arrow and Altair, and too little for the drawing library, which wants over 40 GB."""


def bars(name: str = "x", rows: int = 3) -> alt.Chart:
    values = [{name: i} for i in range(rows)]
    return alt.Chart(alt.InlineData(values=values)).mark_bar().encode(x=f"{name}:Q")


def drawing_processes() -> list[int]:
    """Children of this process that draw, by their ids."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == os.getpid() and b"faceproof.report.charts.draw" in command:
            found.append(int(folder.name))
    return found


def signalled(which: signal.Signals, times: int) -> threading.Thread:
    """A thread that sends a signal to the next drawing processes as soon as each is there."""

    def send() -> None:
        done: set[int] = set()
        until = time.monotonic() + 60
        while len(done) < times and time.monotonic() < until:
            for process in drawing_processes():
                if process not in done:
                    os.kill(process, which)
                    done.add(process)
            time.sleep(0.005)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


def test_one_process_draws_everything(tmp_path: Path) -> None:
    drawn = write_charts({"a": bars(), "b": bars()}, tmp_path, script=True)
    assert sorted(drawn.files) == sorted(tmp_path / f"{name}.{kind}" for name in "ab" for kind in ("svg", "png"))
    assert (dict(drawn.missing), drawn.no_script, list(drawn.notes())) == ({}, "", [])
    assert drawn.script is not None
    assert "vegaEmbed" in drawn.script
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_killed_process_costs_the_figure_that_it_was_at_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "first.svg").write_text("of an earlier report")
    thread = signalled(signal.SIGKILL, 1)
    drawn = write_charts({name: bars() for name in ("first", "second", "third")}, tmp_path)
    thread.join(60)
    assert list(drawn.missing) == ["first"]
    assert drawn.missing["first"].startswith("the drawing process was ended by signal 9 (SIGKILL); often")
    assert {path.name for path in tmp_path.iterdir()} == {"second.svg", "second.png", "third.svg", "third.png"}
    (note,) = drawn.notes()
    assert note.startswith("The figure first is missing: the drawing process was ended by signal 9")


def test_processes_that_are_killed_again_and_again_are_not_started_for_ever(tmp_path: Path) -> None:
    thread = signalled(signal.SIGKILL, 3)
    drawn = write_charts({name: bars() for name in "abcde"}, tmp_path, script=False)
    thread.join(60)
    assert list(drawn.missing) == list("abcde")
    assert (drawn.files, list(tmp_path.iterdir())) == ((), [])
    (note,) = drawn.notes()
    assert note.startswith("The figures a, b, c, d, e are missing: ")


def test_a_process_that_hangs_is_stopped_in_time(tmp_path: Path) -> None:
    thread = signalled(signal.SIGSTOP, 1)
    started = time.monotonic()
    drawn = write_charts({name: bars() for name in "ab"}, tmp_path, limit_s=3)
    thread.join(60)
    assert 3 <= time.monotonic() - started < 60
    assert set(drawn.missing) == {"a", "b"}
    assert {why.split(" and was")[0] for why in drawn.missing.values()} == {
        "the drawing process gave no answer within 3 s"
    }
    assert drawing_processes() == []


def test_what_the_library_refuses_is_missing_and_the_rest_is_drawn(tmp_path: Path) -> None:
    wrong = bars().transform_calculate(y="((")
    drawn = write_charts({"wrong": wrong, "right": bars()}, tmp_path)
    assert list(drawn.missing) == ["wrong"]
    assert drawn.missing["wrong"].startswith("the drawing library failed (")
    assert {path.stem for path in drawn.files} == {"right"}


def test_a_process_that_cannot_be_started_costs_no_more_than_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    drawn = write_charts({"a": bars()}, tmp_path)
    assert drawn.missing == {"a": "the drawing process could not be started (No such file or directory)"}


def test_the_process_takes_no_module_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a module of somebody else')")
    monkeypatch.chdir(tmp_path)
    assert write_charts({"a": bars()}, tmp_path).missing == {}


class TestPage:
    """What the page of a run shows of its figures."""

    def test_without_a_script_it_shows_the_files(
        self, summary_of: Callable[..., EvaluationSummary], tmp_path: Path
    ) -> None:
        summary = summary_of(40, 40)
        drawn = write_figures(summary, tmp_path / "figures")
        still = Drawn(files=drawn.files, no_script="there was no room")
        page = parsed(write_report(summary, tmp_path, None, still).read_text("utf-8"))
        assert len(page.all("figure", css="drawn")) == len(FIGURES)
        assert page.all("div", css="plot") == []
        assert len([node for node in page.all("script") if "type" not in node.attributes]) == 1
        assert json.loads(page.one("script", id="report-data").text())["specs"] == {}
        assert page.one("input", id="threshold")
        assert list(still.notes()) == ["The figures of the page are still pictures: there was no room."]

    def test_a_missing_figure_leaves_its_reason_in_its_place(self, summary: EvaluationSummary) -> None:
        names = tuple(FIGURES)
        drawn = Drawn(missing=dict.fromkeys(names, "ended by <signal> 5"), no_script="ended by <signal> 5")
        page = parsed(render_report(summary, PhotoStrips(), drawn))
        said = [words(node) for node in page.all("p", css="nothing")]
        assert len(said) == len(names) + 1  # and what there is without JavaScript
        for name in names:
            assert f"The figure {name} is missing: ended by <signal> 5." in said
        assert words(page.one("h3", id="title-det")) == "DET: one kind of error against the other"

    def test_nothing_to_draw_is_no_failure_to_draw(self, summary_of: Callable[..., EvaluationSummary]) -> None:
        drawn = Drawn(missing=dict.fromkeys(FIGURES, "killed"), no_script="killed")
        page = parsed(render_report(summary_of(0, 0), PhotoStrips(), drawn))
        said = [words(node) for node in page.all("p", css="nothing")]
        assert "Nothing to draw: no comparison was made." in said
        assert not [line for line in said if "killed" in line]

    def test_figures_that_were_left_out_are_told(self, summary: EvaluationSummary) -> None:
        page = parsed(render_report(summary, PhotoStrips(), Drawn(wanted=False)))
        assert page.all("figure", css="chart") == []
        (said,) = [words(node) for node in page.all("p", css="nothing") if "left out" in words(node)]
        assert said == ("The figures were left out (--no-figures). faceproof report with this folder draws them.")


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of scores."""
    rng = np.random.default_rng(4)
    mated = np.arange(200) < 100
    similarity = np.where(mated, 0.6, 0.1) + rng.normal(0, 0.15, 200)
    file = tmp_path_factory.mktemp("scores") / "scores.csv"
    rows = (f"{value:.6f},{int(same)}" for value, same in zip(similarity.clip(-1, 1), mated, strict=True))
    file.write_text("similarity,mated\n" + "\n".join(rows) + "\n")
    return file


def scored_with_little_space(file: Path, out: Path) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))

    command = [sys.executable, "-m", "faceproof.cli", "score", str(file), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, preexec_fn=limit, check=True)


def test_where_address_space_is_limited_only_the_figures_are_missing(
    scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What this process made before is not in the cache of this test.
    monkeypatch.setattr("faceproof.report.charts.page_scripts._made", {})
    # The limited run comes first: nothing is kept yet that could draw its page.
    limited = scored_with_little_space(scores, tmp_path / "small")
    free = CliRunner().invoke(app, ["score", str(scores), "--out", str(tmp_path / "free")])
    assert free.exit_code == 0
    assert limited.stdout.replace("small", "free") == free.stdout
    assert "#" not in limited.stderr
    (note,) = [line for line in limited.stderr.splitlines() if line.startswith("Note:")]
    assert note.startswith(f"Note: The figures {', '.join(FIGURES)} are missing: the drawing process was ended by")
    assert "too little address space (ulimit -v) or memory" in note
    numbers = [json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("free", "small")]
    for key in numbers[0].keys() - {"run"}:
        assert numbers[0][key] == numbers[1][key], key
    files = {path.name for path in (tmp_path / "free").iterdir()}
    assert {path.name for path in (tmp_path / "small").iterdir()} == files - {"figures"}
    page = (tmp_path / "small" / "report.html").read_text("utf-8")
    assert page.count("is missing: the drawing process was ended by signal") == len(FIGURES)
    assert json.loads((tmp_path / "small" / "manifest.json").read_text())["finished"]

    later = scored_with_little_space(scores, tmp_path / "later")
    assert "The page draws them with its own script." in later.stderr
    page = (tmp_path / "later" / "report.html").read_text("utf-8")
    assert "the drawing process was ended" not in page
    assert page.count('class="chart') == (tmp_path / "free" / "report.html").read_text("utf-8").count('class="chart')


def test_no_figures_leaves_them_out_and_report_draws_them(scores: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["score", str(scores), "--out", str(tmp_path / "run"), "--no-figures"])
    assert done.exit_code == 0
    assert "Note" not in done.stderr
    assert not (tmp_path / "run" / "figures").exists()
    assert "The figures were left out" in (tmp_path / "run" / "report.html").read_text("utf-8")
    again = CliRunner().invoke(app, ["report", str(tmp_path / "run")])
    assert again.exit_code == 0
    assert again.stdout == done.stdout
    assert len(list((tmp_path / "run" / "figures").iterdir())) == 2 * len(FIGURES)
    assert "The figures were left out" not in (tmp_path / "run" / "report.html").read_text("utf-8")
