"""Comparisons that another system has made: a file with a score and a label for each.

A million rows stay columns all the way; no cell becomes a Python object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.files import check_file, sha256_of
from faceproof.people.csv_table import Cells
from faceproof.people.labels import LABELS, FoundLabel, label_error, meaning_of
from faceproof.people.pair_files import MOST_FOLDS
from faceproof.people.pairing import NO_FOLD, some
from faceproof.systems.external.score_cells import SIDES, Mistakes, read_cells
from faceproof.systems.external.score_numbers import DECIMALS, Decimal, ScoreColumn, read_numbers
from faceproof.systems.external.score_repeats import once_each

_UNKNOWN_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ScoreFile:
    """The comparisons of a score file.

    Attributes:
        path: the file.
        sha256: digest of its bytes, hexadecimal.
        kind: what its scores are.
        score: float64 (n,), NaN where the comparison could not be made.
        mated: bool (n,), the same person on both sides.
        fold: int16 (n,), from 0 in the order of the file's numbers, or -1 where there are none.
        names: text columns (n,) by name, of person_a, person_b, photo_a, photo_b and reason those that the file has.
        row: int64 (n,), number of the comparison's row in the file, from 1; blank rows have none.
        decimal: the decimal mark of the scores.
        notes: what a reader should know of it.
    """

    path: Path
    sha256: str
    kind: Literal["similarity", "distance"]
    score: NDArray[np.float64]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int16]
    names: Mapping[str, pa.ChunkedArray[pa.StringScalar]]
    row: NDArray[np.int64]
    decimal: Decimal
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of comparisons, made or not."""
        return len(self.score)


@dataclass(frozen=True, slots=True)
class ScoreRows:
    """Every row of a score file as it stands there, with repeats and contradictions.

    Attributes:
        cells: text of the columns.
        kind: what its scores are.
        numbers: the scores.
        mated: bool (n,), the same person on both sides.
        fold: int16 (n,), see `ScoreFile`.
        names: text columns (n,) by name: those of people and photos, reason, and what else was asked for.
    """

    cells: Cells
    kind: Literal["similarity", "distance"]
    numbers: ScoreColumn
    mated: NDArray[np.bool_]
    fold: NDArray[np.int16]
    names: Mapping[str, pa.ChunkedArray[pa.StringScalar]]


def read_rows(
    path: Path, *, decimal: Decimal | None = None, infinite: bool = False, more: Sequence[str] = ()
) -> ScoreRows:
    """Every row of a score file, without judging how rows fit together.

    Args:
        path: the file, see `read_scores`.
        decimal: the decimal mark of the scores, see `read_scores`.
        infinite: keep infinite scores; else they are an error.
        more: names of further columns of text, which are read where the file has them.

    Raises:
        PeopleError: the file cannot be read, has no row, or a column or a cell is not as expected.
        ConfigurationError: ``decimal`` is something else.
    """
    if decimal not in (None, *DECIMALS):
        raise ConfigurationError(f"decimal is {decimal!r}; expected 'comma' or 'point'.")
    cells = read_cells(path, more)
    kind: Literal["similarity", "distance"] = "similarity" if "similarity" in cells else "distance"
    mistakes = Mistakes(cells)
    numbers = read_numbers(cells, kind, decimal, mistakes, infinite=infinite)
    fold = _folds(cells, mistakes)
    names = {name: cells.trimmed(name) for name in (*SIDES[0], *SIDES[1], "reason", *more) if name in cells}
    for name in (name for side in SIDES for name in side if name in names):
        mistakes.add(name, _true(names[name], "equal", ""), "a name")
    mistakes.check()
    mated = read_labels(cells, "mated" if "mated" in cells else "label")
    return ScoreRows(cells, kind, numbers, mated, fold, names)


def read_scores(path: str | Path, *, decimal: Decimal | None = None) -> ScoreFile:
    """The comparisons of a score file in UTF-8, separated by commas, semicolons, tabs or bars.

    The first line names the columns, in any order and case: ``similarity`` or ``distance``, ``mated`` or ``label``,
    and, if there are any, ``person_a`` and ``person_b``, ``photo_a`` and ``photo_b``, ``fold``, ``reason``. Others are
    ignored. Labels are those of `faceproof.people.labels`. An empty score is a comparison that could not be made.

    Args:
        path: the file.
        decimal: the decimal mark of the scores; the other mark may then set thousands apart. None: the mark that the
            scores show, and no mark for thousands.

    Returns:
        The comparisons in the order of the file. One fold alone counts as none. A comparison that is there again,
        also with its sides swapped, with the same score, is counted once, and the notes say so.

    Raises:
        PeopleError: the file cannot be read, has no row, or a column or a cell is not as expected; the message has
            the line.
        ConfigurationError: ``decimal`` is something else.
    """
    path = Path(path)
    check_file(path, "The score file", PeopleError)
    try:
        digest = sha256_of(path)
    except OSError as error:
        raise PeopleError(f"The score file {path} cannot be read ({error.strerror or error}).") from error
    rows = read_rows(path, decimal=decimal)
    once, repeat_notes = once_each(rows.cells, rows.names, rows.numbers.score, rows.mated, rows.fold)
    names = {name: column.take(once) for name, column in rows.names.items()}
    notes = [*_notes(names, rows.mated[once]), *repeat_notes, *rows.numbers.notes]
    if ignored := rows.cells.source.others(rows.cells.places):
        notes.append(f"Columns of the score file that are ignored: {some(ignored)}.")
    return ScoreFile(
        *(path, digest, rows.kind, rows.numbers.score[once], rows.mated[once], rows.fold[once], names, once + 1),
        rows.numbers.decimal,
        tuple(notes),
    )


def read_labels(cells: Cells, column: str) -> NDArray[np.bool_]:
    """Which rows are mated, bool (n,).

    Raises:
        PeopleError: the labels are not the words of one pair.
    """
    words = list(LABELS)
    text = pc.utf8_lower(cells.trimmed(column))
    place = pc.index_in(text, value_set=pa.array(words)).fill_null(-1).to_numpy()
    known = np.unique(place[place >= 0])
    if (place < 0).any() or meaning_of(words[number] for number in known) is None:
        raise _wrong_labels(cells, column, text, place, known)
    return np.asarray(np.array(list(LABELS.values()))[place], dtype=np.bool_)


def _wrong_labels(
    cells: Cells,
    column: str,
    text: pa.ChunkedArray[pa.StringScalar],
    place: NDArray[np.int64],
    known: NDArray[np.int64],
) -> PeopleError:
    """The error that names the values of a label column, their counts and lines."""
    unknown = pc.value_counts(text.filter(pa.array(place < 0)))
    values = unknown.field("values")[:_UNKNOWN_SHOWN]
    first = {
        pc.index(text, value).as_py(): n.as_py() for value, n in zip(values, unknown.field("counts"), strict=False)
    }
    first |= {int(np.argmax(place == number)): int(np.count_nonzero(place == number)) for number in known}
    lines = cells.lines(list(first))
    found = [FoundLabel(cells.trimmed(column)[row].as_py(), rows, lines[row]) for row, rows in first.items()]
    return label_error(cells.source.path, column, found, len(unknown) - len(values))


def _folds(cells: Cells, mistakes: Mistakes) -> NDArray[np.int16]:
    no_folds = np.full(len(cells.table), NO_FOLD, np.int16)
    if "fold" not in cells:
        return no_folds
    text = pc.replace_substring_regex(cells.trimmed("fold"), r"\.0$", "")
    wrong = ~_true(text, "match_substring_regex", r"^[0-9]{1,9}$")
    mistakes.add("fold", wrong, "a whole number")
    if wrong.any():
        return no_folds
    known, place = np.unique(pc.cast(text, pa.int64()).to_numpy(), return_inverse=True)
    mistakes.add("fold", place >= MOST_FOLDS, f"at most {MOST_FOLDS:,} folds")
    return no_folds if known.size == 1 else place.astype(np.int16)


def _notes(names: Mapping[str, pa.ChunkedArray[pa.StringScalar]], mated: NDArray[np.bool_]) -> Iterator[str]:
    """Where names and labels contradict each other; the labels are followed."""
    if "person_a" in names:
        same = _true(names["person_a"], "equal", names["person_b"])
        if count := int(np.count_nonzero(same & ~mated)):
            yield f"{count:,} comparisons are labelled non-mated, though both sides name one person."
        if count := int(np.count_nonzero(~same & mated)):
            yield f"{count:,} comparisons are labelled mated, though their sides name two people."
    if "photo_a" in names and (count := int(_true(names["photo_a"], "equal", names["photo_b"]).sum())):
        yield f"{count:,} comparisons are of a photo with itself, which is too easy."


def _true(text: pa.ChunkedArray[pa.StringScalar], function: str, value: object) -> NDArray[np.bool_]:
    """What a function of pyarrow with one argument says of each cell, bool (n,)."""
    return np.asarray(getattr(pc, function)(text, value).to_numpy(), dtype=np.bool_)
