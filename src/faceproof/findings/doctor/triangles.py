"""Check that distances are distances: of three photos, no side is longer than the two others together."""

from __future__ import annotations

import numpy as np

from faceproof.findings.doctor.audited import AuditedScores, Floats, Sides, Whole, score_text
from faceproof.findings.doctor.check import (
    CONSTRUCTION,
    NO_MEASURE,
    NO_PHOTOS,
    CannotRun,
    Case,
    Check,
    Found,
    Outcome,
    counted,
)
from faceproof.findings.doctor.result import MOST_EXAMPLES
from faceproof.findings.doctor.values import common_step

_PHOTOS = 200
"""Number of photos whose triples are looked at: those with the most comparisons."""
_SLACK = 1e-3
"""Excess of the longest side, as a share of the longest distance, that rounding may give."""
_COARSE = 1e-4


def triangle(case: Case) -> Outcome:
    """Find three photos whose distances no three points have."""
    scores, photos = case.scores, case.scores.photos
    if photos is None:
        return NO_PHOTOS
    measure = scores.measure
    if measure is None and scores.kind == "similarity":
        return NO_MEASURE
    rows = np.flatnonzero(scores.made & (photos.a != photos.b))
    chosen, rows = _most_compared(photos, rows)
    values = scores.score[rows]
    step = common_step(np.unique(values))
    if step is not None and step > _COARSE * float(np.abs(values).max()):
        return CannotRun("the scores are rounded too far")
    if measure is not None:
        values = np.asarray(measure.to_distance(np.clip(values, measure.low, measure.high)))
    matrix, place = _matrix(photos, rows, chosen, values)
    complete, wrong = _violations(matrix)
    if not complete:
        return CannotRun("no three photos are all compared with each other")
    if not wrong:
        return []
    have = "has" if complete == 1 else "have"
    text = (
        f"{len(wrong):,} of {counted(complete, 'triple')} of photos {have} a distance that is longer than the two "
        "others together: these scores are not distances of one template for each photo."
    )
    evidence = [_shown(scores, place, *triple) for triple in wrong[:MOST_EXAMPLES]]
    return [Found("hint" if measure is None else "fault", text, evidence)]


def _most_compared(photos: Sides, rows: Whole) -> tuple[Whole, Whole]:
    """Photos with the most comparisons, at most `_PHOTOS`, and the rows that compare two of them."""
    times = np.bincount(np.concatenate([photos.a[rows], photos.b[rows]]), minlength=photos.total)
    chosen = np.argsort(-times, kind="stable")[:_PHOTOS]
    there = np.zeros(photos.total, dtype=np.bool_)
    there[chosen] = True
    return chosen, rows[there[photos.a[rows]] & there[photos.b[rows]]]


def _matrix(photos: Sides, rows: Whole, chosen: Whole, values: Floats) -> tuple[Floats, Whole]:
    """Distances between the chosen photos, NaN where they are not compared, and the row of each."""
    number = np.zeros(photos.total, dtype=np.int64)
    number[chosen] = np.arange(chosen.size)
    a, b = number[photos.a[rows]], number[photos.b[rows]]
    matrix = np.full((chosen.size, chosen.size), np.nan)
    place = np.full(matrix.shape, -1)
    matrix[a, b] = matrix[b, a] = values
    place[a, b] = place[b, a] = rows
    return matrix, place


def _violations(matrix: Floats) -> tuple[int, list[tuple[int, int, int]]]:
    """Number of complete triples, and those (a, b, middle) where a to b is longer than over the middle."""
    upper = np.triu(np.ones(matrix.shape, dtype=np.bool_), 1)
    complete, wrong, slack = 0, [], _SLACK * float(np.nanmax(matrix, initial=0.0))
    for middle in range(len(matrix)):
        over = matrix[:, middle, None] + matrix[None, middle]
        known = upper & ~np.isnan(over) & ~np.isnan(matrix)
        complete += int(np.count_nonzero(known))
        bad = known & (matrix > over + slack)
        wrong += [(int(a), int(b), middle) for a, b in np.argwhere(bad)]
    # Each triple was seen with each of its photos as the middle.
    return complete // 3, wrong


def _shown(scores: AuditedScores, place: Whole, a: int, b: int, middle: int) -> str:
    rows = [int(place[one]) for one in ((a, b), (a, middle), (middle, b))]
    return " against ".join(
        [
            scores.examples(np.array(rows[:1]))[0],
            f"{' and '.join(score_text(scores.score[row]) for row in rows[1:])} (rows {rows[1] + 1} and {rows[2] + 1})",
        ]
    )


CHECKS = (
    Check(
        "triangle_inequality",
        triangle,
        CONSTRUCTION,
        "Compute all scores in one way from one template for each photo. Squared distances also give this: say what "
        "the score is.",
    ),
)
