"""The people who carry the false matches, by hand and against a plain loop."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.findings.carriers import TOP, Carried, carried_by

Couples = list[tuple[int, int]]
COUPLES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda two: two[0] != two[1]), max_size=25)


def carried(couples: Couples) -> Carried | None:
    person_a, person_b = (np.array([couple[side] for couple in couples], np.int64) for side in (0, 1))
    return carried_by(person_a, person_b)


def plain(couples: Couples) -> Carried | None:
    left, chosen = couples, 0
    while left and chosen < 3:
        times = Counter(person for couple in left for person in couple)
        most = min(times, key=lambda person: (-times[person], person))
        left = [couple for couple in left if most not in couple]
        chosen += 1
    return Carried(len(couples), chosen, 1 - len(left) / len(couples)) if couples else None


def test_without_false_matches_nobody_carries_them() -> None:
    assert carried([]) is None


def test_one_false_match_has_one_person() -> None:
    assert carried([(4, 7)]) == Carried(errors=1, people=1, share=1.0)


def test_a_person_in_all_of_them_on_either_side_is_alone() -> None:
    assert carried([(5, 1), (2, 5), (5, 3), (0, 5)]) == Carried(errors=4, people=1, share=1.0)


def test_the_next_person_is_the_one_with_most_of_the_rest() -> None:
    """Person 1 has four of nine, but all of them with person 0; 0, 3 and 5 have eight, and 0, 1 and 3 only seven."""
    couples = [(0, 1)] * 4 + [(0, 2)] + [(3, 4)] * 2 + [(5, 6), (7, 8)]
    assert carried(couples) == Carried(errors=9, people=3, share=pytest.approx(8 / 9))


@pytest.mark.parametrize(("path", "people"), [((3, 0, 1, 2, 4), 2), ((3, 1, 0, 2, 4), 3)])
def test_of_people_with_equally_many_the_first_number_is_taken(path: tuple[int, ...], people: int) -> None:
    """Five people in a row, each matched with the next: three have two false matches each.

    Without the middle person two couples are left that share nobody; without the one beside him, two that share one.
    """
    assert carried(list(pairwise(path))) == Carried(errors=4, people=people, share=1.0)


def test_at_most_three_people_count() -> None:
    assert TOP == 3
    assert carried([(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]) == Carried(errors=5, people=3, share=pytest.approx(0.6))


def test_with_exactly_three_nothing_is_left() -> None:
    assert carried([(0, 1), (2, 3), (4, 5)]) == Carried(errors=3, people=3, share=1.0)


@given(COUPLES)
def test_it_is_that_of_a_plain_loop_whichever_side_people_are_on(couples: Couples) -> None:
    assert carried(couples) == plain(couples)
    assert carried([(b, a) for a, b in couples]) == plain(couples)
