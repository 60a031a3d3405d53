"""Foreign scores on faceproof's scale: the way there, the way back, and an order that never changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.errors import ConfigurationError
from faceproof.metrics.curves import auc, error_curve
from faceproof.metrics.operating_points import eer
from faceproof.scoring.scales import Scale, scale_of, similarities_from_scores, threshold_distance
from faceproof.scoring.similarity import distance_from_similarity, similarity_from_distance

KINDS = ["similarity", "distance"]
ANY_SCORES = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=60)
CLOSE_SCORES = st.lists(
    st.one_of(
        st.integers(-3, 3).map(float),
        st.integers(-1000, 1000).map(lambda steps: steps * 1e-12),
        st.integers(0, 1000).map(lambda steps: 1 - steps * 1e-12),
        st.just(1e9),
    ),
    min_size=1,
    max_size=60,
)


def rank(values):
    return np.unique(values, return_inverse=True)[1]


@pytest.mark.parametrize(
    ("scores", "kind", "scale"),
    [
        ([-1.0, 0.3, 1.0], "similarity", Scale("cosine", -1, 1)),
        ([0.1, 1.0000002], "similarity", Scale("cosine", -1, 1)),
        ([0.0, 1.3, 2.0], "distance", Scale("distance", 0, 2)),
        ([20.0, 90.0], "similarity", Scale("similarity", 20, 90)),
        ([-0.5, 1.0], "distance", Scale("distance", -0.5, 1)),
        ([0.1, 2.5], "distance", Scale("distance", 0.1, 2.5)),
        ([7.0, 7.0], "similarity", Scale("similarity", 5.25, 8.75)),
        ([], "similarity", Scale("cosine", -1, 1)),
    ],
)
def test_the_scale_is_the_usual_one_or_spans_the_scores(scores, kind, scale):
    assert scale_of(np.array([*scores, np.nan]), kind) == scale
    assert scale.foreign == (scale.kind == "similarity" or (scale.low, scale.high) not in [(-1, 1), (0, 2)])


def test_a_threshold_belongs_to_the_scale():
    assert scale_of(np.array([0.1, 0.9]), "similarity", 40.0) == Scale("similarity", 0.1, 40)


def test_foreign_scores_lie_on_one_straight_line():
    scores = np.array([0.0, 25.0, 100.0])
    assert Scale("similarity", 0, 100).distance(scores).tolist() == [2, 1.5, 0]
    assert Scale("distance", 0, 100).distance(scores).tolist() == [0, 0.5, 2]
    assert Scale("distance", -1.7e308, 1.7e308).distance(0.0) == 1


def test_usual_scores_stay_what_they_are():
    cosines = np.array([-1.0, -0.2, 0.0, 0.7, 1.0])
    assert similarities_from_scores(cosines, Scale("cosine", -1, 1)).tolist() == cosines.tolist()
    distances = np.array([0.0, 0.4, 1.1, 2.0])
    found = similarities_from_scores(distances, Scale("distance", 0, 2))
    assert found.tolist() == similarity_from_distance(distances).tolist()


@pytest.mark.parametrize("kind", KINDS)
@given(scores=st.one_of(ANY_SCORES, CLOSE_SCORES))
def test_the_order_of_scores_is_kept_ties_and_all(scores, kind):
    scores = np.array(scores)
    similarity = similarities_from_scores(scores, scale_of(scores, kind))
    assert similarity.min() >= -1
    assert similarity.max() <= 1
    assert rank(similarity).tolist() == rank(scores if kind == "similarity" else -scores).tolist()


@pytest.mark.parametrize("kind", KINDS)
@given(scores=CLOSE_SCORES, at=st.integers(0, 59), shift=st.sampled_from([0.0, 0.25, -0.25]))
def test_a_threshold_accepts_what_it_accepts_in_the_scale_of_the_scores(scores, at, shift, kind):
    scores = np.array(scores)
    if kind == "similarity":
        scores[scores > 10] *= -1  # the outlier at the bad end, as a mark of "no face" would be
    threshold = float(scores[at % len(scores)]) + shift
    scale = scale_of(scores, kind, threshold)
    similarity = similarities_from_scores(scores, scale, threshold)
    distance = threshold_distance(threshold, scale, scores, similarity)
    assert 0 <= distance <= 2
    accepted = similarity >= similarity_from_distance(distance)
    assert accepted.tolist() == (scores >= threshold if kind == "similarity" else scores <= threshold).tolist()


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=40), st.integers(0, 39))
def test_a_score_equal_to_the_threshold_is_accepted_whatever_its_last_bit(hundredths, at):
    scores = np.array(hundredths) / 100
    threshold = float(scores[at % len(scores)])
    scale = scale_of(scores, "similarity", threshold)
    distance = threshold_distance(threshold, scale, scores, scores)
    assert (scores >= similarity_from_distance(distance)).tolist() == (scores >= threshold).tolist()
    assert distance == pytest.approx(distance_from_similarity(threshold), abs=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_rates_and_curves_are_those_of_the_scores(kind):
    rng = np.random.default_rng(3)
    mated = rng.random(4000) < 0.4
    scores = (rng.normal(size=4000) + 2 * mated).round(2) * 40 + 300
    plain = similarities_from_scores(scores, scale_of(scores, "similarity"))
    if kind == "distance":
        distances = 1000 - scores
        plain = similarities_from_scores(distances, scale_of(distances, "distance"))
    assert eer(plain, mated)[0] == eer(scores, mated)[0]
    assert auc(plain, mated) == auc(scores, mated)
    ours, theirs = error_curve(plain, mated), error_curve(scores, mated)
    assert ours.fmr.tolist() == theirs.fmr.tolist()
    assert ours.fnmr.tolist() == theirs.fnmr.tolist()


def test_a_threshold_off_the_scale_is_refused():
    scores = np.array([0.0, 100.0])
    scale = scale_of(scores, "similarity")
    with pytest.raises(ConfigurationError, match="expected 0 to 100"):
        threshold_distance(101, scale, scores, similarities_from_scores(scores, scale))


def test_words_lead_back_to_the_scores():
    words = Scale("similarity", 20, 90).in_words()
    assert "similarities from 20 to 90" in words
    assert "the score 90 - 35 d" in words
    assert "the score -1 + 2.5 d" in Scale("distance", -1, 4).in_words()
