from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.degrade.types import AT_SIDE, CLEAN, Family, as_bytes
from faceproof.errors import ConfigurationError, DegradationError

PHOTO = np.random.default_rng(5).integers(1, 255, (12, 17, 3), dtype=np.uint8)


def darker(photo, steps):
    return photo // (steps + 1)


def drawn(photo, steps, rng):
    return rng.integers(0, 256, photo.shape, dtype=np.uint8)


DARKER = Family("darker", "Darker", darker, tuple({"steps": steps} for steps in (1, 2, 3)), "{steps} steps")
DRAWN = Family("drawn", "Drawn", drawn, DARKER.levels, "{steps} steps", random=True)


def of(function, **more):
    return Family("odd-one", "Odd one", function, ({}, {}), "", **more)


@given(st.lists(st.floats(-1000, 1000), min_size=1))
def test_bytes_are_the_nearest_of_0_to_255(values):
    result = as_bytes(np.array(values))
    assert result.dtype == np.uint8
    for value, byte in zip(values, result.tolist(), strict=True):
        nearest = min(abs(value - 0), abs(value - 255)) if not 0 <= value <= 255 else 0.5
        assert abs(value - byte) <= nearest


def test_severity_0_is_clean_whatever_the_family():
    for family in (DARKER, DRAWN, of(darker, on_face=True)):
        condition = family.at(0, stage="aligned", seed=9)
        assert condition.name == CLEAN.name == "clean"
        assert condition.text == "as it is"
        assert condition.recipe() == CLEAN.recipe() == "clean"
        assert condition.apply(PHOTO, "a key").tobytes() == PHOTO.tobytes()
    assert CLEAN.apply(PHOTO, "a key").tobytes() == PHOTO.tobytes()


def test_a_condition_is_called_by_family_and_severity():
    assert DARKER.at(2).name == "darker-2"
    assert DARKER.at(2).text == "2 steps"
    assert DARKER.at(2).label == "Darker, 2 steps"


def test_a_family_without_parameters_is_called_by_its_title_alone():
    assert of(darker).at(1).text == ""
    assert of(darker).at(1).label == "Odd one"


def test_the_clean_condition_is_called_as_it_is():
    assert CLEAN.label == "Photo as it is"


def test_lengths_in_proportion_say_of_which_side():
    family = Family("far", "Far", darker, ({"steps": 2.5, AT_SIDE: 250},), "{steps:g} px", lengths=("steps",))
    assert family.at(1).text == "2.5 px of 250"


@pytest.mark.parametrize("severity", [-1, 4, 100])
def test_a_severity_that_does_not_exist_is_refused_with_those_that_do(severity):
    with pytest.raises(ConfigurationError, match=rf"darker has severities 1 to 3 .*, not {severity}\."):
        DARKER.at(severity)


def test_each_severity_takes_the_parameters_of_its_level():
    for severity, steps in ((1, 1), (2, 2), (3, 3)):
        np.testing.assert_array_equal(DARKER.at(severity).apply(PHOTO, "k"), PHOTO // (steps + 1))


@pytest.mark.parametrize("shape", [(125, 200), (200, 125), (250, 250), (1000, 1001), (1, 900)])
def test_lengths_grow_with_the_shorter_side_and_other_parameters_do_not(shape):
    def told(photo, length_px, share):
        return np.full_like(photo, round(length_px * 10)) + np.uint8(share)

    level = {"length_px": 4, "share": 3, AT_SIDE: 250}
    family = Family("told", "Told", told, (level,), "", lengths=("length_px",))
    result = family.at(1).apply(np.zeros((*shape, 3), np.uint8), "k")
    assert np.unique(result).tolist() == [round(40 * min(shape) / 250) + 3]
    assert level == {"length_px": 4, "share": 3, AT_SIDE: 250}


def test_lengths_without_a_side_count_as_they_are():
    family = Family("told", "Told", np.full_like, ({"fill_value": 7},), "", lengths=("fill_value",))
    assert family.at(1).apply(PHOTO, "k").max() == 7


def test_draws_hang_on_seed_key_and_family_alone():
    first = DRAWN.at(1).apply(PHOTO, "k")
    for same in (DRAWN.at(2), DRAWN.at(1, stage="aligned"), replace(DRAWN, title="Other").at(1)):
        np.testing.assert_array_equal(same.apply(PHOTO, "k"), first)
    others = [DRAWN.at(1).apply(PHOTO, "l"), DRAWN.at(1, seed=1).apply(PHOTO, "k")]
    others.append(replace(DRAWN, name="other").at(1).apply(PHOTO, "k"))
    assert len({result.tobytes() for result in (first, *others)}) == 4


@given(st.permutations(list("abcdef")))
def test_the_order_of_calls_changes_nothing(keys):
    condition = DRAWN.at(1, seed=3)
    results = {key: condition.apply(PHOTO, key).tobytes() for key in keys}
    assert results == {key: condition.apply(PHOTO, key).tobytes() for key in "abcdef"}
    assert len(set(results.values())) == 6


@given(st.tuples(st.integers(-9, 9), st.text(max_size=4)), st.tuples(st.integers(-9, 9), st.text(max_size=4)))
def test_seed_and_key_are_not_confused_with_each_other(one, other):
    same = one == other
    results = [DRAWN.at(1, seed=seed).apply(PHOTO, key).tobytes() for seed, key in (one, other)]
    assert (results[0] == results[1]) == same


def test_numpy_s_global_state_is_neither_used_nor_touched():
    before = np.random.get_state()[1].tobytes()  # noqa: NPY002
    first = DRAWN.at(1).apply(PHOTO, "k")
    assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002
    np.random.default_rng(1).random()
    np.testing.assert_array_equal(DRAWN.at(1).apply(PHOTO, "k"), first)


def test_a_recipe_is_a_json_value_and_equal_for_equal_conditions():
    recipe = DARKER.at(2).recipe()
    assert json.loads(json.dumps(recipe)) == recipe == DARKER.at(2).recipe()
    assert recipe == {"function": "faceproof:darker", "parameters": {"steps": 2}, "stage": "capture"}


def test_a_recipe_tells_severities_and_stages_apart():
    recipes = [DARKER.at(1).recipe(), DARKER.at(2).recipe(), DARKER.at(1, stage="aligned").recipe()]
    assert len({json.dumps(recipe) for recipe in recipes}) == 3


def test_the_seed_is_in_the_recipe_of_random_families_alone():
    assert DARKER.at(1, seed=1).recipe() == DARKER.at(1, seed=2).recipe()
    assert DRAWN.at(1, seed=1).recipe() != DRAWN.at(1, seed=2).recipe()
    assert DRAWN.at(1, seed=2).recipe()["seed"] == 2


def test_a_recipe_is_no_handle_on_the_family():
    DARKER.at(1).recipe()["parameters"]["steps"] = 99
    assert DARKER.at(1).parameters["steps"] == 1


def test_equal_recipes_give_equal_bytes_where_a_family_was_renamed():
    renamed = replace(DRAWN, name="renamed").at(1)
    same_bytes = renamed.apply(PHOTO, "k").tobytes() == DRAWN.at(1).apply(PHOTO, "k").tobytes()
    assert same_bytes == (renamed.recipe() == DRAWN.at(1).recipe())


def test_without_an_identity_nothing_may_be_cached():
    assert DARKER.at(1).cacheable
    assert not replace(DARKER, identity=None).at(1).cacheable
    assert replace(DARKER, identity=None).reference == ""


def test_a_family_on_a_face_is_told_of_it_and_refuses_to_go_without(face):
    family = of(lambda photo, face: np.full_like(photo, int(face.box_xyxy_px[0])), on_face=True)
    assert family.at(1).apply(PHOTO, "k", face(x0=7)).max() == 7
    with pytest.raises(ConfigurationError, match="odd-one requires a face"):
        family.at(1).apply(PHOTO, "k")


def test_families_that_need_no_face_are_not_told_of_one(face):
    np.testing.assert_array_equal(DARKER.at(1).apply(PHOTO, "k", face()), PHOTO // 2)


@pytest.mark.parametrize("error", [ValueError("bad luck"), KeyError("x"), MemoryError(), ZeroDivisionError("0")])
def test_a_function_that_raises_gives_the_condition_and_the_cause(error):
    def raises(photo):
        raise error

    with pytest.raises(DegradationError) as caught:
        of(raises).at(2).apply(PHOTO, "k")
    why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    assert str(caught.value) == f"odd-one-2: the function raised {why}."
    assert caught.value.__cause__ is error


def test_a_function_that_does_not_take_the_parameters_gives_an_error_too():
    with pytest.raises(DegradationError, match=r"darker-1: the function raised TypeError: .*steps"):
        replace(DARKER, function=lambda photo: photo).at(1).apply(PHOTO, "k")


def test_an_interrupt_is_no_failure_of_the_function():
    def stopped(photo):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        of(stopped).at(1).apply(PHOTO, "k")


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (lambda photo: None, "NoneType"),
        (lambda photo: photo.tolist(), "list"),
        (lambda photo: photo.tobytes(), "bytes"),
        (lambda photo: 3, "int"),
        (lambda photo: photo.astype(np.float32), "float32 of shape (12, 17, 3)"),
        (lambda photo: photo.astype(np.int16), "int16 of shape (12, 17, 3)"),
        (lambda photo: photo > 9, "bool of shape (12, 17, 3)"),
        (lambda photo: photo[:, :, 0], "uint8 of shape (12, 17)"),
        (lambda photo: photo[:, :, :1], "uint8 of shape (12, 17, 1)"),
        (lambda photo: np.concatenate([photo, photo[:, :, :1]], axis=2), "uint8 of shape (12, 17, 4)"),
        (lambda photo: photo[None], "uint8 of shape (1, 12, 17, 3)"),
        (lambda photo: photo[:0], "uint8 of shape (0, 17, 3)"),
    ],
)
def test_what_is_no_picture_is_refused_with_what_it_is(wrong, found):
    with pytest.raises(DegradationError) as caught:
        of(wrong).at(1).apply(PHOTO, "k")
    assert str(caught.value).startswith(f"odd-one-1: the function gave {found}; expected an array uint8")


def test_another_size_is_a_picture():
    assert of(lambda photo: photo[2:5, ::2]).at(1).apply(PHOTO, "k").shape == (3, 9, 3)


@pytest.mark.parametrize("turned", [lambda p: p[:, ::-1], lambda p: p.transpose(1, 0, 2), np.asfortranarray])
def test_a_result_is_contiguous(turned):
    result = of(turned).at(1).apply(PHOTO, "k")
    assert result.flags.c_contiguous
    np.testing.assert_array_equal(result, turned(PHOTO))


def writes(photo):
    photo[0, 0] = 0
    return photo


def inverts_in_place(photo):
    return np.subtract(255, photo, out=photo)


def sorts(photo):
    photo.sort(axis=0)
    return photo


@pytest.mark.parametrize("function", [writes, inverts_in_place, sorts])
def test_a_function_that_writes_into_the_photo_gets_an_error_and_the_photo_is_unharmed(function):
    photo = PHOTO.copy()
    with pytest.raises(DegradationError, match=r"odd-one-1: the function raised ValueError: .*read-only"):
        of(function).at(1).apply(photo, "k")
    np.testing.assert_array_equal(photo, PHOTO)
    assert photo.flags.writeable
