"""Detectors other than MTCNN on their way through the engine, on people who do not exist."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from faceproof.degrade.registry import get_family
from faceproof.degrade.types import CLEAN
from faceproof.engine.cache import TemplateCache
from faceproof.engine.runner import process, process_all
from faceproof.people.decode import decode_photo
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.people.types import Photo
from faceproof.systems.detection.catalog import load_detector
from faceproof.systems.detection.mtcnn import load_mtcnn
from faceproof.systems.faces.types import Face
from faceproof.systems.photo_table import PhotoOutcome
from faceproof.systems.pipeline import Pipeline
from faceproof.systems.recognition.catalog import load_model
from faceproof.systems.weights.dlib_file import find_dlib_file

NOT_ALIGNED = "the face cannot be aligned: the detector gave no landmarks"
NOT_PLACED = "{} is placed by landmarks, and the detector gave none."


class Watch:
    def __init__(self):
        self.from_cache = self.done = 0

    def start(self, total, done):
        self.from_cache = done

    def advance(self, photos):
        self.done += photos


@pytest.fixture(scope="module")
def recognizer():
    """dlib's net, which aligns faces by five points."""
    if find_dlib_file() is None:
        pytest.skip("the weights of dlib-resnet are not installed (extra 'embedded')")
    return load_model("dlib-resnet", offline=True)


@pytest.fixture(scope="module")
def cut_out(recognizer):
    """The same net, fed with faces that are cut out."""
    changes = {"alignment": "even_margin_crop", "template_points": None, "margin_px": 30}
    return replace(recognizer, contract=recognizer.contract.model_copy(update=changes))


@pytest.fixture(scope="module")
def mtcnn():
    return load_mtcnn(offline=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four people; and Anna and Ben, who both have the one photo that shows them side by side."""
    folder = tmp_path_factory.mktemp("people")
    write_population(folder, Population(4, 1, seed=2), workers=1)
    left, right = (Image.open(path) for path in sorted(folder.rglob("*.jpg"))[:2])
    both = Image.new("RGB", (left.width + right.width, max(left.height, right.height)))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    for name in ("Anna", "Ben"):
        (folder / name).mkdir()
        both.save(folder / name / "1.png")
    return folder


def photo_of(path):
    return Photo(
        f"{path.parent.name}/{path.name}", path, path.parent.name, hashlib.sha256(path.read_bytes()).hexdigest()
    )


@pytest.fixture(scope="module")
def photos(folder):
    return [photo_of(path) for path in sorted(folder.rglob("*.jpg"))]


@pytest.fixture(scope="module")
def together(folder):
    return [photo_of(folder / name / "1.png") for name in ("Anna", "Ben")]


def boxes_file(path, rows):
    """A file of faces with a row for each photo and box; a box may be missing."""
    lines = [",".join((photo.id, *map(str, box or [""] * 4))) for photo, box in rows]
    path.write_text("\n".join(["photo,x0,y0,x1,y1", *lines]) + "\n")
    return load_detector(path)


def cached(root, pipeline, condition=CLEAN):
    return TemplateCache(root, pipeline.recipe(condition))


def rows_of(table):
    return table.to_table().to_pylist()


class TestFile:
    @pytest.fixture
    def sides(self, together, mtcnn, tmp_path):
        """Anna is on the left, Ben on the right."""
        (found,) = mtcnn.faces([decode_photo(together[0].path)])
        boxes = sorted(found.boxes_xyxy_px.tolist())
        assert len(boxes) == 2
        return boxes, boxes_file(tmp_path / "faces.csv", zip(together, boxes, strict=True))

    def test_one_photo_of_two_people_gives_each_their_own_face(self, together, cut_out, sides, tmp_path):
        boxes, detector = sides
        pipeline = Pipeline(detector, cut_out)
        for from_cache in (0, 2):
            watch = Watch()
            table = process(together, pipeline, cache=cached(tmp_path, pipeline), progress=watch)
            assert watch.from_cache == from_cache
            np.testing.assert_array_equal(table.box, np.array(boxes, np.float32))
            alone = [process([photo], pipeline).templates[0] for photo in together]
            np.testing.assert_array_equal(table.templates, np.stack(alone))
            assert table.templates[0] @ table.templates[1] < 0.99

    def test_a_detector_that_looks_at_it_gives_both_the_same_face(self, together, cut_out, mtcnn):
        table = process(together, Pipeline(mtcnn, cut_out))
        np.testing.assert_array_equal(table.box[0], table.box[1])

    def test_another_file_finds_nothing_of_the_first_in_the_cache(self, together, cut_out, sides, tmp_path):
        boxes, detector = sides
        pipeline = Pipeline(detector, cut_out)
        process(together, pipeline, cache=cached(tmp_path, pipeline))
        other = Pipeline(boxes_file(tmp_path / "turned.csv", zip(together, boxes[::-1], strict=True)), cut_out)
        table = process(together, other, cache=cached(tmp_path, other))
        np.testing.assert_array_equal(table.box, np.array(boxes[::-1], np.float32))

    def test_a_photo_that_the_file_lacks_fails_until_it_is_there(self, photos, cut_out, tmp_path):
        box = (30, 20, 110, 120)
        for known, outcomes in ((2, ["template"] * 2 + ["detect"] * 2), (4, ["template"] * 4)):
            detector = boxes_file(tmp_path / "faces.csv", [(photo, box) for photo in photos[:known]])
            pipeline = Pipeline(detector, cut_out)
            table = process(photos, pipeline, cache=cached(tmp_path, pipeline))
            assert table.outcome == outcomes
            assert set(table.reason.values()) == ({"faces.csv has no row for it"} if known == 2 else set())
            assert [row["faces_found"] for row in rows_of(table)] == [1] * known + [None] * (4 - known)

    def test_a_row_without_a_box_is_a_photo_without_a_face(self, photos, cut_out, tmp_path):
        detector = boxes_file(tmp_path / "faces.csv", [(photos[0], None)])
        pipeline = Pipeline(detector, cut_out)
        for from_cache in (0, 1):
            watch = Watch()
            (row,) = rows_of(process(photos[:1], pipeline, cache=cached(tmp_path, pipeline), progress=watch))
            assert (row["outcome"], row["reason"], row["faces_found"]) == ("detect", "no face found", 0)
            assert watch.from_cache == from_cache

    def test_a_box_outside_of_the_photo_is_a_failure(self, photos, cut_out, tmp_path):
        detector = boxes_file(tmp_path / "faces.csv", [(photos[0], (5000, 5000, 5100, 5100))])
        pipeline = Pipeline(detector, cut_out)
        for from_cache in (0, 1):
            watch = Watch()
            (row,) = rows_of(process(photos[:1], pipeline, cache=cached(tmp_path, pipeline), progress=watch))
            assert (row["outcome"], row["faces_found"]) == ("align", 1)
            assert "lies outside of the photo" in row["reason"]
            assert watch.from_cache == from_cache

    def test_a_failed_alignment_in_an_older_cache_has_its_own_stage_too(self, photos, cut_out, tmp_path):
        detector = boxes_file(tmp_path / "faces.csv", [(photos[0], (5000, 5000, 5100, 5100)), (photos[1], None)])
        pipeline = Pipeline(detector, cut_out)
        rows = process(photos[:2], pipeline)
        older = cached(tmp_path, pipeline)
        for row, photo in enumerate(photos[:2]):
            outside = Face(rows.box[0], np.nan, np.full((5, 2), np.nan, np.float32))
            known = {"face": outside, "faces_found": 1} if row == 0 else {"faces_found": 0}
            older.add(detector.key(photo), PhotoOutcome(**known).fail("detect", rows.reason[row]))
        older.flush()
        watch = Watch()
        table = process(photos[:2], pipeline, cache=cached(tmp_path, pipeline), progress=watch)
        assert (table.outcome, watch.from_cache) == (["align", "detect"], 2)


class Moody:
    """MTCNN without its landmarks, when it is in the mood."""

    version = "1"
    refuses = ()

    def __init__(self, mtcnn):
        self.mtcnn = mtcnn

    def find(self, photos):
        if any(photo.tobytes() in self.refuses for photo in photos):
            raise OSError("no licence")
        return [found.boxes_xyxy_px for found in self.mtcnn.faces(photos)]


class TestOwn:
    def test_what_it_failed_on_is_a_row_and_is_tried_again(self, photos, mtcnn, cut_out, tmp_path):
        finder = Moody(mtcnn)
        finder.refuses = (decode_photo(photos[1].path).tobytes(),)
        pipeline = Pipeline(load_detector(finder), cut_out)
        first, second = Watch(), Watch()
        table = process(photos, pipeline, cache=cached(tmp_path, pipeline), progress=first)
        failed = rows_of(table)[1]
        assert table.outcome == ["template", "detect", "template", "template"]
        assert failed["reason"] == "the detector failed: find raised OSError: no licence"
        assert (failed["faces_found"], failed["box_xyxy_px"]) == (None, None)
        finder.refuses = ()
        mended = process(photos, pipeline, cache=cached(tmp_path, pipeline), progress=second)
        assert mended.outcome == ["template"] * 4
        assert (first.done, second.from_cache, second.done) == (4, 3, 1)
        np.testing.assert_array_equal(mended.templates[[0, 2, 3]], table.templates[[0, 2, 3]])

    def test_without_landmarks_a_face_is_cut_out_but_not_aligned(self, photos, mtcnn, recognizer, cut_out):
        detector = load_detector(Moody(mtcnn))
        tables = process_all(photos, [Pipeline(detector, one) for one in (recognizer, cut_out)]).tables
        aligned, cut = (rows_of(tables[p, 0]) for p in (0, 1))
        assert {(row["outcome"], row["reason"], row["faces_found"]) for row in aligned} == {("align", NOT_ALIGNED, 1)}
        assert {(row["outcome"], row["landmarks_px"], row["probability"]) for row in cut} == {("template", None, None)}
        np.testing.assert_array_equal(tables[1, 0].templates, process(photos, Pipeline(mtcnn, cut_out)).templates)

    @pytest.mark.parametrize("stage", ["capture", "aligned"])
    @pytest.mark.parametrize("family", ["face-square", "sunglasses"])
    def test_what_sits_on_a_face_cannot_be_placed_without_landmarks(self, photos, mtcnn, cut_out, stage, family):
        class Half(Moody):
            """Landmarks for photos that are like the first one."""

            def find(self, photos):
                (whole,) = self.mtcnn.faces(photos[:1])
                seen = np.concatenate([whole.boxes_xyxy_px[0], whole.probabilities[:1], whole.landmarks_px[0].ravel()])
                return [[seen], *(found.boxes_xyxy_px for found in self.mtcnn.faces(photos[1:]))]

        detector = load_detector(Half(mtcnn))
        conditions = [CLEAN, get_family(family).at(3, stage=stage), get_family("gaussian-blur").at(2, stage=stage)]
        found = process_all(photos, [Pipeline(detector, cut_out)], conditions)
        assert found.failed == {1: NOT_PLACED.format(family)}
        placed = found.tables[0, 1]
        assert placed.outcome == ["degrade"] * 4
        assert placed.reason == dict.fromkeys(range(4), NOT_PLACED.format(family))
        assert found.tables[0, 2].outcome == ["template"] * 4

    def test_a_failure_on_the_photo_as_it_is_is_the_reason_for_what_sits_on_a_face(self, photos, mtcnn, cut_out):
        finder = Moody(mtcnn)
        finder.refuses = (decode_photo(photos[0].path).tobytes(),)
        conditions = [CLEAN, get_family("sunglasses").at(3)]
        found = process_all(photos[:1], [Pipeline(load_detector(finder), cut_out)], conditions)
        for c in (0, 1):
            (row,) = rows_of(found.tables[0, c])
            assert row["reason"] == "the detector failed: find raised OSError: no licence"
            assert row["faces_found"] is None


class TestNone:
    def test_photos_are_brought_to_size_and_nothing_else(self, photos, recognizer, tmp_path):
        pipeline = Pipeline(load_detector("none"), recognizer)
        side = recognizer.contract.size_px
        sized = [
            np.asarray(Image.fromarray(decode_photo(photo.path)).resize((side, side), Image.Resampling.BILINEAR))
            for photo in photos
        ]
        for from_cache in (0, 4):
            watch = Watch()
            table = process(photos, pipeline, cache=cached(tmp_path, pipeline), progress=watch)
            np.testing.assert_array_equal(table.templates, recognizer.embed(np.stack(sized))[0])
            assert watch.from_cache == from_cache
            for row in rows_of(table):
                assert row["box_xyxy_px"] == [0, 0, row["width_px"], row["height_px"]]
                assert (row["faces_found"], row["probability"], row["landmarks_px"]) == (None, None, None)

    def test_faces_cut_out_beforehand_give_what_the_photos_gave(self, photos, mtcnn, recognizer, tmp_path):
        cut = tmp_path / "cut"
        for photo, faces in zip(photos, mtcnn.faces([decode_photo(photo.path) for photo in photos]), strict=True):
            crop = recognizer.prepare(decode_photo(photo.path), faces.face(0))
            path = cut / photo.person / "1.png"
            path.parent.mkdir(parents=True)
            Image.fromarray(crop).save(path)
        again = process([photo_of(path) for path in sorted(cut.rglob("*.png"))],
                        Pipeline(load_detector("none"), recognizer))  # fmt: skip
        np.testing.assert_array_equal(again.templates, process(photos, Pipeline(mtcnn, recognizer)).templates)

    @pytest.mark.parametrize("stage", ["capture", "aligned"])
    def test_it_can_be_degraded(self, photos, recognizer, stage):
        conditions = [CLEAN, get_family("gaussian-blur").at(4, stage=stage)]
        tables = process_all(photos, [Pipeline(load_detector("none"), recognizer)], conditions).tables
        assert tables[0, 1].outcome == ["template"] * 4
        assert (tables[0, 1].templates != tables[0, 0].templates).any(axis=1).all()
