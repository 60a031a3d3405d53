"""Sensor noise, drawn independently for every pixel and, but for impulse noise, every channel."""

from __future__ import annotations

import numpy as np

from faceproof.degrade.types import Picture, as_bytes


def gaussian_noise(photo: Picture, sd: float, rng: np.random.Generator) -> Picture:
    """Additive Gaussian noise.

    Args:
        photo: uint8 (h, w, 3), RGB.
        sd: standard deviation, on the scale of 0 to 255.
        rng: generator of the noise.

    Returns:
        uint8 (h, w, 3).
    """
    return as_bytes(photo + np.float32(sd) * rng.standard_normal(photo.shape, np.float32))


def shot_noise(photo: Picture, photons: float, rng: np.random.Generator) -> Picture:
    """Shot noise: each value is a Poisson count of photons.

    Args:
        photo: uint8 (h, w, 3), RGB.
        photons: mean number of photons of a white value, above 0; fewer give more noise.
        rng: generator of the counts.

    Returns:
        uint8 (h, w, 3).
    """
    return as_bytes(rng.poisson(photo * (photons / 255)) * (255 / photons))


def impulse_noise(photo: Picture, share: float, rng: np.random.Generator) -> Picture:
    """Impulse noise: random pixels become black or white with equal probability.

    Args:
        photo: uint8 (h, w, 3), RGB.
        share: share of these pixels, 0 to 1.
        rng: generator of the pixels.

    Returns:
        uint8 (h, w, 3).
    """
    drawn = rng.random(photo.shape[:2], np.float32)[:, :, None]
    half = np.float32(share / 2)
    return np.where(drawn < half, np.uint8(0), np.where(drawn >= 1 - half, np.uint8(255), photo))


def speckle_noise(photo: Picture, sd: float, rng: np.random.Generator) -> Picture:
    """Speckle noise: value times (1 + sd times a draw from the standard normal distribution).

    Args:
        photo: uint8 (h, w, 3), RGB.
        sd: standard deviation as a share of the value, 0 or more.
        rng: generator of the noise.

    Returns:
        uint8 (h, w, 3).
    """
    return as_bytes(photo * (1 + np.float32(sd) * rng.standard_normal(photo.shape, np.float32)))
