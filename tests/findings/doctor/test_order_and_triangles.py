"""Checks of the order of rows, and of distances between three photos."""

from __future__ import annotations

import math

import numpy as np
import pytest
from honest_scores import all_pairs, sampled
from scipy import stats

from faceproof.findings.doctor.audit import audit
from faceproof.findings.doctor.order import run_lengths, slope_over_rows, two_sided


def found(results, check):
    return audit(results.audited()).of(check)


def not_run(results, check):
    return next(one.reason for one in audit(results.audited()).not_run if one.check == check)


@pytest.mark.parametrize("length", [2, 3])
def test_scores_over_a_batch_come_in_runs(length):
    honest = sampled()
    score, others = np.sqrt(2 - 2 * honest.score), np.flatnonzero(~honest.mated)
    for start in range(0, others.size, length):
        batch = others[start : start + length]
        score[batch] = np.linalg.norm(score[batch])
    [finding] = found(honest.having(score=score, kind="distance", measure=None), "runs_of_equal_scores")
    assert f"The non-mated scores come in runs of {length} that are equal" in finding.found
    assert run_lengths(np.array([0.5] * 20), np.array([True, False] * 10)) == []


def test_runs_in_both_kinds_are_no_batches():
    honest = sampled()
    twice = np.repeat(honest.score[::2], 2)[: honest.mated.size]
    assert found(honest.having(score=twice), "runs_of_equal_scores") == []


@pytest.mark.parametrize(("kind", "sign"), [("mated", 1), ("mated", -1), ("non-mated", 1), ("non-mated", -1)])
def test_scores_that_drift_over_the_rows(kind, sign):
    honest = sampled()
    rows = honest.mated if kind == "mated" else ~honest.mated
    ramp = sign * np.linspace(-0.15, 0.15, honest.mated.size)
    [finding] = found(honest.having(score=np.where(rows, honest.score + ramp, honest.score)), "drift_over_rows")
    assert finding.severity == "hint"
    way = "rise" if sign > 0 else "fall"
    assert finding.found.startswith(f"The similarities of {kind} comparisons {way} over the rows of the file: by ")


def test_rows_that_are_sorted_by_score_do_not_drift():
    honest = sampled()
    rising = honest.with_rows(np.argsort(honest.score))
    assert not_run(rising, "drift_over_rows") == "the rows are sorted by score"
    by_kind = honest.with_rows(np.lexsort((honest.score, honest.mated)))
    assert not_run(by_kind, "drift_over_rows").startswith("the rows of mated and non-mated comparisons are sorted")


def test_the_slope_is_that_of_a_regression_where_people_do_not_recur():
    kind = sampled(200, 2, 100).audited().linked.made.mated
    slope, p = slope_over_rows(kind)
    expected = stats.linregress(np.linspace(-0.5, 0.5, kind.n), kind.normal_scores)
    assert slope == pytest.approx(expected.slope)
    assert p == pytest.approx(expected.pvalue, abs=0.05)
    assert two_sided(2.0, math.inf) == pytest.approx(2 * stats.norm.sf(2.0))
    assert two_sided(-2.0, 7) == pytest.approx(2 * stats.t.sf(2.0, 7))


def test_distances_that_no_templates_have():
    honest = all_pairs(20, 3)
    assert "triangle_inequality" in audit(honest.audited()).passed
    distance = np.sqrt(2 - 2 * honest.score)
    wrong = distance.copy()
    wrong[0] = 0.01  # two photos as near as copies, whose distances to others differ
    [finding] = found(honest.having(score=wrong, kind="distance", measure="euclidean"), "triangle_inequality")
    assert finding.severity == "fault"
    assert "(rows 1 and " in finding.evidence[0] or " and 1)" in finding.evidence[0]
    squared = honest.having(score=distance**2, kind="distance", measure=None)
    assert [one.severity for one in found(squared, "triangle_inequality")] == ["hint"]
    assert "triangle_inequality" in audit(squared.having(measure="squared_euclidean").audited()).passed


def test_triples_that_are_not_complete_say_nothing():
    honest = all_pairs(20, 2)
    chain = honest.with_rows(np.flatnonzero(honest.mated))
    assert not_run(chain, "triangle_inequality") == "no three photos are all compared with each other"
    rounded = honest.having(score=np.round(honest.score, 2))
    assert not_run(rounded, "triangle_inequality") == "the scores are rounded too far"


@pytest.mark.parametrize(("middle", "wrong"), [(0.5, 0), (0.4999, 0), (0.49517, 1)])
def test_three_photos_on_a_line_are_no_fault(middle, wrong):
    line = all_pairs(3, 1).having(score=np.array([middle, 1.0, 0.5]), kind="distance", measure="euclidean")
    findings = found(line, "triangle_inequality")
    assert len(findings) == wrong
    assert not wrong or findings[0].found.startswith("1 of 1 triple of photos has a distance that is longer")
