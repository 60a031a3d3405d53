from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceproof.errors import ConfigurationError
from faceproof.report.pictures.annotate import annotated, save_picture, side_by_side
from faceproof.systems.faces.types import Face

BOX, POINT = (0, 194, 168), (255, 176, 0)


def face(x0: float, y0: float, x1: float, y1: float) -> Face:
    across, down = np.array([0.3, 0.7, 0.5, 0.35, 0.65]), np.array([0.35, 0.35, 0.55, 0.75, 0.75])
    landmarks = np.stack([x0 + across * (x1 - x0), y0 + down * (y1 - y0)], axis=1)
    return Face(np.array([x0, y0, x1, y1], np.float32), 0.998, landmarks.astype(np.float32))


def gray(height: int = 200, width: int = 240) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def test_box_and_landmarks_are_where_the_face_is_and_the_photo_stays_as_it_was() -> None:
    photo = gray()
    photo[190:, :10] = (200, 30, 20)
    before = photo.copy()
    found = face(60, 50, 160, 170)
    picture = annotated(photo, [found], labels=False)
    assert picture.size == (240, 200)
    for corner in ((60, 50), (160, 50), (60, 170), (160, 170), (110, 50), (60, 110)):
        assert picture.getpixel(corner) == BOX
    for x, y in found.landmarks_px:
        assert picture.getpixel((round(float(x)), round(float(y)))) == POINT
    for elsewhere in ((30, 30), (110, 70), (200, 190)):
        assert picture.getpixel(elsewhere) == (90, 90, 90)
    assert picture.getpixel((5, 195)) == (200, 30, 20)
    assert (photo == before).all()


@pytest.mark.parametrize(
    "box",
    [
        (60, 50, 160, 170),
        # The label belongs to the box even where there is no room above it: text at (x0, y0) with anchor "lb" ends up
        # above the picture.
        (60, 0, 160, 120),
        (60, -12, 160, 120),
    ],
)
def test_the_probability_is_written_at_the_box(box: tuple[float, float, float, float]) -> None:
    plain, labelled = (np.asarray(annotated(gray(), [face(*box)], labels=labels)) for labels in (False, True))
    written = (labelled != plain).any(axis=2) & (labelled > 180).all(axis=2)
    assert written.sum() > 10


def test_faces_past_the_edges_tiny_photos_and_views_can_be_drawn() -> None:
    assert annotated(gray(8, 8), [face(-20, -20, 30, 30)]).size == (8, 8)
    mirrored = gray()[:, ::-1]
    mirrored.flags.writeable = False
    assert annotated(mirrored, [face(-5, 150, 260, 400)]).size == (240, 200)
    assert (np.asarray(annotated(gray(), [])) == 90).all()


def test_two_pictures_stand_side_by_side_at_one_height() -> None:
    left, right = Image.new("RGB", (100, 200), "red"), Image.new("RGB", (400, 400), "blue")
    sheet = side_by_side(left, right, "the same person, distance 0.412", height=300)
    assert sheet.size == (150 + 12 + 300, 344)
    assert sheet.getpixel((149, 150)) == (255, 0, 0)
    assert sheet.getpixel((162, 150)) == (0, 0, 255)
    caption = np.asarray(sheet)[300:]
    assert (caption < 100).all(axis=2).sum() > 100


def test_a_picture_is_written_in_the_format_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "pair.png"
    save_picture(Image.new("RGB", (5, 4), "red"), path)
    with Image.open(path) as written:
        assert (written.format, written.size) == ("PNG", (5, 4))


@pytest.mark.parametrize("name", ["pair", "pair.xyz", "taken/pair.png"])
def test_a_picture_that_cannot_be_written_is_a_mistake_in_the_settings(tmp_path: Path, name: str) -> None:
    (tmp_path / "taken").write_text("a file, no folder")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        save_picture(Image.new("RGB", (5, 4)), tmp_path / name)
