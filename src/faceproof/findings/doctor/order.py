"""Checks of the order of rows: runs of equal scores, and scores that drift over the rows of one kind."""

from __future__ import annotations

import math

import numpy as np

from faceproof.findings.doctor.audited import AuditedScores, Flags, Floats
from faceproof.findings.doctor.check import CONSTRUCTION, CannotRun, Case, Check, Found, Outcome
from faceproof.metrics.dependence import Kind

_NEARLY_ALL, _RUNS = 0.9, 10
_FEWEST = 30
_FEWEST_PEOPLE = 10


def equal_runs(case: Case) -> Outcome:
    """Find scores of one kind that repeat in runs of equal length, while those of the other kind do not.

    In such data, each score of that kind was computed over several comparisons, and the other kind was not.
    """
    scores = case.scores
    if min(int((rows & scores.made).sum()) for rows in (scores.mated, ~scores.mated)) < _FEWEST:
        return CannotRun(f"it needs {_FEWEST} scores or more of each kind")
    found = run_lengths(scores.similarity, scores.mated)
    return [
        Found(
            "fault",
            f"The {kind} scores come in runs of {length} that are equal to the last digit, and the {other} ones do "
            f"not. If each was taken over {length} comparisons at a time, the two kinds were not compared in the same "
            "way, and no rate here means anything.",
            _first_runs(scores, kind, length),
        )
        for kind, other, length in found
    ]


def run_lengths(similarity: Floats, mated: Flags) -> list[tuple[str, str, int]]:
    """Kinds whose scores come in runs of equal length above 1, while those of the other kind come one by one.

    Args:
        similarity: float64 (n,), NaN where there is none.
        mated: bool (n,).

    Returns:
        The kind, the other kind, and the length of the runs.
    """
    made = ~np.isnan(similarity)
    length = {
        "mated": _usual_run(similarity[mated & made]),
        "non-mated": _usual_run(similarity[~mated & made]),
    }
    couples = (("mated", "non-mated"), ("non-mated", "mated"))
    return [(kind, other, length[kind]) for kind, other in couples if length[kind] > 1 and length[other] == 1]


def _usual_run(similarity: Floats) -> int:
    """Length of the runs of equal neighbours, where nearly all runs have the same length; else 0."""
    if not similarity.size:
        return 0
    starts = np.flatnonzero(np.concatenate([[True], similarity[1:] != similarity[:-1]]))
    length = np.diff(np.append(starts, similarity.size))
    usual = int(np.bincount(length).argmax())
    same = int(np.count_nonzero(length == usual))
    return usual if same >= max(_NEARLY_ALL * length.size, _RUNS) else 0


def _first_runs(scores: AuditedScores, kind: str, length: int) -> list[str]:
    rows = np.flatnonzero((scores.mated if kind == "mated" else ~scores.mated) & scores.made)
    return scores.examples(rows[: max(2 * length, 4)])


def drift(case: Case) -> Outcome:
    """Find scores of one kind that rise or fall over the rows: slope on the row number, dyadic-robust."""
    scores = case.scores
    rising = np.diff(scores.similarity[scores.made])
    if rising.size and ((rising >= 0).all() or (rising <= 0).all()):
        return CannotRun("the rows are sorted by score")
    found, tested, sorted_kinds = [], 0, []
    for name, kind in (("mated", scores.linked.made.mated), ("non-mated", scores.linked.made.non_mated)):
        steps = np.diff(kind.badness)
        if kind.n < _FEWEST or (kind.people.known and kind.distinct_people < _FEWEST_PEOPLE):
            continue
        if (steps >= 0).all() or (steps <= 0).all():
            sorted_kinds.append(name)
            continue
        tested += 1
        slope, p = slope_over_rows(kind)
        if p < case.level:
            way = "rise" if (slope > 0) != kind.people.mated else "fall"
            text = (
                f"The similarities of {name} comparisons {way} over the rows of the file: by "
                f"{abs(slope):.2f} standard deviations from the first to the last row (p = {p:.2g})."
            )
            found.append(Found("hint", text))
    if not tested and not found:
        if sorted_kinds:
            return CannotRun(f"the rows of {' and '.join(sorted_kinds)} comparisons are sorted by score")
        return CannotRun(f"it needs {_FEWEST} scores of one kind, of {_FEWEST_PEOPLE} people or more")
    return found


def slope_over_rows(kind: Kind) -> tuple[float, float]:
    """Change of the normal scores of one kind from the first row to the last, and its two-sided p-value.

    Args:
        kind: the comparisons in the order of the file, 2 or more, with scores that vary.
    """
    place = np.linspace(-0.5, 0.5, kind.n)
    z = kind.normal_scores
    squares = float(place @ place)
    slope = float(place @ z) / squares
    influence = kind.influence_of(place * (z - slope * place) / squares)
    degrees = influence.effective_people - 1 if kind.people.known else math.inf
    if influence.variance == 0:
        return slope, 1.0
    return slope, two_sided(slope / math.sqrt(influence.variance), degrees)


def two_sided(t: float, degrees: float) -> float:
    """Two-sided p-value of Student's t; of the normal distribution where ``degrees`` is infinite.

    >>> round(two_sided(1.959964, math.inf), 6), round(two_sided(2.228139, 10), 6)
    (0.05, 0.05)
    """
    if math.isinf(degrees):
        return math.erfc(abs(t) / math.sqrt(2))
    from scipy.special import stdtr  # here and not at the top: SciPy takes long to load

    return float(2 * stdtr(max(degrees, 1.0), -abs(t)))


CHECKS = (
    Check(
        "runs_of_equal_scores",
        equal_runs,
        CONSTRUCTION,
        "Compute each score from one couple of templates: a norm over a whole batch gives one number for all of it.",
    ),
    Check(
        "drift_over_rows",
        drift,
        None,
        "Look for what changed while the scores were made: settings, a model that was replaced, rows that are sorted "
        "by something that matters. Folds that are blocks of rows are then not alike.",
    ),
)
