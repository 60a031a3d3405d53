"""Cache of the JavaScript that draws figures on a page, since making this script takes seconds."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from importlib.metadata import version as version_of
from pathlib import Path

from faceproof.errors import FaceproofError
from faceproof.files import cache_root, write_whole

_made: dict[str, str] = {}


def find(version: str) -> str | None:
    """The script for a version of Vega-Lite; None where the cache has none.

    A file whose content does not match the digest in its name is not used.
    """
    if version in _made:
        return _made[version]
    with suppress(OSError, FaceproofError, UnicodeDecodeError):
        for file in sorted(_folder().glob(f"{_prefix(version)}-*.js")):
            script = file.read_text("utf-8")
            if file.name == _name(version, script):
                _made[version] = script
                return script
    return None


def keep(version: str, script: str) -> None:
    """Store a script in the cache; where the cache folder cannot be written, only for this process."""
    _made[version] = script
    with suppress(OSError, FaceproofError):
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / _name(version, script), script.encode())


def _folder() -> Path:
    return cache_root() / "page-scripts"


def _prefix(version: str) -> str:
    return f"vega-lite-{version}-{version_of('vl-convert-python')}"


def _name(version: str, script: str) -> str:
    return f"{_prefix(version)}-{hashlib.sha256(script.encode()).hexdigest()}.js"
