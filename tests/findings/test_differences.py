"""Two runs on the same comparisons: similarities and decisions that differ, counted and named."""

from __future__ import annotations

import numpy as np
import pytest
from five_pairs import PAIRS, SIMILARITY

from faceproof.findings.differences import SHOWN, ScoreDifferences, SharedRows, compare_scores, shared_rows
from faceproof.findings.scored import join_scores

AT = 0.25


@pytest.fixture
def compared(named):
    """Compare a run of the five pairs with another one, each decided at its threshold."""

    def compared(other, at=(AT, AT), **settings) -> ScoreDifferences:
        runs = named({}, other)
        scored = [join_scores(run.tables) for run in runs]
        thresholds = [None if one is None else np.full(len(each), one) for one, each in zip(at, scored, strict=True)]
        return compare_scores(*scored, shared_rows(*runs), thresholds, **settings)

    return compared


def test_equal_runs_have_no_difference(compared):
    found = compared({}, system="m")
    assert found == ScoreDifferences("m", "clean", 5, 0, 0, 0, 0.0, 0, 0, ())


def test_one_similarity_is_found_and_named(compared):
    found = compared({"similarity": [0.9, 0.801, 0.1, 0.2, 0.3]}, tolerance=1e-5)
    assert (found.not_exact, found.different, found.decisions, found.decisions_within) == (1, 1, 0, 0)
    assert found.largest == pytest.approx(1e-3)
    (one,) = found.examples
    assert (one.comparison, one.photo_a, one.photo_b, one.mated) == (1, "ben/1", "ben/2", True)
    assert (one.similarity_a, one.similarity_b) == (0.8, 0.801)
    assert (one.decision_a, one.decision_b) == ("accepted", "accepted")


def test_a_difference_of_the_tolerance_is_none_beyond_it(compared):
    similarity = [0.9, 0.8, 0.1, 0.25, 0.3]
    found = compared({"similarity": similarity}, at=(None, None), tolerance=0.25 - 0.2)
    assert (found.not_exact, found.different, found.decisions, found.examples) == (1, 0, None, ())
    assert compared({"similarity": similarity}, tolerance=0.0499).different == 1


def test_a_decision_within_the_tolerance_is_counted_apart(compared):
    found = compared({"similarity": [0.9, 0.8, 0.1, 0.2, 0.3 - 2e-6]}, at=(0.3, 0.3), tolerance=1e-5)
    assert (found.different, found.decisions, found.decisions_within) == (0, 0, 1)
    assert [(one.comparison, one.decision_a, one.decision_b) for one in found.examples] == [(4, "accepted", "rejected")]
    beyond = compared({"similarity": [0.9, 0.8, 0.1, 0.2, 0.29]}, at=(0.3, 0.3), tolerance=1e-5)
    assert (beyond.different, beyond.decisions, beyond.decisions_within) == (1, 1, 0)


def test_each_run_decides_at_its_own_threshold(compared):
    found = compared({}, at=(0.25, 0.15))
    assert (found.different, found.decisions, found.decisions_within) == (0, 0, 1)
    assert [(one.comparison, one.decision_a, one.decision_b) for one in found.examples] == [(3, "rejected", "accepted")]


def test_a_similarity_at_the_threshold_is_accepted(compared):
    assert compared({}, at=(0.2, 0.25)).examples[0].decision_a == "accepted"


def test_a_comparison_of_one_run_alone_differs_at_any_tolerance(compared):
    found = compared({"failed": frozenset({"cem/1"})}, tolerance=2.0)
    assert (found.not_exact, found.different, found.made_by_one, found.largest) == (2, 2, 2, 0.0)
    assert [(one.comparison, one.similarity_b, one.decision_b) for one in found.examples] == [
        (3, None, "not made"),
        (4, None, "not made"),
    ]
    assert found.decisions == 2


def test_what_neither_run_could_make_is_no_difference(named):
    runs = named({"failed": frozenset({"ann/1"})}, {"failed": frozenset({"ann/1"})})
    scored = [join_scores(run.tables) for run in runs]
    found = compare_scores(*scored, shared_rows(*runs), [None, None])
    assert (found.comparisons, found.not_exact, found.largest) == (5, 0, 0.0)
    nobody = named(*[{"failed": frozenset({"ann/1", "ann/2", "ben/1", "ben/2"})}] * 2)
    scored = [join_scores(run.tables) for run in nobody]
    assert compare_scores(*scored, shared_rows(*nobody), [None, None]).largest is None


def test_comparisons_are_matched_by_photos(named):
    order = [3, 0, 4, 1]
    runs = named({}, {"pairs": [PAIRS[row] for row in order], "similarity": [SIMILARITY[row] for row in order]})
    shared = shared_rows(*runs)
    assert (shared.a.tolist(), shared.b.tolist()) == ([0, 1, 3, 4], [1, 3, 0, 2])
    assert (shared.only_a, shared.only_b) == (1, 0)
    scored = [join_scores(run.tables) for run in runs]
    # The thresholds belong to the rows of each run: comparison 3 is accepted at its own threshold in both.
    thresholds = [np.array([1, 1, 1, 0.2, 1.0]), np.array([0.2, 1, 1, 1])]
    found = compare_scores(*scored, shared, thresholds)
    assert (found.comparisons, found.not_exact, found.decisions, found.decisions_within) == (4, 0, 0, 0)


def test_changed_decisions_come_first_and_then_the_largest_difference(named, made_up_run):
    runs = named({}, {"similarity": [0.5, 0.79, 0.13, 0.26, 0.3]})
    scored = [join_scores(run.tables) for run in runs]
    found = compare_scores(*scored, shared_rows(*runs), [np.full(5, AT)] * 2)
    assert [one.comparison for one in found.examples] == [3, 0, 2, 1]


def test_of_many_differences_ten_are_shown(two_scores, made_up_run, tmp_path, named):
    pairs, first, second = two_scores()
    runs = named({"pairs": pairs, "similarity": first}, {"pairs": pairs, "similarity": second})
    scored = [join_scores(run.tables) for run in runs]
    found = compare_scores(*scored, shared_rows(*runs), [np.full(len(pairs), 0.3)] * 2, tolerance=0.1)
    apart = np.abs(first - second)
    flipped = (first >= 0.3) != (second >= 0.3)
    assert found.different == np.count_nonzero(apart > 0.1) > SHOWN
    assert found.decisions == np.count_nonzero(flipped & (apart > 0.1))
    assert found.decisions_within == np.count_nonzero(flipped & (apart <= 0.1))
    assert found.largest == apart.max()
    assert len(found.examples) == SHOWN


def test_without_shared_comparisons_there_is_nothing_to_tell(named):
    scored = [join_scores(run.tables) for run in named({}, {})]
    none = np.zeros(0, np.int64)
    found = compare_scores(*scored, SharedRows(none, none, 5, 5), [np.full(5, AT)] * 2)
    assert (found.comparisons, found.largest, found.decisions, found.examples) == (0, None, 0, ())
