"""Intervals against SciPy, against their equations, and against values worked out by hand."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from faceproof.errors import ConfigurationError
from faceproof.metrics.curves import auc
from faceproof.metrics.dependence import Dependence, Influence, Kind, exceedance_covariance
from faceproof.metrics.differences import rounded_up
from faceproof.metrics.intervals import (
    INDEPENDENT,
    ROBUST,
    Interval,
    Rate,
    Z,
    auc_interval,
    combined_interval,
    d_prime_interval,
    eer_influence,
    eer_interval,
    fnmr_at_fmr_bands,
    fnmr_at_fmr_influence,
    fnmr_at_fmr_interval,
    linear_interval,
    photo_rate,
    rate_bands,
    rate_interval,
    smallest_resolvable_rate,
)
from faceproof.metrics.operating_points import eer, fnmr_at_fmr
from faceproof.metrics.separation import d_prime

SEEDS = st.integers(0, 10_000)
COUNTS = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


class List(NamedTuple):
    """Comparisons of people, mated where a person is on both sides."""

    similarity: np.ndarray
    mated: np.ndarray
    person_a: np.ndarray
    person_b: np.ndarray

    def linked(self, *, known: bool = True) -> Dependence:
        return Dependence(self.similarity, self.mated, (self.person_a, self.person_b) if known else None)


def made_up(seed: int, n: int = 120, people: int = 12, apart: float = 2.0, decimals: int = 1) -> List:
    """Comparisons of few people, some of whom resemble everybody; with ties."""
    rng = np.random.default_rng(seed)
    person_a = rng.integers(0, people, n)
    person_b = np.where(rng.random(n) < 0.4, person_a, rng.integers(0, people, n))
    of_people = rng.normal(0, 0.5, people)
    similarity = apart * (person_a == person_b) + of_people[person_a] + of_people[person_b] + rng.normal(0, 1, n)
    return List(similarity.round(decimals), person_a == person_b, person_a, person_b)


def everybody(seed: int, people: int, photos: int) -> List:
    """All pairs of photos; a third of the variance of a non-mated similarity is that of the two people."""
    rng = np.random.default_rng(seed)
    a, b = np.triu_indices(people * photos, 1)
    person_a, person_b = a // photos, b // photos
    of_people = rng.normal(0, math.sqrt(1 / 6), people)
    similarity = of_people[person_a] + of_people[person_b] + rng.normal(0, math.sqrt(2 / 3), a.size)
    return List(similarity + 3.0 * (person_a == person_b), person_a == person_b, person_a, person_b)


def independent(n: int, *, known: bool = False) -> Kind:
    """Mated comparisons of n people, one each."""
    person = np.arange(n)
    return Dependence(person * 1.0, np.ones(n, np.bool_), (person, person) if known else None).mated


def rate_of(kind: Kind, errors: int) -> Rate:
    return rate_interval(kind, kind.worst_first[:errors])


def ends(interval: Interval) -> tuple[float, float]:
    assert interval.low is not None
    assert interval.high is not None
    return interval.low, interval.high


def wilson(errors: int, n: int) -> tuple[float, float]:
    found = stats.binomtest(errors, n).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


class TestRates:
    @settings(deadline=None)
    @given(COUNTS)
    def test_where_people_are_unknown_the_interval_is_wilsons_but_for_few_errors(self, counts: tuple[int, int]) -> None:
        errors, n = counts
        found = rate_of(independent(n), errors)
        low, high = wilson(errors, n)
        if 0 < errors <= min(3, n - 1):
            low = min(low, stats.chi2.ppf(0.05, 2 * errors) / 2 / n)
        if 0 < n - errors <= min(3, n - 1):
            high = max(high, 1 - stats.chi2.ppf(0.05, 2 * (n - errors)) / 2 / n)
        assert ends(found.interval) == pytest.approx((low, high), rel=2e-4, abs=1e-9)
        assert (found.value, found.n, found.errors) == (errors / n, n, errors)
        assert (found.interval.method, found.interval.effective_people) == (INDEPENDENT, None)

    @settings(deadline=None)
    @given(st.integers(2, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
    def test_where_nobody_recurs_it_is_wilsons_with_students_t(self, counts: tuple[int, int]) -> None:
        errors, n = counts
        if min(errors, n - errors) <= 3:
            errors = n // 2
        found = rate_of(independent(n, known=True), errors)
        t = stats.t.ppf(0.975, n - 1)
        q = errors / n
        middle, half = q + t**2 / (2 * n), t * math.sqrt(q * (1 - q) / n + t**2 / (4 * n**2))
        if min(errors, n - errors) > 3:
            want = (middle - half) / (1 + t**2 / n), (middle + half) / (1 + t**2 / n)
            assert ends(found.interval) == pytest.approx(want, abs=1e-9)
        assert found.interval.method == ROBUST

    @pytest.mark.parametrize("mated", [True, False])
    @settings(deadline=None, max_examples=50)
    @given(seed=SEEDS, share=st.floats(0.1, 0.9))
    def test_the_ends_are_as_far_from_the_rate_as_their_own_width(self, mated: bool, seed: int, share: float) -> None:
        linked = made_up(seed).linked()
        kind = linked.mated if mated else linked.non_mated
        rows = kind.worst_first[: int(share * kind.n)]
        low, high = ends(rate_interval(kind, rows).interval)
        t = stats.t.ppf(0.975, kind.distinct_people - 1)
        for end in (low, high):
            width = t**2 * kind.factor(rows) * float(kind.variance(end))
            if 1e-6 < end < 1 - 1e-6 and 3 < rows.size < kind.n - 3:
                assert (rows.size / kind.n - end) ** 2 == pytest.approx(width, rel=1e-6)

    @pytest.mark.parametrize("mated", [True, False])
    @settings(deadline=None, max_examples=15)
    @given(seed=SEEDS, known=st.booleans())
    def test_the_interval_lies_within_0_to_1_around_the_rate(self, mated: bool, seed: int, known: bool) -> None:
        linked = made_up(seed, n=30).linked(known=known)
        kind = linked.mated if mated else linked.non_mated
        for errors in range(kind.n + 1):
            found = rate_of(kind, errors)
            low, high = ends(found.interval)
            assert 0 <= low <= found.value <= high <= 1
            assert low < high
            assert (low == 0) == (errors == 0)
            assert (high == 1) == (errors == kind.n)

    @pytest.mark.parametrize(("few", "most"), [(1, 0.0513), (2, 0.3554), (3, 0.8177)])
    def test_the_lower_end_of_few_errors_is_at_most_the_exact_one(self, few: int, most: float) -> None:
        kind = independent(1000)
        assert most == pytest.approx(stats.chi2.ppf(0.05, 2 * few) / 2, abs=5e-5)
        assert ends(rate_of(kind, few).interval)[0] == pytest.approx(most / 1000)
        assert ends(rate_of(kind, 1000 - few).interval)[1] == pytest.approx(1 - most / 1000)
        assert wilson(few, 1000)[0] > most / 1000

    def test_without_errors_there_is_an_upper_end_and_it_allows_for_people_who_recur(self) -> None:
        made = everybody(0, people=15, photos=4)
        alone = rate_of(made.linked(known=False).non_mated, 0)
        linked = rate_of(made.linked().non_mated, 0)
        n = alone.n
        assert ends(alone.interval) == pytest.approx((0, Z**2 / (n + Z**2)))
        assert ends(linked.interval)[1] > 3 * ends(alone.interval)[1]
        assert linked.interval.effective_people is None

    @pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 10])
    def test_ends_without_an_error_and_without_a_right_decision_are_exactly_0_and_1(self, n: int) -> None:
        none, every = (ends(rate_of(independent(n), errors).interval) for errors in (0, n))
        assert (none[0], every[1]) == (0, 1)
        assert none[1] == pytest.approx(1 - every[0])
        # Of one to three comparisons all are few errors, and the ends are wider than Wilson's.
        assert Z**2 / (n + Z**2) - 1e-9 <= none[1] < 1
        if n > 3:
            assert none[1] == pytest.approx(Z**2 / (n + Z**2))

    def test_one_person_alone_has_no_interval(self) -> None:
        person = np.zeros(5, np.int64)
        found = rate_of(Dependence(np.arange(5.0), np.ones(5, np.bool_), (person, person)).mated, 2)
        assert (found.value, found.interval.low, found.interval.high) == (0.4, None, None)
        assert "one person" in str(found.interval.reason)

    def test_effective_people_are_those_of_the_errors(self) -> None:
        """Two of 100 people have all ten errors between them."""
        person = np.repeat(np.arange(100), 10)
        kind = Dependence(np.arange(1000.0), np.ones(1000, np.bool_), (person, person)).mated
        found = rate_interval(kind, np.array([0, 1, 2, 3, 4, 10, 11, 12, 13, 14]))
        sums = np.array([4.9] * 2 + [-0.1] * 98)
        assert found.interval.effective_people == pytest.approx(np.sum(sums**2) ** 2 / np.sum(sums**4))
        assert found.influence.sums == pytest.approx(sums / 1000)

    @pytest.mark.parametrize("n", [30, 200])
    def test_over_all_true_rates_the_mean_coverage_of_independent_comparisons_is_95_percent(self, n: int) -> None:
        true = (np.arange(2000) + 0.5) / 2000
        found = np.array([ends(rate_of(independent(n), errors).interval) for errors in range(n + 1)])
        chance = stats.binom.pmf(np.arange(n + 1)[:, None], n, true)
        covered = (chance * ((found[:, :1] <= true) & (true <= found[:, 1:]))).sum(axis=0).mean()
        assert covered == pytest.approx(0.95, abs=0.01)

    def test_where_everybody_is_compared_with_everybody_the_truth_is_covered_and_independence_would_not_do(
        self,
    ) -> None:
        """The true FMR at 1.2816 is 10%; an interval for independent comparisons holds it in half of the lists."""
        threshold = float(stats.norm.ppf(0.9))
        held = {True: 0, False: 0}
        for seed in range(60):
            made = everybody(seed, people=30, photos=3)
            for known in held:
                other = made.linked(known=known).non_mated
                low, high = ends(rate_interval(other, other.errors_where(threshold)).interval)
                held[known] += low <= 0.1 <= high
        assert held[True] >= 53
        assert held[False] <= 40

    def test_photos_of_one_person_that_fail_together_make_the_rate_less_sure(self) -> None:
        failed = np.repeat([True, False], [20, 180])
        person = np.arange(200) // 10
        together, apart = photo_rate(failed, person), photo_rate(failed, np.arange(200) % 20)
        alone = photo_rate(failed, None)
        assert [one.value for one in (together, apart, alone)] == [0.1] * 3
        assert [one.errors for one in (together, apart, alone)] == [20] * 3
        assert ends(alone.interval) == pytest.approx(wilson(20, 200), abs=1e-9)
        assert ends(together.interval)[1] > 2 * ends(apart.interval)[1] > 2 * ends(alone.interval)[1]
        # 2 people with all ten photos failed, 18 with none.
        sums = np.array([9.0] * 2 + [-1.0] * 18)
        assert together.interval.effective_people == pytest.approx(np.sum(sums**2) ** 2 / np.sum(sums**4))


class TestBands:
    @settings(deadline=None, max_examples=20)
    @given(SEEDS, st.booleans())
    def test_the_outer_bands_are_the_intervals_of_the_rates(self, seed: int, known: bool) -> None:
        linked = made_up(seed).linked(known=known)
        for kind in (linked.mated, linked.non_mated):
            errors = np.array([kind.n // 2, 2, kind.n // 2, kind.n - 2])
            low, high = rate_bands(kind, errors)
            for place in (1, 3):
                assert (low[place], high[place]) == pytest.approx(ends(rate_of(kind, int(errors[place])).interval))
            assert (low[0], high[0]) == (low[2], high[2])

    def test_those_between_are_about_the_intervals(self) -> None:
        kind = made_up(1, n=2000, people=60, decimals=3).linked().non_mated
        errors = np.arange(0, kind.n, 7)
        low, high = rate_bands(kind, errors)
        want = np.array([ends(rate_of(kind, int(one)).interval) for one in errors])
        np.testing.assert_allclose(low, want[:, 0], atol=0.03)
        np.testing.assert_allclose(high, want[:, 1], atol=0.03)

    def test_one_person_alone_has_no_bands(self) -> None:
        person = np.zeros(5, np.int64)
        kind = Dependence(np.arange(5.0), np.ones(5, np.bool_), (person, person)).mated
        assert np.isnan(rate_bands(kind, np.array([0, 2]))).all()

    @pytest.mark.parametrize("known", [True, False])
    @pytest.mark.parametrize("fmr", [0.001, 0.05, 0.3, 1.0])
    def test_the_band_at_one_fmr_is_its_interval(self, fmr: float, known: bool) -> None:
        linked = made_up(2, n=600, people=40).linked(known=known)
        low, high = fnmr_at_fmr_bands(linked, np.array([fmr]))
        want = fnmr_at_fmr_interval(linked, fmr)
        assert low[0] == pytest.approx(want.low)
        assert high[0] == pytest.approx(math.nan if want.high is None else want.high, nan_ok=True)


def given_rate(
    value: float, low: float | None, high: float | None, sums: list[float], reason: str | None = None
) -> Rate:
    influence = Influence(np.array(sums), 0.0, 1.0)
    return Rate(value, 100, round(100 * value), Interval(low, high, ROBUST, None, reason), influence)


class TestCombined:
    FMR = given_rate(0.1, 0.07, 0.14, [1.0, 0.0, 0.0])
    FNMR = given_rate(0.2, 0.12, 0.3, [0.0, 2.0, 0.0])

    def test_the_distances_to_the_ends_are_legs_of_a_triangle(self) -> None:
        found = combined_interval(lambda fmr, fnmr: 1 - (3 * fnmr + fmr) / 4, self.FMR, self.FNMR)
        here = 1 - (0.6 + 0.1) / 4
        low = here - math.hypot(0.04 / 4, 3 * 0.1 / 4)
        high = here + math.hypot(0.03 / 4, 3 * 0.08 / 4)
        assert ends(found) == pytest.approx((low, high))
        assert found.method == "MOVER of FMR and FNMR, each a dyadic-robust score interval"
        # Influences of -1/4 and -3/4 x 2.
        assert found.effective_people == pytest.approx((1 + 36) ** 2 / (1 + 36**2), rel=1e-3)

    def test_a_number_that_rises_with_one_rate_and_falls_with_the_other(self) -> None:
        found = combined_interval(lambda fmr, fnmr: 0.5 + fmr - fnmr, self.FMR, self.FNMR)
        assert ends(found) == pytest.approx((0.4 - math.hypot(0.03, 0.1), 0.4 + math.hypot(0.04, 0.08)))

    def test_it_never_leaves_0_to_1(self) -> None:
        assert ends(combined_interval(lambda fmr, fnmr: fmr / 10 - fnmr / 20, self.FMR, self.FNMR))[0] == 0
        assert ends(combined_interval(lambda fmr, fnmr: 1 - fmr / 10 + fnmr / 20, self.FMR, self.FNMR))[1] == 1

    def test_a_number_of_one_rate_alone_has_the_ends_of_that_rate(self) -> None:
        assert ends(combined_interval(lambda fmr, fnmr: fmr, self.FMR, self.FNMR)) == pytest.approx((0.07, 0.14))
        assert ends(combined_interval(lambda fmr, fnmr: 1 - fnmr, self.FMR, self.FNMR)) == pytest.approx((0.7, 0.88))

    def test_a_corner_where_it_is_undefined_gives_no_distance(self) -> None:
        found = combined_interval(lambda fmr, fnmr: math.nan if fmr < 0.08 else fmr, self.FMR, self.FNMR)
        assert ends(found) == pytest.approx((0.1, 0.14))

    def test_where_a_rate_has_no_end_it_has_none_and_gives_the_reason(self) -> None:
        without = given_rate(0.2, None, None, [0.0, 1.0, 0.0], "one person")
        for pair in ((self.FMR, without), (without, self.FNMR)):
            found = combined_interval(lambda fmr, fnmr: fmr + fnmr, *pair)
            assert (found.low, found.high, found.reason) == (None, None, "one person")


def ruled(mates: tuple[float, float], others: tuple[float, float], m: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Similarities evenly spread between two numbers, so that rates are straight lines."""
    at = [low + (high - low) * (np.arange(size) + 0.5) / size for (low, high), size in ((mates, m), (others, n))]
    return np.concatenate(at), np.repeat([True, False], [m, n])


class TestEer:
    # FMR = 1 - t and FNMR = (t - 0.5) / 4 meet at t = 0.9; FNMR makes a fifth of the change of both.
    RULED = ruled((0.5, 4.5), (0, 1), 20_000, 10_000)

    def test_the_variance_is_that_of_fmr_and_fnmr_by_their_shares_in_the_change(self) -> None:
        linked = Dependence(*self.RULED, None)
        value, _ = eer(*self.RULED)
        assert value == pytest.approx(0.1, abs=1e-3)
        for end in ends(eer_interval(linked, value)):
            variance = end * (1 - end) * (0.2**2 / 10_000 + 0.8**2 / 20_000)
            assert (value - end) ** 2 == pytest.approx(Z**2 * variance, rel=0.02)

    def test_the_influence_is_that_of_fmr_and_fnmr_by_their_shares(self) -> None:
        similarity, mated = self.RULED
        found = eer_influence(Dependence(similarity, mated, None), 0.1)
        wrong = (similarity >= 0.9) != mated
        want = np.where(mated, 0.8 * (wrong - 0.1) / 20_000, 0.2 * (wrong - 0.1) / 10_000)
        assert found == pytest.approx(want, rel=0.03)

    def test_the_shares_are_those_of_the_changes_on_both_sides(self) -> None:
        """FNMR rises by 9 x the rise of the threshold above 0.9 and falls by 1/4 x below; FMR changes by 1 x.

        FMR - FNMR changes by w over w / 10 above and 0.8 w below: FMR by 0.9 w in all, FNMR by 0.9 w + 0.2 w.
        """
        mates = np.concatenate([0.9 - (np.arange(2000) + 0.5) / 5000, 0.9 + (np.arange(18_000) + 0.5) / 180_000])
        similarity = np.concatenate([mates, (np.arange(10_000) + 0.5) / 10_000])
        mated = np.arange(30_000) < 20_000
        found = eer_influence(Dependence(similarity, mated, None), 0.1)
        wrong = (similarity >= 0.9) != mated
        want = np.where(mated, 0.45 * (wrong - 0.1) / 20_000, 0.55 * (wrong - 0.1) / 10_000)
        assert found == pytest.approx(want, rel=0.05)

    @pytest.mark.parametrize(
        ("kind", "low", "high"), [(True, 0.5, 0.8), (True, 2.0, 4.0), (False, 0.95, 1.0), (False, 0.2, 0.4)]
    )
    def test_the_influence_foretells_what_more_weight_on_some_does(self, kind: bool, low: float, high: float) -> None:
        similarity, mated = self.RULED
        some = (mated == kind) & (similarity > low) & (similarity < high)
        influence = eer_influence(Dependence(similarity, mated, None), 0.1)
        times = np.where(some, 21, 20)
        change = eer(np.repeat(similarity, times), np.repeat(mated, times))[0] - eer(similarity, mated)[0]
        assert change == pytest.approx(influence[some].sum() / 20, rel=0.1, abs=2e-5)
        assert abs(change) > 1e-4

    @pytest.mark.parametrize(("n", "mates", "many"), [(1500, 1500, True), (40, 40, False), (900, 25, False)])
    @settings(deadline=None, max_examples=20)
    @given(seed=SEEDS)
    def test_the_ends_are_as_far_from_the_rate_as_their_own_width(
        self, n: int, mates: int, many: bool, seed: int
    ) -> None:
        """With errors enough of both kinds the factor is that of both together, else the larger of the two."""
        made = made_up(seed, n=n, people=15, decimals=3)
        made = List(*(column[~made.mated | (np.cumsum(made.mated) <= mates)] for column in made))
        linked = made.linked()
        value, _ = eer(made.similarity, made.mated)
        kinds = linked.non_mated, linked.mated
        rows = [kind.worst_first[: round(value * kind.n)] for kind in kinds]
        influence = eer_influence(linked, value)
        # The share of FNMR in the change of both rates, from the influence of a comparison that is no error.
        share = -influence[~made.mated].min() * linked.non_mated.n**2 / rows[0].size if rows[0].size else 0.5

        def variance(q: float) -> float:
            at = np.array([q])
            own = share**2 * kinds[0].variance(at)[0] + (1 - share) ** 2 * kinds[1].variance(at)[0]
            return float(max(own + 2 * share * (1 - share) * linked.crossing_covariance(at)[0], own / 2))

        if min(*(one.size for one in rows)) >= 10:
            factor = max(1.0, linked.influence_of(influence).variance / variance(value))
        else:
            factor = max(kind.factor(one) for kind, one in zip(kinds, rows, strict=True))
        assert (min(*(one.size for one in rows)) >= 10) == many
        t = stats.t.ppf(0.975, min(kind.distinct_people for kind in kinds) - 1)
        found = eer_interval(linked, value)
        carried = linked.influence_of(influence).effective_people
        assert found.effective_people == (None if math.isnan(carried) else pytest.approx(carried))
        for end in ends(found):
            if 0 < end < 1:
                assert (value - end) ** 2 == pytest.approx(t**2 * factor * variance(end), rel=1e-5)

    @settings(deadline=None, max_examples=60)
    @given(SEEDS, st.booleans(), st.sampled_from([-8.0, 0.0, 1.0, 3.0, 8.0]))
    def test_the_interval_lies_within_0_to_1_around_the_rate(self, seed: int, known: bool, apart: float) -> None:
        made = made_up(seed, n=60, apart=apart)
        value, _ = eer(made.similarity, made.mated)
        low, high = ends(eer_interval(made.linked(known=known), value))
        assert 0 <= low <= value <= high <= 1
        assert low < high

    @pytest.mark.parametrize("known", [True, False])
    def test_scores_that_tell_all_apart_have_an_upper_end_and_turned_ones_a_lower(self, known: bool) -> None:
        made = made_up(0, apart=20)
        for turned, value in ((1, 0.0), (-1, 1.0)):
            linked = made._replace(similarity=turned * made.similarity).linked(known=known)
            low, high = ends(eer_interval(linked, value))
            assert (low == 0, high == 1) == (value == 0, value == 1)
            assert 0.005 < high - low < 0.5

    def test_people_who_are_always_wrong_make_it_less_sure(self) -> None:
        made = everybody(0, people=20, photos=4)
        value, _ = eer(made.similarity, made.mated)
        known, unknown = (ends(eer_interval(made.linked(known=one), value)) for one in (True, False))
        assert known[1] - known[0] > 1.3 * (unknown[1] - unknown[0])

    def test_one_mated_comparison_gives_no_interval_where_people_are_known(self) -> None:
        similarity, mated = np.array([0.9, 0.1, 0.2, 0.95]), np.array([True, False, False, False])
        people = np.array([0, 0, 1, 2]), np.array([0, 1, 2, 3])
        found = eer_interval(Dependence(similarity, mated, people), 1 / 3)
        assert (found.low, found.high) == (None, None)
        assert "one person" in str(found.reason)
        low, high = ends(eer_interval(Dependence(similarity, mated, None), 1 / 3))
        assert 0 < low < 1 / 3 < high < 1

    def test_where_all_similarities_are_equal_it_is_a_half(self) -> None:
        low, high = ends(eer_interval(Dependence(np.full(40, 0.5), np.arange(40) < 20, None), 0.5))
        assert low < 0.5 < high


class TestFnmrAtFmr:
    # FMR = 1 - t and FNMR = (t - 0.5) / 2: at FMR 0.1 the FNMR is 0.2, and rises by half of what FMR falls.
    RULED = ruled((0.5, 2.5), (0, 1), 2000, 1000)

    def test_it_combines_the_rate_at_the_threshold_and_the_rates_at_the_ends_of_the_threshold(self) -> None:
        found = fnmr_at_fmr_interval(Dependence(*self.RULED, None), 0.1)
        spread = Z * math.sqrt(0.1 * 0.9 / 1000)
        low, high = wilson(400, 2000)
        want = 0.2 - math.hypot(0.2 - low, spread / 2), 0.2 + math.hypot(high - 0.2, spread / 2)
        assert ends(found) == pytest.approx(want, abs=1e-3)
        assert want[1] - want[0] > 1.05 * (high - low)
        assert found.reason is None

    def test_the_lower_end_is_that_of_a_looser_threshold_and_the_upper_that_of_a_stricter(self) -> None:
        """Above the threshold 0.9 the FNMR rises by 5 x the rise of the threshold, below it falls by 1.25 x."""
        mates = np.concatenate([0.9 - (np.arange(1000) + 0.5) / 2500, 0.9 + (np.arange(1000) + 0.5) / 10_000])
        similarity = np.concatenate([mates, (np.arange(1000) + 0.5) / 1000])
        found = fnmr_at_fmr_interval(Dependence(similarity, np.arange(3000) < 2000, None), 0.1)
        spread = Z * math.sqrt(0.1 * 0.9 / 1000)
        low, high = wilson(1000, 2000)
        want = 0.5 - math.hypot(0.5 - low, 1.25 * spread), 0.5 + math.hypot(high - 0.5, 5 * spread)
        assert ends(found) == pytest.approx(want, abs=4e-3)

    @pytest.mark.parametrize(("enough", "fmr"), [(381, 1e-2), (3838, 1e-3)])
    def test_it_has_an_upper_end_from_so_many_non_mated_comparisons_on(self, enough: int, fmr: float) -> None:
        for n, there in ((enough, True), (enough - 1, False)):
            found = fnmr_at_fmr_interval(Dependence(*ruled((0.5, 2.5), (0, 1), 500, n), None), fmr)
            assert (found.high is not None) == there
            assert found.low is not None
            assert (found.reason is None) == there

    def test_without_an_upper_end_it_says_how_many_more_comparisons_would_give_one(self) -> None:
        """3,838 are needed, and 2,838 more are rounded up to two digits."""
        found = fnmr_at_fmr_interval(Dependence(*ruled((0.5, 2.5), (0, 1), 500, 1000), None), 1e-3)
        assert "no upper end: 1 false match " in str(found.reason)
        assert str(found.reason).endswith("about 2,900 more non-mated comparisons are needed")

    def test_without_an_upper_end_of_known_people_it_asks_for_people(self) -> None:
        made = everybody(1, people=10, photos=4)
        linked = made.linked()
        found = fnmr_at_fmr_interval(linked, 0.01)
        assert found.high is None
        assert "more people are needed" in str(found.reason)
        matches = linked.non_mated.worst_first[: linked.non_mated.n // 100]
        want = linked.non_mated.influence(matches).effective_people
        assert found.effective_people == pytest.approx(want)
        assert f"{matches.size} false matches set the threshold and come from {want:.2g} people" in str(found.reason)
        # With so many times the people the standard error would be small enough.
        error = Z * math.sqrt(linked.non_mated.factor(matches) * float(linked.non_mated.variance(0.01)))
        more = rounded_up(math.ceil(10 * ((error / 0.01) ** 2 - 1)) + 1)
        assert str(found.reason).endswith(f"about {more} more people are needed")

    def test_of_one_false_match_it_does_not_say_from_how_many_people_it_comes(self) -> None:
        linked = everybody(1, people=10, photos=4).linked()
        found = fnmr_at_fmr_interval(linked, 1 / 720)
        assert linked.non_mated.n == 720
        assert str(found.reason).startswith("no upper end: 1 false match sets the threshold; about")

    @settings(deadline=None, max_examples=60)
    @given(SEEDS, st.booleans(), st.sampled_from([0.02, 0.1, 0.25, 1 / 3, 0.5, 1.0]))
    def test_the_interval_lies_within_0_to_1_around_the_rate(self, seed: int, known: bool, fmr: float) -> None:
        made = made_up(seed, n=200, people=30)
        value = fnmr_at_fmr(made.similarity, made.mated, fmr)
        found = fnmr_at_fmr_interval(made.linked(known=known), fmr)
        assert found.low is not None
        assert 0 <= found.low <= value + 1e-12
        if found.high is None:
            assert found.reason
        else:
            assert value - 1e-12 <= found.high <= 1

    def test_one_mated_comparison_gives_no_interval_where_people_are_known(self) -> None:
        similarity, mated = np.array([0.9, 0.1, 0.2, 0.95]), np.array([True, False, False, False])
        people = np.array([0, 0, 1, 2]), np.array([0, 1, 2, 3])
        found = fnmr_at_fmr_interval(Dependence(similarity, mated, people), 1.0)
        assert (found.low, found.high) == (None, None)
        assert "one person" in str(found.reason)
        assert ends(fnmr_at_fmr_interval(Dependence(similarity, mated, None), 1.0))[0] == 0

    def test_the_influence_allows_for_the_threshold_by_the_slope_of_the_det_curve(self) -> None:
        similarity, mated = self.RULED
        accepted = similarity >= 0.9
        found = fnmr_at_fmr_influence(Dependence(similarity, mated, None), accepted, 0.1)
        want = np.where(mated, (~accepted - 0.2) / 2000, 0.5 * (accepted - 0.1) / 1000)
        assert found[mated] == pytest.approx(want[mated])
        assert found[~mated] == pytest.approx(want[~mated], rel=0.03)

    @pytest.mark.parametrize(
        ("kind", "low", "high"), [(True, 0.5, 0.8), (True, 1.5, 2.5), (False, 0.95, 1.0), (False, 0.2, 0.6)]
    )
    def test_the_influence_foretells_what_more_weight_on_some_does(self, kind: bool, low: float, high: float) -> None:
        similarity, mated = self.RULED
        some = (mated == kind) & (similarity > low) & (similarity < high)
        influence = fnmr_at_fmr_influence(Dependence(similarity, mated, None), similarity >= 0.9, 0.1)
        times = np.where(some, 21, 20)
        before, after = (
            fnmr_at_fmr(np.repeat(similarity, one), np.repeat(mated, one), 0.1) for one in (np.full(3000, 20), times)
        )
        assert after - before == pytest.approx(influence[some].sum() / 20, rel=0.1, abs=3e-4)
        assert abs(after - before) > 1e-3

    def test_the_slope_is_taken_over_one_and_a_half_standard_errors_of_the_fmr_either_way(self) -> None:
        """No mated similarity lies within 0.01 of the threshold 0.9, where five false matches reach half as far."""
        mates = np.concatenate([0.89 - np.arange(1000) / 2500, 0.91 + np.arange(1000) / 2500])
        similarity = np.concatenate([mates, (np.arange(1000) + 0.5) / 1000])
        mated = np.arange(3000) < 2000
        accepted = similarity >= 0.9
        reach = 1.5 * math.sqrt(0.1 * 0.9 / 1000)
        slope = 2 * (reach - 0.01) * 2500 / 2000 / (2 * reach)
        found = fnmr_at_fmr_influence(Dependence(similarity, mated, None), accepted, 0.1)
        assert found[~mated] == pytest.approx(slope * (accepted[~mated] - 0.1) / 1000, rel=0.15)

    @pytest.mark.parametrize("fmr", [0.5 / 30, 1.0])
    def test_the_influence_is_finite_where_the_slope_reaches_0_or_1(self, fmr: float) -> None:
        made = made_up(0, n=60)
        found = fnmr_at_fmr_influence(made.linked(), made.similarity >= 2, fmr)
        assert np.isfinite(found).all()


class TestLinear:
    INFLUENCE = Influence(np.array([0.3, -0.2, 0.1, 0.0]), 0.05, 0.06)

    def test_it_is_students_t_of_the_effective_people_times_the_standard_error(self) -> None:
        effective = 0.14**2 / (0.0081 + 0.0016 + 0.0001)
        half = stats.t.ppf(0.975, effective - 1) * math.sqrt(0.14 - 0.05)
        found = linear_interval(0.5, self.INFLUENCE, known=True)
        assert ends(found) == pytest.approx((0.5 - half, 0.5 + half))
        assert found.effective_people == pytest.approx(effective)

    def test_where_people_are_unknown_it_is_the_normal_distribution(self) -> None:
        found = linear_interval(0.5, self.INFLUENCE, known=False)
        assert ends(found) == pytest.approx((0.5 - Z * 0.3, 0.5 + Z * 0.3))
        assert found.effective_people is None
        assert "independent" in found.method

    def test_without_an_influence_or_with_that_of_one_person_there_is_none_and_it_says_why(self) -> None:
        nothing = linear_interval(0.5, Influence(np.zeros(3), 0.0, 0.0), known=True)
        one = linear_interval(0.5, Influence(np.array([1.0, 0.0]), 0.0, 1.0), known=True)
        assert [(found.low, found.high) for found in (nothing, one)] == [(None, None)] * 2
        assert "no comparison changes the number" in str(nothing.reason)
        assert "a single person" in str(one.reason)

    def test_shifting_moves_both_ends_and_leaves_out_a_missing_one(self) -> None:
        assert ends(Interval(0.1, 0.2, "m").shifted(0.5)) == pytest.approx((0.6, 0.7))
        shifted = Interval(0.25, None, "m", 3.0, "why").shifted(0.5)
        assert shifted == Interval(0.75, None, "m", 3.0, "why")


def left_out(made: List) -> np.ndarray:
    """Influence on the area from the area without each comparison."""
    whole = auc(made.similarity, made.mated)
    found = np.empty(made.mated.size)
    for row in range(made.mated.size):
        kept = np.arange(made.mated.size) != row
        n = np.count_nonzero(made.mated == made.mated[row])
        found[row] = (whole - auc(made.similarity[kept], made.mated[kept])) * (n - 1) / n
    return found


class TestAuc:
    @settings(deadline=None, max_examples=30)
    @given(SEEDS)
    def test_the_people_behind_it_are_those_of_leaving_out_one_comparison_after_the_other(self, seed: int) -> None:
        made = made_up(seed, n=60)
        linked = made.linked()
        want = linked.influence_of(left_out(made)).effective_people
        found = auc_interval(linked, auc(made.similarity, made.mated))
        assert found.effective_people == pytest.approx(want)

    @settings(deadline=None, max_examples=30)
    @given(SEEDS)
    def test_the_ends_are_as_far_from_the_area_as_the_variance_of_two_bells_says(self, seed: int) -> None:
        made = made_up(seed, n=150, people=20)
        linked = made.linked()
        value = auc(made.similarity, made.mated)
        spread = [float(np.std(made.similarity[rows])) ** 2 for rows in (made.mated, ~made.mated)]
        of_mates = spread[0] / sum(spread)
        m, n = linked.mated.n, linked.non_mated.n

        def variance(area: float) -> float:
            terms = [(1 / m, of_mates), (1 / n, 1 - of_mates)]
            terms += [(one.count / m**2, one.correlation * of_mates) for one in linked.mated.sharing]
            terms += [(one.count / n**2, one.correlation * (1 - of_mates)) for one in linked.non_mated.sharing]
            crossing = linked.crossing
            joint = crossing.correlation * math.sqrt(of_mates * (1 - of_mates))
            terms.append((2 * crossing.count / (m * n), joint))
            parts = [weight * float(exceedance_covariance(area, r)) for weight, r in terms]
            return max(sum(parts), (parts[0] + parts[1]) / 2)

        factor = max(1.0, linked.influence_of(left_out(made)).variance / variance(value))
        t = stats.t.ppf(0.975, min(linked.mated.distinct_people, linked.non_mated.distinct_people) - 1)
        for end in ends(auc_interval(linked, value)):
            assert (value - end) ** 2 == pytest.approx(t**2 * factor * variance(end), rel=1e-5)

    def test_the_variance_of_independent_bells_is_about_delongs(self) -> None:
        rng = np.random.default_rng(1)
        mated = np.arange(3000) < 1000
        similarity = np.where(mated, rng.normal(2, 1.5, 3000), rng.normal(0, 1, 3000))
        made = List(similarity, mated, np.arange(3000), np.arange(3000))
        value = auc(similarity, mated)
        low, high = ends(auc_interval(made.linked(known=False), value))
        shares = np.where(mated[:, None], similarity[:, None] > similarity[~mated], False).mean(axis=1)[mated]
        losses = np.array([(similarity[mated] > at).mean() for at in similarity[~mated]])
        delong = shares.var(ddof=1) / 1000 + losses.var(ddof=1) / 2000
        assert high - low == pytest.approx(2 * Z * math.sqrt(delong), rel=0.1)

    @settings(deadline=None, max_examples=60)
    @given(SEEDS, st.booleans(), st.sampled_from([-8.0, 0.0, 1.0, 3.0, 8.0]))
    def test_the_interval_lies_within_0_to_1_around_the_area(self, seed: int, known: bool, apart: float) -> None:
        made = made_up(seed, n=60, apart=apart)
        value = auc(made.similarity, made.mated)
        low, high = ends(auc_interval(made.linked(known=known), value))
        assert 0 <= low <= value <= high <= 1
        assert low < high
        assert (low == 0, high == 1) == (value == 0, value == 1)

    @pytest.mark.parametrize("turn", [1, -1])
    def test_where_one_kind_is_always_alike_the_area_is_a_share_of_the_other_kind(self, turn: int) -> None:
        mated = np.arange(5000) < 200
        similarity = np.where(mated, (np.arange(5000) + 0.5) / 200 - 0.4, 0.0)
        found = auc_interval(Dependence(turn * similarity, mated == (turn > 0), None), 0.6)
        low, high = wilson(120, 200)
        assert ends(found) == pytest.approx((low, high), abs=0.02 * (high - low))

    @pytest.mark.parametrize("known", [True, False])
    @pytest.mark.parametrize(("sign", "value"), [(1, 1.0), (-1, 0.0)])
    def test_an_area_of_0_or_1_has_a_width_too(self, sign: int, value: float, known: bool) -> None:
        made = made_up(0, apart=20)
        low, high = ends(auc_interval(made._replace(similarity=sign * made.similarity).linked(known=known), value))
        assert (low == 0, high == 1) == (value == 0, value == 1)
        assert 0.005 < high - low < 0.5

    def test_one_mated_comparison_and_tied_ones(self) -> None:
        similarity, mated = np.array([0.9, 0.1, 0.2, 0.95]), np.array([True, False, False, False])
        people = np.array([0, 0, 1, 2]), np.array([0, 1, 2, 3])
        found = auc_interval(Dependence(similarity, mated, people), 2 / 3)
        assert (found.low, found.high) == (None, None)
        assert "one person" in str(found.reason)
        low, high = ends(auc_interval(Dependence(similarity, mated, None), 2 / 3))
        assert 0 < low < 2 / 3 < high < 1
        low, high = ends(auc_interval(Dependence(np.full(40, 0.5), np.arange(40) < 20, None), 0.5))
        assert 0.2 < low < 0.5 < high < 0.8


def weighted_d_prime(made: List, weights: np.ndarray) -> float:
    means, variances = [], []
    for rows in (made.mated, ~made.mated):
        w, x = weights[rows], made.similarity[rows]
        means.append(np.average(x, weights=w))
        variances.append(np.average((x - means[-1]) ** 2, weights=w) * x.size / (x.size - 1))
    return float((means[0] - means[1]) / math.sqrt((variances[0] + variances[1]) / 2))


@pytest.mark.parametrize("known", [True, False])
def test_the_interval_of_d_prime_is_that_of_the_slope_of_d_prime_in_the_weight_of_each_comparison(known: bool) -> None:
    made = made_up(3, n=400, people=40, decimals=3)
    value = d_prime(made.similarity, made.mated)
    assert weighted_d_prime(made, np.ones(400)) == pytest.approx(value)
    step = 1e-5
    slopes = [
        (weighted_d_prime(made, np.where(np.arange(400) == row, 1 + step, 1.0)) - value) / step for row in range(400)
    ]
    linked = made.linked(known=known)
    want = linear_interval(value, linked.influence_of(np.array(slopes)), known=known)
    found = d_prime_interval(linked, value)
    assert ends(found) == pytest.approx(ends(want), rel=0.01)
    assert found.effective_people == (pytest.approx(want.effective_people, rel=0.02) if known else None)


@given(st.integers(1, 10**7))
def test_the_smallest_resolvable_rate_is_one_case(n: int) -> None:
    assert 0 < smallest_resolvable_rate(n) <= 1
    assert smallest_resolvable_rate(n) * n == pytest.approx(1, rel=1e-15)


def test_nothing_counted_resolves_no_rate_and_a_negative_number_is_refused() -> None:
    assert math.isnan(smallest_resolvable_rate(0))
    with pytest.raises(ConfigurationError, match="-1 trials"):
        smallest_resolvable_rate(-1)


def test_the_complement_of_an_interval_swaps_its_ends_and_what_is_said_of_them() -> None:
    found = Interval(0.1, None, "m", 3.0, "no upper end: few people").complement()
    assert found == Interval(None, 0.9, "m", 3.0, "no lower end: few people")
    assert found.complement() == Interval(pytest.approx(0.1), None, "m", 3.0, "no upper end: few people")


@pytest.mark.parametrize(("above", "said"), [(0, True), (1, True), (2, False)])
def test_tied_scores_at_the_threshold_are_named_in_place_of_people(above: int, said: bool) -> None:
    # 4 false matches are allowed of 100 comparisons; the highest scores are one by one, all others are tied.
    similarity = np.concatenate([0.9 + 0.001 * np.arange(above), np.full(100 - above, 0.5), np.linspace(0.3, 0.8, 20)])
    mated = np.repeat([False, True], [100, 20])
    first = np.append(np.arange(100) % 8, np.arange(20) % 8)
    second = np.where(mated, first, (first + 1 + np.append(np.arange(100) // 8 % 6, np.zeros(20, np.int64))) % 8)
    found = fnmr_at_fmr_interval(Dependence(similarity, mated, (first, second)), 0.04)
    assert found.reason is not None
    tied = f"no upper end: {100 - above} non-mated comparisons have equal scores where the threshold lies, so that it "
    assert found.reason.startswith(f"{tied}accepts {above} in place of 4;") == said
    assert ("false matches set" in found.reason) != said
