"""Which people carry the false matches of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOP = 3


@dataclass(frozen=True, slots=True)
class Carried:
    """How many of the false matches the people with most of them take part in.

    Attributes:
        errors: number of false matches.
        people: number of those people, at most `TOP`.
        share: share of the false matches in which one of them takes part, 0 to 1.
    """

    errors: int
    people: int
    share: float


def carried_by(person_a: NDArray[np.int64], person_b: NDArray[np.int64]) -> Carried | None:
    """The people with the most false matches: first the one with most, then the one with most of the rest, and so on.

    Args:
        person_a: whole numbers (errors,) from 0, the person on side a of each false match.
        person_b: likewise, side b.

    Returns:
        The share of the first `TOP` people; None without false matches.

    >>> carried_by(np.array([0, 0, 0, 4]), np.array([1, 2, 3, 5]))
    Carried(errors=4, people=2, share=1.0)
    """
    errors = person_a.size
    if not errors:
        return None
    left, people = np.ones(errors, dtype=np.bool_), 0
    while people < TOP and left.any():
        most = int(np.argmax(np.bincount(np.concatenate([person_a[left], person_b[left]]))))
        left &= (person_a != most) & (person_b != most)
        people += 1
    return Carried(errors, people, 1 - float(np.count_nonzero(left)) / errors)
