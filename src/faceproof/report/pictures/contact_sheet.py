"""Contact sheet: one photo under every condition, with the detected face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_TILE, _GAP, _WORDS, _LINE = 132, 10, 190, 17
_INK, _MUTED, _FOUND, _LOST = "#1d2530", "#5b6573", "#00a087", "#d5352b"


@dataclass(frozen=True, slots=True)
class Tile:
    """A degraded photo on the sheet.

    Attributes:
        words: the severity in words.
        pixels: uint8 (h, w, 3), RGB; None where there is no picture.
        box_xyxy_px: box of the detected face (x0, y0, x1, y1), in pixels of the picture; None where none was detected.
        face_sought: whether a detector looked for a face in this picture; if not, a missing box is no failure.
    """

    words: str
    pixels: NDArray[np.uint8] | None
    box_xyxy_px: Sequence[float] | None
    face_sought: bool = True


def contact_sheet(rows: Sequence[tuple[str, Sequence[Tile]]]) -> Image.Image:
    """Draw the sheet: a row for each family, with its title on the left and its severities from left to right.

    Args:
        rows: title and tiles of each family; the first row is the clean photo.

    Returns:
        RGB picture. A photo in which no face was found has a red frame and a note.
    """
    columns = max(len(tiles) for _, tiles in rows)
    height = _TILE + _LINE + _GAP
    sheet = Image.new("RGB", (_WORDS + columns * (_TILE + _GAP) + _GAP, len(rows) * height + _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for row, (title, tiles) in enumerate(rows):
        top = _GAP + row * height
        _write(draw, (_GAP, top + _TILE / 2), title, _WORDS - 2 * _GAP)
        for column, tile in enumerate(tiles):
            left = _WORDS + column * (_TILE + _GAP)
            sheet.paste(_drawn(tile), (left, top))
            words = tile.words if len(tile.words) <= 24 else f"{tile.words[:23]}."
            draw.text((left, top + _TILE + 2), words, fill=_MUTED, font=ImageFont.load_default(12))
    return sheet


def _drawn(tile: Tile) -> Image.Image:
    canvas = Image.new("RGB", (_TILE, _TILE), "#eef0f3")
    draw = ImageDraw.Draw(canvas)
    if tile.pixels is None:
        _say(draw, "no picture", _MUTED)
        return canvas
    height, width = tile.pixels.shape[:2]
    scale = _TILE / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    # Small pictures are enlarged without interpolation, so that a low resolution is visible.
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    offset = ((_TILE - size[0]) // 2, (_TILE - size[1]) // 2)
    canvas.paste(Image.fromarray(tile.pixels).resize(size, how), offset)
    if tile.box_xyxy_px is not None:
        corners = [float(v) * scale + offset[i % 2] for i, v in enumerate(tile.box_xyxy_px)]
        draw.rectangle(corners, outline=_FOUND, width=2)
    elif tile.face_sought:
        draw.rectangle((0, 0, _TILE - 1, _TILE - 1), outline=_LOST, width=3)
        _say(draw, "no face", _LOST)
    return canvas


def _say(draw: ImageDraw.ImageDraw, words: str, colour: str) -> None:
    font = ImageFont.load_default(12)
    box = draw.textbbox((6, 5), words, font=font)
    draw.rectangle((box[0] - 3, box[1] - 2, box[2] + 3, box[3] + 2), fill="white")
    draw.text((6, 5), words, fill=colour, font=font)


def _write(draw: ImageDraw.ImageDraw, middle: tuple[float, float], text: str, width: float) -> None:
    """Draw text, wrapped to a width, with its centre at ``middle``."""
    font, lines = ImageFont.load_default(13), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and draw.textlength(longer, font=font) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    top = middle[1] - len(lines) * _LINE / 2
    for number, line in enumerate(lines):
        draw.text((middle[0], top + number * _LINE), line, fill=_INK, font=font)
