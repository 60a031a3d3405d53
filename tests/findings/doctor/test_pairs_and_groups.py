"""Checks of which photos and people are compared, of folds, and of parts of the data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from honest_scores import all_pairs, like_view2, sampled
from scipy import stats

from faceproof.findings.doctor.audit import audit
from faceproof.findings.doctor.groups import welch


def found(results, check):
    return audit(results.audited()).of(check)


def swapped(results, rows):
    columns = {name: list(column) for name, column in results.columns.items()}
    for what in ("photo", "person"):
        for row in rows:
            a, b = columns[f"{what}_a"][row], columns[f"{what}_b"][row]
            columns[f"{what}_a"][row], columns[f"{what}_b"][row] = b, a
    return results.having(columns=columns)


def test_repeated_rows_are_a_fault_also_with_the_sides_swapped():
    honest = sampled(20, 3, 50)
    n = honest.mated.size
    again = swapped(honest.with_rows([*range(n), 4, 7]), [n + 1])
    [finding] = found(again, "repeated_comparisons")
    assert finding.found == "2 rows repeat the comparison of an earlier row with the same score."
    assert finding.evidence[0].startswith(f"row {n + 1} (")
    assert finding.evidence[0].endswith(f"row 5: non-mated, {honest.score[4]:.6g}")
    assert found(again, "order_of_sides") == []
    assert found(honest, "repeated_comparisons") == []


def test_two_scores_of_the_same_photos_are_a_fault():
    honest = sampled(20, 3, 50)
    again = honest.with_rows([*range(honest.mated.size), 4])
    score = again.score.copy()
    score[-1] += 0.01
    [finding] = found(again.having(score=score), "repeated_comparisons")
    assert "another score" in finding.found
    other = again.mated.copy()
    other[-1] = ~other[-1]
    [finding] = found(again.having(mated=other), "repeated_comparisons")
    assert "another label" in finding.found


@pytest.mark.parametrize(("measure", "severity"), [("cosine_similarity", "fault"), (None, "hint")])
def test_the_order_of_sides_changes_no_score(measure, severity):
    honest = sampled(20, 3, 50)
    again = swapped(honest.with_rows([*range(honest.mated.size), 4]), [honest.mated.size])
    score = again.score.copy()
    score[-1] += 0.01
    [finding] = found(again.having(score=score, measure=measure), "order_of_sides")
    assert finding.severity == severity
    assert "the largest difference is 0.01" in finding.found
    assert found(again.having(score=score), "repeated_comparisons") == []


def test_a_photo_with_itself_is_a_fault():
    honest = sampled(20, 3, 50)
    columns = {name: list(column) for name, column in honest.columns.items()}
    row = int(honest.mated.argmax())
    columns["photo_b"][row] = columns["photo_a"][row]
    [finding] = found(honest.having(columns=columns), "photo_with_itself")
    assert finding.found == "1 comparison is of a photo with itself, which is no test."


def test_one_photo_under_two_names():
    honest = sampled(20, 3, 50)
    score = honest.score.copy()
    mates, others = np.flatnonzero(honest.mated), np.flatnonzero(~honest.mated)
    score[mates[:2]], score[others[0]] = 0.999995, 1.0
    [fault, hint] = found(honest.having(score=score), "same_photo_twice")
    assert (fault.severity, hint.severity) == ("fault", "hint")
    assert fault.found.startswith("1 non-mated comparison has identical templates")
    assert hint.found.startswith("2 mated comparisons have identical templates")
    score[mates[:2]], score[others[0]] = 0.99998, 0.9
    assert found(honest.having(score=score), "same_photo_twice") == []


def test_labels_that_contradict_the_names():
    honest = sampled(20, 3, 50)
    labels = honest.mated.copy()
    mates, others = np.flatnonzero(labels)[:2], np.flatnonzero(~labels)[:3]
    labels[mates], labels[others] = False, True
    [one, other] = found(honest.having(mated=labels), "labels_against_names")
    assert one.found == "2 comparisons are labelled non-mated, though both sides name one person."
    assert other.found == "3 comparisons are labelled mated, though the sides name two people."


def test_couples_of_people_that_are_as_alike_as_one_person_are_listed():
    """One person under two names: all comparisons of the two names are alike."""
    honest = all_pairs(20, 3)
    sides = zip(honest.columns["person_a"], honest.columns["person_b"], strict=True)
    two = [{"p0004", "p0011"} == {a, b} for a, b in sides]
    score = np.where(two, 0.9, honest.score)
    [finding] = found(honest.having(score=score), "labels_that_look_wrong")
    assert finding.severity == "hint"
    assert finding.evidence[0].startswith("p0004 and p0011: 9 of 9 comparisons, the most alike 0.9 (row ")


def test_people_in_two_folds():
    honest = like_view2(folds=4, people=20)
    assert found(honest, "people_in_two_folds") == []
    fold = honest.fold.copy()
    fold[0] = 1
    [finding] = found(honest.having(fold=fold), "people_in_two_folds")
    assert finding.severity == "fault"
    assert finding.found.startswith("1 of ")
    assert finding.evidence == (f"{honest.columns['person_a'][0]}: 2 folds (rows 1, 2)",)
    everyone = honest.having(fold=np.arange(honest.mated.size) % 10)
    [finding] = found(everyone, "people_in_two_folds")
    assert len(finding.evidence) == 10


def test_people_in_training_and_test():
    honest = sampled(30, 3, 200)
    first, second = (np.array(honest.columns[f"person_{side}"]) < "p0015" for side in "ab")
    both = ~first & ~second
    split = np.where(first & second, "train", np.where(both, "test", ""))
    assert found(honest.having(split=split.tolist()), "people_in_two_parts") == []
    split[np.flatnonzero(both)[0]] = "Train"
    [finding] = found(honest.having(split=split.tolist()), "people_in_two_parts")
    assert "in two parts of the data or more" in finding.found


def test_people_of_training_who_score_higher():
    honest = sampled(60, 4, 300)
    seen = np.array([int(name[1:]) < 30 for name in honest.columns["person_a"]])
    train = honest.mated & seen & (np.arange(seen.size) % 3 == 0)
    split = np.where(train, "train", "test").tolist()
    assert found(honest.having(split=split), "people_of_training_score_higher") == []
    easier = honest.having(split=split, score=np.where(honest.mated & seen, honest.score + 0.08, honest.score))
    [finding] = found(easier, "people_of_training_score_higher")
    assert (finding.severity, "for the 30 people who are also in training than for the 30 others" in finding.found) == (
        "hint",
        True,
    )
    harder = honest.having(split=split, score=np.where(honest.mated & seen, honest.score - 0.08, honest.score))
    assert found(harder, "people_of_training_score_higher") == []


def test_welch_is_that_of_scipy():
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 1, 12), rng.normal(0.5, 3, 30)
    expected = stats.ttest_ind(one, other, equal_var=False)
    assert welch(one, other) == pytest.approx((expected.statistic, expected.df))
    assert welch(np.ones(3), np.zeros(3))[0] == math.inf
