"""Writing of the tables of a run: comparisons, outcome of each photo, and similarity of each comparison."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from faceproof.engine.parquet_files import write_parquet
from faceproof.people.types import Comparisons
from faceproof.runs.run_folder import CLEAN_NAME
from faceproof.scoring.similarity import similarities
from faceproof.systems.photo_table import PhotoTable

if TYPE_CHECKING:
    from faceproof.engine.runner import Processed
    from faceproof.engine.values import ModelCondition
    from faceproof.engine.workload import Workload


def comparisons_table(comparisons: Comparisons) -> pa.Table:
    """``comparisons.parquet``: the photos, people, label and fold of each comparison."""
    ids = pa.array([photo.id for photo in comparisons.photos], pa.string())
    people = pa.array([photo.person for photo in comparisons.photos], pa.string())
    a, b = comparisons.row_a, comparisons.row_b
    return pa.table(
        {
            "comparison": pa.array(np.arange(len(comparisons), dtype=np.int64)),
            "photo_a": ids.take(a),
            "photo_b": ids.take(b),
            "person_a": people.take(a),
            "person_b": people.take(b),
            "mated": pa.array(comparisons.mated),
            "fold": pa.array(comparisons.fold, mask=comparisons.fold < 0),
        }
    )


def scores_table(
    comparisons: Comparisons,
    similarity: NDArray[np.float64],
    photos: PhotoTable,
    photos_a: PhotoTable | None = None,
    condition: str = CLEAN_NAME,
) -> pa.Table:
    """``scores.parquet`` without the column ``system``: the similarity of each comparison, or why there is none.

    Args:
        comparisons: the comparisons.
        similarity: float64 (n,), -1 to 1; NaN where a side has no template.
        photos: outcome of each photo.
        photos_a: outcome of each photo on side a, where it differs; None: ``photos``.
        condition: name of the condition.
    """
    reasons: list[str | None] = [None] * len(comparisons)
    tables = photos_a or photos, photos
    for row in np.flatnonzero(np.isnan(similarity)):
        sides = (("a", comparisons.row_a[row]), ("b", comparisons.row_b[row]))
        failed = [(side, table.failure(int(photo))) for table, (side, photo) in zip(tables, sides, strict=True)]
        reasons[row] = "; ".join(f"photo {side}: {why}" for side, why in failed if why is not None)
    return pa.table(
        {
            "comparison": pa.array(np.arange(len(comparisons), dtype=np.int64)),
            "condition": pa.array([condition] * len(comparisons), pa.string()),
            "similarity": pa.array(similarity, mask=np.isnan(similarity)),
            "reason": pa.array(reasons, pa.string()),
        }
    )


def of_system(table: pa.Table, system: str) -> pa.Table:
    """A table of photos or scores with a column ``system`` before ``condition``."""
    column = pa.array([system] * len(table), pa.string())
    return table.add_column(table.column_names.index("condition"), "system", column)


def write_tables(folder: Path, name: str, tables: Iterable[pa.Table]) -> None:
    """Append tables with the same columns and write them to one file. The file is written as a whole or not at all."""
    write_parquet(folder / f"{name}.parquet", tables)


def write_processed(folder: Path, work: Workload, processed: Processed) -> None:
    """Write ``photos.parquet`` and ``scores.parquet``: rows for each system and each condition that did not fail."""
    cells = [cell for cell in work.cells() if cell[1] not in processed.failed]
    write_tables(folder, "photos", (_photos(work, processed, cell) for cell in cells))
    write_tables(folder, "scores", (_scores(work, processed, cell) for cell in cells))


def _photos(work: Workload, processed: Processed, cell: ModelCondition) -> pa.Table:
    return of_system(processed.tables[cell].to_table(work.conditions[cell[1]].name), work.systems[cell[0]])


def _scores(work: Workload, processed: Processed, cell: ModelCondition) -> pa.Table:
    comparisons, photos = work.comparisons, processed.tables[cell]
    clean = processed.tables[cell[0], 0] if work.side == "probe" else None
    similarity = similarities(
        photos.templates,
        comparisons.row_a,
        comparisons.row_b,
        templates_a=None if clean is None else clean.templates,
    )
    table = scores_table(comparisons, similarity, photos, clean, work.conditions[cell[1]].name)
    return of_system(table, work.systems[cell[0]])
