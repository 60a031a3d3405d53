"""Headline and warnings of a stress run."""

from __future__ import annotations

from collections.abc import Iterator

from faceproof.metrics.operating_points import fmr_label
from faceproof.report.words.evaluation_cautions import canary_cautions, detector_cautions
from faceproof.report.words.evaluation_headline import failed_first, is_synthetic
from faceproof.report.words.failures import NO_LONGER, main_stage, stages_in_words
from faceproof.report.words.formatting import count, number, percent, printable
from faceproof.runs.manifest_schema import ConditionEntry
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import Counts
from faceproof.summary.stress_schema import ConditionNumbers, StressSummary, SystemNumbers

WHY = {
    "not_found": "photos that no longer give a template",
    "drift": "scores that drift past the threshold",
    "separability": "people who can no longer be told apart",
}
_INFLATED = 3.0
_FAMILIES_NAMED = 4


def stress_in_words(summary: StressSummary) -> StressSummary:
    """The summary with its headline and warnings."""
    return summary.model_copy(update={"headline": stress_headline(summary), "warnings": stress_cautions(summary)})


def stress_headline(summary: StressSummary) -> str:
    """One sentence for each model: its errors on clean photos, the condition with the largest loss, and the cause.

    Args:
        summary: summary of the run.

    Returns:
        The sentences. For synthetic people they include a note that such results are no evidence.
    """
    failed = "".join(_failed_clean(model, summary) for model in summary.models)
    text = " ".join(_about(model, summary) for model in summary.models)
    if is_synthetic(summary.run):
        text = f"These are synthetic people and no evidence about a real system. {text}"
    return f"{failed}{text}"


def _failed_clean(model: SystemNumbers, summary: StressSummary) -> str:
    """The failures on clean photos, where most photos failed or nothing could be compared; else empty."""
    reason = failed_first(model.conditions[0].counts, summary.run)
    return f"{model.name}: {reason}" if reason else ""


def _about(model: SystemNumbers, summary: StressSummary) -> str:
    clean, worse = model.conditions[0], model.conditions[1:]
    start = clean.held.frr
    if start.value is None or not worse or model.index.value is None:
        return f"{model.name}: nothing can be said about how it breaks ({start.reason or 'no condition'})."
    worst = max(worse, key=lambda row: row.loss.loss.value or 0)
    entry = summary.entry(worst.condition)
    now, others, index = worst.held.frr, worst.held.fmr, model.index
    before = clean.held.fmr
    return (
        f"{model.name} rejects {percent(start.value, start.n)} of mated comparisons and accepts "
        f"{_strangers(before)} with clean photos ({model.held.label}); {percent(now.value, now.n)} and "
        f"{_strangers(others)} under the worst condition ("
        f"{label(entry)}), {_why(clean, worst)}; robustness index {number(index.value, 2)}{_reach(index)}."
    )


def _reach(index: Estimate) -> str:
    """The interval of the index in brackets, or why there is none."""
    if index.low is None or index.high is None:
        return f" (no interval: {index.no_end or 'the data give none'})"
    return f" ({number(index.low, 2)} to {number(index.high, 2)})"


def _why(clean: ConditionNumbers, worst: ConditionNumbers) -> str:
    """The largest part of the loss in words.

    If that part is photos without a template, the text names the stage with most additional failures. If no part is
    above 0, the text says that the condition costs no more than clean photos.
    """
    part = max(WHY, key=lambda name: getattr(worst.loss, name).value or 0)
    if (worst.loss.loss.value or 0) <= 0 or (getattr(worst.loss, part).value or 0) <= 0:
        return "which costs no more than clean photos"
    stage = newly_failing(clean.counts, worst.counts) if part == "not_found" else None
    return f"mostly because of {WHY[part] if stage is None else NO_LONGER.get(stage, WHY[part])}"


def newly_failing(clean: Counts, worse: Counts) -> str | None:
    """The stage with most additional failures compared with clean photos; None where no stage has any."""
    before = clean.failures_by_stage
    more = {stage: n - before.get(stage, 0) for stage, n in worse.failures_by_stage.items()}
    stage = main_stage(more)
    return stage if more[stage] > 0 else None


def _strangers(fmr: Estimate) -> str:
    return "no known share of strangers" if fmr.value is None else f"{percent(fmr.value, fmr.n)} of strangers"


def label(entry: ConditionEntry) -> str:
    """A condition in words, such as ``Gaussian blur, radius 3 px``."""
    if not entry.severity:
        return "photos as they are"
    return f"{entry.title}, {entry.told}" if entry.told else entry.title


def stress_cautions(summary: StressSummary) -> list[str]:
    """Warnings about limits of the numbers of a stress run, the most serious first.

    Args:
        summary: summary of the run.
    """
    return [
        *_people(summary),
        *(caution for system in summary.run.systems for caution in canary_cautions(system.name, system.canary)),
        *detector_cautions(summary.run.detector),
        *_failed(summary),
        *_held(summary),
        *_false_matches(summary),
        *_already_lost(summary),
        *_other_stages(summary),
        *_small_photos(summary),
        *_reading(summary),
    ]


def _people(summary: StressSummary) -> Iterator[str]:
    if is_synthetic(summary.run):
        yield "These people are synthetic: nothing here is evidence about a real system."


def _failed(summary: StressSummary) -> Iterator[str]:
    for entry in summary.conditions:
        if entry.failed is not None:
            yield f"A condition failed and has no numbers. {printable(entry.failed)}"


def _held(summary: StressSummary) -> Iterator[str]:
    for model in summary.models:
        held = model.held
        if held.note:
            instead = (
                "There is no fixed threshold."
                if held.target_fmr is None
                else f"FMR {fmr_label(held.target_fmr)} is used instead."
            )
            yield f"{model.name}: {held.note} {instead}"


def _false_matches(summary: StressSummary) -> Iterator[str]:
    for model in summary.models:
        target = model.held.target_fmr
        if target is None:
            continue
        risen = [
            (row.held.fmr.value, summary.entry(row.condition))
            for row in model.conditions[1:]
            if row.held.fmr.value is not None
            and row.held.fmr.value > _INFLATED * target
            and (row.held.fmr.low or 0.0) > target
        ]
        if risen:
            worst, entry = max(risen, key=lambda pair: pair[0])
            yield (
                f"{model.name} accepts more strangers than was promised under {len(risen)} of "
                f"{len(model.conditions) - 1} conditions: the target is an FMR of {fmr_label(target)}, and under "
                f"{label(entry)} it is {percent(worst)}. FNMR alone looks too good there."
            )


def _already_lost(summary: StressSummary) -> Iterator[str]:
    for model in summary.models:
        counts = model.conditions[0].counts
        lost = counts.not_compared
        if counts.failures:
            yield (
                f"{model.name}, clean photos: {stages_in_words(counts)}. That loses {count(lost)} comparisons "
                "before anything is degraded. They count in FRR and cost of clean photos and of every condition alike."
            )


def _other_stages(summary: StressSummary) -> Iterator[str]:
    """Warnings about degraded photos that fail after detection, since "faces not found" in the loss includes them."""
    for model in summary.models:
        clean = model.conditions[0].counts
        for row in model.conditions[1:]:
            stage = newly_failing(clean, row.counts)
            if stage not in {None, "detect"}:
                yield (
                    f"{model.name} under {label(summary.entry(row.condition))}: "
                    f'{stages_in_words(row.counts)}. Losses called "faces not found" count these photos too.'
                )
                break


def _small_photos(summary: StressSummary) -> Iterator[str]:
    rows = {row.condition: row.not_enlarged for row in summary.models[0].conditions if row.not_enlarged}
    if rows:
        named = "; ".join(
            f"{count(n)} under {label(summary.entry(name))}" for name, n in list(rows.items())[:_FAMILIES_NAMED]
        )
        yield f"Photos are never enlarged: those no larger than the target stay as they are ({named})."


def _reading(summary: StressSummary) -> Iterator[str]:
    if summary.run.stage == "aligned":
        yield (
            "Faces were found in the photos as they are, and the prepared face was degraded: this is the recogniser "
            "alone. A length in pixels counts pixels of the prepared face."
        )
    if summary.run.side == "probe":
        yield "Only the second photo of each comparison was degraded; detection rate and FTA are those of these photos."
    if any(entry.on_face for entry in summary.conditions) and summary.run.stage == "capture":
        yield (
            "What covers a part of the face was placed by the landmarks that the detector found in the photo as it is; "
            "a photo without a face then counts as without one now."
        )
