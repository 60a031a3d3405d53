"""Read a user's pair list, and the protocol ``lfw`` for lists in LFW's format."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import PeopleError
from faceproof.files import check_file
from faceproof.people.csv_table import decoded
from faceproof.people.pairing import NO_FOLD, compose
from faceproof.people.problems import Problems
from faceproof.people.repeats import count_once
from faceproof.people.types import Comparisons, PhotoSet

MOST_FOLDS = 32_767

_HEADER = re.compile(r"([0-9]{1,9})(?:\s+([0-9]{1,9}))?")
_NUMBER = re.compile(r"[0-9]{1,9}")
_MATED, _NON_MATED = "'name n1 n2' (mated)", "'name1 n1 name2 n2' (non-mated)"


class PairListFile(NamedTuple):
    """The path and the bytes of a pair list, and the entries about the file for the manifest."""

    path: Path
    content: bytes
    settings: dict[str, object]


def read_pair_list(path: str | Path) -> PairListFile:
    """Bytes of a pair list.

    Args:
        path: the file.

    Returns:
        Path, bytes and settings: the path under ``pairs``, the digest of the bytes under ``sha256``.

    Raises:
        PeopleError: the file cannot be opened.
    """
    path = Path(path)
    try:
        data = path.read_bytes() if check_file(path, "The pair list", PeopleError) else b""
    except OSError as error:
        raise PeopleError(f"The pair list {path} cannot be read ({error.strerror or error}).") from error
    shown = os.fsencode(path).decode("utf-8", "replace")
    return PairListFile(path, data, {"pairs": shown, "sha256": hashlib.sha256(data).hexdigest()})


def lfw_protocol(people: PhotoSet, pairs: str | Path) -> Comparisons:
    r"""The comparisons of a pair list in the format of Labeled Faces in the Wild.

    The first line is ``folds n`` (``pairs.txt``: 10 300) or ``n`` alone (``pairsDevTrain.txt``: no folds). Each
    fold is n lines ``name n1 n2``, mated, then n lines ``name1 n1 name2 n2``, non-mated, separated by tabs or spaces.
    Photo 4 of Ann_Lee is ``Ann_Lee/Ann_Lee_0004`` with any suffix.

    Args:
        people: the photos.
        pairs: the pair list.

    Returns:
        The comparisons in the order of the file, with its folds. A pair that is listed again, also with its sides
        swapped, is counted once, with a note.

    Raises:
        PeopleError: the file is malformed, or a photo that it names is missing.

    Source: Huang, Ramesh, Berg, Learned-Miller, "Labeled Faces in the Wild", UMass Amherst TR 07-49, 2007.
    """
    listed = read_pair_list(pairs)
    found = lfw_pairs(listed)
    named, mated, fold = found.named, found.mated, found.fold
    problems = Problems(listed.path)
    rows, notes = _find_photos(people, named, problems)
    problems.check(f"These photos are not in {people.root}. Give the folder of people that the pair list is for.")
    line = np.array([pair.line for pair in named], np.int64)
    once, repeat_notes = count_once(rows[:, 0], rows[:, 1], mated, fold, line, problems)
    return compose(
        people,
        rows[once, 0],
        rows[once, 1],
        mated[once],
        fold=np.unique(fold[once], return_inverse=True)[1].astype(np.int16) if found.folds else None,
        protocol="lfw",
        settings=listed.settings,
        notes=notes + repeat_notes,
    )


class NamedPair(NamedTuple):
    """The line of a pair, and person and file name without suffix of both photos."""

    line: int
    a: tuple[str, str]
    b: tuple[str, str]


class LfwPairs(NamedTuple):
    """The pairs of a list in LFW's format, with label and fold of each; ``folds`` is None where it has no folds."""

    named: list[NamedPair]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int16]
    folds: int | None


def lfw_pairs(listed: PairListFile) -> LfwPairs:
    """The pairs of a list in LFW's format, see `lfw_protocol`.

    Raises:
        PeopleError: the file is malformed.
    """
    text = decoded(listed.content, listed.path, "pair list", PeopleError)
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise PeopleError(f"{listed.path} is empty. Expected a first line such as '10 300', then pairs.")
    folds, per_kind = _read_header(listed.path, *lines[0])
    # No array of the size in the header may be made before the lines are counted.
    _check_count(listed.path, lines, (folds or 1) * 2 * per_kind)
    place = np.arange(len(lines) - 1)
    mated = place % (2 * per_kind) < per_kind
    fold = (place // (2 * per_kind)).astype(np.int16)
    problems = Problems(listed.path)
    named = list(_named_photos(lines[1:], mated.tolist(), problems))
    problems.check("Correct these lines.")
    return LfwPairs(named, mated, fold, folds)


def is_lfw(listed: PairListFile) -> bool:
    """Whether the first line that is not blank is that of a list in LFW's format."""
    first = next((line for line in listed.content.splitlines() if line.strip()), b"")
    return _HEADER.fullmatch(first.decode("utf-8", "replace").removeprefix("\ufeff").strip()) is not None


def _read_header(path: Path, number: int, line: str) -> tuple[int | None, int]:
    """Number of folds, None if there are none, and number of pairs of each kind in a fold."""
    header = _HEADER.fullmatch(line.strip())
    counts = [int(count) for count in header.groups() if count is not None] if header else []
    if not counts or min(counts) < 1 or (len(counts) == 2 and counts[0] > MOST_FOLDS):
        raise PeopleError(
            f"{path}: line {number} is {line.strip()[:80]!r}; expected the number of folds and of pairs of each kind "
            "in a fold, such as '10 300', or the latter alone, such as '1100'. Protocol csv reads lists of other "
            "forms.",
            path=path,
        )
    return (counts[0] if len(counts) == 2 else None), counts[-1]


def _check_count(path: Path, lines: list[tuple[int, str]], expected: int) -> None:
    """Raise PeopleError if the number of pairs after the header, the first of ``lines``, is not as expected."""
    if len(lines) - 1 == expected:
        return
    widths = [len(_fields(line)) for _, line in lines[1:]]
    counts = f"{widths.count(3):,} with three fields (mated) and {widths.count(4):,} with four (non-mated)"
    raise PeopleError(
        f"{path}: line {lines[0][0]} ({lines[0][1].strip()!r}) announces {expected:,} pairs, {len(widths):,} follow: "
        f"{counts}. The lfw format has as many mated as non-mated pairs, in each fold. Correct the first line, give "
        "the complete file, or list the pairs for protocol csv.",
        path=path,
    )


def _fields(line: str) -> list[str]:
    """The fields of a line, separated by tabs if it has any, in Unicode form NFC."""
    fields = line.split("\t") if "\t" in line else line.split()
    return [unicodedata.normalize("NFC", field.strip()) for field in fields]


def _named_photos(lines: list[tuple[int, str]], mated: list[bool], problems: Problems) -> Iterator[NamedPair]:
    """Person and file name without suffix of both photos of each line; errors are added to ``problems``."""
    for place, (number, line) in enumerate(lines):
        fields = _fields(line)
        names, numbers = ([fields[0]] * 2, fields[1:]) if len(fields) == 3 else (fields[::2], fields[1::2])
        is_mated = mated[place]
        shape = 3 if is_mated else 4
        if len(fields) != shape or not all(names) or not all(map(_NUMBER.fullmatch, numbers)):
            problems.add(number, f"{line.strip()[:80]!r}, expected {_MATED if is_mated else _NON_MATED} here")
        elif is_mated and int(numbers[0]) == int(numbers[1]):
            problems.add(number, f"{line.strip()[:80]!r} compares a photo with itself")
        elif not is_mated and names[0] == names[1]:
            problems.add(number, f"{line.strip()[:80]!r} is one person, expected two (non-mated)")
        else:
            stems = [f"{name}_{int(photo):04d}" for name, photo in zip(names, numbers, strict=True)]
            yield NamedPair(number, (names[0], stems[0]), (names[1], stems[1]))


def _find_photos(
    people: PhotoSet, named: list[NamedPair], problems: Problems
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int64]], list[str]]:
    """Rows of both photos, int64 (n, 2), and notes; missing photos are added to ``problems``."""
    row_of: dict[tuple[str, str], int] = {}
    in_two_files: set[tuple[str, str]] = set()
    for row, photo in enumerate(people.photos):
        key = (_nfc(photo.person), _nfc(PurePosixPath(photo.id).stem))
        if row_of.setdefault(key, row) != row:
            in_two_files.add(key)
    rows = np.full((len(named), 2), NO_FOLD, dtype=np.int64)
    used_of_two = set()
    for place, pair in enumerate(named):
        for side, key in enumerate((pair.a, pair.b)):
            if key in row_of:
                rows[place, side] = row_of[key]
            else:
                problems.add(pair.line, f"no photo {'/'.join(key)}.*")
            if key in in_two_files:
                used_of_two.add(key)
    notes = [f"{len(used_of_two):,} photos exist with two suffixes: the first file is used."] if used_of_two else []
    return rows, notes


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)
