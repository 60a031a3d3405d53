"""Checks of reported rates: possible denominators, accuracy of the best threshold, and 1 - EER."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from faceproof.findings.doctor.audited import AuditedScores, score_text
from faceproof.findings.doctor.check import CONSTRUCTION, NO_CLAIMS, CannotRun, Case, Check, Found, Outcome
from faceproof.findings.doctor.claimed import (
    NO_SCORES,
    OF_SOME,
    folded_accuracy,
    of_all_comparisons,
    sizes_of,
    steps_of,
)
from faceproof.findings.doctor.claims import TUNED, Claim, Claims
from faceproof.metrics.operating_points import best_accuracy_step, eer_of_steps


def in_sample(case: Case) -> Outcome:
    """Find a reported accuracy that is the highest of all thresholds on these comparisons."""
    if case.claims is None:
        return NO_CLAIMS
    claim, steps = case.claims.get("accuracy"), steps_of(case.scores)
    found = []
    if case.claims.tuned:
        text = (
            f"The claims say that the threshold was set on the comparisons that it is scored on ({TUNED}): accuracy is "
            "optimistic."
        )
        found.append(Found("fault", text))
    if claim is None:
        return found or CannotRun("no accuracy is claimed")
    if steps is None:
        return found or NO_SCORES
    best = best_accuracy_step(steps)
    right = int(np.max(steps.tp - steps.fp)) + steps.non_mated
    highest = right / (steps.mated + steps.non_mated)
    folded = folded_accuracy(case.scores, case.claims)
    if claim.holds(highest) and not case.claims.tuned and not (folded is not None and claim.holds(folded)):
        at = best if case.scores.kind == "similarity" else -best
        text = (
            f"{claim.said} is the highest accuracy that any threshold gives on these comparisons ({highest:.6g} at "
            f"{case.scores.kind} {score_text(at)}): the threshold was probably set on them."
        )
        found.append(Found("hint", text))
    return found


def one_minus_eer(case: Case) -> Outcome:
    """Find a reported accuracy that is 1 - EER."""
    if case.claims is None:
        return NO_CLAIMS
    claim, of_claims, steps = case.claims.get("accuracy"), case.claims.get("eer"), steps_of(case.scores)
    if claim is None:
        return CannotRun("no accuracy is claimed")
    if of_claims is None and steps is None:
        return NO_SCORES
    rate = of_claims.value if of_claims is not None else eer_of_steps(steps)[0] if steps is not None else math.nan
    if not claim.holds(1 - rate):
        return []
    whose = "the claimed EER" if of_claims is not None else f"an EER of {rate:.6g}"
    return [Found("hint", f"{claim.said} is 1 minus {whose}, at the digits given: it may not have been measured.")]


def denominators(case: Case) -> Outcome:
    """Find rates that no whole number of comparisons gives."""
    claims = case.claims
    if claims is None:
        return NO_CLAIMS
    found, checked = [], 0
    for claim, what, sizes in _fractions(case.scores, claims):
        checked += 1
        if not any(_is_fraction(claim, size) for size in sizes if size):
            shown = " or ".join(f"{size:,}" for size in sizes)
            text = f"{claim.said} is not possible with {shown} {what}: no whole number gives it at the digits given."
            certain = claim.name != "accuracy" or of_all_comparisons(case.scores, claims)
            evidence = [_nearest(claim, size) for size in sizes if size]
            found.append(Found("fault", text, evidence) if certain else Found("hint", f"{text} {OF_SOME}", evidence))
    return found if checked else CannotRun("no rate is claimed whose denominator is known")


def _fractions(scores: AuditedScores, claims: Claims) -> Iterator[tuple[Claim, str, list[int]]]:
    """Each rate whose denominator is known, what is counted in it, and its possible values."""
    folds = scores.fold[scores.made & (scores.fold >= 0)]
    even = np.unique(np.bincount(folds)).size <= 1
    for name, rows, what, size in (
        ("accuracy", None, "comparisons", "comparisons"),
        ("fmr", ~scores.mated, "non-mated comparisons", "non_mated"),
        ("fnmr", scores.mated, "mated comparisons", "mated"),
        ("recall", scores.mated, "mated comparisons", "mated"),
    ):
        claim, n = claims.get(name), claims.get(size)
        # The mean over folds of different sizes is no fraction of all comparisons.
        if claim is not None and (even or name != "accuracy"):
            yield claim, what, sizes_of(scores, rows) if n is None else [int(n.value)]
    tp, fp, claim = claims.get("tp"), claims.get("fp"), claims.get("precision")
    if claim is not None and tp is not None and fp is not None:
        yield claim, "accepted comparisons", [int(tp.value + fp.value)]


def _is_fraction(claim: Claim, n: int) -> bool:
    k = round(claim.value * n)
    return bool(claim.holds(np.array([k - 1, k, k + 1]) / n).any())


def _nearest(claim: Claim, n: int) -> str:
    k = math.floor(claim.value * n)
    return f"{k:,} / {n:,} = {k / n:.8g}, {k + 1:,} / {n:,} = {(k + 1) / n:.8g}"


CHECKS = (
    Check(
        "wrong_denominator",
        denominators,
        CONSTRUCTION,
        "Find out over how many comparisons the rate was taken: failures may be left out, or counted twice.",
    ),
    Check(
        "accuracy_of_the_best_threshold",
        in_sample,
        "up to 30% at three digits, 10% at four (measured); 0 where the claims say so",
        "Set the threshold on other people (folds that share no person), and report the accuracy there.",
    ),
    Check(
        "accuracy_is_one_minus_eer",
        one_minus_eer,
        "up to 35% at three digits, 15% at four (measured)",
        "Report the accuracy at a threshold that was set beforehand: 1 - EER is the accuracy of no system.",
    ),
)
