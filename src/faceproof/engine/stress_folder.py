"""A stress run on disk: the tables of an evaluation, with one block of rows for each model and condition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.engine.run_folder import RunTables, read_manifest
from faceproof.errors import RunFolderError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class StressRun:
    """A finished stress run, read block by block.

    Attributes:
        folder: the run folder.
        manifest: what was run.
    """

    folder: Path
    manifest: dict[str, Any]

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
            RunFolderError: a table cannot be read.
        """
        rows = [("model", "=", model), ("condition", "=", condition)]
        photos, scores = self._read("photos", rows), self._read("scores", rows)
        return RunTables(self.manifest, self.comparisons, photos, scores, condition)

    def _read(self, name: str, rows: list[tuple[str, str, str]] | None = None) -> pa.Table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.folder / f"{name}.parquet"
        try:
            return pq.read_table(path, filters=rows)
        except (OSError, pa.ArrowException) as error:
            raise RunFolderError(f"{path} cannot be read ({error}). Give the stress command again.") from error


def open_stress_run(folder: Path) -> StressRun:
    """A finished stress run.

    Raises:
        RunFolderError: when it is none.
    """
    manifest = read_manifest(folder)
    if manifest.get("kind") != "stress":
        raise RunFolderError(
            f"{folder} holds a run of kind {manifest.get('kind', 'evaluation')}; expected one of faceproof stress."
        )
    return StressRun(folder, manifest)
