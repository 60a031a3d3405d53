"""The tool that makes the face model, on a tiny folder of people who do not exist."""

from __future__ import annotations

import sys
from pathlib import Path

import build_population
import numpy as np

from faceproof.people.synthetic.draw import draw_identity, draw_photo
from faceproof.people.synthetic.face_model import read_model
from faceproof.people.synthetic.folder import Population, write_population


def build(people: Path, out: Path, monkeypatch) -> bytes:
    command = ["build_population.py", people, "--out", out, "--components", 12, "--no-judging"]
    monkeypatch.setattr(sys, "argv", list(map(str, command)))
    build_population.main()
    return out.read_bytes()


def test_a_tiny_folder_gives_a_model_that_draws_and_gives_it_again(tmp_path, monkeypatch):
    write_population(tmp_path / "people", Population(7, 2, seed=5))
    content = build(tmp_path / "people", tmp_path / "one.npz", monkeypatch)
    model = read_model(content)
    assert model.components == 12
    assert "photos of 7 people" in model.about["source"]
    picture = draw_photo(model, draw_identity(model, 1, 1), 1, 1, 1)
    assert np.ptp(picture[80:170, 80:170].mean(axis=2)) > 40
    assert build(tmp_path / "people", tmp_path / "two.npz", monkeypatch) == content
