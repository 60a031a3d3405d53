"""The numbers of several runs side by side, in words and digits: the same rows on the page and in the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from faceproof.metrics.operating_points import fmr_label
from faceproof.report.words.formatting import count, number
from faceproof.report.words.key_numbers import KeyNumber, key_numbers
from faceproof.runs.manifest_schema import DetectorEntry
from faceproof.summary.comparison_schema import ComparisonSummary

MEASURE_NAMES = {"accuracy": "accuracy", "fnmr": "FNMR", "fmr": "FMR", "eer": "EER"}
TARGETS = (0.01, 0.001)
SWATCHES = ("tp", "tn", "fn", "fp")
"""Colours of the runs in page and figures, by their names in the theme; more runs begin again with another shape."""
SHAPES = ("circle", "square", "triangle-up")
_KEYS = ("folds", "eer", "auc", "d_prime", *(f"fnmr_at_{fmr_label(fmr)}" for fmr in TARGETS), "detection_rate", "fta")


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of one run as text: its value (a dash where there is none), its interval, and why there is none."""

    value: str
    interval: str = ""
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One number of all runs.

    Attributes:
        what: its name in a few words.
        plain: what it is, in plain words.
        cells: one for each run.
        optimistic: found on the same comparisons that it is judged on.
    """

    what: str
    plain: str
    cells: tuple[Cell, ...]
    optimistic: bool = False


def side_by_side(summary: ComparisonSummary, *, joiner: str = " – ") -> list[Row]:
    """The numbers of each run, in the order in which they matter.

    Args:
        summary: of the comparison.
        joiner: what stands between the ends of an interval.

    Returns:
        Accuracy, EER, AUC, d', FNMR at fixed FMRs, detection rate, FTA, comparisons not made, time, detector where
        these differ, model.
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
    """The name of what found the faces, and the border that it saw."""
    if entry is None:
        return "–"
    border = entry.pad or 0
    return f"{entry.name}{f', border {100 * border:g}%' if border else ''}"


def _of_keys(keys: list[KeyNumber]) -> Row:
    cells = tuple(Cell(key.value, key.interval, None if key.available else key.note) for key in keys)
    return Row(keys[0].what, keys[0].plain, cells, any(key.optimistic for key in keys))


def p_value(p: float | None) -> str:
    """A p-value with two digits that count, and never as 0.

    >>> p_value(0.0812), p_value(0.00412), p_value(1.0), p_value(1.6e-28), p_value(None)
    ('0.081', '0.0041', '1', 'below 0.0001', '–')
    """
    if p is None:
        return "–"
    return "below 0.0001" if p < 1e-4 else f"{p:.2g}"
