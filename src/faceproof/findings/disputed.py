"""Disputed comparisons: one run decides correctly and another wrongly, or only one of them could compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceproof.files import write_csv
from faceproof.findings.compared import Paired
from faceproof.findings.joined import JoinedRuns
from faceproof.findings.rows import DisputedComparison
from faceproof.findings.scored import reasons_of
from faceproof.scoring.similarity import distance_from_similarity

Whole = NDArray[np.int64]

COLUMNS = (
    *("kind", "run", "baseline", "comparison", "comparison_in_run", "mated", "person_a", "photo_a", "person_b"),
    *("photo_b", "decided", "decided_baseline", "distance", "threshold_distance", "distance_baseline"),
    *("threshold_distance_baseline", "margin", "reason"),
)
_NAMES = ("person_a", "photo_a", "person_b", "photo_b")
_ROWS_AT_A_TIME = 20_000


@dataclass(frozen=True, slots=True)
class Disputed:
    """Comparisons on which the decisions of several runs differ, as row numbers.

    Attributes:
        joined: the runs and the comparisons that they share.
        paired: the decisions on the comparisons that all runs could make.
    """

    joined: JoinedRuns
    paired: Paired

    def right_in(self, winner: int, loser: int) -> Whole:
        """Comparisons that one run decides correctly and another wrongly, the worst error first.

        The worst error is the distance that lies furthest on the wrong side of its threshold. Ties are sorted by the
        number of the comparison.

        Args:
            winner: number of the run that is right.
            loser: number of the run that is wrong.

        Returns:
            int64, indices into the arrays of ``paired``; empty where there is no threshold.
        """
        if not self.paired.decided:
            return np.zeros(0, np.int64)
        right = self.paired.right
        places = np.flatnonzero(right[winner] & ~right[loser])
        number = self.joined.scored[0].comparison[self.paired.rows[places]]
        return places[np.lexsort((number, -self._margin(loser)[places]))]

    def not_made(self, run: int) -> Whole:
        """Rows of the shared comparisons, int64, that a run could not make and another run could."""
        missing = np.isnan(self.joined.similarity)
        return np.flatnonzero(missing[run] & ~missing.all(axis=0))

    def flips(self, run: int, baseline: int, *, winner: int, limit: int | None = None) -> list[DisputedComparison]:
        """Comparisons that one of two runs decides correctly and the other wrongly, worst first.

        Args:
            run: number of the run.
            baseline: number of the run that it is compared with.
            winner: number of the run that is right, ``run`` or ``baseline``.
            limit: largest number of comparisons to return; None for all.

        Returns:
            The comparisons, without ``reason``.
        """
        loser = baseline if winner == run else run
        return list(self._flips(run, baseline, self.right_in(winner, loser)[:limit], loser))

    def missing(self, run: int, limit: int | None = None) -> list[DisputedComparison]:
        """Comparisons that a run could not make and another could, in the order of the protocol, with the reason.

        Args:
            run: number of the run.
            limit: largest number of comparisons to return; None for all.

        Returns:
            The comparisons; ``baseline`` is the first run that could make the comparison.
        """
        rows = self.not_made(run)[:limit]
        numbers = self.joined.scored[run].comparison[rows]
        reasons = reasons_of(self.joined.runs[run].tables, numbers).to_pylist()
        makers = np.argmax(~np.isnan(self.joined.similarity[:, rows]), axis=0)
        found = []
        for place, head in enumerate(self._heads(rows, run)):
            maker = int(makers[place])
            similarity = self.joined.scored[maker].similarity[rows[place]]
            found.append(
                DisputedComparison(
                    kind="not made",
                    **head,
                    baseline=self.joined.names[maker],
                    decided="not made",
                    distance_baseline=float(distance_from_similarity(similarity)),
                    reason=reasons[place],
                )
            )
        return found

    def _flips(self, run: int, baseline: int, places: Whole, loser: int) -> Iterator[DisputedComparison]:
        margin, accepted = self._margin(loser)[places], self.paired.accepted[:, places]
        similarity, threshold = (
            distance_from_similarity(column[:, places]) for column in (self.paired.similarity, self.paired.threshold)
        )
        right = "baseline" if loser == run else "run"
        for place, head in enumerate(self._heads(self.paired.rows[places], run)):
            yield DisputedComparison(
                kind=f"right in {right}",
                **head,
                baseline=self.joined.names[baseline],
                decided=_decision(accepted[run, place]),
                decided_baseline=_decision(accepted[baseline, place]),
                distance=float(similarity[run, place]),
                threshold_distance=float(threshold[run, place]),
                distance_baseline=float(similarity[baseline, place]),
                threshold_distance_baseline=float(threshold[baseline, place]),
                margin=float(margin[place]),
            )

    def _heads(self, rows: Whole, run: int) -> Iterator[dict[str, Any]]:
        """First fields of each row: people, photos and number of the comparison as in the first run."""
        first, own = self.joined.scored[0], self.joined.scored[run]
        names = first.names_of(rows, _NAMES)
        for place, row in enumerate(rows.tolist()):
            yield {
                "run": self.joined.names[run],
                "comparison": int(first.comparison[row]),
                "comparison_in_run": int(own.comparison[row]),
                "mated": bool(first.mated[row]),
                **{name: values[place] for name, values in names.items()},
            }

    def _margin(self, run: int) -> NDArray[np.float64]:
        distance, threshold = (
            distance_from_similarity(column[run]) for column in (self.paired.similarity, self.paired.threshold)
        )
        margin: NDArray[np.float64] = np.abs(distance - threshold)
        return margin

    def every(self) -> Iterator[DisputedComparison]:
        """All rows of ``flips.csv``.

        Each run is compared with the first run, in both directions, the worst error first. Then follow the
        comparisons that a run could not make.
        """
        for run in range(1, len(self.joined.runs)):
            for winner, loser in ((0, run), (run, 0)):
                places = self.right_in(winner, loser)
                for start in range(0, places.size, _ROWS_AT_A_TIME):
                    yield from self._flips(run, 0, places[start : start + _ROWS_AT_A_TIME], loser)
        for run in range(len(self.joined.runs)):
            yield from self.missing(run)


def write_flips_csv(path: Path, rows: Iterable[DisputedComparison]) -> int:
    """Write disputed comparisons (`faceproof.files.write_csv`).

    Args:
        path: the file; its folder has to exist.
        rows: `Disputed.every`.

    Returns:
        Number of rows.
    """
    return write_csv(path, COLUMNS, (row.as_json() for row in rows))


def _decision(accepted: bool | np.bool_) -> str:
    return "accepted" if accepted else "rejected"
