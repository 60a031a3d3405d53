"""Suites in TOML files: what they hold, and how wrong ones are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from own_degradations import BLOCK, names, picture, suite_file

from faceproof.degrade.registry import get_family
from faceproof.degrade.suites import get_suite
from faceproof.errors import ConfigurationError


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


def test_two_conditions_of_one_recipe_make_the_same_picture(here):
    own = suite_file(BLOCK + 'family = "gaussian-noise"\nname = "grain"\nseverities = [1]').conditions()[1]
    shipped = get_family("gaussian-noise").at(1)
    same_pixels = (own.apply(picture(), "key") == shipped.apply(picture(), "key")).all()
    assert (own.recipe() == shipped.recipe()) == same_pixels


def test_a_suite_that_is_no_regular_file_is_not_opened(tmp_path, special):
    called = special(tmp_path / "odd.toml")
    with pytest.raises(ConfigurationError, match=rf"^The suite \S+odd\.toml is {called}\. Expected a "):
        get_suite(tmp_path / "odd.toml")
