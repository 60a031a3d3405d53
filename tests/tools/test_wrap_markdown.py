"""Prose is wrapped, everything else stays as it is."""

from __future__ import annotations

import pytest
from wrap_markdown import main, wrap_markdown

WORDS = "word " * 40


def test_a_long_paragraph_is_filled_to_the_limit():
    lines = wrap_markdown(f"Short.\n\n{WORDS}\n").splitlines()
    assert lines[:2] == ["Short.", ""]
    assert [len(line) for line in lines[2:]] == [99, 99]
    assert wrap_markdown("word " * 4 + "\n", limit=14) == "word word word\nword\n"


def test_a_line_of_exactly_the_limit_stays():
    line = "a" * 49 + " " + "b" * 50 + "\n"
    assert wrap_markdown(line) == line
    assert wrap_markdown(f"c{line}") == f"c{'a' * 49}\n{'b' * 50}\n"


@pytest.mark.parametrize(
    "text",
    [
        f"```console\n$ {WORDS}\n```\n",
        f"| {WORDS} |\n",
        f"# {WORDS}\n",
        f"![{WORDS}](picture.png)\n",
        f"<!-- {WORDS} -->\n",
        f"As follows:\n\n    {WORDS}\n",
        "These lines are\nshort and stay\nas they are.\n",
        f"`{WORDS.strip()}`\n",
    ],
)
def test_what_is_no_prose_or_is_short_stays(text):
    assert wrap_markdown(text) == text


def test_lists_hang_and_quotes_repeat_their_mark():
    listed = wrap_markdown(f"- {WORDS}\n- short\n1. {WORDS}\n").splitlines()
    assert [line[:3] for line in listed] == ["- w", "  w", "  w", "- s", "1. ", "   ", "   "]
    quoted = wrap_markdown(f"> {WORDS}\n> more\n").splitlines()
    assert [line[:3] for line in quoted] == ["> w"] * 3
    assert quoted[-1].endswith("word more")


def test_no_line_comes_to_begin_with_a_mark_of_a_list():
    for sign in ("-", "+", "*", ">", "#", "2."):
        text = f"{'a' * 90} {'b' * 9} {sign} {'c' * 20}\n"
        first, second = wrap_markdown(text).splitlines()
        assert not second.startswith(sign)
        assert f"{first} {second}\n" == text


def test_pages_are_wrapped_in_place_and_keep_their_words(tmp_path, capsys):
    page, short = tmp_path / "page.md", tmp_path / "short.md"
    page.write_text(WORDS + "\n", "utf-8")
    short.write_text("word\n", "utf-8")
    main([str(page), str(short)])
    assert page.read_text("utf-8").split() == WORDS.split()
    assert max(map(len, page.read_text("utf-8").splitlines())) <= 100
    assert capsys.readouterr().out == f"wrapped {page}\n"
