"""The pair lists of several runs as numbers that mean the same in all of them.

A photo is its id and the digest of its bytes. Where a run does not know the bytes, the id tells by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.errors import RunFolderError
from faceproof.findings.scored import ScoredComparisons, join_scores, rows_of_condition

if TYPE_CHECKING:
    from faceproof.runs.run_folder import RunTables

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A finished run, and the name that tells it from the others."""

    name: str
    folder: Path
    tables: RunTables


@dataclass(frozen=True, slots=True)
class PairList:
    """The comparisons of a run as numbers that mean the same in all runs.

    Attributes:
        scored: the comparisons.
        photos: the rows of ``photos.parquet``.
        names: int64, numbers of the photo ids that take part, whatever the bytes.
        photo_a, photo_b: int64 (n,), number of the file on either side.
        key: int64 (n,), equal for equal comparisons, and different for all comparisons of one run.
    """

    scored: ScoredComparisons
    photos: pa.Table
    names: Whole
    photo_a: Whole
    photo_b: Whole
    key: Whole

    @property
    def couple(self) -> Whole:
        """The two files of each comparison, whichever comes first, whatever the label."""
        return _couples(self.photo_a, self.photo_b)


def pair_lists(runs: Sequence[NamedRun]) -> list[PairList]:
    """The pair list of each run.

    Raises:
        RunFolderError: the tables of a run do not fit together.
    """
    scored = [join_scores(run.tables) for run in runs]
    photos = [rows_of_condition(run.tables.photos, run.tables.condition) for run in runs]
    names = _numbered_names(scored)
    files = _numbered_files(runs, names, photos)
    sides = [
        [file[number] for number in (of_run.side_a, of_run.side_b)] for file, of_run in zip(files, names, strict=True)
    ]
    keys = [2 * _couples(photo_a, photo_b) + one.mated for one, (photo_a, photo_b) in zip(scored, sides, strict=True)]
    # A list may hold a pair twice: the k-th time here is the k-th time there.
    times = [_occurrence(key) for key in keys]
    _, code = np.unique(np.concatenate(keys), return_inverse=True)
    most = max((int(time.max()) for time in times if time.size), default=0) + 1
    ends = np.cumsum([key.size for key in keys])[:-1]
    unique = [part * most + time for part, time in zip(np.split(code, ends), times, strict=True)]
    return [
        PairList(one, table, of_run.used, photo_a, photo_b, key)
        for one, table, of_run, (photo_a, photo_b), key in zip(scored, photos, names, sides, unique, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Names:
    """The photo ids that a run compares, as places in ``known``, the ids of all runs."""

    known: pa.StringArray
    side_a: Whole
    side_b: Whole

    @property
    def used(self) -> Whole:
        return np.unique(np.concatenate([self.side_a, self.side_b]))


def _numbered_names(scored: Sequence[ScoredComparisons]) -> list[_Names]:
    sides = [[one.names[side] for side in ("photo_a", "photo_b")] for one in scored]
    every = pa.chunked_array([chunk for both in sides for side in both for chunk in side.chunks], pa.string())
    known = cast("pa.StringArray", every.unique())
    return [
        _Names(known, *(pc.index_in(side, value_set=known).to_numpy().astype(np.int64) for side in both))
        for both in sides
    ]


def _numbered_files(runs: Sequence[NamedRun], names: Sequence[_Names], photos: Sequence[pa.Table]) -> list[Whole]:
    """For each run the number of the file behind each known photo id: the same id and bytes have the same number.

    Where some run that compares a photo does not know its bytes (it could not read it, or has scores alone), the id
    tells by itself.
    """
    known = names[0].known
    digests, blank = [], np.zeros(len(known), np.bool_)
    for run, of_run, table in zip(runs, names, photos, strict=True):
        place = pc.index_in(known, value_set=table["photo"].cast(pa.string()).combine_chunks())
        digest = table["sha256"].cast(pa.string()).combine_chunks().take(place).fill_null("")
        _refuse_unknown(run, known, of_run.used[place.is_null().to_numpy(zero_copy_only=False)[of_run.used]])
        blank[of_run.used] |= pc.equal(digest, pa.scalar("")).to_numpy(zero_copy_only=False)[of_run.used]
        digests.append(digest)
    files = [pc.binary_join_element_wise(known, pc.if_else(pa.array(blank), "", one), "\0") for one in digests]
    every = pc.unique(pa.chunked_array(files, pa.string()))
    return [pc.index_in(one, value_set=every).to_numpy().astype(np.int64) for one in files]


def _refuse_unknown(run: NamedRun, known: pa.StringArray, missing: Whole) -> None:
    """A photo that is compared has a row, but in a run of scores alone."""
    if missing.size and not run.tables.manifest.system.of_scores:
        raise RunFolderError(
            f"{run.folder / 'photos.parquet'} lacks {known[int(missing[0])].as_py()!r}, which comparisons.parquet "
            "compares; expected a row for each photo. Run the evaluation again."
        )


def _couples(photo_a: Whole, photo_b: Whole) -> Whole:
    """One number for two numbers below 2**31, whichever comes first."""
    couple: Whole = (np.minimum(photo_a, photo_b) << 31) + np.maximum(photo_a, photo_b)
    return couple


def _occurrence(keys: Whole) -> Whole:
    """How often each key came up before, int64 (n,).

    >>> _occurrence(np.array([7, 5, 7, 7])).tolist()
    [0, 0, 1, 2]
    """
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    start = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: keys.size])
    times = np.empty(keys.size, np.int64)
    times[order] = np.arange(keys.size) - np.repeat(start, np.diff(np.append(start, keys.size)))
    return times
