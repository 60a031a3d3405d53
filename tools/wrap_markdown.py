"""Wrap the prose of Markdown pages at 100 characters: ``python tools/wrap_markdown.py PAGE...``.

Paragraphs, list items and quotes that have a longer line are filled again. Tables, headings, code blocks,
comments and paragraphs that are short enough stay as they are, and code spans are not split.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

LIMIT = 100

_FENCE = re.compile(r"\s*(```|~~~)")
_MARKER = re.compile(r"\s*(?:>|[-*+]|\d+[.)])\s+")
_FIXED = re.compile(r"\s*(?:\||#|!\[|<|\?\?\? |!!! |::: )")
_CODE_SPAN = re.compile(r"`[^`]+`")
_BECOMES_MARKER = re.compile(r" (?=(?:[-*+>#|]|\d+[.)])(?: |$))")
_GLUE = "\0"


def wrap_markdown(text: str, limit: int = LIMIT) -> str:
    """The same page with prose lines of at most ``limit`` characters.

    Args:
        text: a Markdown page.
        limit: the longest line of prose, in characters. A word or code span that is longer stays whole.

    Returns:
        The page, with the same words in the same order.
    """
    blocks = _blocks(text.splitlines(keepends=True))
    return "".join(_filled(block, limit) if prose else block[0] for block, prose in blocks)


def _blocks(lines: Iterable[str]) -> Iterator[tuple[list[str], bool]]:
    """Paragraphs and list items with true; every other line, alone, with false."""
    block: list[str] = []
    fenced = False
    for line in lines:
        fence = bool(_FENCE.match(line))
        indented_code = not block and line.startswith("    ") and not _MARKER.match(line)
        fixed = fenced or fence or indented_code or not line.strip() or bool(_FIXED.match(line))
        quote_goes_on = block and block[0].startswith(">") and line.startswith(">")
        if block and (fixed or (_MARKER.match(line) and not quote_goes_on)):
            yield block, True
            block = []
        if fixed:
            yield [line], False
        else:
            block.append(line)
        fenced ^= fence
    if block:
        yield block, True


def _filled(block: list[str], limit: int) -> str:
    """A paragraph or list item, filled again if one of its lines is too long."""
    if max(len(line.rstrip("\n")) for line in block) <= limit:
        return "".join(block)
    marker = _MARKER.match(block[0])
    first = marker.group() if marker else block[0][: len(block[0]) - len(block[0].lstrip())]
    if first.startswith(">"):
        rest, words = first, " ".join(line.lstrip("> ").strip() for line in block)
    else:
        rest, words = " " * len(first), " ".join(line.strip() for line in block).removeprefix(first.strip())
    words = _CODE_SPAN.sub(lambda code: code.group().replace(" ", _GLUE), words.strip())
    words = _BECOMES_MARKER.sub(_GLUE, words)
    lines = textwrap.wrap(
        words, limit, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines).replace(_GLUE, " ") + "\n"


def _words(page: str) -> list[str]:
    """Everything but the marks of quotes, which depend on the number of lines."""
    return [word for word in page.split() if word != ">"]


def main(pages: list[str]) -> None:
    """Wrap each page in place."""
    for page in map(Path, pages):
        before = page.read_text("utf-8")
        after = wrap_markdown(before)
        if _words(after) != _words(before):
            raise SystemExit(f"{page}: wrapping would change its words, so nothing was written. Wrap it by hand.")
        if after != before:
            page.write_text(after, "utf-8")
            print(f"wrapped {page}")


if __name__ == "__main__":
    main(sys.argv[1:])
