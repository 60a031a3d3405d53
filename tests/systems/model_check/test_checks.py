from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faceproof.systems.model_check.checks import Check, at_least, below, complaints, found_in, outcome_of, overall

VALUES = st.floats(-100, 100, allow_nan=False)


def as_read(text):
    """Value, kind of bound and bound, as a reader of the sentence takes them."""
    value, kind, bound = re.fullmatch(r"it is (\S+); it must be (below|at least) (\S+)", text).groups()
    return *(float(number.rstrip("%")) for number in (value, bound)), kind


@given(VALUES, st.sampled_from([0.97, 0.5, 1.5, 0.0]), st.sampled_from([".3f", ".2f", ".0%"]))
@example(1.0, 0.97, ".3f")
@example(0.969999, 0.97, ".3f")
@example(0.97, 0.97, ".3f")
@example(0.4999, 0.5, ".0%")
def test_the_sentence_agrees_with_the_outcome(value, bound, show):
    for make, kind, holds in ((below, "below", value < bound), (at_least, "at least", value >= bound)):
        check = make("name", "it", value, bound, show)
        assert check.outcome == ("passed" if holds else "failed")
        shown, required, read_kind = as_read(check.found)
        assert read_kind == kind
        assert required == pytest.approx(100 * bound if show.endswith("%") else bound)
        assert (shown < required if kind == "below" else shown >= required) == holds


def test_what_cannot_be_computed_fails_and_the_sentence_has_no_number():
    for make, kind in ((below, "below"), (at_least, "at least")):
        check = make("name", "the cosine", float("nan"), 0.9)
        assert (check.outcome, check.found) == ("failed", f"the cosine cannot be computed; it must be {kind} 0.9")


@pytest.mark.parametrize(
    ("outcomes", "all_of_them"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "not told apart", "passed"], "not told apart"),
        (["not told apart", "failed"], "failed"),
        (["failed", "passed"], "failed"),
    ],
)
def test_all_pass_only_where_each_does(outcomes, all_of_them):
    assert overall(outcomes) == all_of_them
    assert outcome_of({"checks": [{"outcome": one} for one in outcomes], "passed": True}) == all_of_them


def of_version_1(*checks, passed):
    """A manifest's entry as versions before 0.2 wrote it."""
    return {
        "version": 2,
        "passed": passed,
        "checks": [dict(zip(("name", "passed", "found", "told"), row, strict=True)) for row in checks],
    }


def test_earlier_manifests_are_read_and_say_what_was_required():
    alike = ("templates of different people differ", False, "median cosine 1.000, below 0.97", True)
    shift = ("a shift of one pixel changes little", True, "median cosine 0.999, 0.9 or more", True)
    lost = ("faces are cut out as well as MTCNN's", True, "cannot be told: 7 of 24 photos have both", False)
    failed = of_version_1(alike, shift, lost, passed=False)
    assert outcome_of(failed) == "failed"
    assert complaints(failed) == [
        "failed the model check (templates of different people differ): median cosine 1.000; it must be below 0.97.",
        "was checked and it cannot be told whether faces are cut out as well as MTCNN's: cannot be told: 7 of 24 "
        "photos have both.",
    ]
    assert outcome_of(of_version_1(shift, lost, passed=True)) == "not told apart"
    assert outcome_of(of_version_1(shift, passed=True)) == "passed"
    assert complaints(of_version_1(shift, passed=True)) == []


def test_earlier_manifests_without_checks_are_read():
    assert outcome_of({"passed": None, "reason": "skipped as asked (--no-canary)"}) == "skipped"
    assert complaints({"passed": None, "reason": "skipped as asked (--no-canary)"}) == []
    broken = {"passed": False, "reason": "the model fails on the first faces: boom"}
    assert outcome_of(broken) == "failed"
    assert outcome_of({"passed": True}) == "passed"
    assert complaints(broken) == ["failed the model check: the model fails on the first faces: boom."]


def test_what_failed_comes_before_what_could_not_be_decided():
    checks = [Check("b", "not told apart", "few faces"), Check("a", "failed", "x is 1; it must be 0")]
    entry = {"outcome": "failed", "checks": [check.as_dict() for check in checks]}
    assert complaints(entry) == [
        "failed the model check (a): x is 1; it must be 0.",
        "was checked and it cannot be told whether b: few faces.",
    ]
    assert found_in(checks[0].as_dict()) == "few faces"
