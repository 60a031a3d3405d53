"""How much memory comparisons take, and a refusal of more than there is, before any array is made."""

from __future__ import annotations

from faceproof.errors import PeopleError
from faceproof.memory import memory_limit

BYTES_PER_COMPARISON = 300
"""Memory at the peak of judging a run, for each comparison: 290 bytes were measured with 20 million."""


def memory_of(comparisons: int) -> int:
    """Bytes that so many comparisons take, at the peak."""
    return BYTES_PER_COMPARISON * comparisons


def refuse_too_many(comparisons: int, advice: str) -> None:
    """Refuse more comparisons than memory holds.

    Args:
        comparisons: how many are going to be made.
        advice: how to make fewer, a sentence.

    Raises:
        PeopleError: they do not fit.
    """
    limit, needed = memory_limit(), memory_of(comparisons)
    if needed > limit:
        raise PeopleError(
            f"{comparisons:,} comparisons take about {needed / 1e9:,.1f} GB of memory, and this process may use "
            f"{limit / 1e9:,.1f} GB: at most {limit // BYTES_PER_COMPARISON:,} comparisons fit. {advice}"
        )
