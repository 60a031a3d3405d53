"""The numbers of a stress run as types: what its ``metrics.json`` holds."""

from __future__ import annotations

from typing import Literal

from faceproof.findings.rows import FlippedComparison
from faceproof.records import Record
from faceproof.runs.manifest_schema import ConditionEntry, Manifest
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import Head, HeldPoint, Numbers


class HeldThreshold(Record):
    """The threshold, the same under every condition.

    Attributes:
        name: ``held``.
        label: for pages.
        how: how it was set.
        target_fmr: see `faceproof.summary.evaluation_schema.HeldPoint`.
        optimistic: likewise.
        reason: likewise.
        note: likewise.
        price: of a false match, in false non-matches.
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
    """What a condition costs, and the parts of its loss against clean photos."""

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
        condition: its name.
        held: decisions at the fixed threshold.
        not_enlarged: photos that are no larger than the resolution that the condition reduces to.
        loss: what the condition costs.
        change: against clean photos.
    """

    condition: str
    held: HeldPoint
    not_enlarged: int
    loss: Loss
    change: Change


class FamilyNumbers(Record):
    """What is left of a system under one family of degradations.

    Attributes:
        family: its name.
        title: for pages.
        severities: that were measured.
        left: mean over severities of (1 - cost) / (1 - cost on clean photos).
    """

    family: str
    title: str
    severities: list[int]
    left: Estimate


class SystemNumbers(Record):
    """The numbers of one system under all conditions.

    Attributes:
        name: of the system.
        title: for pages.
        held: the fixed threshold.
        index: robustness index.
        families: by family of degradations.
        conditions: by condition, clean photos first.
        flips: the comparisons that go wrong soonest.
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
        kind: of the run.
        run: the manifest.
        conditions: those that failed too; the first is the photo as it is.
        models: the numbers of each system.
    """

    kind: Literal["stress"] = "stress"
    run: Manifest
    conditions: list[ConditionEntry]
    models: list[SystemNumbers]

    def entry(self, condition: str) -> ConditionEntry:
        """A condition by its name."""
        return next(entry for entry in self.conditions if entry.name == condition)
