"""Thumbnails for the page: the compared face of each photo of a failure, with its box."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from faceproof.engine.parquet_files import read_parquet
from faceproof.errors import ImageDecodeError
from faceproof.people.decode import decode_photo
from faceproof.summary.evaluation_schema import EvaluationSummary, Failures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

THUMBNAIL_PX = 160
_CONTEXT = 2.0
_BOX_COLOUR = (255, 196, 61)

Box = Sequence[float]


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A thumbnail as a data URI, or the reason why there is none."""

    uri: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class PhotoStrips:
    """Thumbnails of the failures of a run by photo id; ``at_hand`` is False where there is no folder of photos."""

    thumbnails: Mapping[str, Thumbnail] = field(default_factory=dict)
    at_hand: bool = False

    def of(self, photo: str) -> Thumbnail:
        """The thumbnail of a photo; one without a picture, with the reason, where the photo was not read."""
        return self.thumbnails.get(photo, Thumbnail(None, "this photo was not looked for"))


def photo_strips(
    summary: EvaluationSummary, photos_root: Path | None, boxes: Mapping[str, Box] | None = None
) -> PhotoStrips:
    """Make thumbnails of all photos in the failures of a run.

    Args:
        summary: summary of the run.
        photos_root: folder of people, to which photo ids are relative; None: no thumbnails.
        boxes: box of the compared face by photo id, (x0, y0, x1, y1) in pixels of the photo.

    Returns:
        A thumbnail of at most 160 px for every photo, or the reason why it cannot be shown.
    """
    if photos_root is None:
        return PhotoStrips()
    wanted = dict.fromkeys(_photos_of(summary.failures))
    known = boxes or {}
    return PhotoStrips({photo: thumbnail(photos_root, photo, known.get(photo)) for photo in wanted}, at_hand=True)


def thumbnail(photos_root: Path, photo: str, box_xyxy_px: Box | None = None) -> Thumbnail:
    """Make a thumbnail of the compared face with its box and surroundings, or of the whole photo without a box.

    Args:
        photos_root: folder of people.
        photo: photo id; an id that leads out of the folder gives no picture.
        box_xyxy_px: (x0, y0, x1, y1) in pixels of the decoded photo.

    Returns:
        A JPEG of at most 160 px a side as a data URI, or the reason why there is none.
    """
    from PIL import Image

    try:
        picture = Image.fromarray(decoded_photo(photos_root, photo))
    except ImageDecodeError as error:
        return Thumbnail(None, str(error))
    return Thumbnail(data_uri(_around(picture, box_xyxy_px)), None)


def decoded_photo(photos_root: Path, photo: str) -> NDArray[np.uint8]:
    """Decode a photo by its id.

    Args:
        photos_root: folder of people.
        photo: photo id.

    Returns:
        Pixels, uint8 (h, w, 3), RGB.

    Raises:
        ImageDecodeError: the photo cannot be decoded, or its id leads out of the folder; the message has the reason.
    """
    inside = PurePosixPath(photo)
    if inside.is_absolute() or ".." in inside.parts:
        raise ImageDecodeError("the photo lies outside of the folder of people")
    try:
        return decode_photo(photos_root / inside)
    except ValueError as error:
        raise ImageDecodeError("no file can have this name") from error


def data_uri(picture: Image, quality: int = 82) -> str:
    """A picture as a JPEG in a data URI."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def framed(pixels: NDArray[np.uint8], box_xyxy_px: Box | None) -> str:
    """The data URI of `thumbnail`, from decoded pixels, uint8 (h, w, 3), RGB."""
    from PIL import Image

    return data_uri(_around(Image.fromarray(pixels), box_xyxy_px))


def boxes_of_run(run_dir: Path) -> dict[str, tuple[float, ...]]:
    """Box of the compared face of each clean photo, from ``photos.parquet`` of a run folder; empty without the file."""
    table = run_dir / "photos.parquet"
    if not table.is_file():
        return {}
    columns = read_parquet(table, columns=["photo", "box_xyxy_px"], equal={"condition": "clean"}).to_pydict()
    pairs = zip(columns["photo"], columns["box_xyxy_px"], strict=True)
    return {photo: tuple(box) for photo, box in pairs if box is not None}


def _photos_of(failures: Failures) -> Iterator[str]:
    for entry in (*failures.false_matches, *failures.false_non_matches):
        yield entry.photo_a
        yield entry.photo_b
    for photo in failures.no_template:
        yield photo.photo


def _around(picture: Image, box: Box | None) -> Image:
    """A square around the face, shifted to stay within the photo, reduced to a thumbnail, with the box of the face."""
    from PIL import Image, ImageDraw

    if box is None:
        picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
        return picture
    x0, y0, x1, y1 = box
    side = _CONTEXT * max(x1 - x0, y1 - y0, 1.0)
    window = [
        edge
        for centre, length in (((x0 + x1) / 2, picture.width), ((y0 + y1) / 2, picture.height))
        for edge in _window(centre, side, length)
    ]
    left, right, top, bottom = window
    cut = picture.crop((left, top, right, bottom))
    scale = min(1.0, THUMBNAIL_PX / max(cut.size))
    size = (max(1, round(cut.width * scale)), max(1, round(cut.height * scale)))
    small = cut.resize(size, Image.Resampling.LANCZOS)
    corners = [(x0 - left) * scale, (y0 - top) * scale, (x1 - left) * scale, (y1 - top) * scale]
    ImageDraw.Draw(small).rectangle(corners, outline=_BOX_COLOUR, width=2)
    return small


def _window(centre: float, side: float, length: int) -> tuple[int, int]:
    side = min(side, length)
    start = min(max(centre - side / 2, 0), length - side)
    return int(start), max(int(start) + 1, round(start + side))
