"""Comparisons that do not fit into memory are refused before they are made."""

from __future__ import annotations

import numpy as np
import pytest

from faceproof.errors import PeopleError
from faceproof.memory import memory_limit
from faceproof.people.comparison_memory import BYTES_PER_COMPARISON, memory_of, refuse_too_many
from faceproof.people.protocols import make_comparisons
from faceproof.people.types import Photo, PhotoSet


def test_a_comparison_counts_300_bytes():
    assert [memory_of(n) for n in (0, 1, 20_000_000)] == [0, 300, 6_000_000_000]


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
