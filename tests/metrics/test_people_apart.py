from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from faceproof.metrics.people_apart import gain_of, pair_sums, pairs_of, separation

PEOPLE = [f"p{one // 3}" for one in range(36)]


def templates(noise, seed=0, people=PEOPLE, size=16):
    """Unit vectors around a middle for each person; the same seed gives the same middles and the same noise."""
    rng = np.random.default_rng(seed)
    middles = {person: rng.normal(size=size) for person in dict.fromkeys(people)}
    rows = np.stack([middles[person] for person in people]) + noise * rng.normal(size=(len(people), size))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def by_hand(people, made):
    """The statistic from a list of pairs."""
    mated, others = [], []
    for a, b in combinations(range(len(people)), 2):
        (mated if people[a] == people[b] else others).append(float(made[a].astype(float) @ made[b].astype(float)))
    return (np.mean(mated) - np.mean(others)) / np.std(others)


def test_separation_is_that_of_all_pairs():
    people = [*PEOPLE[:20], "alone"]
    made = templates(0.4, people=people)
    assert separation(pair_sums(people, made)) == pytest.approx([by_hand(people, made)], rel=1e-9)
    mated, similarity = pairs_of(people, made)
    assert (mated.size, mated.sum()) == (21 * 20 // 2, 6 * 3 + 1)
    assert similarity[0] == pytest.approx(float(made[0].astype(float) @ made[1].astype(float)))


def test_a_person_who_counts_twice_weighs_as_two():
    """Non-mated pairs of two people count the product of how often the two were drawn, mated ones how often one was."""
    people, made = PEOPLE[:9], templates(0.4)[:9]
    sums = pair_sums(people, made)
    cosine = made.astype(float) @ made.astype(float).T
    times = {"p0": 2, "p1": 1, "p2": 0}
    mated, others = [], []
    for a, b in combinations(range(9), 2):
        one, two = people[a], people[b]
        (mated if one == two else others).extend([cosine[a, b]] * (times[one] * (1 if one == two else times[two])))
    expected = (np.mean(mated) - np.mean(others)) / np.std(others)
    assert separation(sums, np.array([[2.0, 1.0, 0.0]])) == pytest.approx([expected])


@pytest.mark.parametrize("people", [["a"] * 6, list("abcdef"), ["a", "a", "b"]])
def test_where_a_kind_of_pair_is_missing_or_does_not_vary_there_is_no_number(people):
    made = templates(0.4, people=people)
    made[:] = made[0] if people[0] != people[-1] else made
    sums = pair_sums(people, made)
    assert np.isnan(separation(sums)).all()
    assert np.isnan(gain_of([(sums, sums)]).value)


def test_the_same_templates_gain_nothing():
    sums = pair_sums(PEOPLE, templates(0.5))
    gain = gain_of([(sums, sums)])
    assert (gain.value, gain.low, gain.high) == (0, 0, 0)
    assert gain.text == "+0.00, 95% interval +0.00 to +0.00"


def test_a_gain_turns_round_with_its_sides():
    worse, better = (pair_sums(PEOPLE, templates(noise)) for noise in (0.8, 0.5))
    gain, loss = gain_of([(worse, better)]), gain_of([(better, worse)])
    assert 0 < gain.low < gain.value < gain.high
    assert (loss.value, loss.low, loss.high) == pytest.approx((-gain.value, -gain.high, -gain.low))


def test_noise_of_another_seed_is_no_gain():
    base, other = (pair_sums(PEOPLE, templates(0.5, seed)) for seed in (1, 2))
    gain = gain_of([(base, other)])
    assert gain.low < 0 < gain.high


def test_groups_count_by_their_people_and_are_not_compared_with_each_other():
    few = [f"q{one // 3}" for one in range(12)]
    first = [pair_sums(PEOPLE, templates(noise)) for noise in (0.8, 0.5)]
    second = [pair_sums(few, templates(noise, 5, few)) for noise in (0.6, 0.6)]
    both = gain_of([(first[0], first[1]), (second[0], second[1])])
    assert both.value == pytest.approx(12 / 16 * gain_of([(first[0], first[1])]).value)


def test_the_interval_is_as_wide_as_repeated_draws_or_somewhat_wider():
    """A bootstrap over people errs towards too wide, by up to two thirds with a dozen people."""
    gains, widths = [], []
    for seed in range(60):
        gain = gain_of([(pair_sums(PEOPLE, templates(0.8, seed)), pair_sums(PEOPLE, templates(0.6, seed)))])
        gains.append(gain.value)
        widths.append((gain.high - gain.low) / 2 / 1.96)
    assert 0.9 < np.mean(widths) / np.std(gains) < 1.8


def test_sums_are_those_of_a_plain_loop():
    people = [*PEOPLE[:7], "alone"]
    made = templates(0.4, people=people)
    names = sorted(set(people))
    mated, others = np.zeros((4, 3)), np.zeros((4, 4, 3))
    for a, b in combinations(range(8), 2):
        cosine = float(made[a].astype(float) @ made[b].astype(float))
        one, two = names.index(people[a]), names.index(people[b])
        if one == two:
            mated[one] += (1, cosine, cosine**2)
        else:
            others[[one, two], [two, one]] += (1, cosine, cosine**2)
    sums = pair_sums(people, made)
    np.testing.assert_allclose(sums.mated, mated, rtol=1e-12)
    np.testing.assert_allclose(sums.non_mated, others, rtol=1e-12)


def test_a_gain_is_the_difference_of_two_separations():
    worse, better = (templates(noise) for noise in (0.8, 0.5))
    gain = gain_of([(pair_sums(PEOPLE, worse), pair_sums(PEOPLE, better))])
    assert gain.value == pytest.approx(by_hand(PEOPLE, better) - by_hand(PEOPLE, worse), rel=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_templates_that_are_all_the_same_have_no_separation_whatever_the_rounding(seed):
    """The variance of equal cosines comes out as some 1e-16, above or below 0."""
    made = templates(0.4, seed)
    same = np.repeat(made[:1], len(made), axis=0)
    assert np.isnan(separation(pair_sums(PEOPLE, same))).all()
    near = same + np.float32(3e-3) * templates(1.0, seed)
    assert np.isfinite(separation(pair_sums(PEOPLE, near / np.linalg.norm(near, axis=1, keepdims=True)))).all()
