"""Warnings of an evaluation about limits of its numbers, the most serious first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import PurePath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.findings.doctor.audit import CHECKS
from faceproof.findings.doctor.audited import of_run
from faceproof.findings.doctor.check import CannotRun, Case
from faceproof.findings.doctor.pairs import IDENTICAL_SIMILARITY
from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics.operating_points import fmr_label
from faceproof.report.words.evaluation_headline import FEW, is_synthetic
from faceproof.report.words.failures import stages_in_words
from faceproof.report.words.formatting import count, percent, printable
from faceproof.runs.manifest_schema import DetectorEntry, Manifest
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.systems.model_check.result import ModelCheck

_NARROW_SPREAD = 0.01
_LOPSIDED = 10
_EXAMPLES = 3
_LEAST_LOSS = 0.005
_FEW_CARRY = 2
_AUDITED = (
    "one_person_only",
    "runs_of_equal_scores",
    "tied_scores",
    "photo_with_itself",
    "order_of_sides",
    "labels_against_names",
    "people_in_two_folds",
    "drift_over_rows",
)
"""Checks of `faceproof doctor` whose findings are warnings; other warnings cover what the others find."""


def cautions(scored: ScoredComparisons, photos: pa.Table, summary: EvaluationSummary) -> list[str]:
    """Warnings about limits of the numbers of a run.

    Args:
        scored: the comparisons.
        photos: the rows of ``photos.parquet`` of clean photos.
        summary: summary of the run.

    Returns:
        The warnings, one text each; those about all numbers come first.
    """
    return [
        *_about_the_people(summary.run),
        *canary_cautions(summary.run.system.name, summary.run.system.canary),
        *detector_cautions(summary.run.detector),
        *_about_the_scale(summary.run),
        *_about_completeness(scored, photos, summary),
        *_about_the_system(scored, summary),
        *_about_the_audit(scored, summary),
        *([] if _foreign(summary.run) else _about_copies(scored, photos)),
        *_about_failures(summary),
        *_about_the_transfer(summary),
        *_about_the_evidence(summary),
        *_about_numbers(summary),
    ]


def _about_the_people(manifest: Manifest) -> Iterator[str]:
    if is_synthetic(manifest):
        yield "These people are synthetic: nothing here is evidence about a real system."
    if not manifest.people_known:
        yield (
            "The score file names no people, so each comparison counts as being about people of its own: folds that "
            "share no person and all intervals take comparisons as independent. Where people or photos recur, true "
            "intervals are wider and thresholds are judged on people who helped to set them."
        )


def _about_the_scale(manifest: Manifest) -> Iterator[str]:
    scale = manifest.system.scale
    if scale is not None and scale.foreign:
        yield scale.in_words()


def _foreign(manifest: Manifest) -> bool:
    """Whether similarities are mapped scores and not cosines, so that their values have no meaning as distances."""
    scale = manifest.system.scale
    return scale is not None and scale.foreign


def detector_cautions(detector: DetectorEntry | None) -> Iterator[str]:
    """Warnings where faces were not detected in the run but came from a file, or whole photos were used as faces.

    Args:
        detector: entry of the manifest; None where no model was run.
    """
    if detector is None:
        return
    if detector.name == "none":
        yield (
            "No face was sought: each photo was taken for a face, cut out and aligned as the model wants it. Time and "
            "failures are those of the recogniser alone."
        )
    elif detector.name == "file":
        file = printable(PurePath(detector.file or "a file").name)
        yield f"Faces are those of {file}: the time to find them is not counted, and those it lacks count as not found."


def canary_cautions(model: str, canary: ModelCheck | None) -> Iterator[str]:
    """Warnings from the model check before the run: failed checks, checks without a result, or a skipped model check.

    Args:
        model: name of the model.
        canary: entry of the manifest, of this or of an earlier version; None where no model was run.
    """
    if canary is None:
        return
    if canary.outcome == "skipped":
        yield f"{model} was not checked before the run ({canary.reason}): wrong preprocessing would not show."
    for complaint in canary.complaints():
        yield f"{model} {printable(complaint)}"


def _about_completeness(scored: ScoredComparisons, photos: pa.Table, summary: EvaluationSummary) -> Iterator[str]:
    planned = summary.run.protocol.comparisons
    if planned is not None and planned != len(scored):
        yield (
            f"The protocol has {count(planned)} comparisons and the run folder {count(len(scored))}: it is incomplete."
        )
    unexplained = _unexplained(scored, photos)
    if unexplained:
        yield (
            f"{_comparisons(unexplained)} {_have(unexplained)} no similarity although both photos have a template: "
            "the run was cut short or its files do not fit together."
        )
    counts = summary.counts
    if not counts.compared:
        yield "No comparison could be made: there is nothing to say about how well the system decides."
    elif not counts.compared_mated or not counts.compared_non_mated:
        absent, there = ("non-mated", "mated") if counts.compared_mated else ("mated", "non-mated")
        yield (
            f"No {absent} comparison could be made: accuracy, EER, AUC and any threshold need both kinds, and the "
            f"{there} ones alone cannot tell how good the system is."
        )


def _about_the_system(scored: ScoredComparisons, summary: EvaluationSummary) -> Iterator[str]:
    area = summary.auc.value
    if area is not None and area < 0.5:
        yield (
            f"AUC is {area:.3f}, below 0.5: mated comparisons are less alike than non-mated ones. Are the labels "
            "swapped, or is a distance taken for a similarity?"
        )
    mated, other = summary.distances.mated.mean, summary.distances.non_mated.mean
    if mated is not None and other is not None and other < mated:
        yield (
            f"The mean distance of non-mated comparisons ({other:.3f}) is lower than that of mated ones "
            f"({mated:.3f}): something is the wrong way round or broken."
        )
    made = scored.similarity[scored.compared]
    if made.size > 1:
        low, high = np.percentile(made, [5, 95]).tolist()
        if made.max() == made.min():
            yield f"All similarities are equal ({made[0]:.6f}): the system tells nobody from anybody."
        elif high - low < _NARROW_SPREAD and _foreign(summary.run):
            yield (
                "Nearly all scores lie in a small part of their scale: a few outliers stretch it, and the figures of "
                "distances show little. Rates and curves are not touched by that."
            )
        elif high - low < _NARROW_SPREAD:
            yield (
                f"Nearly all similarities are equal (90% of them lie from {low:.4f} to {high:.4f}): the system is "
                "probably broken, or it is fed pictures that it was not made for."
            )


def _about_the_audit(scored: ScoredComparisons, summary: EvaluationSummary) -> Iterator[str]:
    """What the checks of `faceproof doctor` find that no other warning is about."""
    if summary.counts.compared == 0:
        return
    case = Case(of_run(scored, templates=not summary.run.system.of_scores))
    all_equal = np.ptp(scored.similarity[scored.compared]) == 0
    for check in CHECKS:
        if check.name not in _AUDITED or (all_equal and check.name == "tied_scores"):
            continue
        outcome = check.run(case)
        if not isinstance(outcome, CannotRun):
            yield from (printable(one.text) for one in outcome)


def _about_copies(scored: ScoredComparisons, photos: pa.Table) -> Iterator[str]:
    alike = np.flatnonzero(scored.similarity > IDENTICAL_SIMILARITY)
    if not alike.size:
        return
    same_file = _same_file(scored, photos, alike)
    others = ~scored.mated[alike]
    n, copies = int(np.count_nonzero(others)), int(np.count_nonzero(others & same_file))
    if n:
        files = f"in {count(copies)} of them the two files are equal byte for byte" if copies else "their files differ"
        yield (
            f"{_comparisons(n, 'non-mated')} {_have(n)} identical templates (similarity above "
            f"{IDENTICAL_SIMILARITY}); {files}. The labels or the system are wrong there. "
            f"{_examples(scored, alike[others])}"
        )
    mates = int(np.count_nonzero(~others & same_file))
    if mates:
        yield (
            f"{_comparisons(mates, 'mated')} {'compares' if mates == 1 else 'compare'} a file with itself or a copy "
            f"of it, which is too easy and flatters FNMR. {_examples(scored, alike[~others & same_file])}"
        )


def _about_failures(summary: EvaluationSummary) -> Iterator[str]:
    counts = summary.counts
    if total := counts.not_compared:
        reason = "a side has no template"
        if reasons := summary.failures.no_score:
            causes = "; ".join(f"{row.reason}: {count(row.comparisons)}" for row in reasons[:_EXAMPLES])
            reason = f"there is no score ({printable(causes)}{'; ...' if len(reasons) > _EXAMPLES else ''})"
        yield (
            f"{_comparisons(total)} of {count(counts.comparisons)} could not be made "
            f"({count(counts.not_compared_mated)} "
            f"mated, {count(counts.not_compared_non_mated)} non-mated), because {reason}. "
            f"{'It is' if total == 1 else 'They are'} in no count of right and wrong decisions, nor in accuracy, FMR, "
            f"FNMR, EER and AUC; FAR and FRR count {'it' if total == 1 else 'them'} as rejected."
        )
    if counts.failures:
        yield f"{stages_in_words(counts)}."
    if crops := counts.centre_crops:
        yield (
            f"In {count(crops)} of {count(counts.photos)} photos no face was found, and the centre of the photo was "
            "compared instead (on-missing centre-crop). These comparisons count in every rate; leaving them out, or "
            "counting them as rejected, gives other numbers."
        )


def _about_the_transfer(summary: EvaluationSummary) -> Iterator[str]:
    """What a threshold that was set elsewhere costs here, against the best one for these comparisons."""
    given, best = summary.point("fixed"), summary.best
    if given is None or given.accuracy.value is None or best.accuracy.value is None:
        return
    loss = best.accuracy.value - given.accuracy.value
    if loss >= _LEAST_LOSS:
        n = given.accuracy.n
        yield (
            f"The threshold was set elsewhere. It decides {percent(given.accuracy.value, n)} of these comparisons "
            f"correctly, and the best threshold for them (distance {best.threshold_distance:.3f}) "
            f"{percent(best.accuracy.value, n)}: a loss of {100 * loss:.1f} points, though the best one is optimistic."
        )


def _about_the_evidence(summary: EvaluationSummary) -> Iterator[str]:
    """A few people who carry the likelihood ratios; often a photo with a wrong label is among theirs."""
    line = None if summary.calibration is None else summary.calibration.line
    if line is None or line.effective_people is None or line.people < FEW:
        return
    if line.effective_people < _FEW_CARRY:
        yield (
            f"The likelihood ratios rest on about {line.effective_people:.1f} of the {count(line.people)} people. Look "
            "at the false non-matches: one photo with a wrong label can do this."
        )


def _about_numbers(summary: EvaluationSummary) -> Iterator[str]:
    counts, folds = summary.counts, summary.folds
    made = {"mated": counts.compared_mated, "non-mated": counts.compared_non_mated}
    for kind, n in made.items():
        if 0 < n < FEW:
            few = _comparisons(n, kind)
            yield f"Only {few} could be made: with fewer than {FEW}, rates say next to nothing."
    unresolved = [row.fmr for row in summary.fnmr_at_fmr if not row.resolvable]
    if unresolved and counts.compared_non_mated:
        rates = " or ".join(fmr_label(fmr) for fmr in unresolved)
        yield (
            f"An FMR of {rates} cannot be resolved: {_comparisons(counts.compared_non_mated, 'non-mated')} "
            f"{'was' if counts.compared_non_mated == 1 else 'were'} made, and {fmr_label(unresolved[0])} takes "
            f"{count(math.ceil(1 / unresolved[0]))} or more."
        )
    for row in summary.fnmr_at_fmr:
        if row.fnmr.no_end is not None:
            lack = row.fnmr.no_end if row.fnmr.no_end.startswith("no ") else f"no interval: {row.fnmr.no_end}"
            yield f"FNMR at FMR {fmr_label(row.fmr)} has {lack}."
    fewest, most = sorted(made.values())
    if fewest and most > _LOPSIDED * fewest:
        larger = max(made, key=lambda kind: made[kind])
        yield (
            f"There are {most / fewest:,.0f} times as many {larger} comparisons as others: accuracy is then little "
            "more than how often those are right. Look at FMR and FNMR."
        )
    if fewest and folds.reason:
        yield f"Accuracy over folds cannot be estimated: {folds.reason}"


def _unexplained(scored: ScoredComparisons, photos: pa.Table) -> int:
    """Number of comparisons without a similarity although no photo of them is known to lack a template."""
    rows = np.flatnonzero(~scored.compared)
    with_template = photos.filter(pc.equal(photos["outcome"], pa.scalar("template")))["photo"]
    both = np.ones(rows.size, dtype=np.bool_)
    for side in ("photo_a", "photo_b"):
        both &= pc.is_in(scored.names[side].take(rows), value_set=with_template).to_numpy()
    return int(np.count_nonzero(both))


def _same_file(scored: ScoredComparisons, photos: pa.Table, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where a comparison has files of the same bytes on both sides, bool, as long as ``rows``."""
    digests = []
    for side in ("photo_a", "photo_b"):
        place = pc.index_in(scored.names[side].take(rows), value_set=photos["photo"])
        digests.append(photos["sha256"].take(place))
    same = pc.and_(pc.equal(*digests), pc.not_equal(digests[0], pa.scalar("")))
    return np.asarray(same.fill_null(False).to_numpy(), dtype=np.bool_)


def _examples(scored: ScoredComparisons, rows: NDArray[np.int64]) -> str:
    names = scored.names_of(rows[:_EXAMPLES], ("photo_a", "photo_b"))
    couples = zip(names["photo_a"], names["photo_b"], strict=True)
    more = f" and {count(rows.size - _EXAMPLES)} more" if rows.size > _EXAMPLES else ""
    return f"Such as {'; '.join(f'{printable(a)} and {printable(b)}' for a, b in couples)}{more}."


def _comparisons(n: int, kind: str = "") -> str:
    return f"{count(n)} {kind}{' ' if kind else ''}comparison{'' if n == 1 else 's'}"


def _have(n: int) -> str:
    return "has" if n == 1 else "have"
