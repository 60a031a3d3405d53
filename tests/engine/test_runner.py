from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from faceproof.engine.cache import TemplateCache
from faceproof.engine.runner import process
from faceproof.people.decode import estimated_bytes
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.people.types import Photo
from faceproof.systems.load import load_pipeline
from faceproof.systems.pipeline import Pipeline
from faceproof.systems.weights.dlib_file import find_dlib_file


@pytest.fixture(scope="module", params=["synthetic", pytest.param("lfw", marks=pytest.mark.real_photos)])
def world(request, tmp_path_factory):
    """A folder of people and a model: people who do not exist and dlib's net, or LFW and FaceNet."""
    if request.param == "lfw":
        shared = request.getfixturevalue("shared")
        weights = shared / "weights/facenet-vggface2.safetensors"
        return shared / "data/lfw-deepfunneled", load_pipeline("facenet-vggface2", weights, None, offline=True)
    if find_dlib_file() is None:
        pytest.skip("the weights of dlib-resnet are not installed (extra 'embedded')")
    folder = tmp_path_factory.mktemp("people")
    write_population(folder, Population(7, 1, seed=2))
    return folder, load_pipeline("dlib-resnet", None, None, offline=True)


@pytest.fixture
def pipeline(world):
    return world[1]


@pytest.fixture
def photos(world, tmp_path):
    """Seven people, the same photo twice, and five photos that each fail in their own way."""
    paths = [sorted(folder.iterdir())[0] for folder in sorted(world[0].iterdir())[:7]]
    paths.append(paths[2])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "cut.jpg").write_bytes(paths[0].read_bytes()[:3000])
    Image.new("RGB", (80, 60), "gray").save(tmp_path / "blank.png")
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    paths += [tmp_path / name for name in ("empty.jpg", "text.jpg", "cut.jpg", "blank.png", "dot.png")]
    return [Photo(p.name, p, p.parent.name, hashlib.sha256(p.read_bytes()).hexdigest()) for p in paths]


def _same(a, b):
    np.testing.assert_array_equal(a.templates, b.templates)
    np.testing.assert_array_equal(a.box, b.box)
    np.testing.assert_array_equal(a.landmarks, b.landmarks)
    assert a.outcome == b.outcome
    assert a.reason == b.reason


def test_batch_size_and_workers_change_nothing(pipeline, photos):
    whole = process(photos, pipeline)
    for batch_size, workers in ((1, 1), (3, 4)):
        other = Pipeline(pipeline.detector, pipeline.recognizer, batch_size=batch_size, workers=workers)
        _same(whole, process(photos, other))


def test_bad_photos_are_rows_with_a_reason(pipeline, photos):
    table = process(photos, pipeline).to_table()
    assert table["outcome"].to_pylist() == ["template"] * 8 + ["decode"] * 3 + ["detect"] * 2
    reasons = table["reason"].to_pylist()
    assert reasons[:8] == [None] * 8
    assert all(reasons[8:])
    assert table["faces_found"].to_pylist()[8:] == [None, None, None, 0, 0]


def test_the_cache_gives_the_same_and_spares_the_nets(pipeline, photos, tmp_path):
    first = process(photos, pipeline, cache=TemplateCache(tmp_path, pipeline.recipe()))
    seen = []

    class Watch:
        def start(self, total, done):
            seen.append((total, done))

        def advance(self, photos):
            seen.append(photos)

    _same(first, process(photos, pipeline, cache=TemplateCache(tmp_path, pipeline.recipe()), progress=Watch()))
    assert seen[0] == (13, 10)
    assert sum(seen[1:]) == 3  # photos that could not be decoded are tried again


def test_what_is_done_is_kept_when_a_person_stops_the_run(pipeline, photos, tmp_path):
    class Stop:
        done = 0

        def start(self, total, done):
            pass

        def advance(self, photos):
            self.done += 1
            if self.done == 7:
                raise KeyboardInterrupt

    small = Pipeline(pipeline.detector, pipeline.recognizer, batch_size=2)
    with pytest.raises(KeyboardInterrupt):
        process(photos, small, cache=TemplateCache(tmp_path, small.recipe()), progress=Stop())
    kept = dict(TemplateCache(tmp_path, small.recipe()).load({photo.sha256: None for photo in photos}))
    assert 1 <= len(kept) < 10
    _same(process(photos, pipeline), process(photos, pipeline, cache=TemplateCache(tmp_path, pipeline.recipe())))


def test_photos_that_vanish_or_change_during_the_run_are_rows(pipeline, photos, tmp_path):
    gone = Photo("gone.jpg", tmp_path / "gone.jpg", "p", "00")
    changed = Photo("changed.jpg", photos[0].path, "p", "11" * 32)
    table = process([photos[1], gone, changed], pipeline)
    assert table.outcome == ["template", "decode", "decode"]
    assert table.reason[1] == "file not found: moved or deleted since the folder was read"
    assert table.reason[2] == "the file changed after the run had begun"


def test_memory_for_decoding_changes_nothing_where_each_photo_fits_alone(pipeline, photos):
    whole = process(photos, pipeline)
    most = max(estimated_bytes(photo.path) for photo in photos[:8])
    for workers in (1, 3):
        tight = Pipeline(pipeline.detector, pipeline.recognizer, workers=workers, decode_memory=most)
        _same(whole, process(photos, tight))


def test_a_photo_that_needs_more_memory_is_a_row_that_says_how_much(pipeline, photos, tmp_path):
    large = tmp_path / "large.png"
    Image.new("RGB", (2000, 1000)).save(large)
    most = max(estimated_bytes(photo.path) for photo in photos[:8])
    listed = [photos[0], Photo("large.png", large, "p", hashlib.sha256(large.read_bytes()).hexdigest()), *photos[1:]]
    table = process(listed, Pipeline(pipeline.detector, pipeline.recognizer, decode_memory=most))
    assert table.outcome == ["template", "decode", *["template"] * 7, *["decode"] * 3, *["detect"] * 2]
    assert table.reason[1].startswith("too large: decoding it takes up to 14.1 MB of memory, over the ")
    assert table.reason[1].endswith(" allowed (`decode_memory`)")
