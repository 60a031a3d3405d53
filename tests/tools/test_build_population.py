"""The tool that makes the face model, on a tiny folder of people who do not exist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from faceproof.people.synthetic.draw import draw_identity, draw_photo
from faceproof.people.synthetic.face_model import read_model
from faceproof.people.synthetic.folder import Population, write_population

TOOL = Path(__file__).parents[2] / "tools/build_population.py"


def build(people: Path, out: Path) -> bytes:
    command = [sys.executable, TOOL, people, "--out", out, "--components", "12", "--no-judging"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return out.read_bytes()


def test_a_tiny_folder_gives_a_model_that_draws_and_gives_it_again(tmp_path):
    write_population(tmp_path / "people", Population(12, 3, seed=5))
    content = build(tmp_path / "people", tmp_path / "one.npz")
    model = read_model(content)
    assert model.components == 12
    assert "photos of 12 people" in model.about["source"]
    picture = draw_photo(model, draw_identity(model, 1, 1), 1, 1, 1)
    assert np.ptp(picture[80:170, 80:170].mean(axis=2)) > 40
    assert build(tmp_path / "people", tmp_path / "two.npz") == content
