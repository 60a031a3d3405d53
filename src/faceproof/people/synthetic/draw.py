"""Draw photos of people who do not exist from the face model.

Every person and every photo has a random generator of its own, seeded by seed and number only. The pixels therefore do
not depend on the order or the number of photos.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faceproof.people.synthetic.face_model import FaceModel, Float32Array

Pixels = NDArray[np.uint8]

PHOTO_PX = 250
_CANVAS_IN_PHOTO_PX = 172
_MOST_DEVIATIONS = 2.5
_FACE_STREAM, _SCENE_STREAM = 1, 2


@dataclass(frozen=True, slots=True)
class Variation:
    """Strength of the random variation.

    Attributes:
        between: factor on the differences between people.
        within: factor on the differences between one person's photos.
        turn_degrees: standard deviation of the head's tilt in the picture.
        size: standard deviation of the face's size, as a share of it.
        light: standard deviation of exposure and of the light's gradient across the face, as a share.
        grain: standard deviation of the camera's noise, 0 to 255.
    """

    between: float = 1.0
    within: float = 1.0
    turn_degrees: float = 4.0
    size: float = 0.06
    light: float = 0.1
    grain: float = 2.5


def draw_identity(model: FaceModel, seed: int, person: int, variation: Variation | None = None) -> Float32Array:
    """A random person.

    Args:
        model: the face model, with k components.
        seed: 0 or more.
        person: number of the person, 0 or more.
        variation: strength of the differences between people.

    Returns:
        float32 (k,), the person's point in the model's space.
    """
    z = _normal(np.random.default_rng([seed, person]), model.components)
    return np.float32((variation or Variation()).between) * (model.between @ z)


def draw_photo(
    model: FaceModel, identity: Float32Array, seed: int, person: int, photo: int, variation: Variation | None = None
) -> Pixels:
    """One photo of a person.

    Args:
        model: the face model.
        identity: float32 (k,), result of `draw_identity`.
        seed: 0 or more.
        person: number of the person, 0 or more.
        photo: number of the photo, 0 or more.
        variation: strength of the differences between photos.

    Returns:
        uint8 (250, 250, 3), RGB.
    """
    how = variation or Variation()
    rng = np.random.default_rng([seed, person, _FACE_STREAM, photo])
    z = _normal(rng, model.components)
    canvas = render_face(model, identity + np.float32(how.within) * (model.within @ z))
    return _photographed(canvas, np.random.default_rng([seed, person, _SCENE_STREAM, photo]), how)


def render_face(model: FaceModel, point: Float32Array) -> Float32Array:
    """The face for a point of the model's space, on the canvas.

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


def _normal(rng: np.random.Generator, count: int) -> Float32Array:
    """Standard normal numbers, float32 (count,), clipped to 2.5 standard deviations to avoid implausible faces."""
    return np.clip(rng.standard_normal(count), -_MOST_DEVIATIONS, _MOST_DEVIATIONS).astype(np.float32)


def _photographed(canvas: Float32Array, rng: np.random.Generator, how: Variation) -> Pixels:
    """The face in a photo, with random size, tilt, position, light, background and noise; uint8 (250, 250, 3)."""
    side = len(canvas)
    lit = _lit(canvas, rng, how)
    scale = _CANVAS_IN_PHOTO_PX / side * np.exp(how.size * rng.standard_normal())
    turn = np.deg2rad(how.turn_degrees) * rng.standard_normal()
    middle = np.array([PHOTO_PX / 2, PHOTO_PX / 2]) + rng.normal(0, 5, 2)
    # Pillow needs the map from points of the photo to points of the canvas.
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


def _lit(canvas: Float32Array, rng: np.random.Generator, how: Variation) -> Float32Array:
    """The face with a random exposure, warmth and gradient of the light, float32 in the shape of ``canvas``."""
    exposure, across, down = how.light * rng.standard_normal(3)
    warmth = 0.25 * how.light * rng.standard_normal()
    ramp = np.linspace(-0.5, 0.5, len(canvas), dtype=np.float32)
    gain = 1 + exposure + across * ramp[None, :] + 0.7 * down * ramp[:, None]
    tint = np.array([1 + warmth, 1, 1 - warmth], np.float32)
    lit: Float32Array = (canvas * gain[..., None] * tint).astype(np.float32)
    return lit


def _background(rng: np.random.Generator, middle: NDArray[np.float64], size: float, skin: Float32Array) -> Float32Array:
    """A wall of one muted colour with soft patches, a neck, and shoulders in cloth.

    Args:
        rng: generator of colours and shapes.
        middle: float64 (2,), middle of the face in the photo, x and y in pixels.
        size: side of the canvas in the photo, in pixels.
        skin: float32 (3,), RGB, 0 to 255.

    Returns:
        float32 (250, 250, 3), RGB.
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
    picture: Float32Array = scene.astype(np.float32)
    return picture


def _faded(inside: Float32Array, soft: float) -> Float32Array:
    """1 for numbers above ``soft``, 0 for numbers below ``-soft``, linear in between."""
    cover: Float32Array = np.clip(inside / np.float32(soft) * 0.5 + 0.5, 0, 1).astype(np.float32)
    return cover


def _soft_mask(side: int) -> Float32Array:
    """A mask with 1 on the head that falls to 0 towards the edge of the canvas, float32 (side, side)."""
    ramp = np.linspace(-1, 1, side, dtype=np.float32)
    reach = (np.abs(ramp[None, :]) / 0.74) ** 2.4 + (np.abs(ramp[:, None] + 0.03) / 0.97) ** 2.4
    mask: Float32Array = np.clip((1 - reach) * 2.2, 0, 1).astype(np.float32)
    return mask


def _enlarged(plane: Float32Array, side: int) -> Float32Array:
    """A plane resized to (side, side) by bicubic interpolation; corners are mapped to corners."""
    stretch = (len(plane) - 1) / (side - 1)
    shift = 0.5 - 0.5 * stretch
    # Padded with the values of the edge, since Pillow does not sample outside of the picture.
    padded = Image.fromarray(np.pad(plane, 2, mode="edge").astype(np.float32))
    matrix = (stretch, 0, shift + 2, 0, stretch, shift + 2)
    return np.asarray(padded.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC))


def _inverse(flow: Float32Array) -> Float32Array:
    """For each point of the canvas, its point in the texture: float32 (2, side, side), x and y in pixels.

    The texture at q is at q + flow(q) on the canvas. The equation p = q + flow(q) is solved for q by iteration, which
    converges because flows are small and smooth.
    """
    side = flow.shape[1]
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side))).astype(np.float32)
    place = grid
    for _ in range(4):
        place = grid - np.stack([_sampled(axis, place) for axis in flow])
    return place


def _sampled(plane: Float32Array, place: Float32Array) -> Float32Array:
    """Values of a plane at points (2, ...), x and y, by bilinear interpolation; outside, the values of the edge."""
    last = len(plane) - 1
    x, y = np.clip(place[0], 0, last), np.clip(place[1], 0, last)
    x0, y0 = np.minimum(x.astype(np.int64), last - 1), np.minimum(y.astype(np.int64), last - 1)
    fx, fy = x - x0, y - y0
    top = plane[y0, x0] * (1 - fx) + plane[y0, x0 + 1] * fx
    bottom = plane[y0 + 1, x0] * (1 - fx) + plane[y0 + 1, x0 + 1] * fx
    values: Float32Array = (top * (1 - fy) + bottom * fy).astype(np.float32)
    return values
