from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from faceproof.degrade.resolution import pixelated, reduced, reduced_and_back

SIDES = st.integers(1, 60)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(deadline=None)
@given(SIDES, SIDES, st.integers(1, 70))
def test_the_shorter_side_is_as_asked_and_the_longer_in_proportion(height, width, asked):
    result = reduced(noise(height, width), asked)
    if asked >= min(height, width):
        assert result.shape == (height, width, 3)
    else:
        assert min(result.shape[:2]) == asked
        assert max(result.shape[:2]) == pytest.approx(max(height, width) * asked / min(height, width), abs=0.51)


@pytest.mark.parametrize("function", [reduced, reduced_and_back, pixelated])
@pytest.mark.parametrize("asked", [20, 21, 31, 500])
def test_a_photo_that_is_as_small_stays_to_the_byte(function, asked):
    photo = noise(20, 31)
    np.testing.assert_array_equal(function(photo, asked), photo)


def test_a_half_is_close_to_the_mean_of_fours_where_the_photo_is_smooth():
    y, x = np.mgrid[:80, :120]
    photo = np.stack([x + y, 2 * y, 250 - x], axis=2).astype(np.uint8)
    means = photo.reshape(40, 2, 60, 2, 3).mean(axis=(1, 3))
    assert np.abs(reduced(photo, 40) - means)[2:-2, 2:-2].max() <= 1


def test_stripes_finer_than_the_new_pixels_become_gray_and_wide_ones_stay():
    fine, wide = np.zeros((120, 120, 3), np.uint8), np.zeros((120, 120, 3), np.uint8)
    fine[:, ::2] = 200
    wide[:, :60] = 200
    for function in (reduced, reduced_and_back):
        assert np.abs(function(fine, 30)[5:-5, 5:-5].astype(int) - 100).max() <= 3
        result = function(wide, 30)
        assert np.abs(result[:, : result.shape[1] // 3].astype(int) - 200).max() <= 3
        assert result[:, -result.shape[1] // 3 :].max() <= 3


@settings(deadline=None)
@given(SIDES, SIDES, st.integers(1, 70))
def test_down_and_back_has_the_size_it_had(height, width, asked):
    assert reduced_and_back(noise(height, width), asked).shape == (height, width, 3)


def test_down_and_back_knows_no_more_than_the_small_photo(textured):
    photo = textured(96, 120)
    back = reduced_and_back(photo, 24)
    small, again = reduced(photo, 24).astype(int), reduced(back, 24).astype(int)
    assert np.abs(small - again).mean() < 3
    assert np.abs(back.astype(int) - photo).mean() > 2


def blocks_of(side, blocks):
    """The number of the block that each pixel's middle falls into, of so many equal parts."""
    return (2 * np.arange(side) + 1) * blocks // (2 * side)


def has_middle_on_an_edge(side, blocks):
    return blocks < side and bool(((2 * np.arange(side) + 1) * blocks % (2 * side) == 0).any())


def means_of_blocks(photo, down, across):
    """The photo with the mean of its block, not rounded, at each pixel."""
    number = blocks_of(photo.shape[0], down)[:, None] * across + blocks_of(photo.shape[1], across)
    counts = np.bincount(number.ravel(), minlength=down * across)
    sums = [np.bincount(number.ravel(), photo[:, :, c].ravel(), down * across) for c in range(3)]
    return (np.stack(sums, axis=1) / counts[:, None])[number]


@settings(deadline=None)
@given(SIDES, SIDES, st.integers(1, 70), st.integers(0, 99))
def test_each_block_has_one_colour_which_is_the_mean_of_what_it_covers(height, width, blocks, seed):
    photo = noise(height, width, seed)
    shorter = min(blocks, height, width)
    down, across = (max(round(side * shorter / min(height, width)), 1) for side in (height, width))
    assume(not has_middle_on_an_edge(height, down) and not has_middle_on_an_edge(width, across))
    # Pillow rounds the means along one axis before it takes the mean of these.
    assert np.abs(pixelated(photo, blocks) - means_of_blocks(photo, down, across)).max() <= 1.01


@pytest.mark.parametrize(("size", "blocks"), [((2, 3), 1), ((160, 160), 64), ((250, 250), 48)], ids=str)
def test_a_pixel_on_the_edge_between_two_blocks_counts_where_it_is_drawn(size, blocks):
    photo = noise(*size)
    result = pixelated(photo, blocks).astype(int)
    steps = [np.flatnonzero((np.diff(result, axis=axis) != 0).any(axis=(1 - axis, 2))) + 1 for axis in (0, 1)]
    rows, columns = ([0, *found, side] for found, side in zip(steps, size, strict=True))
    for top, below in pairwise(rows):
        for left, right in pairwise(columns):
            mean = photo[top:below, left:right].mean(axis=(0, 1))
            assert np.abs(result[top, left] - mean).max() <= 1.01


@pytest.mark.parametrize("blocks", [1, 2, 5, 26])
def test_no_more_colours_than_blocks(blocks):
    result = pixelated(noise(52, 52), blocks)
    assert len(np.unique(result.reshape(-1, 3), axis=0)) <= blocks**2


def test_one_block_is_the_mean_of_a_square_photo():
    photo = noise(33, 33)
    assert np.abs(pixelated(photo, 1)[7, 7] - photo.mean(axis=(0, 1))).max() <= 1
