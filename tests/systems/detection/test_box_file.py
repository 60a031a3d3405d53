"""Faces that were found elsewhere: what a file may say, and what is refused."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from faceproof.errors import ConfigurationError
from faceproof.files import write_csv
from faceproof.people.types import Photo
from faceproof.systems.detection.box_file import COLUMNS, POINTS, BoxFile
from faceproof.systems.faces.types import Failure

NO_PIXELS = np.zeros((1, 1, 3), np.uint8)
CORNERS = "photo,x0,y0,x1,y1"
EVERYTHING = ",".join(COLUMNS)
LANDMARKS = (20, 40, 40, 41, 30, 52, 22, 65, 38, 66)
FACE = f"10,20,50,80,0.98,{','.join(map(str, LANDMARKS))}"
SWAPPED = "10,20,50,80,0.98,40,41,20,40,30,52,38,66,22,65"
NO_LANDMARKS = f"10,20,50,80,0.98{',' * 10}"


def file_of(folder, *lines, name="faces.csv"):
    path = folder / name
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return BoxFile(path)


def faces(box_file, photo="Anna/1.jpg"):
    """What the file says of one photo, whose pixels it never needs."""
    (found,) = box_file.find([NO_PIXELS], [photo])
    return found


def photo(name, sha256="ab" * 32):
    return Photo(name, Path("nowhere") / name, name.partition("/")[0], sha256)


@pytest.mark.parametrize(
    "lines",
    [
        (CORNERS, "Anna/1.jpg,10,20.5,50,80"),
        ("photo,x,y,width,height", "Anna/1.jpg,10,20.5,40,59.5"),
        ("y1,x1, Photo,who,Y0,x0", "80,50,Anna/1.jpg,Anna,20.5,10"),
        (f"\ufeff{CORNERS},probability", "Anna/1.jpg,10,20.5,50,80,"),
        ("photo;x0;y0;x1;y1", "", ";;;;", "Anna/1.jpg;10;20.5;50;80"),
        (CORNERS.replace(",", "\t"), "Anna/1.jpg\t10\t20.5\t50\t80"),
        (f"{CORNERS},probability", "Anna/1.jpg,10, 20.5 ,50,80, NaN"),
    ],
    ids=["corners", "sides", "another order", "from a spreadsheet", "semicolons", "tabs", "blanks"],
)
def test_a_box_is_two_corners_or_a_corner_and_sides(tmp_path, lines):
    found = faces(file_of(tmp_path, *lines))
    assert found.boxes_xyxy_px.tolist() == [[10, 20.5, 50, 80]]
    assert np.isnan(found.probabilities).all()
    assert not found.face(0).has_landmarks


def test_a_face_has_probability_and_landmarks_where_the_file_has_them(tmp_path):
    face = faces(file_of(tmp_path, EVERYTHING, f"Anna/1.jpg,{FACE}")).face(0)
    assert face.probability == pytest.approx(0.98)
    assert face.landmarks_px.ravel().tolist() == list(LANDMARKS)


def test_parquet_says_what_csv_says(tmp_path):
    lines = [EVERYTHING, f"Anna/1.jpg,{FACE}", f"Ben/1.jpg{',' * 15}", f"Ben/2.jpg,{NO_LANDMARKS}"]
    as_csv = file_of(tmp_path, *lines)
    pq.write_table(pa_csv.read_csv(tmp_path / "faces.csv"), tmp_path / "faces.parquet")
    as_parquet = BoxFile(tmp_path / "faces.parquet")
    for name in ("Anna/1.jpg", "Ben/1.jpg", "Ben/2.jpg"):
        assert as_parquet.key(photo(name)) == as_csv.key(photo(name)) != ""
        for one, other in zip(rows_of(faces(as_csv, name)), rows_of(faces(as_parquet, name)), strict=True):
            np.testing.assert_array_equal(one, other)


def rows_of(found):
    return found.boxes_xyxy_px, found.probabilities, found.landmarks_px


def test_a_photo_may_have_several_faces_in_the_order_of_the_file(tmp_path):
    rows = ("Anna/1.jpg,5,5,9,9", "Ben/1.jpg,1,1,2,2", "Anna/1.jpg,0,0,30,30")
    box_file = file_of(tmp_path, CORNERS, *rows)
    assert faces(box_file).boxes_xyxy_px.tolist() == [[5, 5, 9, 9], [0, 0, 30, 30]]
    assert faces(box_file, "Ben/1.jpg").boxes_xyxy_px.tolist() == [[1, 1, 2, 2]]


def test_a_row_without_a_box_says_that_there_is_no_face(tmp_path):
    assert len(faces(file_of(tmp_path, CORNERS, "Anna/1.jpg,,,,"))) == 0


def test_a_photo_without_a_row_is_a_failure_that_says_so(tmp_path):
    box_file = file_of(tmp_path, CORNERS, "Anna/1.jpg,10,20,50,80")
    assert faces(box_file, "Anna/2.jpg") == Failure("faces.csv has no row for it")


@pytest.mark.parametrize(
    ("rows", "landmarks"),
    [([FACE, FACE], True), ([NO_LANDMARKS, NO_LANDMARKS], False), ([FACE, NO_LANDMARKS], None), ([",", FACE], True)],
    ids=["all", "none", "some", "all that have a box"],
)
def test_whether_faces_have_landmarks_is_known_beforehand(tmp_path, rows, landmarks):
    lines = [f"Anna/{row}.jpg,{face}" if face != "," else f"Anna/{row}.jpg{',' * 15}" for row, face in enumerate(rows)]
    assert file_of(tmp_path, EVERYTHING, *lines).landmarks is landmarks


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["photo,x0,y0,x1", "a/1.jpg,1,2,3"], "has the columns photo, x0, y0, x1. Expected the columns photo"),
        (["file,x0,y0,x1,y1", "a/1.jpg,1,2,3,4"], "has the columns file, x0"),
        (["photo;x0;y0;x1;y1", "a/1.jpg;1,5;2;3;4"], "column x0 is no numbers"),
        (["photo:x0:y0:x1:y1", "a/1.jpg:1:2:3:4"], "has the columns photo:x0:y0:x1:y1"),
        ([f"{CORNERS},X0", "a/1.jpg,1,2,3,4,5"], "has the columns photo, x0, y0, x1, y1, x0"),
        ([f"{CORNERS},{','.join(POINTS[:9])}", f"a/1.jpg,1,2,3,4{',5' * 9}"], "all of left_eye_x"),
        ([CORNERS], "has no row"),
        ([CORNERS, "a/1.jpg,1,2,three,4"], "column x1 is no numbers"),
        ([f"{CORNERS},probability", "a/1.jpg,1,2,3,4,98%"], "column probability is no numbers"),
        ([CORNERS, ",1,2,3,4"], "rows that name no photo: 1 (row 1,"),
        ([CORNERS, "a/1.jpg,1,2,3,4", "a/2.jpg,3,2,3,4"], "rows that have a box that is empty"),
        ([CORNERS, "a/1.jpg,1,2,3,4", "a/2.jpg,3,2,3,4"], "1 (row 2, from 1 below the first line). Correct them."),
        ([CORNERS, "a/1.jpg,1,4,3,2"], "upside down"),
        ([CORNERS, "a/1.jpg,1,2,,4"], "not whole"),
        ([CORNERS, "a/1.jpg,1,2,inf,4"], "not whole"),
        ([CORNERS, "a/1.jpg,1,2,1e39,4"], "not whole"),
        (["photo,x,y,width,height", "a/1.jpg,1,2,0,4"], "rows that have a box that is empty"),
        ([CORNERS, *["a/1.jpg,1,4,3,2"] * 7], "7 (row 1, 2, 3, 4, 5, from"),
        ([f"{CORNERS},probability", "a/1.jpg,1,2,3,4,1.5"], "a probability outside 0 to 1: 1 (row 1,"),
        ([f"{CORNERS},probability", "a/1.jpg,1,2,3,4,-0.1"], "a probability outside 0 to 1"),
        ([EVERYTHING, f"a/1.jpg,{FACE}", f"a/2.jpg,{FACE[:-3]},"], "have a part of the landmarks: 1 (row 2,"),
        ([EVERYTHING, f"a/1.jpg,{FACE[:-3]},inf"], "have a part of the landmarks"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_rows(tmp_path, lines, said):
    with pytest.raises(ConfigurationError) as told:
        file_of(tmp_path, *lines)
    assert said in str(told.value)
    assert str(tmp_path / "faces.csv") in str(told.value)


def test_left_and_right_by_the_persons_own_sides_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"in 2 of 3 faces the left eye lies right .*swap these columns"):
        file_of(tmp_path, EVERYTHING, *(f"a/1.jpg,{face}" for face in (SWAPPED, FACE, SWAPPED)))


def test_a_face_that_lies_on_its_side_is_no_reason_to_refuse_the_others(tmp_path):
    box_file = file_of(tmp_path, EVERYTHING, *(f"Anna/1.jpg,{face}" for face in (SWAPPED, FACE, FACE)))
    assert len(faces(box_file)) == 3


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", r"empty\.csv is empty\. Expected the columns"),
        (
            "latin.csv",
            f"{CORNERS}\nZo\xeb/1.jpg,1,2,3,4\n".encode("latin-1"),
            r"latin\.csv: line 2 is not UTF-8 text\. Save the file of faces as UTF-8\.$",
        ),
        ("short.csv", f"{CORNERS}\na/1.jpg,1,2\n".encode(), r"short\.csv: line 2: 3 cells; the first line names 5"),
        (
            "quote.csv",
            f'{CORNERS}\n"a/1.jpg,1,2,3,4\n'.encode(),
            r"quote\.csv: the row that starts in line 2 is not CSV",
        ),
        ("text.parquet", b"photo", r"The file of faces .*text\.parquet cannot be read .*Expected the columns"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_what_was_expected(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=said):
        BoxFile(tmp_path / name)


@pytest.mark.parametrize("name", ["faces.csv", "faces.parquet"])
def test_a_folder_is_no_file(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(ConfigurationError, match=rf"^The file of faces \S+{name} is a folder\. Expected a file\."):
        BoxFile(tmp_path / name)


class TestNotes:
    @pytest.fixture
    def box_file(self, tmp_path):
        return file_of(tmp_path, CORNERS, *(f"Anna/{number}.jpg,1,2,3,4" for number in (1, 1, 2, 3)))

    def test_where_both_have_the_same_photos_there_is_nothing_to_say(self, box_file):
        assert box_file.notes([photo(f"Anna/{number}.jpg") for number in (1, 2, 3)]) == []

    def test_what_the_file_lacks_and_what_it_has_beside_it_is_told(self, box_file):
        photos = [photo(name) for name in ("Anna/1.jpg", "Ben/1.jpg", "Ben/2.jpg")]
        assert box_file.notes(photos) == [
            "faces.csv has no row for 2 of 3 photos: Ben/1.jpg, Ben/2.jpg.",
            "faces.csv has 2 more photos, which are not compared.",
        ]
        assert box_file.notes([*photos[:1], photo("Anna/2.jpg")]) == [
            "faces.csv has 1 more photo, which is not compared."
        ]

    def test_no_photo_in_common_is_refused_with_the_names_of_both(self, box_file):
        with pytest.raises(ConfigurationError, match=r"called people/Anna/1\.jpg, and those of the file Anna/1\.jpg"):
            box_file.notes([photo("people/Anna/1.jpg")])


class TestKey:
    """What the engine takes for one photo, and keeps between runs."""

    def test_equal_bytes_with_other_faces_are_kept_apart(self, tmp_path):
        box_file = file_of(tmp_path, CORNERS, "Anna/1.jpg,1,2,3,4", "Ben/1.jpg,1,2,3,5", "Cleo/1.jpg,1,2,3,4")
        anna, ben, cleo = (box_file.key(photo(f"{name}/1.jpg")) for name in ("Anna", "Ben", "Cleo"))
        assert anna == cleo != ben
        assert box_file.key(photo("Anna/1.jpg", "cd" * 32)) not in (anna, ben)

    def test_what_nothing_is_known_of_has_none(self, tmp_path):
        box_file = file_of(tmp_path, CORNERS, "Anna/1.jpg,1,2,3,4")
        assert box_file.key(photo("Ben/1.jpg")) == ""
        assert box_file.key(photo("Anna/1.jpg", sha256="")) == ""


@pytest.mark.parametrize(
    "name", ["=x/1.jpg", "'tis/1.jpg", "'=x/1.jpg", "a,b/1.jpg", "a\nb/1.jpg", '"a"/1.jpg', "Zoë 😀/1.jpg", "7/8"]
)
def test_every_name_comes_back_as_it_was_written(tmp_path, name):
    row = {"photo": name} | dict(zip(("x0", "y0", "x1", "y1"), (1, 2, 3, 4), strict=True))
    write_csv(tmp_path / "faces.csv", COLUMNS, [row])
    assert len(faces(BoxFile(tmp_path / "faces.csv"), name)) == 1


def test_a_name_that_was_guarded_from_spreadsheets_is_read_without_the_guard(tmp_path):
    assert len(faces(file_of(tmp_path, CORNERS, "'=x/1.jpg,1,2,3,4"), "=x/1.jpg")) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode here")
def test_a_file_whose_name_is_no_unicode_can_be_read_and_told(tmp_path):
    box_file = file_of(tmp_path, CORNERS, "Anna/1.jpg,1,2,3,4", name=os.fsdecode(b"caf\xe9.csv"))
    assert len(faces(box_file)) == 1
    assert faces(box_file, "Ben/1.jpg").reason == "caf\ufffd.csv has no row for it"
    assert json.dumps(dict(box_file.source), ensure_ascii=False).encode()


def test_what_is_no_regular_file_is_not_opened(tmp_path, special):
    called = special(tmp_path / "odd.csv")
    with pytest.raises(ConfigurationError, match=rf"^The file of faces \S+odd\.csv is {called}\. Expected a "):
        BoxFile(tmp_path / "odd.csv")


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"^The file of faces \S+absent\.csv cannot be read \(No such file"):
        BoxFile(tmp_path / "absent.csv")
