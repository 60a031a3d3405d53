from __future__ import annotations

import inspect
import json
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from faceproof.degrade.registry import FAMILIES, get_family, list_families
from faceproof.degrade.types import AT_SIDE
from faceproof.errors import ConfigurationError

SIZES = [(1, 1), (1, 9), (9, 1), (2, 3), (3, 2), (20, 31), (33, 21), (64, 97)]
CONDITIONS = [family.at(severity) for family in FAMILIES.values() for severity in range(1, len(family.levels) + 1)]
RANDOM = [name for name, family in FAMILIES.items() if family.random]
IN_PROPORTION = [name for name, family in FAMILIES.items() if AT_SIDE in family.levels[0]]


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def distance(result, photo):
    """Mean absolute difference; a smaller result is enlarged to the photo's size."""
    if result.shape != photo.shape:
        result = np.asarray(Image.fromarray(result).resize(photo.shape[1::-1], Image.Resampling.BICUBIC))
    return float(np.abs(result.astype(np.float64) - photo).mean())


def test_families_are_listed_by_name():
    assert list_families() == list(FAMILIES)
    assert all(name == family.name for name, family in FAMILIES.items())
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in FAMILIES)
    assert len({family.title for family in FAMILIES.values()}) == len(FAMILIES)


@pytest.mark.parametrize("typed", ["gaussian-blur", "Gaussian_Blur", " gaussian-blur ", "blur"])
def test_a_family_is_found_as_people_type_it(typed):
    assert get_family(typed) is FAMILIES["gaussian-blur"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("gausian-blur", "gaussian-blur"), ("sun-glasses", "sunglasses"), ("jpg", "jpeg"), ("grey-scale", "grayscale")],
)
def test_an_unknown_family_suggests_the_closest(typed, meant):
    with pytest.raises(ConfigurationError, match=f"no degradation '{typed}'. Did you mean '{meant}'?"):
        get_family(typed)


@pytest.mark.parametrize("typed", ["", "zzzzzz", "12345"])
def test_a_name_like_none_suggests_none_and_lists_all(typed):
    with pytest.raises(ConfigurationError) as caught:
        get_family(typed)
    assert "Did you mean" not in str(caught.value)
    assert all(name in str(caught.value) for name in FAMILIES)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_family_says_what_its_function_takes(family):
    takes = set(inspect.signature(family.function).parameters) - {"photo"}
    assert ("rng" in takes) == family.random
    assert ("face" in takes) == family.on_face
    for level in family.levels:
        assert set(level) - {AT_SIDE} == takes - {"rng", "face"}
    assert set(family.lengths) <= takes
    assert bool(family.lengths) or AT_SIDE not in family.levels[0]


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_severity_reads_differently(family):
    severities = range(1, len(family.levels) + 1)
    labels = [family.at(severity).label for severity in severities]
    assert len(set(labels)) == len(labels)
    assert not any(sign in label for label in labels for sign in "{}")


@pytest.mark.parametrize(
    ("name", "severity", "label"),
    [
        ("gaussian-blur", 3, "Gaussian blur, radius 3 px"),
        ("lens-blur", 3, "Gaussian blur, in proportion, radius 3 px of 250"),
        ("impulse-noise", 1, "Impulse noise, 1% of the pixels"),
        ("colour-cast", 2, "Colour cast, red +30%, blue -30%"),
        ("mask", 2, "Mask, 25% of the way to the eyes"),
        ("grayscale", 1, "Grayscale"),
        ("tint", 1, "Tint, #FFA500"),
    ],
)
def test_how_a_condition_reads(name, severity, label):
    assert get_family(name).at(severity).label == label


def test_a_side_is_told_with_a_length_alone():
    assert get_family("rain").at(2).text == "density 0.2"


def test_every_condition_has_a_recipe_of_its_own():
    recipes = {json.dumps(condition.recipe(), sort_keys=True) for condition in CONDITIONS}
    assert len(recipes) == len(CONDITIONS)
    assert all(condition.cacheable for condition in CONDITIONS)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_severity_past_the_last_is_refused(family):
    with pytest.raises(ConfigurationError, match=f"{family.name} has severities 1 to {len(family.levels)}"):
        family.at(len(family.levels) + 1)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_severity_0_is_the_photo_to_the_byte(family):
    photo = noise(20, 31)
    result = family.at(0, seed=4).apply(photo, "k")
    assert result.shape == photo.shape
    assert result.tobytes() == photo.tobytes()


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_photo_of_any_size_gives_bytes_of_its_size(family, face_filling):
    for size in SIZES:
        photo = noise(*size)
        for severity in range(1, len(family.levels) + 1):
            result = family.at(severity).apply(photo, "k", face_filling(*size))
            assert result.dtype == np.uint8
            assert result.flags.c_contiguous
            if family.name == "resolution":
                assert min(result.shape[:2]) == min(*size, family.levels[severity - 1]["shorter_side_px"])
            else:
                assert result.shape == photo.shape


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(CONDITIONS), st.integers(1, 45), st.integers(1, 45), st.integers(0, 255), st.text(max_size=3))
def test_flat_photos_of_any_size_raise_nothing(condition, height, width, value, key):
    from faceproof.systems.faces.types import Face

    box = np.array([0, 0, width, height], np.float32)
    points = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)]) * (width, height)
    face = Face(box, 1.0, points.astype(np.float32))
    result = condition.apply(np.full((height, width, 3), value, np.uint8), key, face)
    assert result.dtype == np.uint8
    assert result.shape[2] == 3


FLAT_STAYS_FLAT = (
    *("gaussian-blur", "lens-blur", "defocus-blur", "motion-blur", "zoom-blur", "resolution", "down-sampling"),
    *("pixelation", "rotation", "perspective", "contrast-up", "contrast-down"),
)


@pytest.mark.parametrize("name", FLAT_STAYS_FLAT)
def test_blur_resolution_and_geometry_find_nothing_to_change_in_a_flat_photo(name):
    photo = np.full((61, 44, 3), 133, np.uint8)
    for severity in range(1, len(FAMILIES[name].levels) + 1):
        assert np.unique(FAMILIES[name].at(severity).apply(photo, "k")).tolist() == [133]


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_the_photo_is_left_as_it_is_and_its_layout_changes_nothing(family, textured, face_filling):
    original = textured(40, 52)
    face = face_filling(40, 52)
    condition = family.at(len(family.levels))
    want = condition.apply(original.copy(), "k", face)
    read_only = original.copy()
    read_only.flags.writeable = False
    every_other = np.zeros((80, 104, 6), np.uint8)[::2, ::2, ::2]
    every_other[:] = original
    layouts = [original.copy(), read_only, np.asfortranarray(original), every_other]
    layouts += [original[::-1].copy()[::-1], original.transpose(1, 0, 2).copy().transpose(1, 0, 2)]
    for photo in layouts:
        writeable = photo.flags.writeable
        np.testing.assert_array_equal(condition.apply(photo, "k", face), want)
        np.testing.assert_array_equal(photo, original)
        assert photo.flags.writeable == writeable


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_function_by_itself_leaves_a_photo_that_it_could_write_to(family, textured, face_filling):
    original = textured(40, 52)
    photo = original.copy()
    more = {"rng": np.random.default_rng(0)} if family.random else {}
    more |= {"face": face_filling(40, 52)} if family.on_face else {}
    level = {name: value for name, value in family.levels[-1].items() if name != AT_SIDE}
    family.function(photo, **level, **more)
    np.testing.assert_array_equal(photo, original)


@pytest.mark.parametrize("family", [f for f in FAMILIES.values() if f.on_face], ids=lambda f: f.name)
def test_the_face_is_left_as_it_is(family, face):
    given_face, same = face(tilt=30), face(tilt=30)
    family.at(len(family.levels)).apply(noise(300, 300), "k", given_face)
    np.testing.assert_array_equal(given_face.box_xyxy_px, same.box_xyxy_px)
    np.testing.assert_array_equal(given_face.landmarks_px, same.landmarks_px)


def test_results_hang_on_neither_the_order_of_conditions_nor_of_photos(face_filling):
    photos = {"a": noise(24, 30, 1), "b": noise(24, 30, 2)}
    jobs = [(condition, key) for condition in CONDITIONS for key in photos]
    face = face_filling(24, 30)

    def run(order):
        return {(c.name, key): c.apply(photos[key], key, face).tobytes() for c, key in (jobs[i] for i in order)}

    forwards = run(range(len(jobs)))
    assert run(np.random.default_rng(3).permutation(len(jobs))) == forwards


@pytest.mark.parametrize("name", RANDOM)
def test_random_families_differ_by_key_and_by_seed(name, textured, face_filling):
    photo, face = textured(48, 60), face_filling(48, 60)
    of_keys = {FAMILIES[name].at(3).apply(photo, str(key), face).tobytes() for key in range(12)}
    of_seeds = {FAMILIES[name].at(3, seed=seed).apply(photo, "k", face).tobytes() for seed in range(12)}
    again = {FAMILIES[name].at(3, seed=seed).apply(photo, "k", face).tobytes() for seed in range(12)}
    assert of_seeds == again
    # Some draw no more than a side or one of four edges.
    fewest = 2 if name in ("rotation", "side-light", "half-face") else 3 if name == "perspective" else 12
    assert len(of_keys) >= fewest
    assert len(of_seeds) >= fewest


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in RANDOM])
def test_other_families_differ_by_neither(name, textured, face_filling):
    photo, face = textured(48, 60), face_filling(48, 60)
    family = FAMILIES[name]
    results = {family.at(1, seed=seed).apply(photo, key, face).tobytes() for seed in (0, 1) for key in "ab"}
    assert len(results) == 1


STEPPED = [name for name, family in FAMILIES.items() if len(family.levels) > 1]


@pytest.mark.parametrize("size", [(160, 160), (250, 270)], ids=str)
@pytest.mark.parametrize("name", STEPPED)
def test_a_worse_severity_is_farther_from_the_photo(name, size, textured, face_filling):
    photo, face = textured(*size), face_filling(*size)
    severities = range(len(FAMILIES[name].levels) + 1)
    found = [distance(FAMILIES[name].at(severity).apply(photo, "k", face), photo) for severity in severities]
    assert found[0] == 0
    assert all(worse > better for better, worse in pairwise(found)), found


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in STEPPED])
def test_a_family_of_one_severity_does_something(name, textured):
    photo = textured(160, 160)
    assert distance(FAMILIES[name].at(1).apply(photo, "k"), photo) > 5


def width_of_edge(result):
    """Standard deviation of the slope that black to white became, along the middle row; pixels."""
    slope = np.abs(np.diff(result[len(result) // 2, :, 0].astype(np.float64)))
    places = np.arange(len(slope))
    middle = (places * slope).sum() / slope.sum()
    return np.sqrt(((places - middle) ** 2 * slope).sum() / slope.sum())


def step(side):
    photo = np.zeros((side, side, 3), np.uint8)
    photo[:, side // 2 :] = 255
    return photo


@pytest.mark.parametrize("name", ["lens-blur", "defocus-blur", "motion-blur"])
def test_blur_in_proportion_is_twice_as_wide_in_a_photo_twice_as_large(name):
    for severity in range(2, 6):
        small, large = (width_of_edge(FAMILIES[name].at(severity).apply(step(side), "k")) for side in (250, 500))
        assert large / small == pytest.approx(2, rel=0.04)


def test_blur_in_pixels_is_as_wide_in_any_photo():
    for severity in range(1, 6):
        widths = [width_of_edge(FAMILIES["gaussian-blur"].at(severity).apply(step(side), "k")) for side in (250, 500)]
        assert widths[0] == pytest.approx(widths[1])


def test_blur_in_proportion_is_the_plain_one_in_a_photo_of_250_pixels(textured):
    photo = textured(250, 271)
    for severity in range(1, 6):
        lens, plain = (FAMILIES[name].at(severity).apply(photo, "k") for name in ("lens-blur", "gaussian-blur"))
        np.testing.assert_array_equal(lens, plain)


def test_it_is_the_shorter_side_that_counts():
    tall = FAMILIES["lens-blur"].at(4).apply(np.pad(step(250), ((100, 100), (0, 0), (0, 0)), mode="edge"), "k")
    assert width_of_edge(tall) == pytest.approx(width_of_edge(FAMILIES["lens-blur"].at(4).apply(step(250), "k")))


def test_as_much_of_a_larger_photo_is_behind_rain():
    black = [np.zeros((side, side, 3), np.uint8) for side in (250, 500, 1000)]
    for severity in range(1, 6):
        shares = [float((FAMILIES["rain"].at(severity).apply(photo, "k") > 20).mean()) for photo in black]
        # Streaks are a whole number of pixels thick, which is up to half too thin or too thick in the smallest.
        assert max(shares) < 2.5 * min(shares)
        assert shares[2] / shares[1] == pytest.approx(1, rel=0.2)


def test_these_families_are_in_proportion():
    assert IN_PROPORTION == ["lens-blur", "defocus-blur", "motion-blur", "rain"]
