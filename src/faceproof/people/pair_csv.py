"""Comparisons that a person lists in a CSV file, with photos by path and labels of that person's own."""

from __future__ import annotations

import csv
import io
import os
import posixpath
import re
import unicodedata
from array import array
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import PeopleError
from faceproof.people.pair_files import MOST_FOLDS, Problems, read_pair_list
from faceproof.people.pairing import NO_FOLD, Rows, compose, person_codes
from faceproof.people.types import Comparisons, PhotoSet

_LABELS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_EXPECTED = "Expected the columns path_a, path_b, mated (1 or 0) and, if there are folds, fold"
_FOLD = re.compile(r"[0-9]{1,9}")


def csv_protocol(people: PhotoSet, csv_file: str | Path) -> Comparisons:
    """The comparisons of a CSV file: columns path_a, path_b, mated and, if there are folds, fold.

    With a first line of these names the columns may be in any order and others are ignored; without one they are
    in this order. Paths are relative to the folder of people, or absolute inside it. ``mated`` is 1, true or yes,
    or 0, false or no. ``fold`` is a whole number; folds are counted from 0 in the order of these numbers.

    Args:
        people: the photos.
        csv_file: the file, UTF-8, separated by commas, semicolons or tabs.

    Returns:
        The comparisons in the order of the file, with the labels of the file.

    Raises:
        PeopleError: a line is malformed, names an unknown photo, or repeats a pair.
    """
    pairs = read_pair_list(csv_file, "csv_file")
    records = _records(pairs.text, pairs.path)
    columns, records = _find_columns(records, pairs.path)
    problems = Problems(pairs.path)
    line, rows_a, rows_b, label, fold = _parse(records, columns, photo_finder(people), problems).T
    problems.check(f"{_EXPECTED}, with paths relative to {people.root}, such as {people.photos[0].id!r}.")
    _refuse_repeats(rows_a, rows_b, line, len(people.photos), problems)
    mated = label.astype(np.bool_)
    numbers, fold_place = np.unique(fold, return_inverse=True)
    if len(numbers) > MOST_FOLDS:
        raise PeopleError(f"{pairs.path}: {len(numbers):,} folds, expected {MOST_FOLDS:,} at most.")
    notes = _label_notes(people, rows_a, rows_b, mated)
    if columns.ignored:
        notes.append(f"Columns of the CSV file that are ignored: {', '.join(columns.ignored)}.")
    return compose(
        people,
        rows_a,
        rows_b,
        mated,
        fold=None if columns.fold is None else fold_place.astype(np.int16),
        protocol="csv",
        settings=pairs.settings,
        notes=notes,
    )


class _Columns(NamedTuple):
    """Where each column is, how many there are, and names of those that mean nothing here."""

    a: int
    b: int
    mated: int
    fold: int | None
    width: int
    ignored: tuple[str, ...] = ()


_Records = Iterator[tuple[int, list[str]]]


def _records(text: str, path: Path) -> _Records:
    """Line number and fields of each record that is not blank."""
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for record in reader:
            if any(field.strip() for field in record):
                yield reader.line_num, record
    except csv.Error as error:
        raise PeopleError(f"{path}: line {reader.line_num:,} is not CSV ({error}). {_EXPECTED}.") from error


def _find_columns(records: _Records, path: Path) -> tuple[_Columns, _Records]:
    """The columns by the first line, and the records without it where it is a header."""
    line, first = next(records, (0, []))
    if not first:
        raise PeopleError(f"{path} is empty. {_EXPECTED}.")
    names = [field.strip().lower().replace(" ", "_").replace("photo_", "path_") for field in first]
    if {"path_a", "path_b", "mated"} <= set(names):
        fold = names.index("fold") if "fold" in names else None
        a, b, mated = (names.index(name) for name in ("path_a", "path_b", "mated"))
        others = (place for place in range(len(names)) if place not in {a, b, mated, fold})
        ignored = tuple(first[place] for place in others if names[place])
        return _Columns(a, b, mated, fold, len(names), ignored), records
    if len(first) not in {3, 4} or first[2].strip().lower() not in _LABELS:
        raise PeopleError(f"{path}: line {line} is {', '.join(first)[:80]!r}. {_EXPECTED}.")
    return _Columns(0, 1, 2, 3 if len(first) == 4 else None, len(first)), chain([(line, first)], records)


def _parse(
    records: _Records, columns: _Columns, find: Callable[[str], int | None], problems: Problems
) -> NDArray[np.int64]:
    """Line, row a, row b, label and fold of each record, int64 (n, 5); wrong ones become problems."""
    values = array("q")
    for line, record in records:
        if len(record) != columns.width:
            problems.add(line, f"{len(record)} columns, expected {columns.width}")
            continue
        label = _LABELS.get(record[columns.mated].strip().lower())
        if label is None:
            problems.add(line, f"mated is {record[columns.mated][:80]!r}, expected 1, true, yes, 0, false or no")
        fold = _fold_number(record, columns)
        if fold is None:
            problems.add(line, f"fold is {record[columns.fold or 0][:80]!r}, expected a whole number")
        row_a, row_b = find(record[columns.a]), find(record[columns.b])
        for path, row in ((record[columns.a], row_a), (record[columns.b], row_b)):
            if row is None:
                problems.add(line, f"no photo {path!r}")
        if row_a is not None and row_a == row_b:
            problems.add(line, f"{record[columns.a]!r} is compared with itself")
        if not problems.count and row_a is not None and row_b is not None:
            values.extend((line, row_a, row_b, bool(label), NO_FOLD if fold is None else fold))
    return np.frombuffer(values, dtype=np.int64).reshape(-1, 5)


def _fold_number(record: list[str], columns: _Columns) -> int | None:
    """The fold of a record, NO_FOLD where the file has none, None where it cannot be read."""
    if columns.fold is None:
        return NO_FOLD
    text = record[columns.fold].strip()
    return int(text) if _FOLD.fullmatch(text) else None


def photo_finder(people: PhotoSet) -> Callable[[str], int | None]:
    """A function from a path as a person may write it to the row of that photo, None where there is no such photo."""
    row_of = {photo.id: row for row, photo in enumerate(people.photos)}
    plain = {_nfc(name): row for name, row in row_of.items()}
    roots = {f"{place(people.root)}{os.sep}" for place in (os.path.abspath, os.path.realpath)}

    def find(path: str) -> int | None:
        if path in row_of:
            return row_of[path]
        text = path.strip()
        if os.path.isabs(text):
            text = os.path.normpath(text)
            text = next((text.removeprefix(root) for root in roots if text.startswith(root)), text)
        for spelling in (text, text.replace("\\", "/")):
            row = plain.get(_nfc(posixpath.normpath(spelling)))
            if row is not None:
                return row
        return None

    return find


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _refuse_repeats(rows_a: Rows, rows_b: Rows, line: Rows, photos: int, problems: Problems) -> None:
    """Raise where a pair is listed twice, whichever side comes first."""
    key = np.minimum(rows_a, rows_b) * photos + np.maximum(rows_a, rows_b)
    order = np.argsort(key, kind="stable")
    again = np.flatnonzero(key[order][1:] == key[order][:-1])
    for second, first in sorted(zip(line[order[again + 1]].tolist(), line[order[again]].tolist(), strict=True)):
        problems.add(second, f"the pair of line {first:,} again")
    problems.check("List each pair once.")


def _label_notes(people: PhotoSet, rows_a: Rows, rows_b: Rows, mated: NDArray[np.bool_]) -> list[str]:
    """Where the labels of the file contradict the folders; the file is followed."""
    codes = person_codes(people.photos)
    same_folder = codes[rows_a] == codes[rows_b]
    notes = []
    if count := int((same_folder & ~mated).sum()):
        notes.append(f"{count:,} comparisons are labelled non-mated, though both photos lie in one person's folder.")
    if count := int((~same_folder & mated).sum()):
        notes.append(f"{count:,} comparisons are labelled mated, though the photos lie in folders of two people.")
    return notes
