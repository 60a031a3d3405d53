"""The comparisons of a run with their similarity beside them, as columns.

Both tables carry the number of the comparison; they are joined by it and never by the order of their rows. A
comparison without a similarity stays a row: it is counted, and it is never decided.
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
    """Every comparison of the protocol, compared or not.

    Attributes:
        comparison: int64 (n,), its number.
        mated: bool (n,), the same person on both sides.
        fold: int64 (n,), fold of the protocol from 0, or -1 where it has none.
        similarity: float64 (n,), -1 to 1; NaN where a side has no template.
        names: table (n,) of the strings photo_a, photo_b, person_a, person_b.
    """

    comparison: NDArray[np.int64]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int64]
    similarity: NDArray[np.float64]
    names: pa.Table

    def __len__(self) -> int:
        """Number of comparisons, compared or not."""
        return len(self.comparison)

    @property
    def compared(self) -> NDArray[np.bool_]:
        """Where both sides have a template, bool (n,)."""
        return ~np.isnan(self.similarity)

    def names_of(self, rows: NDArray[np.int64], columns: tuple[str, ...]) -> dict[str, list[str]]:
        """Names in some rows as Python strings; meant for the few rows that somebody reads."""
        return self.names.select(columns).take(rows).to_pydict()

    def person_codes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The person on each side as a whole number, in the sorted order of their names.

        Returns:
            int64 (n,) for side a and for side b; the same person has the same number on both.
        """
        chunks = [chunk for side in ("person_a", "person_b") for chunk in self.names[side].chunks]
        both = pa.chunked_array(chunks, pa.string())
        encoded = cast("pa.DictionaryArray[Any, Any]", both.dictionary_encode().combine_chunks())
        rank = np.empty(len(encoded.dictionary), dtype=np.int64)
        rank[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(rank.size)
        codes = rank[encoded.indices.to_numpy(zero_copy_only=False)]
        return codes[: len(self)], codes[len(self) :]


def join_scores(run: RunTables) -> ScoredComparisons:
    """Put the similarity under the run's condition beside each comparison.

    Args:
        run: the tables of a run folder.

    Returns:
        All comparisons in the order of ``comparisons.parquet``. Where ``scores.parquet`` has no row, a null
        or a NaN, the similarity is NaN.

    Raises:
        RunFolderError: a column is missing or has nulls where none may be, a comparison appears twice, a
            similarity belongs to no comparison, or it is no cosine.
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
    )


def reasons_of(run: RunTables, comparison: NDArray[np.int64]) -> pa.ChunkedArray[Any]:
    """Why some comparisons, given by their numbers, have no similarity: text, one each."""
    scores = rows_of_condition(run.scores, run.condition)
    place = pc.index_in(pa.array(comparison, pa.int64()), value_set=scores["comparison"].combine_chunks())
    return scores["reason"].cast(pa.string()).take(place).fill_null(pa.scalar("no reason was recorded"))


def rows_of_condition(table: pa.Table, condition: str) -> pa.Table:
    """The rows about photos under one condition; all of them where the table has no column ``condition``."""
    if "condition" not in table.column_names:
        return table
    return table.filter(pc.equal(table["condition"].cast(pa.string()), pa.scalar(condition)))


def _aligned(
    comparison: NDArray[np.int64], scored: NDArray[np.int64], similarity: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``similarity`` in the order of ``comparison``, NaN where it has no row."""
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
    """A column as NumPy; nulls become NaN in floats and ``null`` in whole numbers, and else are refused."""
    if name not in table.column_names:
        raise RunFolderError(f"a table of the run has no column {name!r}; it has {table.column_names}")
    column = table[name]
    if null is not None:
        column = column.fill_null(pa.scalar(null))
    if column.null_count and not np.issubdtype(dtype, np.floating):
        raise RunFolderError(f"column {name!r} of the run has {column.null_count} nulls; expected none")
    return np.asarray(column.to_numpy()).astype(dtype, copy=False)
