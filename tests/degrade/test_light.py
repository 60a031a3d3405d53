from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.degrade.light import haze, over_exposure, rain, side_light

RAMP = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)


def rng(seed=0):
    return np.random.default_rng(seed)


def flat(value, height=60, width=90):
    return np.full((height, width, 3), value, np.uint8)


@pytest.mark.parametrize("darkening", [0.3, 0.7, 1.0])
def test_light_from_one_side_falls_in_a_straight_ramp_to_the_far_edge(darkening):
    for seed in range(6):
        columns = side_light(flat(200), darkening, rng(seed))[0, :, 0].astype(float)
        columns = columns if columns[0] > columns[-1] else columns[::-1]
        want = 200 * (1 - darkening * np.arange(90) / 89)
        assert np.abs(columns - want).max() <= 0.501
        assert columns[0] == 200


def test_every_row_and_channel_has_the_same_light():
    result = side_light(flat(200), 0.7, rng())
    assert (result == result[:1, :, :1]).all()


def test_light_comes_from_the_left_as_often_as_from_the_right():
    dark_left = [side_light(flat(200, 1, 2), 1, rng(seed))[0, 0, 0] == 0 for seed in range(400)]
    # Even chance: standard deviation 10.
    assert abs(sum(dark_left) - 200) < 50


def test_no_darkening_changes_nothing(textured):
    photo = textured(20, 31)
    np.testing.assert_array_equal(side_light(photo, 0, rng()), photo)


@given(st.integers(0, 255), st.floats(0, 5))
def test_a_stop_doubles_the_light(value, stops):
    got = int(over_exposure(flat(value, 1, 1), stops)[0, 0, 0])
    light = min((value / 255) ** 2.2 * 2**stops, 1)
    assert abs(got - 255 * light ** (1 / 2.2)) <= 0.51


def test_stops_add_up():
    twice = over_exposure(over_exposure(RAMP, 0.5), 0.7).astype(int)
    assert np.abs(twice - over_exposure(RAMP, 1.2)).max() <= 1


def test_over_exposure_keeps_order_and_grows_with_the_stops():
    before = RAMP
    for stops in (0, 0.7, 1.3, 2.0, 2.8, 3.7):
        result = over_exposure(RAMP, stops)
        assert (np.diff(result[0, :, 0].astype(int)) >= 0).all()
        assert (result >= before).all()
        assert result[0, 0, 0] == 0
        assert result[0, 255, 0] == 255
        before = result
    np.testing.assert_array_equal(over_exposure(RAMP, 0), RAMP)
    assert (over_exposure(RAMP, 3.7)[0, :, 0] == 255).sum() > 150, "what is brighter than white is lost"


@given(st.integers(0, 255), st.floats(0, 1))
def test_haze_is_a_share_of_pale_gray(value, share):
    got = int(haze(flat(value, 1, 1), share)[0, 0, 0])
    assert abs(got - (value + share * (220 - value))) <= 0.501


def test_haze_keeps_order_and_grows_with_the_share():
    before = RAMP.astype(int)
    for share in (0, 0.25, 0.45, 0.62, 0.76, 0.87, 1):
        result = haze(RAMP, share).astype(int)
        assert (np.diff(result[0, :, 0]) >= 0).all()
        assert (np.abs(result - 220) <= np.abs(before - 220)).all()
        before = result
    np.testing.assert_array_equal(haze(RAMP, 0), RAMP)
    assert np.unique(haze(RAMP, 1)).tolist() == [220]


def test_rain_moves_every_value_towards_its_own_pale_light(textured):
    photo = textured(80, 100).astype(int)
    result = rain(photo.astype(np.uint8), 0.35, 12, rng()).astype(int)
    assert (np.abs(result - 210) <= np.abs(photo - 210)).all()
    assert ((result - photo) * (210 - photo) >= 0).all()
    assert (result != photo).mean() > 0.2


def test_no_rain_changes_nothing(textured):
    photo = textured(20, 31)
    np.testing.assert_array_equal(rain(photo, 0, 12, rng()), photo)


def test_more_rain_keeps_the_streaks_that_were_there():
    wet = [rain(flat(0, 200, 200), density, 10, rng(1)).astype(int) for density in (0.02, 0.1, 0.4)]
    covered = [(result > 20).mean() for result in wet]
    assert covered[0] < covered[1] < covered[2]
    for fewer, more in pairwise(wet):
        assert (more > 5)[fewer > 40].all()


def test_longer_streaks_cover_more():
    covered = [(rain(flat(0, 250, 250), 0.05, length, rng(1)) > 20).mean() for length in (5, 10, 13)]
    assert covered == sorted(covered)
    assert covered[2] > 1.8 * covered[0]


def test_streaks_are_upright_within_20_degrees_and_slant_alike():
    slants = []
    for seed in range(12):
        light = rain(flat(0, 300, 300), 0.03, 60, rng(seed))[:, :, 0].astype(float)
        down, across = np.gradient(light)
        # Across a streak its light changes most.
        angle = 0.5 * np.arctan2(2 * (down * across).sum(), (across**2).sum() - (down**2).sum())
        slants.append(angle)
    assert max(np.abs(slants)) < 0.38
    assert min(slants) < -0.1
    assert max(slants) > 0.1


def test_rain_falls_everywhere():
    wet = sum((rain(flat(0, 100, 100), 0.3, 10, rng(seed)) > 20).mean(axis=2) for seed in range(5))
    quarters = [wet[y : y + 25, x : x + 25].mean() for y in (0, 75) for x in (0, 75)]
    assert min(quarters) > 0.6 * max(quarters)
