"""Noise of the sensor and of its wires, drawn anew for every pixel and channel."""

from __future__ import annotations

import numpy as np

from faceproof.degrade.types import Picture, as_bytes


def gaussian_noise(photo: Picture, sd: float, rng: np.random.Generator) -> Picture:
    """Added noise of a bell curve: the electronics.

    Args:
        photo: uint8 (h, w, 3), RGB.
        sd: standard deviation in steps of 0 to 255.
        rng: of the noise.
    """
    return as_bytes(photo + np.float32(sd) * rng.standard_normal(photo.shape, np.float32))


def shot_noise(photo: Picture, photons: float, rng: np.random.Generator) -> Picture:
    """Light that comes in grains: each value is a Poisson count.

    Args:
        photo: uint8 (h, w, 3), RGB.
        photons: counted where the photo is white, above 0; fewer are noisier.
        rng: of the counts.
    """
    return as_bytes(rng.poisson(photo * (photons / 255)) * (255 / photons))


def impulse_noise(photo: Picture, share: float, rng: np.random.Generator) -> Picture:
    """Dead and stuck pixels: black or white, as likely as each other.

    Args:
        photo: uint8 (h, w, 3), RGB.
        share: of all pixels, 0 to 1.
        rng: which they are.
    """
    drawn = rng.random(photo.shape[:2], np.float32)[:, :, None]
    half = np.float32(share / 2)
    return np.where(drawn < half, np.uint8(0), np.where(drawn >= 1 - half, np.uint8(255), photo))


def speckle_noise(photo: Picture, sd: float, rng: np.random.Generator) -> Picture:
    """Noise in proportion to the light: value times (1 + sd times a draw of a bell curve).

    Args:
        photo: uint8 (h, w, 3), RGB.
        sd: standard deviation as a share of the value.
        rng: of the noise.
    """
    return as_bytes(photo * (1 + np.float32(sd) * rng.standard_normal(photo.shape, np.float32)))
