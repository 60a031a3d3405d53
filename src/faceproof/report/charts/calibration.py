"""Figures of the calibration of an evaluation, as Altair charts: the reliability plot and the Tippett plot."""

from __future__ import annotations

import math

import altair as alt

from faceproof.report.charts.base import base, finish, nothing_to_draw, text_over_halo
from faceproof.report.charts.curves import kind_not_made
from faceproof.report.words.formatting import count, percent
from faceproof.summary.calibration_schema import Reliability
from faceproof.summary.evaluation_schema import EvaluationSummary

_RELIABILITY = "Likelihood ratios: stated and observed"
_TIPPETT = "Tippett plot: how strong the evidence is"
_NOT_COMPUTED = "the run is of a version that computed no likelihood ratios"
_AS_RATIO = (
    "datum.value == 0 ? '1' : datum.value > 0 ? format(pow(10, datum.value), '~s') : "
    "'1/' + format(pow(10, -datum.value), '~s')"
)


def reliability(summary: EvaluationSummary) -> alt.LayerChart:
    """Reliability plot: observed likelihood ratio, with its interval, against the stated one.

    Args:
        summary: summary of the run.
    """
    found = summary.calibration
    if found is None or found.reliability is None:
        return nothing_to_draw(_RELIABILITY, _why_nothing(summary))
    rows = found.reliability
    ends = [abs(at) for at in (*rows.stated, *(at for at in rows.observed if at is not None))]
    edge = math.ceil(2 * max(*ends, 0.5)) / 2 + 0.5
    seen, bars = _points(rows, edge)
    scale = alt.Scale(domain=[-edge, edge], nice=False)
    axis = alt.Axis(labelExpr=_AS_RATIO, values=list(range(-math.floor(edge), math.floor(edge) + 1)))
    x = alt.X("stated:Q").scale(scale).axis(axis).title("stated likelihood ratio")
    y = alt.Y("observed:Q").scale(scale).axis(axis).title("observed likelihood ratio")
    diagonal = [{"stated": at, "observed": at} for at in (-edge, edge)]
    tall = y.copy()
    tall.shorthand = "low:Q"
    tooltip = [f"{name}:N" for name in ("stated ratio", "observed ratio", "mated", "non-mated")]
    corner = [{"stated": edge, "observed": edge, "text": "stated = observed"}]
    return finish(
        [
            base(diagonal).mark_line(style="diagonal", aria=False).encode(x, y),
            base(bars).mark_rule(style="interval", clip=True).encode(x, tall, y2="high:Q"),
            base(seen).mark_point(style="operating_point", filled=True).encode(x, y, tooltip=tooltip),
            *text_over_halo(corner, x, y, dx=-60, dy=6, align="right"),
        ],
        _RELIABILITY,
        ["Above 1 speaks for the same person. Bars are 95% intervals; a bar without a point has one kind only."],
        340,
    )


def tippett(summary: EvaluationSummary) -> alt.LayerChart:
    """Tippett plot: share of the comparisons of each kind with a likelihood ratio of at least a value.

    Args:
        summary: summary of the run.
    """
    found = summary.calibration
    if found is None or found.tippett is None:
        return nothing_to_draw(_TIPPETT, _why_nothing(summary))
    curve = found.tippett
    kinds = ("mated: the same person", "non-mated: different people")
    rows = [
        {"llr": round(at, 4), "share": round(share, 6), "kind": kind}
        for kind, shares in zip(kinds, (curve.mated, curve.non_mated), strict=True)
        for at, share in zip(curve.llr, shares, strict=True)
    ]
    edge = curve.llr[-1]
    whole = math.floor(edge)
    x = alt.X("llr:Q").scale(domain=[-edge, edge], nice=False).title("likelihood ratio of at least")
    x = x.axis(labelExpr=_AS_RATIO, values=list(range(-whole, whole + 1)))
    y = alt.Y("share:Q").scale(domain=[0, 1], nice=False).axis(format=".0~%").title("share of its kind")
    colour = alt.Color("kind:N").scale(domain=list(kinds), range="category")
    lines = base(rows).mark_line(strokeWidth=2, clip=True, aria=False).encode(x, y, color=colour, order="llr:Q")
    at_one = base([{"llr": 0, "share": 1, "text": "says nothing"}])
    misled = [percent(one.value, one.n) for one in (found.misleading_mated, found.misleading_non_mated)]
    return finish(
        [
            at_one.mark_rule(style="diagonal").encode(x),
            lines,
            *text_over_halo([{"llr": 0, "share": 0.5, "text": "1: says nothing"}], x, y, dx=6, align="left"),
        ],
        _TIPPETT,
        [f"Misleading: {misled[0]} of mated comparisons are below 1, {misled[1]} of non-mated ones above."],
        340,
    )


def _points(rows: Reliability, edge: float) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The points of the plot, and their bars; an end that the data do not give lies at the edge."""
    seen, bars = [], []
    columns = zip(rows.stated, rows.observed, rows.low, rows.high, rows.mated, rows.non_mated, strict=True)
    for stated, observed, low, high, mated, non_mated in columns:
        bars.append({"stated": stated, "low": -edge if low is None else low, "high": edge if high is None else high})
        if observed is not None:
            counts = {"mated": count(mated), "non-mated": count(non_mated)}
            ratios = {"stated ratio": _ratio(stated), "observed ratio": _ratio(observed)}
            seen.append({"stated": stated, "observed": observed, **ratios, **counts})
    return seen, bars


def _ratio(decades: float) -> str:
    """A likelihood ratio, from its decimal logarithm, as text."""
    return f"{10**decades:,.3g}" if decades >= 0 else f"1/{10**-decades:,.3g}"


def _why_nothing(summary: EvaluationSummary) -> str:
    found = summary.calibration
    return kind_not_made(summary) or (None if found is None else found.reason) or _NOT_COMPUTED
