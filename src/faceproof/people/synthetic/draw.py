"""Photos of people who do not exist, drawn from the face model: who they are, and how each photo differs.

Every person and every photo has random numbers of its own, derived from seed and number alone: neither order nor how
many are drawn changes a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faceproof.people.synthetic.face_model import FaceModel, Floats

Pixels = NDArray[np.uint8]

PHOTO_PX = 250
_CANVAS_IN_PHOTO_PX = 172
_MOST_DEVIATIONS = 2.5
_FACE_STREAM, _SCENE_STREAM = 1, 2


@dataclass(frozen=True, slots=True)
class Variation:
    """How strongly things vary.

    Attributes:
        between: factor on the differences between people.
        within: factor on the differences between one person's photos.
        turn_degrees: standard deviation of the head's tilt in the picture.
        size: standard deviation of the face's size, as a share of it.
        light: standard deviation of exposure and of the light's slope across the face, as a share.
        grain: standard deviation of the camera's noise, 0 to 255.
    """

    between: float = 1.0
    within: float = 1.0
    turn_degrees: float = 4.0
    size: float = 0.06
    light: float = 0.1
    grain: float = 2.5


def draw_identity(model: FaceModel, seed: int, person: int, variation: Variation | None = None) -> Floats:
    """Where a person lies in the model's space, float32 (k,)."""
    z = _normal(np.random.default_rng([seed, person]), model.components)
    return np.float32((variation or Variation()).between) * (model.between @ z)


def draw_photo(
    model: FaceModel, identity: Floats, seed: int, person: int, photo: int, variation: Variation | None = None
) -> Pixels:
    """One photo of a person.

    Args:
        model: the face model.
        identity: from `draw_identity`.
        seed: 0 or more.
        person: number of the person.
        photo: number of the photo.
        variation: how strongly photos differ.

    Returns:
        uint8 (250, 250, 3), RGB.
    """
    how = variation or Variation()
    rng = np.random.default_rng([seed, person, _FACE_STREAM, photo])
    z = _normal(rng, model.components)
    canvas = render_face(model, identity + np.float32(how.within) * (model.within @ z))
    return _photographed(canvas, np.random.default_rng([seed, person, _SCENE_STREAM, photo]), how)


def render_face(model: FaceModel, point: Floats) -> Floats:
    """The face at a point of the model's space, on the canvas.

    Args:
        model: the face model.
        point: float32 (k,).

    Returns:
        float32 (canvas, canvas, 3), RGB, about 0 to 255, not clipped.
    """
    side, small = model.canvas_px, model.canvas_px // 4
    texture = model.mean + point @ model.texture
    planes = [texture[: side * side].reshape(side, side)]
    for i in range(2):
        start = side * side + i * small * small
        planes.append(_enlarged(texture[start : start + small * small].reshape(small, small), side))
    flow = (point @ model.shape).reshape(2, model.nodes, model.nodes)
    place = _inverse(np.stack([_enlarged(axis, side) for axis in flow]) * np.float32((side - 1) / 2))
    luminance, blue, red = (_sampled(plane, place) for plane in planes)
    blue, red = blue - 128, red - 128
    return np.stack(
        [luminance + 1.402 * red, luminance - 0.344136 * blue - 0.714136 * red, luminance + 1.772 * blue], 2
    )


def _normal(rng: np.random.Generator, count: int) -> Floats:
    """Standard normal numbers; those far out are drawn nearer, since nobody's photo is ten deviations away."""
    return np.clip(rng.standard_normal(count), -_MOST_DEVIATIONS, _MOST_DEVIATIONS).astype(np.float32)


def _photographed(canvas: Floats, rng: np.random.Generator, how: Variation) -> Pixels:
    """The face in a photo: size, tilt and place; light; a soft background; the camera's noise."""
    side = len(canvas)
    lit = _lit(canvas, rng, how)
    scale = _CANVAS_IN_PHOTO_PX / side * np.exp(how.size * rng.standard_normal())
    turn = np.deg2rad(how.turn_degrees) * rng.standard_normal()
    middle = np.array([PHOTO_PX / 2, PHOTO_PX / 2]) + rng.normal(0, 5, 2)
    # Pillow asks where in the canvas each point of the photo lies.
    back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) / scale
    shift = np.array([side / 2, side / 2]) - back @ middle
    matrix = (*back[0], shift[0], *back[1], shift[1])
    layers = [lit[..., channel] for channel in range(3)] + [_soft_mask(side)]
    moved = [
        np.asarray(
            Image.fromarray(layer.astype(np.float32)).transform(
                (PHOTO_PX, PHOTO_PX), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC
            )
        )
        for layer in layers
    ]
    face, mask = np.stack(moved[:3], axis=2), np.clip(moved[3], 0, 1)[..., None]
    cheeks = lit[round(0.6 * side) : round(0.7 * side), round(0.35 * side) : round(0.65 * side)].mean(axis=(0, 1))
    picture = _background(rng, middle, scale * side, cheeks) * (1 - mask) + face * mask
    picture = picture + rng.normal(0, how.grain, picture.shape)
    pixels: Pixels = np.clip(np.round(picture), 0, 255).astype(np.uint8)
    return pixels


def _lit(canvas: Floats, rng: np.random.Generator, how: Variation) -> Floats:
    """The face in a light that is brighter or darker, warmer or colder, and stronger from one side."""
    exposure, across, down = how.light * rng.standard_normal(3)
    warmth = 0.25 * how.light * rng.standard_normal()
    ramp = np.linspace(-0.5, 0.5, len(canvas), dtype=np.float32)
    gain = 1 + exposure + across * ramp[None, :] + 0.7 * down * ramp[:, None]
    tint = np.array([1 + warmth, 1, 1 - warmth], np.float32)
    lit: Floats = (canvas * gain[..., None] * tint).astype(np.float32)
    return lit


def _background(rng: np.random.Generator, middle: NDArray[np.float64], size: float, skin: Floats) -> Floats:
    """A wall of one muted colour with soft patches, a neck, and shoulders in cloth; float32 (250, 250, 3).

    Args:
        rng: random numbers.
        middle: of the face in the photo, x and y in pixels.
        size: of the canvas in the photo, in pixels.
        skin: float32 (3,), RGB.
    """
    wall = rng.uniform(70, 190) + rng.normal(0, 9, 3)
    patches = rng.normal(0, 10, (5, 5, 1)) + rng.normal(0, 3, (5, 5, 3))
    soft = np.stack([_enlarged(patches[..., c].astype(np.float32), PHOTO_PX) for c in range(3)], axis=2)
    shade = rng.uniform(25, 110) + rng.normal(0, 12, 3)
    y, x = np.mgrid[0:PHOTO_PX, 0:PHOTO_PX].astype(np.float32)
    across, down = np.abs(x - middle[0]) / size, (y - middle[1]) / size
    neck = _faded(0.2 - across + 0.12 * np.maximum(down - 0.35, 0), 0.04) * _faded(down - 0.25, 0.1)
    wide, high = rng.uniform(0.68, 0.82), rng.uniform(0.46, 0.56)
    cloth = _faded(1 - (across / wide) ** 2 - ((down - 1.0) / high) ** 2, 0.08)
    # An open collar: the neck shows in a triangle.
    cloth *= 1 - _faded(0.17 - across - 0.8 * np.maximum(down - 0.5, 0), 0.03)
    scene = wall + soft
    for cover, colour in ((neck, 0.82 * skin), (cloth, shade + 0.6 * soft)):
        scene = scene * (1 - cover[..., None]) + colour * cover[..., None]
    picture: Floats = scene.astype(np.float32)
    return picture


def _faded(inside: Floats, soft: float) -> Floats:
    """1 where a number is positive, 0 where it is negative, and in between within ``soft`` of 0."""
    cover: Floats = np.clip(inside / np.float32(soft) * 0.5 + 0.5, 0, 1).astype(np.float32)
    return cover


def _soft_mask(side: int) -> Floats:
    """1 on the head, fading to 0 towards the edge of the canvas, float32 (side, side)."""
    ramp = np.linspace(-1, 1, side, dtype=np.float32)
    reach = (np.abs(ramp[None, :]) / 0.74) ** 2.4 + (np.abs(ramp[:, None] + 0.03) / 0.97) ** 2.4
    mask: Floats = np.clip((1 - reach) * 2.2, 0, 1).astype(np.float32)
    return mask


def _enlarged(plane: Floats, side: int) -> Floats:
    """A plane at another size, bicubic, corners on corners."""
    stretch = (len(plane) - 1) / (side - 1)
    shift = 0.5 - 0.5 * stretch
    # A rim of the edge's own values, since Pillow has nothing to sample outside of the picture.
    padded = Image.fromarray(np.pad(plane, 2, mode="edge").astype(np.float32))
    matrix = (stretch, 0, shift + 2, 0, stretch, shift + 2)
    return np.asarray(padded.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC))


def _inverse(flow: Floats) -> Floats:
    """Where in the texture each point of the canvas comes from: (2, side, side), x and y in pixels.

    The texture at q lies at q + flow(q) on the canvas; p = q + flow(q) is solved for q by iteration, which converges
    since flows are small and smooth.
    """
    side = flow.shape[1]
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side))).astype(np.float32)
    place = grid
    for _ in range(4):
        place = grid - np.stack([_sampled(axis, place) for axis in flow])
    return place


def _sampled(plane: Floats, place: Floats) -> Floats:
    """Bilinear values of a plane at places (2, ...), x and y; outside, the edge's."""
    last = len(plane) - 1
    x, y = np.clip(place[0], 0, last), np.clip(place[1], 0, last)
    x0, y0 = np.minimum(x.astype(np.int64), last - 1), np.minimum(y.astype(np.int64), last - 1)
    fx, fy = x - x0, y - y0
    top = plane[y0, x0] * (1 - fx) + plane[y0, x0 + 1] * fx
    bottom = plane[y0 + 1, x0] * (1 - fx) + plane[y0 + 1, x0 + 1] * fx
    values: Floats = (top * (1 - fy) + bottom * fy).astype(np.float32)
    return values
