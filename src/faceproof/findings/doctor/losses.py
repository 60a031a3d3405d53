"""Checks of a score file against the pair list of the test, and of which kind of comparison lacks scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from faceproof.findings.doctor.audited import AuditedScores, Flags, Sides, Whole
from faceproof.findings.doctor.check import CONSTRUCTION, NO_PHOTOS, CannotRun, Case, Check, Found, Outcome, counted
from faceproof.findings.doctor.order import two_sided
from faceproof.findings.doctor.result import MOST_EXAMPLES
from faceproof.metrics.dependence import Dependence
from faceproof.metrics.linear import share
from faceproof.systems.external.listed_pairs import ListedPairs
from faceproof.systems.external.score_repeats import text_numbers

_NO_PAIRS = CannotRun("no pair list was given")
_FEWEST_LOST = 10

Text: TypeAlias = "pa.ChunkedArray[Any]"


@dataclass(frozen=True)
class Matched:
    """A pair list and the rows of a score file of the same photos, sides in any order.

    Attributes:
        row: int64 (pairs,), the first row of each pair of the list, or -1.
        pair: int64 (rows,), a pair of the list for each row, or -1.
    """

    row: Whole
    pair: Whole


def match(scores: AuditedScores, pairs: ListedPairs) -> Matched:
    """Match the rows of a score file that names photos with a pair list."""
    sides = []
    for side in ("photo_a", "photo_b"):
        ours, theirs = scores.names[side], pairs.names[side]
        if pairs.stems:
            ours = pc.replace_substring_regex(pc.replace_substring_regex(ours, r"^.*[/\\]", ""), r"\.[^.]*$", "")
        elif "person_a" in scores.names and "person_a" in pairs.names:
            person = side.replace("photo", "person")
            ours, theirs = _joined(scores.names[person], ours), _joined(pairs.names[person], theirs)
        sides.append(pa.chunked_array([*ours.chunks, *theirs.chunks], pa.string()))
    number = text_numbers(*sides)
    a, b = number[: number.size // 2], number[number.size // 2 :]
    key = np.minimum(a, b) * (int(number.max()) + 1) + np.maximum(a, b)
    of_rows, of_pairs = key[: len(scores)], key[len(scores) :]
    return Matched(_places(of_pairs, of_rows), _places(of_rows, of_pairs))


def _joined(person: Text, photo: Text) -> Text:
    """Person and photo as one text, so that photos of one name of two people are not the same."""
    joined: Text = pc.call_function("binary_join_element_wise", [person, photo, "\0"])
    return joined


def _places(wanted: Whole, known: Whole) -> Whole:
    """The first place of each wanted number among the known ones, int64, or -1."""
    distinct, first = np.unique(known, return_index=True)
    place = np.minimum(np.searchsorted(distinct, wanted), distinct.size - 1)
    return np.where(distinct[place] == wanted, first[place], -1).astype(np.int64)


def against_pairs(case: Case) -> Outcome:
    """Find pairs of the list without a row, rows that are not in the list, and labels that differ."""
    scores, pairs = case.scores, case.pairs
    if pairs is None:
        return _NO_PAIRS
    if scores.photos is None:
        return NO_PHOTOS
    matched = match(scores, pairs)
    missing, added = np.flatnonzero(matched.row < 0), np.flatnonzero(matched.pair < 0)
    if missing.size == len(pairs):
        return CannotRun(f"no pair of {pairs.path} has the photos of a row: the two name photos in different ways")
    found = []
    if missing.size:
        of_mated = int(pairs.mated[missing].sum())
        text = (
            f"{counted(missing.size, 'pair')} of {len(pairs):,} in {pairs.path} {_have(missing)} no row: "
            f"{of_mated:,} of {int(pairs.mated.sum()):,} mated, {missing.size - of_mated:,} of "
            f"{int((~pairs.mated).sum()):,} non-mated."
        )
        if missing[0] == len(pairs) - missing.size:
            text += f" All are at the end of the list, after pair {int(missing[0]):,}: the list was cut short."
        found.append(Found("fault", text, _named(pairs, missing)))
    if added.size:
        text = f"{counted(added.size, 'row compares', 'rows compare')} two photos that {pairs.path} does not compare."
        found.append(Found("fault", text, scores.examples(added)))
    there = np.flatnonzero(matched.pair >= 0)
    other = there[scores.mated[there] != pairs.mated[matched.pair[there]]]
    if other.size:
        text = f"{counted(other.size, 'row')} {_have(other)} another label than {pairs.path}."
        found.append(Found("fault", text, scores.examples(other)))
    return found


def by_kind(case: Case) -> Outcome:
    """Find that comparisons of one kind lack scores more often than those of the other (dyadic-robust t)."""
    scores, pairs = case.scores, case.pairs
    people = scores.people
    if pairs is not None and scores.photos is not None:
        row, people = match(scores, pairs).row, _people_of(pairs)
        lost = (row < 0) | np.isnan(scores.score[row])
        mated = pairs.mated
    else:
        lost, mated = np.isnan(scores.score), scores.mated
    if not lost.any():
        return CannotRun("all comparisons have a score")
    expected = float(lost.mean()) * min(int(mated.sum()), int((~mated).sum()))
    if expected < _FEWEST_LOST or lost.all():
        return CannotRun(
            f"{int(lost.sum()):,} of {counted(lost.size, 'comparison')} lack a score; it needs as many as would be "
            f"{_FEWEST_LOST} of each kind"
        )
    of_mated, of_others = share(lost & mated, mated), share(lost & ~mated, ~mated)
    difference = of_mated - of_others
    known = people is not None
    influence = Dependence(np.zeros(lost.size), mated, people).influence_of(difference.influence)
    if influence.variance == 0:
        return []
    degrees = influence.effective_people - 1 if known else math.inf
    p = two_sided(difference.value / math.sqrt(influence.variance), degrees)
    if p >= case.level:
        return []
    text = (
        f"{of_mated.value:.2%} of mated and {of_others.value:.2%} of non-mated comparisons lack a score (p = {p:.2g}): "
        "rates of the comparisons that were made are not those of all comparisons."
    )
    return [Found("hint", text)]


def _people_of(pairs: ListedPairs) -> Sides:
    """The person on each side of a pair list; where it names none, each photo stands for a person."""
    what = "person" if "person_a" in pairs.names else "photo"
    numbers = text_numbers(pairs.names[f"{what}_a"], pairs.names[f"{what}_b"])
    return Sides(numbers[: len(pairs)], numbers[len(pairs) :])


def _named(pairs: ListedPairs, rows: Whole) -> list[str]:
    first = rows[:MOST_EXAMPLES]
    texts = [pairs.names[name].take(first).to_pylist() for name in ("photo_a", "photo_b")]
    return [
        f"pair {row + 1}: {a} and {b}, {'mated' if pairs.mated[row] else 'non-mated'}"
        for row, a, b in zip(first.tolist(), *texts, strict=True)
    ]


def _have(rows: Whole | Flags) -> str:
    return "has" if rows.size == 1 else "have"


CHECKS = (
    Check(
        "pairs_of_the_list",
        against_pairs,
        CONSTRUCTION,
        "Give every pair of the list a row, with an empty score and a reason where it could not be compared.",
    ),
    Check(
        "loss_by_kind",
        by_kind,
        None,
        "Report FAR and FRR beside FMR and FNMR: they count a comparison that could not be made as rejected.",
    ),
)
