"""The pages: their lines are wrapped, their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wrap_markdown import wrap_markdown

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s#]+)[^)]*\)")


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request):
    return request.param


def test_lines_of_prose_end_at_100_characters(page):
    text = page.read_text("utf-8")
    assert text == wrap_markdown(text), f"run: python tools/wrap_markdown.py {page.relative_to(ROOT)}"


def test_links_lead_to_files_that_exist(page):
    targets = LINK.findall(FENCED.sub("", page.read_text("utf-8")))
    here = [target for target in targets if "://" not in target]
    assert [target for target in here if not (page.parent / target).exists()] == []
