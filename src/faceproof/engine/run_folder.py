"""A run on disk: its tables and its manifest, written whole or not at all (see docs/run-folder.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceproof.engine.photo_table import STAGES_MS, PhotoTable
from faceproof.errors import RunFolderError
from faceproof.people.types import Comparisons

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
_RESULTS = (
    *("photos.parquet", "scores.parquet", "metrics.json", "failures.csv", "conditions.csv", "changes.csv"),
    "report.html",
)
_TABLES = {
    "comparisons": {"comparison", "photo_a", "photo_b", "person_a", "person_b", "mated", "fold"},
    "photos": {"photo", "person", "sha256", "condition", "outcome", "reason", "faces_found", "box_xyxy_px", *STAGES_MS},
    "scores": {"comparison", "condition", "similarity", "reason"},
}


@dataclass(frozen=True, slots=True)
class RunTables:
    """A finished run as data: the manifest and three pyarrow tables, of which the rows of one condition count."""

    manifest: dict[str, Any]
    comparisons: pa.Table
    photos: pa.Table
    scores: pa.Table
    condition: str = "clean"


def prepare_folder(folder: Path, *, overwrite: bool, comparisons_sha256: str, kind: str = "evaluation") -> None:
    """Make a run folder, or make sure that an existing one may be written to.

    An unfinished run of the same comparisons is gone on with. What a run of another kind left is taken away.

    Raises:
        RunFolderError: when the folder holds a finished run, another run, or something else, and ``overwrite`` is off.
    """
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder} is a file; expected a folder for the run. Choose another --out.")
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        manifest = folder / MANIFEST
        if not manifest.is_file():
            raise RunFolderError(f"{folder} is not empty and holds no run. Choose another --out, or use --overwrite.")
        old = _read_json(manifest)
        if old.get("finished"):
            raise RunFolderError(
                f"{folder} holds a finished run of {old['finished']}. Choose another --out, or use --overwrite."
            )
        if old.get("protocol", {}).get("sha256") != comparisons_sha256:
            raise RunFolderError(
                f"{folder} holds an unfinished run of other comparisons. Choose another --out, or use --overwrite."
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if overwrite and (folder / MANIFEST).is_file():
            _clear(folder, kind)
    except OSError as error:
        raise RunFolderError(f"{folder} cannot be made ({error.strerror or error}). Choose another --out.") from error


def _clear(folder: Path, kind: str) -> None:
    """Take away the files of a run of another kind; nothing that a run does not write."""
    try:
        if _read_json(folder / MANIFEST).get("kind", "evaluation") == kind:
            return
    except RunFolderError:
        return
    figures = folder / "figures"
    drawn = [file for suffix in ("svg", "png", "csv") for file in figures.glob(f"*.{suffix}")]
    for file in (*(folder / name for name in _RESULTS), *drawn):
        file.unlink(missing_ok=True)


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
    import pyarrow.parquet as pq

    part = folder / f".{name}.parquet.part"
    every = iter(tables)
    first = next(every)
    with pq.ParquetWriter(part, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for table in every:
            writer.write_table(table)
    part.replace(folder / f"{name}.parquet")


def write_manifest(folder: Path, manifest: Mapping[str, object]) -> None:
    """Write the manifest, whole or not at all."""
    part = folder / f".{MANIFEST}.part"
    part.write_text(json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    part.replace(folder / MANIFEST)


def read_run(folder: Path) -> RunTables:
    """A finished evaluation.

    Args:
        folder: what ``faceproof evaluate --out`` was given.

    Returns:
        Its tables.

    Raises:
        RunFolderError: when it is no run, unfinished, damaged, or of another version.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    manifest = read_manifest(folder)
    if manifest.get("kind", "evaluation") != "evaluation":
        raise RunFolderError(f"{folder} holds a {manifest['kind']} run; expected one of faceproof evaluate.")
    tables: dict[str, pa.Table] = {}
    for name, needed in _TABLES.items():
        path = folder / f"{name}.parquet"
        try:
            tables[name] = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise RunFolderError(f"{path} cannot be read ({error}). Run the evaluation again.") from error
        lacking = needed - set(tables[name].column_names)
        if lacking:
            raise RunFolderError(f"{path} lacks the columns {', '.join(sorted(lacking))}. Run the evaluation again.")
    return RunTables(manifest, **tables)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run, of whatever kind.

    Raises:
        RunFolderError: see `read_run`.
    """
    if not (folder / MANIFEST).is_file():
        raise RunFolderError(f"{folder} is no run folder: {MANIFEST} is missing. Expected what --out was given.")
    manifest = _read_json(folder / MANIFEST)
    if manifest.get("schema_version") != SCHEMA_VERSION:
        raise RunFolderError(
            f"{folder} has schema version {manifest.get('schema_version')}; this faceproof reads {SCHEMA_VERSION}."
        )
    if not manifest.get("finished"):
        raise RunFolderError(f"The run in {folder} is unfinished. Give the same command again to finish it.")
    return manifest


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read ({error}). Run the evaluation again with --overwrite.") from error
    if not isinstance(content, dict):
        raise RunFolderError(f"{path} is no manifest: expected a JSON object.")
    return content
