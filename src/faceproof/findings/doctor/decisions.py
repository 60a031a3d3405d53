"""Checks of a column of decisions: one threshold explains them, and each belongs to a score."""

from __future__ import annotations

import numpy as np

from faceproof.findings.doctor.audited import AuditedScores, Flags, score_text
from faceproof.findings.doctor.check import CONSTRUCTION, CannotRun, Case, Check, Found, Outcome, counted

_NO_DECISIONS = CannotRun("the data have no decisions (column decision), and the claims have no second threshold")


def two_thresholds(case: Case) -> Outcome:
    """Find decisions that no single threshold gives, within each fold where there are folds."""
    found = []
    thresholds = () if case.claims is None else case.claims.thresholds
    if len(thresholds) > 1:
        shown = " and ".join(one.text for one in thresholds)
        found.append(Found("fault", f"The claims have {len(thresholds)} thresholds, {shown}, for one decision."))
    decision = case.scores.decision
    if decision is None:
        return found or _NO_DECISIONS
    scores = case.scores
    decided = scores.made & (decision >= 0)
    folds = np.unique(scores.fold[decided & (scores.fold >= 0)]).tolist()
    groups = [(f"fold {fold}", decided & (scores.fold == fold)) for fold in folds] if folds else [("", decided)]
    for name, rows in groups:
        if (one := _contradiction(scores, decision == 1, rows, name)) is not None:
            found.append(one)
    return found


def _contradiction(scores: AuditedScores, accepted: Flags, rows: Flags, fold: str) -> Found | None:
    """What contradicts one threshold among some rows: an accepted score that is less alike than a rejected one."""
    yes, no = rows & accepted, rows & ~accepted
    if not yes.any() or not no.any():
        return None
    lowest, highest = float(scores.similarity[yes].min()), float(scores.similarity[no].max())
    if lowest >= highest:
        return None
    wrong = np.flatnonzero((yes & (scores.similarity < highest)) | (no & (scores.similarity > lowest)))
    sign = 1 if scores.kind == "similarity" else -1
    by_kind = _thresholds_by_kind(scores, yes, no)
    where = f" in {fold}" if fold else ""
    text = (
        f"No single threshold gives the decisions{where}: a comparison with score {score_text(sign * lowest)} is "
        "accepted and "
        f"one with score {score_text(sign * highest)} is rejected."
    )
    if by_kind:
        text += f" Each kind alone has one threshold: {by_kind}. The label decided which one was used."
    return Found("fault", text, scores.examples(wrong))


def _thresholds_by_kind(scores: AuditedScores, yes: Flags, no: Flags) -> str:
    """The two thresholds, where each kind of comparison alone is explained by one; else an empty text."""
    shown = []
    sign = 1 if scores.kind == "similarity" else -1
    to_accept, to_reject = ("from", "up to")[::sign]
    for kind, rows in (("mated", scores.mated), ("non-mated", ~scores.mated)):
        accepted, rejected = scores.similarity[yes & rows], scores.similarity[no & rows]
        if accepted.size and rejected.size and accepted.min() < rejected.max():
            return ""
        ends = [
            f"accepted {to_accept} {score_text(sign * float(accepted.min()))}" if accepted.size else "none accepted",
            f"rejected {to_reject} {score_text(sign * float(rejected.max()))}" if rejected.size else "none rejected",
        ]
        shown.append(f"{kind} {', '.join(ends)}")
    return "; ".join(shown)


def without_score(case: Case) -> Outcome:
    """Find accepted comparisons that have no score."""
    scores = case.scores
    if scores.decision is None:
        return CannotRun("the data have no decisions (column decision)")
    rows = np.flatnonzero((scores.decision == 1) & np.isnan(scores.score))
    if not rows.size:
        return []
    text = (
        f"{counted(rows.size, 'comparison is', 'comparisons are')} accepted without a score: a comparison that could "
        "not be made was decided all the same."
    )
    return [Found("fault", text, scores.examples(rows))]


CHECKS = (
    Check(
        "two_thresholds",
        two_thresholds,
        CONSTRUCTION,
        "Decide all comparisons at one threshold, which must not depend on the label, and count again.",
    ),
    Check(
        "decisions_without_score",
        without_score,
        CONSTRUCTION,
        "Count a comparison that could not be made as a failure, or as rejected, and never by a default or by chance.",
    ),
)
