"""Thumbnails of real files: where the box is, and what is said where there is no picture."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from faceproof.report.pictures.thumbnails import THUMBNAIL_PX, Thumbnail, boxes_of_run, photo_strips, thumbnail
from faceproof.summary.evaluation_schema import EvaluationSummary


def write_photo(folder: Path, photo: str, width: int, height: int, colour: str = "#203050") -> None:
    path = folder / photo
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), colour).save(path)


def picture_of(made: Thumbnail) -> Image.Image:
    assert made.reason is None
    assert made.uri is not None
    kind, data = made.uri.split(",", 1)
    assert kind == "data:image/jpeg;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    picture.load()
    return picture


def box_seen(picture: Image.Image) -> list[int] | None:
    """Left, top, right, bottom of what is light: the box, on photos of a dark blue."""
    rows, columns = np.nonzero(np.asarray(picture)[..., 1] > 120)
    return [columns.min(), rows.min(), columns.max(), rows.max()] if len(rows) else None


def test_the_face_is_shown_at_twice_its_size_with_its_box(tmp_path: Path) -> None:
    write_photo(tmp_path, "Ann/Ann_0001.png", 900, 700)
    picture = picture_of(thumbnail(tmp_path, "Ann/Ann_0001.png", (400, 250, 500, 370)))
    assert picture.size == (160, 160)
    # A window of 240 px around (450, 310), shrunk to two thirds: the box is 67 by 80 px in the middle.
    assert box_seen(picture) == pytest.approx([47, 40, 113, 120], abs=2)


def test_a_small_face_is_not_blown_up(tmp_path: Path) -> None:
    write_photo(tmp_path, "a.png", 300, 300)
    picture = picture_of(thumbnail(tmp_path, "a.png", (100, 100, 130, 140)))
    assert picture.size == (80, 80)
    assert box_seen(picture) == pytest.approx([25, 20, 55, 60], abs=2)


@pytest.mark.parametrize(
    ("box", "seen"),
    [
        ((-30, -20, 50, 80), [0, 0, 40, 64]),
        ((160, 110, 230, 170), [100, 100, 139, 139]),
        ((-50, -50, 400, 400), None),
    ],
    ids=["top left", "bottom right", "larger than the photo"],
)
def test_a_box_past_the_edge_is_clipped(tmp_path: Path, box: tuple[int, ...], seen: list[int] | None) -> None:
    write_photo(tmp_path, "a.png", 200, 150)
    picture = picture_of(thumbnail(tmp_path, "a.png", box))
    found = box_seen(picture)
    assert found == (seen if seen is None else pytest.approx(seen, abs=2))


def test_without_a_box_the_whole_photo_is_shown_in_its_proportions(tmp_path: Path) -> None:
    write_photo(tmp_path, "wide.jpg", 800, 200)
    picture = picture_of(thumbnail(tmp_path, "wide.jpg"))
    assert picture.size == (160, 40)
    assert box_seen(picture) is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.tuples(st.integers(1, 420), st.integers(1, 420)),
    st.tuples(*[st.floats(-300, 700)] * 2),
    st.tuples(*[st.floats(0, 900)] * 2),
)
def test_any_box_on_any_photo_gives_a_small_picture(
    tmp_path: Path, size: tuple[int, int], start: tuple[float, float], extent: tuple[float, float]
) -> None:
    write_photo(tmp_path, "a.bmp", *size)
    box = (*start, start[0] + extent[0], start[1] + extent[1])
    picture = picture_of(thumbnail(tmp_path, "a.bmp", box))
    assert min(picture.size) >= 1
    assert max(picture.size) <= min(THUMBNAIL_PX, max(size))


@pytest.mark.parametrize("photo", ["../secret.png", "Ann/../../secret.png", "{outside}/secret.png"])
def test_a_photo_outside_of_the_folder_is_refused(tmp_path: Path, photo: str) -> None:
    write_photo(tmp_path, "secret.png", 50, 50)
    people = tmp_path / "people"
    (people / "Ann").mkdir(parents=True)
    photo = photo.format(outside=tmp_path)
    assert (people / photo).is_file()
    made = thumbnail(people, photo)
    assert made == Thumbnail(None, "the photo lies outside of the folder of people")


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        ("Ann/gone.jpg", "file not found"),
        ("Ann", "not a file"),
        ("empty.jpg", "zero bytes"),
        ("page.jpg", "not an image"),
        ("cut.jpg", "truncated"),
        ("nul\0.jpg", "no file can have this name"),
        ("long" * 100, "cannot be read"),
    ],
)
def test_a_photo_that_cannot_be_shown_says_why(tmp_path: Path, photo: str, reason: str) -> None:
    write_photo(tmp_path, "cut.jpg", 300, 300)
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "cut.jpg").read_bytes()[:-400])
    (tmp_path / "Ann").mkdir()
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "page.jpg").write_text("<html><script>alert(1)</script>")
    made = thumbnail(tmp_path, photo, (1, 1, 20, 20))
    assert made.uri is None
    assert made.reason is not None
    assert reason in made.reason
    assert str(tmp_path) not in made.reason


def test_every_photo_of_a_failure_is_looked_for(summary_of: Callable[..., EvaluationSummary], tmp_path: Path) -> None:
    summary = summary_of(200, 200)
    failures = summary.failures
    worst = failures.false_non_matches[0]
    write_photo(tmp_path, worst.photo_a, 250, 250)
    strips = photo_strips(summary, tmp_path, {worst.photo_a: (70, 60, 180, 200)})
    assert strips.at_hand
    couples = failures.false_matches + failures.false_non_matches
    named = {getattr(entry, side) for entry in couples for side in ("photo_a", "photo_b")}
    assert set(strips.thumbnails) == named | {"Marilyn_Monroe/Marilyn_Monroe_0001.jpg"}
    assert box_seen(picture_of(strips.of(worst.photo_a))) is not None
    assert "file not found" in str(strips.of(worst.photo_b).reason)


def test_without_a_folder_no_photo_is_looked_for(summary: EvaluationSummary) -> None:
    strips = photo_strips(summary, None)
    assert not strips.at_hand
    assert strips.of("Ann/Ann_0001.jpg") == Thumbnail(None, "this photo was not looked for")


def write_boxes(folder: Path, rows: list[tuple[str, str, list[float] | None]]) -> None:
    photo, condition, box = zip(*rows, strict=True)
    columns = {"photo": photo, "condition": condition, "box_xyxy_px": pa.array(box, pa.list_(pa.float32(), 4))}
    pq.write_table(pa.table(columns), folder / "photos.parquet")


def test_boxes_come_from_the_run_folder(tmp_path: Path) -> None:
    assert boxes_of_run(tmp_path) == {}
    write_boxes(tmp_path, [("Ann/1.jpg", "clean", [1, 2, 3, 4]), ("Ann/2.jpg", "clean", None)])
    assert boxes_of_run(tmp_path) == {"Ann/1.jpg": (1, 2, 3, 4)}


def test_boxes_are_those_of_the_photos_as_they_are(tmp_path: Path) -> None:
    # Thumbnails show the photo as it is, so the row of another condition must not stand in for it.
    write_boxes(tmp_path, [("Ann/1.jpg", "clean", [1, 2, 3, 4]), ("Ann/1.jpg", "blur", [5, 6, 7, 8])])
    assert boxes_of_run(tmp_path) == {"Ann/1.jpg": (1, 2, 3, 4)}
