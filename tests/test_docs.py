"""The pages: their lines are wrapped, their links and paths lead somewhere, and the site has them all."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from wrap_markdown import wrap_markdown

ROOT = Path(__file__).parents[1]
TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
PAGES = [*(ROOT / name for name in TOP), *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
FOLDERS = (ROOT, ROOT / "src/faceproof", ROOT / "src/faceproof/systems")
PATH = re.compile(r"`((?:[\w-]+/)+[\w-]*(?:\.py|\.toml)?)`")
LINK = re.compile(r"\]\(([^)\s#]+)[^)]*\)")


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request):
    return request.param


def test_lines_of_prose_end_at_100_characters(page):
    text = page.read_text("utf-8")
    assert text == wrap_markdown(text), f"run: python tools/wrap_markdown.py {page.relative_to(ROOT)}"


def test_other_lines_end_there_too_but_tables_and_pictures(page):
    """Code, and paragraphs below an item of a list; a single word or code span may be longer."""
    lines = [line for line in page.read_text("utf-8").splitlines() if not line.lstrip().startswith(("|", "!["))]
    long = [line for line in lines if len(line) > 100 and len(re.sub(r"`[^`]+`", "code", line).split()) > 1]
    assert long == []


def test_links_lead_to_files_that_exist(page):
    targets = LINK.findall(FENCED.sub("", page.read_text("utf-8")))
    here = [target for target in targets if "://" not in target]
    assert [target for target in here if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/architecture.md", "docs/how-to"])
def test_paths_of_the_code_that_are_named_exist(name):
    pages = sorted((ROOT / name).glob("*.md")) or [ROOT / name]
    paths = [path for page in pages for path in PATH.findall(FENCED.sub("", page.read_text("utf-8")))]
    there = [path for path in paths if any((folder / path).exists() for folder in FOLDERS)]
    assert [path for path in paths if path not in there and "." in path] == []
    assert len(there) >= 1


def test_every_page_is_in_the_navigation_of_the_site():
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    listed = re.findall(r"^ +- [^:]+: (\S+\.md)$", text[text.index("\nnav:") :], re.MULTILINE)
    pages = [str(page.relative_to(ROOT / "docs")) for page in PAGES[len(TOP) :]]
    assert sorted(listed) == sorted([*pages, "index.md", "changelog.md", "contributing.md"])


def test_lists_are_read_alike_by_both_dialects_of_markdown(page):
    """The site needs a nested list indented by four blanks, and a blank line or an item before a list."""
    lines = FENCED.sub("", page.read_text("utf-8")).splitlines()
    item = re.compile(r"( *)(?:[-*+]|\d+\.) ")
    wrong = [
        line
        for before, line in pairwise(["", *lines])
        if (found := item.match(line))
        and (0 < len(found.group(1)) < 4 or (before.strip() and not item.match(before) and not before.startswith(" ")))
    ]
    assert wrong == []
