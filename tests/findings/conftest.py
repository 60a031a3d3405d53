from __future__ import annotations

import pytest
from five_pairs import PAIRS, SIMILARITY

from faceproof.findings.joined import named_runs
from faceproof.runs.run_folder import read_run


@pytest.fixture
def named(made_up_run, tmp_path):
    """Write runs, each from what it is made of, and read them."""

    def named(*settings):
        folders = [
            made_up_run(**{"pairs": PAIRS, "similarity": SIMILARITY} | one).write(tmp_path / f"run-{place}")
            for place, one in enumerate(settings)
        ]
        return named_runs(folders, [read_run(folder) for folder in folders])

    return named
