"""Photos without a template in four ways, worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from judged_runs import make_run, summary_of

from faceproof.findings.linked import link, linked_scores
from faceproof.findings.scored import join_scores
from faceproof.report.words.failures import policies_in_words
from faceproof.summary.evaluation_schema import FailurePolicies
from faceproof.summary.failure_policies import failure_policies, outside


def policies_of(run: Any, threshold: float | None = 0.5, *, optimistic: bool = False) -> FailurePolicies | None:
    scored = join_scores(run)
    return failure_policies(scored, linked_scores(scored), run.photos, threshold, optimistic=optimistic)


def small() -> Any:
    """Ten comparisons of each kind: two mated and one non-mated were not made, one of each kind is decided wrong."""
    mated = np.arange(20) < 10
    similarity = np.where(mated, 0.9, 0.1)
    similarity[[2, 12]] = similarity[[12, 2]]
    similarity[[0, 1, 10]] = math.nan
    return make_run(similarity, mated, failed={"p0/1": "detect", "p1/2": "embed", "q10/1": "decode"})


def large(lost_mated: int, lost_non_mated: int) -> Any:
    """Two hundred comparisons of each kind, all decided right where they were made."""
    mated = np.arange(400) < 200
    similarity = np.where(mated, 0.9, 0.1)
    lost = [*range(lost_mated), *range(200, 200 + lost_non_mated)]
    similarity[lost] = math.nan
    return make_run(similarity, mated, failed={f"p{i}/2" if i < 200 else f"q{i}/1": "detect" for i in lost})


@pytest.mark.parametrize(
    ("name", "fmr", "fnmr", "accuracy"),
    [
        ("exclude", 1 / 9, 1 / 8, 15 / 17),
        ("reject", 1 / 10, 3 / 10, 16 / 20),
        ("iso", 0.95 * 0.9 / 9, 1 - 0.95 * 0.9 * 7 / 8, None),
        ("worst", 2 / 10, 3 / 10, 15 / 20),
    ],
)
def test_each_treatment_gives_the_rates_of_a_count_by_hand(
    name: str, fmr: float, fnmr: float, accuracy: float | None
) -> None:
    found = policies_of(small())
    assert found is not None
    assert [one.name for one in found.policies] == ["exclude", "reject", "iso", "worst"]
    assert found.failure_to_enrol.value == 1 / 20
    assert found.failure_to_acquire.value == 2 / 20
    one = found.policy(name)
    assert (one.fmr.value, one.fnmr.value) == pytest.approx((fmr, fnmr))
    assert one.accuracy.value == (None if accuracy is None else pytest.approx(accuracy))
    for rate in (one.fmr, one.fnmr):
        assert rate.low is not None
        assert rate.value is not None
        assert rate.high is not None
        assert 0 <= rate.low < rate.value < rate.high <= 1
        assert not rate.optimistic
    assert not found.matters


def test_rates_at_a_threshold_of_these_comparisons_are_optimistic() -> None:
    found = policies_of(small(), optimistic=True)
    assert found is not None
    assert {one.fmr.optimistic for one in found.policies} == {True}


def test_the_threshold_itself_is_accepted() -> None:
    strict, at = policies_of(small(), 0.9000001), policies_of(small(), 0.9)
    assert strict is not None
    assert at is not None
    assert strict.policy("exclude").fnmr.value == 1
    assert at.policy("exclude").fnmr.value == 1 / 8


def test_where_everything_or_nothing_was_made_there_is_nothing_to_treat() -> None:
    assert policies_of(make_run([0.9, 0.1], [True, False])) is None
    assert policies_of(make_run([math.nan, math.nan], [True, False], failed={"p0/1": "detect"})) is None
    assert policies_of(small(), None) is None


def test_it_matters_where_a_rate_leaves_the_interval_and_says_which() -> None:
    found = policies_of(large(50, 0))
    assert found is not None
    assert found.matters
    assert policies_in_words(found) == (
        "How photos without a template are treated matters here: FNMR is 0.0% where they are left out; 25.0% where "
        "they are counted as rejected; 12.5% where they are counted by ISO/IEC 19795-1; 25.0% where they are counted "
        "as wrong."
    )


def test_non_mated_comparisons_counted_as_wrong_alone_do_not_matter() -> None:
    found = policies_of(large(0, 6))
    assert found is not None
    assert outside(found.policy("exclude").fmr, found.policy("worst").fmr)
    assert not found.matters


def test_the_headline_says_so_only_where_it_matters() -> None:
    assert "How photos without a template are treated matters" in summary_of(large(50, 0))["headline"]
    assert "How photos without" not in summary_of(large(0, 2))["headline"]


def test_without_any_photo_iso_has_a_reason() -> None:
    run = small()
    at = run.photos.column_names.index("outcome")
    run.photos = run.photos.set_column(at, "outcome", pa.array(["unknown"] * 40))
    found = policies_of(run)
    assert found is not None
    assert found.policy("iso").fmr.reason == "nothing is known of any photo"
    assert found.failure_to_enrol.value is found.policy("iso").fnmr.value is None
    assert found.policy("worst").fnmr.value == 3 / 10


def test_a_kind_that_could_not_be_made_has_no_generalised_rate() -> None:
    run = make_run(
        [math.nan, math.nan, 0.1, 0.9], [True, True, False, False], failed={"p0/1": "embed", "p1/1": "align"}
    )
    found = policies_of(run)
    assert found is not None
    assert found.policy("iso").fnmr.value is None
    assert found.policy("iso").fmr.value == pytest.approx(0.5 * 0.5)
    assert found.policy("worst").fnmr.value == 1


def test_comparisons_that_failed_are_the_worst_of_their_kind() -> None:
    similarity = np.array([0.9, math.nan, 0.2, math.nan])
    mated = np.array([True, True, False, False])
    people = np.array([0, 1, 2, 2]), np.array([0, 1, 3, 3])
    linked = link(similarity, mated, people)
    assert linked.failed_wrong.mated.n == linked.failed_wrong.non_mated.n == 2
    assert [row for kind in (linked.failed_wrong.mated, linked.failed_wrong.non_mated) for row in kind.worst_first] == [
        *(1, 0),
        *(1, 0),
    ]
    whole = link(np.array([0.9, 0.1]), np.array([True, False]), None)
    assert whole.failed_wrong is whole.every
