"""From a study to a plan: what the manifest says before work starts, and what is refused by then."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from faceproof.degrade.registry import get_family
from faceproof.degrade.types import Series, Suite
from faceproof.errors import ConfigurationError, PeopleError
from faceproof.jobs.settling import settle
from faceproof.systems.recipe import Recipe

BLUR = get_family("gaussian-blur")


def suite(*severities):
    return Suite("own", (Series(BLUR, severities),))


def test_an_evaluation_is_settled_before_anything_is_written(study_of, three_people, tmp_path):
    said = []
    plan = settle(study_of({"seed": 4, "batch_size": 3, "workers": 2}), say=said.append, command="faceproof evaluate")
    manifest = plan.manifest
    assert (manifest.kind, manifest.command) == ("evaluation", "faceproof evaluate")
    assert (manifest.finished, manifest.seed) == (None, 4)
    assert [system.name for system in manifest.systems] == plan.work.systems == ["blocks"]
    assert [condition.name for condition in manifest.conditions] == ["clean"]
    assert (manifest.detector.name, manifest.people.photos, manifest.protocol.comparisons) == ("none", 6, 15)
    assert (manifest.batch_size, manifest.workers) == (3, 2)
    assert manifest.judging.as_json() == {"threshold_distance": None, "folds": 10}
    assert not {"suite", "stage", "side"} & manifest.as_json().keys()
    assert said[0] == f"Reading the people below {three_people} ..."
    assert plan.folder == tmp_path / "run"
    assert not plan.folder.exists()


def test_a_stress_run_has_its_suite_and_what_sets_the_threshold(study_of):
    plan = settle(study_of(suite=suite(1, 3), severities=[3], stage="aligned", side="probe", fmr=0.1, folds=4))
    manifest = plan.manifest
    assert manifest.kind == "stress"
    assert manifest.suite.model_dump() == {"name": "own", "severities": [3]}
    assert (manifest.stage, manifest.side) == ("aligned", "probe")
    assert [condition.severity for condition in manifest.conditions] == [0, 3]
    assert manifest.judging.as_json() == {"threshold_distance": None, "fmr": 0.1}
    assert settle(study_of(suite=suite(1))).manifest.suite.severities is None


@pytest.mark.parametrize(("of_suite", "called"), [(None, "blocks-v2"), (suite(1), "stress")])
def test_without_a_folder_the_run_goes_below_runs(study_of, blocks_model, of_suite, called):
    plan = settle(study_of({"out": None}, suite=of_suite, models=[blocks_model("blocks-v2")]))
    assert plan.folder.parent.name == "runs"
    started = plan.manifest.started
    assert plan.folder.name == f"{started[:10].replace('-', '')}-{started[11:19].replace(':', '')}-{called}"


def test_each_part_of_a_plan_has_a_digest_of_its_own(study_of):
    def digests(options=None, **settings):
        return settle(study_of(options, **{"suite": suite(1), **settings})).manifest.plan

    usual = digests()
    assert usual.keys() == {"comparisons", "systems", "conditions", "settings"}

    def changed(options=None, **settings):
        return {part for part, digest in digests(options, **settings).items() if digest != usual[part]}

    assert changed({"batch_size": 1, "workers": 1}) == set()
    assert changed({"seed": 1}) == {"settings"}
    assert changed(fmr=0.1) == changed(side="probe") == changed(threshold=1.0) == {"settings"}
    assert changed(recipe=Recipe(detector="none", size_px=36)) == {"systems"}
    assert changed(suite=suite(2)) == {"conditions"}
    assert changed({"protocol": "sampled", "protocol_settings": {"mated": 1, "non_mated": 2}}) == {"comparisons"}


def test_models_share_their_detector(study_of, blocks_model):
    pipelines = settle(study_of(models=[blocks_model("one"), blocks_model("two")])).work.pipelines
    assert pipelines[0].detector is pipelines[1].detector


def test_models_of_one_name_are_refused(study_of, blocks_model):
    models = [blocks_model("one"), blocks_model("one", size_px=36)]
    with pytest.raises(ConfigurationError, match=r"Two of the models go by one name \(one, one\)"):
        settle(study_of(models=models))


def test_models_that_choose_the_face_in_different_ways_are_refused_unless_one_way_is_said(study_of, blocks_model):
    models = [blocks_model("one"), blocks_model("two", selection="largest")]
    finder = SimpleNamespace(find=lambda photos: [[(24, 24, 72, 72)]] * len(photos))
    with pytest.raises(ConfigurationError, match=r"in different ways \(largest, subject\): say which: `selection`"):
        settle(study_of(models=models, recipe=Recipe(detector=finder)))
    plan = settle(study_of(models=models, recipe=Recipe(detector=finder, selection="largest")))
    assert {pipeline.selection for pipeline in plan.work.pipelines} == {"largest"}


def test_faces_of_a_file_are_for_photos_as_they_are(study_of, tmp_path):
    path = tmp_path / "faces.csv"
    rows = [f"{name}/{number}.png,24,24,72,72" for name in ("ann", "ben", "cem") for number in (1, 2)]
    path.write_text("\n".join(["photo,x0,y0,x1,y1", *rows]))
    recipe = Recipe(detector=path)
    assert settle(study_of(recipe=recipe)).manifest.detector.name == "file"
    assert settle(study_of(recipe=recipe, suite=suite(1), stage="aligned")).manifest.stage == "aligned"
    with pytest.raises(ConfigurationError, match="Faces from a file were found in the photos as they are"):
        settle(study_of(recipe=recipe, suite=suite(1)))


def test_people_that_are_not_there_are_refused(study_of, tmp_path):
    with pytest.raises(PeopleError):
        settle(study_of(people=tmp_path / "nowhere"))
