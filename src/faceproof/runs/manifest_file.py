"""``manifest.json`` on disk: the manifest, the digest of each file of the run, and a digest of the manifest.

``files`` has the SHA-256 of each file by name; ``manifest_sha256`` is the digest of everything else in the manifest.
Version 1 has no digests; its files are checked only by their content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from faceproof.errors import RunFolderError
from faceproof.files import sha256_of, write_whole
from faceproof.runs.manifest_schema import Manifest
from faceproof.runs.migration import READABLE, SCHEMA_VERSION

MANIFEST = "manifest.json"
_FILES, _DIGEST = "files", "manifest_sha256"


def seal(folder: Path, names: Iterable[str] | None = None) -> dict[str, str]:
    """SHA-256 of files in a folder, by their path below the folder; the manifest is left out.

    Args:
        folder: folder of the files.
        names: paths below the folder; None: all files, also in subfolders.
    """
    if names is None:
        names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name: sha256_of(folder / name) for name in sorted(names) if name != MANIFEST}


def write_sealed(folder: Path, manifest: Manifest, files: Mapping[str, str]) -> None:
    """Write a manifest with the digests of a run's files and with its own digest.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
    """
    entries = manifest.as_json() | {"schema_version": SCHEMA_VERSION, _FILES: dict(files)}
    entries[_DIGEST] = _digest(entries)
    text = json.dumps(entries, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(folder / MANIFEST, text.encode())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a run whose files are in the folder already."""
    write_sealed(folder, manifest, seal(folder))


def read_sealed(folder: Path) -> dict[str, Any]:
    """Read the manifest of a run, with the digests of its files where its version has them.

    Raises:
        RunFolderError: the manifest is missing, cannot be read, has an unknown version, or was changed.
    """
    path = folder / MANIFEST
    manifest = read_json(path)
    version = manifest.get("schema_version")
    if version not in READABLE or isinstance(version, bool):
        known, made = f"{READABLE[0]} to {READABLE[-1]}", manifest.get("faceproof_version")
        raise RunFolderError(
            f"{folder} has schema version {version}{f', made by faceproof {made}' if made else ''}; this faceproof "
            f"reads {known}. Use a version that is at least as new.",
            path=folder,
        )
    if version == 1:
        return manifest
    if not _is_whole(manifest):
        raise RunFolderError(
            f"{path} is damaged or was edited: its content does not match its digest. Give the command of the run "
            "again.",
            path=path,
        )
    return manifest


def stored_files(path: Path) -> dict[str, str]:
    """SHA-256 of each file that a manifest lists; empty where it lists none.

    Raises:
        FileNotFoundError: there is no manifest.
        RunFolderError: the manifest cannot be read.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    files = read_json(path).get(_FILES)
    return {name: digest for name, digest in files.items() if _is_below(name)} if isinstance(files, dict) else {}


def manifest_digest(folder: Path) -> str | None:
    """The digest of the manifest of a run, as the manifest has it; None where its version has none.

    Raises:
        RunFolderError: the manifest cannot be read.
    """
    digest = read_json(folder / MANIFEST).get(_DIGEST)
    return digest if isinstance(digest, str) else None


def files_listed(entries: Mapping[str, Any]) -> Mapping[str, str] | None:
    """SHA-256 of each file, from the entries of a manifest; None where its version has none."""
    files = entries.get(_FILES)
    return files if isinstance(files, dict) else None


def without_digests(entries: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a manifest without the digests of files and manifest."""
    return {name: value for name, value in entries.items() if name not in (_FILES, _DIGEST)}


def refuse_other(path: Path, files: Mapping[str, str] | None, name: str) -> None:
    """Check a file of a run against its digest.

    Args:
        path: the file.
        files: SHA-256 of each file of the run by name; None: unknown, so that nothing is checked.
        name: name of the file in the run folder.

    Raises:
        RunFolderError: the file is missing, cannot be read, or has another digest.
    """
    if files is None:
        return
    try:
        found = sha256_of(path)
    except OSError as error:
        raise RunFolderError(
            f"{path} cannot be read ({error.strerror or error}). Run the evaluation again.", path=path
        ) from error
    if name not in files:
        raise RunFolderError(
            f"{path} is not among the files of this run. Give the command of the run again.", path=path
        )
    if found != files[name]:
        raise RunFolderError(
            f"{path} is damaged, or does not belong to this run: its SHA-256 is {found[:12]}..., and the manifest has "
            f"{str(files[name])[:12]}.... Give the command of the run again.",
            path=path,
        )


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file.

    Raises:
        RunFolderError: the file cannot be read, or does not hold a JSON object.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunFolderError(
            f"{path} cannot be read ({_why(error)}). Give the command of the run again.", path=path
        ) from error
    if not isinstance(content, dict):
        raise RunFolderError(f"{path} is no manifest: expected a JSON object.", path=path)
    return content


def _is_below(name: str) -> bool:
    """Whether a name is a path below the run folder, so that the file may be removed with the run."""
    path = PureWindowsPath(name)
    return not path.anchor and ".." not in path.parts


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "its values are nested too deeply"
    return getattr(error, "strerror", None) or str(error)


def _is_whole(manifest: Mapping[str, Any]) -> bool:
    entries = {name: value for name, value in manifest.items() if name != _DIGEST}
    try:
        return isinstance(manifest.get(_FILES), dict) and manifest.get(_DIGEST) == _digest(entries)
    except ValueError:  # NaN or a lone surrogate, which no manifest has
        return False


def _digest(entries: Mapping[str, Any]) -> str:
    text = json.dumps(entries, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
