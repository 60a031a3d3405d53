"""Templates that another system has made of photos, read from one file.

An npz file has the arrays ``photo`` (n strings), ``template`` (n, d) and, if wanted, ``person`` (n strings); a Parquet
file has columns of these names, ``template`` being a list of numbers. A photo's id is its path below the folder of
people, with ``/``. A row whose template cannot be used is a photo that failed, with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.errors import PeopleError
from faceproof.files import check_file, sha256_of
from faceproof.systems.external.npz_file import NpzFile
from faceproof.unpacking import numbers_bytes, open_parquet, refuse_unless_room, texts_bytes

_EXPECTED = (
    "Expected the {parts} photo (text: the path below the folder of people, such as Anna/1.jpg), template "
    "({rows}) and, if wanted, person (text)"
)
_NPZ = _EXPECTED.format(parts="arrays", rows="numbers, one row for each photo")
_PARQUET = _EXPECTED.format(parts="columns", rows="lists of numbers, all of one length")
_UNIT_TOLERANCE = 1e-3
_NUMBERS_AT_A_TIME = 1 << 21


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """The templates of a file, of unit length.

    Attributes:
        path: the file.
        sha256: digest of its bytes, hexadecimal.
        photos: id of each photo, (n,), as it is in the file.
        people: name of each photo's person, (n,), where the file has them.
        templates: float32 or float64 (n, d), rows of unit length, or of NaN where ``failures`` has the row.
        norm: float64 (n,), length of each template in the file; NaN where there is none.
        failures: why a row has no template that can be used, by its number.
    """

    path: Path
    sha256: str
    photos: tuple[str, ...]
    people: tuple[str, ...] | None
    templates: NDArray[Any]
    norm: NDArray[np.float64]
    failures: dict[int, str]

    @property
    def not_unit(self) -> int:
        """How many templates are not of unit length in the file."""
        return int(np.count_nonzero(np.abs(self.norm - 1) > _UNIT_TOLERANCE))


def read_templates(path: str | Path) -> TemplateFile:
    """The templates of an npz or Parquet file; the first bytes decide which it is.

    Args:
        path: the file; an npz file is read without pickle.

    Returns:
        Its templates, made unit length.

    Raises:
        PeopleError: it cannot be read, lacks an array or column, or one is not as expected; it has no row; or a photo
            comes up twice.
    """
    path = Path(path)
    check_file(path, "The template file", PeopleError)
    try:
        digest = sha256_of(path)
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        why = error.strerror or error
        raise PeopleError(
            f"The template file {path} cannot be opened ({why}). Expected an npz or Parquet file."
        ) from error
    if start.startswith(b"PAR1"):
        photos, people, templates, none = _read_parquet(path)
    elif start.startswith(b"PK"):
        photos, people, templates, none = _read_npz(path)
    else:
        npy = " It is a single NumPy array (npy)." if start.startswith(b"\x93NUMPY") else ""
        raise PeopleError(
            f"{path} is neither an npz nor a Parquet file.{npy} {_NPZ}; or a Parquet file of such columns.", path=path
        )
    if not photos:
        raise PeopleError(f"{path} has no row. Expected one for each photo.", path=path)
    _refuse_odd_names(path, photos, people)
    templates, norm, failures = _made_unit(templates, none, path.name)
    return TemplateFile(path, digest, photos, people, templates, norm, failures)


_Rows = tuple[tuple[str, ...], tuple[str, ...] | None, NDArray[Any], NDArray[np.bool_]]
"""Photos, people, templates, and which rows have none."""


def _read_npz(path: Path) -> _Rows:
    try:
        with path.open("rb") as file:
            return _from_npz(NpzFile(file, path, _NPZ))
    except OSError as error:
        raise PeopleError(f"{path} cannot be read as an npz file ({error}). {_NPZ}.", path=path) from error


def _from_npz(file: NpzFile) -> _Rows:
    """The arrays of a file, of which nothing is unpacked before all that it says of them is right."""
    path = file.path
    _refuse_lacking(path, file.names, "arrays", _NPZ)
    claims = {name: file.claim(name) for name in ("photo", "template", "person") if name in file.names}
    template = claims["template"]
    if len(template.shape) != 2 or template.shape[1] == 0 or template.dtype.kind not in "fiu":
        raise PeopleError(
            f"{path}: array template has shape {template.shape} and dtype {template.dtype}; expected numbers (n, d). "
            "Stack the templates into one array of numbers, one row for each photo.",
            path=path,
        )
    rows, size = template.shape
    texts = [claim for name, claim in claims.items() if name != "template"]
    for claim in texts:
        if claim.shape != (rows,) or claim.dtype.kind not in "US":
            raise PeopleError(
                f"{path}: array {claim.name} has shape {claim.shape} and dtype {claim.dtype}; expected text ({rows},), "
                "one for each row of template.",
                path=path,
            )
    # Templates are kept a second time, of unit length; text becomes Python strings.
    needed = template.bytes + rows * size * max(template.dtype.itemsize, 4) + 2 * sum(claim.bytes for claim in texts)
    refuse_unless_room(path, needed, PeopleError)
    arrays = file.unpack(claims)
    names = {claim.name: _npz_texts(path, claim.name, arrays[claim.name]) for claim in texts}
    return names["photo"], names.get("person"), arrays["template"], np.zeros(rows, np.bool_)


def _npz_texts(path: Path, name: str, array: NDArray[Any]) -> tuple[str, ...]:
    try:
        return tuple(array.tolist() if array.dtype.kind == "U" else [text.decode() for text in array.tolist()])
    except (ValueError, SystemError) as error:  # bytes that are no UTF-8; numbers that are no letters
        raise PeopleError(
            f"{path}: array {name} is not UTF-8 text ({error}). Save it with dtype=str.", path=path
        ) from error


def _read_parquet(path: Path) -> _Rows:
    columns = ["photo", "template", "person"]
    try:
        with path.open("rb") as content, open_parquet(content, columns) as file:
            schema = file.schema_arrow
            _refuse_lacking(path, schema.names, "columns", _PARQUET)
            _check_parquet_types(path, {name: schema.field(name).type for name in columns if name in schema.names})
            refuse_unless_room(path, 2 * numbers_bytes(file, ["template"]), PeopleError)
            table = file.read(columns=[name for name in columns if name in schema.names])
    except (OSError, pa.ArrowException) as error:
        raise PeopleError(f"{path} cannot be read as a Parquet file ({error}). {_PARQUET}.", path=path) from error
    people = _parquet_texts(path, table, "person") if "person" in table.column_names else None
    return _parquet_texts(path, table, "photo"), people, *_parquet_templates(path, table["template"])


def _check_parquet_types(path: Path, kinds: Mapping[str, pa.DataType]) -> None:
    types = pa.types
    for name, given in kinds.items():
        if name == "template":
            of_numbers = (types.is_list(given) or types.is_large_list(given) or types.is_fixed_size_list(given)) and (
                types.is_floating(given.value_type) or types.is_integer(given.value_type)
            )
            if not of_numbers:
                raise PeopleError(
                    f"{path}: column template is of type {given}; expected lists of numbers, such as list<float>.",
                    path=path,
                )
            continue
        kind = given.value_type if types.is_dictionary(given) else given
        if not (types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)):
            raise PeopleError(f"{path}: column {name} is of type {given}; expected text. Cast it to string.", path=path)


def _parquet_texts(path: Path, table: pa.Table, name: str) -> tuple[str, ...]:
    column = table[name]
    if column.null_count:
        raise PeopleError(
            f"{path}: column {name} is empty in {column.null_count:,} rows; expected text in each.", path=path
        )
    refuse_unless_room(path, texts_bytes(column), PeopleError)
    return tuple(table.select([name]).to_pydict()[name])


def _parquet_templates(path: Path, column: pa.ChunkedArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Templates (n, d), and which rows have none."""
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy()).astype(np.int64)
    found = np.unique(lengths[lengths > 0])
    if found.size > 1:
        usual = found[np.argmax([(lengths == length).sum() for length in found])]
        row = int(np.flatnonzero((lengths > 0) & (lengths != usual))[0])
        raise PeopleError(
            f"{path}: the template in row {row:,} (from 0) has {lengths[row]:,} numbers and others have {usual:,}; "
            "expected all of one length. Bring the templates of one system only.",
            path=path,
        )
    numbers = np.asarray(pc.list_flatten(column).to_numpy())
    size = int(found[0]) if found.size else 1
    filled = lengths > 0
    if filled.all():
        return numbers.reshape(-1, size), ~filled
    templates = np.full((lengths.size, size), np.nan, np.result_type(numbers.dtype, np.float16))
    templates[filled] = numbers.reshape(-1, size)
    return templates, ~filled


def _refuse_lacking(path: Path, names: Sequence[str], parts: str, expected: str) -> None:
    lacking = [name for name in ("photo", "template") if name not in names]
    if lacking:
        raise PeopleError(
            f"{path} lacks {' and '.join(lacking)}; its {parts} are {', '.join(names) or 'none'}. {expected}.",
            path=path,
        )


def _refuse_odd_names(path: Path, photos: Sequence[str], people: Sequence[str] | None) -> None:
    """Refuse ids that are empty, no valid Unicode, or there twice."""
    first: dict[str, int] = {}
    for row, photo in enumerate(photos):
        earlier = first.setdefault(photo, row)
        if earlier != row:
            raise PeopleError(
                f"{path}: rows {earlier:,} and {row:,} (from 0) are both of photo {photo!r}. Keep one of them.",
                path=path,
            )
    for name, texts in (("photo", photos), ("person", people or ())):
        for row, text in enumerate(texts):
            if not text.strip() or "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
                raise PeopleError(
                    f"{path}: {name} in row {row:,} (from 0) is {text!r}; expected a name, valid Unicode.", path=path
                )


def _made_unit(
    templates: NDArray[Any], none: NDArray[np.bool_], file: str
) -> tuple[NDArray[Any], NDArray[np.float64], dict[int, str]]:
    """Rows of unit length, their length before, and why a row cannot be used."""
    # Float64 stay what they are; whatever float32 holds exactly is kept in half the room.
    wide = np.result_type(templates.dtype, np.float32) != np.float32
    unit = np.empty(templates.shape, np.float64 if wide else np.float32)
    norm = np.full(len(templates), np.nan)
    failures = dict.fromkeys(np.flatnonzero(none).tolist(), f"no template in {file}")
    step = max(_NUMBERS_AT_A_TIME // templates.shape[1], 1)
    for start in range(0, len(templates), step):
        rows = templates[start : start + step].astype(np.float64)
        largest = np.abs(rows).max(axis=1)
        unusable = ~(np.isfinite(largest) & (largest > 0))
        for place in np.flatnonzero(unusable & ~none[start : start + step]).tolist():
            failures[start + place] = f"the template in {file} {_what_is_wrong(rows[place])}"
        largest[unusable] = np.nan
        # By the largest number first: squares of very large or small ones leave the range of float64.
        rows /= largest[:, None]
        length = np.sqrt((rows * rows).sum(axis=1))
        unit[start : start + step] = rows / length[:, None]
        norm[start : start + step] = largest * length
    return unit, norm, failures


def _what_is_wrong(template: NDArray[np.float64]) -> str:
    if np.isnan(template).any():
        return "has NaN"
    return "has infinite numbers" if template.any() else "has length 0"
