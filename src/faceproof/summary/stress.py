"""Summary of a stress run: numbers of each system under each condition, and the loss by cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from faceproof.files import write_csv
from faceproof.findings.decomposition import Decomposition
from faceproof.findings.flips import Decisions, first_flips
from faceproof.findings.linked import LinkedScores, linked_scores
from faceproof.findings.scored import ScoredComparisons, join_scores
from faceproof.metrics.cost import price_of_false_matches
from faceproof.metrics.folds import blocks_of_people
from faceproof.metrics.held_out import held_out_thresholds
from faceproof.metrics.intervals import linear_interval
from faceproof.metrics.linear import LinearNumber, mean, zero
from faceproof.metrics.operating_points import fmr_label
from faceproof.runs.manifest_schema import ConditionEntry, Judging, SystemEntry
from faceproof.scoring.similarity import distance_from_similarity, similarity_from_distance
from faceproof.summary.decisions import RATES, held_point
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation import numbers
from faceproof.summary.evaluation_schema import SCHEMA_VERSION, HeldPoint, Numbers
from faceproof.summary.stress_schema import (
    Change,
    ConditionNumbers,
    FamilyNumbers,
    HeldThreshold,
    Loss,
    StressSummary,
    SystemNumbers,
)

if TYPE_CHECKING:
    from faceproof.runs.run_folder import StoredRun

CLEAN_NAME = "clean"
_NAME = "held"
FLIPS_SHOWN = 12
CHANGES = ("accuracy", "precision", "recall", "f1", "eer")
LOSS = ("loss", "not_found", "drift", "separability")
_FIXED = "The interval is for the thresholds as they are."
_INDEX = (
    "Mean over families of the mean over severities of (1 - cost) / (1 - cost on clean photos), a cost above 1 "
    f"counting as 1. 1: nothing is lost; 0: no better than rejecting everybody. {_FIXED}"
)
_HOW = {
    "cost": "FRR + price x FAR at the fixed threshold; rejecting everybody costs 1.",
    "loss": "Cost less the cost on clean photos; faces not found, drift and separability add up to it.",
    "not_found": "Part of the loss on comparisons that could be made clean or degraded, but not both.",
    "drift": "Part of the loss that a threshold set anew for this condition would win back, beyond what it would win "
    "back on clean photos.",
    "separability": "Rise of the least cost that any threshold could reach: what the scores no longer tell apart.",
}


@dataclass(frozen=True, slots=True)
class _Held:
    """The threshold of each comparison, float64 (n,), and how it was set."""

    threshold: NDArray[np.float64]
    label: str
    how: str
    price: float
    target_fmr: float | None
    reason: str | None = None
    note: str | None = None

    def entry(self) -> HeldThreshold:
        """The threshold as it is stored in the summary."""
        distinct = distance_from_similarity(np.unique(self.threshold[~np.isnan(self.threshold)]))
        return HeldThreshold(
            name=_NAME,
            label=self.label,
            how=self.how,
            target_fmr=self.target_fmr,
            optimistic=False,
            reason=self.reason,
            note=self.note,
            price=self.price,
            threshold_distance=[float(distinct.min()), float(distinct.max())] if distinct.size else None,
        )

    def point(self, linked: LinkedScores) -> HeldPoint:
        """Counts and rates of the decisions on comparisons at the threshold."""
        return held_point(
            *(self.threshold, linked),
            name=_NAME,
            label=self.label,
            how=self.how,
            target_fmr=self.target_fmr,
            reason=self.reason,
            note=self.note,
        )


def summarize_stress(run: StoredRun) -> tuple[StressSummary, list[Decisions]]:
    """Compute the summary of a stress run, and the decisions of each system.

    Args:
        run: the finished run.

    Returns:
        The summary without headline and warnings, and the decisions of each system.

    Raises:
        RunFolderError: the tables do not fit together.
    """
    usable = [entry for entry in run.manifest.conditions if entry.failed is None]
    found = [_system(run, system, usable) for system in run.manifest.systems]
    summary = StressSummary(
        schema_version=SCHEMA_VERSION,
        kind="stress",
        headline="",
        warnings=[],
        run=run.manifest,
        conditions=run.manifest.conditions,
        models=[summary for summary, _ in found],
    )
    return summary, [decisions for _, decisions in found]


def _system(run: StoredRun, system: SystemEntry, usable: Sequence[ConditionEntry]) -> tuple[SystemNumbers, Decisions]:
    clean = run.tables(system.name, CLEAN_NAME)
    scored = join_scores(clean)
    seed = run.manifest.seed or 0
    held = _held(scored, run.manifest.judging, seed)
    similarity = np.empty((len(usable), len(scored)))
    found: list[tuple[Numbers, HeldPoint]] = []
    losses = _Losses(usable, held, linked_scores(scored))
    for place, entry in enumerate(usable):
        tables = run.tables(system.name, entry.name)
        under = join_scores(tables)
        linked = linked_scores(under)
        similarity[place] = under.similarity
        of_condition = numbers(under, tables.photos, seed=seed, usual=system.usual_score, linked=linked)
        found.append((of_condition, held.point(linked)))
        losses.add(entry, linked)
    decisions = Decisions(system.name, scored, usable, similarity, held.threshold)
    lost = losses.lost()
    conditions = [
        ConditionNumbers(
            condition=entry.name,
            **dict(of_condition),
            held=point,
            not_enlarged=_not_enlarged(clean.photos, entry),
            loss=loss,
            change=change,
        )
        for entry, (of_condition, point), loss, change in zip(usable, found, lost.losses, lost.changes, strict=True)
    ]
    title = system.name if system.card is None else system.card.title
    return SystemNumbers(
        name=system.name,
        title=title,
        held=held.entry(),
        index=lost.index,
        families=lost.families,
        conditions=conditions,
        flips=first_flips(decisions, FLIPS_SHOWN),
    ), decisions


def _held(scored: ScoredComparisons, judging: Judging, seed: int) -> _Held:
    fmr, distance = judging.fmr, judging.threshold_distance
    if distance is not None:
        return _Held(
            np.full(len(scored), similarity_from_distance(float(distance))),
            f"distance {distance:g}, given beforehand",
            "The threshold was given beforehand.",
            price_of_false_matches(fmr or 1e-3),
            fmr,
        )
    block_a, block_b, by_fold = blocks_of_people(*scored.person_codes(), scored.fold, seed)
    who = "of the protocol's other folds" if by_fold else "of other people"
    found = held_out_thresholds(scored.similarity, scored.mated, block_a, block_b, fmr)
    target = None if np.isnan(found.fmr) else found.fmr
    return _Held(
        found.threshold,
        "none" if target is None else f"FMR {fmr_label(target)} on clean photos {who}",
        f"For each comparison, the lowest threshold with at most this FMR on comparisons of clean photos {who}; "
        f"at least {found.fewest_non_mated:,} non-mated ones set it. It stays where it is under every condition.",
        price_of_false_matches(target or fmr or 1e-3),
        target,
        found.reason if target is None else None,
        found.reason,
    )


def held_thresholds(scored: ScoredComparisons, judging: Judging, seed: int) -> NDArray[np.float64]:
    """The fixed threshold of each comparison of a stress run, a similarity, float64 (n,); NaN where there is none.

    Args:
        scored: the comparisons of clean photos.
        judging: settings of the threshold.
        seed: seed of the run.
    """
    return _held(scored, judging, seed).threshold


@dataclass(frozen=True, slots=True)
class _Lost:
    """Loss and change under each condition, retained performance by family, and the robustness index."""

    losses: list[Loss]
    changes: list[Change]
    index: Estimate
    families: list[FamilyNumbers]


class _Losses:
    """Loss and change of each condition against the first one (clean photos), as the conditions come."""

    def __init__(self, conditions: Sequence[ConditionEntry], held: _Held, clean: LinkedScores) -> None:
        self.conditions, self.held, self.clean = conditions, held, clean
        self.known = clean.every.known
        self.losses: list[Loss] = []
        self.changes: list[Change] = []
        self.rates_clean: dict[str, LinearNumber] = {}
        self.useful_clean: LinearNumber | None = None
        self.useful: dict[str, list[LinearNumber]] = {}

    @property
    def missing(self) -> str | None:
        """Why nothing can be computed; None where it can."""
        no_threshold = bool(np.isnan(self.held.threshold).all())
        return (self.held.reason or "there is no fixed threshold") if no_threshold else None

    def add(self, entry: ConditionEntry, under: LinkedScores) -> None:
        """Compute loss and change under a condition; the first has to be that of clean photos."""
        if self.missing is not None:
            self.losses.append(Loss(**{name: Estimate.absent(self.missing, _HOW[name]) for name in _HOW}))
            self.changes.append(Change(**{name: Estimate.absent(self.missing, "") for name in CHANGES}))
            return
        split = Decomposition(self.clean, under, self.held.threshold, self.held.price)
        parts, rates = split.cost_parts(), split.rates()
        useful = _useful(parts["cost"])
        if self.useful_clean is None:
            self.useful_clean, self.rates_clean = useful, rates
        else:
            self.useful.setdefault(entry.family, []).append(useful)
        self.losses.append(Loss(**{name: self._estimate(parts[name], f"{_HOW[name]} {_FIXED}") for name in _HOW}))
        how = f"Relative change against clean photos, as a fraction. {_FIXED}"
        relative = {name: rates[name].over(self.rates_clean[name]).shifted(-1) for name in CHANGES}
        self.changes.append(Change(**{name: self._estimate(relative[name], how) for name in CHANGES}))

    def lost(self) -> _Lost:
        """Everything that was added, with retained performance by family and the robustness index."""
        if self.missing is not None:
            return _Lost(self.losses, self.changes, Estimate.absent(self.missing, _INDEX), [])
        clean = self.useful_clean or zero(self.clean.mated.size)
        left = {family: mean(numbers).over(clean) for family, numbers in self.useful.items()}
        families = [self._family(name, number) for name, number in left.items()]
        if not left:
            return _Lost(self.losses, self.changes, Estimate.absent("no condition gave numbers", _INDEX), families)
        return _Lost(self.losses, self.changes, self._estimate(mean(list(left.values())), _INDEX), families)

    def _family(self, name: str, left: LinearNumber) -> FamilyNumbers:
        entries = [entry for entry in self.conditions[1:] if entry.family == name]
        return FamilyNumbers(
            family=name,
            title=entries[0].title,
            severities=[entry.severity for entry in entries],
            left=self._estimate(left, f"What is left over the severities. {_FIXED}"),
        )

    def _estimate(self, number: LinearNumber, how: str) -> Estimate:
        if not np.isfinite(number.value):
            return Estimate.absent("it is not defined on these comparisons", how)
        influence = self.clean.every.influence_of(number.influence)
        interval = linear_interval(number.value, influence, known=self.known)
        return Estimate.of(number.value, interval, self.clean.mated.size, how)


def _useful(cost: LinearNumber) -> LinearNumber:
    """One less the cost, at least 0."""
    return (cost * -1).shifted(1) if cost.value < 1 else zero(cost.influence.size)


def _not_enlarged(clean_photos: pa.Table, entry: ConditionEntry) -> int:
    """Number of photos that a condition leaves unchanged, as they are no larger than its target resolution."""
    target = entry.parameters.get("shorter_side_px")
    if not isinstance(target, int | float):
        return 0
    width, height = (clean_photos[name].to_numpy() for name in ("width_px", "height_px"))
    return int(np.count_nonzero(np.fmin(width, height) <= target))


def write_conditions_csv(path: Path, summary: StressSummary) -> None:
    """Write the main numbers, a row for each system and condition, rates as fractions (`faceproof.files.write_csv`).

    Args:
        path: the file; its folder has to exist.
        summary: summary of the run.
    """
    rows = list(condition_rows(summary))
    write_csv(path, list(rows[0]) if rows else ["model"], rows)


def condition_rows(summary: StressSummary) -> Iterator[dict[str, object]]:
    """The main numbers as flat rows: model, condition, and each number with the ends of its interval."""
    for model in summary.models:
        for row in model.conditions:
            entry, best = summary.entry(row.condition), row.best
            flat: dict[str, object] = {
                "model": model.name,
                "condition": entry.name,
                "family": entry.family,
                "title": entry.title,
                "severity": entry.severity,
                "told": entry.told,
            }
            estimates: dict[str, Estimate] = {
                **{f"held_{name}": getattr(row.held, name) for name in RATES},
                "best_accuracy": best.accuracy,
                "eer": row.eer,
                "auc": row.auc,
                "d_prime": row.d_prime,
                **dict(row.rates),
                **dict(row.loss),
                **{f"change_{name}": estimate for name, estimate in row.change},
            }
            for name, estimate in estimates.items():
                flat |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
            for cell in ("tp", "fn", "tn", "fp"):
                flat[f"held_{cell}"] = getattr(row.held.confusion, cell, None)
            yield flat | {
                "best_threshold_distance": best.threshold_distance,
                "mean_distance_mated": row.distances.mated.mean,
                "mean_distance_non_mated": row.distances.non_mated.mean,
                "time_ms": row.times.total_ms,
            }
