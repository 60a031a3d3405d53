"""Types of the summary of a stress run, the content of its ``metrics.json``."""

from __future__ import annotations

from typing import Literal

from faceproof.findings.rows import FlippedComparison
from faceproof.records import Record
from faceproof.runs.manifest_schema import ConditionEntry, Manifest
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import Head, HeldPoint, Numbers


class HeldThreshold(Record):
    """The fixed threshold of each comparison, the same under every condition.

    Attributes:
        name: ``held``.
        label: label on pages.
        how: how the thresholds were set.
        target_fmr: see `faceproof.summary.evaluation_schema.HeldPoint`.
        optimistic: likewise.
        reason: likewise.
        note: likewise.
        price: weight of FAR against FRR in the cost.
        threshold_distance: lowest and highest threshold, as distances; None where there is none.
    """

    name: str
    label: str
    how: str
    target_fmr: float | None
    optimistic: bool = False
    reason: str | None
    note: str | None
    price: float
    threshold_distance: list[float] | None


class Loss(Record):
    """Cost of a condition, its loss against clean photos, and the parts of this loss.

    The fields are described in `faceproof.findings.decomposition.Measures`.
    """

    cost: Estimate
    loss: Estimate
    not_found: Estimate
    drift: Estimate
    separability: Estimate


class Change(Record):
    """Relative change of each metric against clean photos, as a fraction."""

    accuracy: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    eer: Estimate


class ConditionNumbers(Numbers):
    """The numbers of one system under one condition.

    Attributes:
        condition: name of the condition.
        held: decisions at the fixed threshold.
        not_enlarged: number of photos that are no larger than the target resolution of the condition.
        loss: cost of the condition and its loss against clean photos.
        change: relative change of metrics against clean photos.
    """

    condition: str
    held: HeldPoint
    not_enlarged: int
    loss: Loss
    change: Change


class FamilyNumbers(Record):
    """Retained performance of a system under one family of degradations.

    Attributes:
        family: name of the family.
        title: title on pages.
        severities: severities that were measured.
        left: mean over severities of max(0, 1 - cost), divided by max(0, 1 - cost) on clean photos.
    """

    family: str
    title: str
    severities: list[int]
    left: Estimate


class SystemNumbers(Record):
    """The numbers of one system under all conditions.

    Attributes:
        name: name of the system.
        title: title on pages.
        held: the fixed threshold.
        index: robustness index.
        families: numbers of each family of degradations.
        conditions: numbers of each condition, clean photos first.
        flips: the comparisons that are wrong at most severities.
    """

    name: str
    title: str
    held: HeldThreshold
    index: Estimate
    families: list[FamilyNumbers]
    conditions: list[ConditionNumbers]
    flips: list[FlippedComparison]


class StressSummary(Head):
    """Every number of a stress run.

    Attributes:
        kind: kind of the run.
        run: manifest of the run.
        conditions: all conditions, also those that failed; the first is ``clean``.
        models: numbers of each system.
    """

    kind: Literal["stress"] = "stress"
    run: Manifest
    conditions: list[ConditionEntry]
    models: list[SystemNumbers]

    def entry(self, condition: str) -> ConditionEntry:
        """The entry of a condition, by its name."""
        return next(entry for entry in self.conditions if entry.name == condition)
