"""The pair lists of several runs, with photos and comparisons numbered in the same way in all runs.

A photo is identified by its id and the digest of its bytes, or by its id alone where a run has no digest.
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
    """A finished run, with a name that is unique among the runs."""

    name: str
    folder: Path
    tables: RunTables


@dataclass(frozen=True, slots=True)
class PairList:
    """The comparisons of a run, with photos and comparisons numbered in the same way in all runs.

    Attributes:
        scored: the comparisons.
        photos: the rows of ``photos.parquet`` under the condition of the run.
        names: int64, numbers of the ids of the photos that are compared.
        photo_a, photo_b: int64 (n,), number of the file on each side.
        key: int64 (n,), number of the comparison: equal for the same comparison in two runs, unique within a run.
    """

    scored: ScoredComparisons
    photos: pa.Table
    names: Whole
    photo_a: Whole
    photo_b: Whole
    key: Whole

    @property
    def couple(self) -> Whole:
        """Number of the two files of each comparison, int64 (n,), independent of their order and of the label."""
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
    # A list may repeat a pair: the k-th occurrence in one run is the same comparison as the k-th in another.
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
    """The photo ids that a run compares, as indices into ``known``, the ids of all runs."""

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
    """For each run, the number of the file of each known photo id: the same id and bytes have the same number.

    A run has no digest of a photo that it could not read, or where the run has only scores. Such a photo is identified
    by its id alone in all runs.
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
    """Raise where a compared photo has no row in ``photos.parquet``, except in a run that has only scores."""
    if missing.size and not run.tables.manifest.system.of_scores:
        raise RunFolderError(
            f"{run.folder / 'photos.parquet'} lacks {known[int(missing[0])].as_py()!r}, which comparisons.parquet "
            "compares; expected a row for each photo. Run the evaluation again."
        )


def _couples(photo_a: Whole, photo_b: Whole) -> Whole:
    """One number for each two numbers below 2**31, independent of their order, int64 (n,)."""
    couple: Whole = (np.minimum(photo_a, photo_b) << 31) + np.maximum(photo_a, photo_b)
    return couple


def _occurrence(keys: Whole) -> Whole:
    """Number of earlier occurrences of each key, int64 (n,).

    >>> _occurrence(np.array([7, 5, 7, 7])).tolist()
    [0, 0, 1, 2]
    """
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    start = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: keys.size])
    times = np.empty(keys.size, np.int64)
    times[order] = np.arange(keys.size) - np.repeat(start, np.diff(np.append(start, keys.size)))
    return times
