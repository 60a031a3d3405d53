"""The detector that reads faces from a CSV or Parquet file with one row for each face."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from math import isnan
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError
from faceproof.files import check_file, sha256_of, unguarded, write_csv
from faceproof.people.csv_table import read_table
from faceproof.people.labels import column_name
from faceproof.people.photo_files import valid_unicode
from faceproof.people.types import Photo
from faceproof.systems.detection.detector import Detector, Picture
from faceproof.systems.faces.types import Faces, Failure
from faceproof.unpacking import numbers_bytes, open_parquet, refuse_unless_room, texts_bytes

SUFFIXES = (".csv", ".parquet")
CORNERS, SIDES = ("x0", "y0", "x1", "y1"), ("x", "y", "width", "height")
POINTS = tuple(
    f"{point}_{axis}" for point in ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth") for axis in "xy"
)
COLUMNS = ("photo", *CORNERS, "probability", *POINTS)
"""The columns that `faceproof detect --boxes` writes."""

_EXPECTED = (
    f"Expected the columns photo (its path below the folder of people, such as Anna/1.jpg), {', '.join(CORNERS)} (or "
    f"{', '.join(SIDES)}) in pixels and, if wanted, probability and all of {', '.join(POINTS)}"
)
_COUNTED = {"photo", *CORNERS, *SIDES, "probability", *POINTS}
_SHOWN = 5


class BoxFile(Detector):
    """The faces of a file. A photo may have several rows. A row without a box means that the photo has no face.

    Args:
        path: the file.

    Raises:
        ConfigurationError: it cannot be read, lacks a column, or a row makes no sense.
    """

    name = "file"
    clean_only = True

    def __init__(self, path: Path) -> None:
        photos, rows = _read(path)
        _check_rows(path, photos, rows)
        self.file = valid_unicode(path.name)
        self.source = {"file": valid_unicode(str(path.resolve())), "sha256": sha256_of(path)}
        self._rows = _by_photo(photos, rows)
        with_points = np.isfinite(rows[np.isfinite(rows[:, 0]), 5:]).all(axis=1)
        self.landmarks = bool(with_points.all()) if with_points.all() or not with_points.any() else None

    def find(self, pictures: Sequence[Picture], ids: Sequence[str] = ()) -> list[Faces | Failure]:
        """The faces of each photo in the file, or the reason if it has no row."""
        return [
            Faces.from_rows(self._rows[photo]) if photo in self._rows else Failure(f"{self.file} has no row for it")
            for photo in ids
        ]

    def recipe(self) -> dict[str, object]:
        """The name alone; the faces are part of `key`."""
        return {"name": self.name}

    def key(self, photo: Photo) -> str:
        """Cache key: digest of the photo's bytes and of its rows. Photos with equal bytes can have different rows."""
        rows = self._rows.get(photo.id)
        if not photo.sha256 or rows is None:
            return ""
        return hashlib.sha256(photo.sha256.encode() + rows.tobytes()).hexdigest()

    def notes(self, photos: Sequence[Photo]) -> list[str]:
        """The photos without a row in the file, and the number of other photos in it."""
        lacking = [photo.id for photo in photos if photo.id not in self._rows]
        if photos and len(lacking) == len(photos):
            raise ConfigurationError(
                f"{self.file} has none of the photos that are compared: they are called {_some(lacking)}, and those of "
                f"the file {_some(self._rows)}. Expected in column photo their paths below the folder of people."
            )
        others = len(self._rows) - (len(photos) - len(lacking))
        notes = []
        if lacking:
            notes.append(f"{self.file} has no row for {len(lacking):,} of {len(photos):,} photos: {_some(lacking)}.")
        if others:
            more = "photo, which is" if others == 1 else "photos, which are"
            notes.append(f"{self.file} has {others:,} more {more} not compared.")
        return notes


def write_box_file(path: Path, faces_of: Iterable[tuple[str, Faces]]) -> None:
    """Write faces as a CSV file that `BoxFile` reads; a photo without a face has a row without a box.

    Args:
        path: the file; its folder must exist.
        faces_of: photo, as `BoxFile` looks for it, and its faces.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    try:
        write_csv(path, COLUMNS, _rows_to_write(faces_of))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written ({error.strerror or error}).", path=path) from error


def _rows_to_write(faces_of: Iterable[tuple[str, Faces]]) -> Iterator[dict[str, object]]:
    """A row for each face, by column."""
    for photo, faces in faces_of:
        if not len(faces):
            yield {"photo": photo}
        for face in map(faces.face, range(len(faces))):
            numbers = [*face.box_xyxy_px, face.probability, *face.landmarks_px.ravel()]
            # By its shortest text, a float32 is neither cut short nor as long as a float64.
            cells = ("" if isnan(number) else float(str(number)) for number in numbers)
            yield {"photo": photo, **dict(zip(COLUMNS[1:], cells, strict=True))}


def _read(path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Photo of each row, and box, probability and landmarks, float32 (n, 15), NaN where there is none."""
    names, table = _from_parquet(path) if path.suffix.lower() == ".parquet" else _from_csv(path)
    box, points = _box_and_points(path, names)
    if not len(table):
        raise ConfigurationError(f"{path} has no row. {_EXPECTED}.", path=path)
    rows = np.full((len(table), 15), np.nan, np.float32)
    for place, name in [*enumerate(box), (4, "probability"), *enumerate(points, 5)]:
        if name in names:
            try:
                numbers = pc.cast(table[name], pa.float64()).to_numpy()
            except pa.ArrowException as error:
                raise ConfigurationError(f"{path}: column {name} is no numbers ({error}).", path=path) from error
            with np.errstate(over="ignore"):  # a number too large for float32 becomes infinite, and is refused later
                rows[:, place] = numbers
    if box is SIDES:
        rows[:, 2:4] += rows[:, :2]
    try:
        photos = [unguarded(photo or "") for photo in pc.cast(table["photo"], pa.string()).to_pylist()]
    except pa.ArrowException as error:
        raise ConfigurationError(f"{path}: column photo is no text ({error}).", path=path) from error
    return photos, rows


def _box_and_points(path: Path, names: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The columns of boxes and of landmarks.

    Raises:
        ConfigurationError: the file lacks columns, or has one twice.
    """
    box = next((columns for columns in (CORNERS, SIDES) if set(columns) <= set(names)), None)
    points = [name for name in POINTS if name in names]
    if "photo" not in names or box is None or len(points) not in (0, len(POINTS)) or len(set(names)) < len(names):
        raise ConfigurationError(f"{path} has the columns {', '.join(names) or 'none'}. {_EXPECTED}.", path=path)
    return box, points


def _from_csv(path: Path) -> tuple[list[str], pa.Table]:
    """Names of all columns, and the columns that count as text, null where there is no number."""
    source = read_table(path, "file of faces", ConfigurationError, expected=_EXPECTED)
    names = source.names()
    _box_and_points(path, names)
    cells = source.cells({name: place for place, name in enumerate(names) if name in _COUNTED})
    missing = pa.array(pa_csv.ConvertOptions().null_values or ())
    columns = {
        name: cells.table[name]
        if name == "photo"
        else pc.if_else(
            pc.is_in(cells.trimmed(name), value_set=missing), pa.scalar(None, pa.string()), cells.trimmed(name)
        )
        for name in cells.places
    }
    return names, pa.table(columns)


def _from_parquet(path: Path) -> tuple[list[str], pa.Table]:
    """Names of all columns, and the columns that count; text is unpacked only where there is room for it."""
    check_file(path, "The file of faces", ConfigurationError)
    try:
        with path.open("rb") as file:
            return _columns_of_parquet(path, file)
    except (OSError, pa.ArrowException) as error:
        raise ConfigurationError(f"The file of faces {path} cannot be read ({error}). {_EXPECTED}.") from error


def _columns_of_parquet(path: Path, file: BinaryIO) -> tuple[list[str], pa.Table]:
    """As `_from_parquet`, of an open file."""
    given = pq.read_schema(file).names
    names = [column_name(name) for name in given]
    counted = [name for name, short in zip(given, names, strict=True) if short in _COUNTED]
    file.seek(0)
    content = open_parquet(file, counted)
    # Numbers are read, cast to float64, and kept as float32.
    refuse_unless_room(path, 3 * numbers_bytes(content, counted), ConfigurationError)
    table = content.read(columns=counted)
    for place, name in enumerate(table.column_names):
        kind = table.schema.field(place).type
        if pa.types.is_dictionary(kind):
            refuse_unless_room(path, texts_bytes(table.column(place)), ConfigurationError)
            table = table.set_column(place, name, table.column(place).cast(kind.value_type))
    return names, table.rename_columns([column_name(name) for name in table.column_names])


def _check_rows(path: Path, photos: Sequence[str], rows: NDArray[np.float32]) -> None:
    box, probability, points = rows[:, :4], rows[:, 4], rows[:, 5:]
    empty = np.isnan(box).all(axis=1)
    sound = np.isfinite(box).all(axis=1) & (box[:, 2] > box[:, 0]) & (box[:, 3] > box[:, 1])
    for wrong, what in (
        (np.array([not photo.strip() for photo in photos]), "name no photo"),
        (~(sound | empty), "have a box that is empty, upside down or not whole"),
        (~(np.isnan(probability) | ((probability >= 0) & (probability <= 1))), "have a probability outside 0 to 1"),
        (~(np.isfinite(points).all(axis=1) | np.isnan(points).all(axis=1)), "have a part of the landmarks"),
    ):
        if wrong.any():
            found = ", ".join(f"{row + 1:,}" for row in np.flatnonzero(wrong)[:_SHOWN])
            raise ConfigurationError(
                f"{path}: rows that {what}: {int(wrong.sum()):,} (row {found}, from 1 below the first line). Correct "
                "them.",
                path=path,
            )
    _refuse_mirrored(path, points.reshape(-1, 5, 2))


def _refuse_mirrored(path: Path, points: NDArray[np.float32]) -> None:
    """Refuse landmarks whose left and right are those of the person: they would flip every face."""
    known = np.isfinite(points[:, 0, 0])
    swapped = int((points[known, 0, 0] > points[known, 1, 0]).sum())
    if swapped * 2 > known.sum():
        raise ConfigurationError(
            f"{path}: in {swapped:,} of {int(known.sum()):,} faces the left eye lies right of the right one. Left and "
            "right are meant as seen in the picture: swap these columns.",
            path=path,
        )


def _by_photo(photos: Sequence[str], rows: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Rows with a box of each photo, in the order of the file."""
    places: dict[str, list[int]] = {}
    for row, photo in enumerate(photos):
        boxes = places.setdefault(photo, [])
        if np.isfinite(rows[row, 0]):
            boxes.append(row)
    return {photo: rows[boxes] for photo, boxes in places.items()}


def _some(names: Iterable[str]) -> str:
    shown = [name for name, _ in zip(names, range(3), strict=False)]
    return ", ".join(shown)
