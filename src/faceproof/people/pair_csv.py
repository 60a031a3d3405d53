"""The protocol ``csv``: comparisons from a user's CSV file, with paths of photos and labels."""

from __future__ import annotations

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
from faceproof.people.csv_table import CsvTable, read_table
from faceproof.people.labels import LABELS, LabelColumn, plain
from faceproof.people.pair_files import MOST_FOLDS, read_pair_list
from faceproof.people.pairing import NO_FOLD, Rows, compose, person_codes
from faceproof.people.problems import Problems
from faceproof.people.repeats import count_once
from faceproof.people.types import Comparisons, PhotoSet

_NEEDED = ("photo_a", "photo_b", "mated")
_EXPECTED = "Expected the columns path_a, path_b, mated (such as 1 or 0) and, if there are folds, fold"
_FOLD = re.compile(r"[0-9]{1,9}")


def csv_protocol(people: PhotoSet, pairs: str | Path) -> Comparisons:
    """The comparisons of a CSV file: columns path_a, path_b, mated and, if there are folds, fold.

    If the first line has these names, the columns may be in any order and other columns are ignored. Otherwise they
    are in this order. ``photo_a``, ``photo_b`` and ``label`` are other names of the first three. Paths are relative to
    the folder of people, or absolute inside it. Labels are those of `faceproof.people.labels`. ``fold`` is a whole
    number; folds are numbered from 0 in the order of these numbers.

    Args:
        people: the photos.
        pairs: the file, as `faceproof.people.csv_table` reads it.

    Returns:
        The comparisons in the order of the file, with the labels of the file. A pair that is listed again, also with
        its sides swapped, is counted once, with a note.

    Raises:
        PeopleError: a line is malformed or names an unknown photo, the labels are not the words of one pair, or a
            pair has both labels.
    """
    listed = read_pair_list(pairs)
    find = photo_finder(people)
    table = read_table(listed.path, "pair list", PeopleError, expected=_EXPECTED, content=listed.content)
    columns, records = _find_columns(table, find)
    problems = Problems(listed.path)
    labels = LabelColumn(listed.path, columns.label_name)
    line, rows_a, rows_b, label, fold = _parse(records, columns, find, labels, problems).T
    problems.check(f"{_EXPECTED}, with paths relative to {people.root}, such as {people.photos[0].id!r}.")
    mated = labels.mated()[label]
    once, repeat_notes = count_once(rows_a, rows_b, mated, fold, line, problems)
    rows_a, rows_b, mated, fold = rows_a[once], rows_b[once], mated[once], fold[once]
    numbers, fold_place = np.unique(fold, return_inverse=True)
    if len(numbers) > MOST_FOLDS:
        raise PeopleError(f"{listed.path}: {len(numbers):,} folds, expected {MOST_FOLDS:,} at most.")
    notes = repeat_notes + _label_notes(people, rows_a, rows_b, mated)
    if columns.ignored:
        notes.append(f"Columns of the CSV file that are ignored: {', '.join(columns.ignored)}.")
    return compose(
        people,
        rows_a,
        rows_b,
        mated,
        fold=None if columns.fold is None else fold_place.astype(np.int16),
        protocol="csv",
        settings=listed.settings,
        notes=notes,
    )


class _Columns(NamedTuple):
    """Position of each column, number of columns, name of the label column, and names of ignored columns."""

    a: int
    b: int
    mated: int
    fold: int | None
    width: int
    label_name: str = "mated"
    ignored: tuple[str, ...] = ()


_Records = Iterator[tuple[int, list[str]]]
_Find = Callable[[str], int | None]


def _find_columns(table: CsvTable, find: _Find) -> tuple[_Columns, _Records]:
    """The columns, from the first row, and the records; the first row is one of them if it is not a header."""
    first = list(table.first)
    place = table.places((*_NEEDED, "fold"), same={"label": "mated"})
    if set(_NEEDED) <= place.keys():
        a, b, mated = (place[name] for name in _NEEDED)
        return (
            _Columns(a, b, mated, place.get("fold"), table.width, first[mated].strip(), table.others(place)),
            table.records(),
        )
    if len(first) not in {3, 4} or plain(first[2]) not in LABELS:
        raise PeopleError(f"{table.shown()}. {_EXPECTED}.")
    if find(first[0]) is None and find(first[1]) is None:
        raise PeopleError(f"{table.shown()}, which are neither names of columns nor photos in the folder. {_EXPECTED}.")
    columns = _Columns(0, 1, 2, 3 if len(first) == 4 else None, len(first))
    return columns, chain([(table.first_line, first)], table.records())


def _parse(
    records: _Records, columns: _Columns, find: _Find, labels: LabelColumn, problems: Problems
) -> NDArray[np.int64]:
    """Line, row a, row b, label number and fold of each record, int64 (n, 5); errors are added to ``problems``."""
    values = array("q")
    for line, record in records:
        if len(record) != columns.width:
            problems.add(line, f"{len(record)} columns, expected {columns.width}")
            continue
        label = labels.add(record[columns.mated], line)
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
            values.extend((line, row_a, row_b, label, NO_FOLD if fold is None else fold))
    return np.frombuffer(values, dtype=np.int64).reshape(-1, 5)


def _fold_number(record: list[str], columns: _Columns) -> int | None:
    """The fold of a record; NO_FOLD if the file has no folds, None if the value is not a whole number."""
    if columns.fold is None:
        return NO_FOLD
    text = record[columns.fold].strip()
    return int(text) if _FOLD.fullmatch(text) else None


def photo_finder(people: PhotoSet) -> _Find:
    """A function that finds the row of a photo by its path in a user's file.

    Args:
        people: the photos.

    Returns:
        A function from a path, relative to the folder of people or absolute, to a row of ``people.photos``, or to
        None if there is no such photo.
    """
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


def _label_notes(people: PhotoSet, rows_a: Rows, rows_b: Rows, mated: NDArray[np.bool_]) -> list[str]:
    """Notes on labels of the file that contradict the folders; the labels of the file are used."""
    codes = person_codes(people.photos)
    same_folder = codes[rows_a] == codes[rows_b]
    notes = []
    if count := int((same_folder & ~mated).sum()):
        notes.append(f"{count:,} comparisons are labelled non-mated, but both photos are in one person's folder.")
    if count := int((~same_folder & mated).sum()):
        notes.append(f"{count:,} comparisons are labelled mated, but the photos are in folders of two people.")
    return notes
