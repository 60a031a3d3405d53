"""Colours and style of all figures, in files and on a light or dark page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Blue, green and vermilion of Okabe and Ito, and a magenta that is dark enough on white.
LIGHT = {
    "tp": "#0072b2",
    "tn": "#009e73",
    "fn": "#d55e00",
    "fp": "#a3297a",
    "ink": "#1d2530",
    "muted": "#5b6573",
    "grid": "#e6e9ee",
    "paper": "#ffffff",
}
DARK = {
    "tp": "#5fb4ea",
    "tn": "#3fc79d",
    "fn": "#ff9a52",
    "fp": "#f08acb",
    "ink": "#e8ebf0",
    "muted": "#a2acba",
    "grid": "#2c333d",
    "paper": "#171b21",
}
FONT = "Helvetica, Arial, Liberation Sans, sans-serif"


def chart_config(colours: Mapping[str, str], *, font: str = FONT, legend: bool = True) -> dict[str, Any]:
    """Vega-Lite config of all figures.

    Args:
        colours: CSS colours by the keys of ``LIGHT``, also ``var(--name)`` for a page.
        font: CSS font family.
        legend: whether figures draw their own legend.

    Returns:
        A Vega-Lite config object.
    """
    ink, muted, grid = colours["ink"], colours["muted"], colours["grid"]
    words = {"font": font, "fontSize": 11}
    return {
        "background": colours["paper"],
        "font": font,
        "padding": 4,
        "view": {"stroke": None},
        "title": {
            **{"anchor": "start", "color": ink, "fontSize": 15, "fontWeight": 600, "offset": 14},
            **{"subtitleColor": muted, "subtitleFontSize": 11.5, "subtitlePadding": 5},
        },
        "axis": {
            **{"labelColor": muted, "titleColor": muted, "labelFontSize": 11, "titleFontSize": 11.5},
            **{"titleFontWeight": 400, "titlePadding": 10, "labelPadding": 6, "labelFlush": False},
            **{"gridColor": grid, "domainColor": grid, "tickColor": grid, "domain": False, "ticks": False},
        },
        "legend": {
            **{
                "disable": not legend,
                "orient": "bottom",
                "title": None,
                "labelColor": ink,
                "labelFontSize": 11.5,
            },
            **{"symbolOpacity": 1, "symbolSize": 70, "columnPadding": 22, "labelLimit": 320},
        },
        "range": {"category": [colours[key] for key in ("tp", "tn", "fn", "fp")]},
        "style": {
            "comparison": {"filled": True, "strokeWidth": 0},
            "bin": {"opacity": 0.55, "binSpacing": 0.5},
            "threshold": {"color": ink, "strokeWidth": 1.5},
            "mean": {"color": ink, "strokeWidth": 1.2, "strokeDash": [5, 4]},
            "diagonal": {"color": muted, "strokeWidth": 1, "strokeDash": [2, 4]},
            "curve": {"color": colours["tp"], "strokeWidth": 2},
            "band": {"color": colours["tp"], "opacity": 0.16},
            "operating_point": {"color": ink, "size": 52},
            "interval": {"color": muted, "strokeWidth": 1.2},
            "label": {**words, "color": ink, "fontWeight": 500},
            "halo": {**words, "color": colours["paper"], "stroke": colours["paper"], "strokeWidth": 4},
            "nothing": {**words, "color": muted, "fontSize": 13},
        },
    }
