"""What a run has to compute and keep: photos, templates, caches and room, counted by hand."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from patterns import blocks, recognizer_of

from faceproof.degrade.registry import get_family
from faceproof.degrade.suites import get_suite
from faceproof.degrade.types import CLEAN
from faceproof.disk_room import Need
from faceproof.engine.workload import Workload
from faceproof.people.types import Comparisons, Photo
from faceproof.systems.detection.detector import WholePhoto
from faceproof.systems.pipeline import Pipeline

BLUR = get_family("gaussian-blur")
SIZE = 108


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline(WholePhoto(), replace(recognizer_of(blocks, SIZE), cacheable=True))


@pytest.fixture(scope="module")
def workload(pipeline):
    """Two systems and three conditions, with five photos of which two are probes."""
    photos = tuple(Photo(f"ann/{n}", Path(f"ann/{n}"), "ann", "") for n in range(5))
    rows_a, rows_b = np.array([0, 3, 4]), np.array([1, 2, 1])
    pairs = Comparisons(photos, rows_a, rows_b, np.ones(3, np.bool_), np.full(3, -1, np.int16), "csv")
    other = replace(pipeline.recognizer, card=pipeline.recognizer.card.model_copy(update={"name": "other"}))

    def of(side="both", pipelines=None, conditions=None):
        systems = [pipeline, replace(pipeline, recognizer=other)] if pipelines is None else pipelines
        return Workload([CLEAN, BLUR.at(1), BLUR.at(2)] if conditions is None else conditions, systems, pairs, side)

    return of


def test_systems_are_called_like_their_models(workload, pipeline):
    assert workload().systems == [pipeline.recognizer.card.name, "other"]


def test_both_sides_need_every_photo_and_a_probe_needs_its_own_once(workload):
    assert workload("both").needed() == {}
    needed = workload("probe").needed()
    assert list(needed) == [1, 2]
    assert [mask.tolist() for mask in needed.values()] == [[False, True, True, False, False]] * 2
    assert (workload("both").photos(), workload("probe").photos()) == (15, 9)
    assert (workload("both").templates(), workload("probe").templates()) == (30, 18)


@pytest.mark.parametrize("side", ["both", "probe"])
def test_without_degradations_each_photo_counts_once(workload, side):
    work = workload(side, conditions=[CLEAN])
    assert (work.needed(), work.photos(), work.cells()) == ({}, 5, [(0, 0), (1, 0)])


def test_every_system_goes_with_every_condition(workload):
    assert workload().cells() == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_what_may_not_be_cached_has_no_cache(workload, pipeline, tmp_path):
    def unknown(photo, severity):
        return photo

    own = replace(BLUR, function=unknown, identity=None).at(1)
    uncached = replace(pipeline, recognizer=replace(pipeline.recognizer, cacheable=False))
    work = workload(pipelines=[uncached, pipeline], conditions=[CLEAN, own, BLUR.at(2)])
    caches = work.caches(tmp_path)
    assert list(caches) == [(1, 0), (1, 2)]
    assert len({cache.folder for cache in caches.values()}) == 2
    assert {cache.folder.parent for cache in caches.values()} == {tmp_path / "templates"}


def test_with_many_caches_shards_are_smaller(workload, pipeline, tmp_path):
    def rows(conditions):
        caches = workload(pipelines=[pipeline], conditions=conditions).caches(tmp_path)
        return {cache._shard_rows for cache in caches.values()}

    levels = get_suite("standard").conditions()
    assert rows([CLEAN]) == rows(levels[:5]) == {2000}
    assert rows(levels[:6]) == {1666}
    assert rows([CLEAN] * 157) == {64}


def test_room_is_what_templates_tables_and_page_take(workload, tmp_path):
    both = workload("both")
    cache, temporary, run = both.room(tmp_path / "cache", tmp_path / "run")
    # 108 float32 a template; 180 bytes more in the cache; 120 a photo and 20 a score in the tables; 10 MB for the page.
    assert cache == Need("template cache", tmp_path / "cache", 2 * 15 * (432 + 180))
    assert temporary == Need("temporary folder", Path(tempfile.gettempdir()), 2 * 3 * 5 * 432)
    assert run == Need("run folder", tmp_path / "run", 2 * (15 * 120 + 3 * 3 * 20) + 10_000_000)
    probe = workload("probe")
    assert [need.bytes for need in probe.room(tmp_path / "cache", tmp_path / "run")] == [
        2 * 9 * (432 + 180),
        2 * 3 * 5 * 432,
        2 * (9 * 120 + 3 * 3 * 20) + 10_000_000,
    ]
    assert both.room(None, tmp_path / "run") == [temporary, run]
