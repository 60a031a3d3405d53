"""The figures of an evaluation: pure functions from its summary to Altair charts.

Colours are only in the config of a chart (a range and named mark styles). So the same chart is used for files, which
are light, and for a page in the dark or light setting of the reader. This module imports Altair: import it only where
figures are drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import altair as alt

from faceproof.report.charts.base import base, finish, nothing_to_draw, text_over_halo
from faceproof.report.charts.calibration import reliability, tippett
from faceproof.report.charts.curves import det, roc
from faceproof.report.charts.drawing import Drawn, write_charts
from faceproof.report.words.formatting import count
from faceproof.summary.evaluation_schema import EvaluationSummary

OUTCOMES = {
    "TP": ("mated, accepted (TP)", "circle"),
    "TN": ("non-mated, rejected (TN)", "square"),
    "FN": ("mated, rejected (FN)", "triangle-down"),
    "FP": ("non-mated, accepted (FP)", "diamond"),
}
KINDS = ("mated: the same person", "non-mated: different people")
_SHAPES = [shape for _, shape in OUTCOMES.values()]
_IS_ERROR = alt.FieldOneOfPredicate(field="outcome", oneOf=[OUTCOMES["FN"][0], OUTCOMES["FP"][0]])
_BAND_HALF_WIDTH = 0.36


def scatter(summary: EvaluationSummary) -> alt.LayerChart:
    """Distance of every comparison (or of a sample), mated and non-mated side by side, coloured by outcome.

    Args:
        summary: summary of the run.

    Returns:
        The chart, with rules for the threshold and the mean distance of each kind.
    """
    cloud, point = summary.scatter, summary.default_point
    title = "How far apart the two photos of each comparison are"
    if not cloud.distance or point.threshold_distance is None:
        made = summary.distances.mated.n or summary.distances.non_mated.n
        return nothing_to_draw(title, "no threshold could be set" if made else "no comparison was made")
    rows = [
        {
            "x": round((outcome in {"TN", "FP"}) + _BAND_HALF_WIDTH * jitter, 3),
            "distance": round(distance, 4),
            "outcome": OUTCOMES[outcome][0],
            "comparison": comparison,
            "a": a,
            "b": b,
        }
        for comparison, distance, jitter, outcome, a, b in zip(
            *(cloud.comparison, cloud.distance, cloud.jitter, cloud.outcome, cloud.photo_a, cloud.photo_b),
            strict=True,
        )
    ]
    means = [
        {"distance": kind.mean, "x": at - 0.47, "x2": at + 0.4, "text": ["mean", f"{kind.mean:.3f}"]}
        for at, kind in ((0, summary.distances.mated), (1, summary.distances.non_mated))
        if kind.mean is not None
    ]
    threshold = [{"distance": point.threshold_distance, "text": f"threshold {point.threshold_distance:.3f}"}]
    shown = (
        f"{count(cloud.shown)} of {count(cloud.of)} comparisons: every error, a sample of the rest"
        if cloud.shown < cloud.of
        else f"All {count(cloud.of)} comparisons"
    )
    x = alt.X("x:Q").scale(domain=[-0.5, 1.5], nice=False).title(None)
    x = x.axis(values=[0, 1], labelExpr=f"datum.value < 0.5 ? '{KINDS[0]}' : '{KINDS[1]}'", grid=False, ticks=False)
    y = alt.Y("distance:Q").scale(zero=False, padding=8).title("distance (lower is more alike)")
    names = [name for name, _ in OUTCOMES.values()]
    crowded = len(rows) > 500
    points = base(rows).mark_point(style="comparison", aria=False)
    points = points.encode(
        x,
        y,
        color=alt.Color("outcome:N").scale(domain=names, range="category"),
        shape=alt.Shape("outcome:N").scale(domain=names, range=_SHAPES),
        size=alt.condition(_IS_ERROR, alt.value(46), alt.value(16 if crowded else 34)),
        opacity=alt.condition(_IS_ERROR, alt.value(0.95), alt.value(0.45 if crowded else 0.75)),
        tooltip=[alt.Tooltip(f"{field}:N") for field in ("comparison", "outcome", "a", "b")]
        + [alt.Tooltip("distance:Q", format=".4f")],
    )
    mean_x = alt.X("x:Q")
    return finish(
        [
            points,
            base(means).mark_rule(style="mean").encode(mean_x, alt.X2("x2:Q"), y),
            base(threshold).mark_rule(style="threshold").encode(y),
            *text_over_halo(means, mean_x, y, align="left", baseline="middle", lineHeight=15, dy=-7),
            *text_over_halo(threshold, alt.X(datum=0.5, type="quantitative"), y, dy=-8, align="center"),
        ],
        title,
        [f"{shown}. At or below the line ({point.label}) means accepted as the same person."],
        400,
    )


def histogram(summary: EvaluationSummary) -> alt.LayerChart:
    """Histograms of distance of mated and of non-mated comparisons, overlaid, each as a share of its kind.

    Args:
        summary: summary of the run.

    Returns:
        The chart. Its parameter ``threshold_distance`` is the position of the line at the threshold.
    """
    bins = summary.histogram
    title = "Distances of mated and non-mated comparisons"
    totals = [sum(bins.mated), sum(bins.non_mated)]
    if not any(totals):
        return nothing_to_draw(title, "no comparison was made")
    edges = bins.edges
    rows = [
        {
            "x": round(edges[i], 5),
            "x2": round(edges[i + 1], 5),
            "n": n,
            "share": round(n / total, 6),
            "kind": kind,
        }
        for kind, counts, total in zip(KINDS, (bins.mated, bins.non_mated), totals, strict=True)
        for i, n in enumerate(counts)
        if n
    ]
    x = alt.X("x:Q").scale(domain=[edges[0], edges[-1]], nice=False).title("distance (lower is more alike)")
    bars = base(rows).mark_bar(style="bin", aria=False)
    layers = [
        bars.encode(
            x.bin("binned"),
            alt.X2("x2:Q"),
            alt.Y("share:Q").stack(None).axis(format=".0~%").title("share of its kind"),
            color=alt.Color("kind:N").scale(domain=list(KINDS), range="category"),
            tooltip=[
                alt.Tooltip("kind:N"),
                alt.Tooltip("x:Q", title="distance from", format=".3f"),
                alt.Tooltip("x2:Q", title="to", format=".3f"),
                alt.Tooltip("n:Q", title="comparisons", format=","),
                alt.Tooltip("share:Q", format=".2%"),
            ],
        )
    ]
    start = summary.default_point.threshold_distance
    if start is not None:
        at, top = alt.X(datum=alt.expr("threshold_distance"), type="quantitative"), alt.value(0)
        label = alt.value(alt.expr("'threshold ' + format(threshold_distance, '.3f')"))
        one = base([{}])
        layers.append(one.mark_rule(style="threshold").encode(at))
        beyond = f"threshold_distance > {(edges[0] + edges[-1]) / 2:g}"
        align, dx = alt.expr(f"{beyond} ? 'right' : 'left'"), alt.expr(f"{beyond} ? -6 : 6")
        for style in ("halo", "label"):
            mark = one.mark_text(style=style, align=align, dx=dx, dy=8)
            layers.append(mark.encode(at, y=top, text=label))
    sides = [f"{count(n)} {kind.split(':')[0]}" for kind, n in zip(KINDS, totals, strict=True)]
    chart = finish(layers, title, [f"{' and '.join(sides)} comparisons in bins of {edges[1] - edges[0]:.3g}."], 280)
    return chart if start is None else chart.add_params(alt.param(name="threshold_distance", value=start))


FIGURES: dict[str, Callable[[EvaluationSummary], alt.LayerChart]] = {
    "scatter": scatter,
    "histogram": histogram,
    "roc": roc,
    "det": det,
    "reliability": reliability,
    "tippett": tippett,
}


def write_figures(summary: EvaluationSummary, folder: Path) -> Drawn:
    """Write every figure as SVG and as PNG at twice the size, without a network.

    Args:
        summary: summary of the run.
        folder: folder to write to; it is made where it is missing. Each file is replaced as a whole.

    Returns:
        The files ``NAME.svg`` and ``NAME.png`` for each name in ``FIGURES``, and reasons for missing figures.

    Raises:
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return write_charts({name: draw(summary) for name, draw in FIGURES.items()}, folder, script=True)
