"""Photos that need much memory, or that a decoder complains about, as a person meets them on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from io import BytesIO

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

MODEL = ["--model", "grey:Model", "--detector", "none", "--no-canary", "--no-figures", "--no-cache"]
GREY = """
class Model:
    contract = {"size_px": 8, "pixel_mean": 0, "pixel_divisor": 255, "alignment": "even_margin_crop"}

    def embed(self, batch):
        return batch.mean(axis=3).reshape(len(batch), -1)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with two photos of each of two people and a model, where the command runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("grey", None)
    (tmp_path / "grey.py").write_text(GREY)
    for number in range(4):
        photo(tmp_path / "people" / f"p{number // 2}" / f"{number}.png", 40, number)
    return tmp_path


def with_models(folder):
    """The environment of a command that finds the models in a folder."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}


def photo(path, side, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    row = np.random.default_rng(seed).integers(0, 256, (1, side, 3), dtype=np.uint8)
    Image.fromarray(np.repeat(row, side, axis=0)).save(path)


def outcomes(folder):
    """Outcome, or reason, of each photo by its id."""
    rows = pq.read_table(folder / "photos.parquet", columns=["photo", "outcome", "reason"]).to_pylist()
    return {row["photo"]: row["reason"] or row["outcome"] for row in rows}


def test_a_photo_that_needs_more_memory_than_allowed_is_a_row_and_the_others_are_not_touched(run, here):
    photo(here / "people" / "p0" / "large.png", 700, 9)
    command = ["evaluate", "people", *MODEL, "--protocol", "all", "--decode-memory"]
    run(*command, "1MB", "--out", "small")
    run(*command, "1 GiB", "--out", "large", "--workers", "1", "--batch-size", "1")
    large = outcomes(here / "large")
    assert set(large.values()) == {"template"}
    small = outcomes(here / "small")
    why = small.pop("p0/large.png")
    assert why.startswith("too large: decoding it takes up to 3.4")
    assert why.endswith("(`decode_memory`)")
    assert small == {name: "template" for name in large if name != "p0/large.png"}
    assert json.loads((here / "small" / "manifest.json").read_text())["decode_memory_bytes"] == 1_000_000
    assert json.loads((here / "large" / "manifest.json").read_text())["decode_memory_bytes"] == 1 << 30


def test_stress_keeps_to_it_too(run, here):
    photo(here / "people" / "p0" / "large.png", 700, 9)
    run(
        *("stress", "people", *MODEL, "--suite", "classic", "--severities", "1", "--stage", "aligned"),
        *("--protocol", "all", "--decode-memory", "1MB", "--out", "r"),
    )
    rows = pq.read_table(here / "r" / "photos.parquet", columns=["photo", "outcome", "reason"]).to_pylist()
    of_large = [row for row in rows if row["photo"] == "p0/large.png"]
    assert len(of_large) > 1
    assert all(row["outcome"] == "decode" and "(`decode_memory`)" in row["reason"] for row in of_large)
    assert all(row["outcome"] != "decode" for row in rows if row["photo"] != "p0/large.png")


@pytest.mark.parametrize("command", ["evaluate", "stress"])
@pytest.mark.parametrize("size", ["0", "-1", "lots", "2 PB"])
def test_what_is_no_size_is_refused_before_anything_is_read(run, here, command, size):
    done = run(command, "nowhere", *MODEL, f"--decode-memory={size}", code=2)
    assert f"decode_memory is '{size}': expected a size above 0 in bytes, such as 500MB or 2GB." in done.stderr


def test_a_damaged_tiff_is_a_row_with_what_libtiff_said_and_an_avif_is_read(here):
    stream = BytesIO()
    pixels = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "TIFF", compression="tiff_deflate")
    damaged = bytearray(stream.getvalue())
    damaged[600:700] = bytes(100)
    (here / "people" / "p1" / "damaged.tif").write_bytes(damaged)
    avif = find_spec("PIL._avif") is not None
    if avif:
        Image.fromarray(pixels).save(here / "people" / "p1" / "a.avif")
    command = [sys.executable, "-m", "faceproof.cli", "evaluate", "people", *MODEL, "--protocol", "all", "--out", "r"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300, env=with_models(here))
    assert "ZIPDecode" not in done.stderr
    found = outcomes(here / "r")
    assert found["p1/damaged.tif"].startswith("damaged: the TIFF data cannot be decoded (libtiff: ZIPDecode: ")
    if avif:
        assert found["p1/a.avif"] == "template"
