"""Checks of decisions, and of a score file against the pair list of the test."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from honest_scores import like_view2, sampled

from faceproof.findings.doctor.audit import audit
from faceproof.findings.doctor.claims import claims_of
from faceproof.systems.external.listed_pairs import ListedPairs


@pytest.fixture(scope="module")
def honest():
    return sampled(40, 3, 300)


def found(results, check, **more):
    return audit(results.audited(), **more).of(check)


def decided(results, threshold):
    return results.having(decision=(results.score >= threshold).astype(np.int8))


def test_one_threshold_is_no_fault(honest):
    assert found(decided(honest, 0.5), "two_thresholds") == []
    distance = honest.having(score=-honest.score, kind="distance", measure=None)
    assert found(distance.having(decision=(honest.score >= 0.5).astype(np.int8)), "two_thresholds") == []
    tied = decided(honest.having(score=np.round(honest.score, 1)), 0.5)
    some = tied.decision.copy()
    some[np.flatnonzero(tied.score == 0.5)[::2]] = 0  # rounded scores at the threshold may go either way
    assert found(tied.having(decision=some), "two_thresholds") == []


def test_a_threshold_for_each_kind_is_a_fault(honest):
    by_kind = np.where(honest.mated, honest.score >= 0.2, honest.score >= 0.8).astype(np.int8)
    [finding] = found(honest.having(decision=by_kind), "two_thresholds")
    assert finding.severity == "fault"
    assert "Each kind alone has one threshold" in finding.found
    assert len(finding.evidence) == 10
    chance = decided(honest, 0.5).decision.copy()
    chance[[0, -1]] = 1 - chance[[0, -1]]
    [finding] = found(honest.having(decision=chance), "two_thresholds")
    assert "Each kind" not in finding.found


def test_a_threshold_for_each_fold_is_no_fault():
    honest = like_view2(folds=3, people=20)
    at = np.array([0.4, 0.5, 0.6])[honest.fold]
    by_fold = honest.having(decision=(honest.score >= at).astype(np.int8))
    assert found(by_fold, "two_thresholds") == []
    [finding] = found(by_fold.having(fold=None), "two_thresholds")
    assert "No single threshold gives the decisions: " in finding.found
    wrong = np.where(honest.mated, honest.score >= 0.2, honest.score >= 0.8).astype(np.int8)
    findings = found(by_fold.having(decision=wrong), "two_thresholds")
    assert findings[0].found.startswith("No single threshold gives the decisions in fold 0: ")


def test_two_claimed_thresholds_are_a_fault(honest):
    [finding] = found(honest, "two_thresholds", claims=claims_of({"threshold": ["1.1", "0.9"]}))
    assert finding.found == "The claims have 2 thresholds, 1.1 and 0.9, for one decision."
    assert found(decided(honest, 0.5), "two_thresholds", claims=claims_of({"threshold": "0.5"})) == []


def test_claims_are_compared_with_the_decisions(honest):
    results = decided(honest, 0.5)
    right = int((results.decision == honest.mated).sum())
    true = {"accuracy": f"{right / honest.mated.size:.4f}", "comparisons": honest.mated.size}
    assert found(results, "claims_recomputed", claims=claims_of(true)) == []
    [finding] = found(results, "claims_recomputed", claims=claims_of(true | {"accuracy": "0.8000"}))
    assert "That is what the column of decisions gives" in finding.found


def test_a_decision_without_a_score_is_a_fault(honest):
    score = honest.score.copy()
    score[:4] = np.nan
    decision = (honest.score >= 0.5).astype(np.int8)
    decision[:4] = [1, 0, -1, 1]
    [finding] = found(honest.having(score=score, decision=decision), "decisions_without_score")
    assert finding.found.startswith("2 comparisons are accepted without a score")
    decision[:4] = 0
    assert found(honest.having(score=score, decision=decision), "decisions_without_score") == []


def listed(results, stems=False):
    names = {name: pa.chunked_array([pa.array(column, pa.string())]) for name, column in results.columns.items()}
    return ListedPairs("pairs.csv", names, results.mated, stems)


def test_a_file_with_all_pairs_in_any_order_is_no_fault(honest):
    shuffled = honest.with_rows(np.random.default_rng(0).permutation(honest.mated.size))
    assert found(shuffled, "pairs_of_the_list", pairs=listed(honest)) == []
    columns = dict(honest.columns)
    for what in ("photo", "person"):
        columns[f"{what}_a"], columns[f"{what}_b"] = columns[f"{what}_b"], columns[f"{what}_a"]
    assert found(honest.having(columns=columns), "pairs_of_the_list", pairs=listed(honest)) == []


def test_failures_that_were_dropped(honest):
    n = honest.mated.size
    kept = np.setdiff1d(np.arange(n), [3, 50, 51])
    [finding] = found(honest.with_rows(kept), "pairs_of_the_list", pairs=listed(honest))
    lost = int(honest.mated[[3, 50, 51]].sum())
    assert finding.found == (
        f"3 pairs of {n} in pairs.csv have no row: {lost} of 120 mated, {3 - lost} of 300 non-mated."
    )
    assert finding.evidence[0].startswith("pair 4: ")


def test_a_list_that_was_cut_short(honest):
    n = honest.mated.size
    [finding] = found(honest.with_rows(np.arange(n - 20)), "pairs_of_the_list", pairs=listed(honest))
    assert f"All are at the end of the list, after pair {n - 20}" in finding.found


def test_pairs_that_were_shifted(honest):
    """A photo without a face is skipped, so that every later non-mated pair is of the photo after it."""
    others = np.flatnonzero(~honest.mated)
    columns = {name: list(column) for name, column in honest.columns.items()}
    for row, after in pairwise(others[10:]):
        for what in ("photo_b", "person_b"):
            columns[what][row] = honest.columns[what][after]
    missing, added, *_ = found(honest.having(columns=columns), "pairs_of_the_list", pairs=listed(honest))
    assert "have no row" in missing.found
    assert "that pairs.csv does not compare" in added.found


def test_labels_that_differ_from_the_list(honest):
    labels = honest.mated.copy()
    labels[[5, 9]] = ~labels[[5, 9]]
    [finding] = found(honest.having(mated=labels), "pairs_of_the_list", pairs=listed(honest))
    assert finding.found == "2 rows have another label than pairs.csv."


def test_photos_under_other_names(honest):
    columns = {name: [f"/data/{one}" for one in column] for name, column in honest.columns.items()}
    outcome = audit(honest.having(columns=columns).audited(), pairs=listed(honest))
    assert "name photos in different ways" in {one.check: one.reason for one in outcome.not_run}["pairs_of_the_list"]


def test_a_list_may_name_photos_by_their_file_alone():
    """As in LFW's format: the score file has folders and suffixes."""
    results = like_view2(folds=2, people=20)
    columns = {name: [one.replace("/", "_") for one in column] for name, column in results.columns.items()}
    stems = {name: [one.removesuffix(".jpg") for one in column] for name, column in columns.items()}
    paths = {name: [f"any/where/{one}" for one in column] for name, column in columns.items()}
    pairs = listed(results.having(columns=stems), stems=True)
    assert found(results.having(columns=paths), "pairs_of_the_list", pairs=pairs) == []


@pytest.mark.parametrize("with_list", [True, False])
def test_a_kind_that_fails_more_often(honest, with_list):
    rng, n = np.random.default_rng(1), honest.mated.size
    lost = honest.mated & (rng.random(n) < 0.5)
    if with_list:
        results, pairs = honest.with_rows(np.flatnonzero(~lost)), listed(honest)
    else:
        results, pairs = honest.having(score=np.where(lost, np.nan, honest.score)), None
    [finding] = found(results, "loss_by_kind", pairs=pairs)
    assert finding.severity == "hint"
    assert finding.found.startswith(f"{lost.sum() / 120:.2%} of mated and 0.00% of non-mated comparisons lack a score")
    evenly = honest.having(score=np.where(rng.random(n) < 0.3, np.nan, honest.score))
    assert found(evenly, "loss_by_kind") == []
