"""`faceproof.detect`: what it gives for each photo, and what it writes; the command is in tests/cli/test_detect.py."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import faceproof
from faceproof.errors import ConfigurationError, PeopleError
from faceproof.systems.detection.box_file import BoxFile


class Halves:
    """The left and the right half of every photo; fails on photos that are higher than wide."""

    def find(self, photos):
        found = []
        for photo in photos:
            height, width = photo.shape[:2]
            if height > width:
                raise ValueError("stands upright")
            found.append([[0, 0, width // 2, height, 0.5], [width // 2, 0, width, height, 0.75]])
        return found


@pytest.fixture
def photos(tmp_path):
    """Two photos, one of them on its side, one broken."""
    folder = tmp_path / "photos"
    (folder / "Ann").mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    Image.fromarray(noise).save(folder / "Ann" / "wide.png")
    Image.fromarray(noise.swapaxes(0, 1)).save(folder / "Ann" / "high.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no photo")
    return folder


def test_each_photo_has_faces_or_a_reason(photos):
    high, wide, broken = faceproof.detect(photos, detector=Halves())
    assert [one.photo_id for one in (high, wide, broken)] == ["Ann/high.png", "Ann/wide.png", "broken.jpg"]
    assert (wide.path, wide.reason) == (photos / "Ann" / "wide.png", None)
    assert wide.faces.boxes_xyxy_px.tolist() == [[0, 0, 20, 30], [20, 0, 40, 30]]
    assert wide.faces.probabilities.tolist() == [0.5, 0.75]
    assert (high.faces, broken.faces) == (None, None)
    assert high.reason.endswith("find raised ValueError: stands upright")
    assert broken.reason


def test_photos_come_in_the_order_in_which_they_are_given(photos):
    wide, high = photos / "Ann" / "wide.png", str(photos / "Ann" / "high.png")
    assert [one.photo_id for one in faceproof.detect([wide, high], detector="none")] == ["wide.png", "high.png"]
    (alone,) = faceproof.detect(high, detector="none")
    assert alone.faces.boxes_xyxy_px.tolist() == [[0, 0, 30, 40]]


def test_files_hold_the_faces_of_the_photos_that_have_some(photos, tmp_path):
    folders = {"crops": tmp_path / "crops", "annotated_photos": tmp_path / "drawn"}
    found = faceproof.detect(photos, detector=Halves(), boxes=tmp_path / "b.csv", crop_size_px=12, **folders)
    again = faceproof.detect(photos, detector=tmp_path / "b.csv")
    assert isinstance(BoxFile(tmp_path / "b.csv"), BoxFile)
    np.testing.assert_array_equal(again[1].faces.boxes_xyxy_px, found[1].faces.boxes_xyxy_px)
    assert again[0].reason == "b.csv has no row for it"
    assert sorted(path.name for path in folders["crops"].iterdir()) == ["001-wide-1.png", "001-wide-2.png"]
    assert [path.name for path in folders["annotated_photos"].iterdir()] == ["001-wide.png"]
    with Image.open(folders["crops"] / "001-wide-1.png") as crop:
        assert crop.size == (12, 12)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"margin_px": 160}, r"^margin_px 160 must be at least 0 and below the side of the crop, 160\.$"),
        ({"margin_px": -1}, r"^margin_px -1 must be"),
        ({"boxes": "b.parquet"}, r"^boxes b\.parquet: expected a name that ends in \.csv\.$"),
    ],
)
def test_a_wrong_argument_is_named(photos, arguments, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        faceproof.detect(photos, detector="none", **arguments)
    assert caught.value.argument in arguments


def test_no_photo_is_an_error(tmp_path):
    for nothing in (tmp_path, [tmp_path], []):
        with pytest.raises(PeopleError, match="There is no photo in "):
            faceproof.detect(nothing, detector="none")
