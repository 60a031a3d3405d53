"""Comparisons that another system has made: a file with a score and a label for each.

A million rows stay columns all the way; no cell becomes a Python object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import PeopleError
from faceproof.files import sha256_of
from faceproof.people.pair_files import MOST_FOLDS
from faceproof.people.pairing import NO_FOLD, some
from faceproof.people.score_cells import SIDES, Cells, Mistakes, read_cells

if TYPE_CHECKING:
    import pyarrow as pa

LABELS = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "mated", "genuine", "same", "match"), True),
    **dict.fromkeys(("0", "0.0", "false", "no", "nonmated", "impostor", "imposter", "different", "mismatch"), False),
}
"""What a label may be, in small letters and without spaces, hyphens and underscores."""

_SAID = (
    "1 or 0, true or false, yes or no, mated or non-mated, genuine or impostor, same or different, match or mismatch"
)
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_DECIMAL_COMMA = r"^[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?$"
_NO_SCORE = ("", "nan", "na", "n/a", "null", "none")


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
        notes: what a reader should know of it.
    """

    path: Path
    sha256: str
    kind: Literal["similarity", "distance"]
    score: NDArray[np.float64]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int16]
    names: Mapping[str, pa.ChunkedArray]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of comparisons, made or not."""
        return len(self.score)


def read_scores(path: str | Path) -> ScoreFile:
    """The comparisons of a score file in UTF-8, separated by commas, semicolons, tabs or bars.

    The first line names the columns, in any order and case: ``similarity`` or ``distance``, ``mated`` or ``label``,
    and, if there are any, ``person_a`` and ``person_b``, ``photo_a`` and ``photo_b``, ``fold``, ``reason``. Others are
    ignored. An empty score is a comparison that could not be made. Where semicolons separate, scores may have
    decimal commas.

    Args:
        path: the file.

    Returns:
        The comparisons in the order of the file. One fold alone counts as none.

    Raises:
        PeopleError: the file cannot be read, has no row, or a column or a cell is not as expected; the message has
            the line.
    """
    path = Path(path)
    try:
        digest = sha256_of(path)
    except OSError as error:
        why = error.strerror or error
        raise PeopleError(f"The score file {path} cannot be opened ({why}). Expected a table of text.") from error
    cells = read_cells(path)
    kind: Literal["similarity", "distance"] = "similarity" if "similarity" in cells else "distance"
    mistakes = Mistakes(cells)
    score, decimal_commas = _scores(cells, kind, mistakes)
    mated = _labels(cells, "mated" if "mated" in cells else "label", mistakes)
    fold = _folds(cells, mistakes)
    names = {name: cells.trimmed(name) for name in (*SIDES[0], *SIDES[1], "reason") if name in cells}
    for name in (name for side in SIDES for name in side if name in names):
        mistakes.add(name, _true(names[name], "equal", ""), "a name")
    mistakes.check()
    notes = list(_notes(names, mated))
    if decimal_commas:
        notes.append("Commas in the scores are taken as decimal commas.")
    if cells.layout.ignored:
        notes.append(f"Columns of the score file that are ignored: {some(cells.layout.ignored)}.")
    return ScoreFile(path, digest, kind, score, mated, fold, names, tuple(notes))


def _scores(cells: Cells, column: str, mistakes: Mistakes) -> tuple[NDArray[np.float64], bool]:
    """Scores, NaN where there is none, and whether they are written with decimal commas."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = cells.trimmed(column)
    none = _true(pc.utf8_lower(text), "is_in", pa.array(_NO_SCORE))
    number = _true(text, "match_substring_regex", _NUMBER)
    comma = _true(text, "match_substring_regex", _DECIMAL_COMMA)
    # Only where no score has a point: a comma may else set thousands apart.
    decimal_commas = bool(
        cells.layout.delimiter == ";" and comma.any() and not _true(text, "match_substring", ".").any()
    )
    if decimal_commas:
        text, number = pc.replace_substring(text, ",", "."), number | comma
    values = pc.cast(pc.if_else(pa.array(number), text, pa.scalar(None, pa.string())), pa.float64())
    score = np.array(values.to_numpy(), dtype=np.float64)
    mistakes.add(column, ~(number | none) | np.isinf(score), "a finite number, or nothing where none could be given")
    return score, decimal_commas


def _labels(cells: Cells, column: str, mistakes: Mistakes) -> NDArray[np.bool_]:
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = pc.replace_substring_regex(pc.utf8_lower(cells.table[column]), r"[\s_-]+", "")
    place = pc.fill_null(pc.index_in(plain, value_set=pa.array(list(LABELS))), -1).to_numpy()
    mistakes.add(column, place < 0, _SAID)
    return np.asarray(np.array(list(LABELS.values()))[place], dtype=np.bool_)


def _folds(cells: Cells, mistakes: Mistakes) -> NDArray[np.int16]:
    import pyarrow as pa
    import pyarrow.compute as pc

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


def _notes(names: Mapping[str, pa.ChunkedArray], mated: NDArray[np.bool_]) -> Iterator[str]:
    """Where names and labels contradict each other; the labels are followed."""
    if "person_a" in names:
        same = _true(names["person_a"], "equal", names["person_b"])
        if count := int(np.count_nonzero(same & ~mated)):
            yield f"{count:,} comparisons are labelled non-mated, though both sides name one person."
        if count := int(np.count_nonzero(~same & mated)):
            yield f"{count:,} comparisons are labelled mated, though their sides name two people."
    if "photo_a" in names and (count := int(_true(names["photo_a"], "equal", names["photo_b"]).sum())):
        yield f"{count:,} comparisons are of a photo with itself, which is too easy."


def _true(text: pa.ChunkedArray, function: str, value: object) -> NDArray[np.bool_]:
    """What a function of pyarrow with one argument says of each cell, bool (n,)."""
    import pyarrow.compute as pc

    return np.asarray(getattr(pc, function)(text, value).to_numpy(), dtype=np.bool_)
