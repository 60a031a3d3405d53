from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def run(made_up_run, tmp_path) -> Path:
    """The folder of a run with three comparisons of four photos."""
    pairs = [("ann/1", "ann/2"), ("ann/1", "bea/1"), ("bea/1", "bea/2")]
    return made_up_run(pairs, [0.9, 0.1, 0.8]).write(tmp_path / "run")


@pytest.fixture
def old_run(run) -> Path:
    """The same without digests in its manifest, as version 1 wrote it."""
    manifest = json.loads((run / "manifest.json").read_text())
    del manifest["files"], manifest["manifest_sha256"]
    (run / "manifest.json").write_text(json.dumps(manifest | {"schema_version": 1}))
    return run
