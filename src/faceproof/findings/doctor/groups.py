"""Checks of people who are in two folds, or in two parts of the data such as train and test."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from faceproof.findings.doctor.audited import AuditedScores, Flags, Floats, Sides, Whole
from faceproof.findings.doctor.check import CONSTRUCTION, NO_PEOPLE, CannotRun, Case, Check, Found, Outcome, counted
from faceproof.findings.doctor.order import two_sided
from faceproof.findings.doctor.result import MOST_EXAMPLES

_FEWEST_PEOPLE = 10
_TRAINING = r"^(train|training|dev|val|valid|validation|tune|tuning|enrol|fit)"


def two_folds(case: Case) -> Outcome:
    """Find people whose comparisons are in two folds or more."""
    scores, people = case.scores, case.scores.people
    if not (scores.fold >= 0).any():
        return CannotRun("the data have no folds (column fold)")
    if people is None:
        return NO_PEOPLE
    return _in_several(scores, people, scores.fold, "fold", "folds")


def shared_parts(case: Case) -> Outcome:
    """Find people who are in two parts of the data, such as train and test."""
    people, parts = case.scores.people, _parts(case.scores)
    if parts is None:
        return CannotRun("the data have no column split (such as train and test)")
    if people is None:
        return NO_PEOPLE
    return _in_several(case.scores, people, parts, "part of the data", "parts of the data")


def training_gain(case: Case) -> Outcome:
    """Find test comparisons that are more alike where the person is also in training (Welch's t over people)."""
    scores, people = case.scores, case.scores.people
    if scores.split is None:
        return CannotRun("the data have no column split (such as train and test)")
    if people is None:
        return NO_PEOPLE
    training = np.asarray(pc.match_substring_regex(pc.utf8_lower(scores.split), _TRAINING).to_numpy(), dtype=np.bool_)
    known = np.zeros(people.total, dtype=np.bool_)
    known[people.a[training]] = known[people.b[training]] = True
    means, of = _mean_by_person(scores, people, scores.mated & scores.made & ~training)
    inside, outside = means[known[of]], means[~known[of]]
    if min(inside.size, outside.size) < _FEWEST_PEOPLE:
        return CannotRun(
            f"it needs {_FEWEST_PEOPLE} people of the test who are also in training, and as many who are not; there "
            f"are {inside.size} and {outside.size}"
        )
    t, degrees = welch(inside, outside)
    if t <= 0 or (p := two_sided(t, degrees)) >= case.level:
        return []
    text = (
        f"Mated comparisons of the test are more alike for the {inside.size} people who are also in training than for "
        f"the {outside.size} others (Welch's t over people {t:.2f}, p = {p:.2g})."
    )
    return [Found("hint", text)]


def welch(one: Floats, other: Floats) -> tuple[float, float]:
    """Welch's t of the difference of two means, and its degrees of freedom.

    Args:
        one: float64 (n,), 2 or more values.
        other: float64 (m,), 2 or more values.

    >>> t, degrees = welch(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0, 2.0]))
    >>> t, round(degrees, 3)
    (0.0, 3.857)
    """
    parts = [float(np.var(values, ddof=1)) / values.size for values in (one, other)]
    total = sum(parts)
    if total == 0:
        return 0.0 if one.mean() == other.mean() else math.inf, 1.0
    degrees = total**2 / sum(part**2 / (values.size - 1) for part, values in zip(parts, (one, other), strict=True))
    return float(one.mean() - other.mean()) / math.sqrt(total), degrees


def _mean_by_person(scores: AuditedScores, people: Sides, rows: Flags) -> tuple[Floats, Whole]:
    """Mean similarity of the given rows for each person of side a, and these people."""
    of, place = np.unique(people.a[rows], return_inverse=True)
    return np.bincount(place, scores.similarity[rows]) / np.bincount(place), of


def _parts(scores: AuditedScores) -> Whole | None:
    """Number of the part of the data of each row, -1 for an empty cell; None without parts."""
    if scores.split is None:
        return None
    text = pc.utf8_lower(scores.split)
    known = pc.unique(text)
    number = pc.index_in(text, value_set=known).to_numpy().astype(np.int64)
    number[np.asarray(pc.equal(text, pa.scalar("")).to_numpy(), dtype=np.bool_)] = -1
    return number if np.unique(number[number >= 0]).size > 1 else None


def _in_several(scores: AuditedScores, people: Sides, group: Whole, one: str, many: str) -> list[Found]:
    """The people in two groups or more, as a fault with the first rows of some of them."""
    rows = np.flatnonzero(group >= 0)
    groups = int(group.max()) + 1
    both = np.concatenate([people.a[rows], people.b[rows]]) * groups + np.concatenate([group[rows], group[rows]])
    memberships, first = np.unique(both, return_index=True)
    person, times = np.unique(memberships // groups, return_counts=True)
    several = person[times > 1]
    if not several.size:
        return []
    evidence = []
    for number in several[:MOST_EXAMPLES].tolist():
        places = first[memberships // groups == number]
        where = rows[places % rows.size]
        side = "person_a" if people.a[where[0]] == number else "person_b"
        shown = ", ".join(str(row + 1) for row in np.sort(where)[:MOST_EXAMPLES].tolist())
        evidence.append(
            f"{scores.names[side][int(where[0])].as_py()}: {counted(places.size, one, many)} (rows {shown})"
        )
    text = (
        f"{several.size:,} of {counted(person.size, 'person', 'people')} "
        f"{'is' if several.size == 1 else 'are'} in two {many} or more."
    )
    return [Found("fault", text, evidence)]


CHECKS = (
    Check(
        "people_in_two_folds",
        two_folds,
        CONSTRUCTION,
        "Make folds that share no person: a threshold must not be judged on people who helped to set it.",
    ),
    Check(
        "people_in_two_parts",
        shared_parts,
        CONSTRUCTION,
        "Split the people, not the photos or pairs, into train and test (faceproof split).",
    ),
    Check(
        "people_of_training_score_higher",
        training_gain,
        None,
        "Report the numbers for people who are not in training.",
    ),
)
