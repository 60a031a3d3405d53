"""The tables of a run as they are written: columns, nulls, reasons, and blocks of systems and conditions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from patterns import blocks, recognizer_of

from faceproof.degrade.registry import get_family
from faceproof.degrade.types import CLEAN
from faceproof.engine.parquet_files import read_parquet
from faceproof.engine.runner import Processed
from faceproof.engine.workload import Workload
from faceproof.people.types import Comparisons, Photo
from faceproof.runs.run_tables import comparisons_table, of_system, scores_table, write_processed
from faceproof.systems.detection.detector import WholePhoto
from faceproof.systems.photo_table import PhotoOutcome, PhotoTable
from faceproof.systems.pipeline import Pipeline

PHOTOS = tuple(Photo(name, Path(name), name[:3], "") for name in ("ann/1", "ann/2", "ben/1"))


@pytest.fixture
def comparisons():
    """Ann with herself in fold 1, and with Ben in none."""
    rows_a, rows_b = np.array([1, 0]), np.array([0, 2])
    return Comparisons(PHOTOS, rows_a, rows_b, np.array([True, False]), np.array([1, -1], np.int16), "csv")


def photo_table(**failed):
    """Templates along the axes, but for photos that failed."""
    table = PhotoTable(PHOTOS, 3)
    for row, photo in enumerate(PHOTOS):
        stage = failed.get(photo.id.replace("/", ""))
        outcome = PhotoOutcome("template", template=np.eye(3, dtype=np.float32)[row])
        table.put(row, outcome if stage is None else PhotoOutcome().fail(stage, "why"))
    return table


def test_who_is_compared_with_whom(comparisons):
    assert comparisons_table(comparisons).to_pydict() == {
        **{"comparison": [0, 1], "photo_a": ["ann/2", "ann/1"], "photo_b": ["ann/1", "ben/1"]},
        **{"person_a": ["ann", "ann"], "person_b": ["ann", "ben"], "mated": [True, False], "fold": [1, None]},
    }


def test_a_comparison_has_a_similarity_or_the_reason_of_each_side_that_failed(comparisons):
    table = scores_table(comparisons, np.array([0.0, np.nan]), photo_table(ben1="detect"))
    assert table.to_pydict() == {
        "comparison": [0, 1],
        "condition": ["clean", "clean"],
        "similarity": [0.0, None],
        "reason": [None, "photo b: detect: why"],
    }
    both = scores_table(comparisons, np.array([np.nan, np.nan]), photo_table(ann1="decode", ben1="detect"))
    assert both["reason"].to_pylist() == ["photo b: decode: why", "photo a: decode: why; photo b: detect: why"]


def test_side_a_may_be_of_another_table(comparisons):
    lost = np.array([np.nan, 0.5])
    table = scores_table(comparisons, lost, photo_table(ann1="embed"), photo_table(ann2="decode"), "blur-1")
    assert table["reason"].to_pylist() == ["photo a: decode: why; photo b: embed: why", None]
    assert table["condition"].to_pylist() == ["blur-1"] * 2


def test_the_system_comes_before_the_condition():
    table = of_system(pa.table({"photo": ["a", "b"], "condition": ["clean"] * 2, "outcome": ["x"] * 2}), "net")
    assert table.column_names == ["photo", "system", "condition", "outcome"]
    assert table["system"].to_pylist() == ["net", "net"]


@pytest.mark.parametrize("side", ["both", "probe"])
def test_a_block_is_written_for_each_system_and_each_condition_that_worked(comparisons, tmp_path, side):
    family = get_family("gaussian-blur")
    pipelines = [Pipeline(WholePhoto(), recognizer_of(blocks, 108)) for _ in range(2)]
    work = Workload([CLEAN, family.at(1), family.at(2)], pipelines, comparisons, side)
    alike = PhotoTable(PHOTOS, 3)
    for row in range(3):
        alike.put(row, PhotoOutcome("template", template=np.array([1, 0, 0], np.float32)))
    degraded = {(system, 2): alike for system in (0, 1)}
    tables = {(system, condition): photo_table() for system in (0, 1) for condition in (0, 1)} | degraded
    write_processed(tmp_path, work, Processed(tables, {1: "it failed"}))
    scores, photos = (read_parquet(tmp_path / f"{name}.parquet") for name in ("scores", "photos"))
    assert scores["condition"].to_pylist() == (["clean"] * 2 + ["gaussian-blur-2"] * 2) * 2
    assert photos["condition"].to_pylist() == (["clean"] * 3 + ["gaussian-blur-2"] * 3) * 2
    assert scores["system"].to_pylist() == [work.systems[0]] * 4 + [work.systems[1]] * 4
    # Of a probe, side a is the clean photo: ann/2 is the second axis, and ann/1 the first, which all are when degraded.
    assert scores["similarity"].to_pylist() == ([0, 0, 1, 1] if side == "both" else [0, 0, 0, 1]) * 2
