"""Functions of the user's as degradations, and the same conditions again from a manifest."""

from __future__ import annotations

import json
import sys
from importlib import invalidate_caches
from pathlib import Path

import numpy as np
import pytest
from own_degradations import BLOCK, MINE, names, picture, suite_file

from faceproof.degrade.suites import get_suite
from faceproof.errors import ConfigurationError, DegradationError
from faceproof.runs.conditions import conditions_of
from faceproof.runs.manifest import condition_entry
from faceproof.runs.manifest_schema import Manifest
from faceproof.systems.faces.types import Face

FACE = Face(
    np.array([20, 15, 60, 70], np.float32),
    0.99,
    np.array([(32, 36), (48, 36), (40, 46), (34, 57), (46, 57)], np.float32),
)


class TestFunction:
    def test_a_function_by_name_is_found_in_the_current_folder(self, here):
        suite = get_suite("mine:Dim_It")
        assert suite.name == "dim-it"
        assert names(suite) == ["clean", *(f"dim-it-{severity}" for severity in range(1, 6))]
        photo = picture()
        for severity, condition in enumerate(suite.conditions()[1:], start=1):
            np.testing.assert_array_equal(condition.apply(photo, "k"), photo // (severity + 1))

    @pytest.mark.parametrize("name", ["nowhere:f", "mine:nothing", "mine:NUMBER"])
    def test_a_function_that_is_not_there_is_told(self, here, name):
        with pytest.raises(ConfigurationError, match=name):
            get_suite(name)

    def test_a_function_may_take_its_draws_which_hang_on_seed_and_photo_alone(self, here):
        one, other = (get_suite("mine:sprinkled").conditions([1], seed=seed)[1] for seed in (0, 1))
        photo = picture()
        np.testing.assert_array_equal(one.apply(photo, "a"), one.apply(photo, "a"))
        assert (one.apply(photo, "a") != one.apply(photo, "b")).any()
        assert (one.apply(photo, "a") != other.apply(photo, "a")).any()

    def test_a_function_may_take_the_face(self, here):
        (condition,) = get_suite("mine:covered").conditions([2])[1:]
        assert condition.family.on_face
        worse = condition.apply(picture(), "k", FACE)
        assert (worse[15:25, 20:60] == 0).all()
        with pytest.raises(ConfigurationError, match="requires a face"):
            condition.apply(picture(), "k")

    def test_any_callable_makes_a_suite(self):
        def half(photo, severity):
            return photo[::2, ::2]

        class Tile:
            def __call__(self, photo, severity):
                return np.repeat(photo, severity, axis=0)

        assert names(get_suite(half), severities=[1]) == ["clean", "half-1"]
        (tiled,) = get_suite(Tile()).conditions([3])[1:]
        assert tiled.name == "tile-3"
        assert tiled.apply(picture(), "k").shape == (270, 80, 3)

    def test_only_a_function_of_a_file_may_be_cached(self, here):
        def inner(photo, severity):
            return photo

        (of_a_file,) = get_suite("mine:Dim_It").conditions([1])[1:]
        assert of_a_file.cacheable
        for function in (inner, lambda photo, severity: photo):
            assert not get_suite(function).conditions([1])[1].cacheable

    def test_a_function_with_code_inside_may_be_cached_too(self, here):
        Path("mine.py").write_text(
            "def shuffled(photo, severity):\n    return photo[sorted(range(len(photo)), key=lambda row: -row)]\n"
        )
        assert get_suite("mine:shuffled").conditions([1])[1].cacheable

    def test_another_text_of_the_file_is_another_recipe(self, here):
        before = get_suite("mine:Dim_It").conditions([1])[1].recipe()
        sys.modules.pop("mine")
        Path("mine.py").write_text(MINE + "\n# one more line\n")
        assert get_suite("mine:Dim_It").conditions([1])[1].recipe() != before

    def test_a_file_that_changed_since_it_was_imported_says_nothing_of_what_runs(self, here):
        get_suite("mine:Dim_It")
        Path("mine.py").write_text(MINE.replace("(severity + 1)", "(severity + 2)"))
        assert not get_suite("mine:Dim_It").conditions([1])[1].cacheable


def test_a_function_that_ends_the_process_fails_its_condition():
    def quits(photo, severity):
        raise SystemExit(3)

    condition = get_suite(quits).conditions()[1]
    with pytest.raises(DegradationError, match=r"quits-1: the function tried to end the process \(SystemExit: 3\)\."):
        condition.apply(np.zeros((8, 8, 3), np.uint8), "k")


class TestOfAManifest:
    @pytest.fixture
    def suite(self, here):
        return suite_file(f"""
            {BLOCK}family = "gaussian-noise"
            name = "grain"
            severities = [2]
            {BLOCK}family = "rain"
            severities = [3]
            {BLOCK}family = "lens-blur"
            severities = [4]
            {BLOCK}family = "gaussian-blur"
            severities = [4]
            {BLOCK}family = "half-face"
            severities = [5]
            {BLOCK}family = "brightness-down"
            severities = [1]
            {BLOCK}function = "mine:sprinkled"
            severities = [1]
            {BLOCK}function = "mine:covered"
            severities = [2]
        """)

    @staticmethod
    def manifest_of(conditions, stage, seed):
        entries = [condition_entry(condition).as_json() for condition in conditions]
        run = {"systems": [{"name": "m"}], "people": {"root": "r"}, "stage": stage, "seed": seed}
        return Manifest.model_validate(json.loads(json.dumps({"conditions": entries, **run})))

    def test_they_make_the_same_pictures_again(self, suite):
        conditions = suite.conditions(seed=5)
        again = conditions_of(self.manifest_of(conditions, "capture", 5))
        assert set(again) | {"clean"} == {condition.name for condition in conditions}
        for condition in conditions[1:]:
            other = again[condition.name]
            np.testing.assert_array_equal(condition.apply(picture(), "key", FACE), other.apply(picture(), "key", FACE))
            assert (other.name, other.severity, other.stage, other.seed) == (
                condition.name, condition.severity, "capture", 5,
            )  # fmt: skip

    def test_a_function_whose_file_changed_is_not_at_hand(self, suite):
        manifest = self.manifest_of(suite.conditions(), "capture", 0)
        sys.modules.pop("mine")
        Path("mine.py").write_text(MINE + "\n")
        again = conditions_of(manifest)
        assert "grain-2" in again
        assert not {"sprinkled-1", "covered-2"} & set(again)

    def test_a_function_whose_file_is_gone_is_not_at_hand(self, suite):
        manifest = self.manifest_of(suite.conditions(), "capture", 0)
        sys.modules.pop("mine")
        Path("mine.py").unlink()
        invalidate_caches()
        assert "sprinkled-1" not in conditions_of(manifest)

    def test_a_function_without_a_name_is_not_at_hand(self):
        conditions = get_suite(lambda photo, severity: photo).conditions([1])
        assert conditions_of(self.manifest_of(conditions, "capture", 0)) == {}

    def test_they_say_what_they_said(self, here):
        conditions = suite_file(BLOCK + 'function = "mine:lifted"\nlevels = [{by = 20}]').conditions()
        again = conditions_of(self.manifest_of(conditions, "capture", 0))
        assert again["lifted-1"].label == conditions[1].label
