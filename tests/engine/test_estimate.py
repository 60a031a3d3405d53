from __future__ import annotations

import pytest

from faceproof.engine.estimate import time_in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2.0 h"), (172_800, "2.0 days")],
)
def test_a_duration_has_the_unit_that_says_most(seconds, words):
    assert time_in_words(seconds) == words
