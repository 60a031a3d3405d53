"""Aims of a threshold against a search over every threshold of the comparisons."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from faceproof.errors import ConfigurationError
from faceproof.metrics.aims import Aim
from faceproof.metrics.cost import price_of_false_matches
from faceproof.metrics.held_out import thresholds_of_others
from faceproof.metrics.operating_points import threshold_at_fmr

ROWS = st.lists(st.tuples(st.integers(-8, 8).map(lambda at: at / 8), st.booleans()), min_size=2, max_size=40)
RATIOS = st.sampled_from([0.001, 0.25, 1.0, 3.0, 99.0, 1e6])


def costs(similarity: np.ndarray, mated: np.ndarray, price: float) -> list[float]:
    """FNMR + price * FMR at each threshold that decides otherwise than the others."""
    every = [*np.unique(similarity), 9.0]
    return [np.mean(similarity[mated] < at) + price * np.mean(similarity[~mated] >= at) for at in every]


@settings(deadline=None)
@given(ROWS, RATIOS)
def test_the_threshold_of_a_cost_ratio_has_the_least_cost(rows: list[tuple[float, bool]], ratio: float) -> None:
    similarity, mated = (np.array(column) for column in zip(*rows, strict=True))
    assume(mated.any() and not mated.all())
    aim = Aim(cost_ratio=ratio)
    at = aim.choose(similarity, mated)
    here = aim.cost(np.mean(similarity[~mated] >= at), np.mean(similarity[mated] < at), 1, 1)
    assert here == pytest.approx(min(costs(similarity, mated, ratio)), abs=1e-12)
    assert aim.least_cost(similarity, mated) == pytest.approx(float(here), abs=1e-12)


@settings(deadline=None)
@given(ROWS)
def test_best_accuracy_weighs_the_rates_by_the_mix_of_the_list(rows: list[tuple[float, bool]]) -> None:
    similarity, mated = (np.array(column) for column in zip(*rows, strict=True))
    assume(mated.any() and not mated.all())
    aim, kinds = Aim(), (int(np.count_nonzero(mated)), int(np.count_nonzero(~mated)))
    at = aim.choose(similarity, mated)
    wrong = np.count_nonzero((similarity >= at) != mated)
    assert wrong == min(np.count_nonzero((similarity >= one) != mated) for one in [*similarity, 9.0])
    assert aim.least_cost(similarity, mated) == pytest.approx(wrong / kinds[0])
    assert float(aim.cost(0.5, 0.25, 10, 40)) == 0.25 + 4 * 0.5


def test_the_extremes_of_the_ratio_accept_and_reject_what_they_must() -> None:
    similarity, mated = np.array([0.2, 0.4, 0.6, 0.8]), np.array([True, False, True, False])
    assert Aim(cost_ratio=0.001).choose(similarity, mated) <= 0.2
    assert Aim(cost_ratio=1e6).choose(similarity, mated) > 0.8


def test_a_target_fmr_is_that_of_the_operating_points() -> None:
    rng = np.random.default_rng(4)
    similarity, mated = rng.random(200), rng.random(200) < 0.5
    aim = Aim(fmr=0.1)
    assert aim.choose(similarity, mated) == threshold_at_fmr(similarity, mated, 0.1)
    assert float(aim.cost(0.5, 0.25, 1, 7)) == 0.25 + 0.5 * price_of_false_matches(0.1)


def test_the_words_name_the_aim() -> None:
    aims = Aim(fmr=0.001), Aim(cost_ratio=25), Aim()
    assert [aim.label for aim in aims] == ["FMR 0.1%", "least cost where FMR counts 25 times", "best accuracy"]


@pytest.mark.parametrize("ratio", [0.0, 9.9e-4, 1.1e6, -1.0, math.nan, math.inf])
def test_a_ratio_out_of_range_is_refused(ratio: float) -> None:
    with pytest.raises(ConfigurationError, match=r"expected 0\.001 to 1,000,000") as raised:
        Aim(cost_ratio=ratio)
    assert raised.value.argument == "cost_ratio"


def test_two_aims_and_no_fmr_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="two aims"):
        Aim(fmr=0.1, cost_ratio=3)
    with pytest.raises(ConfigurationError):
        Aim(fmr=0.0)


def test_with_one_kind_there_is_no_threshold_and_no_least_cost() -> None:
    for kind in (True, False):
        similarity, mated = np.array([0.1, 0.3]), np.full(2, kind)
        assert math.isnan(Aim().choose(similarity, mated))
        assert math.isnan(Aim(cost_ratio=3).choose(similarity, mated))
        assert math.isnan(Aim(cost_ratio=3).least_cost(similarity, mated))


def test_thresholds_of_others_are_chosen_on_the_comparisons_of_other_blocks() -> None:
    rng = np.random.default_rng(2)
    n = 120
    similarity, mated = np.where(rng.random(n) < 0.1, math.nan, rng.random(n)), rng.random(n) < 0.5
    block_a, block_b = rng.integers(0, 4, n), rng.integers(0, 4, n)
    found = thresholds_of_others(similarity, mated, block_a, block_b, Aim(cost_ratio=2).choose)
    for row in range(n):
        mine = {block_a[row], block_b[row]}
        others = [i for i in range(n) if not mine & {block_a[i], block_b[i]} and not math.isnan(similarity[i])]
        assert found[row] == Aim(cost_ratio=2).choose(similarity[others], mated[others])


def test_where_nobody_else_is_left_there_is_no_threshold() -> None:
    block = np.zeros(3, int)
    args = np.array([0.1, 0.2, math.nan]), np.array([True, False, True]), block, block
    assert np.isnan(thresholds_of_others(*args, Aim().choose)).all()
    empty = np.empty(0)
    assert thresholds_of_others(empty, empty.astype(bool), block[:0], block[:0], Aim().choose).shape == (0,)
