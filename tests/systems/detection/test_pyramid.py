from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from faceproof.systems.detection.pyramid import IntegralImages


def _reference(photo, height, width):
    x = torch.from_numpy(photo).permute(2, 0, 1)[None].double()
    return (functional.interpolate(x, size=(height, width), mode="area")[0].numpy() - 127.5) / 128


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.integers(5, 60), st.integers(5, 60), st.integers(1, 70), st.integers(1, 70))
def test_levels_equal_torch_area_interpolation(seed, height, width, out_height, out_width):
    photos = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    got = IntegralImages(photos).level(out_height, out_width)
    want = np.stack([_reference(photo, out_height, out_width) for photo in photos])
    np.testing.assert_allclose(got, want, atol=2e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.integers(0, 20), st.integers(0, 20), st.integers(1, 40), st.integers(1, 40))
def test_crops_equal_torch_area_interpolation(seed, x0, y0, width, height):
    photos = np.random.default_rng(seed).integers(0, 256, (3, 61, 63, 3), dtype=np.uint8)
    box = np.array([[x0, y0, x0 + width, y0 + height]])
    got = IntegralImages(photos).crops(np.array([2]), box, 24)[0]
    want = _reference(np.ascontiguousarray(photos[2, y0 : y0 + height, x0 : x0 + width]), 24, 24)
    np.testing.assert_allclose(got, want, atol=2e-6)


def test_sums_beyond_32_bits_stay_exact():
    photo = np.full((1, 4200, 4200, 3), 255, np.uint8)  # the whole sums to more than 2**32
    np.testing.assert_allclose(IntegralImages(photo).level(3, 3), (255 - 127.5) / 128, atol=1e-7)
