"""Failures of photos in words: the stages that failed, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping

from faceproof.report.words.formatting import count, percent, printable
from faceproof.summary.evaluation_schema import Counts, FailurePolicies
from faceproof.summary.failure_policies import outside

STAGE_WORDS = {
    "decode": "the photo could not be read",
    "detect": "the detector gave no face",
    "align": "the face could not be aligned",
    "embed": "the model failed",
    "degrade": "the degradation failed",
}
NO_LONGER = {
    "decode": "photos that can no longer be read",
    "detect": "faces that are no longer found",
    "align": "faces that can no longer be aligned",
    "embed": "photos on which the model now fails",
}
_LONGEST_REASON = 160


def failures_in_words(counts: Counts, *, imported: bool = False) -> str:
    """Number of photos without a template, the stage that failed most often, and its most frequent reason.

    Args:
        counts: counts with one failure or more.
        imported: whether the templates were imported, so that the run had no stages.

    Returns:
        Part of a sentence.
    """
    failed = counts.failures
    start = _share(counts)
    stage = main_stage(counts.failures_by_stage)
    n = counts.failures_by_stage[stage]
    if imported:
        return f"{start} {'has' if failed == 1 else 'have'} no template{_reason(counts, stage, n)}"
    share = "" if n == failed else f" {count(n)}"
    others = [f"{name} {count(m)}" for name, m in counts.failures_by_stage.items() if m and name != stage]
    rest = f"; others: {', '.join(others)}" if others else ""
    words = STAGE_WORDS.get(stage, "the stage failed")
    return f"{start} gave no template: {words} ({stage}{share}){_reason(counts, stage, n)}{rest}"


def stages_in_words(counts: Counts) -> str:
    """Number of photos without a template, and of failures at each stage with the most frequent reason, in words."""
    stages = (
        f"{count(n)} at {stage}{_reason(counts, stage, n, ' ({}{})')}"
        for stage, n in counts.failures_by_stage.items()
        if n
    )
    return f"{_share(counts)} gave no template: {'; '.join(stages)}"


POLICY_WORDS = {
    "exclude": "left out",
    "reject": "counted as rejected",
    "iso": "counted by ISO/IEC 19795-1",
    "worst": "counted as wrong",
}


def policies_in_words(policies: FailurePolicies) -> str:
    """How an error rate depends on the treatment of photos without a template, where that matters; a sentence."""
    base = policies.policy("exclude")
    rate = "fnmr" if any(outside(base.fnmr, one.fnmr) for one in policies.policies) else "fmr"
    shown = [
        f"{percent(value.value, value.n)} where they are {POLICY_WORDS[one.name]}"
        for one in policies.policies
        if (value := getattr(one, rate)).value is not None
    ]
    return f"How photos without a template are treated matters here: {rate.upper()} is {'; '.join(shown)}."


def main_stage(failures_by_stage: Mapping[str, int]) -> str:
    """The stage that failed most often; of stages that failed equally often, the first."""
    return max(failures_by_stage, key=lambda stage: failures_by_stage[stage])


def failures_first(counts: Counts) -> bool:
    """Whether a headline begins with the failures: most photos failed, or they left no comparison."""
    if not counts.failures:
        return False
    nothing_left = counts.comparisons and not counts.compared
    return bool(nothing_left or 2 * counts.failures > (counts.photos or 0))


def _share(counts: Counts) -> str:
    return f"{count(counts.failures)} of {count(counts.photos)} {'photo' if counts.photos == 1 else 'photos'}"


def _reason(counts: Counts, stage: str, failed: int, form: str = ', {}"{}"') -> str:
    """The most frequent reason of a stage, formatted with ``form``; empty where no reason was recorded."""
    most = counts.failure_reasons.get(stage)
    if most is None:
        return ""
    text = " ".join(printable(most.reason).split()).rstrip(".")
    if len(text) > _LONGEST_REASON:
        text = f"{text[:_LONGEST_REASON].rstrip()} ..."
    return form.format("" if most.photos == failed else "most often ", text)
