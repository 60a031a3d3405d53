from __future__ import annotations

import numpy as np
import pytest

from faceproof.engine.cache import TemplateCache
from faceproof.errors import CacheError
from faceproof.systems.faces.types import Face
from faceproof.systems.photo_table import PhotoOutcome

FACE = Face(np.array([1, 2, 3, 4], np.float32), 0.75, np.arange(10, dtype=np.float32).reshape(5, 2))


def _template(value):
    return PhotoOutcome("template", face=FACE, template=np.array([value, 1], np.float32), template_norm=3.5, width_px=9)


def test_rows_come_back_as_they_went(tmp_path):
    first = TemplateCache(tmp_path, {"a": 1})
    first.add("x", _template(0.25))
    first.add("y", PhotoOutcome().fail("detect", "no face found"))
    first.flush()
    rows = dict(TemplateCache(tmp_path, {"a": 1}).load({"x": None, "y": None, "z": None}))
    assert set(rows) == {"x", "y"}
    np.testing.assert_array_equal(rows["x"].template, np.array([0.25, 1], np.float32))
    np.testing.assert_array_equal(rows["x"].face.landmarks_px, FACE.landmarks_px)
    assert (rows["x"].face.probability, rows["x"].template_norm, rows["x"].width_px) == (0.75, 3.5, 9)
    assert (rows["y"].outcome, rows["y"].reason, rows["y"].face) == ("detect", "no face found", None)


def test_another_recipe_sees_nothing(tmp_path):
    cache = TemplateCache(tmp_path, {"margin": 14})
    cache.add("x", _template(1))
    cache.flush()
    assert list(TemplateCache(tmp_path, {"margin": 15}).load({"x": None})) == []


def _two_shards(root):
    cache = TemplateCache(root, {})
    for name, value in (("x", 1), ("y", 2)):
        cache.add(name, _template(value))
        cache.flush()
    return sorted(cache.folder.glob("*.parquet"))


def test_a_damaged_shard_is_set_aside_once_and_its_photos_are_computed_again(tmp_path):
    shard = _two_shards(tmp_path)[0]
    shard.write_bytes(shard.read_bytes()[:100])
    again = TemplateCache(tmp_path, {})
    assert len(list(again.load({"x": None, "y": None}))) == 1
    assert again.set_aside == [str(shard.with_suffix(".damaged"))]
    assert shard.with_suffix(".damaged").is_file()
    third = TemplateCache(tmp_path, {})
    assert len(list(third.load({"x": None, "y": None}))) == 1
    assert third.set_aside == []


def test_no_flipped_bit_of_a_shard_gives_another_template(tmp_path):
    shard = _two_shards(tmp_path)[0]
    whole = shard.read_bytes()
    for place in range(0, 8 * len(whole), 97):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        shard.write_bytes(flipped)
        cache = TemplateCache(tmp_path, {})
        assert len(list(cache.load({"x": None, "y": None}))) == 1
        assert cache.set_aside == [str(shard.with_suffix(".damaged"))]


@pytest.mark.parametrize(
    ("outcome", "size"),
    [
        (_template(1), 3),
        (_template(np.nan), 2),
        (_template(np.inf), 2),
        (PhotoOutcome("template"), 2),
        (PhotoOutcome("detect", "no face found", template=np.ones(2, np.float32)), 2),
    ],
)
def test_a_row_that_is_no_result_of_this_model_is_never_used(tmp_path, outcome, size):
    cache = TemplateCache(tmp_path, {}, template_size=size)
    cache.add("x", outcome)
    cache.flush()
    assert list(cache.load({"x": None})) == []
    assert len(cache.set_aside) == 1


def test_a_shard_of_a_version_that_kept_no_digest_is_not_read(tmp_path):
    shard = _two_shards(tmp_path)[0]
    shard.rename(shard.with_name("0123456789abcdef0123456789abcdef.parquet"))
    cache = TemplateCache(tmp_path, {})
    assert len(list(cache.load({"x": None, "y": None}))) == 1
    assert cache.set_aside == []


def test_a_row_is_on_disk_after_some_seconds(tmp_path):
    cache = TemplateCache(tmp_path, {}, shard_seconds=0)
    cache.add("x", _template(1))
    assert len(list(cache.folder.glob("*.parquet"))) == 1


def test_an_unfinished_shard_is_never_seen(tmp_path):
    cache = TemplateCache(tmp_path, {})
    cache.add("x", _template(1))
    assert list(cache.folder.glob("*.parquet")) == []


def test_a_cache_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError, match="cache=False"):
        TemplateCache(tmp_path / "file", {})
