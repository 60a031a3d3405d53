"""Numbers and page of a run from its tables: at another threshold, with other folds, and without figures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from faceproof.errors import ConfigurationError, RunFolderError
from faceproof.jobs.publishing import Shown, report_again, threshold_in_run
from faceproof.runs.manifest_file import write_manifest
from faceproof.runs.manifest_schema import Judging, Manifest
from faceproof.runs.run_folder import RunTables, open_run
from faceproof.scoring.scales import Scale
from faceproof.scoring.threshold import Threshold

RUNS = Path(__file__).parents[1] / "data" / "runs-0.1"
TABLES = {"manifest.json", "comparisons.parquet", "photos.parquet", "scores.parquet"}
WRITTEN = {"metrics.json", "failures.csv", "report.html"}


@pytest.fixture(scope="module")
def finished(made_up_run, two_scores, tmp_path_factory):
    """A run of 60 people, judged at no threshold and with ten folds."""
    pairs, scores, _ = two_scores()
    return made_up_run(pairs, scores).write(tmp_path_factory.mktemp("publishing") / "run")


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of it, which a test may change."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_a_report_without_figures_has_numbers_failures_and_page(folder):
    (folder / "figures").mkdir()
    (folder / "figures" / "roc.svg").write_text("of before")
    write_manifest(folder, open_run(folder).manifest)
    (folder / "figures" / "mine.svg").write_text("of nobody's run")
    tables = {name: (folder / name).read_bytes() for name in TABLES - {"manifest.json"}}
    said = []
    run = report_again(folder, figures=False, say=said.append)
    assert names_in(folder) - {"figures"} == TABLES | WRITTEN
    assert names_in(folder / "figures") == {"mine.svg"}
    assert {name: (folder / name).read_bytes() for name in tables} == tables
    assert json.loads((folder / "metrics.json").read_text()) == run.summary.as_json()
    assert said == ["Computing the numbers and drawing the report ..."]
    assert set(open_run(folder).files) >= WRITTEN


def test_another_threshold_and_other_folds_are_for_this_report_alone(folder):
    usual = report_again(folder, figures=False).summary
    assert (usual.default_operating_point, usual.folds.k) == ("fmr_0.1", 10)
    fixed = report_again(folder, threshold=1.0, folds=3, figures=False).summary
    assert (fixed.default_operating_point, fixed.default_point.threshold_similarity, fixed.folds.k) == ("fixed", 0.5, 3)
    assert (fixed.run.judging.threshold_distance, fixed.run.judging.folds) == (1.0, 3)
    by_cosine = report_again(folder, threshold=Threshold(0.5, "cosine"), figures=False).summary
    assert by_cosine.default_point == fixed.default_point
    assert by_cosine.folds.k == 10
    assert open_run(folder).manifest.judging.as_json() == {"threshold_distance": None, "folds": 10}
    assert report_again(folder, figures=False).summary == usual


def test_a_threshold_that_is_no_distance_leaves_the_report_as_it_is(folder):
    report_again(folder, figures=False)
    before = {name: (folder / name).read_bytes() for name in WRITTEN}
    with pytest.raises(ConfigurationError, match="0 to 2"):
        report_again(folder, threshold=2.1, figures=False)
    assert {name: (folder / name).read_bytes() for name in WRITTEN} == before


@pytest.mark.parametrize("asked", [{"threshold": 1.0}, {"folds": 5}])
def test_a_stress_run_is_judged_as_it_was(tmp_path, asked):
    shutil.copytree(RUNS / "stress", tmp_path / "run")
    with pytest.raises(ConfigurationError, match="`threshold` and `folds` are for runs of evaluate"):
        report_again(tmp_path / "run", **asked)


def test_a_comparison_of_runs_has_no_tables_to_report_on(tmp_path):
    shutil.copytree(RUNS / "compare", tmp_path / "run")
    with pytest.raises(RunFolderError, match="run of kind comparison; expected one of faceproof evaluate or stress"):
        report_again(tmp_path / "run")


def test_what_is_shown_may_go_to_another_folder_and_be_judged_otherwise(folder, tmp_path):
    target = tmp_path / "elsewhere"
    target.mkdir()
    shown = Shown(figures=False, target=target)
    summary = shown.evaluation(open_run(folder), Judging(threshold_distance=1.0, folds=4))
    assert names_in(target) == WRITTEN
    assert names_in(folder) == TABLES
    assert (summary.default_point.threshold_distance, summary.folds.k) == (1.0, 4)
    assert shown.evaluation(open_run(folder)).default_operating_point == "fmr_0.1"


def scores_on(scale, score):
    """A run of a score file."""
    source = {"kind": "scores", "file": "scores.csv", "sha256": "0" * 64}
    system = {"name": "other", "card": None, "source": source, "scale": scale}
    manifest = Manifest.model_validate({"systems": [system], "people": {"root": "scores.csv"}})
    similarity = scale.similarity(np.array(score))
    none = pa.table({})
    return RunTables(manifest, none, none, pa.table({"score": pa.array(score), "similarity": pa.array(similarity)}))


def test_a_plain_threshold_is_on_the_scale_of_the_scores():
    run = scores_on(Scale("distance", 0.0, 40.0), [5.0, 10.0, 30.0])
    for threshold in (10.0, Threshold(10.0, "score")):
        distance = threshold_in_run(run, threshold)
        # 10 of 40 is a quarter of the way from 0 to 2, and the score of 10 itself is accepted.
        assert distance == pytest.approx(0.5, abs=1e-12)
        assert 1 - distance**2 / 2 <= run.scores["similarity"][1].as_py()
    assert threshold_in_run(run, Threshold(0.75, "distance")) == 0.75
    assert threshold_in_run(run, Threshold(0.5, "cosine")) == 1.0
    with pytest.raises(ConfigurationError, match="outside of the scale of these scores; expected 0 to 40"):
        threshold_in_run(run, 41.0)


def test_without_a_scale_a_plain_threshold_is_a_distance():
    run = RunTables(Manifest.model_validate({"systems": [{"name": "m"}], "people": {"root": "r"}}), *[pa.table({})] * 3)
    assert threshold_in_run(run, 1.25) == 1.25
    with pytest.raises(ConfigurationError, match="is a score of a file"):
        threshold_in_run(run, Threshold(1.25, "score"))
