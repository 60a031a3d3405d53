"""Check of reported numbers: each is computed again from the scores."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from faceproof.findings.doctor.audited import AuditedScores, Flags, Floats, Whole
from faceproof.findings.doctor.check import CONSTRUCTION, NO_CLAIMS, CannotRun, Case, Check, Found, Outcome
from faceproof.findings.doctor.claims import Claim, Claims
from faceproof.metrics.curves import StepCounts, auc_of_steps
from faceproof.metrics.folds import cross_validated_accuracy
from faceproof.metrics.operating_points import eer_of_steps

_OF_DECISIONS = ("accuracy", "fmr", "fnmr", "precision", "recall", "f1", "tp", "tn", "fp", "fn")
OF_SOME = (
    "It may be of some of the comparisons only, such as those of folds that share no person: claim the number of "
    "comparisons too."
)
NO_SCORES = CannotRun("it needs scores of both kinds")


@dataclass(frozen=True)
class Counts:
    """Counts of decisions at some thresholds, int64 (k,) each, with all numbers that are computed from them."""

    tp: Whole
    fp: Whole
    fn: Whole
    tn: Whole

    def number(self, name: str) -> Floats:
        """One of the numbers of decisions, float64 (k,); NaN where it is not defined."""
        tp, fp, fn, tn = (part.astype(np.float64) for part in (self.tp, self.fp, self.fn, self.tn))
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = {
                "tp": lambda: tp,
                "fp": lambda: fp,
                "fn": lambda: fn,
                "tn": lambda: tn,
                "accuracy": lambda: (tp + tn) / (tp + tn + fp + fn),
                "fmr": lambda: fp / (fp + tn),
                "fnmr": lambda: fn / (fn + tp),
                "precision": lambda: tp / (tp + fp),
                "recall": lambda: tp / (tp + fn),
                "f1": lambda: 2 * tp / (2 * tp + fp + fn),
            }[name]()
        return found

    def at(self, rows: Flags) -> Counts:
        """The counts at some of the thresholds."""
        return Counts(self.tp[rows], self.fp[rows], self.fn[rows], self.tn[rows])


def counts_of_steps(steps: StepCounts, lost: tuple[int, int] = (0, 0)) -> Counts:
    """The counts at all thresholds; ``lost`` mated and non-mated comparisons without a score count as rejected."""
    return Counts(steps.tp, steps.fp, steps.mated - steps.tp + lost[0], steps.non_mated - steps.fp + lost[1])


def recomputed(case: Case) -> Outcome:
    """Find claims that the scores do not give when they are computed again."""
    claims = case.claims
    if claims is None:
        return NO_CLAIMS
    found = list(_sizes(case.scores, claims))
    steps = steps_of(case.scores)
    if steps is not None:
        found += _threshold_free(steps, claims)
    found += _of_decisions(case.scores, claims, steps)
    return found


def steps_of(scores: AuditedScores) -> StepCounts | None:
    """Counts at all thresholds; None without scores of both kinds."""
    kinds = scores.linked.made
    return scores.linked.steps if kinds.mated.n and kinds.non_mated.n else None


def _sizes(scores: AuditedScores, claims: Claims) -> Iterator[Found]:
    """Claimed numbers of comparisons that the data do not have."""
    for name, rows in (("comparisons", None), ("mated", scores.mated), ("non_mated", ~scores.mated)):
        claim = claims.get(name)
        sizes = sizes_of(scores, rows)
        if claim is not None and claim.value not in sizes:
            yield _differs(claim, _with_and_without(sizes))
    for name, parts, rows in (("mated", ("tp", "fn"), scores.mated), ("non-mated", ("fp", "tn"), ~scores.mated)):
        one, other = (claims.get(part) for part in parts)
        if one is None or other is None:
            continue
        sizes = sizes_of(scores, rows)
        if one.value + other.value not in sizes:
            text = (
                f"The claims have {one.said} and {other.said}, together {one.value + other.value:,.0f}; the data have "
                f"{_with_and_without(sizes)} {name} comparisons."
            )
            yield Found("fault", text)


def sizes_of(scores: AuditedScores, rows: Flags | None) -> list[int]:
    """Number of comparisons with a score and of all; once where they are equal."""
    these = np.ones(len(scores), dtype=np.bool_) if rows is None else rows
    return list(dict.fromkeys([int((these & scores.made).sum()), int(these.sum())]))


def _with_and_without(sizes: list[int]) -> str:
    return f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} with a score, {sizes[1]:,} in all"


def _threshold_free(steps: StepCounts, claims: Claims) -> Iterator[Found]:
    """Claims that need no threshold: AUC, EER, FNMR at an FMR."""
    if (claim := claims.get("auc")) is not None:
        area = auc_of_steps(steps)
        if not claim.holds(area):
            note = " The claim is 1 - AUC: a distance was taken for a similarity, or the labels are swapped."
            yield _differs(claim, f"{area:.6g}", note if claim.holds(1 - area) else "")
    if (claim := claims.get("eer")) is not None:
        low, high = eer_range(steps)
        if not low - claim.half <= claim.value <= high + claim.half:
            yield _differs(
                claim, f"{eer_of_steps(steps)[0]:.6g}", f" All definitions of EER give {low:.6g} to {high:.6g}."
            )
    for fmr, claim in claims.at_fmr:
        if fmr * steps.non_mated < 1:
            text = (
                f"{claim.said} is claimed on {steps.non_mated:,} non-mated comparisons, which cannot resolve an FMR "
                f"below 1/{steps.non_mated:,}."
            )
            yield Found("fault", text)
            continue
        low, high = _fnmr_range(steps, fmr)
        if not low - claim.half <= claim.value <= high + claim.half:
            yield _differs(claim, f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}")


def eer_range(steps: StepCounts) -> tuple[float, float]:
    """Lowest and highest equal error rate among its definitions.

    They are the rates at the thresholds on either side of FMR = FNMR, everything between, and the EER of the convex
    hull of the ROC: the largest over all mixes w of the least w FMR + (1 - w) FNMR.
    """
    fmr, fnmr = steps.fp / steps.non_mated, 1 - steps.tp / steps.mated
    after = int(np.argmax(fmr >= fnmr))
    around = [float(rate[place]) for rate in (fmr, fnmr) for place in {max(after - 1, 0), after}]
    low, high = 0.0, 1.0
    for _ in range(50):
        thirds = low + (high - low) / 3, high - (high - low) / 3
        least = [float(np.min(w * fmr + (1 - w) * fnmr)) for w in thirds]
        low, high = (thirds[0], high) if least[0] < least[1] else (low, thirds[1])
    return min(float(np.min(low * fmr + (1 - low) * fnmr)), *around), max(around)


def _fnmr_range(steps: StepCounts, fmr: float) -> tuple[float, float]:
    """Lowest and highest FNMR that a definition gives at an FMR: one false match more or less than the target."""
    target = fmr * steps.non_mated
    rates = 1 - steps.tp / steps.mated
    below = np.searchsorted(steps.fp, math.floor(target + 1e-9) - 1, side="right") - 1
    above = np.searchsorted(steps.fp, math.floor(target + 1e-9) + 1, side="left")
    return float(rates[min(int(above), rates.size - 1)]), float(rates[max(int(below), 0)])


def _of_decisions(scores: AuditedScores, claims: Claims, steps: StepCounts | None) -> Iterator[Found]:
    """Claims that need decisions: at the claimed threshold, from the column of decisions, or at any one threshold."""
    wanted = [claim for name in _OF_DECISIONS if (claim := claims.get(name)) is not None]
    candidates, where = _candidates(scores, claims, steps)
    if not wanted or not candidates:
        return
    folded = folded_accuracy(scores, claims)
    all_hold = [np.ones(one.tp.size, dtype=np.bool_) for one in candidates]
    possible = []
    for claim in wanted:
        if folded is not None and claim.name == "accuracy" and claim.holds(folded):
            continue
        values = [one.number(claim.name) for one in candidates]
        held = [claim.holds(one) for one in values]
        all_hold = [so_far & now for so_far, now in zip(all_hold, held, strict=True)]
        if any(one.any() for one in held):
            possible.append(claim)
        else:
            certain = claim.name != "accuracy" or of_all_comparisons(scores, claims)
            found = _differs(claim, _shown(np.concatenate(values), claim), f" {where}.")
            yield found if certain else Found("hint", f"{found.text} {OF_SOME}")
    if len(possible) > 1 and not any(one.any() for one in all_hold) and len(possible) == len(wanted):
        shown = ", ".join(claim.said for claim in possible)
        text = f"No single threshold gives all of {shown}, though one gives each."
        folded_too = (scores.fold >= 0).any() and not claims.tuned and not claims.thresholds
        yield Found("hint" if folded_too else "fault", text)


def of_all_comparisons(scores: AuditedScores, claims: Claims) -> bool:
    """Whether a claimed accuracy is known to be over all comparisons, and not over those of folds of its own."""
    counts = ("comparisons", "tp", "tn", "fp", "fn")
    return (
        len(claims.thresholds) == 1
        or bool(claims.tuned)
        or scores.decision is not None
        or bool((scores.fold >= 0).any())
        or any(claims.get(name) is not None for name in counts)
    )


def _candidates(scores: AuditedScores, claims: Claims, steps: StepCounts | None) -> tuple[list[Counts], str]:
    """Counts of the decisions that the claims may be of, without and with comparisons that have no score."""
    lost = tuple(int((rows & ~scores.made).sum()) for rows in (scores.mated, ~scores.mated))
    several = [(0, 0), (lost[0], lost[1])] if any(lost) else [(0, 0)]
    if len(claims.thresholds) == 1 and steps is not None:
        threshold = claims.thresholds[0]
        near = _steps_near(scores, steps, threshold)
        return [counts_of_steps(steps, one).at(near) for one in several], f"That is at the threshold {threshold.text}"
    if scores.decision is not None and not claims.thresholds:
        return _decided(scores), "That is what the column of decisions gives"
    if len(claims.thresholds) > 1 or steps is None:
        return [], ""
    return [counts_of_steps(steps, one) for one in several], "No threshold gives the claim"


def _steps_near(scores: AuditedScores, steps: StepCounts, threshold: Claim) -> Flags:
    """The steps that thresholds give which are the claimed one at its digits, bool (v + 1,).

    A score that is equal to the threshold may be accepted or not.
    """
    sign = 1 if scores.kind == "similarity" else -1
    ends = sorted((sign * (threshold.value - threshold.half), sign * (threshold.value + threshold.half)))
    rising = steps.similarity[::-1]
    fewest = steps.similarity.size - int(np.searchsorted(rising, ends[1], side="right"))
    most = steps.similarity.size - int(np.searchsorted(rising, ends[0], side="left"))
    place = np.arange(steps.similarity.size + 1)
    return np.asarray((place >= fewest) & (place <= most))


def _decided(scores: AuditedScores) -> list[Counts]:
    """Counts of the column of decisions: of comparisons with a score, of all with a decision, of all."""
    assert scores.decision is not None
    accepted = scores.decision == 1
    found = []
    for rows in (scores.made & (scores.decision >= 0), scores.decision >= 0, np.ones(len(scores), dtype=np.bool_)):
        cells = [
            int((rows & same & decided).sum())
            for same, decided in (
                (scores.mated, accepted),
                (~scores.mated, accepted),
                (scores.mated, ~accepted),
                (~scores.mated, ~accepted),
            )
        ]
        found.append(Counts(*(np.array([cell]) for cell in cells)))
    return found


def folded_accuracy(scores: AuditedScores, claims: Claims) -> float | None:
    """Cross-validated accuracy over the folds of the data; None without folds, or where it has no value."""
    rows = scores.made & (scores.fold >= 0)
    if claims.get("accuracy") is None or not rows.any():
        return None
    found = cross_validated_accuracy(scores.similarity[rows], scores.mated[rows], scores.fold[rows])
    return None if math.isnan(found.accuracy) else found.accuracy


def _differs(claim: Claim, value: str, note: str = "") -> Found:
    return Found("fault", f"{claim.said} is claimed, and the data give {value}.{note}")


def _shown(values: Floats, claim: Claim) -> str:
    """One value, or the range of several."""
    known = values[~np.isnan(values)]
    if not known.size:
        return "no value"
    low, high = float(known.min()), float(known.max())
    exact = claim.name in ("tp", "tn", "fp", "fn")
    ends = [f"{end:,.0f}" if exact else f"{end:.6g}" for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


CHECKS = (
    Check(
        "claims_recomputed",
        recomputed,
        CONSTRUCTION,
        "Compute the number again from these scores, and say which threshold and which comparisons it is of.",
    ),
)
