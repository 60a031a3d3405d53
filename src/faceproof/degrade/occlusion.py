"""Occlusion: objects in front of the face. Box and landmarks are those of the face in the original photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from faceproof.degrade.types import FacePlace, Picture

Points = NDArray[np.float64]

_LENS = (18, 18, 20)
_CLOTH = (150, 178, 196)
_HAND = (24, 24, 24)
_HAIR = (38, 28, 22)
_ARC_STEPS = 24


def black_square(photo: Picture, share: float) -> Picture:
    """A black square in the middle of the photo.

    Args:
        photo: uint8 (h, w, 3), RGB.
        share: side of the square as a share of the photo's shorter side, 0 to 1.

    Returns:
        uint8 (h, w, 3).
    """
    return _square(photo, photo.shape[1] / 2, photo.shape[0] / 2, share)


def black_square_on_face(photo: Picture, share: float, face: FacePlace) -> Picture:
    """A black square in the middle of the face's box, as large as `black_square`.

    Args:
        photo: uint8 (h, w, 3), RGB.
        share: side of the square as a share of the photo's shorter side, 0 to 1.
        face: box of the face.

    Returns:
        uint8 (h, w, 3).
    """
    x0, y0, x1, y1 = (float(v) for v in face.box_xyxy_px)
    return _square(photo, (x0 + x1) / 2, (y0 + y1) / 2, share)


def sunglasses(photo: Picture, radius: float, face: FacePlace) -> Picture:
    """Two dark lenses over the eyes and a bridge between them.

    Args:
        photo: uint8 (h, w, 3), RGB.
        radius: horizontal radius of a lens as a share of the width of the face's box; the vertical radius is three
            quarters of it.
        face: box and landmarks of the face.

    Returns:
        uint8 (h, w, 3).
    """
    frame = _Frame(face)
    lenses = [frame.ellipse(eye, radius, 0.75 * radius) for eye in frame.eyes]
    bridge = frame.band(frame.middle_of_eyes, 0.25, 0.12 * radius)
    return _painted(photo, [*lenses, bridge], _LENS)


def mask(photo: Picture, height: float, face: FacePlace) -> Picture:
    """A mask over mouth and chin.

    Args:
        photo: uint8 (h, w, 3), RGB.
        height: position of the upper edge, from the corners of the mouth (0) to the eyes (1).
        face: box and landmarks of the face.

    Returns:
        uint8 (h, w, 3).
    """
    frame = _Frame(face)
    top = frame.middle_of_mouth + height * (frame.middle_of_eyes - frame.middle_of_mouth)
    chin = frame.middle_of_mouth + 0.34 * frame.height * frame.down
    half = 0.46 * frame.width * frame.across
    jaw = frame.middle_of_mouth + 0.12 * frame.height * frame.down
    outline = [top - half, top + half, jaw + half, chin + 0.5 * half, chin - 0.5 * half, jaw - half]
    return _painted(photo, [np.array(outline)], _CLOTH)


def half_face(photo: Picture, share: float, face: FacePlace, rng: np.random.Generator) -> Picture:
    """A dark area over a random side of the face, left or right.

    Args:
        photo: uint8 (h, w, 3), RGB.
        share: covered share of the width of the face's box, 0 to 1.
        face: box and landmarks of the face.
        rng: generator of the side.

    Returns:
        uint8 (h, w, 3).
    """
    frame = _Frame(face)
    side = 1 if rng.random() < 0.5 else -1
    outer = frame.middle + side * 0.6 * frame.width * frame.across
    inner = frame.middle + side * (0.5 - share) * frame.width * frame.across
    tall = 0.65 * frame.height * frame.down
    return _painted(photo, [np.array([outer - tall, inner - tall, inner + tall, outer + tall])], _HAND)


def hair_line(photo: Picture, share: float, face: FacePlace) -> Picture:
    """Hair (or a cap) over the forehead.

    Args:
        photo: uint8 (h, w, 3), RGB.
        share: covered share of the height of the face's box, 0 to 1.
        face: box and landmarks of the face.

    Returns:
        uint8 (h, w, 3).
    """
    frame = _Frame(face)
    wide, top = 0.58 * frame.width * frame.across, frame.middle - 0.72 * frame.height * frame.down
    edge = frame.middle - (0.5 - share) * frame.height * frame.down
    return _painted(photo, [np.array([top - wide, top + wide, edge + wide, edge - wide])], _HAIR)


class _Frame:
    """Axes of a face, as unit vectors: across (from eye to eye) and down (perpendicular, towards the mouth)."""

    def __init__(self, face: FacePlace) -> None:
        points: Points = face.landmarks_px.astype(np.float64)
        x0, y0, x1, y1 = (float(v) for v in face.box_xyxy_px)
        self.width, self.height = x1 - x0, y1 - y0
        self.middle: Points = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
        self.eyes = points[0], points[1]
        self.middle_of_eyes: Points = points[:2].mean(axis=0)
        self.middle_of_mouth: Points = points[3:].mean(axis=0)
        along = points[1] - points[0]
        length = float(np.hypot(*along))
        self.across: Points = along / length if length > 0 else np.array([1.0, 0.0])
        normal: Points = np.array([-self.across[1], self.across[0]])
        self.down: Points = normal if normal @ (self.middle_of_mouth - self.middle_of_eyes) >= 0 else -normal

    def ellipse(self, centre: Points, half_across: float, half_down: float) -> Points:
        """Outline of an ellipse, float64 (n, 2) in pixels; half axes are shares of the width of the box."""
        turn = np.linspace(0, 2 * np.pi, _ARC_STEPS, endpoint=False)[:, None]
        sideways: Points = half_across * np.cos(turn) * self.across
        return centre + self.width * (sideways + half_down * np.sin(turn) * self.down)

    def band(self, centre: Points, half_across: float, half_down: float) -> Points:
        """Outline of a rectangle, float64 (4, 2) in pixels; half sides are shares of the width of the box."""
        u, v = half_across * self.width * self.across, half_down * self.width * self.down
        return np.array([centre - u - v, centre + u - v, centre + u + v, centre - u + v])


def _square(photo: Picture, x: float, y: float, share: float) -> Picture:
    """The photo with a black square about (x, y)."""
    side = round(share * min(photo.shape[:2]))
    left, top = round(x - side / 2), round(y - side / 2)
    result = photo.copy()
    result[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = 0
    return result


def _painted(photo: Picture, outlines: list[Points], colour: tuple[int, int, int]) -> Picture:
    """The photo with filled polygons."""
    picture = Image.fromarray(photo)
    draw = ImageDraw.Draw(picture)
    for outline in outlines:
        draw.polygon([(float(x), float(y)) for x, y in outline], fill=colour)
    return np.asarray(picture)
