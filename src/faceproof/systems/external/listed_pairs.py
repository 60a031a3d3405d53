"""The pair list that a score file was made from, by names of photos alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from faceproof.errors import PeopleError
from faceproof.people.csv_table import read_table
from faceproof.people.pair_files import is_lfw, lfw_pairs, read_pair_list
from faceproof.systems.external.score_file import read_labels

_EXPECTED = (
    "Expected a first line with the columns photo_a (or path_a), photo_b, mated (or label) and, if there are any, "
    "person_a and person_b; or a list in LFW's format"
)
_SIDES = ("photo_a", "photo_b", "person_a", "person_b")


@dataclass(frozen=True, slots=True)
class ListedPairs:
    """The comparisons of a pair list.

    Attributes:
        path: the file.
        names: text columns (n,): photo_a, photo_b and, where they are known, person_a and person_b.
        mated: bool (n,), the same person on both sides.
        stems: whether photos are named by their file name without folder and suffix, as in LFW's format.
    """

    path: Path
    names: Mapping[str, pa.ChunkedArray[pa.StringScalar]]
    mated: NDArray[np.bool_]
    stems: bool

    def __len__(self) -> int:
        """Number of comparisons."""
        return self.mated.size


def read_listed_pairs(path: str | Path) -> ListedPairs:
    """The comparisons of a pair list: a CSV file with names of columns, or a list in LFW's format.

    Raises:
        PeopleError: the file cannot be read, has no pair, or a column or a cell is not as expected.
    """
    listed = read_pair_list(path)
    if is_lfw(listed):
        found = lfw_pairs(listed)
        columns = zip(*((*pair.a, *pair.b) for pair in found.named), strict=True)
        person_a, photo_a, person_b, photo_b = (pa.chunked_array([pa.array(column, pa.string())]) for column in columns)
        names = {"photo_a": photo_a, "photo_b": photo_b, "person_a": person_a, "person_b": person_b}
        return ListedPairs(listed.path, names, found.mated, True)
    table = read_table(listed.path, "pair list", PeopleError, expected=_EXPECTED, content=listed.content)
    places = table.places((*_SIDES, "mated", "label"))
    label = "mated" if "mated" in places else "label"
    people = [name for name in ("person_a", "person_b") if name in places]
    if not {"photo_a", "photo_b", label} <= set(places) or len(people) == 1:
        raise PeopleError(f"{table.shown()}. {_EXPECTED}.", path=listed.path)
    cells = table.cells(places)
    if not len(cells.table):
        raise PeopleError(f"{listed.path} has a first line and no pair below it.", path=listed.path)
    names = {name: cells.trimmed(name) for name in ("photo_a", "photo_b", *people)}
    return ListedPairs(listed.path, names, read_labels(cells, label), False)
