"""What the helpers of tests, the benchmarks and the tools take from faceproof is there.

Most of it is imported within functions, which may run in no test.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [file for folder in ("tests/support", "benchmarks", "tools") for file in sorted((ROOT / folder).rglob("*.py"))]
DOTTED = re.compile(r"faceproof(\.\w+)+")


def taken(tree: ast.AST) -> Iterator[str]:
    """Dotted names of faceproof's: imported, read from ``faceproof`` itself, or written as text, as for a patch."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "faceproof":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if DOTTED.fullmatch(alias.name))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "faceproof":
            yield f"faceproof.{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.fullmatch(node.value):
            yield node.value


def is_there(dotted: str) -> bool:
    """Whether a name is a module, or an attribute of what stands before its last dot."""
    try:
        importlib.import_module(dotted)
    except ModuleNotFoundError as error:
        # A module that is there may lack one of its own.
        if not dotted.startswith(error.name or "?"):
            raise
        before, _, name = dotted.rpartition(".")
        if before == "faceproof" or not before:
            return hasattr(importlib.import_module("faceproof"), name)
        return is_there(before) and hasattr(importlib.import_module(before), name)
    return True


def missing(source: str) -> set[str]:
    return {name for name in taken(ast.parse(source)) if not is_there(name)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_name_is_there(file):
    assert missing(file.read_text("utf-8")) == set()


def test_there_are_files_of_each_folder():
    assert {file.relative_to(ROOT).parts[0] for file in FILES} == {"tests", "benchmarks", "tools"}
    assert sum(len(set(taken(ast.parse(file.read_text("utf-8"))))) for file in FILES) > 150


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def late():\n    from faceproof.files import write_hole", {"faceproof.files.write_hole"}),
        ("def late():\n    from faceproof.fils import write_whole", {"faceproof.fils.write_whole"}),
        ("import faceproof.file", {"faceproof.file"}),
        ("import faceproof\nfaceproof.evaluat()", {"faceproof.evaluat"}),
        ("patch('faceproof.files.write_hole')", {"faceproof.files.write_hole"}),
        ("from faceproof.files import write_whole", set()),
        ("from faceproof import files, evaluate\nimport faceproof.files\nimport os.path", set()),
    ],
)
def test_a_name_that_is_not_there_is_found(source, found):
    assert missing(source) == found
