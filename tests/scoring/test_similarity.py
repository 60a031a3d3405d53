"""Similarities against plain dot products, and the bridge between similarity and distance."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import paired_cosine_distances, paired_euclidean_distances

from faceproof.errors import ConfigurationError
from faceproof.scoring.similarity import distance_from_similarity, similarities, similarity_from_distance

SEEDS = st.integers(0, 10_000)


def unit_rows(n: int, d: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, d))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def some_rows(n: int, m: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    row_a, row_b = np.random.default_rng(seed).integers(0, n, (2, m))
    return row_a, row_b


@given(SEEDS, st.integers(1, 12), st.integers(1, 70), st.integers(0, 40))
def test_a_similarity_is_the_dot_product_of_the_two_templates(seed: int, n: int, d: int, m: int) -> None:
    templates, (row_a, row_b) = unit_rows(n, d, seed), some_rows(n, m, seed)
    exact = [
        math.fsum(float(x) * float(y) for x, y in zip(templates[a], templates[b], strict=True))
        for a, b in zip(row_a, row_b, strict=True)
    ]
    # A float64 sum of up to 70 products of numbers below 1, then clipped.
    np.testing.assert_allclose(similarities(templates, row_a, row_b), np.clip(exact, -1, 1), rtol=0, atol=1e-14)


def test_similarities_and_distances_agree_with_scikit_learn() -> None:
    templates, (row_a, row_b) = unit_rows(200, 512), some_rows(200, 1000)
    found = similarities(templates, row_a, row_b)
    a, b = templates[row_a].astype(np.float64), templates[row_b].astype(np.float64)
    # Float32 rows have a length of 1 to about 1e-7; scikit-learn divides by it for the cosine, this does not.
    np.testing.assert_allclose(found, 1 - paired_cosine_distances(a, b), rtol=0, atol=5e-7)
    apart = row_a != row_b
    measured = paired_euclidean_distances(a, b)[apart]
    np.testing.assert_allclose(distance_from_similarity(found)[apart], measured, rtol=0, atol=1e-6)


@settings(deadline=None)
@given(SEEDS, st.integers(1, 50), st.sampled_from(["C", "F"]))
def test_neither_side_nor_chunk_nor_layout_changes_a_bit(seed: int, chunk: int, order: str) -> None:
    templates, (row_a, row_b) = unit_rows(9, 130, seed), some_rows(9, 40, seed)
    once = similarities(templates, row_a, row_b)
    again = similarities(np.array(templates, order=order), row_b, row_a, chunk)
    np.testing.assert_array_equal(once, again)


@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_comparisons_is_the_order_of_the_answer(seed: int, random: object) -> None:
    templates, (row_a, row_b) = unit_rows(9, 16, seed), some_rows(9, 30, seed)
    order = random.sample(range(30), 30)
    whole = similarities(templates, row_a, row_b)
    np.testing.assert_array_equal(similarities(templates, row_a[order], row_b[order]), whole[order])


def test_a_template_compared_with_itself_is_never_above_one_and_its_opposite_never_below_minus_one() -> None:
    templates = unit_rows(300, 128)
    both = np.concatenate([templates, -templates])
    rows = np.arange(300)
    for found, limit in ((similarities(both, rows, rows), 1.0), (similarities(both, rows, rows + 300), -1.0)):
        np.testing.assert_allclose(found, limit, rtol=0, atol=1e-6)
        assert np.abs(found).max() == 1.0
    assert similarities(both, rows, rows + 300, chunk=7).min() == -1.0


def test_a_photo_without_a_template_gives_nan_on_either_side_and_only_there() -> None:
    templates = unit_rows(4, 8)
    templates[2] = np.nan
    found = similarities(templates, np.array([0, 2, 0, 2, 1]), np.array([1, 0, 2, 2, 3]))
    assert np.isnan(found).tolist() == [False, True, True, True, False]


def test_no_comparisons_and_no_templates_are_fine() -> None:
    nothing = np.array([], dtype=np.int64)
    assert similarities(unit_rows(3, 4), nothing, nothing).shape == (0,)
    assert similarities(np.zeros((0, 4), np.float32), nothing, nothing).dtype == np.float64
    assert similarities(unit_rows(3, 4), [], []).shape == (0,)


def test_templates_may_lie_in_a_file(tmp_path: Path) -> None:
    templates, (row_a, row_b) = unit_rows(50, 32), some_rows(50, 100)
    np.save(tmp_path / "templates.npy", templates)
    mapped = np.load(tmp_path / "templates.npy", mmap_mode="r")
    np.testing.assert_array_equal(similarities(mapped, row_a, row_b, 8), similarities(templates, row_a, row_b))


@pytest.mark.parametrize("length", [0.0, 0.9, 1.01, math.inf])
def test_a_template_that_is_not_of_unit_length_is_named(length: float) -> None:
    templates = unit_rows(5, 4)
    templates[3] = [length, 0, 0, 0]
    for chunk in (1, 2, 100):
        with pytest.raises(ConfigurationError, match="template 3 has length"):
            similarities(templates, np.array([0]), np.array([1]), chunk)


def test_rounding_of_float32_is_within_unit_length() -> None:
    templates = np.full((1, 2048), np.float32(1 / math.sqrt(2048)))
    assert similarities(templates * np.float32(1.0005), np.array([0]), np.array([0])).tolist() == [1.0]


@pytest.mark.parametrize(
    ("row_a", "row_b", "message"),
    [
        ([0, 3], [0, 1], "row_a points to rows 0 to 3; there are 3"),
        ([0, 1], [0, -1], "row_b points to rows -1 to 0"),
        ([0, 1], [0], "row_a has 2 comparisons and row_b 1"),
        ([0.0, 1.0], [0, 1], "row_a has shape .* expected integers"),
        ([[0, 1]], [[0, 1]], r"row_a has shape \(1, 2\)"),
        ([True, False], [0, 1], "dtype bool"),
    ],
)
def test_rows_that_do_not_fit_are_refused(row_a: list, row_b: list, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        similarities(unit_rows(3, 4), np.array(row_a), np.array(row_b))


@pytest.mark.parametrize("chunk", [0, -1])
def test_a_chunk_without_comparisons_is_refused(chunk: int) -> None:
    with pytest.raises(ConfigurationError, match=f"chunk is {chunk}"):
        similarities(unit_rows(3, 4), np.array([0]), np.array([1]), chunk)


def test_templates_form_a_table() -> None:
    with pytest.raises(ConfigurationError, match=r"templates has shape \(4,\)"):
        similarities(np.ones(4, np.float32) / 2, np.array([0]), np.array([0]))


@settings(deadline=None)
@given(SEEDS, st.integers(1, 9), st.integers(1, 9), st.integers(1, 50))
def test_templates_of_side_a_may_be_others(seed: int, n_a: int, n_b: int, chunk: int) -> None:
    rng = np.random.default_rng(seed)
    templates_a, templates_b = unit_rows(n_a, 16, seed), unit_rows(n_b, 16, seed + 1)
    row_a, row_b = rng.integers(0, n_a, 30), rng.integers(0, n_b, 30)
    found = similarities(templates_b, row_a, row_b, chunk, templates_a=templates_a)
    stacked = np.concatenate([templates_a, templates_b])
    np.testing.assert_array_equal(found, similarities(stacked, row_a, row_b + n_a))
    np.testing.assert_array_equal(found, similarities(templates_a, row_b, row_a, templates_a=templates_b))


def test_the_same_templates_on_side_a_change_nothing() -> None:
    templates, (row_a, row_b) = unit_rows(9, 16), some_rows(9, 30)
    once = similarities(templates, row_a, row_b)
    np.testing.assert_array_equal(similarities(templates, row_a, row_b, templates_a=templates.copy()), once)


def test_a_photo_that_lost_its_template_on_one_side_still_has_it_on_the_other() -> None:
    clean = unit_rows(3, 8)
    worse = clean.copy()
    worse[1] = np.nan
    rows = np.array([0, 1, 1]), np.array([1, 0, 1])
    assert np.isnan(similarities(worse, *rows, templates_a=clean)).tolist() == [True, False, True]
    assert np.isnan(similarities(clean, *rows, templates_a=worse)).tolist() == [False, True, True]


def test_rows_of_side_a_are_those_of_its_own_templates() -> None:
    two, five = unit_rows(2, 4), unit_rows(5, 4)
    assert similarities(two, np.array([4]), np.array([1]), templates_a=five).shape == (1,)
    with pytest.raises(ConfigurationError, match="row_a points to rows 4 to 4; there are 2"):
        similarities(five, np.array([4]), np.array([1]), templates_a=two)
    with pytest.raises(ConfigurationError, match="row_b points to rows 4 to 4; there are 2"):
        similarities(two, np.array([1]), np.array([4]), templates_a=five)


def test_templates_of_side_a_are_of_unit_length_too() -> None:
    longer = unit_rows(5, 4)
    longer[3] *= 2
    with pytest.raises(ConfigurationError, match="template 3 has length 2"):
        similarities(unit_rows(5, 4), np.array([0]), np.array([1]), templates_a=longer)
    with pytest.raises(ConfigurationError, match=r"templates has shape \(4,\)"):
        similarities(unit_rows(5, 4), np.array([0]), np.array([1]), templates_a=np.ones(4, np.float32) / 2)


@pytest.mark.parametrize(("similarity", "distance"), [(1.0, 0.0), (0.5, 1.0), (0.0, math.sqrt(2)), (-1.0, 2.0)])
def test_known_angles(similarity: float, distance: float) -> None:
    assert distance_from_similarity(similarity) == distance
    assert similarity_from_distance(distance) == pytest.approx(similarity, abs=1e-15)


@given(st.floats(-1, 1))
def test_distance_and_back_is_the_same_similarity(similarity: float) -> None:
    distance = distance_from_similarity(similarity)
    assert isinstance(distance, float)
    assert 0 <= distance <= 2
    assert similarity_from_distance(distance) == pytest.approx(similarity, rel=0, abs=1e-15)


@given(st.floats(0, 2), st.floats(0, 2))
def test_the_further_apart_the_less_alike(one: float, two: float) -> None:
    near, far = sorted((one, two))
    assert similarity_from_distance(near) >= similarity_from_distance(far)
    assert -1 <= similarity_from_distance(far) <= 1


def test_arrays_keep_their_shape_and_nan_stays_nan() -> None:
    values = np.array([[1.0, math.nan], [0.5, -1.0]])
    found = distance_from_similarity(values)
    np.testing.assert_array_equal(found, [[0.0, math.nan], [1.0, 2.0]])
    np.testing.assert_array_equal(similarity_from_distance(found), values)
    assert math.isnan(distance_from_similarity(math.nan))
    assert math.isnan(similarity_from_distance(math.nan))


def test_a_similarity_just_above_one_is_no_distance_at_all() -> None:
    assert distance_from_similarity(math.nextafter(1.0, 2)) == 0.0


def test_a_negative_distance_is_refused() -> None:
    for distance in (-1e-9, np.array([0.5, -2.0])):
        with pytest.raises(ConfigurationError, match="negative"):
            similarity_from_distance(distance)
