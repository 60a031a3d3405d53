"""Rows of the numbers of several runs side by side, as text; page and terminal show the same rows."""

from __future__ import annotations

from dataclasses import dataclass

from faceproof.metrics.operating_points import fmr_label
from faceproof.report.words.formatting import count, number
from faceproof.report.words.key_numbers import KeyNumber, key_numbers
from faceproof.runs.manifest_schema import DetectorEntry
from faceproof.summary.comparison_schema import ComparisonSummary

MEASURE_NAMES = {"fnmr": "FNMR", "eer": "EER", "accuracy": "accuracy", "fmr": "FMR"}
TARGETS = (0.01, 0.001)
SWATCHES = ("tp", "tn", "fn", "fp")
"""Names of the colours of the runs on the page and in figures; further runs repeat the colours with another shape."""
SHAPES = ("circle", "square", "triangle-up")
_KEYS = ("folds", "eer", "auc", "d_prime", *(f"fnmr_at_{fmr_label(fmr)}" for fmr in TARGETS), "detection_rate", "fta")


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of one run as text: value (a dash where there is none), interval, and why there is no value."""

    value: str
    interval: str = ""
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One number of all runs.

    Attributes:
        what: name of the number.
        plain: explanation in plain words.
        cells: one cell for each run.
        optimistic: whether the threshold was set on the comparisons that the number is measured on.
    """

    what: str
    plain: str
    cells: tuple[Cell, ...]
    optimistic: bool = False


def side_by_side(summary: ComparisonSummary, *, joiner: str = " – ") -> list[Row]:
    """The numbers of each run, the most important first.

    Args:
        summary: summary of the comparison.
        joiner: text between the ends of an interval.

    Returns:
        Accuracy, EER, AUC, d', FNMR at fixed FMRs, detection rate, FTA, comparisons not made, time, size of a template,
        detector (where detectors differ), model, and digest of the weights.
    """
    runs = summary.runs
    keys = [{key.key: key for key in key_numbers(run, joiner=joiner)} for run in runs]
    rows = [_of_keys([of_run[name] for of_run in keys]) for name in _KEYS]
    lost = [row.mated + row.non_mated for row in summary.not_made]
    rows.append(Row("Comparisons not made", "a photo gave no template", tuple(Cell(count(n)) for n in lost)))
    times = [run.times.total_ms for run in runs]
    untimed = "cannot be estimated: no time was recorded"
    rows.append(
        Row(
            "Mean time per photo",
            "decode, detect, embed, when each was computed",
            tuple(Cell("–", why_not=untimed) if ms is None else Cell(f"{number(ms, 1)} ms") for ms in times),
        )
    )
    rows.append(Row("Numbers in a template", "", tuple(Cell(count(run.template_size)) for run in runs)))
    faces = [_detector(run.manifest.detector) for run in runs]
    if len(set(faces)) > 1:
        rows.append(Row("Detector", "what found the faces", tuple(Cell(name) for name in faces)))
    rows.append(Row("Model", "", tuple(Cell(run.model or "–") for run in runs)))
    digests = [run.weights_sha256 for run in runs]
    rows.append(Row("Weights", "digest of the tensors", tuple(Cell(one[:12] if one else "–") for one in digests)))
    return rows


def _detector(entry: DetectorEntry | None) -> str:
    """Name of the detector, and the border that is added to photos before detection."""
    if entry is None:
        return "–"
    border = entry.pad or 0
    return f"{entry.name}{f', border {100 * border:g}%' if border else ''}"


def _of_keys(keys: list[KeyNumber]) -> Row:
    cells = tuple(Cell(key.value, key.interval, None if key.available else key.note) for key in keys)
    return Row(keys[0].what, keys[0].plain, cells, any(key.optimistic for key in keys))


def p_value(p: float | None) -> str:
    """A p-value with two significant digits; a very small one is shown as a bound, not as 0.

    >>> p_value(0.0812), p_value(0.00412), p_value(1.0), p_value(1.6e-28), p_value(None)
    ('0.081', '0.0041', '1', 'below 0.0001', '–')
    """
    if p is None:
        return "–"
    return "below 0.0001" if p < 1e-4 else f"{p:.2g}"
