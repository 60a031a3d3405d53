"""Suites by name, from a file and from a function, and the conditions of a run that is on disk."""

from __future__ import annotations

import json
import sys
from importlib import invalidate_caches
from pathlib import Path

import numpy as np
import pytest

from faceproof.degrade.registry import FAMILIES, get_family
from faceproof.degrade.suite_file import read_suite
from faceproof.degrade.suites import CLASSIC, STANDARD, get_suite, list_suites, parse_severities
from faceproof.degrade.types import CLEAN, Series, Suite
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
BLOCK = "[[degradation]]\n"
MINE = """
import numpy as np

NUMBER = 3


def Dim_It(photo, severity):
    return photo // (severity + 1)


def sprinkled(photo, severity, rng):
    return rng.integers(0, 256, photo.shape).astype(np.uint8) // np.uint8(severity)


def covered(photo, severity, face):
    worse = photo.copy()
    x0, y0, x1, _ = face.box_xyxy_px.astype(int)
    worse[y0 : y0 + 5 * severity, x0:x1] = 0
    return worse


def lifted(photo, by):
    return np.clip(photo.astype(int) + by, 0, 255).astype(np.uint8)
"""


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (90, 80, 3)).astype(np.uint8)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to work in, with the module ``mine``, which is forgotten after the test."""
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    invalidate_caches()
    yield tmp_path
    sys.modules.pop("mine", None)


def suite_file(text, name="own.toml"):
    Path(name).write_text(text, "utf-8")
    return read_suite(Path(name))


def names(suite, **settings):
    return [condition.name for condition in suite.conditions(**settings)]


class TestByName:
    def test_the_suites_that_ship_are_known_by_name(self):
        assert list_suites() == ["classic", "standard"]
        assert get_suite("classic") is CLASSIC
        assert get_suite("standard") is STANDARD
        assert get_suite(CLASSIC) is CLASSIC

    def test_every_family_is_in_a_suite_and_no_condition_is_there_twice(self):
        families = {series.family.name for suite in (CLASSIC, STANDARD) for series in suite.series}
        assert families == set(FAMILIES)
        for suite in (CLASSIC, STANDARD):
            assert len(set(names(suite))) == len(names(suite))

    def test_standard_has_five_severities_of_everything(self):
        assert {series.severities for series in STANDARD.series} == {(1, 2, 3, 4, 5)}

    def test_classic_has_the_blur_the_resolutions_and_the_squares_of_the_study(self):
        texts = {c.name: c.text for c in CLASSIC.conditions()}
        assert texts["gaussian-blur-5"] == "radius 5 px"
        assert texts["resolution-5"] == "32 px"
        assert texts["square-4"] == texts["face-square-4"] == "20% of the side"
        assert [name for name in texts if name.startswith("brightness")] == ["brightness-up-2"]

    @pytest.mark.parametrize(("typed", "meant"), [("clasic", "classic"), ("Standard", "standard")])
    def test_an_unknown_name_suggests_the_closest(self, typed, meant):
        with pytest.raises(ConfigurationError, match=f"no suite '{typed}'. Did you mean '{meant}'"):
            get_suite(typed)

    def test_a_name_like_no_other_is_told_what_is_expected(self):
        with pytest.raises(ConfigurationError) as told:
            get_suite("qqq")
        assert "Did you mean" not in str(told.value)
        for expected in ("classic", "standard", ".toml", "package.module:function"):
            assert expected in str(told.value)


class TestConditions:
    def test_the_photo_as_it_is_comes_first(self):
        conditions = CLASSIC.conditions()
        assert conditions[0] is CLEAN
        assert all(condition.severity for condition in conditions[1:])

    def test_severities_are_kept_where_a_family_has_them(self):
        some = names(CLASSIC, severities=[5, 2])
        assert some == [
            "clean", "gaussian-blur-2", "gaussian-blur-5", "resolution-2", "resolution-5", "square-2", "face-square-2",
            "brightness-up-2",
        ]  # fmt: skip

    def test_stage_and_seed_reach_every_condition(self):
        conditions = STANDARD.conditions([1], stage="aligned", seed=7)[1:]
        assert {(condition.stage, condition.seed) for condition in conditions} == {("aligned", 7)}

    @pytest.mark.parametrize("severities", [[6], [1, 99], [0], [-1]])
    def test_a_severity_that_no_family_has_is_refused_with_those_there_are(self, severities):
        with pytest.raises(ConfigurationError, match="'classic' has severities 1 to 5, not"):
            CLASSIC.conditions(severities)

    def test_nothing_left_is_refused(self):
        few = Suite("few", (Series(get_family("jpeg"), (4, 5)),))
        with pytest.raises(ConfigurationError, match="Suite 'few' has no condition"):
            few.conditions([1])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("3", [3]), ("1-5", [1, 2, 3, 4, 5]), ("5,1,3", [1, 3, 5]), ("2-3,3,2", [2, 3]), (" 1 - 2 , 4 ", [1, 2, 4])],
)
def test_severities_as_typed(typed, meant):
    assert parse_severities(typed) == meant


@pytest.mark.parametrize("typed", ["", "x", "3-1", "1,", "-2", "1..3", "1-2-3", "1.5", "1 2", "9" * 2000])
def test_severities_that_cannot_be_read_are_refused(typed):
    with pytest.raises(ConfigurationError, match="Expected such as 3, 1-5 or 1,3,5"):
        parse_severities(typed)


class TestFile:
    def test_a_file_says_families_functions_names_and_levels(self, here):
        suite = suite_file("""
            name = "field"
            [[degradation]]
            family = "blur"
            severities = [1, 4]
            [[degradation]]
            family = "jpeg"
            name = "web-jpeg"
            title = "JPEG from the web"
            levels = [{quality = 30}, {quality = 10}]
            [[degradation]]
            function = "mine:Dim_It"
            severities = [2]
            [[degradation]]
            function = "mine:lifted"
            name = "up"
            levels = [{by = 20}, {by = 60}, {by = 90}]
        """)
        assert suite.name == "field"
        assert names(suite) == [
            "clean", "gaussian-blur-1", "gaussian-blur-4", "web-jpeg-1", "web-jpeg-2", "dim-it-2", "up-1", "up-2",
            "up-3",
        ]  # fmt: skip
        found = {condition.name: condition for condition in suite.conditions()}
        assert found["gaussian-blur-4"] == get_family("gaussian-blur").at(4)
        assert found["web-jpeg-2"].label == "JPEG from the web, quality 10"
        assert found["dim-it-2"].label == "Dim it, severity 2"
        assert found["up-3"].text == "by 90"
        photo = picture()
        np.testing.assert_array_equal(found["dim-it-2"].apply(photo, "k"), photo // 3)
        np.testing.assert_array_equal(found["up-2"].apply(photo, "k"), np.minimum(photo, 195) + 60)

    def test_without_a_name_it_is_called_like_its_file(self, here):
        assert suite_file(BLOCK + 'family = "sepia"', "night shift.toml").name == "night shift"
        assert get_suite("night shift.toml").name == "night shift"
        assert get_suite(here / "night shift.toml").series[0].family.name == "sepia"

    def test_severities_go_from_the_mildest_to_the_worst_whatever_their_order_in_the_file(self, here):
        assert names(suite_file(BLOCK + 'family = "jpeg"\nseverities = [5, 1]')) == ["clean", "jpeg-1", "jpeg-5"]

    def test_one_family_may_be_there_twice_under_names_of_its_own(self, here):
        suite = suite_file(f'{BLOCK}family = "jpeg"\nseverities = [1]\n{BLOCK}family = "jpeg"\nname = "jpeg-again"')
        assert len(set(names(suite))) == 7

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (BLOCK + 'family = "gausian-blur"', "degradation 1: There is no degradation 'gausian-blur'. Did you mean "
             "'gaussian-blur'"),
            (BLOCK + f'family = "jpeg"\n{BLOCK}family = "jpeg"\nname = "b"\nseverities = [9]', "degradation 2: b has"
             " severities 1 to 5"),
            (BLOCK + 'family = "jpeg"\nfunction = "mine:lifted"', "degradation 1: expected either family or function"),
            (BLOCK + 'name = "neither"', "degradation 1: expected either family or function"),
            (BLOCK + 'family = "jpeg"\nname = "Web JPEG"', "degradation 1: the name 'Web JPEG': expected lower"),
            (BLOCK + 'family = "jpeg"\nlevels = [{sd = 1}]', "a level of jpeg has sd; expected quality"),
            (BLOCK + 'family = "sepia"\nlevels = [{tone = 1}]', "a level of sepia has tone; expected no parameter"),
            (BLOCK + 'famly = "jpeg"', "degradation.0.famly"),
            (BLOCK + 'family = "jpeg"\nseverities = ["1"]', "degradation.0.severities.0"),
            (BLOCK + 'family = "jpeg"\nseverities = 3', "degradation.0.severities"),
            (f'{BLOCK}family = "jpeg"\n{BLOCK}family = 3', "degradation.1.family"),
            ("degradation = 3", "degradation: Input should be a valid list"),
            ("degradation = []", "it has no degradation"),
            ('name = "empty"', "degradation: Field required"),
            ("", "degradation: Field required"),
            (BLOCK + f'family = "jpeg"\n{BLOCK}family = "jpeg"', "two degradations have the name 'jpeg': give each"),
            ("[[degradation", "is no TOML"),
            (BLOCK + 'function = "mine"', "degradation 1: 'mine' is no reference"),
            (BLOCK + 'function = "nowhere:f"', "degradation 1: nowhere:f: the module cannot be imported"),
            (BLOCK + 'function = "mine:nothing"', "degradation 1: mine:nothing: the module has no 'nothing'"),
            (BLOCK + 'function = "mine:NUMBER"', "degradation 1: mine:NUMBER is a int; expected a function"),
        ],
    )  # fmt: skip
    def test_a_file_that_makes_no_sense_is_refused_with_its_name_and_the_place(self, here, text, said):
        with pytest.raises(ConfigurationError) as told:
            suite_file(text)
        assert "own.toml" in str(told.value)
        assert said in str(told.value)

    def test_a_file_that_cannot_be_read_is_named_with_the_reason(self, here):
        with pytest.raises(ConfigurationError, match=r"absent\.toml cannot be read \(No such file"):
            get_suite("absent.toml")
        Path("folder.toml").mkdir()
        with pytest.raises(ConfigurationError, match=r"folder\.toml is a folder\. Expected a file"):
            get_suite("folder.toml")
        Path("deep.toml").write_text("a = " + "[" * 50_000)
        with pytest.raises(
            ConfigurationError, match=r"The suite deep\.toml cannot be read as TOML: .* nested too deep"
        ):
            get_suite("deep.toml")
        Path("latin.toml").write_bytes(BLOCK.encode() + 'title = "Unschärfe"'.encode("latin-1"))
        with pytest.raises(ConfigurationError, match=r"latin\.toml is no TOML"):
            get_suite("latin.toml")

    @pytest.mark.parametrize("severities", ["[0, 1]", "[1, 1]", "[]"])
    def test_severities_that_would_make_a_condition_twice_or_none_are_refused(self, here, severities):
        with pytest.raises(ConfigurationError, match="degradation 1"):
            suite_file(f'{BLOCK}family = "jpeg"\nseverities = {severities}')

    @pytest.mark.parametrize(
        "entry",
        [
            'family = "gaussian-blur"\nlevels = [{radius_px = "big"}]',
            'family = "gaussian-blur"\nlevels = [{radius_px = inf}]',
            'family = "gaussian-blur"\nlevels = []',
            'family = "lens-blur"\nlevels = [{radius_px = 2, at_side_px = 0}]',
            'family = "gaussian-blur"\nlevels = [{radius_px = -3}]',
            'family = "jpeg"\nlevels = [{quality = 20.5}]',
            'family = "shot-noise"\nlevels = [{photons = 0}]',
            'function = "mine:lifted"\nlevels = [{by = 20}, {amount = 3}]',
            'family = "jpeg"\nlevels = [{quality = 20}, {sd = 3}]',
            'function = "mine:lifted"\nlevels = [{"by.two" = 20}]',
            'function = "mine:lifted"\nlevels = [{by = 2020-01-01}]',
        ],
        ids=[
            "text",
            "infinite",
            "none",
            "no side",
            "below 0",
            "half a quality",
            "no photon",
            "other parameters",
            "another family's",
            "a dot",
            "a date",
        ],
    )
    def test_levels_that_cannot_be_told_or_kept_are_refused(self, here, entry):
        with pytest.raises(ConfigurationError, match="degradation 1"):
            suite_file(BLOCK + entry)

    def test_a_module_that_fails_when_it_is_imported_is_named(self, here):
        Path("broken_on_import.py").write_text("1 / 0\n")
        with pytest.raises(ConfigurationError, match="broken_on_import"):
            suite_file(BLOCK + 'function = "broken_on_import:f"')


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


def test_two_conditions_of_one_recipe_make_the_same_picture(here):
    own = suite_file(BLOCK + 'family = "gaussian-noise"\nname = "grain"\nseverities = [1]').conditions()[1]
    shipped = get_family("gaussian-noise").at(1)
    same_pixels = (own.apply(picture(), "key") == shipped.apply(picture(), "key")).all()
    assert (own.recipe() == shipped.recipe()) == same_pixels


def test_a_suite_that_is_no_regular_file_is_not_opened(tmp_path, special):
    called = special(tmp_path / "odd.toml")
    with pytest.raises(ConfigurationError, match=rf"^The suite \S+odd\.toml is {called}\. Expected a "):
        get_suite(tmp_path / "odd.toml")


def test_a_function_that_ends_the_process_fails_its_condition():
    def quits(photo, severity):
        raise SystemExit(3)

    condition = get_suite(quits).conditions()[1]
    with pytest.raises(DegradationError, match=r"quits-1: the function tried to end the process \(SystemExit: 3\)\."):
        condition.apply(np.zeros((8, 8, 3), np.uint8), "k")
