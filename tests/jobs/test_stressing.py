"""A stress run end to end, on people who do not exist: what it leaves on disk, and that its numbers hang together."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from edited import merged
from PIL import Image

from faceproof.degrade.suites import get_suite
from faceproof.engine.runner import process_all
from faceproof.errors import CacheError, ConfigurationError, PeopleError, RunFolderError
from faceproof.jobs.base import Run
from faceproof.jobs.evaluation import evaluate
from faceproof.jobs.publishing import report_again
from faceproof.jobs.stressing import stress
from faceproof.metrics.confusion import Confusion
from faceproof.people.folder import read_people
from faceproof.people.protocols import make_comparisons
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.records import Record
from faceproof.runs.manifest_file import write_manifest
from faceproof.runs.run_folder import open_run, read_run
from faceproof.systems.load import load_pipeline
from faceproof.systems.weights.dlib_file import find_dlib_file

DLIB = ["dlib-resnet"]
TITLE = "<script>alert('blur')</script>"
FUNCTIONS = """
def picky(photo, severity):
    raise ValueError(f"severity {severity} is beyond me")


def black(photo, severity):
    return photo * 0
"""
SUITE = f"""
name = "field"
[[degradation]]
family = "gaussian-blur"
title = "{TITLE}"
severities = [1, 4]
[[degradation]]
family = "face-square"
severities = [3]
[[degradation]]
family = "gaussian-noise"
severities = [3]
[[degradation]]
function = "own_functions:picky"
severities = [2]
[[degradation]]
function = "own_functions:black"
severities = [1]
"""
USABLE = ["clean", "gaussian-blur-1", "gaussian-blur-4", "face-square-3", "gaussian-noise-3", "black-1"]
LEFT_ON_DISK = {
    "manifest.json", "comparisons.parquet", "photos.parquet", "scores.parquet", "metrics.json", "conditions.csv",
    "changes.csv", "report.html", "figures",
}  # fmt: skip


@dataclass
class World:
    """A folder of people, a suite, and a place for runs; all runs share one cache."""

    root: Path

    @property
    def people(self) -> Path:
        return self.root / "people"

    def stress(self, out: str, **settings) -> Run:
        usual = {"models": DLIB, "suite": str(self.root / "field.toml"), "protocol": "all", "canary": False}
        settings = usual | {"figures": False} | settings
        return stress(self.people, out=self.root / out, offline=True, **settings)


@pytest.fixture(scope="module")
def _at_home(tmp_path_factory):
    """Work in a folder of one's own, where the functions of the suite lie, with a cache for the whole module.

    The model check draws six people in place of forty.
    """
    root = tmp_path_factory.mktemp("stress")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEPROOF_CACHE", str(root / "cache"))
        patch.setattr("faceproof.systems.model_check.faces.PEOPLE", 6)
        patch.chdir(root)
        patch.setattr(sys, "path", list(sys.path))
        yield root
    sys.modules.pop("own_functions", None)


@pytest.fixture(autouse=True)
def _shared_cache(_own_cache, _at_home, monkeypatch):
    monkeypatch.setenv("FACEPROOF_CACHE", str(_at_home / "cache"))


@pytest.fixture(scope="module")
def world(_at_home):
    """Eight people with two photos, one of whom has a broken photo too, and another one without a face."""
    if find_dlib_file() is None:
        pytest.skip("the weights of dlib-resnet are not installed (extra 'embedded')")
    world = World(_at_home)
    write_population(world.people, Population(8, 2, seed=2), workers=1)
    first = sorted(world.people.rglob("*.jpg"))[0]
    (world.people / "synthetic-0001" / "broken.jpg").write_bytes(first.read_bytes()[:3000])
    Image.new("RGB", (120, 90), "gray").save(world.people / "synthetic-0002" / "blank.png")
    (world.root / "own_functions.py").write_text(FUNCTIONS)
    (world.root / "field.toml").write_text(SUITE)
    return world


@pytest.fixture(scope="module")
def run(world):
    return world.stress("run", command="faceproof stress people", canary=True, figures=True)


@pytest.fixture(scope="module")
def fixed(world):
    """Held at a distance that was given, with the probe alone degraded."""
    return world.stress("fixed", threshold=0.42, side="probe")


def strict_json(path):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(path.read_text("utf-8"), parse_constant=refuse)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def timeless(value):
    """Numbers without the times that they took."""
    value = value.as_json() if isinstance(value, Record) else value
    if isinstance(value, dict):
        return {key: timeless(one) for key, one in value.items() if key not in {"times", "timing"}}
    return [timeless(one) for one in value] if isinstance(value, list) else value


def condition_of(run, name, model=0):
    return next(row for row in run.summary.models[model].conditions if row.condition == name)


def similarity_of(run, condition, model="dlib-resnet"):
    rows = [("condition", "=", condition), ("system", "=", model)]
    return pq.read_table(run.folder / "scores.parquet", filters=rows)["similarity"].to_numpy()


class TestOnDisk:
    def test_every_file_is_there_and_no_draft_is_left(self, run):
        assert {path.name for path in run.folder.iterdir()} == LEFT_ON_DISK
        figures = {path.name for path in (run.folder / "figures").iterdir()}
        assert {"loss.svg", "loss.png", "loss.csv", "heat-map.csv", "contact-sheet.png"} <= figures

    def test_metrics_json_is_strict_and_what_python_gets(self, run):
        assert strict_json(run.folder / "metrics.json") == run.summary.as_json()
        assert run.summary.kind == "stress"

    def test_the_manifest_says_what_was_run(self, world, run):
        manifest = strict_json(run.folder / "manifest.json")
        assert manifest["kind"] == "stress"
        assert manifest["command"] == "faceproof stress people"
        assert manifest["suite"] == {"name": "field", "severities": None}
        assert (manifest["stage"], manifest["side"], manifest["seed"]) == ("capture", "both", 0)
        assert manifest["judging"] == {"fmr": None, "threshold_distance": None}
        assert [entry["name"] for entry in manifest["systems"]] == DLIB
        assert manifest["people"]["photos"] == 18
        assert manifest["people"]["synthetic"] is True
        assert manifest["protocol"]["comparisons"] == 153
        assert manifest["finished"] >= manifest["started"]
        assert manifest["timing"]["wall_s"] > 0

    def test_the_manifest_has_every_condition_with_its_parameters(self, run):
        entries = {entry.name: entry for entry in run.summary.conditions}
        assert list(entries) == [*USABLE[:5], "picky-2", "black-1"]
        blur = entries["gaussian-blur-4"]
        assert (blur.title, blur.told, blur.parameters) == (TITLE, "radius 4 px", {"radius_px": 4})
        assert blur.function == "faceproof:gaussian_blur"
        assert entries["face-square-3"].on_face is True
        assert entries["black-1"].function.startswith("own_functions:black:")

    def test_a_function_that_raises_is_marked_and_nothing_else_is(self, run):
        failed = {entry.name: entry.failed for entry in run.summary.conditions if entry.failed}
        assert failed == {"picky-2": "picky-2: the function raised ValueError: severity 2 is beyond me."}
        assert [row.condition for row in run.summary.models[0].conditions] == USABLE
        assert any("severity 2 is beyond me" in warning for warning in run.summary.warnings)

    def test_tables_have_a_block_for_each_condition(self, run):
        scores, photos = (pq.read_table(run.folder / f"{name}.parquet") for name in ("scores", "photos"))
        assert pc.value_counts(scores["condition"]).to_pylist() == [{"values": name, "counts": 153} for name in USABLE]
        assert pc.value_counts(photos["condition"]).to_pylist() == [{"values": name, "counts": 18} for name in USABLE]
        assert set(scores["system"].to_pylist()) == set(photos["system"].to_pylist()) == set(DLIB)
        assert scores.column_names == ["comparison", "system", "condition", "similarity", "reason"]

    def test_bad_photos_are_rows_with_a_reason_under_every_condition(self, run):
        photos = pq.read_table(run.folder / "photos.parquet").to_pylist()
        broken = [row["outcome"] for row in photos if row["photo"].endswith("broken.jpg")]
        blank = {row["condition"]: row["reason"] for row in photos if row["photo"].endswith("blank.png")}
        assert broken == ["decode"] * len(USABLE)
        assert blank["clean"] == blank["gaussian-blur-1"] == "no face found"
        assert blank["face-square-3"] == "no face found in the photo as it is"

    def test_conditions_csv_has_the_numbers_of_metrics_json(self, run):
        rows = rows_of(run.folder / "conditions.csv")
        assert [row["condition"] for row in rows] == USABLE
        for row in rows:
            found = condition_of(run, row["condition"])
            for column, estimate in (
                ("held_frr", found.held.frr),
                ("held_fmr", found.held.fmr),
                ("eer", found.eer),
                ("detection_rate", found.rates.detection_rate),
                ("loss", found.loss.loss),
                ("drift", found.loss.drift),
                ("change_f1", found.change.f1),
            ):
                for end, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
                    text = row[f"{column}{suffix}"]
                    assert (None if text == "" else float(text)) == getattr(estimate, end), column

    def test_the_report_shows_each_condition_and_names_no_markup(self, run):
        page = (run.folder / "report.html").read_text("utf-8")
        assert TITLE not in page
        assert "&lt;script&gt;alert(" in page
        assert "severity 2 is beyond me" in page

    def test_the_headline_says_that_nobody_exists(self, run):
        assert run.summary.headline.startswith("These are synthetic people and no evidence")


class TestNumbers:
    def test_clean_photos_give_what_an_evaluation_gives(self, world, run):
        plain = evaluate(
            world.people, model=DLIB[0], protocol="all", out=world.root / "plain", offline=True, figures=False
        )
        clean = condition_of(run, "clean")
        for name in ("counts", "rates", "operating_points", "folds", "eer", "auc", "d_prime", "distances"):
            assert getattr(clean, name) == getattr(plain.summary, name), name
        assert clean.counts.failures == 2
        assert clean.counts.not_compared_mated == 4

    def test_the_parts_of_the_loss_add_up_and_cost_is_what_the_rates_say(self, run):
        held = run.summary.models[0].held
        cost = {}
        for name in USABLE:
            row = condition_of(run, name)
            loss = {part: estimate.value for part, estimate in row.loss}
            cost[name] = loss["cost"]
            assert loss["not_found"] + loss["drift"] + loss["separability"] == pytest.approx(loss["loss"], abs=1e-6)
            assert loss["cost"] - cost["clean"] == pytest.approx(loss["loss"], abs=1e-6)
            mated_lost = row.held.frr.value
            if row.held.far.value is not None:
                accepted = row.held.far.value
                assert loss["cost"] == pytest.approx(mated_lost + held.price * accepted, abs=1e-6)

    def test_clean_photos_lose_nothing(self, run):
        clean = condition_of(run, "clean")
        for part in ("loss", "not_found", "drift", "separability"):
            lost = getattr(clean.loss, part)
            assert (lost.value, lost.low, lost.high) == (0, None, None)
            assert lost.no_end.startswith("no comparison changes the number")

    def test_where_no_face_is_left_all_is_lost_because_of_it(self, run):
        black = condition_of(run, "black-1")
        assert black.rates.detection_rate.value == 0
        assert black.loss.cost.value == pytest.approx(1)
        assert black.held.frr.value == 1
        assert black.loss.separability.value == 0
        assert black.eer.value is None
        assert black.eer.reason

    def test_worse_blur_is_not_better(self, run):
        cost = [condition_of(run, f"gaussian-blur-{severity}").loss.cost.value for severity in (1, 4)]
        assert cost[0] < cost[1]

    def test_the_index_is_the_mean_of_what_is_left_of_each_family(self, run):
        model = run.summary.models[0]
        useful = {row.condition: max(0, 1 - row.loss.cost.value) for row in model.conditions}
        left = {
            "gaussian-blur": (useful["gaussian-blur-1"] + useful["gaussian-blur-4"]) / 2,
            **{name: useful[f"{name}-3"] for name in ("face-square", "gaussian-noise")},
            "black": useful["black-1"],
        }
        found = {family.family: family.left.value for family in model.families}
        assert found == pytest.approx({name: value / useful["clean"] for name, value in left.items()}, abs=1e-6)
        assert model.index.value == pytest.approx(np.mean(list(found.values())))
        assert model.index.low <= model.index.value <= model.index.high

    def test_workers_batches_and_the_cache_change_no_number(self, world, run):
        again = world.stress("again", workers=3, batch_size=5, cache=False, canary=True)
        for name in ("models", "conditions", "headline", "warnings"):
            assert timeless(getattr(again.summary, name)) == timeless(getattr(run.summary, name))
        before, after = (pq.read_table(one.folder / "scores.parquet") for one in (run, again))
        assert before.equals(after)

    def test_another_seed_draws_other_noise_and_nothing_else(self, world, run):
        other = world.stress("seed", seed=1)
        assert (similarity_of(other, "gaussian-noise-3") != similarity_of(run, "gaussian-noise-3")).any()
        np.testing.assert_array_equal(similarity_of(other, "gaussian-blur-4"), similarity_of(run, "gaussian-blur-4"))

    def test_severities_leave_the_others_as_they_are(self, world, run):
        few = world.stress("few", severities=[3])
        assert [row.condition for row in few.summary.models[0].conditions] == ["clean", *USABLE[3:5]]
        assert few.summary.run.suite.severities == [3]
        assert timeless(condition_of(few, "face-square-3")) == timeless(condition_of(run, "face-square-3"))


class TestChanges:
    def test_every_decision_that_changed_is_a_row_and_no_other(self, fixed):
        """Decided anew from the scores, at the one distance that was held."""
        pairs = pq.read_table(fixed.folder / "comparisons.parquet").to_pylist()

        def decided(similarity):
            if np.isnan(similarity):
                return "not made"
            return "accepted" if similarity >= 1 - 0.42**2 / 2 else "rejected"

        before = [decided(one) for one in similarity_of(fixed, "clean")]
        expected = []
        for name in USABLE:
            after = [decided(one) for one in similarity_of(fixed, name)]
            expected += [
                (name, str(row), pairs[row]["photo_a"], pairs[row]["photo_b"], str(pairs[row]["mated"]), *both)
                for row, both in enumerate(zip(before, after, strict=True))
                if both[0] != both[1]
            ]
        columns = ("condition", "comparison", "photo_a", "photo_b", "mated", "before", "after")
        rows = rows_of(fixed.folder / "changes.csv")
        assert [tuple(row[column] for column in columns) for row in rows] == expected
        assert {round(float(row["threshold_distance"]), 9) for row in rows} == {0.42}
        assert {"rejected", "not made"} <= {row["after"] for row in rows}

    def test_counts_at_the_held_distance_are_those_of_the_scores(self, fixed):
        mated = pq.read_table(fixed.folder / "comparisons.parquet")["mated"].to_numpy()
        for name in USABLE[:-1]:
            similarity = similarity_of(fixed, name)
            accepted = similarity >= 1 - 0.42**2 / 2
            made = ~np.isnan(similarity)
            confusion = condition_of(fixed, name).held.confusion
            assert confusion == Confusion(
                tp=(accepted & mated).sum(),
                fn=(made & ~accepted & mated).sum(),
                tn=(made & ~accepted & ~mated).sum(),
                fp=(accepted & ~mated).sum(),
            )

    def test_those_that_go_wrong_first_were_right_when_clean(self, fixed):
        flips = fixed.summary.models[0].flips
        assert 0 < len(flips) <= 12
        clean = similarity_of(fixed, "clean")
        for flip in flips:
            accepted = clean[flip.comparison] >= 1 - 0.42**2 / 2
            assert accepted == flip.mated
            assert flip.flips
        wrong = [flip.wrong for flip in flips]
        assert wrong == sorted(wrong, reverse=True)


class TestProbe:
    def test_side_a_is_clean_and_side_b_is_degraded(self, world, fixed):
        comparisons = make_comparisons("all", read_people(world.people))
        conditions = get_suite(str(world.root / "field.toml")).conditions([1, 4])[:3]
        pipeline = load_pipeline(DLIB[0], None, None, offline=True)
        tables = process_all(comparisons.photos, [pipeline], conditions).tables
        for c, condition in enumerate(conditions):
            a = np.asarray(tables[0, 0].templates, np.float64)[comparisons.row_a]
            b = np.asarray(tables[0, c].templates, np.float64)[comparisons.row_b]
            np.testing.assert_allclose(similarity_of(fixed, condition.name), (a * b).sum(axis=1), atol=1e-12)

    def test_photos_of_side_a_alone_have_no_degraded_row(self, fixed):
        pairs = pq.read_table(fixed.folder / "comparisons.parquet")
        probes = set(pairs["photo_b"].to_pylist())
        photos = pq.read_table(fixed.folder / "photos.parquet").to_pylist()
        assert len({row["photo"] for row in photos if row["condition"] == "clean"}) == 18
        assert {row["photo"] for row in photos if row["condition"] == "gaussian-blur-1"} == probes
        assert len(probes) == 17
        assert condition_of(fixed, "gaussian-blur-1").counts.photos == 17

    def test_it_is_said(self, fixed):
        assert any("Only the second photo" in warning for warning in fixed.summary.warnings)
        page = (fixed.folder / "report.html").read_text("utf-8")
        assert "the second photo" in page


class TestAligned:
    def test_faces_are_those_of_the_photos_as_they_are(self, world, run):
        aligned = world.stress("aligned", stage="aligned", severities=[1, 3])
        assert aligned.summary.run.stage == "aligned"
        photos = pq.read_table(aligned.folder / "photos.parquet")
        clean = photos.filter(pc.equal(photos["condition"], "clean"))
        for name in ("gaussian-blur-1", "black-1", "face-square-3"):
            rows = photos.filter(pc.equal(photos["condition"], name))
            assert rows["box_xyxy_px"].equals(clean["box_xyxy_px"])
            assert rows["outcome"].to_pylist() == clean["outcome"].to_pylist()
        blur, captured = (similarity_of(one, "gaussian-blur-1") for one in (aligned, run))
        assert (np.nan_to_num(blur) != np.nan_to_num(captured)).any()
        # Every black face is the same face: each stranger is accepted.
        black = similarity_of(aligned, "black-1")
        np.testing.assert_allclose(black[~np.isnan(black)], 1)
        assert condition_of(aligned, "black-1").held.fmr.value == 1
        assert any("recogniser alone" in warning for warning in aligned.summary.warnings)
        assert any("accepts more strangers" in warning for warning in aligned.summary.warnings)


class TestHeldThreshold:
    def test_an_fmr_that_cannot_be_resolved_gives_no_numbers_and_says_why(self, world):
        run = world.stress("strict", fmr=0.0001, severities=[1])
        model = run.summary.models[0]
        assert model.held.threshold_distance is None
        assert model.index.value is None
        assert "An FMR of 0.01% needs 10,000 non-mated comparisons" in model.index.reason
        row = condition_of(run, "gaussian-blur-1")
        assert row.held.frr.value is None
        assert row.loss.cost.value is None
        assert row.eer.value is not None
        assert rows_of(run.folder / "changes.csv") == []
        assert any("There is no fixed threshold." in warning for warning in run.summary.warnings)
        assert "cannot be estimated" in (run.folder / "report.html").read_text("utf-8")

    def test_where_nobody_asked_for_one_another_fmr_is_taken_and_it_is_said(self, run):
        held = run.summary.models[0].held
        assert held.target_fmr == 0.1
        assert held.label == "FMR 10% on clean photos of other people"
        assert any("FMR 10% is used instead" in warning for warning in run.summary.warnings)
        low, high = held.threshold_distance
        assert 0.3 < low <= high < 0.6

    def test_a_distance_that_was_given_is_held(self, fixed):
        held = fixed.summary.models[0].held
        assert held.threshold_distance == pytest.approx([0.42, 0.42])
        assert held.label == "distance 0.42, given beforehand"

    def test_with_one_kind_of_comparison_there_is_a_page_all_the_same(self, world):
        run = world.stress("mated", protocol="folders", severities=[1])
        assert run.summary.run.protocol.non_mated == 0
        assert run.summary.models[0].index.value is None
        assert (run.folder / "report.html").stat().st_size > 10_000


class TestReportAgain:
    def test_it_gives_the_same_numbers_and_the_same_page(self, run):
        names = ("metrics.json", "conditions.csv", "changes.csv", "report.html")
        before = {name: (run.folder / name).read_bytes() for name in names}
        for name in names:
            (run.folder / name).unlink()
        again = report_again(run.folder)
        assert {name: (run.folder / name).read_bytes() for name in names} == before
        assert again.summary == run.summary

    def test_without_the_photos_the_page_has_none(self, world, run, tmp_path):
        copy = tmp_path / "copy"
        shutil.copytree(run.folder, copy)
        manifest = open_run(copy).manifest
        write_manifest(copy, merged(manifest, "people", root=str(tmp_path / "nowhere")))
        report_again(copy, figures=False)
        assert "data:image" not in (copy / "report.html").read_text("utf-8")
        assert "data:image" in (run.folder / "report.html").read_text("utf-8")

    def test_a_function_that_changed_leaves_its_pictures_out(self, world, run, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.delitem(sys.modules, "own_functions")
        monkeypatch.setattr(sys, "path", [place for place in sys.path if Path(place) != world.root])
        copy = tmp_path / "copy"
        shutil.copytree(run.folder, copy)
        again = report_again(copy)
        assert again.summary == run.summary
        sheets = [(folder / "figures" / "contact-sheet.png").read_bytes() for folder in (run.folder, copy)]
        assert sheets[0] != sheets[1]


class TestGoingOn:
    def test_a_finished_run_is_not_overwritten_unasked(self, world, run):
        with pytest.raises(RunFolderError, match=r"finished run of .*overwrite=True"):
            world.stress("run")

    def test_it_is_when_asked(self, world):
        one = world.stress("twice", severities=[3])
        other = world.stress("twice", severities=[1], overwrite=True)
        assert [row.condition for row in other.summary.models[0].conditions] != [
            row.condition for row in one.summary.models[0].conditions
        ]

    def test_a_run_that_was_stopped_is_unfinished_and_goes_on(self, world, run, tmp_path, monkeypatch):
        monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path))
        seen = []

        class Stop:
            def start(self, total, done):
                seen.append((total, done))

            def advance(self, photos):
                if not seen[1:]:
                    raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            world.stress("stopped", progress=Stop(), batch_size=4, severities=[1])
        with pytest.raises(RunFolderError, match="unfinished"):
            open_run(world.root / "stopped")
        with pytest.raises(RunFolderError, match="other comparisons"):
            world.stress("stopped", protocol="folders")
        finished = world.stress("stopped", progress=Stop(), severities=[1])
        assert [total for total, _ in seen] == [18 * 3] * 2
        assert timeless(condition_of(finished, "black-1")) == timeless(condition_of(run, "black-1"))

    def test_runs_of_the_two_kinds_are_not_mistaken(self, world, run):
        plain = world.root / "plain"
        if not plain.is_dir():
            settings = {"protocol": "all", "offline": True, "figures": False, "canary": False}
            evaluate(world.people, model=DLIB[0], out=plain, **settings)
        with pytest.raises(RunFolderError, match="holds a run of kind evaluation; expected one of faceproof stress"):
            open_run(plain, "stress")
        with pytest.raises(RunFolderError, match="run of kind stress; expected one of faceproof evaluate"):
            read_run(run.folder)
        with pytest.raises(ConfigurationError, match="are for runs of evaluate; leave them out"):
            report_again(run.folder, folds=5)

    def test_a_damaged_table_is_named(self, run, tmp_path):
        copy = tmp_path / "copy"
        shutil.copytree(run.folder, copy)
        (copy / "scores.parquet").write_bytes(b"PAR1")
        with pytest.raises(RunFolderError, match=r"scores\.parquet is damaged"):
            report_again(copy)

    def test_nothing_of_an_evaluation_stays_when_it_is_overwritten(self, world):
        evaluate(world.people, model=DLIB[0], protocol="all", out=world.root / "other", offline=True, canary=False)
        run = world.stress("other", severities=[3], overwrite=True, figures=True)
        assert {path.name for path in run.folder.iterdir()} == LEFT_ON_DISK
        assert not (run.folder / "figures" / "roc.svg").exists()


@pytest.mark.real_photos
def test_two_models_see_the_same_photos_and_each_has_its_numbers(world, run, shared, monkeypatch):
    """The people are synthetic all the same; the second model's weights are what is needed."""
    monkeypatch.setenv("FACEPROOF_WEIGHTS", str(shared / "weights"))
    both = world.stress("both", models=["facenet-vggface2", "dlib-resnet"], severities=[1])
    first, second = both.summary.models
    assert (first.name, second.name) == ("facenet-vggface2", "dlib-resnet")
    assert [row["condition"] for row in rows_of(both.folder / "conditions.csv")] == [
        "clean",
        *USABLE[1:2],
        "black-1",
    ] * 2
    for name in ("clean", "gaussian-blur-1"):
        np.testing.assert_array_equal(similarity_of(both, name), similarity_of(run, name))
        assert condition_of(both, name, 0).rates == condition_of(both, name, 1).rates
        assert condition_of(both, name, 0).distances != condition_of(both, name, 1).distances
    assert {row["model"] for row in rows_of(both.folder / "changes.csv")} == {first.name, second.name}
    headline = both.summary.headline
    assert headline.index("facenet-vggface2 rejects") < headline.index("dlib-resnet rejects")


class TestRefused:
    """Before a photo is read: the folder does not even exist."""

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"stage": "captur"}, "no stage 'captur'. Expected capture or aligned"),
            ({"side": "left"}, "no side 'left'. Expected both or probe"),
            ({"suite": "clasic"}, "Did you mean 'classic'"),
            ({"severities": [6]}, "severities 1 to 5, not 6"),
            ({"models": []}, "No model was given"),
            ({"models": ["dlib-resnet", "dlib-resnet"]}, "A model is given twice: dlib-resnet"),
            ({"models": ["dlib-resnet", "facenet-casia"], "weights": "x.dat"}, "A weights file belongs to one model"),
            ({"models": ["dlib-resnet", "facenet-casia"], "threshold": 0.5}, "A threshold belongs to one model; 2"),
            ({"models": ["dlib-resnt"]}, "Did you mean 'dlib-resnet'"),
            ({"models": ["mtcnn"]}, "finds faces"),
            ({"fmr": 0}, "The target FMR is 0"),
            ({"fmr": 1.5}, "The target FMR is 1.5"),
            ({"threshold": 2.5}, "A threshold of distance 2.5 makes no sense"),
            ({"threshold": -0.1}, "A threshold of distance -0.1 makes no sense"),
            ({"threshold": float("nan")}, "A threshold of distance nan makes no sense"),
            ({"batch_size": 0}, "batch_size 0"),
        ],
        ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
    )
    def test_settings_that_make_no_sense(self, tmp_path, settings, said):
        settings = {"models": DLIB, "suite": "classic", "offline": True} | settings
        with pytest.raises(ConfigurationError) as told:
            stress(tmp_path / "nobody", out=tmp_path / "out", **settings)
        assert said in str(told.value)
        assert not (tmp_path / "out").exists()

    def test_a_folder_that_is_not_there(self, world, tmp_path):
        with pytest.raises(PeopleError, match="no such folder"):
            stress(tmp_path / "nobody", models=DLIB, offline=True, out=tmp_path / "out")

    def test_a_protocol_that_is_not_there(self, world):
        with pytest.raises(ConfigurationError, match="no protocol"):
            world.stress("none", protocol="al")

    @pytest.mark.parametrize(("cache", "place"), [(True, "template cache"), (False, "temporary folder")])
    def test_a_disk_that_is_too_small_is_told_before_the_first_photo(self, world, monkeypatch, cache, place):
        usage = shutil.disk_usage(world.root)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
        with pytest.raises(CacheError) as told:
            world.stress("small", cache=cache)
        assert f"The {place} " in str(told.value)
        assert "1 kB free" in str(told.value)
        assert "`severities`" in str(told.value)
        assert "--severities" in told.value.on_command_line()
        assert not (world.root / "small" / "photos.parquet").exists()

    def test_folders_on_one_disk_share_its_room(self, world, monkeypatch):
        said = []
        world.stress("roomy", severities=[1], say=said.append)
        usage = shutil.disk_usage(world.root)
        told = next(line for line in said if line.startswith("Disk"))
        largest = max(float(part.split()[-2]) for part in told.split(" in the ")[:-1])
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=int(largest * 1000) + 1000))
        with pytest.raises(CacheError):
            world.stress("roomless", severities=[1])
