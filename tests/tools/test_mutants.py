"""The list of one-operator changes fits the code."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "mutants.py"


@pytest.fixture(scope="module")
def mutants():
    spec = importlib.util.spec_from_file_location("mutants", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutants"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["mutants"]


def test_every_change_applies_once_and_its_tests_exist(mutants):
    found = mutants.read_list()
    assert len(found) >= 60
    assert len({(one.path, one.old, one.new) for one in found}) == len(found)
    for one in found:
        source = (mutants.ROOT / mutants.PACKAGE / one.path).read_text("utf-8")
        assert one.applied_to(source) not in (None, source), one
        assert all((mutants.ROOT / test.partition("::")[0]).is_file() for test in one.tests), one


def test_a_change_that_does_not_occur_once_does_not_apply(mutants):
    change = mutants.Mutant("a.py", "x + 1", "x - 1", ())
    assert change.applied_to("y = x + 1") == "y = x - 1"
    assert change.applied_to("y = x + 1 + x + 1") is None
    assert change.applied_to("y = 2") is None
