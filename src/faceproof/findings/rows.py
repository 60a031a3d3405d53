"""Rows of findings: what a person looks at one by one."""

from __future__ import annotations

from faceproof.records import Record


class Compared(Record):
    """Who is compared with whom.

    Attributes:
        comparison: its number in the protocol.
        photo_a: id of the first photo.
        photo_b: of the second.
        person_a: who is on the first photo.
        person_b: on the second.
    """

    comparison: int
    photo_a: str
    photo_b: str
    person_a: str
    person_b: str


class WrongDecision(Compared):
    """A false match or a false non-match.

    Attributes:
        similarity: cosine, -1 to 1.
        distance: of unit templates, 0 to 2.
        margin: how far the distance lies on the wrong side of the threshold.
    """

    similarity: float
    distance: float
    margin: float


class PhotoFailure(Record):
    """A photo without a template: the stage that failed, why, and how many comparisons are lost with it."""

    photo: str
    person: str | None
    stage: str
    reason: str
    comparisons_lost: int


class NoScoreReason(Record):
    """A reason for which comparisons have no score, and how many of them."""

    reason: str
    comparisons: int


class Flip(Record):
    """The first condition of a family that changes a decision.

    Attributes:
        condition: its name.
        family: of the degradation.
        title: of the family.
        told: parameters in words.
        severity: of the condition.
        of: the highest severity of the family.
        after: ``not made``, ``rejected`` or ``accepted``.
        distance: under that condition; None where the comparison could not be made.
    """

    condition: str
    family: str
    title: str
    told: str
    severity: int
    of: int
    after: str
    distance: float | None


class FlippedComparison(Compared):
    """A comparison that is decided correctly on clean photos and wrongly under degradations.

    Attributes:
        mated: whether both photos show the same person.
        distance_clean: on clean photos.
        threshold_distance: the threshold of this comparison.
        wrong: mean over families of the share of severities at which the decision is wrong.
        families: how many there are.
        flips: the families that change the decision, the one that does so at the lowest severity first.
    """

    mated: bool
    distance_clean: float
    threshold_distance: float
    wrong: float
    families: int
    flips: list[Flip]


class DisputedComparison(Compared):
    """A comparison that one run decides correctly and another wrongly, or that one run could not make.

    Attributes:
        kind: ``right in run``, ``right in baseline`` or ``not made``.
        run: name of the run.
        baseline: name of the run that it is compared with.
        comparison_in_run: number of the comparison in that run.
        mated: whether both photos show the same person.
        decided: by the run.
        decided_baseline: by the baseline.
        distance: in the run.
        threshold_distance: of the run, for this comparison.
        distance_baseline: in the baseline.
        threshold_distance_baseline: of the baseline, for this comparison.
        margin: how far the distance of the run that is wrong lies on the wrong side of its threshold.
        reason: why the comparison could not be made.
    """

    kind: str
    run: str
    baseline: str
    comparison_in_run: int
    mated: bool
    decided: str
    decided_baseline: str | None = None
    distance: float | None = None
    threshold_distance: float | None = None
    distance_baseline: float | None = None
    threshold_distance_baseline: float | None = None
    margin: float | None = None
    reason: str | None = None
