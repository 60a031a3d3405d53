"""Detectors of the user's own: what they may give, and what becomes of a photo when they give something else."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from faceproof.errors import ConfigurationError
from faceproof.jobs.evaluation import evaluate
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.systems.detection.catalog import load_detector
from faceproof.systems.detection.python_detector import PythonDetector
from faceproof.systems.faces.types import Faces, Failure
from faceproof.systems.recipe import Recipe

CONTRACT = {"size_px": 48, "pixel_mean": 127.5, "pixel_divisor": 127.5, "alignment": "even_margin_crop"}


DOCS = Path(__file__).parents[3] / "docs" / "your-detector.md"
BOX = [10.0, 20.0, 50.0, 80.0]
POINTS = [20.0, 40.0, 40.0, 41.0, 30.0, 52.0, 22.0, 65.0, 38.0, 66.0]
AS_FACES = Faces(np.array([BOX]), np.array([0.9]), np.array(POINTS).reshape(1, 5, 2))


def picture(width=60, value=7):
    return np.full((90, width, 3), value, np.uint8)


class Gives:
    """Says the same of every photo."""

    def __init__(self, found):
        self.found = found

    def find(self, photos):
        return [self.found] * len(photos)


def found_by(finder, *pictures):
    found = PythonDetector(finder).find(list(pictures) or [picture()])
    assert len(found) == (len(pictures) or 1)
    return found if pictures else found[0]


@pytest.mark.parametrize(
    ("given", "probability", "points"),
    [
        ([BOX], None, None),
        ([tuple(map(int, BOX))], None, None),
        ([[*BOX, 0.9]], 0.9, None),
        ([[*BOX, 0.9, *POINTS]], 0.9, POINTS),
        (np.array([[*BOX, 0.9, *POINTS]]), 0.9, POINTS),
        (torch.tensor([[*BOX, 0.9]]), 0.9, None),
        ([[*BOX, np.nan, *POINTS]], None, POINTS),
        (AS_FACES, 0.9, POINTS),
    ],
    ids=["box", "whole numbers", "probability", "landmarks", "array", "tensor", "landmarks alone", "Faces"],
)
def test_faces_are_rows_of_numbers(given, probability, points):
    found = found_by(Gives(given))
    assert found.boxes_xyxy_px.tolist() == [BOX]
    assert found.boxes_xyxy_px.dtype == found.probabilities.dtype == found.landmarks_px.dtype == np.float32
    face = found.face(0)
    assert face.probability == pytest.approx(np.nan if probability is None else probability, nan_ok=True)
    assert face.has_landmarks is (points is not None)
    if points is not None:
        assert face.landmarks_px.ravel().tolist() == points


@pytest.mark.parametrize("nothing", [None, [], np.zeros((0, 4)), np.zeros((0, 15)), Faces.none()])
def test_no_face_is_no_failure(nothing):
    assert len(found_by(Gives(nothing))) == 0


def test_a_photo_may_have_several_faces_and_all_photos_one_array():
    boxes = np.arange(24).reshape(2, 3, 4)

    class Together:
        def find(self, photos):
            return boxes

    for found, expected in zip(found_by(Together(), picture(), picture()), boxes, strict=True):
        assert found.boxes_xyxy_px.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (BOX, "shape (4,)"),
        ([[*BOX, 0.9, 1.0]], "shape (1, 6)"),
        ([[BOX]], "shape (1, 1, 4)"),
        ([BOX, BOX[:2]], "that is no numbers"),
        ("everywhere", "a str that is no numbers"),
        ({"boxes": [BOX]}, "a dict that is no numbers"),
        (torch.ones(1, 4, requires_grad=True), "a Tensor that is no numbers"),
        (Faces(AS_FACES.boxes_xyxy_px, np.zeros(2), AS_FACES.landmarks_px), "a Faces that is no numbers"),
        ([BOX, [np.nan, 20, 50, 80]], "a box that is not finite"),
        ([[10, 20, np.inf, 80]], "a box that is not finite"),
        (Faces(np.full((1, 4), np.nan), AS_FACES.probabilities, AS_FACES.landmarks_px), "a box that is not finite"),
        ([[*BOX, 1.2]], "a probability outside 0 to 1"),
        ([[50, 20, 10, 80]], "empty or upside down"),
    ],
)
def test_what_is_no_face_is_a_failure_that_says_what_it_was(given, said):
    found = found_by(Gives(given))
    assert isinstance(found, Failure)
    assert found.reason.startswith("the detector gave ")
    assert said in found.reason


def test_what_it_gives_wrong_for_one_photo_harms_no_other():
    class Wrong:
        def find(self, photos):
            return [[BOX], "nothing", None]

    first, second, third = found_by(Wrong(), picture(), picture(), picture())
    assert (len(first), len(third)) == (1, 0)
    assert isinstance(second, Failure)


class Picky:
    """Cannot stand narrow photos, and says nothing of any other beside one."""

    def find(self, photos):
        if any(photo.shape[1] < 50 for photo in photos):
            raise ValueError("too narrow")
        return [[BOX]] * len(photos)


def test_photos_that_it_raises_for_fail_with_its_message_and_the_others_go_on():
    first, second, third = found_by(Picky(), picture(60), picture(40), picture(70))
    assert (len(first), len(third)) == (1, 1)
    assert second == Failure("the detector failed: find raised ValueError: too narrow")


def test_a_wrong_number_of_results_is_told_where_one_photo_alone_has_it_too():
    class Forgetful:
        def find(self, photos):
            return [[BOX]] * (len(photos) - 1)

    class OneAtATime:
        def find(self, photos):
            return [[BOX]]

    assert (
        found_by(Forgetful(), picture(), picture())
        == [Failure("the detector failed: find gave 0 results for 1 photo")] * 2
    )
    assert [len(found) for found in found_by(OneAtATime(), picture(), picture())] == [1, 1]


def test_nothing_at_all_is_a_failure_too():
    class Silent:
        def find(self, photos):
            return None

    assert "find raised TypeError" in found_by(Silent()).reason


def test_it_gets_photos_that_are_its_own_to_write_to():
    class Scribbles:
        def find(self, photos):
            for photo in photos:
                photo[:] = 0
            raise ValueError("no")

    mine = picture()
    found_by(Scribbles(), mine, mine)
    assert (mine == 7).all()


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    """Modules of the current folder may be imported, and are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if Path(getattr(sys.modules[name], "__file__", None) or "").is_relative_to(tmp_path):
            del sys.modules[name]


class TestBetweenRuns:
    """With a version, and only then, templates may be kept."""

    @staticmethod
    def detector(version):
        finder = Picky()
        if version is not None:
            finder.version = version
        return PythonDetector(finder)

    def test_without_a_version_nothing_is_kept(self):
        assert not self.detector(None).cacheable
        assert self.detector(None).recipe() == {"name": "Picky", "identity": None}

    def test_the_version_and_the_code_tell_detectors_apart(self):
        one = self.detector("1")
        assert one.cacheable
        assert one.recipe() == self.detector("1").recipe()
        other = Gives(None)
        other.version = "1"
        recipes = [one.recipe(), self.detector("2").recipe(), PythonDetector(other).recipe()]
        assert len({recipe["identity"] for recipe in recipes}) == 3

    def test_other_code_under_the_same_name_is_another_detector(self, at_home):
        identities = []
        for side in (40, 400):
            (at_home / "changing_finders.py").write_text(
                f"class Finder:\n    version = 1\n    def find(self, photos):\n        return [[[0, 0, {side}, 40]]]\n"
            )
            identities.append(load_detector("changing_finders:Finder").recipe()["identity"])
            del sys.modules["changing_finders"]
        assert identities[0] != identities[1]


def test_it_is_called_as_it_says_or_as_what_leads_to_it():
    named = Picky()
    named.name = "the picky one"
    assert [PythonDetector(named).name, PythonDetector(Picky()).name] == ["the picky one", "Picky"]
    assert PythonDetector(Picky(), "mine:Picky").name == "mine:Picky"


@pytest.mark.parametrize("name", ["mtcnn", "MTCNN", "none", "file"])
def test_a_name_by_which_a_run_would_take_it_for_another_is_refused(name):
    finder = Picky()
    finder.name = name
    with pytest.raises(ConfigurationError, match=f"cannot be called '{name}'"):
        load_detector(finder)


def test_a_reference_that_leads_nowhere_is_told(at_home):
    (at_home / "half_finders.py").write_text(
        "class NoFinder:\n    pass\n\nnumber = 7\n\ndef breaks():\n    raise OSError('no licence')\n"
    )
    for reference, said in (
        ("nowhere_to_be_found:f", "cannot be imported"),
        ("half_finders:missing", "has no 'missing'"),
        ("half_finders:NoFinder", "gives a NoFinder without a method find"),
        ("half_finders:number", "the factory raised TypeError"),
        ("half_finders:breaks", "the factory raised OSError: no licence"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            load_detector(reference)


@pytest.mark.parametrize("name", ["Finder", "make", "finished"])
def test_a_class_a_function_or_a_finished_object_may_be_referred_to(at_home, name):
    (at_home / "three_finders.py").write_text(
        "class Finder:\n    def find(self, photos):\n        return [[[1, 2, 3, 4]]] * len(photos)\n\n\n"
        "def make():\n    return Finder()\n\n\nfinished = Finder()\n"
    )
    detector = load_detector(f"three_finders:{name}")
    assert detector.find([picture()])[0].boxes_xyxy_px.tolist() == [[1, 2, 3, 4]]
    assert detector.source == {"reference": f"three_finders:{name}"}


def test_an_installed_package_adds_a_detector(at_home, monkeypatch):
    (at_home / "finder_addon.py").write_text(
        "class Added:\n    def find(self, photos):\n        return [[[1, 2, 3, 4]]] * len(photos)\n"
    )
    info = at_home / "finder_addon-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: finder-addon\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[faceproof.detectors]\nadded = finder_addon:Added\n")
    monkeypatch.setattr(sys, "path", [str(at_home), *sys.path])
    detector = load_detector("added")
    assert detector.find([picture()])[0].boxes_xyxy_px.tolist() == [[1, 2, 3, 4]]
    assert (detector.name, dict(detector.source)) == ("added", {"reference": "added"})


class Means:
    contract = CONTRACT
    version = "1"

    def embed(self, batch):
        return batch.reshape(len(batch), 3, 4, 12, 4, 12).mean(axis=(3, 5)).reshape(len(batch), -1)


def test_the_example_of_the_page_runs(at_home):
    code = re.search(r"```python\n# finders\.py\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)[1]
    (at_home / "finders.py").write_text(code)
    write_population("my-people", Population(4, 2, seed=3), workers=1)
    settings = {"model": Means(), "protocol": "all", "canary": False, "offline": True, "figures": False}
    run = evaluate("my-people", recipe=Recipe(detector="finders:Middle"), out="first", **settings)
    rows = pq.read_table(run.folder / "photos.parquet").to_pylist()
    assert len(rows) == 8
    for row in rows:
        width, height = row["width_px"], row["height_px"]
        assert row["outcome"] == "template"
        assert row["box_xyxy_px"] == pytest.approx([width * 0.3, height * 0.25, width * 0.7, height * 0.8])
        assert (row["faces_found"], row["probability"], row["landmarks_px"]) == (1, None, None)
    assert run.summary.run.detector.reference == "finders:Middle"
    again = evaluate("my-people", recipe=Recipe(detector="finders:Middle"), out="second", **settings)
    assert again.summary.auc == run.summary.auc
    assert [one.summary.run.timing.from_cache for one in (run, again)] == [0, 8]


def test_factories_of_one_class_do_not_share_templates(at_home):
    (at_home / "sizes.py").write_text(
        "class Sized:\n    version = '1'\n    def __init__(self, size):\n        self.size = size\n"
        "    def find(self, photos):\n        return [[[0, 0, self.size, self.size]] for _ in photos]\n"
        "def small():\n    return Sized(40)\ndef large():\n    return Sized(80)\n"
    )
    recipes = [load_detector(f"sizes:{name}").recipe() for name in ("small", "large")]
    assert recipes[0]["identity"] != recipes[1]["identity"]


def test_an_object_whose_class_has_no_text_is_not_cached():
    assert not load_detector(SimpleNamespace(version="1", find=lambda photos: [None] * len(photos))).cacheable
