"""A finished run on disk: its manifest and tables, checked when they are read (see docs/run-folder.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from faceproof.engine.parquet_files import read_parquet
from faceproof.errors import RunFolderError
from faceproof.records import first_error
from faceproof.runs.manifest_file import MANIFEST, files_listed, read_sealed, refuse_other, without_digests
from faceproof.runs.manifest_schema import Kind, Manifest
from faceproof.runs.run_writing import finish_publishing, unfinished_manifest
from faceproof.runs.table_checks import TABLES, check_tables, typed

TABLE_FILES = tuple(f"{name}.parquet" for name in TABLES)
CLEAN_NAME = "clean"
"""Name of the condition of photos without degradation."""

_ADVICE = "Give the command of the run again."
_COMMANDS: dict[Kind, str] = {"evaluation": "evaluate", "stress": "stress", "comparison": "compare"}


@dataclass(frozen=True, slots=True)
class RunTables:
    """The manifest and three pyarrow tables of one system of a run; metrics use the rows of one condition."""

    manifest: Manifest
    comparisons: pa.Table
    photos: pa.Table
    scores: pa.Table
    condition: str = CLEAN_NAME


@dataclass(frozen=True)
class StoredRun:
    """A finished run on disk.

    Attributes:
        folder: the run folder.
        manifest: manifest of the run.
        files: SHA-256 of the files of the run by name; None where unknown.
    """

    folder: Path
    manifest: Manifest
    files: Mapping[str, str] | None = None

    @cached_property
    def comparisons(self) -> pa.Table:
        """``comparisons.parquet``: the photos and people of each comparison."""
        return self.table("comparisons")

    @property
    def photos_root(self) -> Path | None:
        """The folder of people; None where it does not exist."""
        people = self.manifest.people
        root = None if people is None else Path(people.root)
        return root if root is not None and root.is_dir() else None

    def tables(self, system: str | None = None, condition: str = CLEAN_NAME) -> RunTables:
        """The rows of one system under one condition.

        Args:
            system: name of the system; None: the first.
            condition: name of the condition.

        Raises:
            RunFolderError: a table cannot be read, was changed after the run, or the tables do not belong together.
        """
        system = self.manifest.system.name if system is None else system
        comparisons = self.comparisons
        photos, scores = (self.table(name, system, condition) for name in ("photos", "scores"))
        check_tables(self.folder, comparisons, photos if condition == CLEAN_NAME else photos.slice(0, 0), scores)
        return RunTables(self.manifest, comparisons, photos, scores, condition)

    def table(self, name: str, system: str | None = None, condition: str | None = None) -> pa.Table:
        """A table of the run, or the rows of one system or condition of it.

        Args:
            name: a key of `faceproof.runs.table_checks.TABLES`.
            system: name of the system; None: all.
            condition: name of the condition; None: all.

        Raises:
            RunFolderError: the table cannot be read, was changed after the run, or has other columns.
        """
        path = self.folder / f"{name}.parquet"
        self._check(path.name)
        try:
            present = pq.read_schema(path).names
            wanted = [(_SYSTEM_OF_OLD if _SYSTEM_OF_OLD in present else "system", system), ("condition", condition)]
            rows = {column: value for column, value in wanted if value is not None and column in present}
            table = read_parquet(path, equal=rows)
        except (OSError, pa.ArrowException) as error:
            raise RunFolderError(f"{path} cannot be read ({error}). {_ADVICE}", path=path) from error
        return _with_system(typed(table, name, path), name, self.manifest)

    def read_text(self, name: str) -> str:
        """A text file of the run, checked against its digest.

        Raises:
            RunFolderError: the file cannot be read, or was changed after the run.
        """
        self._check(name)
        path = self.folder / name
        try:
            return path.read_text("utf-8")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise RunFolderError(f"{path} cannot be read ({why}). {_ADVICE}", path=path) from error

    def _check(self, name: str) -> None:
        """Check a file against its digest, once for each file: the same table may be read several times."""
        if self.files is not None and name not in self._checked:
            refuse_other(self.folder / name, self.files, name)
            self._checked.add(name)

    @cached_property
    def _checked(self) -> set[str]:
        return set()


_SYSTEM_OF_OLD = "model"


def _with_system(table: pa.Table, name: str, manifest: Manifest) -> pa.Table:
    """The table with a column ``system``: earlier versions call it ``model``, or omit it where there is one system."""
    if name == "comparisons" or "system" in table.column_names:
        return table
    if _SYSTEM_OF_OLD in table.column_names:
        return table.rename_columns({_SYSTEM_OF_OLD: "system"})
    column = pa.repeat(pa.scalar(manifest.system.name, pa.string()), len(table))
    return table.add_column(table.column_names.index("condition"), "system", column)


def open_run(folder: Path, *kinds: Kind) -> StoredRun:
    """Open a finished run.

    Args:
        folder: the run folder.
        kinds: expected kinds of run; none: all kinds.

    Raises:
        RunFolderError: the folder holds no run, or a run that is unfinished, damaged, or of an unknown version or
            another kind.
    """
    finish_publishing(folder)
    if not (folder / MANIFEST).is_file():
        if unfinished_manifest(folder) is not None:
            raise RunFolderError(f"The run in {folder} is unfinished. Give the same command again to finish it.")
        raise RunFolderError(
            f"{folder} is no run folder: {MANIFEST} is missing. Expected what [[out]] was given.", path=folder
        )
    entries = read_sealed(folder)
    kind = entries.get("kind", "evaluation")
    expected = kinds or tuple(_COMMANDS)
    if kind not in expected:
        commands = " or ".join(_COMMANDS[one] for one in expected)
        raise RunFolderError(f"{folder} holds a run of kind {kind}; expected one of faceproof {commands}.", path=folder)
    if not entries.get("finished"):
        raise RunFolderError(f"The run in {folder} is unfinished. Give the same command again to finish it.")
    try:
        manifest = Manifest.model_validate(without_digests(entries))
    except ValidationError as error:
        why = first_error(error)
        raise RunFolderError(f"{folder / MANIFEST} is damaged or was edited: {why}. {_ADVICE}") from error
    return StoredRun(folder, manifest, files_listed(entries))


def read_run(folder: Path) -> RunTables:
    """Read the tables of a finished evaluation.

    Raises:
        RunFolderError: see `open_run` and `StoredRun.tables`.
    """
    return open_run(folder, "evaluation").tables()
