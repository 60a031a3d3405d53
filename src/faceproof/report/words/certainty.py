"""How certain the main number of a run is, and what carries its uncertainty, in plain sentences."""

from __future__ import annotations

from faceproof.metrics.operating_points import fmr_label
from faceproof.report.words.formatting import count, percent
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import EvaluationSummary

_MANY_ERRORS, _LARGE_SHARE = 10, 0.5
_NUMBERS = {1: "one person takes", 2: "two people take", 3: "three people take"}


def certainty(summary: EvaluationSummary) -> str:
    """One sentence on the main number: FNMR at the strictest FMR that the data support, else the EER.

    Args:
        summary: summary of the run.

    Returns:
        The number, its interval and what carries its uncertainty; empty where there is no such number.
    """
    name, estimate = _main(summary)
    if estimate.value is None:
        return ""
    n = estimate.n
    if estimate.low is None or estimate.high is None:
        why = f" ({estimate.no_end})" if estimate.no_end else ""
        return f"How certain: {name} was {percent(estimate.value, n)}, but these data give it no whole interval{why}."
    reach = f"lies between {percent(estimate.low, n)} and {percent(estimate.high, n)} with 95% confidence"
    return f"How certain: {name} was {percent(estimate.value, n)} and {reach}{_carried(summary, estimate)}."


def _main(summary: EvaluationSummary) -> tuple[str, Estimate]:
    strictest = summary.strictest_supported
    if strictest is None:
        return "the equal error rate", summary.eer
    return f"FNMR at FMR {fmr_label(strictest.fmr)}", strictest.fnmr


def _carried(summary: EvaluationSummary, estimate: Estimate) -> str:
    """What carries the uncertainty: the people with most false matches, or how many people have a say."""
    carried, people = summary.carried, summary.counts.people
    if carried is not None and carried.errors >= _MANY_ERRORS and carried.share >= _LARGE_SHARE:
        return (
            f"; {_NUMBERS[carried.people]} part in {100 * carried.share:.0f}% of the {count(carried.errors)} false "
            f"matches at the {summary.default_point.label}"
        )
    if estimate.effective_people is None or people is None:
        return "; comparisons are taken as independent, because the people are unknown"
    return f"; its error rests on about {estimate.effective_people:.0f} of the {count(people)} people"
