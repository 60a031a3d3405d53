"""Lossy compression."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from faceproof.degrade.types import Picture


def jpeg(photo: Picture, quality: int) -> Picture:
    """Compress as JPEG (4:2:0, by Pillow) and decode again.

    Args:
        photo: uint8 (h, w, 3), RGB.
        quality: 1 (worst) to 95.

    Returns:
        uint8 (h, w, 3).
    """
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return np.asarray(Image.open(file))
