from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from faceproof.degrade.noise import gaussian_noise, impulse_noise, shot_noise, speckle_noise

SIDE = 256
N = SIDE * SIDE * 3
NOISES = {
    "gaussian": lambda photo, rng: gaussian_noise(photo, 20, rng),
    "shot": lambda photo, rng: shot_noise(photo, 30, rng),
    "impulse": lambda photo, rng: impulse_noise(photo, 0.2, rng),
    "speckle": lambda photo, rng: speckle_noise(photo, 0.3, rng),
}


def flat(value, side=SIDE):
    return np.full((side, side, 3), value, np.uint8)


def rng(seed=0):
    return np.random.default_rng(seed)


def check_moments(result, mean, variance):
    """Within five standard errors; rounding to whole steps adds 1/12 to the variance."""
    found = result.astype(np.float64)
    variance += 1 / 12
    assert found.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / N))
    # Poisson's kurtosis is above the bell curve's by 1 over its mean, hence 3 for 2.
    assert found.var() == pytest.approx(variance, abs=5 * variance * np.sqrt(3 / N) + 0.01)


@pytest.mark.parametrize("sd", [8, 16, 28])
def test_gaussian_noise_has_its_mean_and_deviation(sd):
    check_moments(gaussian_noise(flat(127), sd, rng()), 127, sd**2)


def test_gaussian_noise_is_a_bell_curve():
    result = gaussian_noise(flat(127), 16, rng())
    edges = np.arange(80, 176, 8) + 0.5
    counts = np.histogram(result, bins=edges)[0]
    chances = np.diff(stats.norm.cdf(edges, 127, 16))
    assert (np.abs(counts - N * chances) < 5 * np.sqrt(N * chances)).all()


def test_gaussian_noise_of_0_changes_nothing_and_clips_at_black_and_white(textured):
    photo = textured(20, 31)
    np.testing.assert_array_equal(gaussian_noise(photo, 0, rng()), photo)
    for value in (0, 255):
        result = gaussian_noise(flat(value), 20, rng())
        # Half of a bell curve is clipped, and what is within half a step rounds to the edge.
        assert (result == value).mean() == pytest.approx(stats.norm.cdf(0.5 / 20), abs=0.01)


@pytest.mark.parametrize(("value", "photons"), [(100, 80), (100, 30), (60, 14), (40, 7)])
def test_shot_noise_has_a_poisson_s_mean_and_deviation(value, photons):
    result = shot_noise(flat(value), photons, rng())
    clipped = stats.poisson.sf(photons, value * photons / 255)
    assert clipped < 0.01
    count = np.arange(200)
    chances = stats.poisson.pmf(count, value * photons / 255)
    values = np.minimum(np.rint(count * 255 / photons), 255)
    mean = (chances * values).sum()
    assert mean == pytest.approx(value, rel=0.01)
    found = result.astype(np.float64)
    variance = (chances * (values - mean) ** 2).sum()
    assert variance == pytest.approx(value * 255 / photons, rel=0.05)
    assert found.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / N))
    assert found.var() == pytest.approx(variance, rel=0.02)


def test_shot_noise_counts_photons():
    value, photons = 128, 14
    result = shot_noise(flat(value), photons, rng())
    for count in range(photons):
        chance = stats.poisson.pmf(count, value * photons / 255)
        found = (result == np.rint(count * 255 / photons)).mean()
        assert found == pytest.approx(chance, abs=5 * np.sqrt(chance / N) + 1e-6)
    assert len(np.unique(result)) == photons + 1


def test_no_light_has_no_shot_noise_and_no_speckle():
    assert shot_noise(flat(0), 4, rng()).max() == 0
    assert speckle_noise(flat(0), 0.5, rng()).max() == 0


@pytest.mark.parametrize(("value", "sd"), [(120, 0.1), (120, 0.18), (60, 0.28)])
def test_speckle_grows_with_the_light(value, sd):
    check_moments(speckle_noise(flat(value), sd, rng()), value, (value * sd) ** 2)


def test_speckle_of_0_changes_nothing(textured):
    photo = textured(20, 31)
    np.testing.assert_array_equal(speckle_noise(photo, 0, rng()), photo)


@pytest.mark.parametrize("share", [0.01, 0.07, 0.22, 0.6])
def test_impulses_are_that_share_of_the_pixels_half_of_them_black(share):
    photo = rng(1).integers(1, 255, (SIDE, SIDE, 3), dtype=np.uint8)
    result = impulse_noise(photo, share, rng())
    black, white = (result == 0).all(axis=2), (result == 255).all(axis=2)
    pixels, half = SIDE * SIDE, share / 2
    for found in (black, white):
        assert found.mean() == pytest.approx(half, abs=5 * np.sqrt(half * (1 - half) / pixels))
    np.testing.assert_array_equal(result[~black & ~white], photo[~black & ~white])


@given(st.integers(0, 1000))
def test_no_share_and_all_of_it(seed):
    photo = rng(1).integers(1, 255, (9, 14, 3), dtype=np.uint8)
    np.testing.assert_array_equal(impulse_noise(photo, 0, rng(seed)), photo)
    assert set(np.unique(impulse_noise(photo, 1, rng(seed)))) <= {0, 255}


def test_more_impulses_keep_those_that_were_there():
    photo = flat(100, 50)
    few, many = (impulse_noise(photo, share, rng(3)) for share in (0.07, 0.22))
    np.testing.assert_array_equal(many[few != 100], few[few != 100])


@pytest.mark.parametrize("name", ["gaussian", "shot", "speckle"])
def test_pixels_and_channels_are_drawn_each_for_itself(name):
    result = NOISES[name](flat(100), rng()).astype(np.float64)
    noise = result - result.mean()
    neighbours = [(noise[:, 1:], noise[:, :-1]), (noise[1:], noise[:-1]), (noise[:, :, 1:], noise[:, :, :-1])]
    for one, other in neighbours:
        assert abs((one * other).mean() / noise.var()) < 5 / np.sqrt(one.size)


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_the_same_draws_give_the_same_noise(noise):
    photo = flat(100, 20)
    np.testing.assert_array_equal(noise(photo, rng(5)), noise(photo, rng(5)))
    assert (noise(photo, rng(5)) != noise(photo, rng(6))).any()
