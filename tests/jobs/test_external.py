"""Systems of which only templates or scores are at hand: the numbers are theirs, and the run is like any other."""

from __future__ import annotations

import csv
import re
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import faceproof
from faceproof.errors import ConfigurationError, PeopleError, RunFolderError
from faceproof.jobs.publishing import report_again
from faceproof.jobs.thresholds import threshold_of_run
from faceproof.jobs.verification import recipe_of_run
from faceproof.metrics.confusion import Confusion
from faceproof.metrics.curves import auc
from faceproof.metrics.operating_points import eer
from faceproof.report.charts.drawing import Drawn
from faceproof.runs.run_folder import read_run
from faceproof.scoring.scales import Scale

PEOPLE, PHOTOS, SIZE = 24, 3, 16
FILES = {
    "manifest.json", "comparisons.parquet", "photos.parquet", "scores.parquet", "metrics.json", "failures.csv",
    "report.html", "figures",
}  # fmt: skip


@pytest.fixture(scope="module")
def templates():
    """Ids, people and raw templates of people whose photos scatter around a direction of their own."""
    rng = np.random.default_rng(5)
    centres = np.repeat(rng.normal(size=(PEOPLE, SIZE)), PHOTOS, axis=0)
    ids = np.array([f"P{person:02d}/{photo}.jpg" for person in range(PEOPLE) for photo in range(PHOTOS)])
    return ids, np.repeat(np.arange(PEOPLE), PHOTOS), centres + rng.normal(size=centres.shape) * 1.1


@pytest.fixture(scope="module")
def direct(templates):
    """Cosine and label of every pair, computed at once."""
    _, people, rows = templates
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    a, b = np.triu_indices(len(unit), 1)
    return (unit @ unit.T)[a, b], people[a] == people[b]


@pytest.fixture(scope="module")
def finished(templates, tmp_path_factory):
    """A run of templates from an npz file, and what was said."""
    folder = tmp_path_factory.mktemp("templates")
    ids, _, rows = templates
    np.savez(folder / "faces.npz", photo=ids, template=rows * 3)
    said = []
    run = faceproof.evaluate_templates(
        folder / "faces.npz", protocol="all", out=folder / "run", figures=False, say=said.append
    )
    return run, said


@pytest.fixture
def numbers_only(monkeypatch):
    """Tables and numbers without figures and page, which take most of the time."""
    monkeypatch.setattr("faceproof.report.charts.evaluation.write_figures", lambda *_: Drawn())
    monkeypatch.setattr("faceproof.jobs.publishing.write_report", lambda *_, **__: None)


def expect_same_numbers(summary, similarity, mated):
    assert summary.eer.value == pytest.approx(eer(similarity, mated)[0], abs=1e-12)
    assert summary.auc.value == pytest.approx(auc(similarity, mated), abs=1e-12)
    for kind, of_kind in (("mated", mated), ("non_mated", ~mated)):
        distances = np.sqrt(2 - 2 * similarity[of_kind])
        assert getattr(summary.distances, kind).n == len(distances)
        assert getattr(summary.distances, kind).mean == pytest.approx(distances.mean(), abs=1e-9)


class TestTemplates:
    def test_numbers_are_those_computed_directly(self, finished, direct):
        expect_same_numbers(finished[0].summary, *direct)

    def test_parquet_gives_the_same(self, finished, templates, tmp_path):
        ids, people, rows = templates
        order = np.random.default_rng(0).permutation(len(ids))
        columns = {"person": [f"P{people[i]:02d}" for i in order], "photo": ids[order].tolist()}
        pq.write_table(pa.table(columns | {"template": list(3 * rows[order])}), tmp_path / "faces.parquet")
        again = faceproof.evaluate_templates(tmp_path / "faces.parquet", protocol="all", out=tmp_path / "run")
        assert {path.name for path in again.folder.iterdir()} == FILES
        changing = ("run", "warnings", "headline")
        for key in again.summary.model_fields_set - set(changing):
            assert again.summary.as_json()[key] == finished[0].summary.as_json()[key], key

    def test_the_manifest_says_where_templates_come_from(self, finished):
        run, said = finished
        manifest = run.summary.run
        assert (manifest.system.name, manifest.system.card, manifest.detector) == ("faces", None, None)
        assert manifest.system.source.kind == "templates"
        assert manifest.system.source.file.endswith("faces.npz")
        assert len(manifest.system.source.sha256) == 64
        assert [notice.kind for notice in manifest.people.notices] == ["templates_not_unit"]
        assert any("72 of 72 templates were not of unit length" in line for line in said)

    def test_nothing_is_said_of_faces(self, finished):
        summary = finished[0].summary
        assert "no detector was run" in summary.rates.detection_rate.reason
        assert summary.rates.fta.value == 0
        assert summary.headline.endswith("and every photo has a template.")

    @pytest.mark.usefixtures("numbers_only")
    def test_the_report_again_gives_the_same_numbers(self, finished):
        before = (finished[0].folder / "metrics.json").read_bytes()
        report_again(finished[0].folder)
        assert (finished[0].folder / "metrics.json").read_bytes() == before

    def test_a_threshold_of_the_run_is_for_no_other_model(self, finished):
        assert threshold_of_run(finished[0].folder, "eer").distance > 0
        with pytest.raises(ConfigurationError, match="judges templates of faces that were made elsewhere"):
            recipe_of_run(finished[0].folder)

    @pytest.mark.usefixtures("numbers_only")
    def test_a_folder_says_which_photos_are_compared(self, tmp_path):
        for photo in ("Ann/1.jpg", "Ann/2.jpg", "Ben/1.jpg", "Cem/1.jpg", "Dee/1.jpg", "Dee/2.jpg"):
            path = tmp_path / "people" / photo
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(photo)
        ids = np.array(["Ann/1.jpg", "Ann/2.jpg", "Ben/1.jpg", "Cem/1.jpg", "Dee/1.jpg", "Eve/1.jpg"])
        rows = np.eye(6)
        rows[2] = np.nan
        np.savez(tmp_path / "t.npz", photo=ids, template=rows)
        run = faceproof.evaluate_templates(tmp_path / "t.npz", tmp_path / "people", out=tmp_path / "run", name="x/y")
        counts = run.summary.counts
        assert (counts.photos, counts.failures_by_stage) == (
            6,
            {"decode": 0, "detect": 0, "align": 0, "embed": 2},
        )
        assert (counts.not_compared_mated, counts.not_compared_non_mated) == (1, 1)
        failed = {row.photo: row.reason for row in run.summary.failures.no_template}
        assert failed == {"Ben/1.jpg": "the template in t.npz has NaN", "Dee/2.jpg": "no template in t.npz"}
        kinds = {notice.kind for notice in run.summary.run.people.notices}
        assert {"templates_of_no_photo", "photos_without_template"} <= kinds
        assert run.summary.headline.endswith('and 2 of 6 photos have no template, most often "no template in t.npz".')
        photos = read_run(run.folder).photos
        assert all(len(digest) == 64 for digest in photos["sha256"].to_pylist())

    @pytest.mark.usefixtures("numbers_only")
    def test_a_finished_run_is_not_replaced_unasked(self, finished):
        file = finished[0].folder.parent / "faces.npz"
        with pytest.raises(RunFolderError, match="overwrite=True"):
            faceproof.evaluate_templates(file, out=finished[0].folder)

    def test_nothing_to_compare_is_a_clear_error(self, tmp_path):
        np.savez(tmp_path / "t.npz", photo=np.array(["a/1"]), template=np.eye(1))
        with pytest.raises(PeopleError, match=r"finds nothing to compare in .*t\.npz \(1 photos, 1 people\)"):
            faceproof.evaluate_templates(tmp_path / "t.npz")

    def test_no_net_is_loaded(self, tmp_path):
        np.savez(tmp_path / "t.npz", photo=np.array(["a/1", "a/2", "b/1", "c/1"]), template=np.eye(4))
        code = (
            "import sys, faceproof; from faceproof.report.charts import drawing, evaluation;"
            "evaluation.write_charts = lambda *_, **__: drawing.Drawn();"
            "faceproof.evaluate_templates('t.npz', out='run'); faceproof.score('s.csv', out='r');"
            "print(*(m for m in sys.modules if m == 'torch' or m.startswith(('faceproof.systems.nets',"
            "'faceproof.systems.recognition', 'faceproof.systems.detection.mtcnn', 'faceproof.engine.runner'))))"
        )
        (tmp_path / "s.csv").write_text("distance,mated\n.2,1\n.9,0\n")
        done = subprocess.run(
            [sys.executable, "-c", code], timeout=300, capture_output=True, text=True, check=True, cwd=tmp_path
        )
        assert done.stdout.strip() == ""


def write_scores(path, columns):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


@pytest.fixture(scope="module")
def columns(templates, direct):
    """The comparisons of the templates as columns of a score file."""
    ids, numbers, _ = templates
    people = np.array([f"P{number:02d}" for number in numbers])
    a, b = np.triu_indices(len(ids), 1)
    cosine, mated = direct
    return {
        "similarity": cosine.tolist(),
        "label": np.where(mated, "genuine", "impostor").tolist(),
        **{"person_a": people[a].tolist(), "person_b": people[b].tolist()},
        **{"photo_a": ids[a].tolist(), "photo_b": ids[b].tolist()},
    }


class TestScores:
    def test_cosines_give_the_numbers_of_the_templates_that_they_come_from(self, columns, direct, finished, tmp_path):
        run = faceproof.score(write_scores(tmp_path / "s.csv", columns), out=tmp_path / "run")
        assert {path.name for path in run.folder.iterdir()} == FILES
        expect_same_numbers(run.summary, *direct)
        assert run.summary.folds.accuracy.value == finished[0].summary.folds.accuracy.value
        assert run.summary.run.system.scale == Scale("cosine", -1, 1)
        assert not any("mapped linearly" in warning for warning in run.summary.warnings)
        assert (run.summary.counts.people, run.summary.counts.photos) == (PEOPLE, PEOPLE * PHOTOS)

    @pytest.mark.parametrize("kind", ["similarity", "distance"])
    def test_another_scale_changes_no_rate(self, columns, finished, tmp_path, kind):
        scores = (np.array(columns["similarity"]) * 50 + 300) * (1 if kind == "similarity" else -1)
        rest = {name: values for name, values in columns.items() if name != "similarity"}
        file = write_scores(tmp_path / "s.csv", {kind: scores.tolist()} | rest)
        run = faceproof.score(file, out=tmp_path / "run", figures=False)
        of_templates = finished[0].summary
        assert run.summary.eer.value == of_templates.eer.value
        assert run.summary.auc.value == of_templates.auc.value
        for ours, theirs in zip(run.summary.fnmr_at_fmr, of_templates.fnmr_at_fmr, strict=True):
            assert ours.fnmr.value == theirs.fnmr.value
            assert ours.observed_fmr == theirs.observed_fmr
        scale = run.summary.run.system.scale
        assert scale == Scale(kind, scores.min(), scores.max())
        said = next(warning for warning in run.summary.warnings if "mapped linearly" in warning)
        assert said.replace("'", "&#39;") in (run.folder / "report.html").read_text()
        kept = read_run(run.folder).scores["score"].to_pylist()
        assert kept == scores.tolist()

    @pytest.mark.usefixtures("numbers_only")
    def test_a_threshold_is_given_in_the_scale_of_the_file(self, tmp_path):
        scores = {"similarity": [90, 80, 70, 60, 50, 40], "mated": [1, 1, 0, 1, 0, 0]}
        file = write_scores(tmp_path / "s.csv", scores)
        run = faceproof.score(file, out=tmp_path / "run", threshold=70)
        point = run.summary.operating_points[0]
        assert point.name == run.summary.default_operating_point == "fixed"
        assert point.confusion == Confusion(tp=2, fn=1, tn=2, fp=1)
        assert run.summary.run.judging.threshold_score == 70
        assert report_again(run.folder).summary.operating_points[0] == point
        stricter = report_again(run.folder, threshold=70.5).summary.operating_points[0]
        assert stricter.confusion == Confusion(tp=2, fn=1, tn=3, fp=0)
        with pytest.raises(ConfigurationError, match="expected 40 to 90"):
            report_again(run.folder, threshold=95)
        beyond = faceproof.score(file, out=tmp_path / "beyond", threshold=95).summary.operating_points[0]
        assert beyond.confusion == Confusion(tp=0, fn=3, tn=3, fp=0)
        with pytest.raises(ConfigurationError, match="inf"):
            faceproof.score(file, threshold=float("inf"))

    @pytest.mark.usefixtures("numbers_only")
    def test_a_threshold_of_cosines_and_of_distances(self, tmp_path):
        for kind, threshold in (("similarity", 0.4), ("distance", 0.6)):
            scores = {kind: [0.1, 0.3, 0.4, 0.6, 0.7], "mated": [0, 1, 1, 0, 1]}
            run = faceproof.score(
                write_scores(tmp_path / f"{kind}.csv", scores), out=tmp_path / kind, threshold=threshold
            )
            cells = run.summary.operating_points[0].confusion
            assert cells == (Confusion(2, 1, 1, 1) if kind == "similarity" else Confusion(2, 1, 0, 2))

    def test_without_people_each_comparison_stands_for_itself(self, tmp_path):
        scores = {"similarity": np.linspace(0, 1, 200).tolist(), "mated": [0, 0, 1, 1] * 50}
        run = faceproof.score(write_scores(tmp_path / "s.csv", scores), out=tmp_path / "run", figures=False)
        assert run.summary.warnings[0].startswith("The score file names no people")
        assert run.summary.folds.left_out == 0
        assert run.summary.headline.startswith("On 200 comparisons, s decided")
        assert "0 people" not in (run.folder / "report.html").read_text()
        for _, rate in run.summary.rates:
            assert (rate.value, rate.reason) == (None, "nothing is known of any photo")
        failures = (run.folder / "failures.csv").read_text()
        assert re.search(r"false_non_match,\d+,row \d+,row \d+ a,row \d+,row \d+ b,", failures)

    def test_comparisons_without_a_score_are_counted_listed_and_explained(self, tmp_path):
        scores = {
            "similarity": [0.9, "", 0.1, "", ""],
            "mated": [1, 1, 0, 0, 0],
            "reason": ["", "no face on b", "", "", "=1+1"],
        }
        run = faceproof.score(write_scores(tmp_path / "s.csv", scores), out=tmp_path / "run", figures=False)
        assert run.summary.counts.not_compared_mated == 1
        assert run.summary.counts.not_compared_non_mated == 2
        told = "because there is no score (=1+1: 1; no face on b: 1; no score: 1)"
        assert any(told in warning for warning in run.summary.warnings)
        assert run.summary.headline.endswith("and 3 comparisons have no score.")
        page = (run.folder / "report.html").read_text()
        assert "Comparisons without a score" in page
        assert "<h3>Photos without a template" not in page
        with (run.folder / "failures.csv").open(newline="") as file:
            listed = [(row["photo_a"], row["reason"]) for row in csv.DictReader(file) if row["kind"] == "no_score"]
        assert listed == [("row 2 a", "no face on b"), ("row 4 a", "no score"), ("row 5 a", "'=1+1")]

    @pytest.mark.usefixtures("numbers_only")
    def test_folds_of_the_file_are_the_folds(self, tmp_path):
        scores = {"distance": [1, 2, 3, 4, 5, 6, 7, 8], "mated": [1, 0] * 4, "fold": [3, 3, 3, 3, 8, 8, 8, 8]}
        run = faceproof.score(write_scores(tmp_path / "s.csv", scores), out=tmp_path / "run")
        assert (run.summary.folds.kind, run.summary.folds.k) == ("protocol", 2)
        assert run.summary.run.protocol.folds == 2

    @pytest.mark.usefixtures("numbers_only")
    @pytest.mark.parametrize("labels", [[1, 1, 1], [0, 0, 0]])
    def test_one_kind_of_comparison_gets_a_caution(self, tmp_path, labels):
        scores = {"similarity": [5, 6, 7], "mated": labels}
        run = faceproof.score(write_scores(tmp_path / "s.csv", scores), out=tmp_path / "run")
        assert any("comparison could be made: accuracy" in warning for warning in run.summary.warnings)
        assert run.summary.eer.value is None

    @pytest.mark.usefixtures("numbers_only")
    def test_best_scores_of_a_foreign_scale_are_no_copies(self, tmp_path):
        scores = {"similarity": [100, 50, 20, 99], "mated": [0, 1, 0, 1]}
        run = faceproof.score(write_scores(tmp_path / "s.csv", scores), out=tmp_path / "run")
        assert not any("identical" in warning for warning in run.summary.warnings)

    @pytest.mark.usefixtures("numbers_only")
    def test_an_outlier_that_stretches_the_scale_is_told(self, tmp_path):
        scores = {"distance": [*np.linspace(1, 2, 98), 1e9, 1e9], "mated": [1] * 49 + [0] * 51}
        run = faceproof.score(write_scores(tmp_path / "s.csv", scores), out=tmp_path / "run")
        assert any("a few outliers stretch it" in warning for warning in run.summary.warnings)
        assert run.summary.eer.value == 0

    def test_nothing_but_missing_scores(self, tmp_path):
        file = write_scores(tmp_path / "s.csv", {"distance": ["", ""], "mated": [1, 0]})
        run = faceproof.score(file, out=tmp_path / "r", figures=False)
        assert "in all 2 comparisons the score is missing" in run.summary.headline

    @pytest.mark.usefixtures("numbers_only")
    def test_a_threshold_of_the_run_is_for_no_model(self, tmp_path):
        run = faceproof.score(
            write_scores(tmp_path / "s.csv", {"distance": [1, 2], "mated": [1, 0]}), out=tmp_path / "r"
        )
        with pytest.raises(ConfigurationError, match="judges scores of s that were made elsewhere"):
            recipe_of_run(run.folder)

    @pytest.mark.usefixtures("numbers_only")
    def test_many_rows_are_judged(self, tmp_path):
        rng = np.random.default_rng(0)
        mated = rng.random(200_000) < 0.3
        scores = rng.normal(size=mated.size) + 2 * mated
        lines = (f"{score:.5f},{label:d}" for score, label in zip(scores, mated, strict=True))
        (tmp_path / "s.csv").write_text("similarity,mated\n" + "\n".join(lines))
        run = faceproof.score(tmp_path / "s.csv", out=tmp_path / "run")
        assert run.summary.auc.value == pytest.approx(0.9214, abs=0.005)


@pytest.mark.parametrize(
    ("threshold", "seed", "said"), [(float("nan"), 0, "0 to 2"), (2.5, 0, "0 to 2"), (None, -1, "seed")]
)
def test_numbers_that_make_no_sense_are_refused_before_anything_is_read(tmp_path, threshold, seed, said):
    for job in (faceproof.evaluate, faceproof.stress):
        with pytest.raises(ConfigurationError, match=said):
            job(tmp_path / "nowhere", threshold=threshold, seed=seed)
    with pytest.raises(ConfigurationError, match=said):
        faceproof.evaluate_templates(tmp_path / "nowhere.npz", threshold=threshold, seed=seed)
