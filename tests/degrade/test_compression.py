from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from faceproof.degrade.compression import jpeg


def psnr(result, photo):
    return 10 * np.log10(255**2 / np.mean((result.astype(float) - photo) ** 2))


@pytest.mark.parametrize("quality", [1, 4, 7, 12, 20, 40, 95])
@pytest.mark.parametrize("size", [(20, 31), (1, 1), (64, 48)], ids=str)
def test_it_is_a_file_that_pillow_wrote_and_read(quality, size, textured, tmp_path):
    photo = textured(*size)
    Image.fromarray(photo).save(tmp_path / "a.jpg", quality=quality, subsampling=2)
    with Image.open(tmp_path / "a.jpg") as image:
        np.testing.assert_array_equal(jpeg(photo, quality), np.asarray(image))


def test_lower_quality_is_farther_from_the_photo(textured):
    photo = textured(96, 120)
    found = [psnr(jpeg(photo, quality), photo) for quality in (95, 40, 20, 12, 7, 4, 1)]
    assert found == sorted(found, reverse=True)


def test_colour_is_kept_for_four_pixels_together_and_light_for_each():
    red_and_blue = np.zeros((32, 32, 3), np.uint8)
    red_and_blue[:, ::2, 0] = 255
    red_and_blue[:, 1::2, 2] = 255
    result = jpeg(red_and_blue, 95).astype(int)
    assert np.abs(result[:, ::2, 0] - result[:, 1::2, 0]).mean() < 80
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(jpeg(stripes, 95).astype(int) - stripes).mean() < 5


def test_the_worst_quality_leaves_flat_blocks_of_8():
    rows, columns = np.mgrid[:64, :64]
    photo = np.repeat((rows + columns + 60).astype(np.uint8)[:, :, None], 3, axis=2)
    light = np.asarray(Image.fromarray(jpeg(photo, 1)).convert("L"), dtype=int)
    steps = np.abs(np.diff(light, axis=1)).sum(axis=0)
    at_edges = steps[7::8].sum()
    assert at_edges > 0.9 * steps.sum()
