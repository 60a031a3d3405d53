"""Faces that MTCNN did not find, held against MTCNN's: people who do not exist, and dlib's net."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from patterns import faces_in, people_of, photos_of
from PIL import Image

from faceproof.cli.detect import detect_command
from faceproof.jobs.evaluation import evaluate
from faceproof.metrics.people_apart import Gain, pair_sums, separation
from faceproof.people.decode import decode_photo
from faceproof.people.folder import read_people
from faceproof.people.protocols import make_comparisons
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.systems.detection.catalog import load_detector
from faceproof.systems.detection.mtcnn import MtcnnDetector, load_mtcnn
from faceproof.systems.load import load_pipeline
from faceproof.systems.model_check.detector_faces import AS_MTCNN, BORDER, _judged, check_border, check_detector_faces
from faceproof.systems.model_check.job import check_pipeline
from faceproof.systems.model_check.recognizer_check import check_recognizer
from faceproof.systems.recipe import Recipe
from faceproof.systems.recognition.catalog import load_model
from faceproof.systems.recognition.recognizer import prepare_face
from faceproof.systems.weights.dlib_file import find_dlib_file

CONTRACT = {"size_px": 48, "pixel_mean": 0, "pixel_divisor": 255, "alignment": "even_margin_crop"}


@pytest.fixture(scope="module", autouse=True)
def _quick():
    """MTCNN looks at each photo once, and the recogniser is checked once on the same faces."""
    known, faces, checked = {}, MtcnnDetector.faces, {}

    def faces_once(self, pictures):
        found = []
        for picture in pictures:
            key = json.dumps(self.recipe()), picture.shape, picture.tobytes()
            if key not in known:
                known[key] = next(iter(faces(self, [picture])))
            found.append(known[key])
        return found

    def check_once(*given):
        # What was given is kept, so that no other object gets its id.
        key = tuple(map(id, given))
        if key not in checked:
            checked[key] = given, check_recognizer(*given)
        return checked[key][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MtcnnDetector, "faces", faces_once)
        patch.setattr("faceproof.systems.model_check.job.check_recognizer", check_once)
        yield


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    write_population(folder, Population(8, 3, seed=2), workers=1)
    return folder


@pytest.fixture(scope="module")
def usual():
    if find_dlib_file() is None:
        pytest.skip("the weights of dlib-resnet are not installed (extra 'embedded')")
    return load_pipeline("dlib-resnet", None, None, offline=True)


class Changed:
    """MTCNN's faces, changed: rows of box, probability and ten landmark coordinates."""

    def __init__(self, change):
        self.mtcnn, self.change = load_mtcnn(offline=True), change

    def find(self, photos):
        return [
            self.change(np.column_stack([f.boxes_xyxy_px, f.probabilities, f.landmarks_px.reshape(-1, 10)]))
            for f in self.mtcnn.faces(photos)
        ]


def swapped(rows):
    """Left and right by the person's own sides."""
    return rows[:, [0, 1, 2, 3, 4, 7, 8, 5, 6, 9, 10, 13, 14, 11, 12]]


def of_a_smaller_picture(rows):
    return np.column_stack([rows[:, :4] / 2, rows[:, 4], rows[:, 5:] / 2])


def looked_at(usual, people, detector):
    comparisons = make_comparisons("all", read_people(people))
    found = check_pipeline(replace(usual, detector=load_detector(detector)), comparisons)
    (check,) = [check for check in found.checks if check.name == AS_MTCNN]
    return found, check


def test_mtcnn_is_not_compared_with_itself(usual, people):
    found = check_pipeline(usual, make_comparisons("all", read_people(people)))
    names = {check.name for check in found.checks}
    assert AS_MTCNN not in names
    assert BORDER not in names  # these faces lie far from the edge
    assert "people are separated on your photos" in names
    assert found.own_faces == 24


def test_mtcnns_faces_from_a_file_pass(usual, people, tmp_path):
    detect_command([people], boxes=tmp_path / "faces.csv", offline=True, quiet=True)
    found, check = looked_at(usual, people, tmp_path / "faces.csv")
    assert found.outcome == "passed", found.complaints()
    as_given, with_mtcnns = map(float, re.search(r"is ([\d.]+) with .* and ([\d.]+) with", check.found).groups())
    assert as_given == with_mtcnns > 2
    assert "(gain +0.00, 95% interval +0.00 to +0.00)" in check.found


@pytest.mark.parametrize("change", [None, swapped, of_a_smaller_picture])
def test_faces_that_are_not_where_it_was_said_are_told(usual, people, change):
    """Without a change: photos that were never cut out or aligned."""
    found, check = looked_at(usual, people, Changed(change) if change else "none")
    assert check.outcome == "failed"
    assert found.outcome == "failed"
    assert found.complaints() == [f"failed the model check ({AS_MTCNN}): {check.found}."]
    assert "with the detector's faces" in check.found


def test_photos_that_are_aligned_faces_indeed_pass(usual, people, tmp_path):
    for photo in read_people(people).photos:
        pixels = decode_photo(photo.path)
        (faces,) = usual.detector.faces([pixels])
        path = (tmp_path / photo.id).with_suffix(".png")
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(usual.prepare(pixels, faces.face(0))).save(path)
    _, check = looked_at(usual, tmp_path, "none")
    assert check.outcome == "passed", check.found


def test_it_says_when_too_few_photos_have_a_face(usual, people):
    few = Changed(swapped)
    find, seen = few.find, []

    def find_in_the_first_seven(photos):
        seen.extend(photos)
        return find(photos) if len(seen) <= 7 else [None] * len(photos)

    few.find = find_in_the_first_seven
    _, check = looked_at(usual, people, few)
    assert check.outcome == "inconclusive"
    assert check.found == "7 of 24 photos have both faces; 8 are needed"


def test_it_says_when_there_are_no_strangers_to_tell_apart(usual, tmp_path):
    write_population(tmp_path, Population(1, 9, seed=2), workers=1)
    _, check = looked_at(usual, tmp_path, Changed(swapped))
    assert check.outcome == "inconclusive"
    assert check.found.startswith("the 9 photos that have both give too few pairs")


def test_one_person_of_many_photos_does_not_stand_before_the_others(usual, people, tmp_path):
    """With all pairs, the first dozens of them are of the first person alone."""
    write_population(tmp_path, Population(1, 9, seed=7), workers=1)
    (tmp_path / "synthetic-0001").rename(tmp_path / "aaa")
    for folder in people.iterdir():
        (tmp_path / folder.name).symlink_to(folder)
    _, check = looked_at(usual, tmp_path, Changed(swapped))
    assert check.outcome == "failed"


class Means:
    """Means of 48 patches of a face."""

    contract = CONTRACT

    def embed(self, batch):
        return batch.reshape(len(batch), 3, 4, 12, 4, 12).mean(axis=(3, 5)).reshape(len(batch), -1)


@pytest.fixture(scope="module")
def faces_and_crops():
    """Who is on photos of patterns, a recogniser, and the prepared faces."""
    recognizer = load_model(Means())
    people = people_of({f"p{one}": 3 for one in range(12)})
    faces = faces_in(people, photos_of(people, noise=60))
    crops = [prepare_face(recognizer.contract, *one) for one in zip(faces.photos, faces.faces, strict=True)]
    return faces.people, recognizer, crops


def garbled(crops):
    """The faces with noise over them."""
    rng = np.random.default_rng(0)
    return [np.uint8(0.2 * crop + 0.8 * rng.integers(0, 256, (4, 4, 3)).repeat(12, 0).repeat(12, 1)) for crop in crops]


def test_faces_that_the_model_can_make_nothing_of_are_left_out(faces_and_crops):
    people, recognizer, crops = faces_and_crops
    black = [np.zeros_like(crops[0]) if row < 3 else crop for row, crop in enumerate(crops)]
    check = check_detector_faces(recognizer, people, black, crops)
    assert check.passed
    assert f"separation on {len(crops) - 3} of your photos" in check.found
    nothing = check_detector_faces(recognizer, people, [None] * len(crops), crops)
    assert nothing.outcome == "inconclusive"
    assert nothing.found == f"0 of {len(crops)} photos have both faces; 8 are needed"


def test_a_detector_that_is_better_than_mtcnn_passes_and_a_worse_one_fails(faces_and_crops):
    people, recognizer, crops = faces_and_crops
    assert check_detector_faces(recognizer, people, crops, garbled(crops)).outcome == "passed"
    worse = check_detector_faces(recognizer, people, garbled(crops), crops)
    assert worse.outcome == "failed"
    assert worse.found.endswith("no gain of 0.25 or more may have an interval above 0")


def test_a_border_that_gives_better_faces_fails_and_says_what_it_gains(faces_and_crops):
    people, recognizer, crops = faces_and_crops
    check = check_border(recognizer, people, garbled(crops), crops, 0.35)
    assert check.outcome == "failed"
    assert check.found.startswith(
        "of 36 of your photos, 36 have a face with a border of 35% and 36 without; on 36 of them separation is "
    )
    assert check.found.endswith("; the recipe's pad of 0.35 adds it")
    with_it, without = re.search(r"is ([-\d.]+) with the border and ([-\d.]+) without", check.found).groups()
    assert float(with_it) > float(without)
    assert check_border(recognizer, people, crops, garbled(crops), 0.35).outcome == "passed"
    assert check_border(recognizer, people, crops, crops, 0.35).outcome == "passed"


@pytest.mark.parametrize(
    ("missed", "gone", "outcome"), [(4, 0, "passed"), (5, 0, "failed"), (5, 1, "passed"), (8, 1, "failed")]
)
def test_a_border_with_which_more_faces_are_found_fails_where_that_is_no_chance(faces_and_crops, missed, gone, outcome):
    """Five new faces and none lost have a probability of 1 in 32 where the border changes nothing."""
    people, recognizer, crops = faces_and_crops
    plain = [None] * missed + list(crops[missed:])
    bordered = list(crops[: len(crops) - gone]) + [None] * gone
    check = check_border(recognizer, people, plain, bordered, 0.35)
    assert check.outcome == outcome
    assert (
        f"of 36 of your photos, {36 - gone} have a face with a border of 35% and {36 - missed} without" in check.found
    )


def test_too_few_photos_to_compare_the_border_are_said(faces_and_crops):
    people, recognizer, crops = faces_and_crops
    check = check_border(recognizer, people[:7], crops[:7], crops[:7], 0.35)
    assert check.outcome == "inconclusive"
    assert "too few to compare" in check.found


@pytest.mark.parametrize(
    ("gain", "outcome"),
    [
        ((0.25, 0.01, 0.6), "failed"),
        ((0.25, 0.0, 0.6), "inconclusive"),
        ((0.24, 0.01, 0.6), "inconclusive"),
        ((0.1, -0.1, 0.25), "inconclusive"),
        ((0.1, -0.1, 0.24), "passed"),
        ((0.0, 0.0, 0.0), "passed"),
    ],
)
def test_a_gain_of_a_quarter_with_an_interval_above_zero_fails(gain, outcome):
    """As docs/your-detector.md says."""
    assert _judged("any", Gain(*gain), "measured").outcome == outcome


@pytest.mark.parametrize("many", [7, 8])
def test_eight_photos_with_both_faces_are_enough(faces_and_crops, many):
    people, recognizer, crops = faces_and_crops
    by_mtcnn = [crop if row < many else None for row, crop in enumerate(crops)]
    of_detector = check_detector_faces(recognizer, people, crops, by_mtcnn).found
    of_border = check_border(recognizer, people, crops, by_mtcnn, 0.35).found
    if many == 7:
        assert of_detector == "7 of 36 photos have both faces; 8 are needed"
        assert of_border.endswith("too few to compare how well people are separated")
    else:
        assert of_detector.startswith("separation on 8 of your photos is")
        assert "; on 8 of them separation is" in of_border


def test_faces_that_are_all_the_same_fail_where_mtcnns_are_not(faces_and_crops):
    people, recognizer, crops = faces_and_crops
    same = check_detector_faces(recognizer, people, [crops[0]] * len(crops), crops)
    made = recognizer.embed(np.stack(crops))[0]
    value = float(separation(pair_sums(people, made))[0])
    assert same.outcome == "failed"
    assert same.found == (
        f"all 36 photos have the same template with the detector's faces; separation with MTCNN's is {value:.2f}"
    )


@pytest.mark.real_photos
def test_the_border_is_tried_on_photos_that_are_cut_tightly(shared, tmp_path):
    """Faces are cut as in the golden file of tight crops; five landmarks of such faces are wrong without a border."""
    pytest.importorskip("onnxruntime", reason="extra 'onnx' is not installed")
    lfw = shared / "data" / "lfw-deepfunneled"
    several = [person for person in sorted(lfw.iterdir()) if len(list(person.glob("*.jpg"))) > 1]
    for person in several[::100][:12]:
        (tmp_path / person.name).mkdir()
        for file in sorted(person.glob("*.jpg"))[:2]:
            cut = Image.open(file).crop((80, 75, 172, 180)).resize((276, 315), Image.Resampling.BILINEAR)
            cut.save(tmp_path / person.name / file.name, quality=95)
    model = str(shared / "weights" / "MobileFaceNet.onnx")
    comparisons = make_comparisons("all", read_people(tmp_path))

    def of_border(recipe):
        found = check_pipeline(load_pipeline(model, None, recipe, offline=True), comparisons)
        return next((check for check in found.checks if check.name == BORDER), None)

    check = of_border(None)
    assert check.outcome == "failed"
    assert float(re.search(r"gain \+([\d.]+)", check.found)[1]) > 1
    assert of_border(Recipe(pad=0.35)) is None


def test_page_and_console_say_so(people, tmp_path):
    if find_dlib_file() is None:
        pytest.skip("the weights of dlib-resnet are not installed (extra 'embedded')")
    said = []
    run = evaluate(
        people, model="dlib-resnet", recipe=Recipe(detector="none"), protocol="all", out=tmp_path / "run", offline=True,
        figures=False, say=said.append,
    )  # fmt: skip
    assert any(line.startswith("Note: dlib-resnet failed the model check") and AS_MTCNN in line for line in said)
    assert any(AS_MTCNN in warning for warning in run.summary.warnings)
    assert "separate people as well as MTCNN" in (run.folder / "report.html").read_text("utf-8")
