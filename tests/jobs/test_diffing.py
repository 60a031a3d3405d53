"""What differs between two runs, from real runs and from runs with given similarities."""

from __future__ import annotations

from pathlib import Path

import pytest
from five_pairs import PAIRS, SIMILARITY
from receipts import copied, with_similarity, write_people

import faceproof
from faceproof.errors import ConfigurationError, RunFolderError
from faceproof.jobs.diffing import diff
from faceproof.jobs.publishing import report_again
from faceproof.systems.recipe import Recipe

OLD = Path(__file__).parents[1] / "data" / "runs-0.1"


@pytest.fixture(scope="module")
def world(tmp_path_factory, blocks_model):
    """Evaluations of two folds, of another model, and a stress run, on the same people."""
    root = tmp_path_factory.mktemp("diff")
    write_people(root / "people")
    usual = {"recipe": Recipe(detector="none"), "protocol": "all", "figures": False, "canary": False, "cache": False}
    for name, more in {"a": {}, "same": {"batch_size": 2}, "folds": {"folds": 4}}.items():
        faceproof.evaluate(root / "people", model=blocks_model(), out=root / name, **usual, **more)
    faceproof.evaluate(root / "people", model=blocks_model("bgr", color_order="bgr"), out=root / "other", **usual)
    faceproof.stress(
        root / "people", models=[blocks_model()], suite=inverted, stage="aligned", out=root / "stress", **usual
    )
    return root


def inverted(photo, severity):
    return 255 - photo


def test_equal_runs_have_no_difference_but_use_of_the_machine(world):
    found = diff(world / "a", world / "same")
    assert found.same
    assert [(one.part, one.name, one.a, one.b) for one in found.settings] == [("machine", "batch_size", "32", "2")]
    assert (found.numbers, found.comparisons, found.only_one, found.not_recorded) == ((), (), (), ())
    assert (found.photos.differ, found.people.differ) == (False, False)
    assert [(one.comparisons, one.not_exact, one.decisions) for one in found.scores] == [(66, 0, 0)]
    assert diff(world / "a", world / "a").settings == ()


def test_other_settings_give_other_numbers(world):
    found = diff(world / "a", world / "folds")
    assert [(one.part, one.name) for one in found.settings] == [("settings", "judging.folds")]
    names = [one.name for one in found.other_numbers]
    assert all(name.startswith("folds.") for name in names)
    assert not found.same


def test_a_report_with_other_folds_has_other_settings(world, tmp_path):
    again = copied(world / "a", tmp_path / "again")
    report_again(again, folds=4, figures=False)
    found = diff(again, world / "a")
    assert [(one.name, one.a, one.b) for one in found.of("settings")] == [("judging.folds", "4", "10")]
    assert diff(again, world / "folds").same


def test_another_model_gives_other_similarities_and_numbers(world):
    found = diff(world / "a", world / "other")
    assert {one.name for one in found.of("systems")} >= {
        "systems[0].name",
        "systems[0].card.contract.color_order",
    }
    summaries = [faceproof.load_run(world / name).summary for name in ("a", "other")]
    stored = {one.name: one for one in found.numbers}
    assert [stored["d_prime"].a.value, stored["d_prime"].b.value] == [one.d_prime.value for one in summaries]
    assert [stored["d_prime"].a.low, stored["d_prime"].b.high] == [summaries[0].d_prime.low, summaries[1].d_prime.high]
    assert found.scores[0].not_exact > 0
    assert not any(name.startswith(("times", "curves", "scatter", "failures")) for name in stored)


def test_a_similarity_that_differs_is_named(world, tmp_path):
    other = with_similarity(copied(world / "a", tmp_path / "b"), 7, 1e-3)
    found = diff(world / "a", other)
    (one,) = found.scores
    assert (one.different, [example.comparison for example in one.examples]) == (1, [7])
    assert not found.same
    assert diff(world / "a", other, tolerance=1e-2).scores[0].different == 0
    assert diff(world / "a", other, tolerance=1e-2).same


def test_an_evaluation_and_a_stress_run_share_the_clean_photos(world):
    found = diff(world / "a", world / "stress")
    assert [(one.condition, one.not_exact) for one in found.scores] == [("clean", 0)]
    assert found.only_one == tuple(f"inverted-{severity}" for severity in range(1, 6))
    assert found.numbers is None
    assert [one.name for one in found.of("settings")][:2] == ["kind", "conditions of one run alone"]
    assert not found.same
    assert diff(world / "stress", world / "stress").same


def test_photos_and_comparisons_that_differ_are_counted(made_up_run, tmp_path):
    first = made_up_run(PAIRS, SIMILARITY).write(tmp_path / "a")
    second = made_up_run(PAIRS[:4], SIMILARITY[:4], other_bytes=frozenset({"ann/2"})).write(tmp_path / "b")
    for folder in (first, second):
        report_again(folder, figures=False)
    found = diff(first, second)
    assert (found.photos.only_a, found.photos.only_b, found.photos.changed) == (0, 0, 1)
    assert found.photos.names_changed == ("ann/2",)
    assert found.comparisons[0] == "4 comparisons instead of 5"
    assert found.scores[0].comparisons == 2
    assert found.people.differ is False


def test_each_run_decides_at_its_own_threshold(made_up_run, tmp_path):
    for name, threshold in (("a", 1.0), ("b", 1.35)):  # similarities 0.5 and 0.089
        report_again(made_up_run(PAIRS, SIMILARITY).write(tmp_path / name), threshold=threshold, figures=False)
    (one,) = diff(tmp_path / "a", tmp_path / "b").scores
    assert (one.not_exact, one.decisions_within) == (0, 3)


@pytest.mark.parametrize("name", ["evaluate", "templates", "score", "stress", "version-1-evaluate", "version-1-stress"])
def test_runs_of_version_0_1_are_like_themselves(tmp_path, name):
    run = copied(OLD / name, tmp_path / name)
    found = diff(run, run)
    assert (found.same, found.settings, found.numbers) == (True, (), ())


def test_an_old_run_differs_from_a_new_one_in_what_it_records(world, tmp_path):
    found = diff(copied(OLD / "version-1-evaluate", tmp_path / "old"), world / "a")
    assert "schema_version" in {one.name for one in found.of("versions")}
    assert not found.same


def test_odd_input_is_refused(world, tmp_path):
    for tolerance in (float("nan"), float("inf"), -1e-9):
        with pytest.raises(ConfigurationError, match="expected 0 or more"):
            diff(world / "a", world / "a", tolerance=tolerance)
    with pytest.raises(RunFolderError, match="no run folder"):
        diff(world / "a", world / "people")
    with pytest.raises(RunFolderError, match="run of kind comparison"):
        diff(copied(OLD / "compare", tmp_path / "compare"), world / "a")
