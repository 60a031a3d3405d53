"""A threshold card: a threshold with what it was set for, on which data, and how well it does there."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ValidationError

from faceproof.errors import ConfigurationError
from faceproof.findings.linked import LinkedScores, linked_scores
from faceproof.findings.scored import ScoredComparisons, join_scores
from faceproof.metrics.folds import blocks_of_people
from faceproof.metrics.held_out import held_out_thresholds
from faceproof.metrics.intervals import Z
from faceproof.metrics.operating_points import fmr_label, fmr_point
from faceproof.records import Record, first_error
from faceproof.runs.manifest_schema import DetectorEntry, SystemEntry
from faceproof.runs.run_folder import RunTables
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.scoring.threshold import Threshold
from faceproof.summary.decisions import fnmr_at_fmr, held_point, operating_points
from faceproof.summary.estimates import Estimate, finite_or_none
from faceproof.version import __version__

SCHEMA_VERSION = 1
_LEAST_MATCHES = 30


class ThresholdCard(Record):
    """A threshold that was set on a run for a target FMR, for use on photos like those of the run.

    Attributes:
        kind: always ``threshold``.
        schema_version: version of this schema.
        faceproof_version: version of faceproof that wrote the card.
        date: time at which the run was finished, ISO 8601, UTC.
        value: the threshold; a distance up to it counts as the same person.
        unit: Euclidean distance of unit templates, 0 to 2.
        low: the smallest threshold that the data allow: FMR is 1.96 standard errors above the target there; None
            where they do not say.
        high: the largest, likewise.
        target_fmr: the FMR that the threshold was set for.
        fmr: FMR at thresholds for this target that were set on other people of the run: what to expect on new people.
        fnmr: FNMR at this FMR.
        people: number of people in the run.
        mated: number of mated comparisons that were made.
        non_mated: number of non-mated comparisons that were made.
        run: the run folder.
        protocol: SHA-256 of the comparisons.
        system: the model, with its card and the digest of its weights.
        detector: the detector.
        do_not_use_for: what the threshold must not be used for, one text each.
    """

    kind: Literal["threshold"] = "threshold"
    schema_version: int = SCHEMA_VERSION
    faceproof_version: str
    date: str | None
    value: float
    unit: Literal["distance"] = "distance"
    low: float | None
    high: float | None
    target_fmr: float
    fmr: Estimate
    fnmr: Estimate
    people: int
    mated: int
    non_mated: int
    run: str
    protocol: str | None
    system: SystemEntry
    detector: DetectorEntry
    do_not_use_for: list[str]

    def threshold(self) -> Threshold:
        """The threshold, bound to the weights that it was set with."""
        origin = f"threshold card for FMR {fmr_label(self.target_fmr)} on {self.run} ({self.system.name})"
        return Threshold(self.value, "distance", origin, self.system.weights)


def make_card(tables: RunTables, folder: str, fmr: float) -> ThresholdCard:
    """Set a threshold for a target FMR on all comparisons of a run.

    Args:
        tables: the run.
        folder: the run folder.
        fmr: target FMR, above 0 and up to 1.

    Raises:
        ConfigurationError: the target is out of range, the data cannot resolve it, or the run is of no model.
    """
    manifest = tables.manifest
    if manifest.system.card is None or manifest.detector is None:
        raise ConfigurationError(
            f"{folder} judges templates or scores that were made elsewhere. Expected a run of faceproof evaluate with "
            "a [[model]].",
            path=Path(folder),
        )
    scored = join_scores(tables)
    linked = linked_scores(scored)
    made = linked.compared
    point = fmr_point(linked.similarity[made], linked.mated[made], fmr)
    if math.isnan(point.threshold):
        raise ConfigurationError(f"{folder}: {point.reason}", path=Path(folder))
    at_fmr = next(
        row for row in fnmr_at_fmr(operating_points(linked, None, fmrs=(fmr,)), fmrs=(fmr,)) if row.fmr == fmr
    )
    low, high = _reach(linked, fmr)
    people = scored.person_codes()
    return ThresholdCard(
        faceproof_version=__version__,
        date=manifest.finished,
        value=float(distance_from_similarity(point.threshold)),
        low=low,
        high=high,
        target_fmr=fmr,
        fmr=_on_others(scored, linked, fmr, manifest.seed or 0),
        fnmr=at_fmr.fnmr,
        people=int(np.unique(np.concatenate(people)).size),
        mated=linked.made.mated.n,
        non_mated=linked.made.non_mated.n,
        run=folder,
        protocol=manifest.protocol.sha256,
        system=manifest.system,
        detector=manifest.detector,
        do_not_use_for=_limits(linked, at_fmr.fnmr, fmr),
    )


def read_card(path: Path) -> ThresholdCard:
    """Read a threshold card.

    Raises:
        ConfigurationError: the file cannot be read or is no threshold card.
    """
    try:
        card = ThresholdCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror or error}.", path=path) from error
    except ValidationError as error:
        raise ConfigurationError(
            f"{path} is no threshold card: {first_error(error)}. Expected a file that faceproof threshold wrote.",
            path=path,
        ) from error
    if card.schema_version > SCHEMA_VERSION:
        raise ConfigurationError(
            f"{path} was written by faceproof {card.faceproof_version}, which this version does not know.", path=path
        )
    return card


def _on_others(scored: ScoredComparisons, linked: LinkedScores, fmr: float, seed: int) -> Estimate:
    """FMR of decisions at thresholds that were set on other people."""
    how = "FMR of decisions at thresholds for this target, each set on comparisons of other people."
    if not scored.people_known:
        return Estimate.absent("the people are unknown", how)
    block_a, block_b, _ = blocks_of_people(*scored.person_codes(), scored.fold, seed)
    found = held_out_thresholds(scored.similarity, scored.mated, block_a, block_b, fmr)
    point = held_point(found.threshold, linked, name="held", label="", how=how, reason=found.reason)
    return point.fmr.model_copy(update={"how": how})


def _reach(linked: LinkedScores, fmr: float) -> tuple[float | None, float | None]:
    """Distances between which the threshold lies that has this FMR in truth."""
    other = linked.made.non_mated
    spread = Z * math.sqrt(other.factor(other.worst_first[: int(fmr * other.n)]) * float(other.variance(fmr)))
    ends = []
    for at in (fmr - spread, fmr + spread):
        similarity = other.sorted_badness[max(0, other.n - 1 - int(at * other.n))] if 0 < at < 1 else math.nan
        ends.append(finite_or_none(float(distance_from_similarity(float(similarity)))))
    return ends[0], ends[1]


def _limits(linked: LinkedScores, fnmr: Estimate, fmr: float) -> list[str]:
    limits = [
        "other weights or another recipe: both are on this card and are checked",
        "photos of another kind (camera, light, age, people) than those of the run, without measuring again",
    ]
    matches = int(fmr * linked.made.non_mated.n)
    if fnmr.no_end is not None:
        limits.append(f"any claim of an FMR below {fmr_label(fmr)} or of an FNMR at it: {fnmr.no_end}")
    elif matches < _LEAST_MATCHES:
        limits.append(f"decisions that matter: {matches} false matches set it; {_LEAST_MATCHES} or more are better")
    return limits
