"""The comparisons that several runs share, matched by their photos and not by the order of their rows.

Two comparisons are the same when they have the same label and the same two files (photo id and digest of the bytes),
on either side. Where a run has no digest of a photo, the photo id alone identifies the photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.findings.pair_lists import NamedRun, PairList, Whole, pair_lists
from faceproof.findings.scored import ScoredComparisons

if TYPE_CHECKING:
    from faceproof.runs.run_folder import RunTables


@dataclass(frozen=True, slots=True)
class JoinedRuns:
    """The comparisons that several runs share, in the order of the first run.

    Attributes:
        runs: the runs, in the order of the caller.
        scored: the shared comparisons of each run; row i is the same comparison in all of them. Folds are those of
            the protocol where all runs agree on them, else -1.
        photos: for each run, the rows of ``photos.parquet`` of the photos in shared comparisons.
        left_out: for each run, the number of comparisons that another run does not have.
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
        """Similarities, float64 (runs, n), -1 to 1; NaN where a run could not make the comparison."""
        return np.stack([scored.similarity for scored in self.scored])


def named_runs(folders: Sequence[Path], tables: Sequence[RunTables]) -> list[NamedRun]:
    """Name the runs: each has the name of its model, or where that is not unique of its folder, or else its path."""
    names = [run.manifest.system.name for run in tables]
    for others in ([folder.resolve().name or str(folder) for folder in folders], [str(folder) for folder in folders]):
        twice = {name for name in names if names.count(name) > 1}
        names = [other if name in twice else name for name, other in zip(names, others, strict=True)]
    return [NamedRun(*one) for one in zip(names, folders, tables, strict=True)]


def join_runs(runs: Sequence[NamedRun]) -> JoinedRuns:
    """Find the comparisons that all runs have.

    Args:
        runs: two or more.

    Returns:
        The shared comparisons. A pair that is repeated is shared as often as it is in every list.

    Raises:
        RunFolderError: the tables of a run do not fit together.
    """
    lists = pair_lists(runs)
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
    """Differences between the pair lists of two runs, in a few words each.

    Args:
        first: the run that the other is compared with.
        other: the run that is described.

    Returns:
        Differences in the number of comparisons, photos, pairs, labels, folds and order; empty where there are none.

    Raises:
        RunFolderError: see `join_runs`.
    """
    a, b = pair_lists([first, other])
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


def _how_photos_differ(a: PairList, b: PairList) -> list[str]:
    photos = [np.unique(np.concatenate([pairs.photo_a, pairs.photo_b])) for pairs in (a, b)]
    known = int(np.count_nonzero(np.isin(photos[1], photos[0])))
    if known == photos[1].size:
        return []
    changed = int(np.count_nonzero(np.isin(b.names, a.names))) - known
    more = f" ({changed:,} of them under a name that the other has too)" if changed else ""
    return [f"{_many(photos[1].size - known, 'other photo')}{more}"]


def _how_pairs_differ(a: PairList, b: PairList) -> list[str]:
    said = []
    known_couples = int(np.isin(b.couple, a.couple).sum())
    known = int(np.isin(b.key, a.key).sum())
    if known_couples < b.key.size:
        said.append(f"{_many(b.key.size - known_couples, 'pair')} that the other does not have")
    if known_couples > known:
        said.append(f"{known_couples - known:,} of the same pairs with another label or more than once")
    return said


def _places(pairs: PairList, keys: Whole) -> Whole:
    """Row in ``pairs`` of each key; all keys are in ``pairs``."""
    order = np.argsort(pairs.key)
    return order[np.searchsorted(pairs.key[order], keys)]


def _many(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _taken(scored: ScoredComparisons, rows: Whole) -> ScoredComparisons:
    return ScoredComparisons(
        comparison=scored.comparison[rows],
        mated=scored.mated[rows],
        fold=scored.fold[rows],
        similarity=scored.similarity[rows],
        names=scored.names.take(pa.array(rows, pa.int64())),
    )


def _taking_part(photos: pa.Table, scored: ScoredComparisons) -> pa.Table:
    chunks = [chunk for side in ("photo_a", "photo_b") for chunk in scored.names[side].chunks]
    return photos.filter(pc.is_in(photos["photo"], value_set=pc.unique(pa.chunked_array(chunks, pa.string()))))
