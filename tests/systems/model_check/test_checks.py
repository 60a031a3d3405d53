from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faceproof.systems.model_check.checks import at_least, below, overall

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
        (["passed", "inconclusive", "passed"], "inconclusive"),
        (["inconclusive", "failed"], "failed"),
        (["failed", "passed"], "failed"),
    ],
)
def test_all_pass_only_where_each_does(outcomes, all_of_them):
    assert overall(outcomes) == all_of_them
