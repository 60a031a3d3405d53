from __future__ import annotations

import numpy as np
import pytest

from faceproof.findings.template_checks import (
    check_changed_faces,
    check_components,
    check_different_people,
    check_finite,
    check_lengths,
    check_separation,
)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def some(seed=0, rows=12, size=8):
    return unit(np.random.default_rng(seed).normal(size=(rows, size)))


def test_finite_templates_are_counted():
    assert check_finite(np.ones(5, np.bool_)).found == "all 5 templates are finite"
    broken = check_finite(np.arange(5) > 1)
    assert (broken.outcome, broken.found) == ("failed", "3 of 5 templates are finite; all must be")


def test_people_who_are_all_alike_fail_and_the_median_is_what_counts():
    same = check_different_people(np.ones(9))
    assert same.outcome == "failed"
    assert same.found == "the median cosine of different people is 1.000; it must be below 0.97"
    assert check_different_people(np.array([1.0, 1.0, 0.5, 0.5, 0.5])).passed
    assert check_different_people(np.zeros(0)).found.startswith("the median cosine of different people cannot be")


def test_a_component_with_half_of_the_variance_fails():
    spread = np.zeros((8, 2), np.float32)
    spread[:4, 0], spread[4:, 1] = (-1, 1, -1, 1), (-1, 1, -1, 1)
    even = check_components(spread)
    assert (even.outcome, even.found) == (
        "failed",
        "the share of the first principal component is 50%; it must be below 50%",
    )
    assert check_components(some()).passed
    assert check_components(np.ones((4, 3), np.float32)).outcome == "failed"


@pytest.mark.parametrize(("share", "outcome"), [(0.95, "passed"), (0.8, "failed")])
def test_shift_and_mirror_are_held_to_different_bounds(share, outcome):
    """At a cosine of 0.8 a mirrored face is the same person still, and a shift of one pixel is too much."""
    face, moved = np.eye(2, dtype=np.float32)[:1], np.array([[share, np.sqrt(1 - share**2)]], np.float32)
    shift, mirror = check_changed_faces(face, moved, moved)
    assert (shift.outcome, mirror.outcome) == (outcome, "passed")
    assert f"is {share:.3f}; it must be at least 0.9" in shift.found


def test_a_shifted_face_without_a_template_fails_in_words():
    faces, lost = some(), some()
    lost[3] = np.nan
    shift, mirror = check_changed_faces(faces, lost, faces)
    assert shift.found == "the median cosine to the shifted face cannot be computed; it must be at least 0.9"
    assert (shift.outcome, mirror.outcome) == ("failed", "passed")


@pytest.mark.parametrize(("d_prime", "outcome"), [(1.5, "passed"), (1.4999, "failed"), (float("nan"), "failed")])
def test_people_must_be_separated(d_prime, outcome):
    assert check_separation(d_prime).outcome == outcome


def test_lengths_say_what_they_are_and_what_they_must_be():
    broken = check_lengths(np.array([15.4, 20.2], np.float32))
    assert (broken.outcome, broken.found) == ("failed", "lengths are 15.4 to 20.2; they must lie within 0.001 of 1")
    assert check_lengths(np.array([1.0, 1.0005], np.float32)).passed
