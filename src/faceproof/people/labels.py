"""Labels for mated and non-mated, and names of columns, as used by score files and pair lists.

A column of labels uses the words of one `LabelPair`. Case and blanks around a word are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import PeopleError

_SHOWN = 5
_LONGEST_SHOWN = 80


class LabelPair(NamedTuple):
    """The two words of a column of labels, each followed by its other spellings."""

    mated: tuple[str, ...]
    non_mated: tuple[str, ...]


LABEL_PAIRS = (
    LabelPair(("1",), ("0",)),
    LabelPair(("1",), ("-1",)),
    LabelPair(("1.0",), ("0.0",)),
    LabelPair(("1.0",), ("-1.0",)),
    LabelPair(("true",), ("false",)),
    LabelPair(("t",), ("f",)),
    LabelPair(("yes",), ("no",)),
    LabelPair(("y",), ("n",)),
    LabelPair(("mated",), ("non-mated", "nonmated", "non_mated", "non mated")),
    LabelPair(("genuine",), ("impostor", "imposter")),
    LabelPair(("client",), ("impostor", "imposter")),
    LabelPair(("same",), ("different",)),
    LabelPair(("match",), ("non-match", "nonmatch", "non_match", "non match", "mismatch")),
    LabelPair(("positive",), ("negative",)),
    LabelPair(("target",), ("nontarget", "non-target", "non_target", "non target")),
)
"""All pairs of words that are accepted, in lower case. A word has the same meaning in all its pairs."""

LABELS = {
    word: mated for pair in LABEL_PAIRS for mated, words in zip((True, False), pair, strict=True) for word in words
}
"""Meaning of each word: True for mated."""

PAIRS_IN_WORDS = ", ".join(f"{pair.mated[0]}/{pair.non_mated[0]}" for pair in LABEL_PAIRS)
"""The pairs, as text for messages."""


def column_name(field: str) -> str:
    """The normalised name of a column; ``path_a`` and ``path_b`` become ``photo_a`` and ``photo_b``.

    >>> column_name(" Photo A "), column_name("path-b"), column_name("Label")
    ('photo_a', 'photo_b', 'label')
    """
    name = re.sub(r"[\s_-]+", "_", field.strip().lower())
    return {"path_a": "photo_a", "path_b": "photo_b"}.get(name, name)


class FoundLabel(NamedTuple):
    """A value of a label column: its text, the number of rows that have it, and the line of the first."""

    text: str
    rows: int
    line: int


def plain(text: str) -> str:
    """The normalised text of a label: lower case, without blanks around it.

    >>> plain(" Non-Mated ")
    'non-mated'
    """
    return text.strip().lower()


def meaning_of(words: Iterable[str]) -> dict[str, bool] | None:
    """The meaning of the words of one column.

    Args:
        words: the distinct values of the column, normalised by `plain`.

    Returns:
        True for mated, by word; None if no `LabelPair` has all of the words.

    >>> meaning_of(["1", "-1"])
    {'1': True, '-1': False}
    >>> meaning_of(["1", "no"]) is None
    True
    """
    words = list(words)
    if any(set(words) <= {*pair.mated, *pair.non_mated} for pair in LABEL_PAIRS):
        return {word: LABELS[word] for word in words}
    return None


def label_error(path: Path, column: str, found: Sequence[FoundLabel], further: int = 0) -> PeopleError:
    """The error for a label column whose words are not of one `LabelPair`.

    Args:
        path: the file.
        column: name of the column.
        found: its distinct values, or a part of them to show.
        further: number of distinct values that are not in ``found``.

    Returns:
        The error, to be raised.
    """
    in_order = sorted(found, key=lambda label: (plain(label.text) in LABELS, label.line))
    unknown = [label for label in in_order if plain(label.text) not in LABELS]
    further += max(0, len(in_order) - _SHOWN)
    shown = [
        f"{label.text[:_LONGEST_SHOWN]!r} ({_rows(label.rows)}, first in line {label.line:,})"
        for label in in_order[:_SHOWN]
    ]
    if further:
        shown.append(f"{further:,} more")
    why = f"{unknown[0].text[:_LONGEST_SHOWN]!r} is no label" if unknown else "No pair of labels has all of them"
    return PeopleError(
        f"{path}: the values of the column {column} are {', '.join(shown)}. {why}. Expected the words of one pair in "
        f"the whole column, in any case: {PAIRS_IN_WORDS}."
    )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


class LabelColumn:
    """Collects the labels of a column row by row; `mated` gives their meaning at the end."""

    def __init__(self, path: Path, column: str) -> None:
        self._path = path
        self._column = column
        self._number: dict[str, int] = {}
        self._found: list[FoundLabel] = []

    def add(self, text: str, line: int) -> int:
        """Add the label of a row in line ``line``; return the number of the label, from 0."""
        word = plain(text)
        number = self._number.setdefault(word, len(self._found))
        if number == len(self._found):
            self._found.append(FoundLabel(text.strip(), 0, line))
        self._found[number] = self._found[number]._replace(rows=self._found[number].rows + 1)
        return number

    def mated(self) -> NDArray[np.bool_]:
        """Whether each label means mated, bool (number of distinct labels,), indexed by the numbers from `add`.

        Raises:
            PeopleError: no `LabelPair` has all labels of the column.
        """
        meaning = meaning_of(self._number)
        if meaning is None:
            raise label_error(self._path, self._column, self._found)
        return np.array(list(meaning.values()), np.bool_)
