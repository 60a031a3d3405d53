"""Checks of the values of the scores, each by itself: range, infinite and missing values, ties."""

from __future__ import annotations

import numpy as np

from faceproof.findings.doctor.audited import LARGEST, Floats, score_text
from faceproof.findings.doctor.check import CONSTRUCTION, NO_MEASURE, CannotRun, Case, Check, Found, Outcome, counted
from faceproof.findings.doctor.result import Severity

_SLACK = 1e-5
"""How far scores of float32 templates may be outside of their range."""
_NEARLY_ALL = 0.99
_LARGE_TIE, _FEWEST_TIED = 0.01, 5
_FEWEST = 20


def possible_range(case: Case) -> Outcome:
    """Find scores outside of the possible range of the score."""
    scores = case.scores
    made = scores.score[scores.made]
    severity: Severity = "fault"
    if scores.measure is not None:
        low, high, what = scores.measure.low, scores.measure.high, f"a {scores.measure.words}"
    elif scores.kind == "distance" and (made < 0).any():
        low, high, what = 0.0, np.inf, "a distance"
    else:
        similar = scores.kind == "similarity"
        low, high, what = (-1.0, 1.0, "a cosine") if similar else (0.0, 2.0, "a distance of two unit templates")
        if not made.size or float(np.mean((made >= low) & (made <= high))) < _NEARLY_ALL:
            return NO_MEASURE
        severity = "hint"
    outside = scores.made & ((scores.score < low - _SLACK) | (scores.score > high + _SLACK))
    if not outside.any():
        return []
    rows = np.flatnonzero(outside)
    ends = f"{low:g} or more" if np.isinf(high) else f"from {low:g} to {high:g}"
    text = f"{counted(rows.size, 'score is', 'scores are')} outside of the range of {what}, which is {ends}"
    if severity == "hint":
        text += "; all the others are inside, so that this seems to be what the scores are"
    return [Found(severity, f"{text}.", scores.examples(rows))]


def infinite(case: Case) -> Outcome:
    """Find infinite scores."""
    rows = np.flatnonzero(np.abs(case.scores.score) > LARGEST)
    if not rows.size:
        return []
    text = f"{counted(rows.size, 'score is', 'scores are')} infinite, or beyond {LARGEST:g}, and left out."
    return [Found("fault", text, case.scores.examples(rows))]


def missing(case: Case) -> Outcome:
    """Find comparisons without a score whose reason is not given."""
    scores = case.scores
    rows = np.isnan(scores.score)
    if scores.reason is not None:
        rows &= ~scores.reason
    places = np.flatnonzero(rows)
    if not places.size:
        return []
    text = (
        f"{counted(places.size, 'comparison')} of {len(scores):,} {'has' if places.size == 1 else 'have'} no score, "
        f"and no reason is given: {int(np.sum(rows & scores.mated)):,} mated, "
        f"{int(np.sum(rows & ~scores.mated)):,} non-mated."
    )
    return [Found("hint", text, scores.examples(places))]


def tied(case: Case) -> Outcome:
    """Find scores that are all equal, that are decisions, or so often tied that rates change in steps."""
    scores = case.scores
    values, times = np.unique(scores.score[scores.made], return_counts=True)
    n = int(times.sum())
    if n < _FEWEST:
        return CannotRun(f"it needs {_FEWEST} scores or more")
    if values.size == 1:
        return [Found("fault", f"All {n:,} scores are equal ({values[0]:.6g}).")]
    if values.size == 2:
        text = f"The scores have two values only, {values[0]:.6g} and {values[1]:.6g}: they are decisions, not scores."
        return [
            Found(
                "fault",
                text,
                [f"{score_text(v)}: {counted(int(t), 'row')}" for v, t in zip(values, times, strict=True)],
            )
        ]
    found = []
    for kind, rows in (("mated", scores.mated), ("non-mated", ~scores.mated)):
        if (one := _large_tie(kind, scores.score[rows & scores.made])) is not None:
            found.append(one)
    return found


def _large_tie(kind: str, made: Floats) -> Found | None:
    """Ties of one kind, where one value has a large share of its scores."""
    if not made.size:
        return None
    values, times = np.unique(made, return_counts=True)
    most = int(times.max())
    if most < max(_LARGE_TIE * made.size, _FEWEST_TIED):
        return None
    rate = "FNMR" if kind == "mated" else "FMR"
    text = (
        f"The {made.size:,} {kind} scores have {values.size:,} different values, and {most:,} of them are "
        f"{score_text(values[times.argmax()])}: {rate} changes by {most / made.size:.2%} between two thresholds."
    )
    step = common_step(values)
    evidence = [] if step is None else [f"all scores are multiples of {step:.6g} apart"]
    return Found("hint", text, evidence)


def common_step(values: Floats) -> float | None:
    """The largest step that divides all differences of sorted distinct values; None where there is none.

    >>> common_step(np.array([0.1, 0.4, 0.5])), common_step(np.array([0.0, 1.0, np.pi]))
    (0.1, None)
    """
    differences = np.diff(values)
    if not differences.size:
        return None
    step = float(differences.min())
    for _ in range(8):
        left = np.abs(differences / step - np.rint(differences / step)) * step
        wrong = left > 1e-3 * step
        if not wrong.any():
            return float(f"{step:.6g}")
        step = float(left[wrong].min())
        if step < 1e-7 * float(differences.max()):
            return None
    return None


CHECKS = (
    Check(
        "possible_range",
        possible_range,
        CONSTRUCTION,
        "Find out what the scores are. Templates that were not normalised, and distances over a whole batch, give "
        "such values.",
    ),
    Check(
        "infinite_scores",
        infinite,
        CONSTRUCTION,
        "Give the comparison no score and a reason where it could not be made.",
    ),
    Check(
        "missing_scores",
        missing,
        CONSTRUCTION,
        "Give a reason in a column reason. FAR and FRR count such comparisons as rejected; FMR and FNMR leave them "
        "out.",
    ),
    Check(
        "tied_scores",
        tied,
        CONSTRUCTION,
        "Write scores with all their digits: rounded scores hide where the threshold lies.",
    ),
)
