"""Checks of which photos and people are compared: repeats, sides, copies, labels against names, suspect labels."""

from __future__ import annotations

import numpy as np

from faceproof.findings.doctor.audited import AuditedScores, Flags, Sides, Whole, score_text
from faceproof.findings.doctor.check import (
    CONSTRUCTION,
    JUDGED,
    NO_MEASURE,
    NO_PEOPLE,
    NO_PHOTOS,
    CannotRun,
    Case,
    Check,
    Found,
    Outcome,
    counted,
)
from faceproof.findings.doctor.result import MOST_EXAMPLES
from faceproof.metrics.curves import auc_of_steps
from faceproof.people.repeats import first_places

IDENTICAL_SIMILARITY = 0.99999
"""Cosine above which two templates are of the same photo."""
_IDENTICAL_DISTANCE = float(np.sqrt(2 - 2 * IDENTICAL_SIMILARITY))
_SAME_SCORE = 1e-5
_FEWEST_MATED = 20
_EASY_SHARE = 0.05


def repeated(case: Case) -> Outcome:
    """Find comparisons of the same two photos, sides in the same order, that are there more than once."""
    photos = case.scores.photos
    if photos is None:
        return NO_PHOTOS
    scores = case.scores
    first = first_places(*photos)
    later = first != np.arange(first.size)
    labels = np.flatnonzero(later & (scores.mated != scores.mated[first]))
    found = []
    if labels.size:
        found.append(
            Found(
                "fault",
                f"{counted(labels.size, 'comparison')} of the photos of an earlier row {_have(labels)} another label.",
                _with_first(scores, labels, first),
            )
        )
    ordered = first_places(*photos, ordered=True)
    again = ordered != np.arange(first.size)
    other = np.flatnonzero(again & ~_same(scores, ordered))
    if other.size:
        found.append(
            Found(
                "fault",
                f"{counted(other.size, 'comparison')} of the photos of an earlier row, with the sides in the same "
                f"order, {_have(other)} another score: one of the two is wrong, or they are of different systems.",
                _with_first(scores, other, ordered),
            )
        )
    rows = np.flatnonzero(
        later & _same(scores, np.where(again, ordered, first)) & (scores.mated == scores.mated[first])
    )
    if rows.size:
        text = (
            f"{counted(rows.size, 'row repeats', 'rows repeat')} the comparison of an earlier row with the same score."
        )
        found.append(Found("fault", text, _with_first(scores, rows, first)))
    return found


def sides(case: Case) -> Outcome:
    """Find comparisons whose score changes when their sides are swapped."""
    scores, photos = case.scores, case.scores.photos
    if photos is None:
        return NO_PHOTOS
    first = first_places(*photos)
    swapped = (photos.a != photos.a[first]) & (photos.a == photos.b[first])
    if not swapped.any():
        return CannotRun("no two photos are compared with their sides in both orders")
    rows = np.flatnonzero(swapped & ~_same(scores, first))
    if not rows.size:
        return []
    apart = np.abs(scores.score[rows] - scores.score[first[rows]])
    text = (
        f"{counted(rows.size, 'comparison')} {_have(rows)} another score than the same photos with the sides swapped; "
        f"the largest difference is {score_text(float(np.nanmax(apart, initial=0.0)))}."
    )
    known = scores.measure is not None
    return [Found("fault" if known else "hint", text, _with_first(scores, rows, first))]


def with_itself(case: Case) -> Outcome:
    """Find comparisons of a photo with itself."""
    photos = case.scores.photos
    if photos is None:
        return NO_PHOTOS
    rows = np.flatnonzero(photos.a == photos.b)
    if not rows.size:
        return []
    text = f"{counted(rows.size, 'comparison is', 'comparisons are')} of a photo with itself, which is no test."
    return [Found("fault", text, case.scores.examples(rows))]


def copies(case: Case) -> Outcome:
    """Find two names for one photo: scores that only the same pixels give."""
    scores = case.scores
    measure = scores.measure
    if measure is not None:
        limit = float(measure.of_distance(_IDENTICAL_DISTANCE))
        alike = scores.score > limit if measure.higher_is_more_alike else scores.score < limit
    elif scores.kind == "distance":
        alike = scores.score == 0
    else:
        return NO_MEASURE
    if scores.photos is not None:
        alike &= scores.photos.a != scores.photos.b
    found = []
    if (others := np.flatnonzero(alike & ~scores.mated)).size:
        text = (
            f"{counted(others.size, 'non-mated comparison has', 'non-mated comparisons have')} identical templates: "
            "one photo under two people, or a system that gives the same template for different photos."
        )
        found.append(Found("fault", text, scores.examples(others)))
    if (mates := np.flatnonzero(alike & scores.mated)).size:
        text = (
            f"{counted(mates.size, 'mated comparison has', 'mated comparisons have')} identical templates: the two "
            "photos are probably copies of one, which is too easy."
        )
        found.append(Found("hint", text, scores.examples(mates)))
    return found


def against_names(case: Case) -> Outcome:
    """Find labels that contradict the names of the people."""
    people = case.scores.people
    if people is None:
        return NO_PEOPLE
    same = people.a == people.b
    found = []
    for rows, text in (
        (same & ~case.scores.mated, "labelled non-mated, though both sides name one person"),
        (~same & case.scores.mated, "labelled mated, though the sides name two people"),
    ):
        places = np.flatnonzero(rows)
        if places.size:
            found.append(
                Found(
                    "fault",
                    f"{counted(places.size, 'comparison is', 'comparisons are')} {text}.",
                    case.scores.examples(places),
                )
            )
    return found


def suspects(case: Case) -> Outcome:
    """List non-mated comparisons that are more alike than the least alike 5% of mated ones, by couple of people."""
    scores = case.scores
    mates = scores.similarity[scores.mated & scores.made]
    if mates.size < _FEWEST_MATED:
        return CannotRun(f"it needs {_FEWEST_MATED} mated scores or more")
    if scores.linked.made.non_mated.n and auc_of_steps(scores.linked.steps) < 0.5:
        return CannotRun("AUC is below 0.5, so that it is not clear which comparisons are alike")
    limit = float(np.quantile(mates, _EASY_SHARE))
    high = scores.made & ~scores.mated & (np.nan_to_num(scores.similarity, nan=-np.inf) > limit)
    rows = np.flatnonzero(high)
    if not rows.size:
        return []
    evidence = _by_couple(scores, scores.people, high) if scores.people else scores.examples(_most_alike(scores, rows))
    at = score_text(limit if scores.kind == "similarity" else -limit)
    text = (
        f"{counted(rows.size, 'non-mated comparison is', 'non-mated comparisons are')} more alike than the least alike "
        f"5% of mated ones ({scores.kind} {at}). These are false matches at such a threshold, or wrong labels."
    )
    return [Found("hint", text, evidence)]


def _by_couple(scores: AuditedScores, people: Sides, high: Flags) -> list[str]:
    """The couples of people with the most alike comparisons, with how many of their comparisons are ``high``."""
    low_side, high_side = np.minimum(people.a, people.b), np.maximum(people.a, people.b)
    key = low_side * people.total + high_side
    rows = _most_alike(scores, np.flatnonzero(high))
    _, place = np.unique(key[rows], return_index=True)
    shown = rows[np.sort(place)[:MOST_EXAMPLES]]
    evidence = []
    for row in shown.tolist():
        of_couple = (key == key[row]) & ~scores.mated & scores.made
        names = [scores.names[side][row].as_py() for side in ("person_a", "person_b")]
        many = int((of_couple & high).sum())
        evidence.append(
            f"{names[0]} and {names[1]}: {many:,} of {counted(int(of_couple.sum()), 'comparison')}, "
            f"the most alike {score_text(scores.score[row])} (row {row + 1})"
        )
    return evidence


def _most_alike(scores: AuditedScores, rows: Whole) -> Whole:
    return rows[np.argsort(-scores.similarity[rows], kind="stable")]


def _same(scores: AuditedScores, other: Whole) -> Flags:
    """Where the score of each row is that of another row, up to the rounding of float32; both may be missing."""
    one, two = scores.score, scores.score[other]
    with np.errstate(invalid="ignore"):
        near = np.abs(one - two) <= _SAME_SCORE * np.maximum(1.0, np.abs(one))
    return np.asarray(near | (one == two) | (np.isnan(one) & np.isnan(two)))


def _with_first(scores: AuditedScores, rows: Whole, first: Whole) -> list[str]:
    """Examples, each with the earlier row that it is compared with."""
    earlier = first[rows[:MOST_EXAMPLES]]
    return [
        f"{text}; row {row + 1}: {'mated' if scores.mated[row] else 'non-mated'}, {score_text(scores.score[row])}"
        for text, row in zip(scores.examples(rows), earlier.tolist(), strict=True)
    ]


def _have(rows: Whole) -> str:
    return "has" if rows.size == 1 else "have"


CHECKS = (
    Check(
        "repeated_comparisons",
        repeated,
        CONSTRUCTION,
        "Keep each comparison once, with one label and one score, and each system in a file of its own.",
    ),
    Check(
        "order_of_sides",
        sides,
        CONSTRUCTION,
        "A score of two templates does not depend on their order. Look for templates that were mixed up, or that "
        "were made twice with different settings.",
    ),
    Check(
        "photo_with_itself", with_itself, CONSTRUCTION, "Leave these comparisons out, and compute all numbers again."
    ),
    Check(
        "same_photo_twice",
        copies,
        CONSTRUCTION,
        "Look at the photos. Remove copies, and correct labels of photos that are of one person.",
    ),
    Check(
        "labels_against_names",
        against_names,
        CONSTRUCTION,
        "Correct the labels or the names, and compute all numbers again.",
    ),
    Check(
        "labels_that_look_wrong",
        suspects,
        JUDGED,
        "Look at the photos of these couples. Most are false matches in honest data: correct only what is wrong.",
    ),
)
