"""Typed rows of findings, for a person to read one by one."""

from __future__ import annotations

from faceproof.records import Record


class Compared(Record):
    """The photos and people of a comparison.

    Attributes:
        comparison: number of the comparison in the protocol.
        photo_a: id of the first photo.
        photo_b: id of the second photo.
        person_a: person on the first photo.
        person_b: person on the second photo.
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
        distance: Euclidean distance of unit templates, 0 to 2.
        margin: how far the distance lies on the wrong side of the threshold, 0 to 2.
    """

    similarity: float
    distance: float
    margin: float


class PhotoFailure(Record):
    """A photo without a template: the stage that failed, the reason, and the number of comparisons lost."""

    photo: str
    person: str | None
    stage: str
    reason: str
    comparisons_lost: int


class NoScoreReason(Record):
    """A reason why comparisons have no score, and the number of such comparisons."""

    reason: str
    comparisons: int


class Flip(Record):
    """The first condition of a family that changes a decision.

    Attributes:
        condition: name of the condition.
        family: family of the degradation.
        title: title of the family.
        told: parameters of the condition in words.
        severity: severity of the condition.
        of: the highest severity of the family.
        after: decision under the condition: ``not made``, ``rejected`` or ``accepted``.
        distance: distance under the condition, 0 to 2; None where the comparison could not be made.
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
        distance_clean: distance on clean photos, 0 to 2.
        threshold_distance: the threshold of this comparison as a distance, 0 to 2.
        wrong: mean over families of the share of severities at which the decision is wrong, 0 to 1.
        families: number of families in the run.
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
        comparison_in_run: number of the comparison in ``run``; ``comparison`` is its number in the first run.
        mated: whether both photos show the same person.
        decided: decision of the run: ``accepted``, ``rejected`` or ``not made``.
        decided_baseline: decision of the baseline; None where the run could not make the comparison.
        distance: distance in the run, 0 to 2.
        threshold_distance: threshold of the run for this comparison, as a distance.
        distance_baseline: distance in the baseline, 0 to 2.
        threshold_distance_baseline: threshold of the baseline for this comparison, as a distance.
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
