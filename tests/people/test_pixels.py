"""Pixels are converted in strips; the result is that of the whole picture at once."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from faceproof.people.pixels import STRIP_PIXELS, upright_rgb

HEIGHT, WIDTH = 500, 700  # several strips, the last one shorter


def noise(mode: str) -> Image.Image:
    rng = np.random.default_rng(5)
    picture = Image.fromarray(rng.integers(0, 256, (HEIGHT, WIDTH, 4), dtype=np.uint8), "RGBA")
    return picture.convert("RGB").convert(mode) if mode in ("P", "1", "CMYK", "L") else picture.convert(mode)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_what_pillow_gives_for_the_whole_picture(orientation: int) -> None:
    assert HEIGHT * WIDTH > 3 * STRIP_PIXELS
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stream = BytesIO()
    noise("RGB").save(stream, "PNG", exif=exif)
    with Image.open(stream) as image:
        image.load()
        expected = np.asarray(ImageOps.exif_transpose(image))
        pixels = upright_rgb(image)
    np.testing.assert_array_equal(pixels, expected)
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
def test_modes_without_alpha_are_what_pillow_gives(mode: str) -> None:
    image = noise(mode)
    np.testing.assert_array_equal(upright_rgb(image), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_lies_on_white_in_every_strip(mode: str) -> None:
    image = noise(mode)
    white = Image.new("RGBA", image.size, "white")
    expected = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    np.testing.assert_array_equal(upright_rgb(image), np.asarray(expected))


def test_a_transparent_palette_entry_lies_on_white_in_every_strip() -> None:
    image = noise("P")
    stream = BytesIO()
    image.save(stream, "PNG", transparency=7)
    with Image.open(stream) as opened:
        opened.load()
        pixels = upright_rgb(opened)
    expected = np.array(image.convert("RGB"))
    expected[np.asarray(image) == 7] = 255
    np.testing.assert_array_equal(pixels, expected)


def test_sixteen_bit_gray_in_strips() -> None:
    values = np.random.default_rng(6).integers(0, 65536, (HEIGHT, WIDTH), dtype=np.uint16)
    pixels = upright_rgb(Image.fromarray(values))
    np.testing.assert_array_equal(pixels, np.repeat(np.round(values / 257).astype(np.uint8)[..., None], 3, axis=2))


def test_a_row_wider_than_a_strip() -> None:
    image = Image.fromarray(np.random.default_rng(7).integers(0, 256, (3, STRIP_PIXELS + 5, 3), dtype=np.uint8))
    np.testing.assert_array_equal(upright_rgb(image), np.asarray(image))
