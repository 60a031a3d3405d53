"""A small version of ``benchmarks/coverage.py``: a broken formula gives intervals that miss the truth, or hold all."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

DRAWS = 60
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "coverage.py"


@pytest.fixture(scope="module")
def benchmark() -> Iterator[ModuleType]:
    """The script under a name of its own: its file is called like a package that many have installed."""
    spec = importlib.util.spec_from_file_location("coverage_of_intervals", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["folders", "all 20 x 4"])
def test_intervals_hold_the_truth_about_as_often_as_they_say(benchmark: ModuleType, name: str) -> None:
    cells = benchmark.judge(name, DRAWS, seed=5)
    assert {"FMR 0.01", "FNMR 0.1", "accuracy", "precision", "F1", "EER", "AUC", "d'", "stress: loss"} <= set(cells)
    shares = {number: cell.held / cell.draws for number, cell in cells.items()}
    # 95% in truth is below 86.7% or 100% in one of 200 tries of 60 draws.
    assert {number for number, share in shares.items() if share < 0.86} == set()
    rates = [shares[number] for number in ("FMR 0.1", "FNMR 0.1", "accuracy", "precision", "F1", "EER", "AUC")]
    assert sum(rates) / len(rates) < 0.99
    # The widths are those of the first measurement, within what 60 draws scatter.
    widths = {"folders": {"FMR 0.1": 0.068, "EER": 0.0237}, "all 20 x 4": {"FMR 0.1": 0.132, "EER": 0.0456}}
    for number, width in widths[name].items():
        assert cells[number].width / DRAWS == pytest.approx(width, rel=0.15)
