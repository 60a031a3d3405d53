"""Checks of the labels as a whole: both kinds are there, of more than one person, and the scores have their sign."""

from __future__ import annotations

from faceproof.findings.doctor.audited import Sides
from faceproof.findings.doctor.check import CONSTRUCTION, NO_PEOPLE, CannotRun, Case, Check, Found, Outcome, counted
from faceproof.metrics.curves import auc_of_steps
from faceproof.metrics.intervals import auc_interval


def one_kind(case: Case) -> Outcome:
    """Find data with comparisons of one kind only."""
    scores = case.scores
    found = []
    for kind, rows in (("mated", scores.mated), ("non-mated", ~scores.mated)):
        if not rows.any():
            found.append(Found("fault", f"There is no {kind} comparison among {counted(len(scores), 'row')}."))
        elif not scores.made[rows].any():
            found.append(Found("fault", f"No {kind} comparison has a score ({counted(int(rows.sum()), 'row')})."))
    return found


def one_person(case: Case) -> Outcome:
    """Find a kind whose comparisons all share one and the same person."""
    people = case.scores.people
    if people is None:
        return NO_PEOPLE
    found = []
    for kind, rows in (("mated", case.scores.mated), ("non-mated", ~case.scores.mated)):
        n = int(rows.sum())
        if n < 2:
            continue
        sides = Sides(people.a[rows], people.b[rows])
        shared = [
            person for person in {int(sides.a[0]), int(sides.b[0])} if ((sides.a == person) | (sides.b == person)).all()
        ]
        # Two people who are compared again and again are no better than one.
        if shared:
            side = "person_a" if people.a[rows.argmax()] == shared[0] else "person_b"
            name = case.scores.names[side][int(rows.argmax())].as_py()
            found.append(Found("fault", f"All {n:,} {kind} comparisons are of one person, {name}."))
    return found


def upside_down(case: Case) -> Outcome:
    """Find scores that are higher where the other label is expected (upper end of AUC below 0.5)."""
    linked = case.scores.linked
    if not linked.made.mated.n or not linked.made.non_mated.n:
        return CannotRun("AUC needs scores of both kinds")
    area = auc_of_steps(linked.steps)
    interval = auc_interval(linked.made, area, confidence=1 - 2 * case.level)
    if interval.high is None:
        return CannotRun(interval.reason or "AUC has no interval")
    if interval.high >= 0.5:
        return []
    kind = case.scores.kind
    other = "distance" if kind == "similarity" else "similarity"
    text = (
        f"AUC is {area:.4f}, and at most {interval.high:.4f}: mated comparisons are less alike than non-mated ones. "
        f"The column {kind} may hold a {other}, or the labels are swapped."
    )
    return [Found("fault", text, [f"AUC {area:.6f}; with the other sign {1 - area:.6f}"])]


CHECKS = (
    Check(
        "one_kind_only",
        one_kind,
        CONSTRUCTION,
        "Add comparisons of the other kind. Accuracy, EER, AUC and every threshold need both kinds.",
    ),
    Check(
        "one_person_only",
        one_person,
        CONSTRUCTION,
        "Add other people. The numbers hold for this person only, and have no interval.",
    ),
    Check(
        "scores_upside_down",
        upside_down,
        None,
        "Rename the score column (similarity or distance), or correct the labels, and compute all numbers again.",
    ),
)
