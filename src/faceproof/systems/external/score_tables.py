"""A score file as the tables of a run folder, column by column.

What the file does not name gets the number of its row, counted from 1 below the first line: ``row 17 a`` and
``row 17 b`` are photos, and people where the comparison is non-mated; where it is mated, ``row 17`` is the person.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.people.types import UNKNOWN
from faceproof.systems.external.score_file import ScoreFile
from faceproof.systems.photo_table import PhotoTable

NO_SCORE = "no score"
_ROWS_AT_A_TIME = 100_000


def compared_in(file: ScoreFile) -> pa.Table:
    """The table of ``comparisons.parquet``."""
    row = _joined("row", pa.array(file.row).cast(pa.string()))
    sides = {side: _joined(row, side) for side in "ab"}
    columns: dict[str, pa.Array[Any] | pa.ChunkedArray[Any]] = {
        "comparison": pa.array(np.arange(len(file), dtype=np.int64))
    }
    for side, of_row in sides.items():
        columns[f"photo_{side}"] = file.names.get(f"photo_{side}", of_row)
    for side, of_row in sides.items():
        columns[f"person_{side}"] = file.names.get(f"person_{side}", pc.if_else(pa.array(file.mated), row, of_row))
    columns["mated"] = pa.array(file.mated)
    columns["fold"] = pa.array(file.fold, mask=file.fold < 0)
    return pa.Table.from_pydict(columns)


def scored_in(file: ScoreFile, similarity: NDArray[np.float64], condition: str = "clean") -> pa.Table:
    """``scores.parquet``, with one more column: ``score``, as it is in the file.

    Args:
        file: the score file.
        similarity: float64 (n,), NaN where there is no score.
        condition: name of the condition.
    """
    none = np.isnan(similarity)
    given = file.names.get("reason", pa.array([""] * len(file)))
    given = pc.if_else(pc.equal(given, pa.scalar("")), NO_SCORE, given)
    return pa.table(
        {
            "comparison": pa.array(np.arange(len(file), dtype=np.int64)),
            "condition": pa.array(np.full(len(file), condition)),
            "similarity": pa.array(similarity, mask=none),
            "reason": pc.if_else(pa.array(none), given, pa.scalar(None, pa.string())),
            "score": pa.array(file.score, mask=none),
        }
    )


def photos_in(file: ScoreFile, condition: str = "clean") -> pa.Table:
    """``photos.parquet``: a row for each photo that the file names, of which nothing else is known."""
    schema = PhotoTable((), 0).to_table().schema
    if "photo_a" not in file.names:
        return schema.empty_table()
    photos = _one_below_the_other(file, "photo").dictionary_encode()
    _, first = np.unique(photos.indices.to_numpy(), return_index=True)
    known: dict[str, pa.Array[Any]] = {
        "photo": photos.dictionary,
        "condition": pa.array(np.full(len(first), condition)),
        "outcome": pa.array(np.full(len(first), UNKNOWN)),
    }
    if "person_a" in file.names:
        known["person"] = _one_below_the_other(file, "person").take(first)
    return pa.table({field.name: known.get(field.name, pa.nulls(len(first), field.type)) for field in schema})


def people_named(file: ScoreFile) -> int | None:
    """How many people the file names; None where it names none."""
    if "person_a" not in file.names:
        return None
    return int(pc.count_distinct(_one_below_the_other(file, "person")).as_py())


def digest_of(comparisons: pa.Table) -> str:
    """SHA-256 over everything that ``comparisons.parquet`` holds, equal for equal comparisons in the same order."""
    total = hashlib.sha256()
    for start in range(0, len(comparisons), _ROWS_AT_A_TIME):
        part = comparisons.slice(start, _ROWS_AT_A_TIME)
        for name in ("photo_a", "photo_b", "person_a", "person_b"):
            cells = part[name].combine_chunks()
            whole = pa.ListArray.from_arrays(pa.array([0, len(cells)], pa.int32()), cells)
            total.update(pc.call_function("binary_join", [whole, "\0"])[0].as_buffer())
        total.update(part["mated"].to_numpy().astype("u1").tobytes())
        total.update(part["fold"].fill_null(pa.scalar(-1)).to_numpy().astype("<i2").tobytes())
    return total.hexdigest()


def _joined(*texts: str | pa.Array[Any]) -> pa.StringArray:
    """Texts of each row with a space between them; one text alone is that of all rows."""
    joined: pa.StringArray = pc.call_function("binary_join_element_wise", [*texts, " "])
    return joined


def _one_below_the_other(file: ScoreFile, what: str) -> pa.Array[pa.StringScalar]:
    """The columns of side a and side b, concatenated."""
    return pa.concat_arrays([chunk for side in "ab" for chunk in file.names[f"{what}_{side}"].chunks])
