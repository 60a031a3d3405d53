from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.degrade.occlusion import black_square, black_square_on_face, hair_line, half_face, mask, sunglasses
from faceproof.degrade.registry import FAMILIES
from faceproof.systems.faces.types import Face

TILTS = [0, 30, -30, 75, 180]
BEFORE = {
    "sunglasses": lambda photo, face: sunglasses(photo, 0.22, face),
    "mask": lambda photo, face: mask(photo, 0.4, face),
    "half-face": lambda photo, face: half_face(photo, 0.4, face, np.random.default_rng(0)),
    "hair-line": lambda photo, face: hair_line(photo, 0.3, face),
}
SHARES = st.floats(0, 1)


def white(height=300, width=300):
    return np.full((height, width, 3), 255, np.uint8)


def hidden(photo):
    return (photo != 255).any(axis=2)


def is_hidden(photo, point):
    x, y = np.rint(point).astype(int)
    return bool(hidden(photo)[y, x])


def levels(name):
    (parameter,) = FAMILIES[name].levels[0]
    return [level[parameter] for level in FAMILIES[name].levels]


def own_places(face, shape):
    """Where pixels lie in a face's own box, turned as the face is: 0 to 1 from its left, and from its top."""
    x0, y0, x1, y1 = face.box_xyxy_px.astype(float)
    along = (face.landmarks_px[1] - face.landmarks_px[0]).astype(float)
    turn = complex(*along) / abs(complex(*along))
    y, x = np.mgrid[: shape[0], : shape[1]]
    z = ((x - (x0 + x1) / 2) + 1j * (y - (y0 + y1) / 2)) / turn
    return z.real / (x1 - x0) + 0.5, z.imag / (y1 - y0) + 0.5


def edges_of(covered):
    """First and last hidden column and row."""
    columns, rows = np.flatnonzero(covered.any(axis=0)), np.flatnonzero(covered.any(axis=1))
    return columns[0], columns[-1], rows[0], rows[-1]


@given(st.integers(1, 60), st.integers(1, 60), SHARES)
def test_a_square_of_that_share_of_the_shorter_side_in_the_middle(height, width, share):
    covered = hidden(black_square(white(height, width), share))
    side = round(share * min(height, width))
    assert covered.sum() == side**2
    if side:
        left, right, top, bottom = edges_of(covered)
        assert right - left + 1 == bottom - top + 1 == side
        assert abs((left + right + 1) / 2 - width / 2) <= 0.5
        assert abs((top + bottom + 1) / 2 - height / 2) <= 0.5


def test_a_square_is_black_and_the_rest_as_it_was(textured):
    photo = textured(40, 60)
    result = black_square(photo, 0.5)
    changed = (result != photo).any(axis=2)
    assert (result[10:30, 20:40] == 0).all()
    assert changed.sum() == 400
    assert changed[10:30, 20:40].all()


@given(st.floats(-80, 160), st.floats(-80, 160), SHARES)
def test_a_square_on_the_face_is_as_large_wherever_the_face_is_and_cut_at_the_edges(x, y, share):
    box = np.array([x - 7, y - 9, x + 7, y + 9], np.float32)
    face = Face(box, 1.0, np.zeros((5, 2), np.float32))
    covered = hidden(black_square_on_face(white(80, 100), share, face))
    side = round(share * 80)
    # The same on a canvas that holds all of it, cut to the photo.
    canvas = np.zeros((400, 400), bool)
    x, y = (float(v) for v in ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
    left, top = round(x - side / 2) + 150, round(y - side / 2) + 150
    canvas[top : top + side, left : left + side] = True
    np.testing.assert_array_equal(covered, canvas[150:230, 150:250])


def test_a_square_on_a_face_in_the_middle_is_the_square_in_the_photo(textured, face):
    photo = textured(200, 260)
    for share in levels("square"):
        on_face = black_square_on_face(photo, share, face(110, 60, 40, 80))
        np.testing.assert_array_equal(on_face, black_square(photo, share))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("tilt", TILTS)
def test_sunglasses_hide_the_eyes_and_what_is_between_them_and_not_the_mouth(tilt, mirrored, face):
    where = face(tilt=tilt, mirrored=mirrored)
    left, right, nose, *mouth = where.landmarks_px
    for radius in levels("sunglasses"):
        result = sunglasses(white(), radius, where)
        assert all(is_hidden(result, point) for point in (left, right, (left + right) / 2))
        assert not any(is_hidden(result, point) for point in (nose, *mouth))


@pytest.mark.parametrize("radius", [0.10, 0.18, 0.26])
def test_a_lens_is_as_wide_as_its_radius_says_and_three_quarters_as_high(radius, face):
    where = face()
    left, right, top, bottom = edges_of(hidden(sunglasses(white(), radius, where)))
    (eye_left, eye_y), (eye_right, _) = where.landmarks_px[:2]
    assert left == pytest.approx(eye_left - 100 * radius, abs=1)
    assert right == pytest.approx(eye_right + 100 * radius, abs=1)
    assert top == pytest.approx(eye_y - 75 * radius, abs=1)
    assert bottom == pytest.approx(eye_y + 75 * radius, abs=1)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("tilt", TILTS)
def test_a_mask_hides_the_corners_of_the_mouth_and_what_is_below_and_not_the_eyes(tilt, mirrored, face):
    where = face(tilt=tilt, mirrored=mirrored)
    left, right, _, *mouth = where.landmarks_px
    between = (mouth[0] + mouth[1]) / 2
    chin = between + 0.5 * (between - (left + right) / 2)
    for height in levels("mask"):
        result = mask(white(), height, where)
        assert is_hidden(result, chin)
        assert not any(is_hidden(result, point) for point in (left, right))
        for x, y in (between, *mouth):
            # At height 0 the edge runs through the corners themselves, and whole pixels decide on which side they are.
            near = 1 if height == 0 else 0
            assert hidden(result)[round(y) - near : round(y) + near + 1, round(x) - near : round(x) + near + 1].any()


@pytest.mark.parametrize("height", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
def test_a_mask_reaches_up_to_its_height(height, face):
    where = face()
    eyes, mouth = where.landmarks_px[0, 1], where.landmarks_px[3, 1]
    left, right, top, _ = edges_of(hidden(mask(white(), height, where)))
    assert top == pytest.approx(mouth + height * (eyes - mouth), abs=1)
    assert right - left == pytest.approx(92, abs=2)
    assert left + right == pytest.approx(300, abs=2)


def test_the_nose_is_behind_a_high_mask_alone(face):
    where = face()
    assert not is_hidden(mask(white(), 0.2, where), where.landmarks_px[2])
    assert is_hidden(mask(white(), 0.8, where), where.landmarks_px[2])


@pytest.mark.parametrize("name", ["sunglasses", "mask", "half-face", "hair-line"])
@pytest.mark.parametrize("tilt", TILTS)
def test_a_worse_severity_hides_all_that_a_better_one_hid(name, tilt, face):
    family = FAMILIES[name]
    found = [hidden(family.at(s).apply(white(), "k", face(tilt=tilt))) for s in range(1, len(family.levels) + 1)]
    for better, worse in pairwise(found):
        assert worse.sum() > better.sum()
        # Outlines fall on whole pixels, so a few on the rim of a curve may come and go.
        assert (better & ~worse).sum() <= 0.01 * better.sum()


@pytest.mark.parametrize("tilt", TILTS)
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_half_a_face_hides_that_share_of_it_on_one_side(tilt, share, face):
    where = face(tilt=tilt)
    across, down = own_places(where, (300, 300))
    inside = (np.abs(across - 0.5) < 0.5) & (np.abs(down - 0.5) < 0.5)
    sides = set()
    for seed in range(10):
        covered = hidden(half_face(white(), share, where, np.random.default_rng(seed)))
        assert covered[inside].mean() == pytest.approx(share, abs=0.02)
        is_left = bool(covered[inside & (across < 0.05)].all())
        sides.add(is_left)
        edge = across if is_left else 1 - across
        assert covered[inside & (edge < share - 0.02)].all()
        assert not covered[edge > share + 0.02].any()
    assert sides == {True, False}


@pytest.mark.parametrize("tilt", TILTS)
@pytest.mark.parametrize("share", [0.10, 0.24, 0.38, 0.7])
def test_hair_hides_that_share_of_a_face_from_above(tilt, share, face):
    where = face(tilt=tilt)
    across, down = own_places(where, (300, 300))
    covered = hidden(hair_line(white(), share, where))
    inside = (np.abs(across - 0.5) < 0.5) & (np.abs(down - 0.5) < 0.5)
    assert covered[inside].mean() == pytest.approx(share, abs=0.02)
    assert covered[inside & (down < share - 0.015)].all()
    assert not covered[down > share + 0.015].any()
    assert covered[down < 0].any(), "it begins above the box"


def test_hair_leaves_the_eyes_free_up_to_the_last_severity_but_one(face):
    for tilt in TILTS:
        where = face(tilt=tilt)
        for share in levels("hair-line")[:-1]:
            result = hair_line(white(), share, where)
            assert not any(is_hidden(result, point) for point in where.landmarks_px)


@pytest.mark.parametrize("cover", BEFORE.values(), ids=BEFORE)
def test_what_hides_a_face_has_one_colour_and_the_rest_is_as_it_was(cover, textured, face):
    photo = textured(300, 300)
    where = face(tilt=20)
    covered = hidden(cover(white(), where))
    result = cover(photo, where)
    np.testing.assert_array_equal(result[~covered], photo[~covered])
    assert len(np.unique(result[covered], axis=0)) == 1


@pytest.mark.parametrize("tilt", TILTS)
@pytest.mark.parametrize("cover", BEFORE.values(), ids=BEFORE)
def test_the_size_of_the_photo_changes_nothing(cover, tilt, face):
    where = face(tilt=tilt)
    small, large = hidden(cover(white(), where)), hidden(cover(white(600, 900), where))
    np.testing.assert_array_equal(large[:300, :300], small)
    assert large.sum() == small.sum()


@pytest.mark.parametrize("tilt", TILTS)
@pytest.mark.parametrize("cover", BEFORE.values(), ids=BEFORE)
def test_a_face_twice_as_large_has_four_times_as_much_hidden(cover, tilt, face):
    small = hidden(cover(white(), face(tilt=tilt)))
    large = hidden(cover(white(600, 600), face(200, 160, 200, 260, tilt=tilt)))
    assert large.sum() / small.sum() == pytest.approx(4, rel=0.05)
    assert (large[::2, ::2] != small).mean() < 0.02


@pytest.mark.parametrize("cover", BEFORE.values(), ids=BEFORE)
def test_a_photo_cut_through_the_face_hides_what_the_whole_one_hid(cover, face):
    for dx, dy in ((150, 0), (0, 140), (160, 150), (-90, -110)):
        x, y = max(dx, 0), max(dy, 0)
        whole = hidden(cover(white(), face(tilt=20)))[y : y + 150, x : x + 140]
        cut = hidden(cover(white(150, 140), face(100 - x, 80 - y, tilt=20)))
        # Pillow draws whole pixels, and the ones left of 0 by another rounding: the rim may move by one.
        assert (cut != whole).sum() <= 0.02 * whole.size


OUTSIDE = [(-5000, 80), (5000, 80), (100, -5000), (100, 5000), (-1e6, 1e6)]


@pytest.mark.parametrize("corner", OUTSIDE, ids=str)
@pytest.mark.parametrize("tilt", [0, 30])
@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.on_face])
def test_a_face_outside_of_the_photo_hides_nothing(name, tilt, corner, face, textured):
    photo = textured(60, 80)
    for severity in range(1, len(FAMILIES[name].levels) + 1):
        result = FAMILIES[name].at(severity).apply(photo, "k", face(*corner, tilt=tilt))
        np.testing.assert_array_equal(result, photo)


@given(
    st.tuples(*[st.floats(-400, 400)] * 2),
    st.tuples(*[st.floats(0, 500)] * 2),
    st.lists(st.tuples(*[st.floats(-400, 400)] * 2), min_size=5, max_size=5),
    st.sampled_from([name for name, family in FAMILIES.items() if family.on_face]),
)
def test_no_face_whatever_its_shape_raises_anything(corner, size, landmarks, name):
    box = np.array([*corner, corner[0] + size[0], corner[1] + size[1]], np.float32)
    where = Face(box, 0.5, np.array(landmarks, np.float32))
    result = FAMILIES[name].at(2).apply(white(50, 70), "k", where)
    assert result.shape == (50, 70, 3)
    assert result.dtype == np.uint8


@pytest.mark.parametrize("cover", BEFORE.values(), ids=BEFORE)
def test_a_face_that_is_a_single_point_raises_nothing(cover):
    where = Face(np.full(4, 20, np.float32), 0.5, np.full((5, 2), 20, np.float32))
    assert hidden(cover(white(50, 70), where)).sum() <= 4
