"""The usual scores: each follows from the distance, and leads back to it."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.errors import ConfigurationError
from faceproof.scoring.native_score import USUAL_SCORES, ScoreName
from faceproof.scoring.similarity import distance_from_similarity, similarity_from_distance

EVERY = pytest.mark.parametrize("score", USUAL_SCORES.values(), ids=USUAL_SCORES)
DISTANCES = st.floats(0, 2)


def test_every_name_that_a_card_may_say_is_there():
    assert tuple(USUAL_SCORES) == get_args(ScoreName)


@EVERY
@given(distance=DISTANCES)
def test_a_distance_comes_back(score, distance):
    # Near 1, float64 cosines lie 1e-16 apart, and the root of that is what a distance near 0 can differ by.
    slack = 2e-8 if score.name == "cosine_similarity" else 1e-12
    assert score.distance(score.of_distance(distance)) == pytest.approx(distance, rel=1e-12, abs=slack)


@EVERY
@given(share=st.floats(0, 1))
def test_a_score_comes_back(score, share):
    value = score.low + share * (score.high - score.low)
    # The angle changes much where the distance does not: near 2.
    slack = 1e-5 if score.name == "angle_deg" else 1e-12
    assert score.of_distance(score.distance(value)) == pytest.approx(value, rel=1e-12, abs=slack)


@EVERY
def test_the_ends_of_the_range_are_met_exactly(score):
    best, worst = (score.high, score.low) if score.higher_is_more_alike else (score.low, score.high)
    assert score.of_distance([0.0, 2.0]).tolist() == [best, worst]
    assert score.distance([best, worst]).tolist() == [0.0, 2.0]


@EVERY
def test_the_order_is_kept_or_turned_round(score):
    steps = np.diff(score.of_distance(np.linspace(0, 2, 1001)))
    assert (steps < 0).all() if score.higher_is_more_alike else (steps > 0).all()
    assert score.direction == f"{'higher' if score.higher_is_more_alike else 'lower'} is more alike"


@given(seed=st.integers(0, 2**32 - 1))
def test_each_is_what_its_name_says_of_two_unit_vectors(seed):
    a, b = np.random.default_rng(seed).normal(size=(2, 8))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    cosine, distance = float(np.clip(a @ b, -1, 1)), float(np.linalg.norm(a - b))
    expected = {
        "euclidean": distance,
        "squared_euclidean": ((a - b) ** 2).sum(),
        "cosine_similarity": cosine,
        "cosine_distance": 1 - cosine,
        "angle_deg": np.degrees(np.arctan2(np.linalg.norm(b - cosine * a), cosine)),
    }
    for name, value in expected.items():
        assert USUAL_SCORES[name].of_distance(distance) == pytest.approx(value, abs=1e-9)


@given(distance=DISTANCES)
def test_the_cosine_is_that_of_the_other_scores(distance):
    cosine = USUAL_SCORES["cosine_similarity"]
    assert cosine.of_distance(distance) == similarity_from_distance(distance)
    assert cosine.distance(cosine.of_distance(distance)) == distance_from_similarity(similarity_from_distance(distance))


@EVERY
def test_shapes_stay_and_so_does_nan(score):
    grid = np.array([[0.5, np.nan], [1.5, 0.0]])
    there = score.of_distance(grid)
    assert there.shape == score.distance(there).shape == (2, 2)
    assert np.isnan(there).tolist() == np.isnan(score.distance(there)).tolist() == [[False, True], [False, False]]
    assert score.of_distance(1.0).shape == ()


@EVERY
def test_what_is_out_of_range_is_told_with_the_range(score):
    for value in (score.low - 0.5, score.high + 0.5):
        with pytest.raises(ConfigurationError, match=rf"{score.label} is \S+; expected {score.low:g} to "):
            score.distance([score.high, value])
    with pytest.raises(ConfigurationError, match=r"distance is 2\.5; expected 0 to 2"):
        score.of_distance(2.5)
