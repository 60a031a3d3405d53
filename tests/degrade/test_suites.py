"""Suites by name, their conditions, and severities as text."""

from __future__ import annotations

import pytest
from own_degradations import names

from faceproof.degrade.registry import FAMILIES, get_family
from faceproof.degrade.suites import CLASSIC, STANDARD, get_suite, list_suites, parse_severities
from faceproof.degrade.types import CLEAN, Series, Suite
from faceproof.errors import ConfigurationError


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
