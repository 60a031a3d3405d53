"""Runs that compare the centre of photos in which no face is found: what is counted, cached, and loaded again."""

from __future__ import annotations

import json
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from faceproof.cli import app
from faceproof.errors import ConfigurationError, FaceproofError
from faceproof.jobs.evaluation import evaluate
from faceproof.jobs.stressing import stress
from faceproof.jobs.verification import recipe_of_run, verify
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.systems.recipe import Recipe
from faceproof.systems.weights.dlib_file import find_dlib_file

FINDER = """
class Picky:
    \"\"\"Finds a face with landmarks in bright photos, and none in others.\"\"\"

    version = "1"

    def find(self, photos):
        return [[] if photo.mean() < 40 else [(35, 20, 105, 110, 0.99)] for photo in photos]
"""
MISSING = ["synthetic-0001/1.jpg", "synthetic-0002/2.jpg"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Five people with two photos, two of which are too dark for the detector."""
    if find_dlib_file() is None:
        pytest.skip("the weights of dlib-resnet are not installed (extra 'embedded')")
    root = tmp_path_factory.mktemp("missing")
    people = write_people(root / "people")
    (root / "picky_finder.py").write_text(FINDER)
    (root / "suite.toml").write_text('[[degradation]]\nfamily = "brightness-down"\nseverities = [5]\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(root), *sys.path])
        yield root, people
    sys.modules.pop("picky_finder", None)


def write_people(people):
    write_population(people, Population(5, 2, seed=2), workers=1)
    for photo in sorted(people.rglob("*.jpg"))[::4][:2]:
        pixels = np.asarray(Image.open(photo)) // 8
        Image.fromarray(pixels).save(photo, quality=95)
    return people


def judged(world, out, on_missing, **settings):
    root, people = world
    recipe = Recipe(detector="picky_finder:Picky", alignment="even_margin_crop", on_missing=on_missing)
    usual = {"model": "dlib-resnet", "protocol": "all", "canary": False, "offline": True, "figures": False}
    return evaluate(people, recipe=recipe, out=root / out, **usual | settings)


@pytest.fixture(scope="module")
def runs(world, tmp_path_factory):
    """The same people with both treatments, one after the other with one cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEPROOF_CACHE", str(tmp_path_factory.mktemp("own-cache")))
        yield {name: judged(world, name, name) for name in ("fail", "centre-crop")}


def photos_of(run):
    return pq.read_table(run.folder / "photos.parquet").to_pylist()


def test_the_centre_has_a_template_and_is_counted_as_no_face(runs):
    failed, cropped = (runs[name].summary for name in ("fail", "centre-crop"))
    assert (failed.counts.failures, failed.counts.centre_crops) == (2, 0)
    assert (cropped.counts.failures, cropped.counts.centre_crops) == (0, 2)
    assert cropped.counts.templates == 10
    for summary in (failed, cropped):
        assert summary.rates.detection_rate.value == pytest.approx(0.8)
    assert (failed.rates.fta.value, cropped.rates.fta.value) == pytest.approx((0.2, 0))
    assert cropped.failure_policies is None
    assert failed.failure_policies is not None


def test_the_rows_say_where_the_centre_is(runs):
    rows = [row for row in photos_of(runs["centre-crop"]) if row["faces_found"] == 0]
    assert len(rows) == 2
    for row in rows:
        side = min(row["width_px"], row["height_px"]) / 2
        x0, y0, x1, y1 = row["box_xyxy_px"]
        assert (row["outcome"], x1 - x0, y1 - y0) == ("template", side, side)
        assert x0 + x1 == row["width_px"]
        assert row["probability"] is None or np.isnan(row["probability"])
    others = [row for row in photos_of(runs["centre-crop"]) if row["faces_found"]]
    same = {row["photo"]: row for row in photos_of(runs["fail"])}
    for row in others:
        assert row["template_norm"] == same[row["photo"]]["template_norm"]


def test_the_words_name_the_centres(runs):
    summary = runs["centre-crop"].summary
    assert "in 2 of 10 photos no face was found and the centre was compared" in summary.headline
    assert any("on-missing centre-crop" in caution for caution in summary.warnings)
    page = (runs["centre-crop"].folder / "report.html").read_text("utf-8")
    assert "centre was compared" in page


def test_the_manifest_and_the_recipe_of_the_run_bring_it_back(runs, world):
    entries = {name: run.summary.run.detector.as_json() for name, run in runs.items()}
    assert entries["centre-crop"]["on_missing"] == "centre-crop"
    assert "on_missing" not in entries["fail"]
    for name, run in runs.items():
        reference, recipe = recipe_of_run(run.folder)
        assert (reference, recipe.on_missing) == ("dlib-resnet", name)
    dark = [world[1] / row["photo"] for row in photos_of(runs["centre-crop"]) if row["faces_found"] == 0]
    _, recipe = recipe_of_run(runs["centre-crop"].folder)
    found = verify(*dark, model="dlib-resnet", recipe=recipe, offline=True)
    assert np.isnan([face.probability for face in found.faces]).all()
    asked = ["verify", *map(str, dark), "--run", str(runs["centre-crop"].folder), "--offline", "--json"]
    printed = json.loads(CliRunner().invoke(app, asked).stdout)
    assert printed["probabilities"] == [None, None]
    assert printed["distance"] == pytest.approx(found.distance)
    _, strict = recipe_of_run(runs["fail"].folder)
    with pytest.raises(FaceproofError, match="no face found"):
        verify(*dark, model="dlib-resnet", recipe=strict, offline=True)


def test_without_a_detector_it_is_refused(world):
    root, people = world
    with pytest.raises(ConfigurationError, match="`on_missing`"):
        evaluate(
            people, model="dlib-resnet", recipe=Recipe(detector="none", on_missing="centre-crop"), out=root / "refused"
        )
    assert not (root / "refused").exists()


def test_a_stress_run_compares_the_centre_where_a_condition_hides_the_face(world):
    root, people = world
    recipe = Recipe(detector="picky_finder:Picky", alignment="even_margin_crop", on_missing="centre-crop")
    usual = {"models": ["dlib-resnet"], "protocol": "all", "canary": False, "offline": True, "figures": False}
    run = stress(people, recipe=recipe, suite=str(root / "suite.toml"), out=root / "stress", **usual)
    rows = photos_of(run)
    lost = {name: [row["faces_found"] for row in rows if row["condition"] == name].count(0) for name in ("clean",)}
    assert lost == {"clean": 2}
    dark = [row for row in rows if row["condition"] != "clean"]
    assert len(dark) == 10
    assert {row["outcome"] for row in rows} == {"template"}
    assert [row["faces_found"] for row in dark].count(0) > 2
