"""One photo under every condition: how large the sheet is, and what is said of a face that was not found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from faceproof.report.pictures.contact_sheet import Tile, contact_sheet

RED, GREEN, EMPTY = (0xD5, 0x35, 0x2B), (0x00, 0xA0, 0x87), (0xEE, 0xF0, 0xF3)
TILE, GAP, WORDS, LINE = 132, 10, 190, 17


def plain(width: int = 200, height: int = 200, colour: tuple[int, int, int] = (40, 60, 90)) -> Any:
    return np.full((height, width, 3), colour, np.uint8)


def tile_of(sheet: Image.Image, row: int = 0, column: int = 0) -> Any:
    left, top = WORDS + column * (TILE + GAP), GAP + row * (TILE + LINE + GAP)
    return np.asarray(sheet.crop((left, top, left + TILE, top + TILE)))


def is_colour(pixels: Any, colour: tuple[int, int, int]) -> Any:
    return (pixels == colour).all(axis=-1)


def ring(tile: Any) -> Any:
    """The outermost pixels."""
    return np.concatenate([tile[0], tile[-1], tile[:, 0], tile[:, -1]])


def test_it_has_a_row_for_each_family_and_a_column_for_each_severity() -> None:
    tiles = [Tile(f"severity {number}", plain(), None, face_sought=False) for number in range(5)]
    sheet = contact_sheet([("Photo as it is", tiles[:1]), ("Blur", tiles), ("JPEG", tiles[:3])])
    assert sheet.mode == "RGB"
    assert sheet.size == (WORDS + 5 * (TILE + GAP) + GAP, 3 * (TILE + LINE + GAP) + GAP)
    for row, columns in enumerate((1, 5, 3)):
        for column in range(5):
            white = (tile_of(sheet, row, column) == 255).all()
            assert white == (column >= columns)


def test_a_photo_without_a_face_has_a_red_frame_and_says_so() -> None:
    tile = tile_of(contact_sheet([("Blur", [Tile("radius 5 px", plain(), None)])]))
    assert is_colour(ring(tile), RED).all()
    assert is_colour(tile[3:30, 3:80], RED).any()
    assert not is_colour(tile[40:-4, 4:-4], RED).any()


def test_a_face_that_was_found_has_a_box_in_its_place_and_no_red() -> None:
    tile = tile_of(contact_sheet([("Blur", [Tile("", plain(264, 264), (60, 80, 160, 220))])]))
    rows, columns = np.nonzero(is_colour(tile, GREEN))
    assert [columns.min(), rows.min(), columns.max(), rows.max()] == pytest.approx([30, 40, 80, 110], abs=1)
    assert not is_colour(tile, RED).any()


def test_where_no_face_was_sought_there_is_no_frame() -> None:
    tile = tile_of(contact_sheet([("Blur", [Tile("", plain(), None, face_sought=False)])]))
    assert is_colour(tile, (40, 60, 90)).all()


def test_without_a_picture_it_says_so_in_no_alarming_colour() -> None:
    tile = tile_of(contact_sheet([("Own", [Tile("severity 1", None, None)])]))
    assert not is_colour(tile, RED).any()
    assert is_colour(tile[40:], EMPTY).all()
    assert not is_colour(tile[:25], EMPTY).all()


@pytest.mark.parametrize(("width", "height"), [(400, 100), (100, 400), (1, 300), (3000, 2)])
def test_a_photo_keeps_its_proportions_and_lies_in_the_middle(width: int, height: int) -> None:
    tile = tile_of(contact_sheet([("Blur", [Tile("", plain(width, height), None, face_sought=False)])]))
    rows, columns = np.nonzero(~is_colour(tile, EMPTY))
    shown = (columns.max() - columns.min() + 1, rows.max() - rows.min() + 1)
    scale = TILE / max(width, height)
    assert shown == pytest.approx((max(width * scale, 1), max(height * scale, 1)), abs=1)
    assert columns.min() + columns.max() == pytest.approx(TILE - 1, abs=1)
    assert rows.min() + rows.max() == pytest.approx(TILE - 1, abs=1)


def test_a_small_picture_is_shown_with_its_pixels() -> None:
    checks = np.zeros((12, 12, 3), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = 255
    tile = tile_of(contact_sheet([("Resolution", [Tile("12 px", checks, None, face_sought=False)])]))
    assert set(np.unique(tile)) == {0, 255}
    assert (tile[:11, :11] == 255).all()
    assert (tile[:11, 11:22] == 0).all()


@pytest.mark.parametrize(
    "words", ["x" * 400, "<script>alert(1)</script>", "=1+1", "Zoë 李 😀 \u202e\u2028", "two\nlines", "caf\ufffd", ""]
)
def test_any_words_fit(words: str) -> None:
    sheet = contact_sheet([(words, [Tile(words, plain(), None)] * 2)])
    assert sheet.size == (WORDS + 2 * (TILE + GAP) + GAP, TILE + LINE + GAP + GAP)
    assert is_colour(ring(tile_of(sheet)), RED).all()


def test_the_sheet_of_a_run_has_a_row_for_each_family_and_red_where_no_face_is_left(stress_run: Any) -> None:
    entries = [entry for entry in stress_run.summary.conditions if entry.failed is None]
    photos = pq.read_table(stress_run.folder / "photos.parquet").to_pylist()
    shown = pq.read_table(stress_run.folder / "comparisons.parquet")["photo_b"][0].as_py()
    found = {row["condition"]: row["box_xyxy_px"] is not None for row in photos if row["photo"] == shown}
    assert set(found.values()) == {True, False}
    with Image.open(stress_run.folder / "figures" / "contact-sheet.png") as sheet:
        families = list(dict.fromkeys(entry.family for entry in entries))
        assert sheet.size == (WORDS + 3 * (TILE + GAP) + GAP, len(families) * (TILE + LINE + GAP) + GAP)
        places = [
            (families.index(entry.family), [e.family for e in entries[:place]].count(entry.family))
            for place, entry in enumerate(entries)
        ]
        for entry, place in zip(entries, places, strict=True):
            tile = tile_of(sheet, *place)
            assert is_colour(ring(tile), RED).all() == (not found[entry.name])
            assert is_colour(tile, GREEN).any() == found[entry.name]
