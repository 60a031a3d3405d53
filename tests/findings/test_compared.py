"""Paired numbers against their laws, against SciPy and scikit-learn, and against plain loops."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from faceproof.findings.compared import (
    FEWEST_EER_ERRORS,
    FEWEST_MATCHES,
    MEASURES,
    Agreement,
    Measured,
    MeasuredDifference,
    Paired,
    difference,
    linked_runs,
    measured,
    pair_runs,
)
from faceproof.findings.joined import join_runs
from faceproof.metrics.confusion import accuracy, confusion_at, fmr, fnmr
from faceproof.metrics.differences import holm
from faceproof.metrics.intervals import eer_influence, fnmr_at_fmr_influence, linear_interval
from faceproof.metrics.operating_points import eer, threshold_at_fmr
from faceproof.summary.comparison import summarize_comparison


def made_up(people=40, photos=3, seed=1, noise=(0.03, 0.1), others=8):
    """Two systems on all mated pairs of some people and some non-mated ones: similarity, mated, people."""
    rng = np.random.default_rng(seed)
    couples = list(itertools.combinations(range(photos), 2))
    a = np.repeat(np.arange(people), len(couples))
    drawn = np.array([rng.choice(people, 2, replace=False) for _ in range(others * people)])
    person_a, person_b = np.concatenate([a, drawn[:, 0]]), np.concatenate([a, drawn[:, 1]])
    mated = person_a == person_b
    ease = rng.normal(0, 0.08, people)[person_a] + rng.normal(0, 0.1, mated.size)
    similarity = np.where(mated, 0.6, 0.1) + ease + rng.normal(0, 1, (2, mated.size)) * np.array(noise)[:, None]
    return np.clip(similarity, -1, 1), mated, person_a, person_b


def paired_of(similarity, mated, person_a, person_b, fold=None, seed=0, people_known=True) -> Paired:
    fold = np.full(mated.size, -1) if fold is None else fold
    return pair_runs(similarity, mated, person_a, person_b, fold, seed, people_known=people_known)


def measures(paired: Paired) -> list[dict[str, Measured]]:
    return [measured(paired, linked, run) for run, linked in enumerate(linked_runs(paired))]


def differences(paired: Paired, run: int = 1, baseline: int = 0) -> dict[str, MeasuredDifference]:
    found = measures(paired)
    linked = linked_runs(paired)[0]
    return {name: difference(name, paired, linked, found[run], found[baseline]) for name in MEASURES}


class TestDecisions:
    def test_only_what_all_runs_made_takes_part(self):
        similarity, *rest = made_up()
        similarity[0, 3] = similarity[1, [3, 7, 50]] = np.nan
        paired = paired_of(similarity, *rest)
        assert paired.rows.tolist() == [row for row in range(similarity.shape[1]) if row not in {3, 7, 50}]
        assert np.isfinite(paired.similarity).all()
        np.testing.assert_array_equal(paired.similarity, similarity[:, paired.rows])

    def test_nobody_has_a_say_in_his_own_threshold(self):
        similarity, mated, person_a, person_b = made_up()
        person = 11
        own = (person_a == person) | (person_b == person)
        changed = similarity.copy()
        changed[:, own & ~mated] = 0.99
        before, after = (paired_of(one, mated, person_a, person_b) for one in (similarity, changed))
        np.testing.assert_array_equal(before.threshold[:, own], after.threshold[:, own])
        assert (before.threshold[:, ~own] != after.threshold[:, ~own]).any()

    def test_a_run_has_no_say_in_the_thresholds_of_another(self):
        similarity, *rest = made_up()
        changed = similarity.copy()
        changed[1] = changed[1] ** 3
        np.testing.assert_array_equal(paired_of(similarity, *rest).threshold[0], paired_of(changed, *rest).threshold[0])

    def test_thresholds_are_those_of_other_people_by_a_plain_loop(self):
        similarity, mated, person_a, person_b = made_up(people=24)
        fold = np.zeros(mated.size, np.int64)
        together = {frozenset(one) for one in zip(person_a, person_b, strict=True)}
        assert len(together) > 24  # people of different folds meet, so the folds of the protocol cannot serve
        paired = paired_of(similarity, mated, person_a, person_b, fold + (person_a > 11))
        assert not paired.by_fold
        inside = (person_a > 11) == (person_b > 11)
        kept = similarity[:, inside], mated[inside], person_a[inside], person_b[inside]
        by_fold = paired_of(*kept, fold=(kept[2] > 11).astype(np.int64))
        assert by_fold.by_fold
        assert by_fold.decided
        for run, row in itertools.product((0, 1), range(inside.sum())):
            others = (kept[2] > 11) != (kept[2][row] > 11)
            wanted = threshold_at_fmr(kept[0][run][others], kept[1][others], by_fold.fmr)
            assert by_fold.threshold[run, row] == wanted

    def test_a_tie_with_the_threshold_is_accepted(self):
        paired = paired_of(*made_up())
        tied = replace(paired, similarity=paired.threshold)
        assert tied.accepted.all()
        np.testing.assert_array_equal(tied.right, np.stack([paired.mated] * 2))

    def test_all_runs_are_set_for_the_same_fmr_with_ten_false_matches_or_more_behind_each_threshold(self):
        similarity, *rest = made_up()
        paired = paired_of(similarity, *rest)
        assert paired.fmr == 0.1
        assert "0.1% needs 10,000" in paired.reason
        many = paired_of(*made_up(others=60))
        assert many.fmr == 0.01
        assert many.fewest_non_mated * many.fmr >= FEWEST_MATCHES
        few = paired_of(*(column[..., :100] for column in made_up(people=100)))
        assert (few.decided, math.isnan(few.fmr)) == (False, True)
        assert few.reason

    def test_without_thresholds_only_eer_is_told(self):
        paired = paired_of(*(column[..., 110:126] for column in made_up()))
        assert not paired.decided
        assert [list(one) for one in measures(paired)] == [["eer"], ["eer"]]
        found = differences(paired)
        assert math.isfinite(found["eer"].value)
        for name in ("fnmr", "accuracy", "fmr"):
            assert math.isnan(found[name].value)
            assert found[name].reason == paired.reason
            assert found[name].test is None

    def test_with_fewer_than_ten_false_matches_fnmr_is_told_but_not_tested(self):
        similarity, mated, person_a, person_b = made_up(people=80)
        kept = np.flatnonzero(mated | (np.cumsum(~mated) <= 70))
        paired = paired_of(similarity[:, kept], mated[kept], person_a[kept], person_b[kept])
        assert paired.fmr == 0.1
        assert 10 <= paired.fewest_non_mated < 100
        found = differences(paired)["fnmr"]
        assert found.test is None
        assert f"needs {FEWEST_MATCHES} false matches" in found.reason
        assert ends(found)[0] < found.value < ends(found)[1]
        for fewest, there in ((99, False), (100, True)):
            assert (differences(replace(paired, fewest_non_mated=fewest))["fnmr"].test is not None) == there


class TestMeasures:
    def test_they_are_the_plain_rates(self):
        paired = paired_of(*made_up())
        for run, (similarity, found) in enumerate(zip(paired.similarity, measures(paired), strict=True)):
            counts = confusion_at(similarity - paired.threshold[run], paired.mated, 0)
            assert set(found) == {"eer", "fnmr", "fmr", "accuracy"}
            assert found["accuracy"].value == pytest.approx(accuracy(counts))
            assert found["fnmr"].value == pytest.approx(fnmr(counts))
            assert found["fmr"].value == pytest.approx(fmr(counts))
            assert found["eer"].value == pytest.approx(eer(similarity, paired.mated)[0])

    def test_the_wrong_decisions_of_each_are_those_at_its_threshold(self):
        paired = paired_of(*made_up())
        for run, (similarity, found) in enumerate(zip(paired.similarity, measures(paired), strict=True)):
            wrong = ~paired.right[run]
            np.testing.assert_array_equal(found["accuracy"].wrong, wrong)
            np.testing.assert_array_equal(found["fnmr"].wrong, wrong & paired.mated)
            np.testing.assert_array_equal(found["fmr"].wrong, wrong & ~paired.mated)
            at_eer = (similarity >= eer(similarity, paired.mated)[1]) != paired.mated
            np.testing.assert_array_equal(found["eer"].wrong, at_eer)

    def test_a_tie_with_the_threshold_of_the_eer_is_accepted(self):
        similarity, mated = np.array([0.75, 0.5, 0.5, 0.25]), np.array([True, True, False, False])
        row = np.arange(4)
        paired = paired_of(similarity[None], mated, row, np.where(mated, row, row + 4))
        assert eer(similarity, mated) == (0.25, 0.5)
        assert measures(paired)[0]["eer"].wrong.tolist() == [False, False, True, False]

    @pytest.mark.parametrize("known", [True, False])
    def test_the_influences_are_those_of_fnmr_at_an_fmr_of_eer_and_of_a_share(self, known):
        paired = paired_of(*made_up(), people_known=known)
        for run, (linked, found) in enumerate(zip(linked_runs(paired), measures(paired), strict=True)):
            assert linked.made.known is known
            of_fnmr = fnmr_at_fmr_influence(linked.made, paired.accepted[run], paired.fmr)
            np.testing.assert_allclose(found["fnmr"].influence, of_fnmr)
            np.testing.assert_allclose(found["eer"].influence, eer_influence(linked.made, found["eer"].value))
            wrong, others = ~paired.right[run], ~paired.mated
            of_fmr = others * (wrong - wrong[others].mean()) / others.sum()
            np.testing.assert_allclose(found["fmr"].influence, of_fmr, atol=1e-15)
            share = paired.mated.mean()
            np.testing.assert_allclose(found["accuracy"].influence, -share * of_fnmr - (1 - share) * of_fmr, atol=1e-15)

    @pytest.mark.parametrize("kind", [True, False])
    def test_with_one_kind_of_comparison_nothing_but_its_fmr_is_told(self, kind):
        similarity, mated, person_a, person_b = made_up(people=400, photos=2)
        only = mated == kind
        paired = paired_of(similarity[:, only], mated[only], person_a[only], person_b[only])
        assert [list(found) for found in measures(paired)] == [[] if kind else ["fmr"]] * 2
        for found in (found for name, found in differences(paired).items() if name not in measures(paired)[0]):
            assert math.isnan(found.value)
            assert found.reason == f"There is no {'non-mated' if kind else 'mated'} comparison."


def ends(found: MeasuredDifference) -> tuple[float, float]:
    assert found.interval is not None
    assert found.interval.low is not None
    assert found.interval.high is not None
    return found.interval.low, found.interval.high


def p_of(found: MeasuredDifference) -> float:
    assert found.test is not None
    return found.test.p


class TestDifferences:
    @settings(max_examples=15, deadline=None)
    @given(st.integers(0, 10_000))
    def test_swapping_the_runs_flips_every_sign(self, seed):
        similarity, *rest = made_up(people=25, seed=seed)
        forth, back = (differences(paired_of(one, *rest)) for one in (similarity, similarity[::-1]))
        for name in MEASURES:
            a, b = forth[name], back[name]
            assert a.value == -b.value
            assert (a.only_run_wrong, a.only_baseline_wrong) == (b.only_baseline_wrong, b.only_run_wrong)
            if a.interval.low is not None:
                assert ends(a) == pytest.approx((-ends(b)[1], -ends(b)[0]))
            assert (a.test is None) == (b.test is None)
            if a.test is not None:
                assert a.test.p == pytest.approx(b.test.p)

    @pytest.mark.parametrize("known", [True, False])
    def test_a_run_differs_in_nothing_from_itself(self, known):
        similarity, *rest = made_up()
        paired = paired_of(np.stack([similarity[1]] * 2), *rest, people_known=known)
        for name, found in differences(paired).items():
            assert found.value == 0
            assert (found.only_run_wrong, found.only_baseline_wrong) == (0, 0)
            assert (found.interval.low, found.interval.high) == (None, None)
            assert "no comparison changes the number" in found.interval.reason
            if name in ("fnmr", "eer"):
                assert (found.test.p, found.test.p_difference, found.test.p_exact) == (1, 1, 1)
        assert Agreement.of(*paired.accepted).kappa == 1

    def test_value_interval_and_tests_are_those_of_the_paired_influences(self):
        paired = paired_of(*made_up())
        first, second = measures(paired)
        dependence = linked_runs(paired)[1].made
        for name, found in differences(paired).items():
            value = second[name].value - first[name].value
            want = linear_interval(
                value, dependence.influence_of(second[name].influence - first[name].influence), known=True
            )
            assert found.value == pytest.approx(value, abs=1e-12)
            assert ends(found) == pytest.approx((want.low, want.high), abs=1e-9)
            only_second = np.count_nonzero(second[name].wrong & ~first[name].wrong)
            only_first = np.count_nonzero(first[name].wrong & ~second[name].wrong)
            assert (found.only_run_wrong, found.only_baseline_wrong) == (only_second, only_first)
            if found.test is not None:
                exact = binomtest(only_second, only_first + only_second, 0.5).pvalue
                assert found.test.p_exact == pytest.approx(exact)
                assert found.test.p == max(found.test.p_exact, found.test.p_difference)

    def test_a_clearly_worse_run_is_found_out(self):
        found = differences(paired_of(*made_up(people=80, noise=(0.02, 0.25))))
        for name in ("fnmr", "eer"):
            assert ends(found[name])[0] > 0
            assert p_of(found[name]) < 0.01
        assert found["accuracy"].value < 0
        assert ends(found["accuracy"])[1] < 0

    def test_a_copy_with_a_little_noise_is_not(self):
        similarity, *rest = made_up(people=80, noise=(0.05, 0.05))
        told = 0
        for seed in range(10):
            copy = similarity[0] + np.random.default_rng(seed).normal(0, 0.01, similarity.shape[1])
            found = differences(paired_of(np.stack([similarity[0], copy]), *rest))
            told += any(p_of(found[name]) < 0.05 for name in ("fnmr", "eer"))
        assert told <= 1

    def test_two_systems_that_are_equal_in_truth_are_seldom_called_different(self):
        """About one in twenty of forty; with thresholds held as they are it would be one in six or more."""
        told = {"fnmr": 0, "eer": 0}
        for seed in range(40):
            found = differences(paired_of(*made_up(people=50, seed=seed, noise=(0.1, 0.1))))
            for name in told:
                told[name] += found[name].test is not None and found[name].test.p < 0.05
        assert max(told.values()) <= 5

    def test_the_interval_covers_the_difference_of_the_population(self):
        """40 samples of people: about 95% of the intervals hold what 4,000 people of the same kind have."""
        everybody, mated, *_ = made_up(people=4000, seed=99)
        truth = eer(everybody[1], mated)[0] - eer(everybody[0], mated)[0]
        held = 0
        for seed in range(40):
            low, high = ends(differences(paired_of(*made_up(people=50, seed=seed)))["eer"])
            held += low <= truth <= high
        assert held >= 35

    def test_what_both_runs_find_hard_cancels(self):
        """The standard error of the difference is far below that of two runs on different comparisons."""
        paired = paired_of(*made_up(people=200, noise=(0.04, 0.05)))
        made = linked_runs(paired)[0].made
        apart = [made.influence_of(one["eer"].influence).variance for one in measures(paired)]
        assert differences(paired)["eer"].test.standard_error < 0.8 * math.sqrt(sum(apart))

    def test_four_to_nothing_is_not_enough(self):
        """The second run rejects four mated comparisons of different people more, and is otherwise the same."""
        similarity, mated, person_a, person_b = made_up(noise=(0.03, 0.03))
        paired = paired_of(np.stack([similarity[0]] * 2), mated, person_a, person_b)
        accepted = np.flatnonzero(paired.accepted[0] & paired.mated)
        rows = accepted[np.unique(paired.person_a[accepted], return_index=True)[1][:4]]
        worse = paired.similarity.copy()
        worse[1, rows] = -1
        found = differences(replace(paired, similarity=worse))["fnmr"]
        assert (found.only_run_wrong, found.only_baseline_wrong) == (4, 0)
        assert found.test.p_exact == found.test.p == 0.125

    def test_only_fnmr_and_eer_are_tested_and_eer_with_errors_enough(self):
        few, many = (differences(paired_of(*made_up(people=30, noise=(noise, noise)))) for noise in (0.01, 0.15))
        for found in (few, many):
            for name in ("accuracy", "fmr"):
                assert found[name].test is None
                assert found[name].reason == "only FNMR and EER are tested"
            assert found["fnmr"].test is not None
        assert few["eer"].test is None
        assert f"needs {FEWEST_EER_ERRORS} errors" in few["eer"].reason
        assert many["eer"].test is not None
        assert many["eer"].reason is None

    @pytest.mark.parametrize(("errors", "there"), [(5, False), (6, True)])
    def test_a_test_of_the_eer_needs_six_errors_in_the_smaller_kind_of_the_better_run(self, errors, there):
        """60 mated comparisons and 120 others, of people of their own; the second run has twice the errors."""
        mated = np.arange(180) < 60
        runs = []
        for wrong in (errors, 2 * errors):
            similarity = np.where(mated, 0.8, 0.2) + np.arange(180) / 1e5
            similarity[:wrong], similarity[60 : 60 + 2 * wrong] = 0.1, 0.9
            runs.append(similarity)
        row = np.arange(180)
        paired = paired_of(np.stack(runs), mated, row, np.where(mated, row, row + 180))
        first, second = measures(paired)
        assert first["eer"].value == pytest.approx(errors / 60)
        assert second["eer"].value == pytest.approx(2 * errors / 60)
        for run in (0, 1):
            assert (differences(paired, run, 1 - run)["eer"].test is not None) == there

    def test_where_people_are_unknown_comparisons_are_independent(self):
        similarity, *rest = made_up()
        known, unknown = (differences(paired_of(similarity, *rest, people_known=one))["fnmr"] for one in (True, False))
        assert "dyadic-robust" in known.interval.method
        assert "independent" in unknown.interval.method
        assert unknown.interval.effective_people is None
        assert unknown.value == known.value


def runs_of(named, two_scores, *noise: float):
    """A baseline and runs that add noise to its scores, joined."""
    pairs, first, _ = two_scores(100)
    rng = np.random.default_rng(5)
    others = [np.clip(first + rng.normal(0, one, first.size), -1, 1) for one in noise]
    return join_runs(named(*({"pairs": pairs, "similarity": one, "model": "same"} for one in (first, *others))))


class TestSeveralRuns:
    def test_holm_corrects_the_tests_of_one_measure_for_the_number_of_runs(self, named, two_scores):
        joined = runs_of(named, two_scores, 0.05, 0.12, 0.4)
        summary, _ = summarize_comparison(joined, common=False, command=None, finished="2026-01-01T00:00:00Z")
        assert [one.baseline for one in summary.differences] == [joined.names[0]] * 3
        for name in ("fnmr_test", "eer_test"):
            tests = [getattr(one, name) for one in summary.differences]
            uncorrected = [max(test.p_difference, test.p_exact) for test in tests]
            assert [test.p for test in tests] == pytest.approx(holm(uncorrected))
            assert [test.different for test in tests] == [test.p <= 0.05 for test in tests]
            assert tests[2].different
            assert tests[2].people_needed is None
            assert tests[2].p > uncorrected[2]
            assert all(test.different or test.people_needed > 0 for test in tests)

    def test_a_run_beside_itself_and_a_worse_one_is_not_different(self, named, two_scores):
        joined = runs_of(named, two_scores, 0.0, 0.4)
        summary, _ = summarize_comparison(joined, common=False, command=None, finished="2026-01-01T00:00:00Z")
        same, worse = summary.differences
        for name in ("fnmr_test", "eer_test"):
            assert (getattr(same, name).different, getattr(same, name).p) == (False, 1)
            assert getattr(same, name).people_needed is None
            assert getattr(worse, name).different
        assert (same.fnmr.value, same.fnmr.low, same.fnmr.high) == (0, None, None)
        assert worse.fnmr.low > 0


class TestAgreement:
    @given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
    def test_kappa_is_that_of_scikit_learn(self, decisions):
        first, second = np.array(decisions).T
        found = Agreement.of(first, second)
        assert found.n == len(decisions)
        assert found.alike == pytest.approx(np.mean(first == second))
        one_way = (first.all() and second.all()) or not (first.any() or second.any())
        if one_way:
            assert math.isnan(found.kappa)
        else:
            assert found.kappa == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)

    @given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
    def test_it_does_not_matter_which_comes_first(self, decisions):
        first, second = np.array(decisions).T
        forth, back = Agreement.of(first, second), Agreement.of(second, first)
        assert (forth.alike, forth.only_first_accepts) == (back.alike, back.only_second_accepts)
        assert math.isnan(forth.kappa) == math.isnan(back.kappa)
        assert math.isnan(forth.kappa) or forth.kappa == back.kappa

    def test_without_a_comparison_nothing_is_said(self):
        nothing = Agreement.of(np.zeros(0, bool), np.zeros(0, bool))
        assert math.isnan(nothing.alike)
        assert math.isnan(nothing.kappa)
