"""The rows of photos: what is unknown is null, what is zero is zero, and a photo that was not wanted has no row."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import numpy as np
import pytest

from faceproof.errors import CacheError
from faceproof.people.types import Photo
from faceproof.systems.faces.types import Face
from faceproof.systems.photo_table import PhotoOutcome, PhotoTable, printable_path

LANDMARKS = np.arange(10, dtype=np.float32).reshape(5, 2)
BOX = np.array([0, 1, 30, 41], np.float32)
TIMES = {"decode_ms": 0.0, "detect_ms": 2.5, "embed_ms": 4.0}


def photo_table(*names: str, size: int = 2) -> PhotoTable:
    return PhotoTable([Photo(name, Path("root") / name, name.partition("/")[0], f"of {name}") for name in names], size)


def test_a_photo_with_a_template_has_every_cell() -> None:
    table = photo_table("ann/1")
    face = Face(BOX, 0.5, LANDMARKS)
    outcome = PhotoOutcome("template", None, 80, 60, 3, face, np.array([0.6, 0.8], np.float32), 12.5, **TIMES)
    table.put(0, outcome)
    assert table.to_table("blur-2").to_pylist() == [
        {
            **{"photo": "ann/1", "person": "ann", "path": str(Path("root/ann/1")), "sha256": "of ann/1"},
            **{"condition": "blur-2", "outcome": "template", "reason": None, "width_px": 80, "height_px": 60},
            **{"faces_found": 3, "box_xyxy_px": [0, 1, 30, 41], "probability": 0.5, "landmarks_px": list(range(10))},
            **{"template_norm": 12.5, "decode_ms": 0.0, "detect_ms": 2.5, "embed_ms": 4.0},
        }
    ]
    assert table.templates[0].tolist() == pytest.approx([0.6, 0.8])
    assert table.failure(0) is None


def test_what_is_not_known_of_a_failed_photo_is_null_and_no_faces_are_zero_faces() -> None:
    table = photo_table("ann/1", "ann/2")
    table.put(0, PhotoOutcome(width_px=80, height_px=60, faces_found=0, decode_ms=1.0).fail("detect", "no face found"))
    table.put(1, PhotoOutcome().fail("decode", "empty"))
    first, second = table.to_table().to_pylist()
    assert (first["outcome"], first["reason"], first["faces_found"]) == ("detect", "no face found", 0)
    unknown = ["box_xyxy_px", "probability", "landmarks_px", "template_norm", "detect_ms", "embed_ms"]
    assert [name for name, cell in first.items() if cell is None] == unknown
    assert {name for name, cell in second.items() if cell is None} == {
        *unknown,
        *("width_px", "height_px", "faces_found", "decode_ms"),
    }
    assert np.isnan(table.templates).all()
    assert [table.failure(row) for row in (0, 1)] == ["detect: no face found", "decode: empty"]


def test_a_face_without_landmarks_keeps_its_box() -> None:
    table = photo_table("ann/1")
    table.put(0, PhotoOutcome("align", face=Face(BOX, float("nan"), np.full((5, 2), np.nan, np.float32))))
    (row,) = table.to_table().to_pylist()
    assert (row["box_xyxy_px"], row["landmarks_px"], row["probability"]) == ([0, 1, 30, 41], None, None)
    assert table.failure(0) == "align: "


def test_photos_that_were_not_wanted_have_no_row() -> None:
    table = photo_table("ann/1", "ann/2", "ann/3")
    table.put(1, PhotoOutcome().fail("decode", "empty"))
    rows = table.to_table()
    assert (rows["photo"].to_pylist(), rows["condition"].to_pylist()) == (["ann/2"], ["clean"])
    assert rows.schema.equals(photo_table().to_table().schema)


def test_templates_start_as_zeros_in_a_file_and_may_be_none() -> None:
    for table, shape in ((photo_table("a/1", "a/2", "a/3", size=5), (3, 5)), (photo_table(), (0, 2))):
        assert table.templates.shape == shape
        assert table.templates.dtype == np.float32
        assert not table.templates.any()
    assert isinstance(photo_table("a/1").templates, np.memmap)
    assert photo_table("a/1", size=0).templates.shape == (1, 0)


def test_without_room_for_templates_it_is_said_how_much_they_need() -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(CacheError, match=r"Templates of 100 photos need 102 kB in .*Free some room"):
            photo_table(*(f"a/{n}" for n in range(100)), size=256)
        assert photo_table(*(f"a/{n}" for n in range(100)), size=250).templates.shape == (100, 250)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_path_that_is_no_unicode_is_printable() -> None:
    assert printable_path(Path("root/Zoë.jpg")) == str(Path("root/Zoë.jpg"))
    assert printable_path(Path(os.fsdecode(b"caf\xe9.jpg"))) == "caf\ufffd.jpg"
