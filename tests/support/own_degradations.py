"""A module with a user's degradations, and suites that name them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from faceproof.degrade.suite_file import read_suite

BLOCK = "[[degradation]]\n"
MINE = """
import numpy as np

NUMBER = 3


def Dim_It(photo, severity):
    return photo // (severity + 1)


def sprinkled(photo, severity, rng):
    return rng.integers(0, 256, photo.shape).astype(np.uint8) // np.uint8(severity)


def covered(photo, severity, face):
    worse = photo.copy()
    x0, y0, x1, _ = face.box_xyxy_px.astype(int)
    worse[y0 : y0 + 5 * severity, x0:x1] = 0
    return worse


def lifted(photo, by):
    return np.clip(photo.astype(int) + by, 0, 255).astype(np.uint8)
"""


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (90, 80, 3)).astype(np.uint8)


def suite_file(text, name="own.toml"):
    Path(name).write_text(text, "utf-8")
    return read_suite(Path(name))


def names(suite, **settings):
    return [condition.name for condition in suite.conditions(**settings)]
