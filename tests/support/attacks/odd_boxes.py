"""Odd files of faces: CSV and Parquet with boxes, probabilities and landmarks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from attacks.bench import child_rng
from attacks.cases import Case, Must

Rng = np.random.Generator

PHOTOS = ("Ann/1.jpg", "Bob Ross/0002.jpg", "007", "NA", "null", "1e5", "Zoë/ä,b.jpg", "true", "-0")
_CORNERS, _SIDES = ("x0", "y0", "x1", "y1"), ("x", "y", "width", "height")
_POINTS = tuple(
    f"{point}_{axis}" for point in ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth") for axis in "xy"
)
_SHAPE = (0.3, 0.4, 0.7, 0.4, 0.5, 0.6, 0.35, 0.8, 0.65, 0.8)
"""x and y of the landmarks within a box of side 1."""


def read(path: Path) -> dict[str, list[list[float]]]:
    """Box and probability of each face by photo, as the library reads them."""
    from faceproof.systems.detection.box_file import BoxFile
    from faceproof.systems.faces.types import Faces

    found = BoxFile(path).find([None] * len(PHOTOS), list(PHOTOS))  # type: ignore[list-item]
    return {
        photo: np.column_stack([faces.boxes_xyxy_px, faces.probabilities]).astype(float).tolist()
        for photo, faces in zip(PHOTOS, found, strict=True)
        if isinstance(faces, Faces)
    }


def cases(seed: int, count: int) -> Iterator[Case]:
    """So many odd files of faces."""
    oddities = list(_ODDITIES)
    for number in range(count):
        yield _drawn(child_rng(seed, "boxes", number), number, oddities[number % len(oddities)])


def _drawn(rng: Rng, number: int, oddity: str) -> Case:
    rows = _rows(rng)
    truth: dict[str, list[list[float]]] = {photo: [] for photo, *_ in rows}
    for photo, *box, probability, _ in rows:
        truth[photo].append([*box, probability])
    sides, points = bool(rng.random() < 0.4), bool(rng.random() < 0.5)
    parquet = rng.random() < 0.3 and _ODDITIES[oddity][1]
    table = _table(rows, sides=sides, points=points)
    if parquet:
        content = _parquet(table, oddity)
    else:
        separator = ";" if oddity == "semicolons" else ","
        encoding = {"utf-16": "utf-16", "latin-1": "latin-1", "bom": "utf-8-sig"}.get(oddity, "utf-8")
        content = _csv(_changed(table, oddity), separator, oddity).encode(encoding, "replace")
    right: Any = truth if _ODDITIES[oddity][0] else Must.REFUSE
    name = f"boxes {number}: {oddity}, {'x, y, width, height' if sides else 'corners'}{', landmarks' * points}"
    return Case(name, "faces.parquet" if parquet else "faces.csv", content, read, right)


_ODDITIES: dict[str, tuple[bool, bool]] = {
    "sound": (True, True),
    "bom": (True, False),
    "utf-16": (True, False),
    "latin-1": (True, False),
    "semicolons": (True, False),
    "decimal commas": (True, False),
    "quoted numbers": (True, False),
    "blanks in names of columns": (True, False),
    "capitals": (True, False),
    "extra column": (True, True),
    "upside down": (False, True),
    "probability in per cent": (False, True),
    "infinite": (False, True),
    "words": (False, False),
    "a column twice": (False, False),
    "a column missing": (False, True),
    "half a box": (False, True),
    "half the landmarks": (False, False),
    "no photo": (False, True),
    "numbers as text": (True, True),
    "very large": (False, True),
    "cut": (True, True),
    "no rows": (False, True),
    "numbers with units": (False, False),
    "thousands": (True, False),
}
"""Whether the file still says what it is drawn to say, and whether there is a Parquet form of it."""

Table = dict[str, list[Any]]


def _rows(rng: Rng) -> list[tuple[Any, ...]]:
    """Photo, corners, probability and landmarks of some faces; numbers that float32 holds exactly."""
    rows = []
    for photo in rng.permutation(PHOTOS)[: int(rng.integers(3, len(PHOTOS)))]:
        for _ in range(int(rng.integers(1, 3))):
            x, y, side = (int(value) / 4 for value in rng.integers([0, 0, 80], [2000, 2000, 2000]))
            points = [(x, y)[place % 2] + share * side for place, share in enumerate(_SHAPE)]
            rows.append((str(photo), x, y, x + side, y + side, int(rng.integers(1, 16)) / 16, points))
    return rows


def _table(rows: list[tuple[Any, ...]], *, sides: bool, points: bool) -> Table:
    photos, x0, y0, x1, y1, probability, landmarks = (list(column) for column in zip(*rows, strict=True))
    far = [[b - a for a, b in zip(x0, x1, strict=True)], [b - a for a, b in zip(y0, y1, strict=True)]]
    box = dict(zip(_SIDES if sides else _CORNERS, [x0, y0, *(far if sides else [x1, y1])], strict=True))
    found = {"photo": photos, **box, "probability": probability}
    return found | ({name: [row[i] for row in landmarks] for i, name in enumerate(_POINTS)} if points else {})


def _changed(table: Table, oddity: str) -> Table:
    """The table with what an oddity does to it."""
    box = [name for name in (*_CORNERS, *_SIDES) if name in table]
    first: dict[str, tuple[str, Any]] = {
        "upside down": (box[2], -5.0),
        "probability in per cent": ("probability", 99.5),
        "infinite": (box[3], float("inf")),
        "words": (box[1], "top"),
        "half a box": (box[2], None),
        "no photo": ("photo", " "),
        "very large": (box[2], 1e39),
        "numbers with units": (box[0], "12px"),
        "thousands": (box[2], "1,250.0"),
    }
    if oddity in first:
        name, value = first[oddity]
        if oddity == "thousands":
            return {**table, name: [f"{one:,.4f}" for one in table[name]]}
        return {**table, name: [value, *table[name][1:]]}
    without = {"a column missing": box[3], "half the landmarks": "nose_y"}.get(oddity)
    if oddity == "half the landmarks" and "nose_y" not in table:
        return {**table, "nose_x": table[box[0]]}
    if oddity == "no rows":
        return {name: [] for name in table}
    extra = {"score": table["probability"]} if oddity == "extra column" else {}
    return {name: column for name, column in table.items() if name != without} | extra


def _csv(table: Table, separator: str, oddity: str) -> str:
    names = list(table)
    shown = {"capitals": [name.upper() for name in names], "blanks in names of columns": [f" {n} " for n in names]}
    lines = [separator.join(shown.get(oddity, names) + (["x0", "x"] if oddity == "a column twice" else []))]
    for row in zip(*table.values(), strict=True):
        cells = [_cell(value, oddity, separator) for value in row] + (["1", "1"] if oddity == "a column twice" else [])
        lines.append(separator.join(cells))
    text = "\n".join(lines) + "\n"
    return text[: -len(lines[-1]) // 2 - 1] if oddity == "cut" else text


def _cell(value: Any, oddity: str, separator: str) -> str:
    text = "" if value is None else str(value)
    if oddity == "decimal commas" and isinstance(value, float):
        text = text.replace(".", ",")
    return f'"{text}"' if separator in text or oddity == "quoted numbers" else text


def _parquet(table: Table, oddity: str) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    changed = _changed(table, oddity)
    if oddity == "numbers as text":
        changed = {name: [str(value) for value in column] for name, column in changed.items()}
    content = io.BytesIO()
    pq.write_table(pa.table(changed), content)
    return content.getvalue()[: -30 if oddity == "cut" else None]
