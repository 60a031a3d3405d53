from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real photos, golden files and weights; tests that need it skip where it is absent."""
    default = Path(__file__).parents[1].parent / "shared"
    folder = Path(os.environ.get("FACEPROOF_SHARED", default))
    if not folder.is_absolute():
        folder = Path(__file__).parents[1] / folder
    if not (folder / "data").is_dir():
        pytest.skip(f"real photos, golden files and weights are not at {folder} (set FACEPROOF_SHARED)")
    return folder


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache or weights."""
    monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.delenv("FACEPROOF_WEIGHTS", raising=False)
