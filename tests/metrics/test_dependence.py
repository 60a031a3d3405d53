"""Who shares whom, against loops over every two comparisons."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from faceproof.errors import ConfigurationError
from faceproof.metrics.dependence import (
    ERRORS_INSTEAD,
    FEW_ERRORS,
    Dependence,
    Influence,
    Kind,
    exceedance_covariance,
    numbered,
)

SEEDS = st.integers(0, 10_000)


class List(NamedTuple):
    """A list of comparisons; each photo has two numbers, that of its person and its own."""

    similarity: np.ndarray
    mated: np.ndarray
    person_a: np.ndarray
    person_b: np.ndarray
    photo_a: np.ndarray
    photo_b: np.ndarray

    def linked(self, *, people: bool = True, photos: bool = True) -> Dependence:
        return Dependence(
            self.similarity,
            self.mated,
            (self.person_a, self.person_b) if people else None,
            (self.photo_a, self.photo_b) if photos else None,
        )

    def only(self, rows: np.ndarray) -> List:
        return List(*(column[rows] for column in self))

    def people_of(self, row: int) -> set[int]:
        return {int(self.person_a[row]), int(self.person_b[row])}

    def photos_of(self, row: int) -> set[int]:
        return {int(self.photo_a[row]), int(self.photo_b[row])}


def made_up(seed: int, n: int = 40, people: int = 6, photos: int = 3, ties: int = 1) -> List:
    """Comparisons drawn from few photos of few people, so that all ways of sharing occur, with tied similarities."""
    rng = np.random.default_rng(seed)
    photo_a = rng.integers(0, people * photos, n)
    photo_b = np.where(rng.random(n) < 0.4, photo_a // photos * photos, rng.integers(0, people * photos, n))
    person_a, person_b = photo_a // photos, photo_b // photos
    of_people = rng.normal(0, 1, people)
    similarity = (of_people[person_a] + of_people[person_b] + rng.normal(0, 1, n)).round(ties)
    return List(similarity, person_a == person_b, person_a, person_b, photo_a, photo_b)


def double_sum(made: List, values: np.ndarray) -> float:
    """The products of the influences of every two comparisons, in either order, that have a person in common."""
    rows = range(values.size)
    return sum(float(values[i] * values[j]) for i in rows for j in rows if made.people_of(i) & made.people_of(j))


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_the_variance_is_a_double_sum_over_comparisons_that_share_a_person(seed: int) -> None:
    made = made_up(seed, n=25)
    values = np.random.default_rng(seed).normal(0.2, 1, 25)
    found = made.linked().influence_of(values)
    assert found.squares == pytest.approx(float(values @ values))
    assert found.variance == pytest.approx(max(double_sum(made, values), float(values @ values)))


def test_where_the_double_sum_is_small_the_variance_is_that_of_independent_comparisons() -> None:
    """Two comparisons of one couple whose influences cancel."""
    made = Dependence(np.zeros(2), np.zeros(2, np.bool_), (np.array([0, 1]), np.array([1, 0])))
    found = made.influence_of(np.array([1.0, -1.0]))
    assert (found.couples, found.variance) == (0, 2)
    assert made.influence_of(np.array([1.0, 1.0])).variance == 4


def test_sums_count_a_mated_comparison_once_and_a_non_mated_one_for_both_people() -> None:
    person_a, person_b = np.array([0, 1, 1, 2]), np.array([0, 1, 2, 1])
    made = Dependence(np.zeros(4), person_a == person_b, (person_a, person_b))
    found = made.influence_of(np.array([1.0, 10.0, 100.0, 1000.0]))
    assert found.sums.tolist() == [1, 1110, 1100]
    assert found.couples == 1100**2
    assert found.variance == 1 + 1110**2 + 1100**2 - 1100**2


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_influences_of_two_numbers_add_up_and_scale(seed: int) -> None:
    made = made_up(seed, n=25)
    linked = made.linked()
    values = np.random.default_rng(seed).normal(0, 1, 25)
    mated, other = linked.mated.influence_of(values[made.mated]), linked.non_mated.influence_of(values[~made.mated])
    both, thrice = linked.influence_of(values), (mated + other) * -3.0
    assert thrice.sums == pytest.approx(-3 * both.sums)
    assert thrice.couples == pytest.approx(9 * both.couples)
    assert thrice.squares == pytest.approx(9 * both.squares)


@pytest.mark.parametrize("mated", [True, False])
@settings(deadline=None, max_examples=40)
@given(seed=SEEDS, share=st.sampled_from([0.3, 0.8]))
def test_the_influence_on_a_rate_is_that_of_each_error_less_the_rate(mated: bool, seed: int, share: float) -> None:
    made = made_up(seed)
    linked = made.linked()
    kind = linked.mated if mated else linked.non_mated
    wrong = np.random.default_rng(seed).random(kind.n) < share
    values = (wrong - wrong.mean()) / kind.n
    found, want = kind.influence(np.flatnonzero(wrong)), kind.influence_of(values)
    np.testing.assert_allclose(found.sums, want.sums, atol=1e-12)
    assert (found.couples, found.squares) == pytest.approx((want.couples, want.squares), abs=1e-12)
    alone = made.only(made.mated == mated)
    assert found.variance == pytest.approx(max(double_sum(alone, values), float(values @ values)), abs=1e-12)


def test_effective_people_are_as_many_as_have_an_equal_share_and_fewer_where_one_has_most() -> None:
    def effective(*sums: float) -> float:
        return Influence(np.array(sums), 0.0, 0.0).effective_people

    assert effective(2, -2, 2, -2, 2, 0) == 5
    assert effective(3, 1) == pytest.approx(10**2 / 82)
    assert math.isnan(effective(0, 0))


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_normal_scores_are_deviates_of_middle_ranks(seed: int) -> None:
    linked = made_up(seed, ties=0).linked()
    for kind in (linked.mated, linked.non_mated):
        want = stats.norm.ppf((stats.rankdata(kind.badness) - 0.5) / kind.n)
        np.testing.assert_allclose(kind.normal_scores, want, atol=1e-12)


def test_worst_of_mated_are_the_least_alike_and_of_others_the_most() -> None:
    similarity, mated = np.array([0.9, 0.1, 0.5, 0.7, 0.2, 0.3]), np.array([True, True, True, False, False, False])
    linked = Dependence(similarity, mated, None)
    assert linked.mated.worst_first.tolist() == [1, 2, 0]
    assert linked.non_mated.worst_first.tolist() == [0, 2, 1]
    assert linked.mated.sorted_badness.tolist() == [-0.9, -0.5, -0.1]
    assert linked.non_mated.sorted_badness.tolist() == [0.2, 0.3, 0.7]


Share = Callable[[List, int, int], bool]


def same_couple(made: List, i: int, j: int) -> bool:
    return made.people_of(i) == made.people_of(j)


def same_photo(made: List, i: int, j: int) -> bool:
    return bool(made.photos_of(i) & made.photos_of(j)) and not same_couple(made, i, j)


def same_person(made: List, i: int, j: int) -> bool:
    shared = bool(made.people_of(i) & made.people_of(j))
    return shared and not same_couple(made, i, j) and not same_photo(made, i, j)


def one_of_two(made: List, i: int, j: int) -> bool:
    return bool(made.people_of(i) & made.people_of(j)) and not same_couple(made, i, j)


def plain_sharing(made: List, z: np.ndarray, ways: list[Share]) -> list[tuple[int, float]]:
    """Number of ordered couples of comparisons that share in each way, and the mean product of their normal scores."""
    found = []
    for way in ways:
        products = [z[i] * z[j] for i, j in itertools.permutations(range(z.size), 2) if way(made, i, j)]
        if products:
            found.append((len(products), float(np.mean(products))))
    return found


def uncentred(found: list[tuple[int, float]], n: int) -> list[float]:
    """Solve r = (seen + v) / (1 + v), v the variance of the mean score, by many steps."""
    r = [seen for _, seen in found]
    for _ in range(500):
        v = (n + sum(count * max(one, 0) for (count, _), one in zip(found, r, strict=True))) / n**2
        r = [(seen + v) / (1 + v) for _, seen in found]
    return [min(max(one, 0), 0.95) for one in r]


@pytest.mark.parametrize(
    ("mated", "photos", "ways"),
    [
        (True, True, [same_couple]),
        (False, True, [same_couple, same_photo, same_person]),
        (False, False, [same_couple, one_of_two]),
    ],
)
@settings(deadline=None, max_examples=30)
@given(seed=SEEDS)
def test_sharing_is_that_of_a_loop_over_every_two_comparisons(
    mated: bool, photos: bool, ways: list[Share], seed: int
) -> None:
    made = made_up(seed)
    linked = made.linked(photos=photos)
    kind = linked.mated if mated else linked.non_mated
    found = plain_sharing(made.only(made.mated == mated), kind.normal_scores, ways)
    assert [one.count for one in kind.sharing] == [count for count, _ in found]
    assert [one.correlation for one in kind.sharing] == pytest.approx(uncentred(found, kind.n), abs=1e-3)


def test_counts_where_everybody_is_compared_with_everybody_are_those_of_the_formulas() -> None:
    people, photos = 7, 3
    a, b = np.triu_indices(people * photos, 1)
    made = List(np.arange(a.size) % 17 * 1.0, a // photos == b // photos, a // photos, b // photos, a, b)
    linked = made.linked()
    n, k = people, photos
    others, pairs = n * (n - 1) * k**2 // 2, k * (k - 1) // 2
    assert (linked.non_mated.n, linked.mated.n) == (others, n * pairs)
    assert [one.count for one in linked.non_mated.sharing] == [
        others * (k**2 - 1),
        n * k * (n - 1) * k * (n - 2) * k,
        n * (n - 1) * (n - 2) * k**3 * (k - 1),
    ]
    assert [one.count for one in linked.mated.sharing] == [n * pairs * (pairs - 1)]


def test_correlations_of_the_population_are_found_again() -> None:
    """Mated scores of 400 people, half of whose variance is the person's."""
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(400), 6)
    similarity = rng.normal(0, 1, 400)[person] + rng.normal(0, 1, person.size)
    kind = Dependence(similarity, np.ones(person.size, np.bool_), (person, person)).mated
    assert kind.sharing[0].correlation == pytest.approx(0.5, abs=0.05)


def test_undoing_the_centring_makes_few_people_more_alike_and_no_more_than_they_are() -> None:
    """Half of the variance is the person's; the mean product of scores alone is 0.40 with eight people."""
    found, seen = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        person = np.repeat(np.arange(8), 6)
        similarity = rng.normal(0, 1, 8)[person] + rng.normal(0, 1, person.size)
        kind = Dependence(similarity, np.ones(person.size, np.bool_), (person, person)).mated
        found.append(kind.sharing[0].correlation)
        seen.append((float(kind.people.sums(kind.normal_scores) @ kind.people.sums(kind.normal_scores)) - 48) / 240)
    assert np.mean(seen) + 0.025 < np.mean(found) < 0.5


def test_correlations_stay_between_0_and_95_percent() -> None:
    person = np.repeat(np.arange(200), 2)
    yes = np.ones(400, np.bool_)
    alike = Dependence(person * 1.0, yes, (person, person)).mated
    opposed = Dependence(np.where(np.arange(400) % 2, person + 1.0, -person - 1.0), yes, (person, person)).mated
    assert [one.correlation for one in alike.sharing] == [0.95]
    assert [one.correlation for one in opposed.sharing] == [0]


@pytest.mark.parametrize("q", [0.001, 0.05, 0.5, 0.9])
@pytest.mark.parametrize("r", [-0.9, -0.2, 0.0, 0.03, 0.5, 0.95])
def test_the_covariance_of_exceedances_is_that_of_the_bivariate_normal(q: float, r: float) -> None:
    limit = -stats.norm.ppf(q)
    both = stats.multivariate_normal([0, 0], [[1, r], [r, 1]]).cdf([-limit, -limit])
    assert float(exceedance_covariance(q, r)) == pytest.approx(both - q**2, abs=2e-6)


def test_the_covariance_of_exceedances_in_closed_form_and_at_the_ends() -> None:
    r = np.array([-0.95, -0.5, 0.0, 0.3, 0.95])
    np.testing.assert_allclose(exceedance_covariance(0.5, r), np.arcsin(r) / (2 * math.pi), atol=1e-9)
    assert exceedance_covariance(np.array([0.0, 1.0]), 0.5).tolist() == [0, 0]
    np.testing.assert_allclose(exceedance_covariance(0.02, r), exceedance_covariance(0.98, r), rtol=1e-9)


@pytest.mark.parametrize("mated", [True, False])
@settings(deadline=None, max_examples=20)
@given(seed=SEEDS, q=st.sampled_from([0.01, 0.2, 0.5, 0.97]))
def test_the_variance_of_a_rate_is_binomial_and_a_covariance_for_every_two_that_share(
    mated: bool, seed: int, q: float
) -> None:
    linked = made_up(seed).linked()
    kind = linked.mated if mated else linked.non_mated
    total = kind.n * q * (1 - q)
    for one in kind.sharing:
        total += one.count * float(exceedance_covariance(q, one.correlation))
    assert float(kind.variance(q)) == pytest.approx(total / kind.n**2)
    assert kind.variance(np.array([[q, 0.0], [1.0, q]])).tolist() == [
        [pytest.approx(total / kind.n**2), 0],
        [0, pytest.approx(total / kind.n**2)],
    ]


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_where_people_are_unknown_comparisons_are_independent(seed: int) -> None:
    made = made_up(seed)
    linked = made.linked(people=False)
    for kind in (linked.mated, linked.non_mated):
        assert kind.sharing == ()
        assert kind.degrees_of_freedom == math.inf
        assert float(kind.variance(0.2)) == pytest.approx(0.16 / kind.n)
        rows = kind.worst_first[: kind.n // 3]
        assert kind.factor(rows) == 1
        assert kind.influence(rows).variance == pytest.approx(kind.influence(rows).squares)
    assert linked.crossing.count == 0
    values = np.random.default_rng(seed).normal(0, 1, linked.n)
    assert linked.influence_of(values).variance == pytest.approx(float(values @ values))


def clustered(errors: int, n: int = 400, people: int = 40) -> tuple[Kind, np.ndarray]:
    """Mated comparisons; the errors are those of as few people as possible, whatever the similarities."""
    person = np.repeat(np.arange(people), n // people)
    similarity = np.random.default_rng(0).normal(0, 1, n)
    kind = Dependence(similarity, np.ones(n, np.bool_), (person, person)).mated
    return kind, np.arange(errors)


def test_the_factor_is_the_ratio_of_the_two_variances_at_the_errors() -> None:
    kind, rows = clustered(50)
    # Five people have all ten errors each, the other 35 none: sums of 10 less 10/8, and of -10/8.
    sums = np.repeat([10 - 1.25, -1.25], [5, 35])
    robust = float(sums @ sums) / 400**2
    want = robust / float(kind.variance(50 / 400))
    assert want > 5
    # Student's t for the effective people less 1, against that for all people less 1.
    effective = float(sums @ sums) ** 2 / float((sums**2) @ (sums**2))
    assert 5 < effective - 1 < 39
    assert kind.factor(rows) == pytest.approx(want * widening(effective - 1, 39))


def widening(few: float, many: float) -> float:
    return float(stats.t.ppf(0.975, few) / stats.t.ppf(0.975, many)) ** 2


def test_few_people_widen_the_factor_by_no_more_than_five_degrees_of_freedom() -> None:
    kind, rows = clustered(10)
    found = kind.influence(rows)
    assert found.effective_people < 3
    assert kind.factor(rows) == pytest.approx(found.variance / float(kind.variance(10 / 400)) * widening(5, 39))


def test_the_factor_is_never_below_1() -> None:
    person = np.tile(np.arange(40), 10)
    kind = Dependence(np.arange(400.0), np.ones(400, np.bool_), (person, person)).mated
    rows = np.arange(40)  # one of each person
    assert kind.influence(rows).variance == pytest.approx(0.1 * 0.9 / 400)
    assert kind.factor(rows) == pytest.approx(1)
    lopsided = np.arange(1, 41)  # as many of each but one
    assert 1 <= kind.factor(lopsided) < 1.1


def widened(kind: Kind, rows: np.ndarray) -> float:
    """The ratio of the variances at these errors, widened for the people who carry them; 1 where it is no larger."""
    found = kind.influence(rows)
    ratio = found.variance / float(kind.variance(rows.size / kind.n))
    few = max(found.effective_people - 1, 5)
    many = kind.degrees_of_freedom
    return ratio * (widening(few, many) if few < many else 1) if ratio > 1 else 1.0


@pytest.mark.parametrize("few", [0, 1, FEW_ERRORS - 1])
def test_with_few_errors_the_factor_is_that_of_a_hundred(few: int) -> None:
    person = np.repeat(np.arange(100), 10)
    noise = np.random.default_rng(1).normal(0, 1, 1000)
    similarity = np.where(person < 10, -5.0, np.where(person >= 90, 5.0, 0.0)) + noise
    kind = Dependence(similarity, np.ones(1000, np.bool_), (person, person)).mated
    hundred = kind.worst_first[:ERRORS_INSTEAD]
    want = widened(kind, hundred)
    assert want > 1
    assert kind.factor(kind.worst_first[:few]) == pytest.approx(want)
    right = kind.worst_first[: 1000 - ERRORS_INSTEAD]
    of_right = widened(kind, right)
    assert of_right > 1
    assert kind.factor(kind.worst_first[: 1000 - few]) == pytest.approx(of_right)
    ten = kind.worst_first[:FEW_ERRORS]
    assert kind.factor(ten) == pytest.approx(widened(kind, ten))


def test_with_fewer_than_two_hundred_comparisons_it_is_that_of_half_of_them() -> None:
    person = np.repeat(np.arange(6), 5)
    kind = Dependence(np.where(person < 3, 0.0, 1.0), np.ones(30, np.bool_), (person, person)).mated
    half = kind.worst_first[:15]
    want = widened(kind, half)
    assert want > 1
    assert kind.factor(half[:0]) == pytest.approx(want)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_few_comparisons_have_a_factor_too(n: int) -> None:
    person = np.zeros(n, np.int64)
    kind = Dependence(np.zeros(n), np.ones(n, np.bool_), (person, person)).mated
    for errors in range(n + 1):
        assert kind.factor(kind.worst_first[:errors]) >= 1


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.sampled_from([-math.inf, -1.0, 0.0, 0.5, math.inf]))
def test_errors_at_a_threshold_are_those_of_a_plain_count(seed: int, threshold: float) -> None:
    made = made_up(seed, ties=0)
    linked = made.linked()
    accepted = made.similarity >= threshold
    for kind, wrong in (
        (linked.mated, ~accepted[made.mated]),
        (linked.non_mated, accepted[~made.mated]),
    ):
        assert kind.count_at(threshold) == np.count_nonzero(wrong)
        assert sorted(kind.errors_where(threshold).tolist()) == np.flatnonzero(wrong).tolist()


def test_comparisons_that_were_not_made_are_the_first_errors_of_mated_and_the_last_of_others() -> None:
    similarity = np.array([0.2, -math.inf, 0.9, 0.2, -math.inf, 0.9])
    linked = Dependence(similarity, np.arange(6) < 3, (np.arange(6), np.arange(6) + 3 * (np.arange(6) >= 3)))
    assert linked.mated.worst_first.tolist() == [1, 0, 2]
    assert linked.non_mated.worst_first.tolist() == [2, 0, 1]
    assert linked.mated.count_at(-1e300) == 1
    assert linked.non_mated.count_at(-1e300) == 2
    for kind in (linked.mated, linked.non_mated):
        assert np.isfinite(kind.normal_scores).all()
        assert np.isfinite(kind.variance(0.3))


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_crossing_is_the_mean_product_of_a_mated_and_a_non_mated_score_of_one_person(seed: int) -> None:
    made = made_up(seed)
    linked = made.linked()
    mated, other = made.only(made.mated), made.only(~made.mated)
    products = [
        linked.mated.normal_scores[i] * linked.non_mated.normal_scores[j]
        for i in range(linked.mated.n)
        for j in range(linked.non_mated.n)
        if mated.people_of(i) & other.people_of(j)
    ]
    assert linked.crossing.count == len(products)
    want = min(max(float(np.mean(products)), -0.95), 0.95) if products else 0
    assert linked.crossing.correlation == pytest.approx(want)
    q = np.array([0.1, 0.3])
    covariance = [
        len(products) * float(exceedance_covariance(at, want)) / (linked.mated.n * linked.non_mated.n) for at in q
    ]
    np.testing.assert_allclose(linked.crossing_covariance(q), covariance, atol=1e-12)


def test_who_resembles_everybody_and_himself_has_errors_of_one_kind_alone() -> None:
    person = np.arange(30)
    own = person * 1.0
    people = np.concatenate([person, person]), np.concatenate([person, person + 30])
    for similarity, want in ((own, -0.95), (-own, 0.95), (np.where(person % 2, own, -own), None)):
        linked = Dependence(np.concatenate([own, similarity]), people[0] == people[1], people)
        products = -stats.norm.ppf((person + 0.5) / 30) * stats.norm.ppf((stats.rankdata(similarity) - 0.5) / 30)
        assert linked.crossing.correlation == pytest.approx(np.mean(products) if want is None else want)


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_the_order_of_rows_and_of_sides_changes_nothing(seed: int) -> None:
    made = made_up(seed)
    rng = np.random.default_rng(seed)
    order, turn = rng.permutation(40), rng.random(40) < 0.5
    turned = List(
        *made[:2],
        np.where(turn, made.person_b, made.person_a),
        np.where(turn, made.person_a, made.person_b),
        np.where(turn, made.photo_b, made.photo_a),
        np.where(turn, made.photo_a, made.photo_b),
    ).only(order)
    values = rng.normal(0, 1, 40)
    before, after = made.linked(), turned.linked()
    assert after.influence_of(values[order]).variance == pytest.approx(before.influence_of(values).variance)
    for one, other in ((before.mated, after.mated), (before.non_mated, after.non_mated)):
        assert [way.count for way in other.sharing] == [way.count for way in one.sharing]
        assert [way.correlation for way in other.sharing] == pytest.approx([way.correlation for way in one.sharing])
    assert after.crossing.correlation == pytest.approx(before.crossing.correlation)


def test_rows_of_a_kind_and_values_in_the_order_of_the_list() -> None:
    mated = np.array([True, False, False, True, False])
    linked = Dependence(np.zeros(5), mated, None)
    rows = np.array([True, True, False, True, True])
    assert linked.mated_rows(rows).tolist() == [0, 1]
    assert linked.non_mated_rows(rows).tolist() == [0, 2]
    assert linked.in_order(np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])).tolist() == [1, 3, 4, 2, 5]


def test_people_are_counted_by_kind() -> None:
    person_a, person_b = np.array([0, 0, 2, 5]), np.array([0, 0, 3, 2])
    linked = Dependence(np.zeros(4), person_a == person_b, (person_a, person_b))
    assert (linked.mated.distinct_people, linked.non_mated.distinct_people) == (1, 3)
    assert (linked.mated.degrees_of_freedom, linked.non_mated.degrees_of_freedom) == (0, 2)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 6)), max_size=30))
def test_numbers_of_couples_are_dense_and_tell_them_apart(couples: list[tuple[int, int]]) -> None:
    first, second = np.array(couples, np.int64).reshape(-1, 2).T
    found = numbered(first, second, 7).tolist()
    assert len(set(zip(found, couples, strict=True))) == len(set(found)) == len(set(couples))
    assert set(found) == set(range(len(set(couples))))


def test_no_comparisons_are_fine() -> None:
    nothing = np.zeros(0, np.int64)
    for people in (None, (nothing, nothing)):
        linked = Dependence(np.zeros(0), np.zeros(0, np.bool_), people, people)
        assert (linked.n, linked.mated.n, linked.non_mated.n) == (0, 0, 0)
        assert linked.influence_of(np.zeros(0)).variance == 0
        assert linked.crossing.count == 0


def test_columns_that_do_not_fit_and_similarities_that_are_nan_are_refused() -> None:
    two, three = np.zeros(2), np.zeros(3, np.int64)
    yes = np.ones(2, np.bool_)
    for columns in ((two, yes[:1], None, None), (two, yes, (three, three), None), (two, yes, None, (three, three))):
        with pytest.raises(ConfigurationError, match="one and the same length"):
            Dependence(*columns)
    with pytest.raises(ConfigurationError, match="one and the same length"):
        Dependence(np.zeros((2, 2)), np.ones((2, 2), np.bool_), None)
    with pytest.raises(ConfigurationError, match="is NaN"):
        Dependence(np.array([0.5, math.nan]), yes, None)
