"""ROC and DET of a run over all thresholds, as Altair charts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import altair as alt

from faceproof.metrics.operating_points import fmr_label
from faceproof.report.charts.base import base, finish, nothing_to_draw, text_over_halo
from faceproof.report.words.formatting import count, percent
from faceproof.summary.evaluation_schema import EvaluationSummary

_NARROW_PLOT_PX = 440
_LABEL_LINE = 14
_PROBIT_TICKS = (
    1e-5,
    1e-4,
    1e-3,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.4,
    0.6,
    0.8,
    0.9,
    0.95,
    0.98,
    0.99,
    0.999,
)


def roc(summary: EvaluationSummary, *, log_fmr: bool = True) -> alt.LayerChart:
    """ROC: share of accepted mated comparisons against share of accepted non-mated ones (FMR), over all thresholds.

    Args:
        summary: summary of the run.
        log_fmr: use a logarithmic axis for FMR, which shows low rates in detail.

    Returns:
        The chart, with operating points and their 95% intervals.
    """
    curve, title = summary.curves.roc, "ROC: what accepting more mated comparisons costs"
    reason = kind_not_made(summary)
    if reason or not curve.fmr:
        return nothing_to_draw(title, reason or "no comparison was made")
    floor = 0.5 / max(summary.counts.compared_non_mated, 1) if log_fmr else 0.0
    rows = [
        {"fmr": _sig(max(fmr, floor)), "tmr": _sig(tmr), "distance": distance}
        for fmr, tmr, distance in zip(curve.fmr, curve.tmr, curve.threshold_distance, strict=True)
    ]
    # Where the data give no lower end, the band goes down to the edge.
    band = [
        {"fmr": _sig(fmr), "tmr": _sig(0.0 if low is None else low), "high": _sig(1.0 if high is None else high)}
        for fmr, low, high in zip(curve.fmr, curve.tmr_low, curve.tmr_high, strict=False)
        if fmr > 0
    ]
    marks = _operating_points(summary, floor)
    for mark in marks:
        mark |= {"tmr": 1 - mark["fnmr"], "tmr_low": 1 - mark["fnmr_high"], "tmr_high": 1 - mark["fnmr_low"]}
    seen = [tmr for fmr, tmr in zip(curve.fmr, curve.tmr, strict=True) if fmr > 0]
    lowest = min([0.99, *seen, *(mark["tmr_low"] for mark in marks if mark["fnmr_high"] < 1)])
    bottom = max(0.0, lowest - 0.1 * (1 - lowest)) if log_fmr else 0.0
    for mark in marks:
        mark["tmr_low"] = max(mark["tmr_low"], bottom)
        mark["across"] = 1 - math.log(mark["fmr"]) / math.log(floor) if log_fmr else mark["fmr"]
        mark["up"] = (mark["tmr"] - bottom) / (1 - bottom)
    x, y = roc_axes(floor, bottom, log_fmr=log_fmr)
    note = f"FMR on a logarithmic axis; the left edge is 0 of {count(summary.counts.compared_non_mated)}."
    return finish(
        [
            *_band(band, x, y),
            base(rows).mark_line(style="curve", clip=True, aria=False).encode(x, y, order="fmr:Q"),
            *_crosses(marks, (x, "fmr_low", "fmr_high"), (y, "tmr_low", "tmr_high"), dy=6),
        ],
        title,
        [f"{note if log_fmr else 'Both axes linear.'} Band and crosses are 95% intervals."],
        340,
    )


def det(summary: EvaluationSummary) -> alt.LayerChart:
    """DET: FNMR against FMR on normal-deviate axes, on which normally distributed scores give a straight line.

    Source: Martin et al., "The DET curve in assessment of detection task performance", Eurospeech 1997.

    Args:
        summary: summary of the run.

    Returns:
        The chart, with the line of equal errors and operating points with their 95% intervals.
    """
    curve, title = summary.curves.det, "DET: one kind of error against the other"
    reason = kind_not_made(summary)
    pairs = [(a, b) for a, b in zip(curve.fmr, curve.fnmr, strict=True) if 0 < a < 1 and 0 < b < 1]
    if reason or len(pairs) < 2:
        return nothing_to_draw(title, reason or "no threshold makes errors of both kinds")
    counts = summary.counts
    floor = 0.5 / max(counts.compared_mated, counts.compared_non_mated)
    ceiling = max(0.5, min(max(max(pair) for pair in pairs), 1 - floor) if _eer(summary) > 0.4 else 0.5)
    rows = [{"fmr": _sig(probit(a)), "fnmr": _sig(probit(b)), "FMR": _sig(a), "FNMR": _sig(b)} for a, b in pairs]
    band = [
        {
            "fmr": _sig(probit(fmr)),
            "fnmr": _sig(probit(min(max(low or 0.0, floor), ceiling))),
            "high": _sig(probit(ceiling if high is None else min(max(high, floor), ceiling))),
        }
        for fmr, low, high in zip(curve.fmr, curve.fnmr_low, curve.fnmr_high, strict=False)
        if 0 < fmr < 1
    ]
    marks = _operating_points(summary, floor)
    for mark in marks:
        for key in ("fmr", "fmr_low", "fmr_high", "fnmr", "fnmr_low", "fnmr_high"):
            mark[key] = probit(min(max(mark[key], floor), ceiling))
    domain = [probit(floor), probit(ceiling)]
    for mark in marks:
        mark["across"], mark["up"] = ((mark[key] - domain[0]) / (domain[1] - domain[0]) for key in ("fmr", "fnmr"))
    x, y = det_axes(floor, ceiling)
    diagonal = [{"fmr": edge, "fnmr": edge} for edge in domain]
    corner = [{"fmr": domain[1], "fnmr": domain[1], "text": "equal errors"}]
    return finish(
        [
            base(diagonal).mark_line(style="diagonal", aria=False).encode(x, y),
            *_band(band, x, y),
            base(rows).mark_line(style="curve", clip=True, aria=False).encode(x, y, order="fmr:Q"),
            *text_over_halo(corner, x, y, dy=12, dx=-12, align="right"),
            *_crosses(marks, (x, "fmr_low", "fmr_high"), (y, "fnmr_low", "fnmr_high"), dy=-5),
        ],
        title,
        ["Normal-deviate axes; lower left is better. Band, crosses: 95% intervals. A point on the edge is 0."],
        340,
    )


def _band(rows: list[dict[str, Any]], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Band of the 95% intervals along a curve; nothing where there are none (a run of an earlier version)."""
    if not rows:
        return []
    return [base(rows).mark_area(style="band", clip=True, aria=False).encode(x, y, y2="high:Q")]


def roc_axes(floor: float, bottom: float, *, log_fmr: bool = True) -> tuple[alt.X, alt.Y]:
    """Axes of a ROC: ``fmr``, from ``floor`` on a logarithmic axis, and ``tmr``, from ``bottom``."""
    x = alt.X("fmr:Q").title("FMR: non-mated comparisons accepted")
    x = x.scale(type="log", domain=[floor, 1], nice=False) if log_fmr else x.scale(domain=[0, 1])
    decades = [10.0**k for k in range(-7, 1) if 10.0**k >= floor]
    x = x.axis(format="~%", values=decades if log_fmr else alt.Undefined)
    y = alt.Y("tmr:Q").scale(domain=[bottom, 1], nice=False, zero=False).title("mated comparisons accepted (1 - FNMR)")
    return x, y.axis(format="~%", tickCount=6)


def det_axes(floor: float, ceiling: float) -> tuple[alt.X, alt.Y]:
    """Axes of a DET: ``fmr`` and ``fnmr`` as normal deviates of rates from ``floor`` to ``ceiling``."""
    domain = [probit(floor), probit(ceiling)]
    ticks = [probit(rate) for rate in _PROBIT_TICKS if floor <= rate <= ceiling]
    axis = alt.Axis(values=ticks, labelExpr="format(cumulativeNormal(datum.value), '.2~%')")
    x = alt.X("fmr:Q").scale(domain=domain, nice=False).title("FMR: non-mated comparisons accepted").axis(axis)
    return x, alt.Y("fnmr:Q").scale(domain=domain, nice=False).title("FNMR: mated comparisons rejected").axis(axis)


def _crosses(
    marks: list[dict[str, Any]], across: tuple[alt.X, str, str], up: tuple[alt.Y, str, str], dy: int
) -> list[alt.Chart]:
    """Operating points with their names, and their intervals as crosses."""
    (x, x_low, x_high), (y, y_low, y_high) = across, up
    wide, tall = x.copy(), y.copy()
    wide.shorthand, tall.shorthand = f"{x_low}:Q", f"{y_low}:Q"
    tooltip = ["operating point:N", "threshold:N", "FMR:N", "FNMR:N"]
    return [
        base(marks).mark_rule(style="interval", clip=True).encode(wide, y, x2=f"{x_high}:Q"),
        base(marks).mark_rule(style="interval", clip=True).encode(x, tall, y2=f"{y_high}:Q"),
        base(marks).mark_point(style="operating_point", filled=True).encode(x, y, tooltip=tooltip),
        *text_over_halo(
            _joined_labels(marks, several_lines=dy > 0),
            x,
            y,
            dx=9,
            dy=dy,
            align="left",
            baseline="line-top" if dy > 0 else "line-bottom",
            lineBreak="\n",
        ),
    ]


def _joined_labels(marks: Sequence[Mapping[str, Any]], *, several_lines: bool) -> list[dict[str, Any]]:
    """Labels of operating points; labels that would overlap are joined into one."""
    labels: list[dict[str, Any]] = []
    for mark in sorted(marks, key=lambda mark: mark["across"]):
        last = labels[-1] if labels else None
        line = last["text"].rpartition("\n")[2] if last else ""
        near = last and mark["across"] - last["across"] < (24 + 6 * len(line)) / _NARROW_PLOT_PX
        if last and near and abs(mark["up"] - last["up"]) < 16 / _NARROW_PLOT_PX:
            last["text"] += (",\n" if several_lines and len(line) >= _LABEL_LINE else ", ") + mark["text"]
        else:
            labels.append(dict(mark))
    return labels


def _operating_points(summary: EvaluationSummary, floor: float) -> list[dict[str, Any]]:
    """Operating points that have a threshold; rates are at least ``floor``, for logarithmic axes."""
    found = []
    for point in summary.operating_points:
        fmr, fnmr = point.fmr, point.fnmr
        if point.threshold_distance is None or fmr.value is None or fnmr.value is None:
            continue
        mark: dict[str, Any] = {
            "text": _short_name(point.name),
            "operating point": point.label,
            "threshold": f"{point.threshold_distance:.4f}",
            "FMR": percent(fmr.value, fmr.n),
            "FNMR": percent(fnmr.value, fnmr.n),
        }
        for key, rate, value in (("fmr", fmr, fmr.value), ("fnmr", fnmr, fnmr.value)):
            mark[key] = max(value, floor) if key == "fmr" else value
            low = value if rate.low is None else rate.low
            mark[f"{key}_low"] = max(low, floor) if key == "fmr" else low
            mark[f"{key}_high"] = (1.0 if rate.no_end else value) if rate.high is None else rate.high
        found.append(mark)
    return found


def _short_name(name: str) -> str:
    if name.startswith("fmr_"):
        return f"FMR {fmr_label(float(name.removeprefix('fmr_')))}"
    return {"best_accuracy": "best accuracy", "eer": "EER", "fixed": "fixed"}.get(name, name)


def kind_not_made(summary: EvaluationSummary) -> str | None:
    """Which kinds of comparison were not made, as a reason why there is nothing to draw; None where both were."""
    counts = summary.counts
    kinds = {"mated": counts.compared_mated, "non-mated": counts.compared_non_mated}
    missing = [kind for kind, n in kinds.items() if not n]
    return f"no {' and no '.join(missing)} comparison was made" if missing else None


def _eer(summary: EvaluationSummary) -> float:
    return summary.eer.value or 0.0


def probit(rate: float) -> float:
    """The normal deviate of a rate above 0 and below 1."""
    return NormalDist().inv_cdf(rate)


def _sig(value: float) -> float:
    return float(f"{value:.5g}")
