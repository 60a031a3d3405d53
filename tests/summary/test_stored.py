"""The numbers of a finished run are read as what its kind has, and damage is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from faceproof.errors import RunFolderError
from faceproof.runs.run_folder import open_run
from faceproof.summary.comparison_schema import ComparisonSummary
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.summary.stored import json_schema, read_summary
from faceproof.summary.stress_schema import StressSummary

RUNS = Path(__file__).parents[1] / "data" / "runs-0.1"


@pytest.fixture
def stored(tmp_path):
    """A copy of a stored run, which a test may change."""
    return lambda name: Path(shutil.copytree(RUNS / name, tmp_path / name))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("evaluate", EvaluationSummary),
        ("score", EvaluationSummary),
        ("stress", StressSummary),
        ("compare", ComparisonSummary),
    ],
)
def test_each_kind_of_run_has_numbers_of_its_own(stored, name, kind):
    folder = stored(name)
    summary = read_summary(open_run(folder))
    assert type(summary) is kind
    file = "comparison.json" if name == "compare" else "metrics.json"
    assert summary.headline == json.loads((folder / file).read_text())["headline"]


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "entry 'auc.value': field required"), ({"value": "x", "n": 1}, "entry 'auc.value': input")],
)
def test_a_number_that_is_missing_or_none_is_named(stored, value, said):
    """A run of version 1 has no digests, so that its numbers are read whatever was done to them."""
    folder = stored("version-1-evaluate")
    path = folder / "metrics.json"
    entries = json.loads(path.read_text())
    path.write_text(json.dumps(entries | {"auc": {} if value is None else value}))
    with pytest.raises(RunFolderError, match=rf"metrics\.json is damaged or was edited: {said}.*faceproof report\."):
        read_summary(open_run(folder))


def test_a_file_that_is_not_the_runs_is_refused_before_it_is_read(stored):
    folder = stored("evaluate")
    with (folder / "metrics.json").open("a") as file:
        file.write(" ")
    with pytest.raises(RunFolderError, match=r"metrics\.json is damaged, or does not belong to this run"):
        read_summary(open_run(folder))
    (folder / "metrics.json").unlink()
    with pytest.raises(RunFolderError, match=r"metrics\.json cannot be read"):
        read_summary(open_run(folder))


def test_the_schema_has_the_three_kinds():
    kinds = [one["$ref"].rpartition("/")[2] for one in json_schema()["anyOf"]]
    assert kinds == ["EvaluationSummary", "StressSummary", "ComparisonSummary"]
