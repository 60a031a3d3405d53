from __future__ import annotations

import numpy as np
import pytest

from faceproof.systems.model_check.template_checks import (
    REACHED,
    check_changed_faces,
    check_class_scores,
    check_components,
    check_different_people,
    check_finite,
    check_lengths,
    check_own_separation,
    check_precision,
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


@pytest.mark.parametrize(
    ("d_prime", "outcome"),
    [
        (REACHED[0], "passed"),
        (REACHED[0] - 0.01, "inconclusive"),
        (1.5, "inconclusive"),
        (1.4999, "failed"),
        (float("nan"), "failed"),
    ],
)
def test_people_must_be_separated_as_well_as_by_known_models(d_prime, outcome):
    check = check_separation(d_prime)
    assert check.outcome == outcome
    assert ("models that faceproof knows reach" in check.found) == (outcome != "failed")


@pytest.mark.parametrize(("d_prime", "outcome"), [(3.0, "passed"), (2.99, "inconclusive"), (0.1, "inconclusive")])
def test_photos_on_which_people_are_hardly_separated_are_no_proof(d_prime, outcome):
    check = check_own_separation(d_prime, 40)
    assert check.outcome == outcome
    assert check.found.startswith(f"d' on 40 of your photos is {d_prime:.2f}; ")


def test_a_separation_of_own_photos_that_cannot_be_computed_is_said():
    check = check_own_separation(float("nan"), 40)
    assert (check.outcome, check.found.split(";")[0]) == (
        "inconclusive",
        "d' on 40 of your photos cannot be computed",
    )


def raw_and_unit(raw):
    lengths = np.linalg.norm(raw, axis=1).astype(np.float32)
    return unit(raw), lengths


def test_usual_templates_are_no_class_scores():
    rows, lengths = raw_and_unit(np.random.default_rng(0).normal(size=(300, 128)))
    assert check_class_scores([rows], lengths).outcome == "passed"


@pytest.mark.parametrize(("classes", "outcome"), [(1000, "failed"), (257, "failed"), (256, "failed"), (255, "passed")])
def test_more_numbers_than_twice_the_dimensions_that_they_span_are_class_scores(classes, outcome):
    """Scores of classes are linear in an inner template, here of 127 numbers and a bias."""
    rng = np.random.default_rng(0)
    inner, weights = rng.normal(size=(600, 127)), rng.normal(size=(127, classes))
    rows, lengths = raw_and_unit(inner @ weights + rng.normal(size=classes))
    check = check_class_scores([rows[:300], rows[300:]], lengths[:300])
    assert check.outcome == outcome
    if outcome == "failed":
        assert check.found.startswith(f"{classes:,} numbers span only 128 dimensions")


def test_few_faces_are_no_sign_of_class_scores():
    """Forty templates of 512 numbers span forty dimensions at most."""
    rows, lengths = raw_and_unit(np.random.default_rng(0).normal(size=(40, 512)))
    assert check_class_scores([rows], lengths).outcome == "passed"


def test_numbers_that_never_change_are_no_sign_of_class_scores():
    rows = np.zeros((300, 512))
    rows[:, :100] = np.random.default_rng(0).normal(size=(300, 100))
    rows, lengths = raw_and_unit(rows)
    assert check_class_scores([rows], lengths).outcome == "passed"


def test_probabilities_of_classes_fail():
    scores = np.exp(np.random.default_rng(0).normal(size=(60, 40)))
    rows, lengths = raw_and_unit(scores / scores.sum(axis=1, keepdims=True))
    check = check_class_scores([rows], lengths)
    assert (check.outcome, check.found) == (
        "failed",
        "all 40 numbers are 0 or more and sum to 1, as probabilities of classes do",
    )
    assert check_class_scores([rows], 2 * lengths).outcome == "passed"


@pytest.mark.parametrize(("width", "outcome"), [(2048, "passed"), (2049, "inconclusive")])
def test_an_output_wider_than_any_usual_template_is_doubtful(width, outcome):
    rows, lengths = raw_and_unit(np.random.default_rng(0).normal(size=(60, width)))
    assert check_class_scores([rows], lengths).outcome == outcome


def test_a_net_of_whole_numbers_cannot_be_vouched_for():
    rows, lengths = raw_and_unit(np.random.default_rng(0).normal(size=(60, 128)))
    assert list(check_precision(False, rows, lengths)) == []
    (by_file,) = check_precision(True, rows, lengths)
    assert (by_file.outcome, by_file.found.split(";")[0]) == (
        "inconclusive",
        "the file has operators that quantize",
    )
    levels = np.random.default_rng(0).integers(-100, 101, size=(60, 128)) * 0.05
    (by_output,) = check_precision(False, *raw_and_unit(levels))
    assert by_output.found.startswith("all templates consist of 201 numbers;")
    assert list(check_precision(False, *raw_and_unit(levels[:10]))) == []


def test_lengths_say_what_they_are_and_what_they_must_be():
    broken = check_lengths(np.array([15.4, 20.2], np.float32))
    assert (broken.outcome, broken.found) == ("failed", "lengths are 15.4 to 20.2; they must lie within 0.001 of 1")
    assert check_lengths(np.array([1.0, 1.0005], np.float32)).passed


@pytest.mark.parametrize(("cosine", "outcome"), [(0.705, "passed"), (0.695, "failed")])
def test_a_mirrored_face_is_held_to_seven_tenths(cosine, outcome):
    face, mirrored = np.eye(2, dtype=np.float32)[:1], np.array([[cosine, np.sqrt(1 - cosine**2)]], np.float32)
    _, mirror = check_changed_faces(face, face, mirrored)
    assert mirror.outcome == outcome


@pytest.mark.parametrize(("d_prime", "outcome"), [(3.2, "passed"), (3.19, "inconclusive")])
def test_models_that_are_known_reach_at_least_3_2(d_prime, outcome):
    """As docs/your-model.md says of the packaged faces."""
    assert check_separation(d_prime).outcome == outcome


@pytest.mark.parametrize("lengths", [(1.0, 1.5), (0.5, 1.0)])
def test_one_length_that_is_off_fails(lengths):
    assert check_lengths(np.array(lengths, np.float32)).outcome == "failed"


def test_people_who_are_alike_in_the_median_fail_though_the_mean_is_low():
    assert check_different_people(np.array([1.0, 1.0, 1.0, 0.0, 0.0])).outcome == "failed"


@pytest.mark.parametrize(
    ("sizes", "outcome"),
    [
        # 9 of 17 parts of the variance are 53%; 3 of 7 parts of the deviations would be 43%.
        ((3, 2, 2), "failed"),
        ((2, 2, 2), "passed"),
    ],
)
def test_components_are_shares_of_the_variance_about_the_mean(sizes, outcome):
    axes = np.concatenate([np.diag(sizes), -np.diag(sizes)]).astype(np.float32)
    for offset in (0, 50):
        assert check_components(axes + np.float32(offset)).outcome == outcome


def test_probabilities_that_are_exactly_zero_are_probabilities_still():
    scores = np.exp(np.random.default_rng(0).normal(size=(60, 40)))
    scores[:, 3:9] = 0
    rows, lengths = raw_and_unit(scores / scores.sum(axis=1, keepdims=True))
    assert check_class_scores([rows], lengths).outcome == "failed"


def test_numbers_that_sum_to_one_but_may_be_negative_are_no_probabilities():
    scores = np.random.default_rng(0).normal(size=(60, 40))
    scores += (1 - scores.sum(axis=1, keepdims=True)) / 40
    rows, lengths = raw_and_unit(scores)
    assert check_class_scores([rows], lengths).outcome == "passed"


@pytest.mark.parametrize(("total", "outcome"), [(1.0009, "failed"), (1.002, "passed")])
def test_probabilities_sum_to_one_within_a_thousandth(total, outcome):
    scores = np.exp(np.random.default_rng(0).normal(size=(60, 40)))
    rows, lengths = raw_and_unit(total * scores / scores.sum(axis=1, keepdims=True))
    assert check_class_scores([rows], lengths).outcome == outcome


def test_dimensions_that_vary_a_thousand_times_less_are_dimensions_still():
    rows = np.random.default_rng(0).normal(size=(300, 128))
    rows[:, 20:] *= 0.003
    rows, lengths = raw_and_unit(rows)
    assert check_class_scores([rows], lengths).outcome == "passed"


@pytest.mark.parametrize(
    ("levels", "faces", "told"), [(256, 60, True), (257, 60, False), (256, 20, True), (256, 19, False)]
)
def test_at_most_256_levels_ten_times_each_are_whole_numbers(levels, faces, told):
    """Of 128 numbers in a template, 20 faces have 2,560, and 19 faces fewer."""
    numbers = np.resize(np.arange(levels) - 128, faces * 128).reshape(faces, 128) * 0.05
    assert bool(list(check_precision(False, *raw_and_unit(numbers)))) == told
