"""The comparisons that an audit looks at, as columns: from a score file, or from a run of faceproof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from faceproof.findings.doctor.result import MOST_EXAMPLES
from faceproof.findings.linked import LinkedScores, link
from faceproof.findings.scored import ScoredComparisons
from faceproof.scoring.native_score import USUAL_SCORES, UsualScore
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.systems.external.score_repeats import photo_numbers, text_numbers

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
Names = Mapping[str, "pa.ChunkedArray[Any]"]

NO_DECISION = -1
LARGEST = 1e150
"""Larger scores count as infinite: their squares are."""


class Sides(NamedTuple):
    """Number of the person, or of the photo, on each side: int64 (n,) from 0, equal for the same one."""

    a: Whole
    b: Whole

    @property
    def total(self) -> int:
        """Number of people or photos."""
        return int(max(self.a.max(), self.b.max())) + 1 if self.a.size else 0


@dataclass(frozen=True)
class AuditedScores:
    """Comparisons with their scores; every row of the file, also repeated ones.

    Attributes:
        score: float64 (n,) in the scale of the file; NaN where there is none, may be infinite.
        kind: whether higher (``similarity``) or lower (``distance``) is more alike.
        mated: bool (n,).
        fold: int64 (n,), number of the fold from 0, or -1.
        names: text columns (n,) by name: person_a, person_b, photo_a, photo_b; only those that are known.
        measure: what the score is known to be; None where it is not known.
        decision: int8 (n,): 1 accepted, 0 rejected, `NO_DECISION` without a decision; None where there are none.
        split: text (n,), the part of the data that each row belongs to, such as train or test; None where unknown.
        reason: bool (n,), whether a reason is given for a missing score; None where there is no such column.
    """

    score: Floats
    kind: Literal["similarity", "distance"]
    mated: Flags
    fold: Whole
    names: Names = field(default_factory=dict)
    measure: UsualScore | None = None
    decision: NDArray[np.int8] | None = None
    split: pa.ChunkedArray[Any] | None = None
    reason: Flags | None = None

    def __len__(self) -> int:
        """Number of comparisons, with or without a score."""
        return self.score.size

    @cached_property
    def people(self) -> Sides | None:
        """The person on each side; None where people are not known."""
        if "person_a" not in self.names:
            return None
        numbers = text_numbers(self.names["person_a"], self.names["person_b"])
        return Sides(numbers[: len(self)], numbers[len(self) :])

    @cached_property
    def photos(self) -> Sides | None:
        """The photo on each side; photos of one name are different photos where they are of two people."""
        return Sides(*photo_numbers(self.names)) if "photo_a" in self.names else None

    @cached_property
    def made(self) -> Flags:
        """Bool (n,), where there is a finite score."""
        return np.asarray(np.abs(self.score) <= LARGEST)

    @cached_property
    def similarity(self) -> Floats:
        """float64 (n,), the score, or minus the score where it is a distance; NaN where there is no finite one."""
        similarity = self.score if self.kind == "similarity" else -self.score
        return similarity if self.made.all() else np.where(self.made, similarity, np.nan)

    @cached_property
    def linked(self) -> LinkedScores:
        """The comparisons with who shares whom."""
        return link(self.similarity, self.mated, self.people, self.photos)

    def examples(self, rows: Whole) -> list[str]:
        """The first few of some rows, each with its number, its photos or people, its label and its score."""
        first = rows[:MOST_EXAMPLES]
        columns = [name for name in ("photo_a", "photo_b") if name in self.names]
        columns = columns or [name for name in ("person_a", "person_b") if name in self.names]
        texts = [self.names[name].take(first).to_pylist() for name in columns]
        sides = [f" ({a} and {b})" for a, b in zip(*texts, strict=True)] if texts else [""] * first.size
        return [
            f"row {row + 1}{side}: {'mated' if self.mated[row] else 'non-mated'}, {score_text(self.score[row])}"
            for row, side in zip(first.tolist(), sides, strict=True)
        ]


def score_text(score: float) -> str:
    """A score as text; ``no score`` for NaN."""
    return "no score" if np.isnan(score) else f"{score:.6g}"


def of_run(
    scored: ScoredComparisons,
    score: Floats | None = None,
    kind: Literal["similarity", "distance"] = "similarity",
    *,
    templates: bool = True,
) -> AuditedScores:
    """The comparisons of a run.

    Args:
        scored: the comparisons.
        score: float64 (n,), imported scores in their own scale; None: those of the run.
        kind: what ``score`` is.
        templates: without ``score``: whether the similarities are cosines of templates, so that distances are audited.
    """
    names = {name: scored.names[name] for name in scored.names.column_names} if scored.people_known else {}
    of_all = (scored.mated, scored.fold, names)
    reason = np.ones(len(scored), dtype=np.bool_)  # a run has a reason for each comparison without a score
    if score is not None:
        return AuditedScores(score, kind, *of_all, reason=reason)
    if not templates:
        return AuditedScores(scored.similarity, "similarity", *of_all, reason=reason)
    distance = np.asarray(distance_from_similarity(scored.similarity))
    return AuditedScores(distance, "distance", *of_all, USUAL_SCORES["euclidean"], reason=reason)
