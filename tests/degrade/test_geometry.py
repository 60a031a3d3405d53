from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from faceproof.degrade.geometry import perspective, rotation


def rng(seed=0):
    return np.random.default_rng(seed)


def at_places(photo, x, y):
    channels = [map_coordinates(photo[:, :, c].astype(float), [y, x], order=1, mode="nearest") for c in range(3)]
    return np.stack(channels, axis=2)


def turned(photo, degrees):
    height, width = photo.shape[:2]
    y, x = np.mgrid[:height, :width].astype(float)
    z = (x - (width - 1) / 2) + 1j * (y - (height - 1) / 2)
    z *= np.exp(1j * np.radians(degrees))
    return at_places(photo, z.real + (width - 1) / 2, z.imag + (height - 1) / 2)


def plane_through(corners, targets):
    """The projective map from four corners to four targets, by its eight linear equations."""
    rows, right = [], []
    for (x, y), (u, v) in zip(corners, targets, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows, float), np.array(right, float)), 1).reshape(3, 3)


def slanted(photo, shift):
    """The photo with each of its four edges in turn shortened by twice the shift, one by one."""
    height, width = photo.shape[:2]
    right, bottom = width - 1, height - 1
    corners = [(0, 0), (right, 0), (right, bottom), (0, bottom)]
    for edge in range(4):
        moved = [np.array(corner, float) for corner in corners]
        one, other = moved[edge].copy(), moved[(edge + 1) % 4].copy()
        moved[edge] = one + shift * (other - one)
        moved[(edge + 1) % 4] = other - shift * (other - one)
        back = plane_through(moved, corners)
        y, x = np.mgrid[:height, :width]
        u, v, w = np.tensordot(back, np.stack([x, y, np.ones_like(x)]), axes=1)
        yield at_places(photo, u / w, v / w)


@pytest.mark.parametrize("size", [(20, 31), (31, 20), (1, 1), (1, 8), (33, 33)], ids=str)
def test_no_turn_and_no_slant_change_nothing(size, textured):
    photo = textured(*size)
    for seed in range(8):
        np.testing.assert_array_equal(rotation(photo, 0, rng(seed)), photo)
        np.testing.assert_array_equal(perspective(photo, 0, rng(seed)), photo)


@pytest.mark.parametrize("size", [(40, 57), (64, 41), (50, 50)], ids=str)
@pytest.mark.parametrize("degrees", [8, 26, 52, 90, 137])
def test_rotation_is_a_turn_about_the_middle_one_way_or_the_other(size, degrees, textured):
    photo = textured(*size)
    ways = [turned(photo, degrees), turned(photo, -degrees)]
    found = set()
    for seed in range(10):
        result = rotation(photo, degrees, rng(seed))
        near = [np.abs(result - way).max() <= 0.52 for way in ways]
        assert sum(near) == 1
        found.add(near.index(True))
    assert found == {0, 1}


def test_a_square_photo_turned_by_90_degrees_loses_nothing(textured):
    photo = textured(33, 33)
    result = rotation(photo, 90, rng())
    assert any(np.array_equal(result, np.rot90(photo, turns)) for turns in (1, 3))


def test_half_a_turn_reverses_both_axes(textured):
    photo = textured(20, 31)
    np.testing.assert_array_equal(rotation(photo, 180, rng()), photo[::-1, ::-1])


@pytest.mark.parametrize("size", [(40, 57), (64, 41)], ids=str)
@pytest.mark.parametrize("shift", [0.06, 0.19, 0.35, 0.45])
def test_perspective_moves_two_corners_along_the_edge_they_share(size, shift, textured):
    photo = textured(*size)
    ways = list(slanted(photo, shift))
    found = set()
    for seed in range(24):
        result = perspective(photo, shift, rng(seed))
        near = [np.abs(result - way).max() <= 0.6 for way in ways]
        assert sum(near) == 1
        found.add(near.index(True))
    assert found == {0, 1, 2, 3}


def test_perspective_keeps_the_edge_that_does_not_move(textured):
    photo = textured(40, 57)
    for seed in range(8):
        result = perspective(photo, 0.27, rng(seed))
        edges = [(np.s_[0], np.s_[-1]), (np.s_[-1], np.s_[0]), (np.s_[:, 0], np.s_[:, -1]), (np.s_[:, -1], np.s_[:, 0])]
        kept = [np.array_equal(result[edge], photo[edge]) for edge, _ in edges]
        assert sum(kept) == 1
        _, moved = edges[kept.index(True)]
        ends = result[moved][[0, -1]]
        np.testing.assert_array_equal(ends, photo[moved][[0, -1]], "edges go on with their own pixels")
        assert (result[moved] != photo[moved]).any()


def test_one_side_is_as_likely_as_another():
    photo = np.arange(27, dtype=np.uint8).reshape(3, 3, 3) * 9
    counts = {}
    for seed in range(400):
        result = perspective(photo, 0.4, rng(seed)).tobytes()
        counts[result] = counts.get(result, 0) + 1
    # 100 each of even chance, standard deviation 8.7.
    assert len(counts) == 4
    assert min(counts.values()) > 60


@settings(deadline=None)
@given(st.integers(1, 25), st.integers(1, 25), st.floats(0, 180), st.floats(0, 0.49), st.integers(0, 99))
def test_nothing_gets_brighter_or_darker_than_the_photo_was(height, width, degrees, shift, seed):
    photo = rng(seed).integers(60, 180, (height, width, 3), dtype=np.uint8)
    for result in (rotation(photo, degrees, rng(seed)), perspective(photo, shift, rng(seed))):
        assert result.shape == photo.shape
        assert result.min() >= photo.min()
        assert result.max() <= photo.max()
