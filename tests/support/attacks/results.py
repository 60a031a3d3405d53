"""The state of a result folder: nothing, unfinished, or a whole result with a digest of everything but times."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

NOTHING, UNFINISHED, WHOLE, BROKEN = "nothing", "unfinished", "whole", "broken"
_TIMES = frozenset(
    {"started", "finished", "command", "timing", "manifest_sha256", "files", "decode_memory_bytes", "workers"}
)
_TEXTS = frozenset({".csv", ".json"})


class State(NamedTuple):
    """What a folder holds.

    Attributes:
        kind: `NOTHING`, `UNFINISHED` (it says that the same command goes on), `WHOLE`, or `BROKEN`.
        digest: of the numbers of a whole result, without times.
        rows: rows of its tables, by file.
        why: what is broken, or what the folder says.
    """

    kind: str
    digest: str = ""
    rows: dict[str, int] = {}  # noqa: RUF012
    why: str = ""


def state_of(folder: Path) -> State:
    """Read a result folder as faceproof does; called in a process of its own."""
    from faceproof.errors import RunFolderError
    from faceproof.runs.manifest_file import MANIFEST, read_sealed
    from faceproof.runs.run_folder import open_run
    from faceproof.runs.run_writing import finish_publishing

    if not folder.exists():
        return State(NOTHING)
    finish_publishing(folder)
    shown = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and _is_shown(path)}
    if MANIFEST not in shown:
        try:
            open_run(folder)
        except RunFolderError as error:
            told = "Give the same command again" in str(error)
            kind = BROKEN if shown else UNFINISHED if told else NOTHING
            return State(kind, why=f"{error} (files: {', '.join(sorted(shown)) or 'none'})")
    try:
        manifest = read_sealed(folder)
    except RunFolderError as error:
        return State(BROKEN, why=str(error))
    files = manifest["files"]
    if shown != {*files, MANIFEST}:
        return State(BROKEN, why=f"files that differ from the manifest's: {sorted(shown ^ {*files, MANIFEST})}")
    wrong = [name for name in files if hashlib.sha256((folder / name).read_bytes()).hexdigest() != files[name]]
    if wrong:
        return State(BROKEN, why=f"files that are not of this result: {wrong}")
    return _whole(folder, files)


def _is_shown(path: Path) -> bool:
    return not any(part.startswith(".") for part in path.parts[-3:])


def _whole(folder: Path, files: dict[str, str]) -> State:
    digest, rows = hashlib.sha256(), {}
    for name in sorted(files):
        file = folder / name
        digest.update(name.encode())
        if file.suffix == ".parquet":
            content, rows[name] = _table(file)
            digest.update(content.encode())
        elif file.suffix in _TEXTS:
            digest.update(_text(file).encode())
    return State(WHOLE, digest.hexdigest(), rows)


def _table(file: Path) -> tuple[str, int]:
    from faceproof.engine.parquet_files import read_parquet

    table = read_parquet(file)
    timeless = table.select([name for name in table.column_names if not name.endswith("_ms")])
    return repr(timeless.to_pydict()), len(table)


def _text(file: Path) -> str:
    text = file.read_text("utf-8")
    if file.suffix == ".json":
        return json.dumps(without_times(json.loads(text)), sort_keys=True)
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return repr([without_times(row) for row in rows])


def without_times(value: Any) -> Any:
    """JSON values without those that differ between two runs of one command, or with the memory of the machine."""
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if name not in _TIMES and not _is_time(name)}
        return {name: without_times(one) for name, one in kept.items()}
    return [without_times(one) for one in value] if isinstance(value, list) else value


def _is_time(name: str) -> bool:
    return name.endswith(("_ms", "_s", "_seconds")) or name == "times"
