"""Several recognisers and conditions in one pass give what each gives alone, on people who do not exist."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceproof.degrade.registry import get_family
from faceproof.degrade.suites import get_suite
from faceproof.degrade.types import CLEAN
from faceproof.engine.cache import TemplateCache
from faceproof.engine.runner import process, process_all
from faceproof.errors import ConfigurationError
from faceproof.people.decode import decode_photo
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.people.types import Photo
from faceproof.systems.detection.mtcnn import load_mtcnn
from faceproof.systems.faces.types import Face
from faceproof.systems.load import load_pipeline
from faceproof.systems.recognition.recognizer import face_in_crop, prepare_face
from faceproof.systems.weights.dlib_file import find_dlib_file

NO_FACE = "no face found in the photo as it is"
FACES, TWICE, BLANK, BROKEN = slice(0, 6), 6, 7, 8


class Watch:
    """What a run says of its progress."""

    def __init__(self):
        self.total = self.from_cache = self.done = 0

    def start(self, total, done):
        self.total, self.from_cache = total, done

    def advance(self, photos):
        self.done += photos


class StopAfter(Watch):
    def __init__(self, photos):
        super().__init__()
        self.limit = photos

    def advance(self, photos):
        super().advance(photos)
        if self.done >= self.limit:
            raise KeyboardInterrupt


def at(name, severity, **settings):
    return get_family(name).at(severity, **settings)


CONDITIONS = [
    CLEAN,
    at("gaussian-noise", 2, seed=3),
    at("resolution", 4),
    at("face-square", 3),
    at("half-face", 2),
    at("brightness-down", 5),
]


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory):
    """dlib's net as it is, and fed with an even margin and the mirrored face."""
    if find_dlib_file() is None:
        pytest.skip("the weights of dlib-resnet are not installed (extra 'embedded')")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEPROOF_CACHE", str(tmp_path_factory.mktemp("cache")))
        one = load_pipeline("dlib-resnet", None, None, offline=True)
    contract = one.recognizer.contract.model_copy(
        update={"alignment": "even_margin_crop", "template_points": None, "margin_px": 30, "mirrored": True}
    )
    return [one, replace(one, recognizer=replace(one.recognizer, contract=contract))]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Six people, the third of them once more, a photo without a face, and one that is broken."""
    folder = tmp_path_factory.mktemp("people")
    write_population(folder, Population(6, 1, seed=2), workers=1)
    paths = sorted(folder.rglob("*.jpg"))
    Image.new("RGB", (120, 90), "gray").save(folder / "blank.png")
    (folder / "broken.jpg").write_bytes(paths[0].read_bytes()[:3000])
    paths += [paths[2], folder / "blank.png", folder / "broken.jpg"]
    return [photo_of(path) for path in paths]


def photo_of(path):
    return Photo(
        f"{path.parent.name}/{path.name}", path, path.parent.name, hashlib.sha256(path.read_bytes()).hexdigest()
    )


@pytest.fixture(scope="module")
def whole(photos, pipelines):
    return process_all(photos, pipelines, CONDITIONS)


def same(a, b):
    np.testing.assert_array_equal(a.templates, b.templates)
    np.testing.assert_array_equal(a.box, b.box)
    np.testing.assert_array_equal(a.landmarks, b.landmarks)
    np.testing.assert_array_equal(a.whole["faces_found"], b.whole["faces_found"])
    assert a.outcome == b.outcome
    assert a.reason == b.reason


def all_same(a, b):
    assert set(a.tables) == set(b.tables)
    for cell, table in a.tables.items():
        same(table, b.tables[cell])
    assert a.failed == b.failed


def face_of(table, row):
    box, points = table.box[row].copy(), table.landmarks[row].reshape(5, 2).copy()
    return Face(box, float(table.real["probability"][row]), points)


def caches_in(folder, pipelines, conditions):
    return {
        (p, c): TemplateCache(folder, pipeline.recipe(condition), 3)
        for p, pipeline in enumerate(pipelines)
        for c, condition in enumerate(conditions)
    }


def test_every_recogniser_and_condition_is_there(whole):
    assert set(whole.tables) == {(p, c) for p in range(2) for c in range(len(CONDITIONS))}
    assert whole.failed == {}
    for p in range(2):
        assert whole.tables[p, 0].outcome == ["template"] * 7 + ["detect", "decode"]


@pytest.mark.parametrize("p", [0, 1])
@pytest.mark.parametrize("c", range(1, len(CONDITIONS)), ids=lambda c: CONDITIONS[c].name)
def test_it_gives_what_photos_give_that_were_degraded_and_saved_beforehand(whole, photos, pipelines, tmp_path, p, c):
    """The long way round: a file for each degraded photo, and one recogniser on these alone."""
    clean, found = whole.tables[p, 0], whole.tables[p, c]
    condition, rows = CONDITIONS[c], range(BROKEN)
    if condition.family.on_face:
        rows = range(BLANK)
    saved = []
    for row in rows:
        face = face_of(clean, row) if condition.family.on_face else None
        worse = condition.apply(decode_photo(photos[row].path), photos[row].sha256, face)
        Image.fromarray(worse).save(tmp_path / f"{row}.png")
        saved.append(photo_of(tmp_path / f"{row}.png"))
    alone = process(saved, pipelines[p])
    n = len(saved)
    assert found.outcome[:n] == alone.outcome
    np.testing.assert_array_equal(found.templates[:n], alone.templates)
    np.testing.assert_array_equal(found.box[:n], alone.box)
    np.testing.assert_array_equal(found.landmarks[:n], alone.landmarks)
    for name in ("width_px", "height_px", "faces_found"):
        np.testing.assert_array_equal(found.whole[name][:n], alone.whole[name])


@pytest.mark.parametrize("p", [0, 1])
def test_photos_as_they_are_give_what_they_give_alone(whole, photos, pipelines, p):
    same(process(photos, pipelines[p]), whole.tables[p, 0])


def test_a_condition_changes_something(whole):
    clean = whole.tables[0, 0].templates
    for c in range(1, len(CONDITIONS)):
        assert (whole.tables[0, c].templates[FACES] != clean[FACES]).any()


def test_batch_size_and_workers_change_nothing(whole, photos, pipelines):
    for batch_size, workers in ((1, 1), (3, 4)):
        others = [replace(pipeline, batch_size=batch_size, workers=workers) for pipeline in pipelines]
        all_same(whole, process_all(photos, others, CONDITIONS))


def test_what_sits_on_a_face_needs_a_face_in_the_photo_as_it_is(whole):
    for c in (3, 4):
        table = whole.tables[0, c]
        assert (table.outcome[BLANK], table.reason[BLANK]) == ("detect", NO_FACE)
        assert (table.outcome[BROKEN], table.reason[BROKEN]) == ("decode", whole.tables[0, 0].reason[BROKEN])
    assert whole.tables[0, 1].reason[BLANK] == "no face found"


ALIGNED = [
    CLEAN,
    at("gaussian-blur", 4, stage="aligned"),
    at("resolution", 3, stage="aligned"),
    at("gaussian-noise", 1, stage="aligned"),
    at("mask", 5, stage="aligned"),
]


@pytest.fixture(scope="module")
def aligned(photos, pipelines):
    return process_all(photos, pipelines, ALIGNED)


class TestAligned:
    @pytest.mark.parametrize("p", [0, 1])
    def test_the_prepared_face_is_degraded(self, aligned, photos, pipelines, p):
        recognizer, clean = pipelines[p].recognizer, aligned.tables[p, 0]
        for c, condition in enumerate(ALIGNED[1:], start=1):
            crops = []
            for row in range(BLANK):
                pixels, face = decode_photo(photos[row].path), face_of(clean, row)
                crop = prepare_face(recognizer.contract, pixels, face)
                inside = face_in_crop(recognizer.contract, *pixels.shape[:2], face)
                worse = condition.apply(crop, photos[row].sha256, inside)
                if worse.shape != crop.shape:
                    side = recognizer.contract.size_px
                    worse = np.asarray(Image.fromarray(worse).resize((side, side), Image.Resampling.BILINEAR))
                crops.append(worse)
            templates, norms = recognizer.embed(np.stack(crops))
            found = aligned.tables[p, c]
            np.testing.assert_array_equal(found.templates[:BLANK], templates)
            np.testing.assert_array_equal(found.real["template_norm"][:BLANK], norms)
            assert (templates != clean.templates[:BLANK]).any()

    def test_the_face_that_was_found_is_that_of_the_photo_as_it_is(self, aligned):
        clean = aligned.tables[0, 0]
        for c in range(1, len(ALIGNED)):
            table = aligned.tables[0, c]
            np.testing.assert_array_equal(table.box, clean.box)
            np.testing.assert_array_equal(table.landmarks, clean.landmarks)
            assert table.outcome == clean.outcome

    def test_without_a_face_there_is_nothing_to_degrade(self, aligned):
        for c in range(1, len(ALIGNED)):
            assert aligned.tables[0, c].reason[BLANK] == NO_FACE

    def test_batch_size_and_workers_change_nothing(self, aligned, photos, pipelines):
        others = [replace(pipeline, batch_size=2, workers=1) for pipeline in pipelines]
        all_same(aligned, process_all(photos, others, ALIGNED))


PLACES = (0, 1, 3)
SOME = [CONDITIONS[c] for c in PLACES]


class TestCache:
    @staticmethod
    def as_in(whole, found, places=PLACES):
        for p, c in found.tables:
            same(found.tables[p, c], whole.tables[p, places[c]])

    def test_a_second_call_computes_nothing(self, whole, photos, pipelines, tmp_path):
        first, second = Watch(), Watch()
        for watch in (first, second):
            caches = caches_in(tmp_path, pipelines, SOME)
            self.as_in(whole, process_all(photos, pipelines, SOME, caches=caches, progress=watch))
        cells = len(pipelines) * len(SOME)
        assert (first.total, first.from_cache, first.done) == (9 * cells, 0, 9 * cells)
        # What could not be decoded is tried again.
        assert (second.from_cache, second.done) == (8 * cells, cells)
        # It does not even open the photos.
        gone = [replace(photo, path=Path("nowhere") / photo.path.name) for photo in photos[:BROKEN]]
        again = process_all(gone, pipelines, SOME, caches=caches_in(tmp_path, pipelines, SOME))
        for (p, c), table in again.tables.items():
            np.testing.assert_array_equal(table.templates, whole.tables[p, PLACES[c]].templates[:BROKEN])
            np.testing.assert_array_equal(table.box, whole.tables[p, PLACES[c]].box[:BROKEN])

    def test_more_conditions_and_recognisers_use_what_is_there(self, whole, photos, pipelines, tmp_path):
        few = [CONDITIONS[0], CONDITIONS[3]]
        process_all(photos, pipelines[:1], few, caches=caches_in(tmp_path, pipelines[:1], few))
        watch = Watch()
        caches = caches_in(tmp_path, pipelines, SOME)
        self.as_in(whole, process_all(photos, pipelines, SOME, caches=caches, progress=watch))
        assert watch.from_cache == 8 * len(few)

    @pytest.mark.parametrize("cached", [[(0, 0)], [(0, 1), (1, 0)]], ids=["clean", "all but clean of the first"])
    def test_a_cache_of_some_cells_is_enough_for_what_sits_on_a_face(self, whole, photos, pipelines, tmp_path, cached):
        few = [CONDITIONS[0], CONDITIONS[4]]
        for _ in range(2):
            caches = caches_in(tmp_path, pipelines, few)
            found = process_all(photos, pipelines, few, caches={cell: caches[cell] for cell in cached})
            self.as_in(whole, found, (0, 4))

    def test_a_call_that_was_stopped_is_gone_on_with(self, whole, photos, pipelines, tmp_path):
        small = [replace(pipeline, batch_size=2) for pipeline in pipelines]
        stopped = StopAfter(30)
        with pytest.raises(KeyboardInterrupt):
            process_all(photos, small, SOME, caches=caches_in(tmp_path, small, SOME), progress=stopped)
        watch = Watch()
        caches = caches_in(tmp_path, pipelines, SOME)
        self.as_in(whole, process_all(photos, pipelines, SOME, caches=caches, progress=watch))
        broken = len(pipelines) * len(SOME)
        assert 0 < stopped.done - broken <= watch.from_cache <= stopped.done
        assert watch.from_cache + watch.done == watch.total

    def test_seed_and_stage_have_rows_of_their_own(self, photos, pipelines, tmp_path):
        recipes = [
            pipelines[0].recipe(condition)
            for condition in (
                CLEAN,
                at("rain", 1),
                at("rain", 2),
                at("rain", 1, seed=1),
                at("rain", 1, stage="aligned"),
            )
        ]
        assert len({str(recipe) for recipe in recipes}) == len(recipes)
        # Nothing is drawn here, so the seed says nothing.
        assert pipelines[0].recipe(at("jpeg", 1)) == pipelines[0].recipe(at("jpeg", 1, seed=1))


class TestNeeded:
    def test_photos_that_are_not_needed_have_no_row(self, whole, photos, pipelines):
        wanted = np.isin(np.arange(len(photos)), [0, 2, BLANK])
        needed = dict.fromkeys((1, 2), wanted)
        watch = Watch()
        found = process_all(photos, pipelines, SOME, needed=needed, progress=watch)
        assert watch.total == watch.done == 2 * (9 + 3 * 2)
        for (p, c), table in found.tables.items():
            full = whole.tables[p, PLACES[c]]
            if c == 0:
                same(table, full)
                continue
            np.testing.assert_array_equal(table.templates[wanted], full.templates[wanted])
            assert np.isnan(table.templates[~wanted]).all()
            rows = table.to_table(SOME[c].name)
            assert rows["photo"].to_pylist() == [photos[row].id for row in np.flatnonzero(wanted)]
            assert set(rows["condition"].to_pylist()) == {SOME[c].name}

    def test_of_two_photos_with_the_same_bytes_one_alone_may_be_needed(self, whole, photos, pipelines):
        wanted = np.arange(len(photos)) == TWICE
        found = process_all(photos, pipelines[:1], CONDITIONS[:2], needed={1: wanted}).tables[0, 1]
        assert found.outcome == [""] * TWICE + ["template"] + [""] * 2
        np.testing.assert_array_equal(found.templates[TWICE], whole.tables[0, 1].templates[2])


class TestFailing:
    @pytest.fixture(params=["capture", "aligned"])
    def conditions(self, request, whole, photos, pipelines):
        """A condition that cannot bear the third photo, between two that can."""
        hated = face_of(whole.tables[0, 0], 2)
        if request.param == "aligned":
            hated = face_in_crop(pipelines[0].recognizer.contract, *decode_photo(photos[2].path).shape[:2], hated)

        def picky(photo, severity, face):
            if (face.box_xyxy_px == hated.box_xyxy_px).all():
                raise ValueError("not this one")
            return photo[::-1]

        stage = request.param
        return [
            CLEAN,
            at("sepia", 1, stage=stage),
            *get_suite(picky).conditions([1], stage=stage)[1:],
            at("jpeg", 3, stage=stage),
        ]

    def test_it_is_marked_and_the_others_are_untouched(self, conditions, photos, pipelines):
        found = process_all(photos[:4], pipelines[:1], conditions)
        assert found.failed == {2: "picky-1: the function raised ValueError: not this one."}
        without = process_all(photos[:4], pipelines[:1], [conditions[0], conditions[1], conditions[3]])
        for c, other in ((0, 0), (1, 1), (3, 2)):
            same(found.tables[0, c], without.tables[0, other])
        table = found.tables[0, 2]
        assert (table.outcome[2], table.reason[2]) == ("degrade", found.failed[2])

    def test_a_failure_is_not_cached(self, conditions, photos, pipelines, tmp_path):
        for _ in range(2):
            cache = TemplateCache(tmp_path, {"picky": 1})
            assert set(process_all(photos[:4], pipelines[:1], conditions, caches={(0, 2): cache}).failed) == {2}
        kept = dict(TemplateCache(tmp_path, {"picky": 1}).load({photo.sha256: None for photo in photos[:4]}))
        assert photos[2].sha256 not in kept
        assert "degrade" not in {outcome.outcome for outcome in kept.values()}

    def test_all_of_its_rows_fail_whatever_the_batch_size(self, conditions, photos, pipelines):
        for batch_size in (1, 32):
            pipeline = replace(pipelines[0], batch_size=batch_size)
            outcome = process_all(photos[:4], [pipeline], conditions).tables[0, 2].outcome
            assert outcome == ["degrade"] * 4

    def test_progress_ends_at_its_total(self, conditions, photos, pipelines):
        watch = Watch()
        process_all(photos[:4], pipelines[:1], conditions, progress=watch)
        assert watch.done == watch.total

    @pytest.mark.parametrize(
        ("result", "said"),
        [
            (None, "gave NoneType"),
            (np.zeros((4, 4)), "gave float64 of shape (4, 4)"),
            (np.zeros((4, 4, 4), np.uint8), "gave uint8 of shape (4, 4, 4)"),
            (np.zeros((0, 4, 3), np.uint8), "gave uint8 of shape (0, 4, 3)"),
        ],
        ids=["nothing", "floats", "four channels", "empty"],
    )
    def test_what_is_no_picture_is_a_failure_that_says_what_was_expected(self, photos, pipelines, result, said):
        def odd(photo, severity):
            return result

        found = process_all(photos[:1], pipelines[:1], get_suite(odd).conditions([1]))
        assert said in found.failed[1]
        assert "expected an array uint8 (height, width, 3)" in found.failed[1]

    def test_a_function_that_writes_to_the_photo_fails_and_harms_nobody(self, whole, photos, pipelines):
        def scribble(photo, severity):
            photo[:] = 0
            return photo

        conditions = [*get_suite(scribble).conditions([1]), CONDITIONS[2]]
        found = process_all(photos[:4], pipelines[:1], conditions)
        assert "read-only" in found.failed[1]
        for c in (0, 2):
            np.testing.assert_array_equal(found.tables[0, c].templates, whole.tables[0, c].templates[:4])


class TestRefused:
    def test_two_detectors(self, photos, pipelines):
        other = replace(pipelines[1], detector=load_mtcnn(offline=True))
        with pytest.raises(ConfigurationError, match="share one detector"):
            process_all(photos, [pipelines[0], other])

    def test_two_selections(self, photos, pipelines):
        with pytest.raises(ConfigurationError, match="one selection of the face"):
            process_all(photos, [pipelines[0], replace(pipelines[1], selection="largest")])

    def test_a_first_condition_that_is_not_the_photo_as_it_is(self, photos, pipelines):
        with pytest.raises(ConfigurationError, match="first condition is the photo as it is"):
            process_all(photos, pipelines, CONDITIONS[1:])
