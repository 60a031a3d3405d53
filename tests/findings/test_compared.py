"""Paired numbers against their laws, against SciPy and scikit-learn, and against plain loops."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chi2
from sklearn.metrics import cohen_kappa_score

from faceproof.findings.compared import (
    MEASURES,
    Agreement,
    drawn_measures,
    enough_draws,
    mcnemar,
    measures,
    pair_runs,
)
from faceproof.metrics.confusion import accuracy, confusion_at, fmr, fnmr
from faceproof.metrics.intervals import difference_interval
from faceproof.metrics.operating_points import eer, threshold_at_fmr
from faceproof.metrics.resampling import resampled_weights


def made_up(people=40, photos=3, seed=1, noise=(0.03, 0.1)):
    """Two systems on all mated pairs of some people and some non-mated ones: similarity, mated, people."""
    rng = np.random.default_rng(seed)
    couples = list(itertools.combinations(range(photos), 2))
    a = np.repeat(np.arange(people), len(couples))
    others = np.array([rng.choice(people, 2, replace=False) for _ in range(8 * people)])
    person_a, person_b = np.concatenate([a, others[:, 0]]), np.concatenate([a, others[:, 1]])
    mated = person_a == person_b
    ease = rng.normal(0, 0.08, people)[person_a] + rng.normal(0, 0.1, mated.size)
    similarity = np.where(mated, 0.6, 0.1) + ease + rng.normal(0, 1, (2, mated.size)) * np.array(noise)[:, None]
    return np.clip(similarity, -1, 1), mated, person_a, person_b


def paired_of(similarity, mated, person_a, person_b, fold=None, seed=0):
    fold = np.full(mated.size, -1) if fold is None else fold
    return pair_runs(similarity, mated, person_a, person_b, fold, seed)


def once(paired):
    return {name: values[:, 0] for name, values in measures(paired, np.ones((1, paired.mated.size))).items()}


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
        similarity, mated, person_a, person_b = made_up(people=12)
        fold = np.zeros(mated.size, np.int64)
        together = {frozenset(one) for one in zip(person_a, person_b, strict=True)}
        assert len(together) > 12  # people of different folds meet, so the folds of the protocol cannot serve
        paired = paired_of(similarity, mated, person_a, person_b, fold + (person_a > 5))
        assert not paired.by_fold
        inside = (person_a > 5) == (person_b > 5)
        kept = similarity[:, inside], mated[inside], person_a[inside], person_b[inside]
        by_fold = paired_of(*kept, fold=(kept[2] > 5).astype(np.int64))
        assert by_fold.by_fold
        for run, row in itertools.product((0, 1), range(inside.sum())):
            others = (kept[2] > 5) != (kept[2][row] > 5)
            wanted = threshold_at_fmr(kept[0][run][others], kept[1][others], by_fold.fmr)
            assert by_fold.threshold[run, row] == wanted

    def test_a_tie_with_the_threshold_is_accepted(self):
        paired = paired_of(*made_up())
        tied = replace(paired, similarity=paired.threshold)
        assert tied.accepted.all()
        np.testing.assert_array_equal(tied.right, np.stack([paired.mated] * 2))

    def test_all_runs_are_set_for_the_same_fmr(self):
        similarity, *rest = made_up()
        paired = paired_of(similarity, *rest)
        assert paired.fmr == 0.01
        assert "0.1% needs 1,000" in paired.reason
        few = paired_of(*(column[..., :100] for column in made_up(people=100)))
        assert (few.decided, math.isnan(few.fmr)) == (False, True)
        assert few.reason

    def test_without_thresholds_only_eer_is_told(self):
        similarity, mated, person_a, person_b = (column[..., 110:126] for column in made_up())
        paired = paired_of(similarity, mated, person_a, person_b)
        assert not paired.decided
        found = once(paired)
        assert np.isnan([found[name] for name in ("accuracy", "fnmr", "fmr")]).all()
        assert np.isfinite(found["eer"]).all()


class TestMeasures:
    def test_with_every_comparison_once_they_are_the_plain_rates(self):
        paired = paired_of(*made_up())
        found = once(paired)
        for run, similarity in enumerate(paired.similarity):
            counts = confusion_at(similarity - paired.threshold[run], paired.mated, 0)
            assert found["accuracy"][run] == pytest.approx(accuracy(counts))
            assert found["fnmr"][run] == pytest.approx(fnmr(counts))
            assert found["fmr"][run] == pytest.approx(fmr(counts))
            assert found["eer"][run] == pytest.approx(eer(similarity, paired.mated)[0])

    def test_a_weight_of_two_counts_as_two_comparisons(self):
        paired = paired_of(*made_up(people=20))
        times = np.random.default_rng(0).integers(0, 3, paired.mated.size)
        weighted = measures(paired, times[None].astype(np.float32))
        rows = np.repeat(np.arange(times.size), times)
        wrong = ~paired.right[:, rows]
        mated = paired.mated[rows]
        np.testing.assert_allclose(weighted["accuracy"][:, 0], 1 - wrong.mean(axis=1), rtol=1e-6)
        np.testing.assert_allclose(weighted["fnmr"][:, 0], wrong[:, mated].mean(axis=1), rtol=1e-6)
        np.testing.assert_allclose(weighted["fmr"][:, 0], wrong[:, ~mated].mean(axis=1), rtol=1e-6)
        for run, similarity in enumerate(paired.similarity):
            assert weighted["eer"][run, 0] == pytest.approx(eer(similarity[rows], mated)[0])

    def test_with_one_kind_of_comparison_nothing_is_called_accurate(self):
        similarity, mated, person_a, person_b = made_up(people=400, photos=2)
        only = ~mated
        found = once(paired_of(similarity[:, only], mated[only], person_a[only], person_b[only]))
        assert np.isnan(found["accuracy"]).all()
        assert np.isnan(found["fnmr"]).all()
        assert np.isfinite(found["fmr"]).all()


class TestDifferences:
    @settings(max_examples=15, deadline=None)
    @given(st.integers(0, 10_000))
    def test_swapping_the_runs_flips_every_sign(self, seed):
        similarity, *rest = made_up(people=25, seed=seed)
        forth, back = (paired_of(one, *rest) for one in (similarity, similarity[::-1]))
        drawn, drawn_back = drawn_measures(forth, 60, seed), drawn_measures(back, 60, seed)
        for name in MEASURES:
            np.testing.assert_array_equal(once(forth)[name], once(back)[name][::-1])
            a = difference_interval(drawn[name][1] - drawn[name][0], 100)
            b = difference_interval(drawn_back[name][1] - drawn_back[name][0], 100)
            assert a == pytest.approx((-b[1], -b[0]))

    def test_a_run_differs_in_nothing_from_itself(self):
        similarity, *rest = made_up()
        paired = paired_of(np.stack([similarity[0]] * 2), *rest)
        drawn = drawn_measures(paired, 40)
        for name in MEASURES:
            assert once(paired)[name][0] == once(paired)[name][1]
            np.testing.assert_array_equal(drawn[name][0], drawn[name][1])
            assert difference_interval(drawn[name][1] - drawn[name][0], 300) == (-0.01, 0.01)
        assert Agreement.of(*paired.accepted).kappa == 1
        assert mcnemar(0, 0) == 1

    def test_people_are_drawn_and_the_two_of_a_comparison_weigh_together(self):
        """All people are linked: a mated comparison counts as often as its person, others the product of both."""
        paired = paired_of(*made_up(people=20))
        drawn = drawn_measures(paired, 4, seed=3)
        for draw, weights in enumerate(np.concatenate(list(resampled_weights(paired.person_a, paired.person_b, 4, 3)))):
            times = {a: w for a, b, w in zip(paired.person_a, paired.person_b, weights, strict=True) if a == b}
            wanted = [
                times[a] * (1 if a == b else times[b]) for a, b in zip(paired.person_a, paired.person_b, strict=True)
            ]
            np.testing.assert_array_equal(weights, wanted)
            for run, wrong in enumerate(~paired.right):
                for name, rows in (("fnmr", paired.mated), ("fmr", ~paired.mated)):
                    share = (weights * wrong)[rows].sum() / weights[rows].sum()
                    assert drawn[name][run, draw] == pytest.approx(share, rel=1e-5)

    def test_the_draws_are_the_same_for_both_runs(self):
        """What both runs find hard cancels: the paired interval is far narrower than one of unpaired draws."""
        similarity, *rest = made_up(people=60, noise=(0.01, 0.02))
        paired = paired_of(similarity, *rest)
        drawn = drawn_measures(paired, 300)["fnmr"]
        other = drawn_measures(paired, 300, seed=1)["fnmr"]
        low, high = difference_interval(drawn[1] - drawn[0], 1)
        unpaired_low, unpaired_high = difference_interval(other[1] - drawn[0], 1)
        assert high - low < 0.7 * (unpaired_high - unpaired_low)

    def test_the_seed_and_nothing_else_decides_the_draws(self):
        paired = paired_of(*made_up())
        first, again, other = (drawn_measures(paired, 30, seed)["eer"] for seed in (5, 5, 6))
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()

    def test_the_interval_covers_the_difference_of_the_population(self):
        """40 samples of people: about 95% of the intervals hold what 4,000 people of the same kind have."""
        everybody, mated, *_ = made_up(people=4000, seed=99)
        truth = eer(everybody[1], mated)[0] - eer(everybody[0], mated)[0]
        held = 0
        for seed in range(40):
            paired = paired_of(*made_up(people=50, seed=seed))
            drawn = drawn_measures(paired, 120, seed)["eer"]
            low, high = difference_interval(drawn[1] - drawn[0], 100)
            held += low <= truth <= high
        assert held >= 35

    def test_where_nothing_varies_the_rule_of_three_bounds_it(self):
        assert difference_interval(np.full(50, 0.25), 30) == pytest.approx((0.15, 0.35))
        assert difference_interval(np.full(50, np.nan), 30) is None
        assert difference_interval(np.array([0.0, 0.0, np.nan, 1.0]), 30)[0] == 0

    def test_many_comparisons_get_fewer_draws(self):
        draws = [enough_draws(10**power) for power in range(8)]
        assert draws == sorted(draws, reverse=True)
        assert (draws[0], draws[-1]) == (1000, 50)


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


class TestMcNemar:
    @given(st.integers(0, 60), st.integers(0, 60))
    def test_it_is_twice_the_smaller_tail_of_a_fair_coin(self, first, second):
        n = first + second
        wanted = min(1.0, 2 * float(binom.cdf(min(first, second), n, 0.5)))
        assert mcnemar(first, second) == pytest.approx(wanted)
        assert mcnemar(first, second) == mcnemar(second, first)

    def test_in_large_numbers_it_is_the_chi_squared_test(self):
        statistic = (abs(700 - 620) - 1) ** 2 / 1320
        assert mcnemar(700, 620) == pytest.approx(chi2.sf(statistic, 1), rel=0.02)
