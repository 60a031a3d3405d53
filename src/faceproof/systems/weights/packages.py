"""Files that other Python packages carry, found without importing these."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def find_in_package(package: str, place: str) -> Path | None:
    """A file or folder inside an installed package; None where the package, or that place in it, is missing.

    Args:
        package: name of the package, which is not imported.
        place: path below the package's folder, with ``/``.
    """
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations or () if spec is not None else ()
    found = (Path(folder) / place for folder in folders)
    return next((path for path in found if path.exists()), None)
