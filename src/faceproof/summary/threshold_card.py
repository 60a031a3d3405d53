"""A threshold card: a threshold with what it was set for, on which data, and how well it does there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from faceproof.errors import ConfigurationError
from faceproof.findings.linked import LinkedScores, linked_scores
from faceproof.findings.scored import ScoredComparisons, join_scores
from faceproof.metrics.aims import Aim
from faceproof.metrics.folds import blocks_of_people
from faceproof.metrics.held_out import held_out_thresholds, thresholds_of_others
from faceproof.metrics.intervals import Interval, Z, students_t
from faceproof.metrics.operating_points import fmr_label, fmr_point, missing_kind
from faceproof.records import Record, first_error
from faceproof.runs.manifest_schema import DetectorEntry, SystemEntry
from faceproof.runs.run_folder import RunTables
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.scoring.threshold import Threshold
from faceproof.summary.calibration import llr_line
from faceproof.summary.calibration_schema import LlrLine
from faceproof.summary.decisions import fnmr_at_fmr, held_point, operating_points
from faceproof.summary.estimates import Estimate, finite_or_none
from faceproof.summary.evaluation_schema import HeldPoint
from faceproof.version import __version__

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

SCHEMA_VERSION = 1
_FEWEST_BLOCKS = 4
_LEAST_MATCHES = 30


class ThresholdCard(Record):
    """A threshold that was set on a run for an aim, for use on photos like those of the run.

    Attributes:
        kind: always ``threshold``.
        schema_version: version of this schema.
        faceproof_version: version of faceproof that wrote the card.
        date: time at which the run was finished, ISO 8601, UTC.
        value: the threshold; a distance up to it counts as the same person.
        unit: Euclidean distance of unit templates, 0 to 2.
        low: the smallest threshold that the data allow (95%); None where they do not say. For a target FMR it is where
            FMR is 1.96 standard errors above the target, else from a jackknife over blocks of people.
        high: the largest, likewise.
        target_fmr: the FMR that the threshold was set for; None for another aim.
        cost_ratio: how many times more FMR costs than FNMR, where the threshold was set for the least cost; else None.
            Where both are None it was set for the best accuracy.
        fmr: FMR at thresholds for the same aim that were set on other people of the run: what to expect on new people.
        fnmr: FNMR at the target FMR; for another aim, FNMR at thresholds that were set on other people.
        transfer_loss: what thresholds of other people cost more than the best threshold, in the cost of the aim:
            FNMR + price * FMR.
        people: number of people in the run.
        mated: number of mated comparisons that were made.
        non_mated: number of non-mated comparisons that were made.
        run: the run folder.
        protocol: SHA-256 of the comparisons.
        system: the model, with its card and the digest of its weights.
        detector: the detector.
        calibration: likelihood ratios of the similarities; None in a card of an old version.
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
    target_fmr: float | None
    cost_ratio: float | None = None
    fmr: Estimate
    fnmr: Estimate
    transfer_loss: Estimate | None = None
    people: int
    mated: int
    non_mated: int
    run: str
    protocol: str | None
    system: SystemEntry
    detector: DetectorEntry
    calibration: LlrLine | None = None
    do_not_use_for: list[str]

    @property
    def aim(self) -> Aim:
        """What the threshold was set for."""
        return Aim(self.target_fmr, self.cost_ratio)

    def threshold(self) -> Threshold:
        """The threshold, bound to the weights that it was set with."""
        origin = f"threshold card for {self.aim.label} on {self.run} ({self.system.name})"
        return Threshold(self.value, "distance", origin, self.system.weights)


def make_card(tables: RunTables, folder: str, aim: Aim) -> ThresholdCard:
    """Set a threshold on all comparisons of a run.

    Args:
        tables: the run.
        folder: the run folder.
        aim: what the threshold is set for.

    Raises:
        ConfigurationError: the data cannot resolve the target FMR or lack a kind, or the run is of no model.
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
    value = _chosen(linked.similarity[made], linked.mated[made], aim, folder)
    held = _on_others(scored, linked, aim, manifest.seed or 0)
    fmr, fnmr, low, high = aim.fmr, held.fnmr, held.low, held.high
    if fmr is not None:
        (at_fmr,) = fnmr_at_fmr(operating_points(linked, None, fmrs=(fmr,)), fmrs=(fmr,))
        fnmr, (low, high) = at_fmr.fnmr, _reach(linked, fmr)
    people = scored.person_codes()
    return ThresholdCard(
        faceproof_version=__version__,
        date=manifest.finished,
        value=float(distance_from_similarity(value)),
        low=low,
        high=high,
        target_fmr=fmr,
        cost_ratio=aim.cost_ratio,
        fmr=held.fmr,
        fnmr=fnmr,
        transfer_loss=held.loss,
        people=int(np.unique(np.concatenate(people)).size),
        mated=linked.made.mated.n,
        non_mated=linked.made.non_mated.n,
        run=folder,
        protocol=manifest.protocol.sha256,
        system=manifest.system,
        detector=manifest.detector,
        calibration=llr_line(scored, linked),
        do_not_use_for=_limits(linked, fnmr, aim),
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


def _chosen(similarity: Floats, mated: NDArray[np.bool_], aim: Aim, folder: str) -> float:
    reason = None
    if aim.fmr is not None:
        reason = fmr_point(similarity, mated, aim.fmr).reason
    value = math.nan if reason else aim.choose(similarity, mated)
    if math.isnan(value):
        raise ConfigurationError(f"{folder}: {reason or missing_kind(mated)}", path=Path(folder))
    if not (similarity[mated] >= value).any():
        raise ConfigurationError(
            f"{folder}: a threshold for {aim.label} rejects every mated comparison of this run, so it is of no use. "
            "Take a higher FMR, or more photos.",
            path=Path(folder),
        )
    return value


@dataclass(frozen=True, slots=True)
class _OnOthers:
    """How thresholds do that were set on other people, and the reach of such thresholds."""

    fmr: Estimate
    fnmr: Estimate
    loss: Estimate
    low: float | None
    high: float | None


def _on_others(scored: ScoredComparisons, linked: LinkedScores, aim: Aim, seed: int) -> _OnOthers:
    how = f"{{}} of decisions at thresholds for {aim.label}, each set on comparisons of other people."
    hows = [how.format(name) for name in ("FMR", "FNMR")]
    loss_how = (
        "Cost of thresholds that were set on other people, less that of the best threshold for these comparisons."
    )
    if not scored.people_known:
        fmr, fnmr, loss = (Estimate.absent("the people are unknown", text) for text in (*hows, loss_how))
        return _OnOthers(fmr, fnmr, loss, None, None)
    block_a, block_b, _ = blocks_of_people(*scored.person_codes(), scored.fold, seed)
    reason: str | None = "some people leave no comparisons of other people of both kinds"
    if aim.fmr is None:
        found = thresholds_of_others(scored.similarity, scored.mated, block_a, block_b, aim.choose)
        found = found if np.isfinite(found).all() else np.full(found.size, math.nan)
    else:
        held = held_out_thresholds(scored.similarity, scored.mated, block_a, block_b, aim.fmr)
        found, reason = held.threshold, held.reason
    point = held_point(found, linked, name="held", label="", how=hows[0], reason=reason)
    fmr, fnmr = (
        rate.model_copy(update={"how": text}) for rate, text in zip((point.fmr, point.fnmr), hows, strict=True)
    )
    return _OnOthers(fmr, fnmr, _loss(linked, aim, point, loss_how), *_jackknife(scored, aim, block_a, block_b))


def _loss(linked: LinkedScores, aim: Aim, point: HeldPoint, how: str) -> Estimate:
    if point.fmr.value is None or point.fnmr.value is None:
        return Estimate.absent(point.fmr.reason or point.fnmr.reason or "there are no such thresholds", how)
    mated, non_mated = linked.made.mated.n, linked.made.non_mated.n
    least = aim.least_cost(linked.similarity[linked.compared], linked.mated[linked.compared])
    loss = float(aim.cost(point.fmr.value, point.fnmr.value, mated, non_mated)) - least
    none = Interval(None, None, "no interval", None, "the best threshold is chosen on these comparisons")
    return Estimate.of(loss, none, linked.made.n, how, optimistic=True)


def _jackknife(
    scored: ScoredComparisons, aim: Aim, block_a: Whole, block_b: Whole
) -> tuple[float | None, float | None]:
    """95% interval of the threshold, as distances, from the thresholds that leave out one block of people each."""
    if aim.fmr is not None:
        return None, None
    made = scored.compared
    blocks = np.unique(np.concatenate([block_a, block_b]))
    left = [made & (block_a != block) & (block_b != block) for block in blocks]
    each = np.array(
        [aim.choose(scored.similarity[rows], scored.mated[rows]) if rows.any() else math.nan for rows in left]
    )
    distances = distance_from_similarity(np.clip(each, -1.0, 1.0))
    k = blocks.size
    if k < _FEWEST_BLOCKS or np.isnan(distances).any():
        return None, None
    half = students_t(k - 1) * math.sqrt((k - 1) / k * float(np.sum((distances - distances.mean()) ** 2)))
    value = distance_from_similarity(aim.choose(scored.similarity[made], scored.mated[made]))
    return max(0.0, value - half), min(2.0, value + half)


def _reach(linked: LinkedScores, fmr: float) -> tuple[float | None, float | None]:
    """Distances between which the threshold lies that has this FMR in truth."""
    other = linked.made.non_mated
    spread = Z * math.sqrt(other.factor(other.worst_first[: int(fmr * other.n)]) * float(other.variance(fmr)))
    ends = []
    for at in (fmr - spread, fmr + spread):
        similarity = other.sorted_badness[max(0, other.n - 1 - int(at * other.n))] if 0 < at < 1 else math.nan
        ends.append(finite_or_none(float(distance_from_similarity(float(similarity)))))
    return ends[0], ends[1]


def _limits(linked: LinkedScores, fnmr: Estimate, aim: Aim) -> list[str]:
    limits = [
        "other weights or another recipe: both are on this card and are checked",
        "photos of another kind (camera, light, age, people) than those of the run, without measuring again",
    ]
    fmr = aim.fmr
    if fmr is None:
        mix = "comparisons of another mix: what is best depends on how often each kind occurs"
        return limits if aim.cost_ratio is not None else [*limits, mix]
    matches = int(fmr * linked.made.non_mated.n)
    if fnmr.no_end is not None:
        limits.append(f"any claim of an FMR below {fmr_label(fmr)} or of an FNMR at it: {fnmr.no_end}")
    elif matches < _LEAST_MATCHES:
        limits.append(f"decisions that matter: {matches} false matches set it; {_LEAST_MATCHES} or more are better")
    return limits
