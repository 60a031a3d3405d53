"""Templates kept between runs: append-only Parquet shards, one folder for each recipe.

A recipe is everything that decides a template besides the photo's bytes: condition, detector, selection,
recogniser. Shards are written under a temporary name and renamed, so a killed run loses at most the rows that it
had not written, and several runs may write at the same time.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from faceproof.detection.types import Face
from faceproof.engine.photo_table import STAGES_MS, PhotoOutcome
from faceproof.errors import CacheError
from faceproof.files import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

SHARD_ROWS = 2000


def recipe_digest(recipe: Mapping[str, object]) -> str:
    """SHA-256 of a recipe (JSON values), whatever the order of its keys."""
    return hashlib.sha256(json.dumps(recipe, sort_keys=True, allow_nan=False).encode()).hexdigest()


class TemplateCache:
    """The shards of one recipe.

    Args:
        root: cache folder; the shards lie in ``root/templates/DIGEST``.
        recipe: everything that decides a template besides the photo, as JSON values.
        shard_rows: rows in a shard; so many are lost, at most, when a run is killed.

    Raises:
        CacheError: when the folder cannot be made or written.
    """

    def __init__(self, root: Path, recipe: Mapping[str, object], shard_rows: int = SHARD_ROWS) -> None:
        self._shard_rows = shard_rows
        self.folder = root / "templates" / recipe_digest(recipe)
        self.unreadable: list[str] = []
        self._pending: list[tuple[str, PhotoOutcome]] = []
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            card = self.folder / "recipe.json"
            if not card.exists():
                write_whole(card, json.dumps(recipe, indent=2, sort_keys=True).encode())
        except OSError as error:
            raise CacheError(
                f"The template cache {self.folder} cannot be written ({error.strerror or error}). "
                "Set FACEPROOF_CACHE to a folder that can, or use --no-cache."
            ) from error

    def load(self, wanted: Mapping[str, object]) -> Iterator[tuple[str, PhotoOutcome]]:
        """Rows of the photos whose digest is a key of ``wanted``, shard by shard.

        A shard that cannot be read is skipped and named in ``unreadable``: its photos are computed again.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        for shard in sorted(self.folder.glob("*.parquet")):
            try:
                table = pq.read_table(shard)
                mine = [i for i, digest in enumerate(table["sha256"].to_pylist()) if digest in wanted]
                rows = list(_outcomes(table.take(pa.array(mine, pa.int64()))))
            except (pa.ArrowException, OSError, KeyError, ValueError):
                self.unreadable.append(str(shard))
                continue
            yield from rows

    def add(self, sha256: str, outcome: PhotoOutcome) -> None:
        """Keep one row; it is on disk when its shard is full, or after `flush`."""
        self._pending.append((sha256, outcome))
        if len(self._pending) >= self._shard_rows:
            self.flush()

    def flush(self) -> None:
        """Write what is pending as one shard.

        Raises:
            CacheError: when the disk is full or the folder is gone.
        """
        if not self._pending:
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = pa.BufferOutputStream()
        pq.write_table(_shard(self._pending), sink, compression="zstd")
        try:
            write_whole(self.folder / f"{uuid.uuid4().hex}.parquet", memoryview(sink.getvalue()))
        except OSError as error:
            raise CacheError(
                f"A shard of {len(self._pending)} photos cannot be written to {self.folder} "
                f"({error.strerror or error}). Free some room, set FACEPROOF_CACHE, or use --no-cache."
            ) from error
        self._pending.clear()


def _shard(rows: list[tuple[str, PhotoOutcome]]) -> pa.Table:
    import pyarrow as pa

    outcomes = [outcome for _, outcome in rows]
    faces = [outcome.face for outcome in outcomes]
    columns: dict[str, pa.Array] = {
        "sha256": pa.array([digest for digest, _ in rows], pa.string()),
        "outcome": pa.array([o.outcome for o in outcomes], pa.string()),
        "reason": pa.array([o.reason for o in outcomes], pa.string()),
        "box": pa.array([None if f is None else f.box_xyxy_px for f in faces], pa.list_(pa.float32())),
        "landmarks": pa.array([None if f is None else f.landmarks_px.ravel() for f in faces], pa.list_(pa.float32())),
        "probability": pa.array([None if f is None else f.probability for f in faces], pa.float32()),
        "template": pa.array([o.template for o in outcomes], pa.list_(pa.float32())),
        "template_norm": pa.array([o.template_norm for o in outcomes], pa.float32()),
    }
    for name in ("width_px", "height_px", "faces_found"):
        columns[name] = pa.array([getattr(o, name) for o in outcomes], pa.int32())
    for name in STAGES_MS:
        columns[name] = pa.array([getattr(o, name) for o in outcomes], pa.float32())
    return pa.table(columns)


def _outcomes(table: pa.Table) -> Iterator[tuple[str, PhotoOutcome]]:
    vectors = table["template"].combine_chunks()
    plain = [name for name in table.column_names if name not in {"box", "landmarks", "probability", "template"}]
    for i, row in enumerate(table.select(plain).to_pylist()):
        digest = row.pop("sha256")
        box = table["box"][i].as_py()
        face = None
        if box is not None:
            points = np.array(table["landmarks"][i].as_py(), np.float32).reshape(5, 2)
            face = Face(np.array(box, np.float32), table["probability"][i].as_py(), points)
        vector = vectors[i].values
        template = None if vector is None else vector.to_numpy(zero_copy_only=False)
        yield digest, PhotoOutcome(face=face, template=template, **row)
