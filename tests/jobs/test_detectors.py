"""Runs with other detectors than MTCNN, on people who do not exist: tables, words, and what verify makes of them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from faceproof.degrade.registry import get_family
from faceproof.errors import ConfigurationError, FaceproofError
from faceproof.jobs.base import Run
from faceproof.jobs.evaluation import evaluate
from faceproof.jobs.publishing import report_again
from faceproof.jobs.stressing import stress
from faceproof.jobs.verification import recipe_of_run, verify
from faceproof.people.decode import decode_photo
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.report.pictures.stress_photos import StressPhotos
from faceproof.runs.run_folder import open_run
from faceproof.systems.load import load_pipeline
from faceproof.systems.recipe import Recipe
from faceproof.systems.weights.dlib_file import find_dlib_file

FINDERS = """
from faceproof.systems.detection.mtcnn import load_mtcnn


class Boxes:
    \"\"\"MTCNN without its landmarks.\"\"\"

    version = "1"

    def __init__(self):
        self.mtcnn = load_mtcnn()

    def find(self, photos):
        return [found.boxes_xyxy_px for found in self.mtcnn.faces(photos)]


class Faces(Boxes):
    def find(self, photos):
        return self.mtcnn.faces(photos)
"""
SUITE = """
[[degradation]]
family = "gaussian-blur"
severities = [2]
[[degradation]]
family = "jpeg"
severities = [5]
"""
ON_FACE = '[[degradation]]\nfamily = "sunglasses"\nseverities = [3]\n'
CUT_OUT = "even_margin_crop"


@dataclass
class World:
    """A folder of people, finders of their own, and a place for runs; all runs share one cache."""

    root: Path

    @property
    def people(self) -> Path:
        return self.root / "people"

    @property
    def photos(self) -> list[Path]:
        return sorted(self.people.rglob("*.jpg"))

    def evaluate(self, out: str, recipe: Recipe, **settings) -> Run:
        usual = {"model": "dlib-resnet", "protocol": "all", "canary": False, "offline": True, "figures": False}
        return evaluate(self.people, recipe=recipe, out=self.root / out, **usual | settings)

    def stress(self, out: str, recipe: Recipe, **settings) -> Run:
        usual = {
            "models": ["dlib-resnet"],
            "protocol": "all",
            "canary": False,
            "suite": self.root / "two.toml",
            "figures": False,
        }
        return stress(self.people, recipe=recipe, out=self.root / out, offline=True, **usual | settings)

    def boxes(self, name: str) -> Path:
        """A file with a box in the middle of each photo."""
        path = self.root / name
        rows = [f"{photo.relative_to(self.people).as_posix()},35,20,105,110\n" for photo in self.photos]
        path.write_text("".join(["photo,x0,y0,x1,y1\n", *rows]))
        return path


@pytest.fixture(scope="module")
def _at_home(tmp_path_factory):
    root = tmp_path_factory.mktemp("detectors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEPROOF_CACHE", str(root / "cache"))
        patch.chdir(root)
        patch.setattr(sys, "path", list(sys.path))
        yield root
    sys.modules.pop("own_finders", None)


@pytest.fixture(autouse=True)
def _shared_cache(_own_cache, _at_home, monkeypatch):
    monkeypatch.setenv("FACEPROOF_CACHE", str(_at_home / "cache"))


@pytest.fixture(scope="module")
def world(_at_home):
    if find_dlib_file() is None:
        pytest.skip("the weights of dlib-resnet are not installed (extra 'embedded')")
    world = World(_at_home)
    write_population(world.people, Population(6, 2, seed=2), workers=1)
    (world.root / "own_finders.py").write_text(FINDERS)
    (world.root / "two.toml").write_text(SUITE)
    (world.root / "on-face.toml").write_text(SUITE + ON_FACE)
    return world


@pytest.fixture(scope="module")
def whole(world):
    return world.evaluate("none", Recipe(detector="none"))


@pytest.fixture(scope="module")
def own(world):
    recipe = Recipe(detector="own_finders:Boxes", alignment=CUT_OUT, margin_px=30, selection="largest")
    return world.evaluate("own", recipe)


@pytest.fixture(scope="module")
def listed(world):
    return world.evaluate("file", Recipe(detector=world.boxes("faces.csv"), alignment=CUT_OUT))


@pytest.fixture(scope="module")
def padded(world):
    return {pad: world.evaluate(f"pad-{pad}", Recipe(pad=pad)) for pad in (None, 0.35)}


class Watch:
    """What a run says of its progress."""

    def start(self, total, done):
        self.from_cache = done

    def advance(self, photos):
        pass


def photos_of(run, condition="clean"):
    rows = pq.read_table(run.folder / "photos.parquet").to_pylist()
    return [row for row in rows if row["condition"] == condition]


def page_of(run):
    return (run.folder / "report.html").read_text("utf-8")


class TestNone:
    def test_there_is_no_detection_rate_rather_than_one_of_100_percent(self, whole):
        rate = whole.summary.rates.detection_rate
        assert rate.value is None
        assert "no detector was run" in rate.reason
        assert whole.summary.rates.fta.value == 0
        assert {row["faces_found"] for row in photos_of(whole)} == {None}

    def test_words_say_that_no_face_was_sought(self, whole):
        assert "every photo was taken for a face as it is" in whole.summary.headline
        assert any("No face was sought" in warning for warning in whole.summary.warnings)
        assert "No face was sought" in page_of(whole)

    def test_the_manifest_says_none(self, whole):
        assert whole.summary.run.detector.as_json() == {"name": "none", "selection": "subject"}

    @pytest.mark.parametrize(
        ("recipe", "argument"),
        [
            (Recipe(detector="none", alignment=CUT_OUT), "alignment"),
            (Recipe(detector="none", alignment=CUT_OUT, margin_px=10), "alignment"),
            (Recipe(detector="none", selection="largest"), "selection"),
            (Recipe(detector="none", min_face_size=30), "min_face_size"),
            (Recipe(detector="none", pad=0.35), "pad"),
        ],
    )
    def test_what_means_nothing_without_a_detector_is_refused(self, world, recipe, argument):
        with pytest.raises(ConfigurationError, match=f"`{argument}`"):
            world.evaluate("refused", recipe)
        assert not (world.root / "refused").exists()


class TestFile:
    def test_words_say_whose_faces_they_are(self, world, listed):
        assert any("Faces are those of faces.csv" in warning for warning in listed.summary.warnings)
        detector = listed.summary.run.detector
        assert (detector.name, detector.file) == ("file", str(world.root / "faces.csv"))

    def test_the_report_is_drawn_again_without_the_file(self, world, listed):
        before = page_of(listed)
        (world.root / "faces.csv").unlink()
        assert report_again(listed.folder, figures=False).summary == listed.summary
        assert page_of(listed) == before

    def test_photos_that_it_lacks_are_told_and_count_as_not_found(self, world):
        path, said = world.boxes("few.csv"), []
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:-3]))
        run = world.evaluate("few", Recipe(detector=path, alignment=CUT_OUT), say=said.append)
        assert any(line.startswith("Note: few.csv has no row for 3 of 12 photos: synthetic-000") for line in said)
        assert run.summary.rates.detection_rate.value == 9 / 12
        assert run.summary.counts.failures_by_stage["detect"] == 3
        assert "few.csv has no row for it" in (run.folder / "failures.csv").read_text()

    def test_a_file_about_other_photos_is_refused_before_anything_is_written(self, world):
        (world.root / "others.csv").write_text("photo,x0,y0,x1,y1\nAnna/1.jpg,1,2,3,4\n")
        with pytest.raises(ConfigurationError, match="has none of the photos that are compared"):
            world.evaluate("others", Recipe(detector="others.csv", alignment=CUT_OUT))
        assert not (world.root / "others").exists()

    def test_a_model_that_aligns_by_landmarks_refuses_a_file_without_any(self, world):
        with pytest.raises(ConfigurationError, match=r"none\.csv have none.*alignment=.even_margin_crop"):
            world.evaluate("unaligned", Recipe(detector=world.boxes("none.csv")))


def test_faces_of_ones_own_give_what_mtcnns_give(world):
    own, usual = (
        world.evaluate(name.replace(":", "-"), Recipe(detector=name)) for name in ("own_finders:Faces", "mtcnn")
    )
    similarity = [pq.read_table(run.folder / "scores.parquet")["similarity"] for run in (own, usual)]
    assert similarity[0].equals(similarity[1])
    assert own.summary.rates.detection_rate == usual.summary.rates.detection_rate


def test_a_detector_without_landmarks_fails_photo_by_photo_where_a_model_aligns(world):
    run = world.evaluate("no-landmarks", Recipe(detector="own_finders:Boxes"))
    assert run.summary.counts.templates == 0
    assert run.summary.counts.failures_by_stage == {"decode": 0, "detect": 0, "align": 12, "embed": 0}
    assert {row["reason"] for row in photos_of(run)} == {"the face cannot be aligned: the detector gave no landmarks"}
    assert run.summary.rates.detection_rate.value == 1


def test_without_a_version_nothing_is_kept_between_runs(world):
    class Middle:
        def find(self, photos):
            return [[[35, 20, 105, 110]]] * len(photos)

    versioned = Middle()
    versioned.version = "1"
    for finder, kept in ((Middle(), 0), (versioned, 12)):
        for from_cache in (0, kept):
            run = world.evaluate("again", Recipe(detector=finder, alignment=CUT_OUT), overwrite=True)
            assert run.summary.run.timing.from_cache == from_cache
    for _ in range(2):
        watch, recipe = Watch(), Recipe(detector=Middle(), alignment=CUT_OUT)
        world.stress("stress-again", recipe, stage="aligned", progress=watch, overwrite=True)
        assert watch.from_cache == 0


class TestBorder:
    """MTCNN with a black border added before detection."""

    def test_the_manifest_tells_and_cached_templates_are_not_mixed(self, world, padded):
        assert [run.summary.run.detector.pad for run in padded.values()] == [0, 0.35]
        assert padded[0.35].summary.run.timing.from_cache == 0
        again = world.evaluate("pad-again", Recipe(pad=0.35))
        assert again.summary.run.timing.from_cache == 12
        assert photos_of(again) == photos_of(padded[0.35])

    def test_boxes_are_in_pixels_of_the_photo(self, padded):
        """On photos with room around the face the border changes little."""
        without, with_border = (photos_of(run) for run in padded.values())
        for one, other in zip(without, with_border, strict=True):
            assert (other["width_px"], other["height_px"]) == (one["width_px"], one["height_px"])
            box, moved = (np.array(row["box_xyxy_px"]) for row in (one, other))
            assert 0 < np.abs(box - moved).max() < 15

    def test_verify_compares_as_the_run_did(self, world, padded):
        model, recipe = recipe_of_run(padded[0.35].folder)
        assert recipe.pad == 0.35
        assert recipe_of_run(padded[None].folder)[1].pad == 0
        pair = pq.read_table(padded[0.35].folder / "comparisons.parquet").to_pylist()[7]
        score = pq.read_table(padded[0.35].folder / "scores.parquet")["similarity"].to_pylist()[7]
        one, two = (world.people / pair[side] for side in ("photo_a", "photo_b"))
        found = verify(one, two, model=model, recipe=recipe, offline=True)
        assert found.similarity == pytest.approx(score, abs=1e-6)
        assert verify(one, two, model=model, offline=True).similarity != pytest.approx(score, abs=1e-3)

    def test_degraded_photos_get_it_too(self, world):
        for pad in (None, 0.35):
            run = world.stress(f"stress-pad-{pad}", Recipe(pad=pad))
            assert run.summary.run.detector.pad == (pad or 0)


class TestVerify:
    """Two photos are compared as the run compared them."""

    @pytest.mark.parametrize("name", ["whole", "own"])
    def test_it_gives_the_similarity_of_the_run(self, world, request, name):
        run = request.getfixturevalue(name)
        model, recipe = recipe_of_run(run.folder)
        pairs = pq.read_table(run.folder / "comparisons.parquet").to_pylist()
        scores = pq.read_table(run.folder / "scores.parquet")["similarity"].to_pylist()
        for row in (0, 30):
            one, two = (world.people / pairs[row][side] for side in ("photo_a", "photo_b"))
            found = verify(one, two, model=model, recipe=recipe, offline=True)
            assert found.similarity == pytest.approx(scores[row], abs=1e-6)

    def test_the_recipe_leads_to_the_same_system(self, whole, own):
        assert recipe_of_run(whole.folder)[1].detector == "none"
        recipe = recipe_of_run(own.folder)[1]
        assert (recipe.detector, recipe.alignment, recipe.margin_px) == ("own_finders:Boxes", CUT_OUT, 30)
        pipeline = load_pipeline("dlib-resnet", None, recipe, offline=True)
        entry = own.summary.run.detector
        assert pipeline.selection == entry.selection == "largest"
        assert pipeline.detector.recipe() == {name: getattr(entry, name) for name in ("name", "identity")}

    def test_faces_of_a_file_cannot_be_found_in_other_photos(self, listed):
        with pytest.raises(ConfigurationError, match=r"judges faces of .*faces\.csv, and nothing here finds faces"):
            recipe_of_run(listed.folder)

    def test_an_object_cannot_be_loaded_again(self, world):
        class Middle:
            def find(self, photos):
                return [[[35, 20, 105, 110]]] * len(photos)

        run = world.evaluate("object", Recipe(detector=Middle(), alignment=CUT_OUT), cache=False)
        with pytest.raises(ConfigurationError, match="judges faces of Middle, and nothing here finds faces"):
            recipe_of_run(run.folder)

    def test_a_file_of_faces_is_refused_for_two_photos(self, world):
        recipe = Recipe(detector=world.boxes("two.csv"), alignment=CUT_OUT)
        with pytest.raises(ConfigurationError, match="Faces from a file"):
            verify(*world.photos[:2], model="dlib-resnet", recipe=recipe, offline=True)

    def test_why_there_is_nothing_to_compare_is_told(self, world):
        recipe = Recipe(detector="own_finders:Boxes")
        with pytest.raises(
            FaceproofError, match=r"0001\.jpg: the face cannot be aligned: the detector gave no landmarks\."
        ):
            verify(*world.photos[:2], model="dlib-resnet", recipe=recipe, offline=True)


def sheet_of(run):
    with Image.open(run.folder / "figures" / "contact-sheet.png") as sheet:
        return np.asarray(sheet.convert("RGB"))


class TestStress:
    @pytest.mark.parametrize("stage", ["capture", "aligned"])
    def test_photos_that_are_faces_already(self, world, whole, stage):
        run = world.stress(f"stress-none-{stage}", Recipe(detector="none"), stage=stage, figures=True)
        clean, *others = run.summary.models[0].conditions
        assert [row.condition for row in others] == ["gaussian-blur-2", "jpeg-5"]
        for row in (clean, *others):
            assert row.counts.templates == 12
            assert row.rates.detection_rate.value is None
        assert clean.auc == whole.summary.auc
        assert any("No face was sought" in warning for warning in run.summary.warnings)
        before = sheet_of(run)
        assert before.std() > 10
        report_again(run.folder)
        np.testing.assert_array_equal(sheet_of(run), before)

    def test_the_sheet_shows_what_the_model_saw(self, world):
        """Aligned: the whole photo, brought to the size of the model's crop."""
        run = world.stress("stress-sheet", Recipe(detector="none"), stage="aligned")
        shown = StressPhotos(open_run(run.folder), world.people, {})
        photo = world.photos[0]
        crop = shown.degraded("dlib-resnet", "clean", photo.relative_to(world.people).as_posix())
        sized = Image.fromarray(decode_photo(photo)).resize((150, 150), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(crop, np.asarray(sized))

    @pytest.mark.parametrize("stage", ["capture", "aligned"])
    @pytest.mark.parametrize(
        "recipe", [Recipe(detector="none"), Recipe(detector="own_finders:Boxes", alignment=CUT_OUT)]
    )
    def test_what_is_placed_by_landmarks_fails_as_a_whole_without_any(self, world, recipe, stage):
        out, said = f"stress-{stage}-{recipe.detector.replace(':', '-')}", []
        run = world.stress(out, recipe, suite=world.root / "on-face.toml", stage=stage, say=said.append)
        (model,) = run.summary.models
        rows = {row.condition: row.counts.templates for row in model.conditions}
        assert rows == {"clean": 12, "gaussian-blur-2": 12, "jpeg-5": 12}
        (failed,) = [entry for entry in run.summary.conditions if entry.failed]
        assert failed.failed == "sunglasses is placed by landmarks, and the detector gave none."
        assert any(failed.failed in line for line in said)
        assert model.index.value is not None

    @pytest.mark.parametrize("family", ["sunglasses", "face-square"])
    def test_the_page_has_no_picture_of_what_was_not_compared(self, world, family):
        (world.root / "one.toml").write_text(f'[[degradation]]\nfamily = "{family}"\nseverities = [3]\n')
        recipe = Recipe(detector="own_finders:Boxes", alignment=CUT_OUT)
        run = world.stress(f"stress-{family}", recipe, suite=world.root / "one.toml")
        condition = get_family(family).at(3)
        shown = StressPhotos(open_run(run.folder), world.people, {condition.name: condition})
        photo = world.photos[0].relative_to(world.people).as_posix()
        assert shown.degraded("dlib-resnet", "clean", photo) is not None
        assert shown.degraded("dlib-resnet", condition.name, photo) is None

    def test_a_file_says_nothing_of_degraded_photos(self, world):
        with pytest.raises(ConfigurationError, match=r"Faces from a file were found .*stage=.aligned"):
            world.stress("refused", Recipe(detector=world.boxes("stress.csv"), alignment=CUT_OUT))
        assert not (world.root / "refused").exists()

    def test_with_a_file_the_prepared_faces_are_degraded(self, world):
        recipe = Recipe(detector=world.boxes("stress.csv"), alignment=CUT_OUT)
        run = world.stress("stress-file", recipe, stage="aligned", figures=True)
        for condition in ("clean", "gaussian-blur-2", "jpeg-5"):
            assert {tuple(row["box_xyxy_px"]) for row in photos_of(run, condition)} == {(35, 20, 105, 110)}
            assert {row["outcome"] for row in photos_of(run, condition)} == {"template"}
        assert any("Faces are those of stress.csv" in warning for warning in run.summary.warnings)
        assert sheet_of(run).std() > 10
