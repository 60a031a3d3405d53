"""The comparisons that several runs share, found by their photos and never by the order of their rows.

Two comparisons are the same when they compare the same two files (photo id and digest of the bytes), whichever side
comes first, under the same label. Where a run does not know the bytes, the photo id tells by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import RunFolderError
from faceproof.findings.scored import ScoredComparisons, join_scores, rows_of_condition, scores_alone

if TYPE_CHECKING:
    import pyarrow as pa

    from faceproof.engine.run_folder import RunTables

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A finished run, and the name that tells it from the others."""

    name: str
    folder: Path
    tables: RunTables


@dataclass(frozen=True, slots=True)
class JoinedRuns:
    """The comparisons that all of some runs have, in the order of the first run.

    Attributes:
        runs: the runs, as they were given.
        scored: the shared comparisons of each run; row i is the same comparison in all of them. Folds are those of
            the protocol where all runs agree on them, else -1.
        photos: for each run the rows of ``photos.parquet`` about photos that take part.
        left_out: comparisons of each run that another run lacks.
    """

    runs: tuple[NamedRun, ...]
    scored: tuple[ScoredComparisons, ...]
    photos: tuple[pa.Table, ...]
    left_out: tuple[int, ...]

    def __len__(self) -> int:
        """Number of shared comparisons."""
        return len(self.scored[0])

    @property
    def names(self) -> list[str]:
        """Name of each run."""
        return [run.name for run in self.runs]

    @property
    def similarity(self) -> NDArray[np.float64]:
        """float64 (runs, n), NaN where a run could not make the comparison."""
        return np.stack([scored.similarity for scored in self.scored])


@dataclass(frozen=True, slots=True)
class _PairList:
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


def named_runs(folders: Sequence[Path], tables: Sequence[RunTables]) -> list[NamedRun]:
    """Give each run a name of its own: that of its model, of its folder where models are the same, or else its path."""
    names = [
        str(run.manifest.get("model") or folder.resolve().name) for folder, run in zip(folders, tables, strict=True)
    ]
    for others in ([folder.resolve().name or str(folder) for folder in folders], [str(folder) for folder in folders]):
        twice = {name for name in names if names.count(name) > 1}
        names = [other if name in twice else name for name, other in zip(names, others, strict=True)]
    return [NamedRun(*one) for one in zip(names, folders, tables, strict=True)]


def join_runs(runs: Sequence[NamedRun]) -> JoinedRuns:
    """Find the comparisons that all runs have.

    Args:
        runs: two or more.

    Returns:
        Those comparisons. A pair that a list has several times is joined as often as all lists have it.

    Raises:
        RunFolderError: the tables of a run do not fit together.
    """
    lists = _pair_lists(runs)
    first = lists[0]
    shared = np.ones(first.key.size, np.bool_)
    for other in lists[1:]:
        shared &= np.isin(first.key, other.key)
    keys = first.key[shared]
    scored, photos = [], []
    for pairs in lists:
        rows = _places(pairs, keys)
        scored.append(_taken(pairs.scored, rows))
        photos.append(pairs.photos if rows.size == pairs.key.size else _taking_part(pairs.photos, scored[-1]))
    if any((one.fold != scored[0].fold).any() for one in scored[1:]):
        scored = [replace(one, fold=np.full(len(one), -1, np.int64)) for one in scored]
    return JoinedRuns(tuple(runs), tuple(scored), tuple(photos), tuple(len(one.scored) - keys.size for one in lists))


def how_pair_lists_differ(first: NamedRun, other: NamedRun) -> list[str]:
    """What tells the pair list of a run from that of another, in a few words each.

    Args:
        first: the run that the other is held against.
        other: the run that is described.

    Returns:
        Number of comparisons, photos, pairs, labels, folds, order: only what differs; empty where nothing does.

    Raises:
        RunFolderError: see `join_runs`.
    """
    a, b = _pair_lists([first, other])
    said = [*_how_photos_differ(a, b), *_how_pairs_differ(a, b)]
    if a.key.size != b.key.size:
        said.insert(0, f"{_many(b.key.size, 'comparison')} instead of {a.key.size:,}")
    shared = np.isin(b.key, a.key)
    other_fold = int(np.count_nonzero(a.scored.fold[_places(a, b.key[shared])] != b.scored.fold[shared]))
    if other_fold:
        said.append(f"{_many(other_fold, 'comparison')} in another fold")
    if not said and (a.key != b.key).any():
        said.append("the same comparisons in another order")
    if not said and (a.photo_a != b.photo_a).any():
        said.append("the sides of comparisons swapped")
    return said


def _how_photos_differ(a: _PairList, b: _PairList) -> list[str]:
    photos = [np.unique(np.concatenate([pairs.photo_a, pairs.photo_b])) for pairs in (a, b)]
    known = int(np.count_nonzero(np.isin(photos[1], photos[0])))
    if known == photos[1].size:
        return []
    changed = int(np.count_nonzero(np.isin(b.names, a.names))) - known
    more = f" ({changed:,} of them under a name that the other has too)" if changed else ""
    return [f"{_many(photos[1].size - known, 'other photo')}{more}"]


def _how_pairs_differ(a: _PairList, b: _PairList) -> list[str]:
    said = []
    known_couples = int(np.isin(b.couple, a.couple).sum())
    known = int(np.isin(b.key, a.key).sum())
    if known_couples < b.key.size:
        said.append(f"{_many(b.key.size - known_couples, 'pair')} that the other does not have")
    if known_couples > known:
        said.append(f"{known_couples - known:,} of the same pairs with another label or more than once")
    return said


def _places(pairs: _PairList, keys: Whole) -> Whole:
    """Rows of comparisons that a run has, by their keys."""
    order = np.argsort(pairs.key)
    return order[np.searchsorted(pairs.key[order], keys)]


def _many(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _pair_lists(runs: Sequence[NamedRun]) -> list[_PairList]:
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
        _PairList(one, table, of_run.used, photo_a, photo_b, key)
        for one, table, of_run, (photo_a, photo_b), key in zip(scored, photos, names, sides, unique, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Names:
    """The photo ids that a run compares, as places in ``known``, the ids of all runs."""

    known: pa.Array
    side_a: Whole
    side_b: Whole

    @property
    def used(self) -> Whole:
        return np.unique(np.concatenate([self.side_a, self.side_b]))


def _numbered_names(scored: Sequence[ScoredComparisons]) -> list[_Names]:
    import pyarrow as pa
    import pyarrow.compute as pc

    sides = [[one.names[side] for side in ("photo_a", "photo_b")] for one in scored]
    known = pc.unique(
        pa.chunked_array([chunk for both in sides for side in both for chunk in side.chunks], pa.string())
    )
    return [
        _Names(known, *(pc.index_in(side, value_set=known).to_numpy().astype(np.int64) for side in both))
        for both in sides
    ]


def _numbered_files(runs: Sequence[NamedRun], names: Sequence[_Names], photos: Sequence[pa.Table]) -> list[Whole]:
    """For each run the number of the file behind each known photo id: the same id and bytes have the same number.

    Where some run that compares a photo does not know its bytes (it could not read it, or has scores alone), the id
    tells by itself.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = names[0].known
    digests, blank = [], np.zeros(len(known), np.bool_)
    for run, of_run, table in zip(runs, names, photos, strict=True):
        place = pc.index_in(known, value_set=table["photo"].cast(pa.string()).combine_chunks())
        digest = pc.fill_null(table["sha256"].cast(pa.string()).combine_chunks().take(place), "")
        _refuse_unknown(run, known, of_run.used[place.is_null().to_numpy(zero_copy_only=False)[of_run.used]])
        blank[of_run.used] |= pc.equal(digest, "").to_numpy(zero_copy_only=False)[of_run.used]
        digests.append(digest)
    files = [pc.binary_join_element_wise(known, pc.if_else(pa.array(blank), "", one), "\0") for one in digests]
    every = pc.unique(pa.chunked_array(files, pa.string()))
    return [pc.index_in(one, value_set=every).to_numpy().astype(np.int64) for one in files]


def _refuse_unknown(run: NamedRun, known: pa.Array, missing: Whole) -> None:
    """A photo that is compared has a row, but in a run of scores alone."""
    if missing.size and not scores_alone(run.tables.manifest):
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


def _taken(scored: ScoredComparisons, rows: Whole) -> ScoredComparisons:
    import pyarrow as pa

    return ScoredComparisons(
        comparison=scored.comparison[rows],
        mated=scored.mated[rows],
        fold=scored.fold[rows],
        similarity=scored.similarity[rows],
        names=scored.names.take(pa.array(rows, pa.int64())),
    )


def _taking_part(photos: pa.Table, scored: ScoredComparisons) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    chunks = [chunk for side in ("photo_a", "photo_b") for chunk in scored.names[side].chunks]
    return photos.filter(pc.is_in(photos["photo"], value_set=pc.unique(pa.chunked_array(chunks, pa.string()))))
