"""The ways in which the study took distances, and that its page is the one that the template gives."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

ROOT = Path(__file__).parents[2]
NORMS = {"a1": 3.0, "a2": 5.0, "b1": 2.0, "c1": None}


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import preprocessing_study

    yield preprocessing_study
    del sys.modules["preprocessing_study"], sys.modules["study_pages"]


@pytest.fixture
def run():
    """Four comparisons: one mated, three not, the last with a photo that has no template."""
    return SimpleNamespace(
        photos=pa.table({"photo": list(NORMS), "template_norm": list(NORMS.values())}),
        comparisons=pa.table(
            {
                "photo_a": ["a1", "a1", "a2", "a1"],
                "photo_b": ["a2", "b1", "b1", "c1"],
                "mated": [True, False, False, False],
            }
        ),
        scores=pa.table({"similarity": [0.5, 0.0, -0.28, None]}),
    )


def test_raw_distances_are_those_of_the_templates_before_they_are_made_unit(study, run):
    a1 = np.array([3.0, 0.0])
    a2 = 5 * np.array([np.cos(np.pi / 3), np.sin(np.pi / 3)])
    b1 = np.array([0.0, 2.0])
    found = study.raw_distances(run)
    assert found[:2] == pytest.approx([np.linalg.norm(a1 - a2), np.linalg.norm(a1 - b1)])
    assert np.isnan(found[3])


def test_batches_join_two_non_mated_comparisons_and_leave_mated_ones_alone(study, run):
    mated, first, second, odd = study.batched_distances(run)
    assert mated == pytest.approx(1.0)
    assert first == second == pytest.approx(np.sqrt(2.0 + 2.56))
    assert np.isnan(odd)


def test_every_fault_and_line_is_on_the_page(study):
    page = (ROOT / "docs/studies/preprocessing.md").read_text("utf-8")
    for told in study.FAULTS.values():
        assert told.split(":")[0] in page
    for line in ("right", "study", "printed"):
        assert f"| {study.LINES[line]} |" in page
    for name in ("mobilefacenet", "facenet-vggface2"):
        assert (ROOT / f"docs/studies/images/preprocessing-{name}.svg").is_file()
