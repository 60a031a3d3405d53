"""The key numbers of a run as text, for the page and the console."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from faceproof.metrics.operating_points import fmr_label
from faceproof.report.words.formatting import cannot_be_estimated, number, number_range, percent, percent_range
from faceproof.summary.comparison_schema import RunNumbers
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import EvaluationSummary


@dataclass(frozen=True, slots=True)
class KeyNumber:
    """One number in words.

    Attributes:
        key: short name, unique within a run.
        what: name of the number.
        value: the number as text; a dash where it cannot be estimated.
        interval: 95% interval of the number as text, or empty.
        note: a short note, or why the number cannot be estimated.
        plain: explanation in plain words.
        how: how the number was computed, one sentence.
        n: number of comparisons or photos that the number is computed from.
        available: whether there is a value.
        optimistic: whether the threshold was set on the comparisons that the number is measured on.
    """

    key: str
    what: str
    value: str
    interval: str
    note: str
    plain: str
    how: str
    n: int | None
    available: bool
    optimistic: bool


def key_numbers(summary: EvaluationSummary | RunNumbers, *, joiner: str = " – ") -> list[KeyNumber]:
    """Key numbers of a run, the most important first.

    Args:
        summary: summary of a run, alone or in a comparison.
        joiner: text between the ends of an interval.

    Returns:
        Accuracy, error rates at each target FMR, EER, AUC, d', detection rate, FTA.
    """
    folds, rates = summary.folds, summary.rates
    spread = folds.accuracy.standard_error
    note = "" if spread is None else f"standard error {100 * spread:.2f}"
    plain = "share of right decisions when the threshold was set on other comparisons"
    found = [_rate("folds", "Accuracy, held-out folds", folds.accuracy, note, plain, joiner)]
    point = next(p for p in summary.operating_points if p.name == summary.default_operating_point)
    at = "" if point.threshold_distance is None else f" at distance {number(point.threshold_distance)}"
    plain = f"share of right decisions: {point.label}"
    found.append(_rate("default", f"Accuracy{at}", point.accuracy, point.label, plain, joiner))
    for row in summary.fnmr_at_fmr:
        target = fmr_label(row.fmr)
        plain = f"the same person rejected, when at most {target} of different people are accepted"
        key, note = f"fnmr_at_{target}", "mated comparisons rejected"
        found.append(_rate(key, f"FNMR at FMR {target}", row.fnmr, note, plain, joiner))
    plain = "the error rate at the threshold where FMR and FNMR are equal"
    found.append(_rate("eer", "Equal error rate (EER)", summary.eer, "FMR and FNMR equal", plain, joiner))
    plain = "chance that a mated comparison is more alike than a non-mated one; 1 is perfect"
    found.append(_plain("auc", "Area under the ROC (AUC)", summary.auc, "1 is perfect", plain, 4, joiner))
    plain = "gap between the mean similarities in standard deviations"
    found.append(_plain("d_prime", "Separation d'", summary.d_prime, "in standard deviations", plain, 2, joiner))
    found.extend(_calibration(summary, joiner))
    plain = "photos in which a face was found, of those that could be read"
    rate = rates.detection_rate
    found.append(_rate("detection_rate", "Photos with a face", rate, "detection rate", plain, joiner))
    plain = "photos that gave no template and so cannot be compared"
    found.append(_rate("fta", "Photos not usable (FTA)", rates.fta, "failure to acquire", plain, joiner))
    return found


def _calibration(summary: EvaluationSummary | RunNumbers, joiner: str) -> Iterator[KeyNumber]:
    """Numbers about likelihood ratios; a comparison of runs and a run of an old version have none."""
    measured = summary.calibration if isinstance(summary, EvaluationSummary) else None
    if measured is None:
        return
    plain = "cost in bits of the likelihood ratios; 0 is perfect, 1 says nothing"
    yield _plain(
        "cllr", "Cost of likelihood ratios (Cllr)", measured.cllr, "0 is perfect, 1 says nothing", plain, 4, joiner
    )
    plain = "the lowest Cllr that these similarities could have with perfect calibration"
    yield _plain("min_cllr", "Lowest possible Cllr (minCllr)", measured.min_cllr, "in bits", plain, 4, joiner)
    plain = "what imperfect calibration costs"
    yield _plain("calibration_loss", "Calibration loss", measured.loss, "Cllr - minCllr", plain, 4, joiner)
    plain = "mated comparisons whose likelihood ratio speaks for different people"
    name, note = "Misleading evidence, mated", "likelihood ratio below 1"
    yield _rate("misleading_mated", name, measured.misleading_mated, note, plain, joiner)
    plain = "non-mated comparisons whose likelihood ratio speaks for one person"
    name, note = "Misleading evidence, non-mated", "likelihood ratio above 1"
    yield _rate("misleading_non_mated", name, measured.misleading_non_mated, note, plain, joiner)


def headline_keys(summary: EvaluationSummary | RunNumbers) -> list[str]:
    """Names of the key numbers at the top of a page, at most six."""
    accuracy = "default" if summary.folds.accuracy.value is None else "folds"
    supported = summary.strictest_supported
    rows = [row for row in summary.fnmr_at_fmr if row.fnmr.value is not None] if supported is None else [supported]
    strictest = [f"fnmr_at_{fmr_label(min(row.fmr for row in rows))}"] if rows else []
    return [accuracy, *strictest, "eer", "auc", "detection_rate", "fta"]


def _rate(key: str, what: str, estimate: Estimate, note: str, plain: str, joiner: str) -> KeyNumber:
    texts = percent(estimate.value, estimate.n), percent_range(estimate, joiner)
    return _number(key, what, estimate, note, plain, texts)


def _plain(key: str, what: str, estimate: Estimate, note: str, plain: str, decimals: int, joiner: str) -> KeyNumber:
    texts = number(estimate.value, decimals), number_range(estimate, decimals, joiner)
    return _number(key, what, estimate, note, plain, texts)


def _number(key: str, what: str, estimate: Estimate, note: str, plain: str, texts: tuple[str, str]) -> KeyNumber:
    available = estimate.value is not None
    return KeyNumber(
        key=key,
        what=what,
        value=texts[0],
        interval=texts[1],
        note=note if available else cannot_be_estimated(estimate),
        plain=plain,
        how=estimate.how,
        n=estimate.n,
        available=available,
        optimistic=estimate.optimistic and available,
    )
