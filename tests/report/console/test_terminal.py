"""Tables at every width: no number is cut, whatever the console."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from faceproof.jobs.comparing import compare
from faceproof.report.console.comparison import print_comparison
from faceproof.report.console.evaluation import print_summary
from faceproof.report.console.stress import print_stress
from faceproof.report.console.terminal import NARROW, Column, print_table, print_text, wrapped

WIDTHS = [1, 2, 7, 20, 33, 40, 59, 60, 61, 79, 80, 100, 200]
Print = Callable[[int], str]

COLUMNS = [Column("name"), Column("value", right=True, inline=True), Column("note", label="note", wraps=True)]
ROWS = [("alpha", "1.0000", "one of 12,345,678 people and 0.9876543210987654321 more"), (), ("beta", "22.5%", "")]


def with_digits(text: str) -> Counter[str]:
    """Every word with a digit in it, without the marks around it."""
    return Counter(word.strip(".,:;()!*?") for word in text.split() if re.search(r"\d", word))


def on(width: int, show: Callable[[Console], None]) -> str:
    out = io.StringIO()
    show(Console(width=width, file=out))
    return out.getvalue()


@pytest.fixture(scope="module")
def compared(made_up_run: Any, two_scores: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("widths")
    pairs, first, second = two_scores()
    scores = {"facenet-vggface2": first, "dlib-resnet": second, "model-2026": 0.5 * (first + second)}
    runs = [made_up_run(pairs, values, model=name).write(root / name) for name, values in scores.items()]
    return compare(runs, out=root / "out", figures=False).summary


@pytest.fixture(params=["evaluate", "evaluate nothing", "stress", "compare"])
def shown(request: pytest.FixtureRequest, summary: Any, summary_of: Any) -> Print:
    """What a command prints at a width."""
    report = Path("/runs/2026-11-28/report.html")
    if request.param == "stress":
        stressed = request.getfixturevalue("stressed")
        return lambda width: on(width, lambda console: print_stress(stressed, console, report))
    if request.param == "compare":
        of_runs = request.getfixturevalue("compared")
        return lambda width: on(width, lambda console: print_comparison(of_runs, console, report))
    numbers = summary if request.param == "evaluate" else summary_of(0, 0)
    return lambda width: on(width, lambda console: print_summary(numbers, console, report))


def test_every_number_appears_whole_at_every_width(shown: Print) -> None:
    wanted = with_digits(shown(400))
    assert sum(wanted.values()) > 30
    for width in WIDTHS:
        text = shown(width)
        assert wanted - with_digits(text) == Counter(), width
        assert "…" not in text, width


def test_lines_are_no_wider_than_the_console_but_for_words_that_are(shown: Print) -> None:
    for width in WIDTHS:
        for line in shown(width).splitlines():
            words = line.replace("Report: ", "").split()
            assert cell_len(line) <= width or len(words) == 1 or words[0] == "!", (width, line)


def test_below_60_columns_there_is_a_list(shown: Print) -> None:
    assert shown(NARROW - 1) != shown(NARROW)
    for width in (20, 40, NARROW - 1):
        assert not re.search(r"^(what +value|condition +found|Accuracy, held-out folds  )", shown(width), re.MULTILINE)


class TestTable:
    """A table of a few rows."""

    def test_where_there_is_room_it_is_one(self) -> None:
        text = on(80, lambda console: print_table(console, COLUMNS, ROWS))
        assert [line.rstrip() for line in text.splitlines()] == [
            "name    value  note",
            "alpha  1.0000  one of 12,345,678 people and 0.9876543210987654321 more",
            "",
            "beta    22.5%",
        ]

    def test_notes_are_broken_between_words_first(self) -> None:
        text = on(60, lambda console: print_table(console, COLUMNS, ROWS))
        assert [line.rstrip() for line in text.splitlines()] == [
            "name    value  note",
            "alpha  1.0000  one of 12,345,678 people and",
            "               0.9876543210987654321 more",
            "",
            "beta    22.5%",
        ]

    def test_on_a_narrow_console_it_is_a_list(self) -> None:
        text = on(24, lambda console: print_table(console, COLUMNS, ROWS))
        assert text.splitlines() == [
            "alpha: 1.0000",
            "  note one of 12,345,678",
            "  people and",
            "  0.9876543210987654321",
            "  more",
            "",
            "beta: 22.5%",
        ]

    def test_a_number_that_has_no_room_makes_it_a_list_at_any_width(self) -> None:
        rows = [("alpha", "1.0", "7" * 70)]
        text = on(80, lambda console: print_table(console, COLUMNS, rows))
        assert text.splitlines() == ["alpha: 1.0", f"  note {'7' * 70}"]

    def test_long_words_without_a_digit_may_be_broken(self) -> None:
        rows = [("alpha", "1.0", "x" * 100)]
        text = on(60, lambda console: print_table(console, COLUMNS, rows))
        assert text.splitlines()[0].startswith("name ")
        assert text.count("x") == 100

    def test_for_programs_every_row_is_a_line(self) -> None:
        text = on(20, lambda console: print_table(console, COLUMNS, ROWS[::2], whole=True))
        assert text.splitlines() == [
            "name   value   note",
            "alpha  1.0000  one of 12,345,678 people and 0.9876543210987654321 more",
            "beta   22.5%",
        ]

    def test_no_text_is_markup_or_steers_the_terminal(self) -> None:
        rows = [("[red]a[/red]", ":smile:", "b\x1b[31m")]
        for width in (20, 80):
            text = on(width, lambda console: print_table(console, COLUMNS, rows))
            assert "[red]a[/red]" in text
            assert ":smile:" in text
            assert "\\x1b[31m" in text
            assert "\x1b" not in text

    def test_letters_of_two_cells_count_as_two(self) -> None:
        rows = [("李小龙", "1.0", "李小龙 " * 12)]
        text = on(60, lambda console: print_table(console, COLUMNS, rows))
        assert max(map(cell_len, text.splitlines())) <= 60


class TestText:
    """A paragraph."""

    def test_a_mark_stands_before_the_first_line(self) -> None:
        text = on(12, lambda console: print_text(console, "one two three four", mark="! "))
        assert text.splitlines() == ["! one two", "  three four"]

    def test_spaces_between_words_stay(self) -> None:
        assert wrapped("a  b", 9) == ["a  b"]

    @pytest.mark.parametrize("width", [1, 5])
    def test_a_word_that_is_wider_than_the_console_stays_whole(self, width: int) -> None:
        text = on(width, lambda console: print_text(console, "is 12,345.678 now", mark="! "))
        assert {"is", "12,345.678", "now"} <= set(text.split())
