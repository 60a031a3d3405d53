import sys
from functools import cache
from importlib import invalidate_caches

import numpy as np
import pytest
from own_degradations import MINE
from scipy.ndimage import gaussian_filter

from faceproof.systems.faces.types import Face

# Shares of the box's width and height, as the landmarks of an upright face lie.
_LANDMARKS = np.array([(0.30, 0.38), (0.70, 0.38), (0.50, 0.57), (0.34, 0.77), (0.66, 0.77)])


@cache
def _textured(height, width, seed=0):
    """Detail of every size, as photos have it: from single pixels to half of the picture."""
    rng = np.random.default_rng(seed)
    layers = (gaussian_filter(rng.normal(size=(height, width, 3)), (sd, sd, 0)) * sd**1.4 for sd in (0.8, 3, 12, 50))
    picture = sum(layers)
    spread = max(float(picture.std()), 1e-9)
    photo = np.clip(np.rint((picture - picture.mean()) / spread * 45 + 120), 1, 254).astype(np.uint8)
    photo.flags.writeable = False
    return photo


def _face(x0=100.0, y0=80.0, width=100.0, height=130.0, tilt=0.0, mirrored=False):
    """A face whose box has this corner and size; its landmarks are turned about the middle of the box by degrees."""
    corner, size = np.array([x0, y0]), np.array([width, height])
    middle, turn = corner + size / 2, np.radians(tilt)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (corner + _LANDMARKS * size - middle) @ matrix.T + middle
    if mirrored:
        points = points[[1, 0, 2, 4, 3]]
    return Face(np.array([*corner, *(corner + size)], np.float32), 0.99, points.astype(np.float32))


def _face_filling(height, width):
    side = min(height, width)
    return _face((width - 0.5 * side) / 2, (height - 0.6 * side) / 2, 0.5 * side, 0.6 * side)


@pytest.fixture(scope="session")
def textured():
    return _textured


@pytest.fixture(scope="session")
def face():
    return _face


@pytest.fixture(scope="session")
def face_filling():
    return _face_filling


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to work in, with the module ``mine``, which is forgotten after the test."""
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    invalidate_caches()
    yield tmp_path
    sys.modules.pop("mine", None)
