from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import convolve, gaussian_filter, map_coordinates

from faceproof.degrade.blur import defocus_blur, gaussian_blur, motion_blur, zoom_blur

BLURS = {
    "gaussian": gaussian_blur,
    "defocus": defocus_blur,
    "motion": lambda photo, size: motion_blur(photo, size, np.random.default_rng(4)),
    "zoom": lambda photo, size: zoom_blur(photo, size / 50),
}


def point(side):
    photo = np.zeros((side, side, 3), np.uint8)
    photo[side // 2, side // 2] = 255
    return photo


def moments(photo):
    """Middle and covariance of where the light is, x before y, in pixels."""
    light = photo[:, :, 0].astype(np.float64)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    places = np.stack([x.ravel(), y.ravel()])
    return np.average(places, axis=1, weights=light.ravel()), np.cov(places, aweights=light.ravel(), ddof=0)


def disk(radius):
    """Each cell's share of the disk's area, by counting 21 x 21 points in it."""
    reach = int(np.ceil(radius))
    offsets = (np.arange(21) - 10) / 21
    axis = (np.arange(-reach, reach + 1)[:, None] + offsets).ravel()
    inside = np.hypot(axis[:, None], axis) <= radius
    shares = inside.reshape(2 * reach + 1, 21, 2 * reach + 1, 21).mean(axis=(1, 3))
    return shares / shares.sum()


@pytest.mark.parametrize("blur", BLURS.values(), ids=BLURS)
def test_a_blur_of_size_0_changes_nothing(blur, textured):
    photo = textured(20, 31)
    np.testing.assert_array_equal(blur(photo, 0), photo)


@pytest.mark.parametrize("blur", BLURS.values(), ids=BLURS)
@settings(deadline=None, max_examples=30)
@given(st.integers(0, 255), st.floats(0, 30), st.integers(1, 30), st.integers(1, 30))
def test_a_flat_photo_stays_as_it_is_up_to_its_edges(blur, value, size, height, width):
    assert (blur(np.full((height, width, 3), value, np.uint8), size) == value).all()


@pytest.mark.parametrize("blur", BLURS.values(), ids=BLURS)
@settings(deadline=None, max_examples=30)
@given(st.floats(0, 12), st.integers(0, 1000))
def test_nothing_gets_brighter_or_darker_than_the_photo_was(blur, size, seed):
    photo = np.random.default_rng(seed).integers(60, 180, (15, 22, 3), dtype=np.uint8)
    result = blur(photo, size)
    assert result.min() >= photo.min()
    assert result.max() <= photo.max()


@pytest.mark.parametrize("blur", BLURS.values(), ids=BLURS)
def test_channels_are_blurred_each_for_itself(blur, textured):
    photo = textured(40, 33)
    swapped = np.ascontiguousarray(photo[:, :, ::-1])
    np.testing.assert_array_equal(blur(swapped, 6), blur(photo, 6)[:, :, ::-1])


@pytest.mark.parametrize("radius", [0.4, 1, 1.5, 3, 4.5, 8])
def test_defocus_is_scipy_s_convolution_with_a_disk(radius, textured):
    photo = textured(41, 58)
    got = defocus_blur(photo, radius)
    want = np.stack([convolve(photo[:, :, c].astype(float), disk(radius), mode="nearest") for c in range(3)], axis=2)
    # The rim counts by its distance here, and by its area there.
    assert np.abs(got - want).mean() < 1
    assert np.abs(got - want).max() < 5


@pytest.mark.parametrize("radius", [1.5, 3, 4.5, 6, 8])
def test_defocus_weighs_as_its_formula_says(radius, textured):
    photo = textured(30, 47, seed=2)
    reach = int(np.ceil(radius))
    padded = np.pad(photo, ((reach, reach), (reach, reach), (0, 0)), mode="edge").astype(float)
    total, weights = np.zeros(photo.shape), 0.0
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            weight = min(max(radius + 0.5 - (dx * dx + dy * dy) ** 0.5, 0.0), 1.0)
            total += weight * padded[reach + dy : reach + dy + 30, reach + dx : reach + dx + 47]
            weights += weight
    assert np.abs(defocus_blur(photo, radius) - total / weights).max() <= 0.501


def test_a_point_out_of_focus_is_an_even_disk():
    photo = np.full((41, 41, 3), 5, np.uint8)
    photo[20, 20] = 255
    result = defocus_blur(photo, 4)[:, :, 0]
    y, x = np.mgrid[-20:21, -20:21]
    assert (result[np.hypot(x, y) >= 4.5] == 5).all()
    assert len(np.unique(result[np.hypot(x, y) <= 3.5])) == 1
    for turned in (result[::-1], result[:, ::-1], result.T):
        np.testing.assert_array_equal(turned, result)


@pytest.mark.parametrize("radius", [1, 2, 3, 4, 5])
def test_gaussian_blur_is_close_to_the_curve_itself(radius, textured):
    photo = textured(60, 73)
    want = gaussian_filter(photo.astype(float), (radius, radius, 0), mode="nearest", truncate=6)
    difference = np.abs(gaussian_blur(photo, radius) - want)
    assert difference.mean() < 1
    assert difference.max() < 8


@pytest.mark.parametrize("length", [5, 9, 13, 18, 24])
@pytest.mark.parametrize("seed", range(4))
def test_a_moved_point_is_a_line_of_that_length(length, seed):
    photo = np.zeros((61, 61, 3), np.uint8)
    photo[28:33, 28:33] = 255
    middle, own = moments(photo)
    moved_middle, moved = moments(motion_blur(photo, length, np.random.default_rng(seed)))
    np.testing.assert_allclose(moved_middle, middle, atol=0.15)
    across, along = np.linalg.eigvalsh(moved - own)
    # An even line of length L has the variance L^2 / 12; points that are pixels wide make it a little longer.
    assert length - 0.3 < np.sqrt(12 * along) < length + 0.8
    assert -0.15 < across < 0.4


def test_the_direction_is_drawn_from_all_around():
    photo = np.zeros((61, 61, 3), np.uint8)
    photo[28:33, 28:33] = 255
    angles = []
    for seed in range(200):
        axes = np.linalg.eigh(moments(motion_blur(photo, 18, np.random.default_rng(seed)))[1])[1]
        angles.append(np.degrees(np.arctan2(*axes[::-1, 1])) % 180)
    counts = np.histogram(angles, bins=6, range=(0, 180))[0]
    # 200 of even chance: 33 a bin, standard deviation 5.3.
    assert counts.min() > 33 - 4 * 5.3
    assert counts.max() < 33 + 4 * 5.3


def test_the_same_draw_gives_the_same_line_of_another_length():
    photo = np.zeros((81, 81, 3), np.uint8)
    photo[38:43, 38:43] = 255
    axes = [np.linalg.eigh(moments(motion_blur(photo, n, np.random.default_rng(8)))[1])[1][:, 1] for n in (9, 24)]
    assert abs(axes[0] @ axes[1]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("zoom", [0.04, 0.13, 0.26])
def test_zoom_is_the_mean_of_enlargements_about_the_middle(zoom, textured):
    photo = textured(45, 60)
    y, x = np.mgrid[:45, :60].astype(float)
    total = np.zeros(photo.shape)
    for step in np.linspace(0, zoom, 9):
        places = [(y - 22) / (1 + step) + 22, (x - 29.5) / (1 + step) + 29.5]
        for c in range(3):
            total[:, :, c] += map_coordinates(photo[:, :, c].astype(float), places, order=1, mode="nearest")
    assert np.abs(zoom_blur(photo, zoom) - total / 9).max() <= 1.5


def test_zoom_spares_the_middle():
    result = zoom_blur(point(61), 0.26)
    assert result[30, 30, 0] > 150
    photo = np.zeros((61, 61, 3), np.uint8)
    photo[30, 58] = 255
    assert zoom_blur(photo, 0.26).max() < 100
