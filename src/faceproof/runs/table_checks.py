"""Checks that the tables of a run have the expected columns and types and belong together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from faceproof.errors import RunFolderError
from faceproof.systems.photo_table import STAGES_MS

_ADVICE = "Give the command of the run again."

TABLES: dict[str, dict[str, str]] = {
    "comparisons": {
        "comparison": "whole number",
        **dict.fromkeys(("photo_a", "photo_b", "person_a", "person_b"), "text"),
        "mated": "true or false",
        "fold": "whole number",
    },
    "photos": {
        **dict.fromkeys(("photo", "person", "sha256", "condition", "outcome", "reason"), "text"),
        "faces_found": "whole number",
        "box_xyxy_px": "list of numbers",
        **dict.fromkeys(STAGES_MS, "number"),
    },
    "scores": {"comparison": "whole number", "condition": "text", "similarity": "number", "reason": "text"},
}
"""The required columns of each table of a run, and their types."""


def typed(table: pa.Table, name: str, path: Path) -> pa.Table:
    """Check the columns of a table and their types.

    Args:
        table: the table.
        name: a key of `TABLES`.
        path: file of the table, for the message.

    Returns:
        The same table.

    Raises:
        RunFolderError: a column is missing or of another type, or a cell is not valid.
    """
    lacking = TABLES[name].keys() - set(table.column_names)
    if lacking:
        raise RunFolderError(f"{path} lacks the columns {', '.join(sorted(lacking))}. {_ADVICE}", path=path)
    for column, kind in TABLES[name].items():
        found = table.schema.field(column).type
        if not _is_of(kind, found):
            raise RunFolderError(f"{path}: column {column!r} holds {found}; expected {kind}. {_ADVICE}", path=path)
    try:
        table.validate(full=True)
    except pa.ArrowException as error:
        raise RunFolderError(f"{path} is damaged ({error}). {_ADVICE}", path=path) from error
    return table


def check_tables(folder: Path, comparisons: pa.Table, photos: pa.Table, scores: pa.Table) -> None:
    """Check that the tables of an evaluation belong together.

    Args:
        folder: the run folder, for the message.
        comparisons: one row for each comparison.
        photos: one row for each photo; empty where photos are unknown.
        scores: one row for each comparison.

    Raises:
        RunFolderError: ``scores`` has not exactly one row for each comparison, or a photo that is compared has no row.
    """
    numbers, scored = (np.sort(table["comparison"].to_numpy()) for table in (comparisons, scores))
    if numbers.size != scored.size:
        raise RunFolderError(
            f"{folder}: scores.parquet has {scored.size:,} rows and comparisons.parquet has {numbers.size:,}; expected "
            f"as many. The files do not belong together, or rows were lost. {_ADVICE}",
            path=folder,
        )
    if numbers.size > 1 and not (np.diff(numbers) > 0).all():
        raise RunFolderError(f"{folder}: comparisons.parquet has one comparison more than once. {_ADVICE}", path=folder)
    if not np.array_equal(numbers, scored):
        raise RunFolderError(
            f"{folder}: scores.parquet and comparisons.parquet have other comparisons. {_ADVICE}", path=folder
        )
    if len(photos):
        for side in ("photo_a", "photo_b"):
            known = pc.is_in(comparisons[side], value_set=photos["photo"].combine_chunks())
            if not pc.all(known, min_count=0).as_py():
                missing = comparisons[side].filter(pc.invert(known))[0].as_py()
                raise RunFolderError(
                    f"{folder}: photos.parquet has no row of {missing}, which is compared. {_ADVICE}", path=folder
                )


def _is_of(kind: str, found: pa.DataType) -> bool:
    if types.is_dictionary(found):
        found = found.value_type
    if types.is_null(found):
        return kind != "list of numbers"
    if kind == "list of numbers":
        return (
            types.is_list(found) or types.is_large_list(found) or types.is_fixed_size_list(found)
        ) and types.is_floating(found.value_type)
    tests = {
        "whole number": (types.is_integer,),
        "number": (types.is_floating, types.is_integer),
        "true or false": (types.is_boolean,),
        "text": (types.is_string, types.is_large_string),
    }
    return any(test(found) for test in tests[kind])
