"""A recipe refuses what makes no sense as soon as it is made."""

from __future__ import annotations

import pytest

from faceproof.errors import ConfigurationError
from faceproof.systems.recipe import Recipe

WRONG = {
    "size_px": ["big", 0, 1025, 3.5, True],
    "margin_px": [-1, 2.5],
    "alignment": ["nonsense", 3],
    "mirrored": ["maybe"],
    "selection": ["subjekt", 5],
    "min_face_size": [0, -3, "small", float("nan"), float("inf"), True],
    "color_order": ["rbg"],
    "pixel_mean": ["grey", (1, 2), float("nan")],
    "pixel_divisor": [0, (1, 0, 1), -2],
    "pad": [-0.1, 1.01, "wide", float("nan")],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_that_makes_no_sense_is_refused_by_its_name(name, value):
    with pytest.raises(ConfigurationError) as raised:
        Recipe(**{name: value})
    assert raised.value.argument == name
    assert str(raised.value).startswith(f"{name} is {value!r}. ")


def test_values_at_the_edges_are_taken():
    recipe = Recipe(size_px=1024, margin_px=0, pad=0, min_face_size=0.5, pixel_mean=[1, 2, 3], pixel_divisor=1e-6)
    assert recipe.pixel_mean == (1.0, 2.0, 3.0)
    assert recipe.contract_fields() == {
        "size_px": 1024, "margin_px": 0, "pixel_mean": (1.0, 2.0, 3.0), "pixel_divisor": 1e-6
    }  # fmt: skip
    assert Recipe(pad=1).pad == 1


def test_names_are_given():
    with pytest.raises(TypeError):
        Recipe(160)
