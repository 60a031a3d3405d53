from __future__ import annotations

import math

import pytest

from faceproof.errors import ConfigurationError
from faceproof.scoring.threshold import Threshold, distance_of


def test_a_cosine_is_the_distance_of_unit_templates():
    assert Threshold(0.5, "cosine").distance == 1.0
    assert Threshold(-1.0, "cosine").distance == 2.0
    assert Threshold(1.25).distance == 1.25
    assert distance_of(Threshold(1.0, "cosine")) == 0.0
    assert distance_of(1) == 1.0
    assert distance_of(None) is None


@pytest.mark.parametrize(
    ("value", "unit", "message"),
    [
        (-0.1, "distance", "expected 0 to 2"),
        (2.1, "distance", "expected 0 to 2"),
        (1.1, "cosine", "expected -1 to 1"),
        (math.nan, "cosine", "expected -1 to 1"),
        (math.nan, "score", "expected a finite number"),
        (math.inf, "score", "expected a finite number"),
        (0.5, "angle", "no unit 'angle'"),
    ],
)
def test_a_value_outside_of_its_unit_is_refused(value, unit, message):
    with pytest.raises(ConfigurationError, match=message):
        Threshold(value, unit)


def test_a_score_of_a_file_is_no_distance():
    assert Threshold(-40.0, "score").value == -40.0
    with pytest.raises(ConfigurationError, match="is a score of a file, not a distance"):
        assert Threshold(-40.0, "score").distance
