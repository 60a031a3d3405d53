"""A run on disk: its tables and its manifest, written whole or not at all (see docs/run-folder.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceproof.engine.parquet_files import read_parquet, write_parquet
from faceproof.errors import RunFolderError
from faceproof.people.types import Comparisons
from faceproof.runs.manifest_file import MANIFEST, read_json, read_sealed, refuse_other, without_digests
from faceproof.runs.run_writing import finish_publishing, unfinished_manifest
from faceproof.runs.table_checks import TABLES, check_manifest, check_tables, typed
from faceproof.systems.photo_table import PhotoTable

if TYPE_CHECKING:
    import pyarrow as pa


TABLE_FILES = tuple(f"{name}.parquet" for name in TABLES)


@dataclass(frozen=True, slots=True)
class RunTables:
    """A finished run as data: the manifest and three pyarrow tables, of which the rows of one condition count."""

    manifest: dict[str, Any]
    comparisons: pa.Table
    photos: pa.Table
    scores: pa.Table
    condition: str = "clean"


def comparisons_table(comparisons: Comparisons) -> pa.Table:
    """``comparisons.parquet``: who is compared with whom."""
    import pyarrow as pa

    ids = pa.array([photo.id for photo in comparisons.photos], pa.string())
    people = pa.array([photo.person for photo in comparisons.photos], pa.string())
    a, b = pa.array(comparisons.row_a), pa.array(comparisons.row_b)
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
    condition: str = "clean",
) -> pa.Table:
    """``scores.parquet``: how alike the sides of each comparison are, or why that cannot be told.

    Args:
        comparisons: who is compared.
        similarity: float64 (n,), NaN where a side has no template.
        photos: what became of the photos.
        photos_a: likewise on side a, where it is another table.
        condition: name of the condition.
    """
    import pyarrow as pa

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


def write_table(folder: Path, name: str, table: pa.Table) -> None:
    """Write one table, whole or not at all."""
    write_tables(folder, name, [table])


def write_tables(folder: Path, name: str, tables: Iterable[pa.Table]) -> None:
    """Write tables of the same columns, one or more, one below the other into one file, whole or not at all."""
    write_parquet(folder / f"{name}.parquet", tables)


def write_run_tables(folder: Path, run: RunTables) -> None:
    """Write all tables of a run."""
    for name in TABLES:
        write_table(folder, name, getattr(run, name))


def read_run(folder: Path) -> RunTables:
    """A finished evaluation.

    Args:
        folder: what ``faceproof evaluate --out`` was given.

    Returns:
        Its tables.

    Raises:
        RunFolderError: it is no run, unfinished, damaged, or of another version; or its tables do not belong together.
    """
    manifest = open_manifest(folder)
    kind = manifest.get("kind", "evaluation")
    if kind != "evaluation":
        raise RunFolderError(f"{folder} holds a {kind} run; expected one of faceproof evaluate.")
    tables = {name: read_run_table(folder, manifest, name) for name in TABLES}
    check_tables(folder, **tables)
    return RunTables(without_digests(manifest), **tables)


def read_run_table(folder: Path, manifest: Mapping[str, Any], name: str) -> pa.Table:
    """A table of a run, checked against its digest and its columns.

    Args:
        folder: the run folder.
        manifest: as `open_manifest` gives it.
        name: a key of `faceproof.runs.table_checks.TABLES`.

    Raises:
        RunFolderError: it cannot be read, is not the table that the run wrote, or has other columns.
    """
    import pyarrow as pa

    path = folder / f"{name}.parquet"
    refuse_other(path, manifest, path.name)
    try:
        table = read_parquet(path)
    except (OSError, pa.ArrowException) as error:
        raise RunFolderError(f"{path} cannot be read ({error}). Give the command of the run again.") from error
    return typed(table, name, path)


def read_metrics(folder: Path) -> dict[str, Any]:
    """``metrics.json`` of a finished run, checked against its digest.

    Raises:
        RunFolderError: see `read_run`.
    """
    path = folder / "metrics.json"
    refuse_other(path, open_manifest(folder), path.name)
    return read_json(path)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a finished run of whatever kind says of itself.

    Raises:
        RunFolderError: see `read_run`.
    """
    return without_digests(open_manifest(folder))


def open_manifest(folder: Path) -> dict[str, Any]:
    """As `read_manifest`, with the digests of the run's files.

    Raises:
        RunFolderError: see `read_run`.
    """
    finish_publishing(folder)
    if not (folder / MANIFEST).is_file():
        if unfinished_manifest(folder) is not None:
            raise RunFolderError(f"The run in {folder} is unfinished. Give the same command again to finish it.")
        raise RunFolderError(f"{folder} is no run folder: {MANIFEST} is missing. Expected what --out was given.")
    manifest = read_sealed(folder)
    kind = manifest.get("kind", "evaluation")
    if kind not in ("evaluation", "stress"):
        raise RunFolderError(f"{folder} holds a run of kind {kind}; expected one of faceproof evaluate or stress.")
    if not manifest.get("finished"):
        raise RunFolderError(f"The run in {folder} is unfinished. Give the same command again to finish it.")
    check_manifest(folder / MANIFEST, manifest)
    return manifest
