"""Small runs that are repeated and checked: people of colour patterns, and models and functions of one's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from patterns import people_of, photos_of
from PIL import Image

from faceproof.runs.manifest_file import write_manifest
from faceproof.runs.run_folder import open_run

PEOPLE = {"ann": 2, "ben": 2, "cem": 2, "dee": 2, "eva": 2, "fay": 2}
OWN = """
import numpy as np

SCALE = 1.0


class Model:
    version = "1"
    contract = {"size_px": 24, "pixel_mean": 127.5, "pixel_divisor": 127.5, "alignment": "even_margin_crop"}

    def embed(self, batch):
        means = batch.reshape(len(batch), 3, 6, 4, 6, 4).mean(axis=(3, 5)).reshape(len(batch), -1)
        return SCALE * (means - means.mean(axis=1, keepdims=True))


class NoVersion(Model):
    version = None


class Finder:
    def find(self, photos):
        return [[(24, 24, 72, 72)]] * len(photos)


def dim(photo, severity):
    return photo // np.uint8(severity)
"""
SUITE = """
name = "field"
[[degradation]]
function = "receipt_own:dim"
severities = [2, 4]
[[degradation]]
family = "gaussian-noise"
severities = [3]
"""


def write_people(folder: Path) -> Path:
    """A folder of six people with two photos each."""
    names = people_of(PEOPLE)
    for number, (name, photo) in enumerate(zip(names, photos_of(names, noise=60), strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo).save(folder / name / f"{1 + number % 2}.png")
    return folder


def write_pairs(path: Path) -> Path:
    """A list of all pairs, with the photos in the order of the folder."""
    photos = [f"{name}/{number}.png" for name in PEOPLE for number in (1, 2)]
    rows = [f"{a},{b},{int(a[:3] == b[:3])}" for place, a in enumerate(photos) for b in photos[place + 1 :]]
    path.write_text("\n".join(["path_a,path_b,mated", *rows]) + "\n")
    return path


def with_similarity(run: Path, comparison: int, change: float, condition: str = "clean") -> Path:
    """Change one similarity of a stored run, and give all files their digests again."""
    path, manifest = run / "scores.parquet", open_run(run).manifest
    table = pq.read_table(path)
    rows = (table["comparison"].to_numpy() == comparison) & (np.array(table["condition"].to_pylist()) == condition)
    similarity = np.where(rows, table["similarity"].to_numpy() + change, table["similarity"].to_numpy())
    place = table.column_names.index("similarity")
    pq.write_table(table.set_column(place, "similarity", pa.array(similarity)), path)
    write_manifest(run, manifest)
    return run


def copied(folder: Path, to: Path) -> Path:
    """A copy of a folder."""
    return Path(shutil.copytree(folder, to))
