"""Checks of labels as a whole, and of scores one by one."""

from __future__ import annotations

import numpy as np
import pytest
from honest_scores import all_pairs, sampled

from faceproof.findings.doctor.audit import audit
from faceproof.findings.doctor.values import common_step


def found(results, check):
    return audit(results.audited()).of(check)


def not_run(results, check):
    return next(one.reason for one in audit(results.audited()).not_run if one.check == check)


def test_one_kind_only_is_a_fault():
    honest = sampled(20, 3, 50)
    [finding] = found(honest.with_rows(np.flatnonzero(honest.mated)), "one_kind_only")
    assert (finding.severity, finding.found) == ("fault", "There is no non-mated comparison among 60 rows.")
    lost = np.where(honest.mated, honest.score, np.nan)
    [finding] = found(honest.having(score=lost), "one_kind_only")
    assert finding.found == "No non-mated comparison has a score (50 rows)."
    assert found(honest, "one_kind_only") == []


def test_one_person_in_all_comparisons_of_a_kind_is_a_fault():
    honest = all_pairs(10, 3)
    of_one = (np.array(honest.columns["person_a"]) == "p0003") | (np.array(honest.columns["person_b"]) == "p0003")
    [mated, non_mated] = found(honest.with_rows(np.flatnonzero(of_one)), "one_person_only")
    assert mated.found == "All 3 mated comparisons are of one person, p0003."
    assert non_mated.found == "All 81 non-mated comparisons are of one person, p0003."
    # One comparison of others is enough.
    others = [np.flatnonzero(~of_one & kind)[0] for kind in (honest.mated, ~honest.mated)]
    rows = np.append(np.flatnonzero(of_one), others)
    assert found(honest.with_rows(rows), "one_person_only") == []


def test_scores_of_the_other_direction_are_upside_down():
    honest = sampled()
    distance = np.sqrt(2 - 2 * honest.score)
    [finding] = found(honest.having(score=distance, measure=None), "scores_upside_down")
    assert finding.severity == "fault"
    assert "The column similarity may hold a distance" in finding.found
    right = honest.having(score=distance, kind="distance", measure="euclidean")
    assert audit(right.audited()).faults == []
    assert not_run(honest.having(score=distance, measure=None), "labels_that_look_wrong").startswith("AUC is below 0.5")


def test_labels_by_chance_are_not_upside_down():
    honest = sampled()
    shuffled = honest.having(score=np.random.default_rng(0).permutation(honest.score))
    assert found(shuffled, "scores_upside_down") == []


@pytest.mark.parametrize(
    ("measure", "kind", "value", "wrong"),
    [
        ("cosine_similarity", "similarity", 1.01, True),
        ("cosine_similarity", "similarity", 1.000001, False),
        ("cosine_similarity", "similarity", -1.01, True),
        ("euclidean", "distance", 2.01, True),
        ("squared_euclidean", "distance", 2.01, False),
        ("squared_euclidean", "distance", 4.01, True),
        (None, "distance", -0.01, True),
    ],
)
def test_scores_outside_of_their_range(measure, kind, value, wrong):
    honest = sampled(20, 3, 50)
    score = honest.score.copy() if kind == "similarity" else np.sqrt(2 - 2 * honest.score)
    score[5] = value
    findings = found(honest.having(score=score, kind=kind, measure=measure), "possible_range")
    assert [one.severity for one in findings] == ["fault"] * wrong
    assert not wrong or findings[0].evidence[0].startswith("row 6 (")


def test_of_unknown_scores_few_outside_are_a_hint_and_many_another_scale():
    honest = sampled()
    score = honest.score.copy()
    score[3] = 1.5
    [finding] = found(honest.having(score=score, measure=None), "possible_range")
    assert (finding.severity, len(finding.evidence)) == ("hint", 1)
    assert "option score, such as cosine" in not_run(
        honest.having(score=100 * honest.score, measure=None), "possible_range"
    )


def test_infinite_and_missing_scores():
    honest = sampled(20, 3, 50)
    score = honest.score.copy()
    score[:3], score[3:5] = np.inf, np.nan
    outcome = audit(honest.having(score=score).audited())
    assert [one.found for one in outcome.of("infinite_scores")] == [
        "3 scores are infinite, or beyond 1e+150, and left out."
    ]
    [finding] = outcome.of("missing_scores")
    assert finding.found.startswith("2 comparisons of 110 have no score, and no reason is given: ")
    assert (outcome.without_score, outcome.comparisons, outcome.mated, outcome.people) == (5, 110, 60, 20)


def test_decisions_in_place_of_scores_are_a_fault():
    honest = sampled()
    [finding] = found(honest.having(score=(honest.score > 0.6).astype(float)), "tied_scores")
    assert finding.severity == "fault"
    assert "two values only, 0 and 1" in finding.found
    [finding] = found(honest.having(score=np.full(honest.mated.size, 0.25)), "tied_scores")
    assert finding.found == f"All {honest.mated.size} scores are equal (0.25)."


@pytest.mark.parametrize(("digits", "noticed"), [(1, True), (4, False)])
def test_coarse_scores_are_a_hint_with_their_step(digits, noticed):
    honest = sampled()
    findings = found(honest.having(score=np.round(honest.score, digits)), "tied_scores")
    assert bool(findings) == noticed
    assert not noticed or findings[0].evidence == ("all scores are multiples of 0.1 apart",)


def test_common_step():
    assert common_step(np.array([0.0, 3 / 255, 5 / 255])) == pytest.approx(1 / 255, rel=1e-5)
    assert common_step(np.array([1.0])) is None
