"""Estimate the memory for comparisons, and refuse more than fit, before any array is made."""

from __future__ import annotations

from faceproof.errors import PeopleError
from faceproof.memory import memory_limit

BYTES_PER_COMPARISON = 300
"""Peak memory per comparison while a run is judged; 290 bytes were measured with 20 million comparisons."""


def memory_of(comparisons: int) -> int:
    """Peak memory for a number of comparisons, in bytes."""
    return BYTES_PER_COMPARISON * comparisons


def refuse_too_many(comparisons: int, advice: str) -> None:
    """Refuse comparisons that do not fit into memory.

    Args:
        comparisons: number of comparisons.
        advice: a sentence that says how to make fewer.

    Raises:
        PeopleError: they do not fit.
    """
    limit, needed = memory_limit(), memory_of(comparisons)
    if needed > limit:
        raise PeopleError(
            f"{comparisons:,} comparisons take about {needed / 1e9:,.1f} GB of memory, and this process may use "
            f"{limit / 1e9:,.1f} GB: at most {limit // BYTES_PER_COMPARISON:,} comparisons fit. {advice}"
        )
