"""Parts of all figures: charts that contain their data, text over a halo, and a common layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from faceproof.report.charts.theme import LIGHT, chart_config


def base(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """A chart that contains its rows, without the row limit of Altair."""
    # Altair would check every row against its schema here and again when the chart is written: skip the first check.
    with debug_mode(False):
        data = alt.InlineData(values=[dict(row) for row in rows])
    return alt.Chart(data)


def text_over_halo(rows: Sequence[Mapping[str, Any]], x: alt.X, y: alt.Y, **place: Any) -> list[alt.Chart]:
    """The ``text`` of each row, over a halo in the background colour, so that points do not cover the text."""
    return [base(rows).mark_text(style=style, **place).encode(x, y, text="text:N") for style in ("halo", "label")]


def nothing_to_draw(title: str, reason: str) -> alt.LayerChart:
    """A figure with the reason why there is nothing to draw; ``usermeta`` has the reason for a page that shows text."""
    text = f"nothing to draw: {reason}"
    mark = base([{"text": text}]).mark_text(style="nothing").encode(text="text:N")
    return finish([mark], title, [], 160).properties(usermeta={"nothing_to_draw": reason})


def finish(layers: Sequence[alt.Chart], title: str, subtitle: list[str], height: int) -> alt.LayerChart:
    """Combine layers to a figure with title, subtitle, description for screen readers, and the light colours."""
    return alt.LayerChart(
        layer=list(layers),
        width=720,
        height=height,
        title=alt.Title(title, subtitle=subtitle),
        description=" ".join([f"{title}.", *subtitle]).strip(),
        config=chart_config(LIGHT),
    )
