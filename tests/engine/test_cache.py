from __future__ import annotations

import numpy as np
import pytest

from faceproof.detection.types import Face
from faceproof.engine.cache import TemplateCache, recipe_digest
from faceproof.engine.photo_table import PhotoOutcome
from faceproof.errors import CacheError

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


def test_the_order_of_a_recipes_keys_does_not_matter():
    assert recipe_digest({"a": 1, "b": 2}) == recipe_digest({"b": 2, "a": 1})


def test_a_damaged_shard_is_named_and_left_out(tmp_path):
    cache = TemplateCache(tmp_path, {})
    cache.add("x", _template(1))
    cache.flush()
    cache.add("y", _template(2))
    cache.flush()
    shard = sorted(cache.folder.glob("*.parquet"))[0]
    shard.write_bytes(shard.read_bytes()[:100])
    again = TemplateCache(tmp_path, {})
    assert len(list(again.load({"x": None, "y": None}))) == 1
    assert again.unreadable == [str(shard)]


def test_an_unfinished_shard_is_never_seen(tmp_path):
    cache = TemplateCache(tmp_path, {})
    cache.add("x", _template(1))
    assert list(cache.folder.glob("*.parquet")) == []


def test_a_cache_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError, match="--no-cache"):
        TemplateCache(tmp_path / "file", {})
