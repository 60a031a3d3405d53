"""The comparisons of a run with their similarities, as columns.

``comparisons.parquet`` and ``scores.parquet`` are joined by the number of the comparison, not by the order of their
rows. A comparison without a similarity stays a row: it is counted, but neither accepted nor rejected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import DTypeLike, NDArray

from faceproof.errors import RunFolderError

if TYPE_CHECKING:
    from faceproof.runs.run_folder import RunTables

_COSINE_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class ScoredComparisons:
    """Every comparison of the protocol, with or without a similarity.

    Attributes:
        comparison: int64 (n,), number of the comparison.
        mated: bool (n,), the same person on both sides.
        fold: int64 (n,), fold of the protocol from 0, or -1 where the comparison has none.
        similarity: float64 (n,), -1 to 1; NaN where the comparison could not be made.
        names: table (n,) of the strings photo_a, photo_b, person_a, person_b.
        people_known: whether the people are known. A file of scores may name none; then each comparison has people of
            its own in ``names``, and comparisons are taken as independent.
    """

    comparison: NDArray[np.int64]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int64]
    similarity: NDArray[np.float64]
    names: pa.Table
    people_known: bool = True

    def __len__(self) -> int:
        """Number of comparisons, with or without a similarity."""
        return len(self.comparison)

    @property
    def compared(self) -> NDArray[np.bool_]:
        """Where the comparison has a similarity, bool (n,)."""
        return ~np.isnan(self.similarity)

    def names_of(self, rows: NDArray[np.int64], columns: tuple[str, ...]) -> dict[str, list[str]]:
        """Names in the given rows as Python strings, by column; meant for a few rows, to be read by a person."""
        return self.names.select(columns).take(rows).to_pydict()

    def person_codes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The person on each side as a number from 0, in the sorted order of the names.

        Returns:
            int64 (n,) for side a and for side b; the same person has the same number on both.
        """
        return self._codes("person_a", "person_b")

    def photo_codes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The photo on each side as a number from 0, in the sorted order of the ids; see `person_codes`."""
        return self._codes("photo_a", "photo_b")

    def _codes(self, side_a: str, side_b: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        both = pa.chunked_array([chunk for side in (side_a, side_b) for chunk in self.names[side].chunks], pa.string())
        codes = codes_of(both)
        return codes[: len(self)], codes[len(self) :]


def codes_of(names: pa.ChunkedArray[Any]) -> NDArray[np.int64]:
    """Number of each name from 0, in the sorted order of the names, int64 (n,)."""
    encoded = cast("pa.DictionaryArray[Any, Any]", names.cast(pa.string()).dictionary_encode().combine_chunks())
    rank = np.empty(len(encoded.dictionary), dtype=np.int64)
    rank[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(rank.size)
    codes: NDArray[np.int64] = rank[encoded.indices.to_numpy(zero_copy_only=False)]
    return codes


def join_scores(run: RunTables) -> ScoredComparisons:
    """Join each comparison with its similarity under the condition of the run.

    Args:
        run: the tables of a run folder.

    Returns:
        All comparisons in the order of ``comparisons.parquet``. Where ``scores.parquet`` has no row, a null
        or a NaN, the similarity is NaN.

    Raises:
        RunFolderError: a column is missing or has nulls where none are allowed, a comparison appears twice, or a
            similarity belongs to no comparison or lies outside -1 to 1.
    """
    table, scores = run.comparisons, rows_of_condition(run.scores, run.condition)
    comparison = _numbers(table, "comparison", np.int64)
    similarity = _aligned(
        comparison, _numbers(scores, "comparison", np.int64), _numbers(scores, "similarity", np.float64)
    )
    outside = np.flatnonzero(np.abs(similarity) > 1 + _COSINE_SLACK)
    if outside.size:
        row = int(outside[0])
        raise RunFolderError(
            f"the similarity of comparison {comparison[row]} is {similarity[row]:g}; a cosine lies between -1 and 1. "
            "The templates of this run were not of unit length, or the file is damaged: evaluate again"
        )
    return ScoredComparisons(
        comparison=comparison,
        mated=_numbers(table, "mated", np.bool_),
        fold=_numbers(table, "fold", np.int64, null=-1),
        similarity=np.clip(similarity, -1.0, 1.0),
        names=_names(table),
        people_known=run.manifest.people_known,
    )


def imported_scores(run: RunTables, comparison: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Imported scores in their own scale.

    Args:
        run: the tables of a run folder.
        comparison: int64 (n,), numbers of the comparisons.

    Returns:
        float64 (n,), NaN where there is none; None where the run does not have them.
    """
    scores = rows_of_condition(run.scores, run.condition)
    if "score" not in scores.column_names:
        return None
    return _aligned(comparison, _numbers(scores, "comparison", np.int64), _numbers(scores, "score", np.float64))


def reasons_of(run: RunTables, comparison: NDArray[np.int64]) -> pa.ChunkedArray[Any]:
    """Why comparisons have no similarity.

    Args:
        run: the tables of a run folder.
        comparison: int64 (k,), numbers of the comparisons.

    Returns:
        Text (k,), the reason for each comparison.
    """
    scores = rows_of_condition(run.scores, run.condition)
    place = pc.index_in(pa.array(comparison, pa.int64()), value_set=scores["comparison"].combine_chunks())
    return scores["reason"].cast(pa.string()).take(place).fill_null(pa.scalar("no reason was recorded"))


def rows_of_condition(table: pa.Table, condition: str) -> pa.Table:
    """The rows of a table under one condition; all rows where the table has no column ``condition``."""
    if "condition" not in table.column_names:
        return table
    return table.filter(pc.equal(table["condition"].cast(pa.string()), pa.scalar(condition)))


def _aligned(
    comparison: NDArray[np.int64], scored: NDArray[np.int64], similarity: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``similarity`` in the order of ``comparison``; NaN where a comparison has no row in ``scored``."""
    _refuse_repeats(comparison, "comparisons.parquet")
    if np.array_equal(comparison, scored):
        return similarity
    _refuse_repeats(scored, "scores.parquet")
    order = np.argsort(comparison)
    place = np.searchsorted(comparison[order], scored)
    known = place < comparison.size
    known[known] = comparison[order[place[known]]] == scored[known]
    if not known.all():
        raise RunFolderError(
            f"scores.parquet has comparison {scored[~known][0]}, which comparisons.parquet has not; the two files do "
            "not belong together: evaluate again"
        )
    result = np.full(comparison.size, np.nan)
    result[order[place]] = similarity
    return result


def _refuse_repeats(numbers: NDArray[np.int64], file: str) -> None:
    if numbers.size < 2 or (np.diff(numbers) > 0).all():
        return
    ordered = np.sort(numbers)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if twice.size:
        raise RunFolderError(f"{file} has comparison {twice[0]} more than once; expected one row each: evaluate again")


def _names(table: pa.Table) -> pa.Table:
    columns = ["photo_a", "photo_b", "person_a", "person_b"]
    return table.select(columns).cast(pa.schema([(name, pa.string()) for name in columns]))


def _numbers(table: pa.Table, name: str, dtype: DTypeLike, null: int | None = None) -> NDArray[Any]:
    """A column as a NumPy array. Nulls become ``null`` where it is given, else NaN in floats, else an error."""
    if name not in table.column_names:
        raise RunFolderError(f"a table of the run has no column {name!r}; it has {table.column_names}")
    column = table[name]
    if null is not None:
        column = column.fill_null(pa.scalar(null))
    if column.null_count and not np.issubdtype(dtype, np.floating):
        raise RunFolderError(f"column {name!r} of the run has {column.null_count} nulls; expected none")
    return np.asarray(column.to_numpy()).astype(dtype, copy=False)
