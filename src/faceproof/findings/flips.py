"""Decisions that change under degradations, and the severity at which they change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceproof.files import write_csv
from faceproof.findings.rows import Flip, FlippedComparison
from faceproof.findings.scored import ScoredComparisons
from faceproof.runs.manifest_schema import ConditionEntry
from faceproof.scoring.similarity import distance_from_similarity

STATES = ("not made", "rejected", "accepted")
COLUMNS = (
    *("model", "condition", "family", "severity", "comparison", "mated", "person_a", "photo_a", "person_b", "photo_b"),
    *("before", "after", "distance_clean", "distance", "threshold_distance"),
)
_NAMES = ("person_a", "photo_a", "person_b", "photo_b")
_ROWS_AT_A_TIME = 4096


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions of one model on every comparison under every condition.

    Attributes:
        model: name of the model.
        scored: the comparisons, with the similarities of the clean photos.
        conditions: entries of the manifest, ``clean`` first.
        similarity: float64 (conditions, n); NaN where a comparison could not be made.
        threshold: float64 (n,), the fixed threshold of each comparison, a similarity; NaN where there is none.
    """

    model: str
    scored: ScoredComparisons
    conditions: Sequence[ConditionEntry]
    similarity: NDArray[np.float64]
    threshold: NDArray[np.float64]

    def states(self, condition: int) -> NDArray[np.int8]:
        """The decision on each comparison under a condition as an index into `STATES`, int8 (n,)."""
        similarity = self.similarity[condition]
        made = ~np.isnan(similarity)
        accepted = made & (np.nan_to_num(similarity, nan=-np.inf) >= self.threshold)
        states: NDArray[np.int8] = made.astype(np.int8) + accepted
        return states

    def changed(self, condition: int) -> NDArray[np.int64]:
        """Rows of the comparisons, int64, whose decision differs from that on clean photos; empty without threshold."""
        if np.isnan(self.threshold).all():
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.states(condition) != self.states(0))


def first_flips(decisions: Decisions, limit: int) -> list[FlippedComparison]:
    """Comparisons that are right on clean photos and wrong at most severities, the most sensitive first.

    The order is by the mean, over families, of the share of severities at which the decision is wrong.

    Args:
        decisions: the decisions of one model.
        limit: largest number of comparisons to return.

    Returns:
        The comparisons, each with the families that change its decision.
    """
    mated = decisions.scored.mated
    families: dict[str, list[int]] = {}
    for c, condition in enumerate(decisions.conditions[1:], start=1):
        families.setdefault(condition.family, []).append(c)
    if not families or np.isnan(decisions.threshold).all():
        return []
    for places in families.values():
        places.sort(key=lambda c: decisions.conditions[c].severity)
    clean = decisions.states(0)
    right = np.where(mated, clean == 2, clean == 1)
    wrong = {
        name: np.stack([right & _wrong(decisions.states(c), clean, mated) for c in places])
        for name, places in families.items()
    }
    score = np.mean([rows.mean(axis=0) for rows in wrong.values()], axis=0)
    order = np.lexsort((decisions.scored.comparison, -score))[:limit]
    order = order[score[order] > 0]
    names = decisions.scored.names_of(order, _NAMES)
    found = []
    for place, row in enumerate(order.tolist()):
        flips = [
            _flip(decisions, families[family][int(np.argmax(rows[:, row]))], row)
            for family, rows in wrong.items()
            if rows[:, row].any()
        ]
        found.append(
            FlippedComparison(
                comparison=int(decisions.scored.comparison[row]),
                mated=bool(mated[row]),
                **{name: values[place] for name, values in names.items()},
                distance_clean=float(distance_from_similarity(decisions.similarity[0, row])),
                threshold_distance=float(distance_from_similarity(decisions.threshold[row])),
                wrong=float(score[row]),
                families=len(families),
                flips=sorted(flips, key=lambda flip: (flip.severity / flip.of, flip.family)),
            )
        )
    return found


def _wrong(state: NDArray[np.int8], clean: NDArray[np.int8], mated: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a mated comparison is no longer accepted or a non-mated one is newly accepted, bool (n,)."""
    wrong: NDArray[np.bool_] = np.where(mated, state != 2, state == 2) & (state != clean)
    return wrong


def _flip(decisions: Decisions, condition: int, row: int) -> Flip:
    entry = decisions.conditions[condition]
    similarity = decisions.similarity[condition, row]
    return Flip(
        condition=entry.name,
        family=entry.family,
        title=entry.title,
        told=entry.told,
        severity=entry.severity,
        of=max(one.severity for one in decisions.conditions if one.family == entry.family),
        after=STATES[int(decisions.states(condition)[row])],
        distance=None if np.isnan(similarity) else float(distance_from_similarity(similarity)),
    )


def write_changes_csv(path: Path, every: Iterable[Decisions]) -> int:
    """Write every decision that a condition changed (`faceproof.files.write_csv`).

    Args:
        path: the file; its folder has to exist.
        every: the decisions of each model.

    Returns:
        Number of rows.
    """
    return write_csv(path, COLUMNS, (row for decisions in every for row in _rows(decisions)))


def _rows(decisions: Decisions) -> Iterator[dict[str, object]]:
    before = decisions.states(0)
    for c, condition in enumerate(decisions.conditions):
        after, changed = decisions.states(c), decisions.changed(c)
        for start in range(0, changed.size, _ROWS_AT_A_TIME):
            rows = changed[start : start + _ROWS_AT_A_TIME]
            names = decisions.scored.names_of(rows, _NAMES)
            for place, row in enumerate(rows.tolist()):
                yield {
                    "model": decisions.model,
                    "condition": condition.name,
                    "family": condition.family,
                    "severity": condition.severity,
                    "comparison": int(decisions.scored.comparison[row]),
                    "mated": bool(decisions.scored.mated[row]),
                    **{name: values[place] for name, values in names.items()},
                    "before": STATES[before[row]],
                    "after": STATES[after[row]],
                    "distance_clean": _distance(decisions.similarity[0, row]),
                    "distance": _distance(decisions.similarity[c, row]),
                    "threshold_distance": _distance(decisions.threshold[row]),
                }


def _distance(similarity: float) -> float | str:
    return "" if np.isnan(similarity) else distance_from_similarity(float(similarity))
