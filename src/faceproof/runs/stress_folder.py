"""A stress run on disk: the tables of an evaluation, with one block of rows for each model and condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.engine.parquet_files import read_parquet
from faceproof.errors import RunFolderError
from faceproof.runs.manifest_file import refuse_other, without_digests
from faceproof.runs.run_folder import RunTables, open_manifest, scores_table, write_tables
from faceproof.runs.table_checks import typed
from faceproof.scoring.similarity import similarities

if TYPE_CHECKING:
    import pyarrow as pa

    from faceproof.engine.plan import Plan
    from faceproof.engine.runner import Processed
    from faceproof.engine.values import ModelCondition


_ADVICE = "Give the stress command again."


@dataclass(frozen=True)
class StressRun:
    """A finished stress run, read block by block.

    Attributes:
        folder: where its tables are.
        manifest: what was run.
        digests: SHA-256 of its files by name; empty: not known.
    """

    folder: Path
    manifest: dict[str, Any]
    digests: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def comparisons(self) -> pa.Table:
        """Who is compared with whom."""
        return self._read("comparisons")

    @property
    def models(self) -> list[str]:
        """Names of the models, in the order in which they were given."""
        return [entry["model"] for entry in self.manifest["models"]]

    @property
    def conditions(self) -> list[dict[str, Any]]:
        """The conditions' entries in the manifest, those that failed too; the first is ``clean``."""
        return list(self.manifest["conditions"])

    def tables(self, model: str, condition: str) -> RunTables:
        """The rows of one model under one condition, as the tables of a run.

        Raises:
            RunFolderError: a table cannot be read, is not the one that the run wrote, or has other comparisons.
        """
        rows = [("model", "=", model), ("condition", "=", condition)]
        photos, scores = self._read("photos", rows), self._read("scores", rows)
        if len(scores) != len(self.comparisons):
            raise RunFolderError(
                f"{self.folder}: scores.parquet has {len(scores):,} rows of {model} under {condition}; expected "
                f"{len(self.comparisons):,}, one for each comparison. {_ADVICE}"
            )
        return RunTables(self.manifest, self.comparisons, photos, scores, condition)

    def _read(self, name: str, rows: list[tuple[str, str, str]] | None = None) -> pa.Table:
        import pyarrow as pa

        path = self.folder / f"{name}.parquet"
        self._check(name)
        try:
            table = read_parquet(path, filters=rows)
        except (OSError, pa.ArrowException) as error:
            raise RunFolderError(f"{path} cannot be read ({error}). {_ADVICE}") from error
        return typed(table, name, path)

    def _check(self, name: str) -> None:
        """Check a file against its digest, once: the tables are read block by block."""
        if self.digests and name not in self._checked:
            refuse_other(self.folder / f"{name}.parquet", {"files": self.digests}, f"{name}.parquet")
            self._checked.add(name)

    @cached_property
    def _checked(self) -> set[str]:
        return set()


def open_stress_run(folder: Path) -> StressRun:
    """A finished stress run.

    Raises:
        RunFolderError: when it is none.
    """
    manifest = open_manifest(folder)
    if manifest.get("kind") != "stress":
        raise RunFolderError(
            f"{folder} holds a run of kind {manifest.get('kind', 'evaluation')}; expected one of faceproof stress."
        )
    return StressRun(folder, without_digests(manifest), manifest.get("files") or {})


def write_stress_tables(folder: Path, plan: Plan, processed: Processed) -> None:
    """Write ``photos.parquet`` and ``scores.parquet``, a block of rows for each model and condition that worked."""
    cells = [cell for cell in plan.cells() if cell[1] not in processed.failed]
    write_tables(folder, "photos", (_photos(plan, processed, cell) for cell in cells))
    write_tables(folder, "scores", (_scores(plan, processed, cell) for cell in cells))


def _photos(plan: Plan, processed: Processed, cell: ModelCondition) -> pa.Table:
    return _with_model(processed.tables[cell].to_table(plan.conditions[cell[1]].name), plan, cell)


def _scores(plan: Plan, processed: Processed, cell: ModelCondition) -> pa.Table:
    comparisons, photos = plan.comparisons, processed.tables[cell]
    clean = processed.tables[cell[0], 0] if plan.side == "probe" else None
    similarity = similarities(
        photos.templates,
        comparisons.row_a,
        comparisons.row_b,
        templates_a=None if clean is None else clean.templates,
    )
    table = scores_table(comparisons, similarity, photos, clean, plan.conditions[cell[1]].name)
    return _with_model(table, plan, cell)


def _with_model(table: pa.Table, plan: Plan, cell: ModelCondition) -> pa.Table:
    import pyarrow as pa

    name = plan.pipelines[cell[0]].recognizer.card.name
    place = table.column_names.index("condition")
    return table.add_column(place, "model", pa.array([name] * len(table), pa.string()))
