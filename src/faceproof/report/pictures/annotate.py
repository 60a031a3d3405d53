"""Photos with faces drawn in: boxes, probabilities, landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from faceproof.errors import ConfigurationError
from faceproof.systems.faces.types import Face

_BOX, _POINT, _TEXT, _BACK = "#00c2a8", "#ffb000", "#ffffff", "#00564a"
_GAP_PX, _BAR_PX = 12, 44


def annotated(photo: NDArray[np.uint8], faces: Sequence[Face], *, labels: bool = True) -> Image.Image:
    """Draw the box, probability and landmarks of each face on a photo.

    Args:
        photo: uint8 (h, w, 3), RGB.
        faces: the faces to draw.
        labels: write the probability at the box.
    """
    picture = Image.fromarray(np.ascontiguousarray(photo))
    draw = ImageDraw.Draw(picture)
    line = max(round(min(picture.size) / 250), 1)
    font = ImageFont.load_default(max(min(picture.size) / 28, 9))
    for face in faces:
        x0, y0, x1, y1 = (float(v) for v in face.box_xyxy_px)
        draw.rectangle((x0, y0, x1, y1), outline=_BOX, width=line + 1)
        for x, y in face.landmarks_px if face.has_landmarks else ():
            draw.ellipse((x - line - 1, y - line - 1, x + line + 1, y + line + 1), fill=_POINT)
        if labels and np.isfinite(face.probability):
            text = f"{face.probability:.3f}"
            left, top, right, bottom = draw.textbbox((0, 0), text, font=font, anchor="lb")
            place = (max(min(x0, picture.width - (right - left)), 0), max(y0, bottom - top))
            draw.rectangle(draw.textbbox(place, text, font=font, anchor="lb"), fill=_BACK)
            draw.text(place, text, fill=_TEXT, font=font, anchor="lb")
    return picture


def side_by_side(left: Image.Image, right: Image.Image, caption: str, height: int = 360) -> Image.Image:
    """Two pictures of the same height next to each other, with a caption below."""
    pair = [one.resize((max(round(one.width * height / one.height), 1), height)) for one in (left, right)]
    width = max(pair[0].width + pair[1].width + _GAP_PX, 420)
    sheet = Image.new("RGB", (width, height + _BAR_PX), "white")
    sheet.paste(pair[0], (0, 0))
    sheet.paste(pair[1], (pair[0].width + _GAP_PX, 0))
    text = ImageDraw.Draw(sheet)
    text.text((width / 2, height + _BAR_PX / 2), caption, fill="black", font=ImageFont.load_default(16), anchor="mm")
    return sheet


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write a picture in the format of the suffix of the file.

    Raises:
        ConfigurationError: the suffix is not that of a known format, or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The picture {path} cannot be written ({error}). Try a .png in a folder of yours."
        ) from error
