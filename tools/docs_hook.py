"""Hook of mkdocs: pages at the root of the repository join the site, and links to sources work in it.

Links in the Markdown files are relative to the file, as a repository browser follows them. The site has another
layout, so links that leave ``docs/`` are rewritten: to the page where the file is one of `ROOT_PAGES`, else to a copy
of the file as text below ``source/``.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}

_FENCED = re.compile(r"(^ *```.*?^ *```)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<=\]\()([^)\s#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages at the root, and every file outside of ``docs/`` that a page links to."""
    root = _root(config)
    for name, page in ROOT_PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(root / name)))
    linked = {target for file in files.documentation_pages() for target in _links(file, config).values()}
    for target in sorted(linked):
        if target.startswith("source/"):
            path = root / target.removeprefix("source/").removesuffix(".txt")
            files.append(File.generated(config, target, content=path.read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: MkDocsConfig, **_: Any) -> str:
    """The page with its links as the site needs them."""
    links = _links(page.file, config)
    here = posixpath.dirname(page.file.src_uri)

    def rewritten(found: re.Match[str]) -> str:
        target = links.get(found.group())
        return found.group() if target is None else posixpath.relpath(target, here or ".")

    parts = _FENCED.split(markdown)
    return "".join(part if part.lstrip().startswith("```") else _LINK.sub(rewritten, part) for part in parts)


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).parent


def _links(file: File, config: MkDocsConfig) -> dict[str, str]:
    """For each link of a page to a file of the repository: where the site has it, from the root of the site."""
    root = _root(config)
    source = Path(str(file.abs_src_path))
    links = {}
    for link in _LINK.findall(_FENCED.sub("", source.read_text("utf-8"))):
        path = Path(os.path.normpath(source.parent / link))
        if "://" in link or not path.is_file() or not path.is_relative_to(root):
            continue
        name = path.relative_to(root).as_posix()
        inside = name.startswith("docs/")
        links[link] = name.removeprefix("docs/") if inside else ROOT_PAGES.get(name, f"source/{name}.txt")
    return links
