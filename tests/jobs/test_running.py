"""Studies that are carried out: what is said meanwhile, what the manifest says afterwards, and what is cached."""

from __future__ import annotations

import pytest

from faceproof.degrade.suites import get_suite
from faceproof.degrade.types import Series, Suite
from faceproof.engine.cache import TemplateCache
from faceproof.jobs.running import run_evaluation, run_stress, say_damaged


class Watch:
    def __init__(self):
        self.started, self.done = None, 0

    def start(self, total, done):
        self.started = (total, done)

    def advance(self, photos):
        self.done += photos


def test_an_evaluation_is_executed_stored_and_judged(study_of, tmp_path):
    said, watch = [], Watch()
    run = run_evaluation(study_of(), progress=watch, say=said.append, command="faceproof evaluate")
    assert run.folder == tmp_path / "run"
    assert said[-2:] == [
        "Making 6 templates of 6 photos for 15 comparisons ...",
        "Computing the numbers and drawing the report ...",
    ]
    assert any(line.startswith("Disk, at most: ") for line in said)
    manifest = run.summary.run
    assert manifest.finished >= manifest.started
    assert (manifest.timing.photos, manifest.timing.from_cache, manifest.command) == (6, 0, "faceproof evaluate")
    assert manifest.system.canary.outcome == "skipped"
    assert (watch.started, watch.done) == ((6, 0), 6)
    # Patterns of one person are far more alike than those of two.
    assert (run.summary.counts.compared_mated, run.summary.counts.compared_non_mated) == (3, 12)
    assert run.summary.auc.value == 1
    assert {path.name for path in run.folder.iterdir()} == {
        *("manifest.json", "comparisons.parquet", "photos.parquet", "scores.parquet"),
        *("metrics.json", "failures.csv", "report.html"),
    }


def test_what_is_cached_is_not_computed_again(study_of, tmp_path):
    runs = [run_evaluation(study_of({"cache": True, "out": tmp_path / name})) for name in ("one", "two")]
    assert [run.summary.run.timing.from_cache for run in runs] == [0, 6]
    assert runs[0].scores().equals(runs[1].scores())
    without = run_evaluation(study_of({"out": tmp_path / "three"}))
    assert without.summary.run.timing.from_cache == 0


def test_a_condition_that_fails_is_marked_and_the_others_go_on(study_of):
    def picky(photo, severity):
        raise ValueError("not today")

    own = get_suite(picky).series[0].family
    blur = get_suite("standard").series[0].family
    said = []
    suite = Suite("own", (Series(own, (1,)), Series(blur, (2,))))
    run = run_stress(study_of(suite=suite, threshold=0.5), say=said.append)
    clean, failed, blurred = run.summary.run.conditions
    assert clean.failed is blurred.failed is None
    assert "not today" in failed.failed
    assert f"Note: {failed.failed} This condition is left out; the others go on." in said
    assert "6 photos, 15 comparisons, 2 conditions and the photos as they are, 1 model: 18 templates." in said
    assert set(run.scores()["condition"].to_pylist()) == {"clean", blurred.name}
    assert run.summary.run.timing.photos == 18


@pytest.mark.parametrize(
    ("files", "start", "end"),
    [([["a"], []], "1 damaged file ", ": a."), ([["a", "b"], ["c", "d"]], "4 damaged files ", ": a, b, c.")],
)
def test_damaged_files_of_the_cache_are_counted_and_three_named(tmp_path, files, start, end):
    caches = [TemplateCache(tmp_path, {"number": number}) for number in range(len(files))]
    said = []
    say_damaged(caches, said.append)
    assert said == []
    for cache, names in zip(caches, files, strict=True):
        cache.set_aside.extend(names)
    say_damaged(caches, said.append)
    assert [(text.startswith(f"Note: {start}"), text.endswith(end)) for text in said] == [(True, True)]
