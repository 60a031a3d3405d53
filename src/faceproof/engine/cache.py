"""Cache of templates between runs: Parquet shards that are only added, in one folder for each recipe.

A recipe is everything that determines a template besides the photo's bytes: condition, detector, selection,
recogniser. A shard is written under a temporary name and then renamed. A killed run therefore loses only rows that
were not written yet, and several runs may write at the same time. The name of a shard is the SHA-256 of its bytes. A
damaged shard does not match its name: it is renamed, and its photos are computed again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from faceproof.engine.parquet_files import parquet_bytes, read_parquet
from faceproof.errors import CacheError
from faceproof.files import sha256_of_json, write_whole
from faceproof.systems.faces.types import Face
from faceproof.systems.photo_table import STAGES_MS, PhotoOutcome

SHARD_ROWS = 2000
SHARD_SECONDS = 30.0
_DIGEST_LENGTH = 64


class TemplateCache:
    """The shards of one recipe.

    Args:
        root: cache folder; the shards lie in ``root/templates/DIGEST``.
        recipe: everything that determines a template besides the photo, as JSON values.
        shard_rows: largest number of rows in a shard.
        shard_seconds: longest time before a row is written, while rows are added; a killed run loses no more.
        template_size: numbers in a template; None: not checked.

    Attributes:
        folder: folder of the shards.
        set_aside: damaged shards that `load` found, by their new names.

    Raises:
        CacheError: the folder cannot be created or written.
    """

    def __init__(
        self,
        root: Path,
        recipe: Mapping[str, object],
        shard_rows: int = SHARD_ROWS,
        *,
        shard_seconds: float = SHARD_SECONDS,
        template_size: int | None = None,
    ) -> None:
        self._shard_rows, self._shard_seconds, self._template_size = shard_rows, shard_seconds, template_size
        self.folder = root / "templates" / sha256_of_json(recipe)
        self.set_aside: list[str] = []
        self._pending: list[tuple[str, PhotoOutcome]] = []
        self._oldest = 0.0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            card = self.folder / "recipe.json"
            if not card.exists():
                write_whole(card, json.dumps(recipe, indent=2, sort_keys=True).encode())
        except OSError as error:
            raise CacheError(
                f"The template cache {self.folder} cannot be written ({error.strerror or error}). "
                "Set FACEPROOF_CACHE to a folder that can, or use [[cache=False]]."
            ) from error

    def load(self, wanted: Mapping[str, object]) -> Iterator[tuple[str, PhotoOutcome]]:
        """Rows of the photos whose digest is a key of ``wanted``, shard by shard.

        A damaged shard is renamed and listed in ``set_aside``; its photos are computed again.
        """
        for shard in sorted(self.folder.glob("*.parquet")):
            if len(shard.stem) != _DIGEST_LENGTH:
                continue  # of an earlier version, which kept no digest
            try:
                content = shard.read_bytes()
            except FileNotFoundError:
                continue  # another run set it aside
            except OSError:
                self.set_aside.append(str(shard))
                continue
            try:
                rows = self._rows(content, shard.stem, wanted)
            except (pa.ArrowException, OSError, KeyError, ValueError, TypeError, AttributeError):
                self._set_aside(shard)
                continue
            yield from rows

    def _rows(self, content: bytes, digest: str, wanted: Mapping[str, object]) -> list[tuple[str, PhotoOutcome]]:
        """The rows of a shard whose photos are keys of ``wanted``.

        Raises:
            ValueError: the shard differs from the one that was written, or a row is malformed.
        """
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError("the bytes do not match the digest")
        table = read_parquet(content)
        mine = [i for i, photo in enumerate(table["sha256"].to_pylist()) if photo in wanted]
        rows = list(_outcomes(table.take(pa.array(mine, pa.int64()))))
        for _, outcome in rows:
            template = outcome.template
            if (template is None) == (outcome.outcome == "template"):
                raise ValueError("a template without the outcome template, or this outcome without a template")
            if template is not None and self._template_size not in (None, len(template)):
                raise ValueError(f"a template of {len(template)} numbers")
            if template is not None and not np.isfinite(template).all():
                raise ValueError("a template that is not finite")
        return rows

    def _set_aside(self, shard: Path) -> None:
        """Rename a damaged shard, so that no run reads it again."""
        place = shard.with_suffix(".damaged")
        try:
            shard.replace(place)
        except OSError:
            place = shard
        self.set_aside.append(str(place))

    def add(self, sha256: str, outcome: PhotoOutcome) -> None:
        """Add one row; it is written when its shard is full or `shard_seconds` have passed, or by `flush`."""
        if not self._pending:
            self._oldest = time.monotonic()
        self._pending.append((sha256, outcome))
        if len(self._pending) >= self._shard_rows or time.monotonic() - self._oldest >= self._shard_seconds:
            self.flush()

    def flush(self) -> None:
        """Write the rows that were added since the last shard as one shard.

        Raises:
            CacheError: the disk is full, or the folder was removed.
        """
        if not self._pending:
            return
        content = parquet_bytes(_shard(self._pending))
        try:
            write_whole(self.folder / f"{hashlib.sha256(content).hexdigest()}.parquet", content)
        except OSError as error:
            raise CacheError(
                f"A shard of {len(self._pending)} photos cannot be written to {self.folder} "
                f"({error.strerror or error}). Free some disk space and repeat the command, set FACEPROOF_CACHE, "
                "or use [[cache=False]]."
            ) from error
        self._pending.clear()


def _shard(rows: list[tuple[str, PhotoOutcome]]) -> pa.Table:
    outcomes = [outcome for _, outcome in rows]
    faces = [outcome.face for outcome in outcomes]
    columns: dict[str, pa.Array[Any]] = {
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
