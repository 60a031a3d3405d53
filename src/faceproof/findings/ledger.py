"""Every failure as a row: false matches, false non-matches, and photos that gave no template.

A comparison is accepted when ``similarity >= threshold``. A comparison that could not be made is not a wrong decision:
its photo without a template is a failure. In a run that has only scores, the comparison itself is a failure. Each kind
of failure is sorted with the worst first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.files import write_csv
from faceproof.findings.rows import NoScoreReason, PhotoFailure, WrongDecision
from faceproof.findings.scored import ScoredComparisons, join_scores, reasons_of, rows_of_condition
from faceproof.people.types import UNKNOWN
from faceproof.scoring.similarity import distance_from_similarity

if TYPE_CHECKING:
    from faceproof.runs.run_folder import RunTables

ErrorKind = Literal["false_match", "false_non_match"]
COLUMNS = (
    "kind",
    "comparison",
    "person_a",
    "photo_a",
    "person_b",
    "photo_b",
    "similarity",
    "distance",
    "threshold_distance",
    "margin",
    "reason",
)
_NAMES = ("photo_a", "photo_b", "person_a", "person_b")
_ROWS_AT_A_TIME = 50_000


@dataclass(frozen=True, slots=True)
class Ledger:
    """Failures of a run at one threshold, as row numbers, worst first.

    Attributes:
        scored: the comparisons.
        photos: the rows of ``photos.parquet`` under the condition of the run.
        threshold_similarity: similarity from which a comparison is accepted; None where no threshold could be
            set, so that there are no decisions.
        false_matches: int64, rows of ``scored``, the non-mated comparison with the highest similarity first.
        false_non_matches: int64, rows of ``scored``, the mated comparison with the lowest similarity first.
        no_template: int64, rows of ``photos``, the photo that prevented most comparisons first.
        comparisons_lost: int64, as long as ``no_template``: number of comparisons of each photo that were not made.
        no_score: int64, rows of ``scored``: comparisons without a score, in a run that has only scores; else empty.
        no_score_reason: text, as long as ``no_score``: why there is no score.
    """

    scored: ScoredComparisons
    photos: pa.Table
    threshold_similarity: float | None
    false_matches: NDArray[np.int64]
    false_non_matches: NDArray[np.int64]
    no_template: NDArray[np.int64]
    comparisons_lost: NDArray[np.int64]
    no_score: NDArray[np.int64]
    no_score_reason: pa.ChunkedArray[pa.StringScalar]

    @property
    def threshold_distance(self) -> float | None:
        """The threshold as a distance, 0 to 2."""
        at = self.threshold_similarity
        return None if at is None else distance_from_similarity(at)

    def errors(self, kind: ErrorKind, limit: int | None = None, start: int = 0) -> list[WrongDecision]:
        """Wrong decisions of one kind, worst first.

        Args:
            kind: ``false_match`` or ``false_non_match``.
            limit: largest number of decisions to return; None for all.
            start: number of the worst decisions to skip.

        Returns:
            The decisions; empty where there is no threshold.
        """
        every = self.false_matches if kind == "false_match" else self.false_non_matches
        rows = every[start : None if limit is None else start + limit]
        if self.threshold_distance is None or not rows.size:
            return []
        similarity = self.scored.similarity[rows]
        distance = distance_from_similarity(similarity)
        columns: dict[str, Sequence[object]] = {
            "comparison": self.scored.comparison[rows].tolist(),
            **self.scored.names_of(rows, _NAMES),
            "similarity": similarity.tolist(),
            "distance": distance.tolist(),
            "margin": np.abs(distance - self.threshold_distance).tolist(),
        }
        return [
            WrongDecision.model_validate(dict(zip(columns, values, strict=True)))
            for values in zip(*columns.values(), strict=True)
        ]

    def failures_to_acquire(self, limit: int | None = None) -> list[PhotoFailure]:
        """Photos without a template, the photo that prevented most comparisons first.

        Args:
            limit: largest number of photos to return; None for all.
        """
        rows = self.no_template[:limit]
        part = self.photos.select(["photo", "person", "outcome", "reason"]).take(pa.array(rows, pa.int64()))
        found = part.rename_columns(["photo", "person", "stage", "reason"]).to_pylist()
        lost = self.comparisons_lost[:limit].tolist()
        return [
            PhotoFailure(
                photo=row["photo"],
                person=row["person"],
                stage=row["stage"],
                reason=row["reason"] or "no reason was recorded",
                comparisons_lost=count,
            )
            for row, count in zip(found, lost, strict=True)
        ]

    def no_score_by_reason(self, limit: int) -> list[NoScoreReason]:
        """The most frequent reasons for which comparisons have no score, at most ``limit``."""
        counted = pa.Table.from_struct_array(pc.value_counts(self.no_score_reason)).to_pylist()
        most = sorted(counted, key=lambda row: (-row["counts"], row["values"]))[:limit]
        return [NoScoreReason(reason=row["values"], comparisons=row["counts"]) for row in most]


def open_ledger(run: RunTables, threshold_similarity: float | None, scored: ScoredComparisons | None = None) -> Ledger:
    """Find every failure of a run at a threshold.

    Args:
        run: the tables of a run folder.
        threshold_similarity: similarity from which a comparison is accepted, or None where none could be set.
        scored: ``join_scores(run)``, where the caller has it already.

    Returns:
        The failures of each kind, worst first; ties are sorted by number of the comparison or id of the photo.

    Raises:
        RunFolderError: the tables do not fit together.
    """
    joined = join_scores(run) if scored is None else scored
    photos = rows_of_condition(run.photos, run.condition)
    wrong = {True: np.zeros(0, np.int64), False: np.zeros(0, np.int64)}
    if threshold_similarity is not None:
        accepted = joined.similarity >= threshold_similarity
        for mated in wrong:
            rows = np.flatnonzero((joined.mated == mated) & joined.compared & (accepted != mated))
            badness = joined.similarity[rows] * (1 if mated else -1)
            wrong[mated] = rows[np.lexsort((joined.comparison[rows], badness))]
    known = pc.is_in(photos["outcome"], value_set=pa.array(["template", UNKNOWN]))
    missing = np.flatnonzero(~known.to_numpy().astype(np.bool_))
    lost = _comparisons_of(joined, photos, missing)
    # Sorting by name through Arrow keeps millions of names out of Python.
    by_name = pc.sort_indices(photos["photo"].take(missing)).to_numpy().astype(np.int64)
    worst = by_name[np.argsort(-lost[by_name], kind="stable")]
    unscored, reasons = missing[:0], pa.chunked_array([], pa.string())
    if run.manifest.system.of_scores:
        unscored = np.flatnonzero(~joined.compared)
        reasons = reasons_of(run, joined.comparison[unscored])
    return Ledger(
        *(joined, photos, threshold_similarity, wrong[False], wrong[True], missing[worst], lost[worst]),
        *(unscored, reasons),
    )


def write_failures_csv(path: Path, ledger: Ledger) -> int:
    """Write every failure as ``failures.csv``: UTF-8, quoted by RFC 4180, replaced as a whole.

    Text that a spreadsheet would read as a formula gets an apostrophe in front (see `faceproof.files.guarded`).
    Numbers are written with full precision.

    Args:
        path: the file; its folder has to exist.
        ledger: from ``open_ledger``.

    Returns:
        Number of failures written: false matches, then false non-matches, then photos without a template,
        each with the worst first, then comparisons without a score.
    """
    return write_csv(path, COLUMNS, _rows(ledger))


def _rows(ledger: Ledger) -> Iterator[dict[str, object]]:
    at = ledger.threshold_distance
    kinds: Iterable[tuple[ErrorKind, str, int]] = (
        ("false_match", "different people, accepted as the same", ledger.false_matches.size),
        ("false_non_match", "the same person, rejected", ledger.false_non_matches.size),
    )
    for kind, reason, size in kinds:
        for start in range(0, size, _ROWS_AT_A_TIME):
            for row in ledger.errors(kind, _ROWS_AT_A_TIME, start):
                yield {**dict(row), "kind": kind, "threshold_distance": at, "reason": reason}
    for photo in ledger.failures_to_acquire():
        yield {
            "kind": "no_template",
            "person_a": photo.person,
            "photo_a": photo.photo,
            "reason": f"{photo.stage}: {photo.reason}",
        }
    for start in range(0, len(ledger.no_score), _ROWS_AT_A_TIME):
        rows = ledger.no_score[start : start + _ROWS_AT_A_TIME]
        columns = {
            "comparison": ledger.scored.comparison[rows].tolist(),
            **ledger.scored.names_of(rows, _NAMES),
            "reason": ledger.no_score_reason[start : start + _ROWS_AT_A_TIME].to_pylist(),
        }
        for values in zip(*columns.values(), strict=True):
            yield {"kind": "no_score", **dict(zip(columns, values, strict=True))}


def _comparisons_of(scored: ScoredComparisons, photos: pa.Table, missing: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of comparisons of each missing photo that were not made, int64, as long as ``missing``."""
    lost = np.zeros(missing.size, np.int64)
    rows = np.flatnonzero(~scored.compared)
    if not missing.size or not rows.size:
        return lost
    names = photos["photo"].take(missing).combine_chunks()
    sides = [
        pc.index_in(scored.names[side].take(rows), value_set=names).fill_null(-1).to_numpy()
        for side in ("photo_a", "photo_b")
    ]
    # Count a comparison of a photo with itself once.
    sides[1] = np.where(sides[1] == sides[0], -1, sides[1])
    for side in sides:
        lost += np.bincount(side[side >= 0], minlength=missing.size)
    return lost
