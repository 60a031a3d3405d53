"""Examples in docstrings give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import faceproof


def _examples(module: str) -> int:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    lines = Path(spec.origin).read_text(encoding="utf-8").splitlines()
    return sum(line.lstrip().startswith(">>>") for line in lines)


NAMES = ["faceproof", *(found.name for found in pkgutil.walk_packages(faceproof.__path__, "faceproof."))]
# A __main__ runs its program when it is imported.
WITH_EXAMPLES = [name for name in NAMES if not name.endswith("__main__") and _examples(name)]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_give_what_they_say(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), extraglobs={"np": np})
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples of {name} fail; see the output above"


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_no_example_is_overlooked(name: str) -> None:
    """A docstring that doctest cannot reach, behind a decorator say, would never be run."""
    found = doctest.DocTestFinder().find(importlib.import_module(name))
    assert sum(len(one.examples) for one in found) == _examples(name)


def test_the_modules_that_compute_have_examples() -> None:
    metrics = {name for name in NAMES if name.startswith("faceproof.metrics.")}
    assert len(metrics) == 16
    assert metrics | {"faceproof.scoring.similarity"} <= set(WITH_EXAMPLES)
