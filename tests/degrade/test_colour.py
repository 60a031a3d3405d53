from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from faceproof.degrade.colour import (
    brightness,
    colour_cast,
    contrast,
    gamma,
    grayscale,
    inverted,
    saturation,
    sepia,
    tint,
)

BYTES = st.integers(0, 255)
PIXEL = st.tuples(BYTES, BYTES, BYTES)
FACTORS = [0.08, 0.12, 0.5, 1, 1.25, 2, 7]
EACH = {
    "grayscale": grayscale,
    "sepia": sepia,
    "tint": lambda photo: tint(photo, "#FFA500"),
    "inverted": inverted,
    "brightness": lambda photo: brightness(photo, 1.7),
    "saturation": lambda photo: saturation(photo, 3),
    "gamma": lambda photo: gamma(photo, 2.2),
    "colour cast": lambda photo: colour_cast(photo, 0.4),
}


def one(*values):
    return np.array([[values]], np.uint8)


def luma(photo):
    return photo.astype(float) @ (0.299, 0.587, 0.114)


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(1).integers(0, 256, (23, 37, 3), dtype=np.uint8)


@pytest.mark.parametrize("function", EACH.values(), ids=EACH)
def test_every_pixel_counts_for_itself(function, photo):
    order = np.random.default_rng(2).permutation(23 * 37)
    moved = photo.reshape(-1, 3)[order].reshape(photo.shape)
    np.testing.assert_array_equal(function(moved), function(photo).reshape(-1, 3)[order].reshape(photo.shape))


@pytest.mark.parametrize("factor", FACTORS)
def test_tone_is_what_pillow_makes_of_it(factor, photo):
    picture = Image.fromarray(photo)
    for function, enhancer in (
        (contrast, ImageEnhance.Contrast),
        (brightness, ImageEnhance.Brightness),
        (saturation, ImageEnhance.Color),
    ):
        np.testing.assert_array_equal(function(photo, factor), np.asarray(enhancer(picture).enhance(factor)))
    np.testing.assert_array_equal(grayscale(photo), np.asarray(picture.convert("L").convert("RGB")))


@pytest.mark.parametrize("factor", FACTORS)
def test_tone_is_what_its_formula_says(factor, photo):
    values, gray = photo.astype(float), luma(photo)[:, :, None]
    for result, base in (
        (contrast(photo, factor), gray.mean()),
        (brightness(photo, factor), 0.0),
        (saturation(photo, factor), gray),
    ):
        want = np.clip(base + factor * (values - base), 0, 255)
        # Pillow rounds the base to a whole step, and cuts the result off.
        assert np.abs(result - want).max() <= 1 + 0.5 * abs(1 - factor)


@pytest.mark.parametrize("function", [contrast, brightness, saturation])
def test_a_factor_of_1_changes_nothing(function, photo):
    np.testing.assert_array_equal(function(photo, 1), photo)


@given(PIXEL)
def test_grayscale_is_luma_on_three_equal_channels(pixel):
    result = grayscale(one(*pixel))[0, 0]
    assert len(set(result.tolist())) == 1
    assert abs(result[0] - luma(np.array(pixel))) <= 0.51


def test_without_saturation_a_photo_is_gray(photo):
    np.testing.assert_array_equal(saturation(photo, 0), grayscale(photo))


@pytest.mark.parametrize(
    ("pixel", "brown"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((255, 255, 255), (255, 255, 239)),  # 1.351 and 1.203 times 255 are over white
        ((100, 0, 0), (39, 35, 27)),
        ((0, 100, 0), (77, 69, 53)),
        ((0, 0, 100), (19, 17, 13)),
        ((10, 20, 30), (25, 22, 17)),
    ],
)
def test_sepia_of_single_pixels(pixel, brown):
    assert sepia(one(*pixel)).tolist() == [[list(brown)]]


@pytest.mark.parametrize(
    ("pixel", "colour", "shade"),
    [
        ((255, 255, 255), "#FFA500", (255, 165, 0)),
        ((0, 0, 0), "#FFA500", (0, 0, 0)),
        ((128, 128, 128), "#FFA500", (128, 83, 0)),
        ((255, 0, 0), "#FFA500", (76, 49, 0)),
        ((200, 200, 200), "navy", (0, 0, 100)),
        ((255, 255, 255), "#12345678", (0x12, 0x34, 0x56)),
    ],
)
def test_tint_of_single_pixels(pixel, colour, shade):
    assert tint(one(*pixel), colour).tolist() == [[list(shade)]]


def test_a_white_tint_is_grayscale(photo):
    np.testing.assert_array_equal(tint(photo, "white"), grayscale(photo))


@given(PIXEL)
def test_a_negative_adds_up_to_white(pixel):
    photo = one(*pixel)
    assert inverted(photo).dtype == np.uint8
    assert (inverted(photo).astype(int) + photo).tolist() == [[[255] * 3]]
    np.testing.assert_array_equal(inverted(inverted(photo)), photo)


@given(PIXEL, st.floats(0.2, 6))
def test_gamma_of_single_pixels(pixel, exponent):
    result = gamma(one(*pixel), exponent)[0, 0]
    for value, byte in zip(pixel, result.tolist(), strict=True):
        assert abs(byte - 255 * (value / 255) ** exponent) <= 0.501


def test_gamma_keeps_black_white_and_order_and_1_keeps_all():
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    np.testing.assert_array_equal(gamma(ramp, 1), ramp)
    for exponent in (0.4, 1.5, 5):
        result = gamma(ramp, exponent)[0, :, 0].astype(int)
        assert (result[0], result[-1]) == (0, 255)
        assert (np.diff(result) >= 0).all()
    assert gamma(one(64, 128, 192), 2).tolist() == [[[16, 64, 145]]]


@given(PIXEL, st.floats(0, 1))
def test_a_cast_takes_from_blue_what_it_gives_to_red(pixel, shift):
    red, green, blue = colour_cast(one(*pixel), shift)[0, 0].tolist()
    assert abs(red - min(pixel[0] * (1 + shift), 255)) <= 0.501
    assert green == pixel[1]
    assert abs(blue - pixel[2] * (1 - shift)) <= 0.501
