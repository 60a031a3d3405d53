"""Lines of progress in a log: few, whatever the speed, and never none for long."""

from __future__ import annotations

import io
import re
import time

import pytest
from rich.console import Console

from faceproof.cli.progress import Lines, PhotoProgress

TOTAL = 12_000


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def run(seconds_each: float, total: int = TOTAL, at_a_time: int = 1, done: int = 0) -> tuple[list[str], list[float]]:
    """The log of a run at a steady speed, and when each of its lines was written."""
    clock, out, times = Clock(), io.StringIO(), []
    progress = PhotoProgress(False, clock=clock)
    progress._console = Console(file=out, width=80)
    progress.start(total, done)
    lines = out.getvalue().count("\n")
    while done < total:
        step = min(at_a_time, total - done)
        clock.now += seconds_each * step
        done += step
        progress.advance(step)
        more = out.getvalue().count("\n") - lines
        times += [clock.now - 1_000] * more
        lines += more
    return out.getvalue().splitlines(), times


@pytest.mark.parametrize("at_a_time", [1, 32, 700])
@pytest.mark.parametrize("rate", [0.02, 0.1, 1, 3, 9, 25, 60, 100, 400, 3_000])
def test_a_log_of_12_000_photos_has_fewer_than_50_lines_at_any_speed(rate: float, at_a_time: int) -> None:
    lines, _ = run(1 / rate, at_a_time=at_a_time)
    assert len(lines) < 50
    if TOTAL / rate > 60 and at_a_time < 100:
        assert len(lines) >= 3


def test_a_run_of_an_hour_says_something_every_two_minutes() -> None:
    _, times = run(0.3)
    gaps = [later - earlier for earlier, later in zip([0, *times], times, strict=False)]
    assert times[0] == pytest.approx(15, abs=1)
    assert max(gaps) <= 125
    assert min(gaps) >= 10


def test_a_run_of_a_day_starts_with_short_gaps_and_goes_on_with_one_line_for_3_percent() -> None:
    _, times = run(7.2)
    gaps = [later - earlier for earlier, later in zip([0, *times], times, strict=False)]
    assert max(gaps) <= 0.03 * TOTAL * 7.2 + 8
    assert [round(gap, -1) for gap in gaps[:6]] == pytest.approx([20, 30, 60, 120, 240, 480], abs=10)


def test_a_line_has_count_share_rate_and_time_left() -> None:
    lines, times = run(0.5)
    assert lines[0] == "30 of 12,000 photos (0%), 2.0 a second, 1 h 40 min left"
    assert times[0] == 15
    assert lines[-1] == "12,000 of 12,000 photos (100%) in 1 h 40 min, 2.0 a second"
    for line in lines[1:-1]:
        assert re.fullmatch(r"[\d,]+ of 12,000 photos \(\d+%\), 2\.0 a second, (1 h )?\d+ (s|min) left", line)


def test_photos_of_the_cache_do_not_count_as_fast() -> None:
    lines, _ = run(0.5, done=6_000)
    assert lines[0] == "6,000 of 12,000 photos have their template in the cache."
    assert lines[1] == "6,030 of 12,000 photos (50%), 2.0 a second, 50 min left"


def test_a_slow_model_is_told_by_the_minute() -> None:
    lines, _ = run(30.0, total=100)
    assert lines[0] == "1 of 100 photos (1%), 2.0 a minute, 50 min left"


def test_a_short_run_writes_nothing() -> None:
    assert run(0.01, total=900) == ([], [])


def test_time_without_a_photo_brings_lines_too() -> None:
    clock, out = Clock(), io.StringIO()
    progress = PhotoProgress(False, clock=clock)
    progress._console = Console(file=out, width=80)
    progress.start(48, 0)
    for _ in range(3_600):
        clock.now += 1
        progress.tick()
    assert out.getvalue().splitlines()[0] == "0 of 48 photos (0%) after 15 s"
    assert 5 <= len(out.getvalue().splitlines()) <= 9


def test_lines_by_time_end_and_lines_by_share_go_on() -> None:
    lines = Lines(100, 0, 0.0)
    seconds, by_time = 0.0, 0
    for _ in range(40):
        seconds += 1e7
        by_time += lines.due(0, seconds)
    assert by_time == 13
    assert lines.due(3, seconds + 10)
    assert not lines.due(6, seconds + 19)
    assert lines.due(6, seconds + 20)


def test_without_anything_to_do_there_is_no_line() -> None:
    assert not Lines(0, 0, 0.0).due(0, 1e6)


def test_a_log_that_waits_is_written_by_the_clock(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faceproof.cli.progress._TICK_S", 0.01)
    clock = Clock()
    with PhotoProgress(False, clock=clock) as progress:
        progress.start(9, 0)
        clock.now += 16
        until = time.monotonic() + 30
        while "after 16 s" not in (said := capsys.readouterr().err) and time.monotonic() < until:
            time.sleep(0.01)
    assert said == "0 of 9 photos (0%) after 16 s\n"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with PhotoProgress(True, clock=clock) as progress:
        progress.start(9, 3)
        clock.now += 1e4
        progress.advance(5)
        progress.say("note")
    assert capsys.readouterr().err == ""
