"""The headline of an evaluation: its main result with the uncertainty, in one sentence."""

from __future__ import annotations

from faceproof.report.words.failures import failures_first, failures_in_words, policies_in_words
from faceproof.report.words.formatting import count, percent
from faceproof.runs.manifest_schema import Manifest
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import Counts, EvaluationSummary, OperatingPoint

FEW = 30
_FOLD_WORDS = {
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    8: "eight",
    9: "nine",
    10: "ten",
}
_SET_ELSEWHERE = {
    "protocol": "at thresholds set on the other folds",
    "person_disjoint": "at thresholds set on other people",
}


def headline(summary: EvaluationSummary) -> str:
    """The headline: the main number, its interval, its threshold, and the failures.

    Args:
        summary: summary of the run; ``headline`` and ``warnings`` are not read.

    Returns:
        The headline. For synthetic people it includes a note that such results are no evidence.
    """
    failed, sentence = failed_first(summary.counts, summary.run), _sentence(summary)
    if is_synthetic(summary.run):
        sentence = (
            f"These are synthetic people and no evidence about a real system: {sentence[0].lower()}{sentence[1:]}"
        )
    return f"{failed}{sentence}"


def failed_first(counts: Counts, manifest: Manifest) -> str:
    """The failures as the first sentence, where most photos failed or nothing could be compared; else empty.

    Args:
        counts: counts of the run.
        manifest: manifest of the run.
    """
    if not failures_first(counts):
        return ""
    return f"{failures_in_words(counts, imported=manifest.system.source is not None)}. "


def _sentence(summary: EvaluationSummary) -> str:
    """The result of the decisions, and the failures where `failed_first` does not report them."""
    counts, decided = summary.counts, _decided(summary)
    acquired = "" if failures_first(counts) else _acquired(counts, summary.run)
    first = f"{decided}, and {acquired}." if acquired else f"{decided}."
    policies = summary.failure_policies
    return first if policies is None or not policies.matters else f"{first} {policies_in_words(policies)}"


def is_synthetic(manifest: Manifest) -> bool:
    """Whether the people of the run are synthetic, by its manifest."""
    return manifest.people is not None and manifest.people.synthetic


def _decided(summary: EvaluationSummary) -> str:
    counts = summary.counts
    if not counts.comparisons:
        return "Nothing was compared: the protocol has no comparison"
    if not counts.compared:
        lack = "the score is missing" if summary.run.system.of_scores else "a side has no template"
        return f"Nothing could be compared: in {_all_of(counts.comparisons)} {lack}"
    model, point, folds = summary.run.system.name, summary.default_point, summary.folds
    estimate: Estimate = point.accuracy
    if point.name != "fixed" and folds.kind is not None:
        # Usual numbers of folds are written as words.
        word = _FOLD_WORDS.get(folds.k, str(folds.k))
        estimate, at = folds.accuracy, f"{_SET_ELSEWHERE[folds.kind]} ({word}-fold; {{}})"
    elif point.name == "fixed":
        at = f"at the distance threshold {point.threshold_distance:.6g} that was given beforehand ({{}})"
    elif point.name == "best_accuracy":
        at = "at the threshold that suits these very comparisons best, which flatters it ({})"
    else:
        at = f"at the threshold for {point.label}, set on these very comparisons, which flatters it ({{}})"
    if estimate.value is None:
        return _one_kind(summary, point, model)
    n = estimate.n or 0
    interval = _interval(estimate, n)
    result = f"{model} decided {percent(estimate.value, n)} correctly {at.format(interval)}"
    return f"On {_sample(counts, n)}{_too_few(counts)}, {result}"


def _one_kind(summary: EvaluationSummary, point: OperatingPoint, model: str) -> str:
    """The result where only mated or only non-mated comparisons were made."""
    counts = summary.counts
    only, other = ("mated", "non-mated") if counts.compared_mated else ("non-mated", "mated")
    n = counts.compared
    start = f"On {_sample(counts, n)}{_too_few(counts, one_kind=True)}, all {only}, "
    rate = point.fnmr if only == "mated" else point.fmr
    if rate.value is None:
        return f"{start}it cannot be estimated how well {model} decides, because no {other} one could be made"
    verb = "rejected" if only == "mated" else "accepted"
    return (
        f"{start}{model} wrongly {verb} {percent(rate.value, n)} at the distance threshold "
        f"{point.threshold_distance:.6g} that was given beforehand ({_interval(rate, n)}), which says nothing of "
        f"{other} ones"
    )


def _interval(estimate: Estimate, n: int) -> str:
    """The interval of a rate in words, or that there is none and why."""
    if estimate.low is None or estimate.high is None:
        return f"no 95% interval: {estimate.no_end or 'the data give none'}"
    return f"95% interval {percent(estimate.low, n)} to {percent(estimate.high, n)}"


def _sample(counts: Counts, judged: int) -> str:
    total = counts.comparisons
    part = count(total) if judged == total else f"{count(judged)} of {count(total)}"
    comparisons = f"{part} {_plural('comparison', total)}"
    if counts.people is None:
        return comparisons
    people = "1 person" if counts.people == 1 else f"{count(counts.people)} people"
    return f"{comparisons} of {people}"


def _too_few(counts: Counts, *, one_kind: bool = False) -> str:
    made = (counts.compared_mated, counts.compared_non_mated)
    fewest = max(made) if one_kind else min(made)
    return ", too few to rely on" if fewest < FEW else ""


def _acquired(counts: Counts, manifest: Manifest) -> str:
    failed, photos = counts.failures, counts.photos
    if manifest.system.of_scores:
        lost = counts.not_compared
        if not lost:
            return "every comparison has a score"
        said = f"{count(lost)} {_plural('comparison', lost)} {'has' if lost == 1 else 'have'} no score"
        return "" if lost == counts.comparisons else said
    if manifest.system.source:
        return failures_in_words(counts, imported=True) if failed else "every photo has a template"
    if crops := counts.centre_crops:
        centre = f"in {count(crops)} of {count(photos)} photos no face was found and the centre was compared"
        whole = f"{centre}; {failures_in_words(counts)}" if failed else centre
    elif failed:
        whole = failures_in_words(counts)
    else:
        sought = manifest.detector is None or manifest.detector.name != "none"
        every = "every photo had a face that could be used" if sought else "every photo was taken for a face as it is"
        whole = every if photos else "there was no photo"
    return whole


def _all_of(n: int) -> str:
    return "the only comparison" if n == 1 else f"all {count(n)} comparisons"


def _plural(word: str, n: int) -> str:
    return word if n == 1 else f"{word}s"
