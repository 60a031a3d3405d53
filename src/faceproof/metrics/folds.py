"""Cross-validated accuracy (the threshold comes from the other folds), and folds that share no person."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError
from faceproof.metrics.confusion import checked_comparisons
from faceproof.metrics.curves import count_sorted_steps
from faceproof.metrics.operating_points import best_accuracy_step, best_accuracy_threshold

BLOCKS = 10
_CELLS_PER_COMPARISON = 4
_WHOLE_UP_TO_SHARES = 1.5
_ROOMS = (1.1, 0.99)
"""Largest weight of a part, as a multiple of an even share.

The first value keeps most comparisons within one part. The second is used where the first leaves some part with less
than half an even share.
"""
_PASSES = 8


@dataclass(frozen=True, slots=True)
class FoldAccuracy:
    """Accuracy of one fold at the threshold of the others.

    Attributes:
        fold: number of the fold.
        accuracy: share of right decisions, 0 to 1, at the mix of the result; NaN where the other folds give no
            threshold, or where a mix is given and the fold lacks a kind of comparison.
        threshold: best-accuracy threshold of the other folds, a similarity, or NaN.
        comparisons: number of comparisons in the fold.
    """

    fold: int
    accuracy: float
    threshold: float
    comparisons: int


@dataclass(frozen=True, slots=True)
class FoldResult:
    """Accuracy over folds.

    Attributes:
        accuracy: 0 to 1, or NaN; see `cross_validated_accuracy`.
        standard_error: standard deviation of the accuracies of the folds (k - 1 in the denominator) over sqrt(k); NaN
            where the accuracy is not their plain mean.
        per_fold: each fold that has comparisons, by fold number.
        decided: bool (n,), the comparisons that are in a fold.
        accepted: bool (n,), those that are accepted at the threshold of the other folds.
        reason: why accuracy is NaN, else None.
    """

    accuracy: float
    standard_error: float
    per_fold: tuple[FoldAccuracy, ...]
    decided: NDArray[np.bool_] = field(compare=False)
    accepted: NDArray[np.bool_] = field(compare=False)
    reason: str | None = None

    @property
    def left_out(self) -> int:
        """Number of comparisons in no fold."""
        return int(np.count_nonzero(~self.decided))

    @property
    def k(self) -> int:
        """Number of folds that have comparisons."""
        return len(self.per_fold)


def cross_validated_accuracy(
    similarity: ArrayLike,
    mated: ArrayLike,
    fold: ArrayLike,
    grid: ArrayLike | None = None,
    *,
    mix: tuple[int, int] | None = None,
    plain_mean: bool = True,
) -> FoldResult:
    """Accuracy of the decisions of each fold at the best-accuracy threshold of all other folds.

    Args:
        similarity: float64 (n,), finite.
        mated: bool (n,).
        fold: integers (n,), number of the fold from 0; a negative number leaves the comparison out.
        grid: thresholds to choose from, as in `best_accuracy_threshold`; without ``mix``.
        mix: numbers of mated and of non-mated comparisons whose accuracy is wanted, each 1 or more. Where folds leave
            out comparisons of one kind, it keeps the result from depending on the number of folds. The result is
            1 - (mated x FNMR + non-mated x FMR) / (mated + non-mated), with the rates of all decisions, and the
            thresholds have the best such accuracy. None: the comparisons as they are.
        plain_mean: without ``mix``: the mean of the accuracies of the folds, each with equal weight. False: the share
            of right decisions of all.

    Returns:
        The accuracy, every fold, and the decisions. The accuracy is NaN, with a reason, in two cases: there are fewer
        than two folds, or the other folds of some fold hold comparisons of one kind only.

    Raises:
        ConfigurationError, MetricUndefinedError: see `faceproof.metrics.confusion.checked_comparisons`; also where
            ``fold`` has another length or holds no integers.

    Source: Huang et al. 2007, Labeled Faces in the Wild, View 2 (ten folds, plain mean).

    >>> result = cross_validated_accuracy([0.9, 0.1, 0.8, 0.2], [True, False, True, False], [0, 0, 1, 1])
    >>> result.accuracy, result.standard_error, [part.threshold for part in result.per_fold]
    (1.0, 0.0, [0.5, 0.5])
    """
    scores, labels = checked_comparisons(similarity, mated)
    member = _checked_folds(fold, scores.size)
    order = np.argsort(scores)[::-1]
    order = order[member[order] >= 0]
    numbers = np.unique(member[order])
    accepted = np.zeros(scores.size, dtype=np.bool_)
    parts: list[FoldAccuracy] = []
    for number in numbers:
        rest, inside = order[member[order] != number], order[member[order] == number]
        threshold = _best_threshold(scores[rest], labels[rest], grid, mix)
        accepted[inside] = scores[inside] >= threshold
        right = math.nan if math.isnan(threshold) else _accuracy(accepted[inside], labels[inside], mix)
        parts.append(FoldAccuracy(int(number), right, threshold, inside.size))
    decided = member >= 0
    reason = None
    if len(parts) < 2:
        reason = f"There are {len(parts)} folds with comparisons; a threshold from the others needs two."
    elif any(math.isnan(part.threshold) for part in parts):
        reason = "Leaving out a fold leaves comparisons of one kind only, so it gets no threshold."
    if reason:
        return FoldResult(math.nan, math.nan, tuple(parts), decided, accepted, reason)
    if mix is not None or not plain_mean:
        whole = _accuracy(accepted[decided], labels[decided], mix)
        return FoldResult(whole, math.nan, tuple(parts), decided, accepted)
    values = np.array([part.accuracy for part in parts])
    error = float(values.std(ddof=1)) / math.sqrt(values.size)
    return FoldResult(float(values.mean()), error, tuple(parts), decided, accepted)


def person_disjoint_folds(person_a: ArrayLike, person_b: ArrayLike, k: int = 10, seed: int = 0) -> NDArray[np.int16]:
    """Folds of comparisons such that no person appears in two of them.

    Every person belongs to one fold. A comparison of two people in different folds belongs to none and is left out.
    To leave out few, people who are linked by comparisons, directly or through others, form a group. A group goes as
    a whole into the fold that so far has least of the kinds of comparison that the group brings.

    A group larger than one and a half folds is spread over as many folds as it fills, person by person. Each person
    goes to the fold that is not full and holds most of the people he is compared with.

    The folds do not depend on the scores, on the order of the rows, or on which person is on which side. Where
    everybody is compared with everybody, only about 1/k of the non-mated comparisons remain.

    Args:
        person_a: (n,) names or numbers of the people on one side; whole numbers are sorted faster than names.
        person_b: (n,) likewise, the other side.
        k: number of folds, 2 or more. With few groups some folds stay empty.
        seed: seed of the choice among equally good folds.

    Returns:
        int16 (n,), fold from 0 to k - 1, or -1 where a comparison is left out. No mated comparison is left out.

    Raises:
        ConfigurationError: lengths differ, or ``k`` is out of range.

    Source: for large groups, restreamed linear greedy partitioning (Stanton and Kliot 2012; Nishimura and
    Ugander 2013).

    >>> folds = person_disjoint_folds(["ann", "bob", "ann", "cem"], ["ann", "bob", "bob", "dee"], k=2)
    >>> bool(folds[0] == folds[1] == folds[2] != folds[3])
    True
    """
    side_a, side_b = folds_of_people(person_a, person_b, k, seed)
    return np.where(side_a == side_b, side_a, -1).astype(np.int16)


def folds_of_people(
    person_a: ArrayLike, person_b: ArrayLike, k: int = 10, seed: int = 0
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """The fold of the person on each side of each comparison, int16 (n,) each; see `person_disjoint_folds`."""
    if not 2 <= k <= np.iinfo(np.int16).max:
        raise ConfigurationError(f"{k} folds; expected from 2 to {np.iinfo(np.int16).max}")
    side_a, side_b = np.asarray(person_a), np.asarray(person_b)
    if side_a.ndim != 1 or side_a.shape != side_b.shape:
        raise ConfigurationError(
            f"person_a has shape {side_a.shape} and person_b {side_b.shape}; expected the same (n,)"
        )
    code, people = _numbered(np.concatenate([side_a, side_b]))
    code_a, code_b = code[: side_a.size], code[side_a.size :]
    fold = _assign_people(_links(code_a, code_b, people), k, np.random.default_rng(seed)).astype(np.int16)
    return fold[code_a], fold[code_b]


def _numbered(people: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Number of each person in sorted order, int64 (n,) from 0, and how many people there are."""
    if np.issubdtype(people.dtype, np.integer) and people.size and people.min() >= 0 and people.max() <= people.size:
        # Small numbers are counted, which is faster than sorting them.
        there = np.bincount(people) > 0
        return (np.cumsum(there) - 1)[people].astype(np.int64), int(np.count_nonzero(there))
    names, code = np.unique(people, return_inverse=True)
    return code.astype(np.int64), names.size


def blocks_of_people(
    person_a: NDArray[np.int64], person_b: NDArray[np.int64], fold: NDArray[np.int64], seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Blocks of people, so that a threshold for one block can be set on the other blocks.

    The blocks are the folds of the protocol where every comparison has a fold and nobody is in two folds. Else they
    are ten folds of `folds_of_people`.

    Args:
        person_a: whole numbers (n,) from 0, the person on side a.
        person_b: likewise.
        fold: int64 (n,), fold of the protocol from 0, or -1.
        seed: seed of `folds_of_people`.

    Returns:
        Block of the person on side a and on side b, int64 (n,), and whether blocks are the protocol's folds.
    """
    if fold.size and (fold >= 0).all():
        person, of = np.concatenate([person_a, person_b]), np.tile(fold, 2)
        if np.unique(person * (int(fold.max()) + 1) + of).size == np.unique(person).size:
            return fold, fold, True
    side_a, side_b = folds_of_people(person_a, person_b, BLOCKS, seed)
    return side_a.astype(np.int64), side_b.astype(np.int64), False


def _best_threshold(
    scores: NDArray[np.float64], labels: NDArray[np.bool_], grid: ArrayLike | None, mix: tuple[int, int] | None
) -> float:
    """Best-accuracy threshold at a mix of the two kinds; the columns are sorted by falling similarity."""
    if grid is not None:
        return best_accuracy_threshold(scores, labels, grid)
    return best_accuracy_step(count_sorted_steps(scores, labels), mix)


def _accuracy(accepted: NDArray[np.bool_], labels: NDArray[np.bool_], mix: tuple[int, int] | None) -> float:
    """Share of right decisions, or accuracy at a mix; NaN where that lacks a kind of comparison."""
    right = accepted == labels
    if mix is None:
        return float(right.mean())
    if labels.all() or not labels.any():
        return math.nan
    mated, non_mated = mix
    return (mated * float(right[labels].mean()) + non_mated * float(right[~labels].mean())) / (mated + non_mated)


def _checked_folds(fold: ArrayLike, n: int) -> NDArray[np.int64]:
    member = np.asarray(fold)
    if member.shape != (n,) or (n and not np.issubdtype(member.dtype, np.integer)):
        raise ConfigurationError(f"fold has shape {member.shape} and dtype {member.dtype}; expected integers ({n},)")
    return member.astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Links:
    """Who is compared with whom: weight of the mated comparisons of each person, and each couple of people once."""

    own: NDArray[np.float64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    times: NDArray[np.float64]


def _links(code_a: NDArray[np.int64], code_b: NDArray[np.int64], people: int) -> _Links:
    """Comparisons as a weighted graph of people. The mated ones together weigh 1, and so do the non-mated ones."""
    same = code_a == code_b
    own = np.bincount(code_a[same], minlength=people).astype(np.float64)
    low, high = np.minimum(code_a, code_b)[~same], np.maximum(code_a, code_b)[~same]
    code = low * people + high
    if people**2 <= _CELLS_PER_COMPARISON * code.size:
        each = np.bincount(code, minlength=people**2)
        couple = np.flatnonzero(each)
        times = each[couple]
    else:
        couple, times = np.unique(code, return_counts=True)
    return _Links(own / max(own.sum(), 1), couple // max(people, 1), couple % max(people, 1), times / max(low.size, 1))


def _assign_people(links: _Links, k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The fold of each person. Heavy groups come first; each goes to the fold with least of its kinds of comparison."""
    people = links.own.size
    fold = np.full(people, -1, dtype=np.int64)
    group = connected_people(links.first, links.second, people)
    mated = np.bincount(group, links.own, minlength=people)
    other = np.bincount(group[links.first], links.times, minlength=people)
    weight = mated + other
    share = weight.sum() / k
    load = np.zeros((k, 2))
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group, minlength=people))[:-1])
    order = rng.permutation(np.unique(group))
    for index in order[np.argsort(-weight[order], kind="stable")]:
        if weight[index] <= _WHOLE_UP_TO_SHARES * share or members[index].size == 1:
            chosen = int(np.argmin(load @ np.array([mated[index], other[index]])))
            fold[members[index]] = chosen
            load[chosen] += mated[index], other[index]
        else:
            parts = min(k, math.ceil(weight[index] / share))
            targets = np.argsort(load.sum(axis=1), kind="stable")[:parts]
            fold[members[index]] = targets[_spread(links, members[index], parts, rng)]
            load += _load(links, fold, members[index], k)
    return fold


def _load(links: _Links, fold: NDArray[np.int64], members: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Weight of the mated and non-mated comparisons that a spread group adds to each fold, float64 (k, 2)."""
    of_group = np.zeros(fold.size, dtype=np.bool_)
    of_group[members] = True
    kept = of_group[links.first] & (fold[links.first] == fold[links.second])
    mated = np.bincount(fold[members], links.own[members], minlength=k)
    other = np.bincount(fold[links.first[kept]], links.times[kept], minlength=k)
    return np.stack([mated, other], axis=1)


def connected_people(a: NDArray[np.int64], b: NDArray[np.int64], people: int) -> NDArray[np.int64]:
    """Groups of people who are linked by comparisons, directly or through others.

    Args:
        a: int64 (n,), person on one side of each link, 0 to ``people`` - 1.
        b: int64 (n,), person on the other side.
        people: number of people.

    Returns:
        int64 (people,), the lowest number of a person in the group of each person.
    """
    root = np.arange(people, dtype=np.int64)
    while a.size:
        np.minimum.at(root, np.maximum(root[a], root[b]), np.minimum(root[a], root[b]))
        while not np.array_equal(root, flat := root[root]):
            root = flat
        apart = root[a] != root[b]
        a, b = a[apart], b[apart]
    return root


def _spread(links: _Links, members: NDArray[np.int64], parts: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Part of each member of a group that is too large for one fold; few comparisons are between parts."""
    place = np.full(links.own.size, -1, dtype=np.int64)
    place[members] = np.arange(members.size)
    inside = place[links.first] >= 0
    ends = place[np.concatenate([links.first[inside], links.second[inside]])]
    others = place[np.concatenate([links.second[inside], links.first[inside]])]
    times = np.tile(links.times[inside], 2)
    by_person = np.argsort(ends, kind="stable")
    others, times = others[by_person], times[by_person]
    start = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=members.size))])
    weight = links.own[members] + np.bincount(ends[by_person], times, minlength=members.size) / 2
    order = _outwards(others, start, int(rng.integers(members.size)))
    graph = _Neighbours(others, times, start, weight)
    tries = []
    for shares in _ROOMS:
        part, kept, load = _streamed(graph, order, parts, shares * weight.sum() / parts)
        if load.min() >= weight.sum() / parts / 2:
            return part
        tries.append((kept, part))
    return max(tries, key=lambda one: one[0])[1]


@dataclass(frozen=True, slots=True)
class _Neighbours:
    """Links and weights of the members of a group; the links of member i are ``start[i]`` to ``start[i + 1]``."""

    others: NDArray[np.int64]
    times: NDArray[np.float64]
    start: NDArray[np.int64]
    weight: NDArray[np.float64]


def _streamed(
    graph: _Neighbours, order: list[int], parts: int, room: float
) -> tuple[NDArray[np.int64], float, NDArray[np.float64]]:
    """Part of each member, weight of links within parts, and weight of each part, from the best of several passes."""
    part = np.full(graph.weight.size, parts, dtype=np.int64)
    load = np.zeros(parts + 1)
    ends = np.repeat(np.arange(graph.weight.size), np.diff(graph.start))
    best, best_kept, best_load = part, -1.0, load[:parts]
    for _ in range(_PASSES):
        for person in order:
            near = slice(graph.start[person], graph.start[person + 1])
            load[part[person]] -= graph.weight[person]
            pull = np.bincount(part[graph.others[near]], graph.times[near], minlength=parts + 1)[:parts]
            pull *= np.maximum(0.0, 1.0 - load[:parts] / room)
            chosen = int(np.argmax(pull))
            if pull[chosen] <= 0:
                chosen = int(np.argmin(load[:parts]))
            part[person] = chosen
            load[chosen] += graph.weight[person]
        kept = float(graph.times[part[ends] == part[graph.others]].sum())
        if kept > best_kept:
            best, best_kept, best_load = part.copy(), kept, load[:parts].copy()
    return best, best_kept, best_load


def _outwards(others: NDArray[np.int64], start: NDArray[np.int64], root: int) -> list[int]:
    """All members of a connected group in breadth-first order from ``root``."""
    seen = np.zeros(start.size - 1, dtype=np.bool_)
    seen[root] = True
    order = [root]
    for person in order:
        near = others[start[person] : start[person + 1]]
        new = near[~seen[near]]
        seen[new] = True
        order.extend(new.tolist())
    return order
