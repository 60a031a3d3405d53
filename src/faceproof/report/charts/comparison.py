"""Figures of a comparison of runs: rows from the summary, Altair charts from the rows, and files of the charts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt

from faceproof.files import write_csv
from faceproof.findings.compared import MEASURES
from faceproof.report.charts.base import base, finish, nothing_to_draw, text_over_halo
from faceproof.report.charts.curves import det_axes, probit, roc_axes
from faceproof.report.charts.drawing import Drawn, remove_figure, write_charts
from faceproof.report.words.comparison_rows import MEASURE_NAMES, SHAPES, SWATCHES
from faceproof.report.words.formatting import printable
from faceproof.summary.comparison_schema import ComparisonSummary

Rows = list[dict[str, Any]]

_HALF, _WHOLE = 470, 680
_DASHES = ([1, 0], [7, 3], [2, 3])
_LABEL_PX = 15
_LETTER_PX, _SYMBOL_PX = 6.5, 60
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class _Runs:
    """Colour, dash and shape of each run, the same in all figures; colours repeat with another dash and shape.

    Attributes:
        names: names of the runs in figures.
        width: width of the figure in pixels, which limits the number of names in a row of the legend.
    """

    names: list[str]
    width: int

    def colour(self, *, legend: Sequence[str] = ()) -> alt.Color:
        colour = alt.Color("run:N").scale(domain=self.names, range="category")
        return colour.legend(**self._legend(legend)) if legend else colour.legend(None)

    def dash(self) -> alt.StrokeDash:
        dashes = [list(_DASHES[self._turn(place)]) for place in range(len(self.names))]
        dash = alt.StrokeDash("run:N").scale(domain=self.names, range=dashes)
        return dash.legend(**self._legend(self.names), symbolSize=400)

    def shape(self, *, legend: Sequence[str] = ()) -> alt.Shape:
        shapes = [SHAPES[self._turn(place)] for place in range(len(self.names))]
        shape = alt.Shape("run:N").scale(domain=self.names, range=shapes)
        return shape.legend(**self._legend(legend)) if legend else shape.legend(None)

    def _legend(self, names: Sequence[str]) -> dict[str, Any]:
        one = _LETTER_PX * max(map(len, names)) + _SYMBOL_PX
        return {"labelLimit": 0, "values": list(names), "columns": max(1, int(self.width / one))}

    @staticmethod
    def _turn(place: int) -> int:
        return place // len(SWATCHES) % len(SHAPES)


def drawn_names(names: Sequence[str]) -> list[str]:
    r"""Names of runs for figures: short, unique, and without characters that the drawing library cannot handle.

    A character that XML does not allow ends the drawing process. A label that the library shortens may be cut within
    an emoji, which is an error.

    >>> drawn_names(["facenet", "bell\x07", 50 * "x"])
    ['facenet', 'bell\\x07', 'xxxxxxxxxxxxxxxxxxx…xxxxxxxxxxxxxxxxxxxx']
    """
    half = _LONGEST_NAME // 2
    whole = [printable(name) for name in names]
    short = [name if len(name) <= _LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}" for name in whole]
    return short if len(set(short)) == len(short) else [f"{n}: {name}" for n, name in enumerate(short, start=1)]


def _runs(summary: ComparisonSummary, width: int) -> _Runs:
    return _Runs(drawn_names([run.name for run in summary.runs]), width)


def curve_rows(summary: ComparisonSummary) -> Rows:
    """FMR, FNMR and threshold along the curve of each run, on the comparisons that the run could make."""
    return [
        {"run": run.name, "fmr": fmr, "fnmr": fnmr, "threshold_distance": distance}
        for run in summary.runs
        for fmr, fnmr, distance in zip(
            *(run.curves.det.fmr, run.curves.det.fnmr, run.curves.det.threshold_distance), strict=True
        )
    ]


def roc(summary: ComparisonSummary, rows: Rows) -> alt.LayerChart:
    """ROC: share of accepted mated comparisons against share of accepted non-mated ones, a line for each run."""
    floor = _floor(summary)
    drawn = [{"run": row["run"], "fmr": max(row["fmr"], floor), "tmr": 1 - row["fnmr"]} for row in rows]
    lowest = min([0.99, *(1 - row["fnmr"] for row in rows if row["fmr"] > 0)])
    x, y = roc_axes(floor, max(0.0, lowest - 0.1 * (1 - lowest)))
    note = "FMR on a logarithmic axis; the left edge is 0. Each run on the comparisons that it made."
    return _lines(summary, drawn, x, y, [], "ROC: what accepting more mated comparisons costs", note)


def det(summary: ComparisonSummary, rows: Rows) -> alt.LayerChart:
    """DET: FNMR against FMR on normal-deviate axes, a line for each run."""
    floor = _floor(summary)
    inside = [row for row in rows if 0 < row["fmr"] < 1 and 0 < row["fnmr"] < 1]
    title = "DET: one kind of error against the other"
    if not inside:
        return nothing_to_draw(title, "no threshold makes errors of both kinds").properties(width=_HALF)
    drawn = [{"run": row["run"], "fmr": probit(row["fmr"]), "fnmr": probit(row["fnmr"])} for row in inside]
    worst = max((run.eer.value or 0 for run in summary.runs), default=0)
    x, y = det_axes(floor, 0.5 if worst <= 0.4 else 1 - floor)
    edges = [probit(floor), probit(0.5 if worst <= 0.4 else 1 - floor)]
    diagonal = base([{"fmr": edge, "fnmr": edge} for edge in edges]).mark_line(style="diagonal", aria=False)
    corner = [{"fmr": edges[1], "fnmr": edges[1], "text": "equal errors"}]
    extra = [diagonal.encode(x, y), *text_over_halo(corner, x, y, dy=12, dx=-12, align="right")]
    note = "Normal-deviate axes; lower left is better. A run that makes no errors of one kind has no line here."
    return _lines(summary, drawn, x, y, extra, title, note)


def difference_rows(summary: ComparisonSummary) -> Rows:
    """Each paired difference with its interval, as fractions."""
    return [
        {
            "run": row.run,
            "baseline": row.baseline,
            "measure": MEASURE_NAMES[name],
            **getattr(row, name).model_dump(include={"value", "low", "high"}),
        }
        for name in MEASURES
        for row in summary.differences
        if getattr(row, name).value is not None
    ]


def differences(summary: ComparisonSummary, rows: Rows) -> alt.LayerChart:
    """Paired differences to the first run, with their intervals and a line at 0."""
    runs, many = _runs(summary, _WHOLE), len(summary.differences) > 1
    drawn = [
        row | {end: None if row[end] is None else 100 * row[end] for end in ("value", "low", "high")} for row in rows
    ]
    names = [name for name in MEASURE_NAMES.values() if any(row["measure"] == name for row in rows)]
    y = alt.Y("measure:N").sort(names).title(None).axis(labelLimit=200)
    offset = alt.YOffset("run:N").scale(domain=runs.names[1:]) if many else alt.Undefined
    x = alt.X("value:Q").title(f"percentage points more or less than {runs.names[0]}")
    x = x.axis(labelExpr="datum.value ? format(datum.value, '+~f') : '0'", tickCount=8)
    low = x.copy()
    low.shorthand = "low:Q"
    marks = base(drawn)
    named = runs.names[1:] if many else ()
    colour, shape = runs.colour(legend=named), runs.shape(legend=named)
    layers = [
        base([{}]).mark_rule(style="threshold").encode(alt.X(datum=0, type="quantitative")),
        marks.mark_rule(strokeWidth=2).encode(low, y, x2="high:Q", color=colour, yOffset=offset),
        marks.mark_point(filled=True, size=70, opacity=1).encode(x, y, color=colour, shape=shape, yOffset=offset),
    ]
    chart = finish(
        layers,
        f"Difference from {runs.names[0]} on the very same comparisons",
        ["Bars are 95% intervals. Higher accuracy is better, higher error rates are worse."],
        0,
    )
    step = 22 * max(len(summary.differences), 1) + 14
    return chart.properties(width=_WHOLE, height=step * max(len(names), 1))


def cost_rows(summary: ComparisonSummary) -> Rows:
    """Time per photo and error, as a fraction, of each run whose time is known."""
    return [
        {
            "run": point.run,
            "time_ms": point.time_ms,
            "error": point.error.value,
            "error_low": point.error.low,
            "error_high": point.error.high,
            "measure": summary.cost.measure,
        }
        for point in summary.cost.points
        if point.time_ms is not None
    ]


def cost(summary: ComparisonSummary, rows: Rows) -> alt.LayerChart:
    """Error against time per photo: a point with interval and name for each run."""
    runs, measure = _runs(summary, _WHOLE), summary.cost.measure
    most = [1.2 * max(row["time_ms"] for row in rows), 1.08 * max(row["error_high"] or row["error"] for row in rows)]
    most = [edge if edge > 0 else 1.0 for edge in most]
    x = alt.X("time_ms:Q").scale(domain=[0, most[0]], nice=False).title("mean time per photo, ms")
    y = alt.Y("error:Q").scale(domain=[0, most[1]], nice=False).title(measure).axis(format=".2~%", tickCount=6)
    low = y.copy()
    low.shorthand = "error_low:Q"
    colour, marks, height = runs.colour(), base(rows), 300
    labels = _apart(rows, most, (_WHOLE, height))
    layers = [
        marks.mark_rule(strokeWidth=1.4).encode(x, low, y2="error_high:Q", color=colour),
        marks.mark_point(filled=True, size=90, opacity=1).encode(x, y, color=colour, shape=runs.shape()),
        *(
            layer
            for right in (True, False)
            for layer in text_over_halo(
                [label for label in labels if label["right"] == right],
                x,
                alt.Y("at:Q").scale(domain=[0, most[1]], nice=False),
                dx=9 if right else -9,
                align="left" if right else "right",
                baseline="middle",
            )
            if any(label["right"] == right for label in labels)
        ),
    ]
    title = f"Cost against error: time per photo and {measure}"
    chart = finish(layers, title, ["Lower left is better. Bars are 95% intervals of each run's own number."], height)
    return chart.properties(width=_WHOLE)


def _apart(rows: Rows, most: Sequence[float], size: tuple[int, int]) -> Rows:
    """Position of the name of each run beside its point, moved up where it would overlap another name."""
    width, height = size
    placed: Rows = []
    for row in sorted(rows, key=lambda row: row["error"]):
        left = row["time_ms"] / most[0] * width
        reach = _LETTER_PX * len(row["run"]) + 9
        right = left + reach <= width or left < width / 2
        span = (left, left + reach) if right else (left - reach, left)
        up = row["error"] / most[1] * height
        near = [label["up"] for label in placed if label["span"][0] < span[1] and span[0] < label["span"][1]]
        while any(abs(up - other) < _LABEL_PX for other in near):
            up += 1
        label = {"text": row["run"], "time_ms": row["time_ms"], "at": up / height * most[1]}
        placed.append(label | {"right": right, "span": span, "up": up})
    return [{key: value for key, value in label.items() if key not in {"span", "up"}} for label in placed]


FIGURES: dict[str, tuple[Callable[[ComparisonSummary], Rows], Callable[[ComparisonSummary, Rows], alt.LayerChart]]] = {
    "roc": (curve_rows, roc),
    "det": (curve_rows, det),
    "differences": (difference_rows, differences),
    "cost": (cost_rows, cost),
}


def write_compare_figures(summary: ComparisonSummary, folder: Path) -> Drawn:
    """Write every figure as SVG, as PNG at twice the size, and its numbers as CSV.

    Args:
        summary: summary of the comparison.
        folder: folder to write to; it is made where it is missing. Each file is replaced as a whole.

    Returns:
        The files, and reasons for missing figures. A figure without numbers is left out, and its old files are
        removed.

    Raises:
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = [run.name for run in summary.runs]
    shown, charts, tables = dict(zip(names, drawn_names(names), strict=True)), {}, []
    for name, (rows_of, draw) in FIGURES.items():
        rows = rows_of(summary)
        if not rows:
            remove_figure(folder, name)
            continue
        charts[name] = draw(summary, [row | {"run": shown[row["run"]]} for row in rows])
        tables.append(folder / f"{name}.csv")
        finite = ({column: "" if _endless(cell) else cell for column, cell in row.items()} for row in rows)
        write_csv(tables[-1], list(rows[0]), finite)
    return write_charts(charts, folder).with_files(tables)


def _lines(
    summary: ComparisonSummary, rows: Rows, x: alt.X, y: alt.Y, behind: Sequence[alt.Chart], title: str, note: str
) -> alt.LayerChart:
    runs = _runs(summary, _HALF)
    line = base(rows).mark_line(strokeWidth=2, clip=True, aria=False)
    line = line.encode(x, y, order="fmr:Q", color=runs.colour(legend=runs.names), strokeDash=runs.dash())
    return finish([*behind, line], title, [note], 340).properties(width=_HALF)


def _floor(summary: ComparisonSummary) -> float:
    """Half the smallest rate that any run can resolve: position of a rate of 0 on logarithmic and deviate axes."""
    counts = (run.counts for run in summary.runs)
    most = max(max(one.compared_mated, one.compared_non_mated) for one in counts)
    return 0.5 / max(most, 1)


def _endless(cell: object) -> bool:
    return isinstance(cell, float) and not math.isfinite(cell)
