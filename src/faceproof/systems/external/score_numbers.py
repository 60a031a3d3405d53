"""The numbers of a score column, and what a comma or a point in them means.

`1,234` may be 1.234 or 1234. Where the column itself does not tell, the file is refused until the user says which.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.errors import PeopleError
from faceproof.people.csv_table import Cells
from faceproof.systems.external.score_cells import Mistakes

Decimal = Literal["comma", "point"]
DECIMALS: tuple[Decimal, ...] = ("comma", "point")

_MARK: dict[Decimal, str] = {"comma": ",", "point": "."}
_OTHER: dict[Decimal, Decimal] = {"comma": "point", "point": "comma"}
_NO_SCORE = ("", "nan", "na", "n/a", "null", "none")
_NUMBER = r"^[+-]?([0-9]+{mark}?[0-9]*|{mark}[0-9]+)([eE][+-]?[0-9]+)?$"
_GROUPED = r"^[+-]?[1-9][0-9]{{0,2}}({thousands}[0-9]{{3}})+({mark}[0-9]*)?$"
_INFINITE = r"^[+-]?inf(inity)?$"
_ADVICE = "Say which: [[decimal=comma]] or [[decimal=point]]; the other mark then sets thousands apart"


class ScoreColumn(NamedTuple):
    """A column of scores: float64 (n,), NaN where there is none; the decimal mark; what a reader should know."""

    score: NDArray[np.float64]
    decimal: Decimal
    notes: list[str]


def read_numbers(
    cells: Cells, column: str, decimal: Decimal | None, mistakes: Mistakes, *, infinite: bool = False
) -> ScoreColumn:
    """The scores of a column.

    Args:
        cells: the score file.
        column: ``similarity`` or ``distance``.
        decimal: the decimal mark; the other one may then set thousands apart, in whole groups of three digits. None:
            the mark that the column shows, and no mark for thousands.
        mistakes: gets the cells that hold no finite number.
        infinite: keep infinite numbers (``inf``, ``-infinity``, ``1e999``) in place of adding them to ``mistakes``.

    Returns:
        The numbers.

    Raises:
        PeopleError: ``decimal`` is None and the column does not show what its marks mean.
    """
    text = cells.trimmed(column)
    none = _true(pc.is_in(pc.utf8_lower(text), value_set=pa.array(_NO_SCORE)))
    mark = _shown_decimal(cells, column, text) if decimal is None else decimal
    number, grouped = _is_number(text, mark), _is_grouped(text, mark)
    endless = _true(pc.match_substring_regex(pc.utf8_lower(text), _INFINITE)) if infinite else np.zeros_like(number)
    thousands = _MARK[_OTHER[mark]]
    plain = pc.if_else(pa.array(grouped), pc.replace_substring(text, thousands, ""), text)
    plain = pc.replace_substring(plain, _MARK[mark], ".")
    values = pc.if_else(pa.array(number | grouped | endless), plain, pa.scalar(None, pa.string())).cast(pa.float64())
    score = np.array(values.to_numpy(), dtype=np.float64)
    expected = f"a finite number with a decimal {mark}, or nothing where none could be given"
    unusable = ~(number | grouped | none | endless)
    mistakes.add(column, unusable if infinite else unusable | np.isinf(score), expected)
    return ScoreColumn(score, mark, _notes(cells, text, score, mark, grouped))


def _notes(
    cells: Cells,
    text: pa.ChunkedArray[pa.StringScalar],
    score: NDArray[np.float64],
    mark: Decimal,
    grouped: NDArray[np.bool_],
) -> list[str]:
    """Notes on decimal commas and thousands separators."""
    notes = []
    if mark == "comma" and _has(text, ",").any():
        notes.append("Commas in the scores are taken as decimal commas.")
    if grouped.any():
        row = int(np.flatnonzero(grouped)[0])
        count = int(np.count_nonzero(grouped))
        scores = "1 score" if count == 1 else f"{count:,} scores"
        notes.append(
            f"{_OTHER[mark].capitalize()}s in {scores} are taken as thousands separators: {text[row].as_py()!r} "
            f"in line {cells.lines([row])[row]:,} is {score[row]:.15g}."
        )
    return notes


def _shown_decimal(cells: Cells, column: str, text: pa.ChunkedArray[pa.StringScalar]) -> Decimal:
    """The decimal mark of a column for which none was given.

    Raises:
        PeopleError: a comma or a point may as well set thousands apart.
    """
    comma, point = _has(text, ","), _has(text, ".")
    number = {mark: _is_number(text, mark) for mark in DECIMALS}
    grouped = {mark: _is_grouped(text, mark) for mark in DECIMALS}
    some_number = np.logical_or.reduce([*number.values(), *grouped.values()])
    with_comma, without = some_number & comma, some_number & ~comma
    if with_comma.any() and without.any():
        why = "some numbers have a comma and others have none"
        raise _unclear(cells, column, why, with_comma, without)
    if with_comma.any():
        if (with_comma & point).any():
            raise _unclear(cells, column, "numbers have a comma and a point", with_comma & point)
        # A comma in front of three digits everywhere: three decimals, or thousands.
        if (grouped["point"] | ~with_comma).all():
            why = "every comma stands in front of three digits, so that it may set thousands apart"
            raise _unclear(cells, column, why, with_comma)
        return "comma"
    with_point, without = some_number & point, some_number & ~point
    if with_point.any() and without.any() and (grouped["comma"] | ~with_point).all():
        why = "some numbers have a point in front of three digits, which may set thousands apart, and others have none"
        raise _unclear(cells, column, why, with_point, without)
    return "point"


def _unclear(cells: Cells, column: str, why: str, *kinds: NDArray[np.bool_]) -> PeopleError:
    """The error that shows the first cell of each kind, with its line and how many are like it."""
    first = [int(np.flatnonzero(kind)[0]) for kind in kinds]
    lines = cells.lines(first)
    shown = [
        f"{cells.table[column][row].as_py().strip()[:80]!r} in line {lines[row]:,} (1 of {np.count_nonzero(kind):,})"
        for row, kind in zip(first, kinds, strict=True)
    ]
    return PeopleError(f"{cells.source.path}: in the column {column}, {why}: {', '.join(shown)}. {_ADVICE}.")


def _is_number(text: pa.ChunkedArray[pa.StringScalar], mark: Decimal) -> NDArray[np.bool_]:
    return _true(pc.match_substring_regex(text, _NUMBER.format(mark=f"[{_MARK[mark]}]")))


def _is_grouped(text: pa.ChunkedArray[pa.StringScalar], mark: Decimal) -> NDArray[np.bool_]:
    """Which cells are numbers whose thousands are set apart by the other mark, in whole groups."""
    pattern = _GROUPED.format(mark=f"[{_MARK[mark]}]", thousands=f"[{_MARK[_OTHER[mark]]}]")
    return _true(pc.match_substring_regex(text, pattern))


def _has(text: pa.ChunkedArray[pa.StringScalar], mark: str) -> NDArray[np.bool_]:
    return _true(pc.match_substring(text, mark))


def _true(answers: pa.Array[pa.BooleanScalar] | pa.ChunkedArray[pa.BooleanScalar]) -> NDArray[np.bool_]:
    return np.asarray(answers.to_numpy(), dtype=np.bool_)
