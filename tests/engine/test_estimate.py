from __future__ import annotations

import numpy as np
import pytest

from faceproof.engine.estimate import time_in_words
from faceproof.errors import PeopleError
from faceproof.memory import memory_limit
from faceproof.people.comparison_memory import BYTES_PER_COMPARISON, refuse_too_many
from faceproof.people.protocols import make_comparisons
from faceproof.people.types import Photo, PhotoSet


def test_what_memory_holds_is_let_through_and_one_more_is_not():
    fit = memory_limit() // BYTES_PER_COMPARISON
    refuse_too_many(fit, "")
    with pytest.raises(
        PeopleError, match=rf"{fit + 1:,} comparisons take about .* GB.*at most {fit:,} .* fit\. Fewer\."
    ):
        refuse_too_many(fit + 1, "Fewer.")


@pytest.mark.parametrize(
    ("protocol", "settings"), [("all", {"limit": 10**15}), ("sampled", {"mated": 0, "non_mated": 10**12})]
)
def test_too_many_comparisons_are_refused_before_an_array_is_made(tmp_path, protocol, settings):
    many = int(np.sqrt(2 * memory_limit() / BYTES_PER_COMPARISON)) + 1000
    photos = tuple(Photo(f"{i}/1", tmp_path, str(i), "") for i in range(many))
    with pytest.raises(PeopleError, match=r"comparisons take about .* GB of memory"):
        make_comparisons(protocol, PhotoSet(tmp_path, photos), **settings)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2.0 h"), (172_800, "2.0 days")],
)
def test_a_duration_has_the_unit_that_says_most(seconds, words):
    assert time_in_words(seconds) == words
