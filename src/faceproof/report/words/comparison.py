"""Headline and warnings of a comparison of runs."""

from __future__ import annotations

from collections.abc import Iterator

from faceproof.metrics.differences import rounded_up
from faceproof.metrics.operating_points import fmr_label
from faceproof.report.words.comparison_rows import p_value
from faceproof.report.words.evaluation_cautions import canary_cautions, detector_cautions
from faceproof.report.words.evaluation_headline import FEW, failed_first, is_synthetic
from faceproof.report.words.failures import stages_in_words
from faceproof.report.words.formatting import count, points, points_range
from faceproof.summary.comparison_schema import ComparisonSummary, Difference, DifferenceTest, RunNumbers
from faceproof.summary.estimates import Estimate

_FEW_DISPUTED = 10


def comparison_in_words(summary: ComparisonSummary) -> ComparisonSummary:
    """The summary with its headline and warnings."""
    return summary.model_copy(update={"headline": compare_headline(summary), "warnings": compare_cautions(summary)})


def compare_headline(summary: ComparisonSummary) -> str:
    """One sentence for each run except the first: whether its FNMR at the common FMR differs from that of the first.

    Args:
        summary: summary of the comparison.

    Returns:
        The sentences. For synthetic people they include a note that such results are no evidence.
    """
    n = summary.comparisons.made_by_all
    who = "both" if len(summary.runs) == 2 else "all"
    text = f"On {count(n)} comparisons that {who} runs made: " + "; ".join(
        _about(row, summary) for row in summary.differences
    )
    if any(is_synthetic(run.manifest) for run in summary.runs):
        return f"These are synthetic people and no evidence about a real system. {text}."
    return f"{text}."


def _about(row: Difference, summary: ComparisonSummary) -> str:
    """The difference of a run to the first in FNMR, or in EER where no threshold could be set, as a sentence."""
    target = summary.operating_point.target_fmr
    name, what = ("fnmr", f"FNMR at FMR {fmr_label(target)}") if target is not None else ("eer", "EER")
    estimate, test = (row.fnmr, row.fnmr_test) if name == "fnmr" else (row.eer, row.eer_test)
    run, baseline = row.run, row.baseline
    if estimate.value is None:
        failed = [_failures(summary, name) for name in (baseline, run)]
        why = "; ".join(filter(None, failed)) or (estimate.reason or "").rstrip(".")
        return f"nothing can be said about {run} against {baseline} ({why})"
    size = f"{points(estimate)} points"
    if reach := points_range(estimate):
        size = f"{size}, 95% interval {reach}"
    if test.p is None:
        return f"{what} of {run} and {baseline} was not tested ({size}; {test.reason})"
    if not test.different:
        more = "" if test.people_needed is None else f"; about {count(rounded_up(test.people_needed))} people would"
        return f"they cannot tell {run} and {baseline} apart in {what} ({size}{more})"
    better = "lower, which is better" if estimate.value < 0 else "higher, which is worse"
    return f"{what} of {run} is {better}, than that of {baseline} ({size}; p {p_value(test.p)})"


def _failures(summary: ComparisonSummary, name: str) -> str:
    """The failures of a run as a sentence, where most photos failed or nothing could be compared; else empty."""
    run = next(run for run in summary.runs if run.name == name)
    reason = failed_first(run.counts, run.manifest).rstrip(". ")
    return f"{name}: {reason}" if reason else ""


def reading(estimate: Estimate, test: DifferenceTest | None) -> str:
    """What a difference says: better, worse, cannot be told apart, or not tested."""
    if test is None or estimate.value is None:
        return ""
    if test.p is None:
        return f"not tested: {test.reason}"
    if test.different:
        return "better" if estimate.value < 0 else "worse"
    if test.people_needed is None:
        return "cannot be told apart"
    return f"cannot be told apart; about {count(rounded_up(test.people_needed))} people would"


def compare_cautions(summary: ComparisonSummary) -> list[str]:
    """Warnings about limits of the numbers, the most serious first.

    Args:
        summary: summary of the comparison.
    """
    return [
        *_people(summary),
        *_imported(summary),
        *(caution for run in summary.runs for caution in canary_cautions(run.name, run.manifest.system.canary)),
        *(f"{run.name}: {caution}" for run in summary.runs for caution in detector_cautions(run.manifest.detector)),
        *_left_out(summary),
        *_lost(summary),
        *_threshold(summary),
        *_few(summary),
        *_folds(summary),
        *_machines(summary),
        *_many(summary),
    ]


def _people(summary: ComparisonSummary) -> Iterator[str]:
    if any(is_synthetic(run.manifest) for run in summary.runs):
        yield "These people are synthetic: nothing here is evidence about a real system."


def _imported(summary: ComparisonSummary) -> Iterator[str]:
    """Warnings about imported scores: which information they lack, and their scales."""
    for run in summary.runs:
        scale = run.manifest.system.scale
        if scale is not None and scale.foreign:
            yield f"{run.name}: {scale.in_words()}"
    alone = [run for run in summary.runs if run.manifest.system.of_scores]
    if alone and alone[0].name == summary.run.baseline and not _named(alone[0], "people"):
        yield (
            f"{alone[0].name} names no people, so each comparison counts as being about people of its own, and "
            "intervals take comparisons as independent. Where another run knows the people, name it first."
        )
    if len(alone) == len(summary.runs) and not any(_named(run, "photos") for run in alone):
        yield "The score files name no photos: their comparisons were joined by the number of the row."


def _named(run: RunNumbers, what: str) -> bool:
    """Whether the number of ``people`` or ``photos`` of a run is known."""
    return getattr(run.manifest.people, what, None) is not None


def _left_out(summary: ComparisonSummary) -> Iterator[str]:
    lost = [(run.name, run.left_out) for run in summary.runs if run.left_out]
    if lost:
        numbers = ", ".join(f"{count(n)} of {name}" for name, n in lost)
        yield (
            f"The runs have different pair lists. Only the {count(summary.comparisons.shared)} comparisons that "
            f"all of them have are compared, by the same photos; left out: {numbers}. No number here is that of a "
            "whole run."
        )


def _lost(summary: ComparisonSummary) -> Iterator[str]:
    rows = [(row.run, row.mated + row.non_mated) for row in summary.not_made]
    if any(n for _, n in rows):
        numbers = ", ".join(f"{count(n)} by {name}" for name, n in rows)
        yield (
            f"Comparisons that could not be made: {numbers}. Paired numbers are on the "
            f"{count(summary.comparisons.made_by_all)} that all runs made; a run that gives up on hard photos "
            "does not pay for it there. Look at FTA too."
        )
    for run in summary.runs:
        if run.counts.failures:
            yield f"{run.name}: {stages_in_words(run.counts)}."


def _threshold(summary: ComparisonSummary) -> Iterator[str]:
    point = summary.operating_point
    if point.note:
        instead = (
            "So nothing was decided, and only EER is compared."
            if point.target_fmr is None
            else f"Thresholds are set for FMR {fmr_label(point.target_fmr)} instead."
        )
        yield f"{point.note} {instead}"


def _few(summary: ComparisonSummary) -> Iterator[str]:
    people = summary.comparisons.people
    if people < FEW:
        yield f"Only {count(people)} people take part: intervals from so few are rough."
    for row in summary.differences:
        test = row.fnmr_test
        if test.p is None:
            continue
        disputed = (test.only_run_wrong or 0) + (test.only_baseline_wrong or 0)
        if not disputed:
            yield f"{row.run} and {row.baseline} decide all mated comparisons alike."
        elif disputed < _FEW_DISPUTED:
            yield (
                f"{row.run} and {row.baseline} decide only {count(disputed)} mated comparisons differently: too few to "
                "tell which of them decides better."
            )


def _folds(summary: ComparisonSummary) -> Iterator[str]:
    judged = [(run.manifest.judging.folds, run.manifest.seed or 0) for run in summary.runs]
    own = any(run.folds.kind == "person_disjoint" for run in summary.runs)
    if own and len(set(judged)) > 1:
        yield (
            "The runs were judged with different folds or seeds. Accuracy over folds is made anew here, with the folds "
            f"and the seed of {summary.run.baseline}, and may differ from what a run's own report says."
        )


def _machines(summary: ComparisonSummary) -> Iterator[str]:
    places = {str((run.manifest.device, sorted(run.manifest.machine.items()))) for run in summary.runs}
    if len(places) > 1:
        yield "The runs were made on different devices or machines: their times cannot be compared."


def _many(summary: ComparisonSummary) -> Iterator[str]:
    tests = len(summary.differences)
    if tests > 1:
        yield (
            f"{count(tests)} runs are compared with {summary.run.baseline}. P-values are corrected for that number "
            "(Holm); each interval stands for one difference alone."
        )
