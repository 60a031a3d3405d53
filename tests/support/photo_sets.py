"""People and pairs of photos that are in no file, for tests of what chooses and reads pairs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from faceproof.people.types import Comparisons, Group, Photo, PhotoSet

ROOT = Path("people")


def people_of(counts: dict[str, int], group: Group = "any") -> tuple[Photo, ...]:
    """So many photos of each person, named as in LFW."""
    prefix = {"any": "", "mated": "matched_faces/", "non_mated": "mismatched_faces/"}[group]
    return tuple(
        Photo(name, ROOT / name, person, f"digest of {name}", group)
        for person in sorted(counts)
        for place in range(1, counts[person] + 1)
        for name in [f"{prefix}{person}/{person}_{place:04d}.jpg"]
    )


def photo_set(**counts: int) -> PhotoSet:
    return PhotoSet(ROOT, people_of(counts))


def pairs_of(comparisons: Comparisons, *, mated: bool | None = None) -> list[tuple[str, str]]:
    rows = zip(comparisons.row_a, comparisons.row_b, comparisons.mated, strict=True)
    names = [photo.id.rpartition("/")[2].removesuffix(".jpg") for photo in comparisons.photos]
    return [(names[a], names[b]) for a, b, is_mated in rows if mated in {None, bool(is_mated)}]


def assert_well_formed(comparisons: Comparisons) -> None:
    n = len(comparisons)
    for column, dtype in (("row_a", "int64"), ("row_b", "int64"), ("mated", "bool"), ("fold", "int16")):
        value = getattr(comparisons, column)
        assert value.dtype == dtype
        assert value.shape == (n,)
    seen = np.stack((comparisons.row_a, comparisons.row_b), axis=1).ravel().tolist()
    assert list(dict.fromkeys(seen)) == list(range(len(comparisons.photos)))
    assert len({photo.id for photo in comparisons.photos}) == len(comparisons.photos)
    assert all(a != b for a, b in zip(comparisons.row_a, comparisons.row_b, strict=True))
    json.dumps(comparisons.settings, allow_nan=False)
