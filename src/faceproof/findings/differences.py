"""Differences of two runs in the similarities of, and the decisions on, the same comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.findings.joined import join_runs
from faceproof.findings.pair_lists import NamedRun
from faceproof.findings.scored import ScoredComparisons, join_scores

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

SHOWN = 10
NOT_MADE, REJECTED, ACCEPTED = 0, 1, 2
DECISIONS = ("not made", "rejected", "accepted")
_NAMES = ("photo_a", "photo_b")


@dataclass(frozen=True, slots=True)
class DifferentScore:
    """A comparison with different similarities in two runs.

    Attributes:
        comparison: number of the comparison in the first run.
        photo_a: id of the photo on side a.
        photo_b: id of the photo on side b.
        mated: whether it is the same person on both sides.
        similarity_a: similarity in the first run, -1 to 1; None where the comparison could not be made.
        similarity_b: similarity in the second run, likewise.
        decision_a: ``accepted``, ``rejected`` or ``not made`` in the first run; None where there is no threshold.
        decision_b: the decision in the second run, likewise.
    """

    comparison: int
    photo_a: str
    photo_b: str
    mated: bool
    similarity_a: float | None
    similarity_b: float | None
    decision_a: str | None
    decision_b: str | None


@dataclass(frozen=True, slots=True)
class ScoreDifferences:
    """Differences of two runs on the comparisons that both have, for one system under one condition.

    Attributes:
        system: name of the system in the first run.
        condition: name of the condition.
        comparisons: number of shared comparisons.
        not_exact: number of shared comparisons whose similarities are not exactly equal, or that only one run could
            make.
        different: number of these that only one run could make, or whose similarities differ by more than the
            tolerance.
        made_by_one: number of comparisons that only one run could make.
        largest: largest absolute difference of similarities of a comparison that both runs could make; None where
            there is no such comparison.
        decisions: number of different decisions on comparisons that count as ``different``; None where a run has no
            threshold.
        decisions_within: number of different decisions on comparisons whose similarities are equal within the
            tolerance; None likewise.
        examples: the first comparisons that count as ``different`` or have different decisions: those with different
            decisions before the others, and the largest difference of similarities first.
    """

    system: str
    condition: str
    comparisons: int
    not_exact: int
    different: int
    made_by_one: int
    largest: float | None
    decisions: int | None
    decisions_within: int | None
    examples: tuple[DifferentScore, ...]


@dataclass(frozen=True, slots=True)
class SharedRows:
    """Rows of the comparisons that two runs share, in the order of ``comparisons.parquet`` of the first.

    Attributes:
        a: int64 (m,), rows in the first run.
        b: int64 (m,), rows of the same comparisons in the second run.
        only_a: number of comparisons that only the first run has.
        only_b: number of comparisons that only the second run has.
    """

    a: Whole
    b: Whole
    only_a: int
    only_b: int


def shared_rows(first: NamedRun, second: NamedRun) -> SharedRows:
    """Match the comparisons of two runs by photos and label (`faceproof.findings.joined`).

    Raises:
        RunFolderError: the tables of a run do not fit together.
    """
    joined = join_runs([first, second])
    rows = [
        _places(join_scores(run.tables).comparison, scored.comparison)
        for run, scored in zip((first, second), joined.scored, strict=True)
    ]
    return SharedRows(rows[0], rows[1], *joined.left_out)


def _places(numbers: Whole, wanted: Whole) -> Whole:
    order = np.argsort(numbers)
    places: Whole = order[np.searchsorted(numbers[order], wanted)]
    return places


def compare_scores(
    first: ScoredComparisons,
    second: ScoredComparisons,
    shared: SharedRows,
    thresholds: Sequence[Floats | None],
    *,
    tolerance: float = 0.0,
    system: str = "",
    condition: str = "clean",
) -> ScoreDifferences:
    """Compare similarities and decisions of two runs on the comparisons that they share.

    Args:
        first: comparisons of the first run.
        second: comparisons of the second run.
        shared: rows of the shared comparisons.
        thresholds: for each run, the similarity from which each of its comparisons is accepted, float64 (n,), where n
            is the number of all its comparisons; None where it has no threshold.
        tolerance: largest absolute difference of similarities that counts as equal, 0 or more.
        system: name of the system, for the result.
        condition: name of the condition, for the result.
    """
    a, b = first.similarity[shared.a], second.similarity[shared.b]
    made_a, made_b = ~np.isnan(a), ~np.isnan(b)
    both, one = made_a & made_b, made_a != made_b
    apart = np.where(both, np.abs(a - b), np.where(one, np.inf, 0.0))
    different = apart > tolerance
    states = [
        None if threshold is None or np.isnan(threshold).all() else _states(similarity, threshold[rows])
        for similarity, threshold, rows in zip((a, b), thresholds, (shared.a, shared.b), strict=True)
    ]
    changed = np.zeros(a.size, np.bool_)
    decided = states[0] is not None and states[1] is not None
    if states[0] is not None and states[1] is not None:
        changed = states[0] != states[1]
    listed = np.flatnonzero(different | changed)
    worst = listed[np.lexsort((-apart[listed], ~changed[listed]))][:SHOWN]
    return ScoreDifferences(
        system=system,
        condition=condition,
        comparisons=int(a.size),
        not_exact=int(np.count_nonzero(apart > 0)),
        different=int(np.count_nonzero(different)),
        made_by_one=int(np.count_nonzero(one)),
        largest=float(apart[both].max()) if both.any() else None,
        decisions=int(np.count_nonzero(changed & different)) if decided else None,
        decisions_within=int(np.count_nonzero(changed & ~different)) if decided else None,
        examples=tuple(_examples(first, shared, (a, b), states, worst)),
    )


def _states(similarity: Floats, threshold: Floats) -> NDArray[np.int8]:
    """The decision on each comparison as an index into `DECISIONS`, int8 (n,)."""
    made = ~np.isnan(similarity)
    accepted = np.nan_to_num(similarity, nan=-np.inf) >= threshold
    states: NDArray[np.int8] = made.astype(np.int8) + (made & accepted)
    return states


def _examples(
    first: ScoredComparisons,
    shared: SharedRows,
    similarity: tuple[Floats, Floats],
    states: Sequence[NDArray[np.int8] | None],
    places: Whole,
) -> list[DifferentScore]:
    rows = shared.a[places]
    names = first.names_of(rows, _NAMES)
    return [
        DifferentScore(
            comparison=int(first.comparison[row]),
            photo_a=names["photo_a"][number],
            photo_b=names["photo_b"][number],
            mated=bool(first.mated[row]),
            similarity_a=_number(similarity[0][place]),
            similarity_b=_number(similarity[1][place]),
            decision_a=None if states[0] is None else DECISIONS[states[0][place]],
            decision_b=None if states[1] is None else DECISIONS[states[1][place]],
        )
        for number, (row, place) in enumerate(zip(rows, places, strict=True))
    ]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
