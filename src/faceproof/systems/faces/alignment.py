"""Crop a face to the square picture that a recogniser takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faceproof.errors import ConfigurationError

Pixels = NDArray[np.uint8]

ARCFACE_112: tuple[tuple[float, float], ...] = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
"""Where the five landmarks lie in a crop of 112 px for most recognisers (InsightFace)."""


def five_point_template(size_px: int) -> list[tuple[float, float]]:
    """The usual five-point template, scaled to a crop of ``size_px``.

    >>> five_point_template(224)[0]
    (76.5892, 103.3926)
    """
    scale = size_px / 112
    return [(x * scale, y * scale) for x, y in ARCFACE_112]


def margin_box(
    box_xyxy_px: NDArray[np.float32], height: int, width: int, size_px: int, margin_px: int, *, even: bool = False
) -> tuple[int, int, int, int]:
    """The box with its margin, in whole pixels inside of the photo.

    Convention: ``margin_px`` counts pixels of the finished crop, both sides together; in the photo that is
    margin * box side / (size - margin), of each side for itself, or with ``even`` of the mean of both, so that as
    many pixels are added across as up and down. The sides are truncated to whole pixels, after rounding to 1e-4 px, so
    that the last bit of a coordinate decides nothing. Otherwise as facenet-pytorch cuts it.

    Args:
        box_xyxy_px: (4,), pixels of the photo.
        height: of the photo in pixels.
        width: of the photo in pixels.
        size_px: side of the finished crop.
        margin_px: 0 or more, less than ``size_px``.
        even: the same margin on all four sides.

    Returns:
        x0, y0, x1, y1; x1 and y1 are not included. Empty where the box lies outside of the photo.

    >>> margin_box(np.array([10, 20, 50, 80], np.float32), 100, 100, 160, 0)
    (10, 20, 50, 80)
    >>> margin_box(np.array([10, 20, 50, 80], np.float32), 100, 100, 120, 20, even=True)
    (5, 15, 55, 85)
    """
    x0, y0, x1, y1 = (float(v) for v in box_xyxy_px)
    extra_x = margin_px * (x1 - x0) / (size_px - margin_px)
    extra_y = margin_px * (y1 - y0) / (size_px - margin_px)
    if even:
        extra_x = extra_y = (extra_x + extra_y) / 2
    return (
        int(round(max(x0 - extra_x / 2, 0), 4)),
        int(round(max(y0 - extra_y / 2, 0), 4)),
        int(round(min(x1 + extra_x / 2, width), 4)),
        int(round(min(y1 + extra_y / 2, height), 4)),
    )


def crop_with_margin(
    photo: Pixels, box_xyxy_px: NDArray[np.float32], size_px: int, margin_px: int = 0, *, even: bool = False
) -> Pixels | None:
    """The face box with a margin, resized (bilinear) without rotation.

    Args:
        photo: uint8 (h, w, 3), RGB.
        box_xyxy_px: (4,), pixels of the photo.
        size_px: side of the crop.
        margin_px: see `margin_box`.
        even: see `margin_box`.

    Returns:
        uint8 (size_px, size_px, 3), or None where the box lies outside of the photo.
    """
    x0, y0, x1, y1 = margin_box(box_xyxy_px, photo.shape[0], photo.shape[1], size_px, margin_px, even=even)
    if x1 <= x0 or y1 <= y0:
        return None
    cut = Image.fromarray(np.ascontiguousarray(photo[y0:y1, x0:x1]))
    return np.asarray(cut.resize((size_px, size_px), Image.Resampling.BILINEAR))


def similarity_transform(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation, uniform scale and shift that move points onto others with the least squared error.

    Args:
        source: (n, 2), x and y, at least two different points.
        target: (n, 2).

    Returns:
        (2, 3) matrix M: target is about M[:, :2] @ source + M[:, 2].

    Raises:
        ConfigurationError: when the points all coincide or the shapes differ.

    Source: Umeyama, "Least-squares estimation of transformation parameters between two point patterns", IEEE
    PAMI 13(4), 1991, without reflection, solved in closed form with complex numbers.

    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    >>> np.abs(similarity_transform(square, square * 2 + 3)).round(6).tolist()
    [[2.0, 0.0, 3.0], [0.0, 2.0, 3.0]]
    """
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 2:
        raise ConfigurationError(f"Expected points (n, 2) on both sides, got {source.shape} and {target.shape}.")
    a = source[:, 0] + 1j * source[:, 1]
    b = target[:, 0] + 1j * target[:, 1]
    a_mean, b_mean = a.mean(), b.mean()
    spread = float((np.abs(a - a_mean) ** 2).sum())
    if not spread > 0:
        raise ConfigurationError("The points coincide: no similarity transform can be estimated.")
    turn = ((b - b_mean) * (a - a_mean).conj()).sum() / spread
    shift = b_mean - turn * a_mean
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def align_five_points(
    photo: Pixels, landmarks_px: NDArray[np.float32], template_px: NDArray[np.float64], size_px: int
) -> Pixels | None:
    """The face turned, scaled and shifted so that its five landmarks lie on a template's.

    Reduction by more than two is done by whole-number box averaging first, then bilinear sampling, so that
    large faces do not alias. What lies outside of the photo is black.

    Args:
        photo: uint8 (h, w, 3), RGB.
        landmarks_px: (5, 2), pixels of the photo.
        template_px: (5, 2), pixels of the finished crop.
        size_px: side of the crop.

    Returns:
        uint8 (size_px, size_px, 3), or None where the landmarks coincide or lie far apart beyond any photo.
    """
    try:
        to_crop = similarity_transform(landmarks_px.astype(np.float64), np.asarray(template_px, np.float64))
    except ConfigurationError:
        return None
    scale = float(np.hypot(to_crop[0, 0], to_crop[1, 0]))
    if not scale > 0:
        return None
    picture, reduction = Image.fromarray(np.ascontiguousarray(photo)), max(int(0.5 / scale), 1)
    if reduction > max(picture.size):
        return None
    if reduction > 1:
        picture = picture.reduce(reduction)
    back = np.linalg.inv(np.vstack([to_crop, [0, 0, 1]]))[:2]
    # Landmarks count from the middle of the first pixel, Pillow's coefficients from its corner.
    back[:, 2] += 0.5 - back[:, :2].sum(axis=1) * 0.5
    back /= reduction
    out = picture.transform((size_px, size_px), Image.Transform.AFFINE, tuple(back.ravel()), Image.Resampling.BILINEAR)
    return np.asarray(out)
