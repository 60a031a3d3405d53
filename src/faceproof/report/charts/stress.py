"""Figures of a stress run: pure functions from its summary to Altair charts, and files of the charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt

from faceproof.files import write_csv
from faceproof.report.charts.base import base
from faceproof.report.charts.drawing import Drawn, remove_figure, write_charts
from faceproof.report.charts.theme import LIGHT, chart_config
from faceproof.report.words.stress import label
from faceproof.summary.estimates import Estimate
from faceproof.summary.stress_schema import ConditionNumbers, StressSummary

Rows = list[dict[str, Any]]

PARTS = {
    "not_found": "faces not found",
    "drift": "score drift",
    "separability": "lost separability",
}
CHANGED = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1", "eer": "EER"}
KINDS = {"mated": "mated: the same person", "non_mated": "non-mated: different people"}
_COLUMNS = 4
_PANEL = 200
_LOSS_WIDTH = 640
_MANY_CONDITIONS = 40
_DARK_TEXT, _LIGHT_TEXT, _EMPTY = "#16191d", "#fefefe", "#c9ced6"


def family_rows(summary: StressSummary, read: Callable[[ConditionNumbers], Mapping[str, Any]]) -> Rows:
    """One row for each model, family and severity, with the clean photos as severity 0 of every family.

    Args:
        summary: summary of the run.
        read: returns the columns of a row from the numbers of a condition.
    """
    rows: Rows = []
    titles = _titles(summary)
    for model in summary.models:
        found = {row.condition: row for row in model.conditions}
        begun: set[str] = set()
        for entry in summary.conditions[1:]:
            if entry.name not in found:
                continue
            head = {"model": model.name, "family": titles[entry.family]}
            if entry.family not in begun:
                begun.add(entry.family)
                rows.append(head | {"severity": 0, "told": "as it is"} | dict(read(found["clean"])))
            more = {"severity": entry.severity, "told": entry.told}
            rows.append(head | more | dict(read(found[entry.name])))
    return rows


def _titles(summary: StressSummary) -> dict[str, str]:
    """Title of each family; a title that several families share is followed by the name of the family."""
    titles = {entry.family: entry.title for entry in summary.conditions[1:]}
    every = list(titles.values())
    return {name: title if every.count(title) == 1 else f"{title} ({name})" for name, title in titles.items()}


def _interval(estimate: Estimate) -> dict[str, Any]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _curves(
    summary: StressSummary, read: Callable[[ConditionNumbers], Estimate], what: str, title: str, note: str
) -> Any:
    rows = [row for row in family_rows(summary, lambda row: _interval(read(row))) if row["value"] is not None]
    rows = _with_steps(rows)
    models = [model.name for model in summary.models]
    x = _severity(rows)
    y = alt.Y("value:Q").axis(format="~%").title(what)
    colour = alt.Color("model:N").scale(domain=models, range="category")
    one = alt.Chart()
    layers = alt.layer(
        one.mark_area(opacity=0.18).encode(x, alt.Y("low:Q"), alt.Y2("high:Q"), color=colour),
        one.mark_line(strokeWidth=2, point={"size": 24}).encode(x, y, color=colour),
        data=alt.InlineData(values=rows),
    )
    return _panels(layers, rows, title, [f"{note} Bands are 95% intervals; severity 0 is the photo as it is."])


def _severity(rows: Rows) -> alt.X:
    most = max((row["severity"] for row in rows), default=1)
    return alt.X("severity:Q").axis(values=list(range(most + 1)), format="d").title("severity")


def _with_steps(rows: Rows) -> Rows:
    """Rows of the families with more than one severity, since a single severity gives no curve."""
    steps: dict[str, set[int]] = {}
    for row in rows:
        steps.setdefault(row["family"], set()).add(row["severity"])
    return [row for row in rows if len(steps[row["family"]] - {0}) > 1]


def frr_curves(summary: StressSummary) -> Any:
    """FRR at the fixed threshold against severity, a panel for each family."""
    title = "Mated comparisons rejected (FRR)"
    return _curves(summary, lambda row: row.held.frr, "FRR", title, "At the fixed threshold.")


def fmr_curves(summary: StressSummary) -> Any:
    """FMR at the fixed threshold against severity."""
    title = "Strangers accepted (FMR)"
    return _curves(summary, lambda row: row.held.fmr, "FMR", title, "At the fixed threshold.")


def eer_curves(summary: StressSummary) -> Any:
    """EER against severity."""
    note = "At a threshold of its own for every condition, so without drift; of the comparisons that could be made."
    return _curves(summary, lambda row: row.eer, "EER", "Equal error rate", note)


def detection_curves(summary: StressSummary) -> Any:
    """Share of photos with a face against severity."""
    title, note = "Photos in which a face is found", "Of all photos that could be decoded."
    return _curves(summary, lambda row: row.rates.detection_rate, "detection rate", title, note)


def distance_curves(summary: StressSummary) -> Any:
    """Mean distance of mated and of non-mated comparisons against severity."""
    rows: Rows = []
    for kind, name in KINDS.items():
        taken = family_rows(summary, _reader(lambda row, kind=kind: getattr(row.distances, kind).mean, "distance"))
        rows += [row | {"kind": name} for row in taken if row["distance"] is not None]
    rows = _with_steps(rows)
    models = [model.name for model in summary.models]
    chart = (
        base(rows)
        .mark_line(strokeWidth=2, point={"size": 22})
        .encode(
            _severity(rows),
            alt.Y("distance:Q").scale(zero=False, padding=6).title("mean distance"),
            color=alt.Color("kind:N").scale(domain=list(KINDS.values()), range="category"),
            strokeDash=_dashes(models) if len(models) > 1 else alt.Undefined,
        )
    )
    note = "0 to 2, lower is more alike. Where the two lines meet, the scores say nothing."
    return _panels(chart, rows, "Mean distance of mated and of non-mated comparisons", [note])


def _dashes(models: Sequence[str]) -> alt.StrokeDash:
    legend = alt.Legend(symbolType="stroke", symbolStrokeColor=LIGHT["muted"], symbolStrokeWidth=2, symbolSize=300)
    return alt.StrokeDash("model:N").scale(domain=list(models)).legend(legend)


def loss_bars(summary: StressSummary) -> Any:
    """Loss of each condition against clean photos, split into its three parts: a column for each model."""
    rows: Rows = []
    for part, name in PARTS.items():
        taken = family_rows(summary, _reader(lambda row, part=part: getattr(row.loss, part).value, "loss"))
        rows += [
            row | {"condition": _in_words(row), "part": name}
            for row in taken
            if row["loss"] is not None and row["severity"] > 0
        ]
    conditions = list(dict.fromkeys(row["condition"] for row in rows))
    models = [model.name for model in summary.models]
    chart = (
        base(rows)
        .mark_bar()
        .encode(
            alt.Y("condition:N").sort(conditions).title(None).axis(labelLimit=300),
            alt.X("loss:Q").title("loss").axis(format=".2~f", tickCount=8),
            color=alt.Color("part:N").scale(domain=list(PARTS.values()), range=[LIGHT["fn"], LIGHT["fp"], LIGHT["tp"]]),
            order=alt.Order("part:N"),
        )
    )
    wide = max(int(_LOSS_WIDTH / max(len(models), 1)), 160)
    faceted = chart.properties(width=wide, height={"step": 17}).facet(
        column=alt.Column("model:N").title(None).sort(models), spacing=24
    )
    prices = sorted({model.held.price for model in summary.models})
    price = f"{prices[0]:g}" if len(prices) == 1 else "price"
    note = f"Cost (FRR + {price} x FAR, at the fixed threshold) beyond that of clean photos. A part below 0 is a gain."
    return _dressed(faceted, "What is lost, and why", [note])


def _reader(value: Callable[..., Any], name: str) -> Callable[[ConditionNumbers], dict[str, Any]]:
    return lambda row: {name: value(row)}


def _in_words(row: Mapping[str, Any]) -> str:
    return f"{row['family']}, {row['told']}" if row["told"] else str(row["family"])


def heat_map(summary: StressSummary) -> Any:
    """FNMR at the fixed threshold over family and severity, a panel for each model."""
    rows = [row for row in family_rows(summary, lambda row: {"fnmr": row.held.fnmr.value}) if row["severity"]]
    for row in rows:
        value = row["fnmr"]
        row["text"] = "none made" if value is None else f"{100 * value:.{0 if value >= 0.0995 else 1}f}"
    families = _families(rows)
    x = alt.X("severity:O").title("severity").axis(labelAngle=0, orient="top")
    y = alt.Y("family:N").sort(families).title(None).axis(labelLimit=260)
    cell = alt.Chart()
    layers = alt.layer(
        cell.transform_filter("datum.fnmr === null").mark_rect(color=_EMPTY).encode(x, y),
        cell.transform_filter("datum.fnmr !== null")
        .mark_rect(stroke=LIGHT["paper"], strokeWidth=2)
        .encode(
            x,
            y,
            color=alt.Color("fnmr:Q").scale(domain=[0, 1], range=["#f6f1ea", "#e9a15b", "#8f2d0a"]).legend(None),
        ),
        cell.mark_text(fontSize=11).encode(
            x, y, text="text:N", color=alt.condition("datum.fnmr > 0.6", alt.value(_LIGHT_TEXT), alt.value(_DARK_TEXT))
        ),
        data=alt.InlineData(values=rows),
    )
    return _dressed(
        layers.properties(width={"step": 58}, height={"step": 24}).facet(
            column=alt.Column("model:N").title(None).sort([model.name for model in summary.models]), spacing=24
        ),
        "FNMR at the fixed threshold, in percent",
        ["Of the mated comparisons that could be made. Where few faces are left, look at FRR and the detection rate."],
    )


def change_bars(summary: StressSummary) -> Any:
    """Relative change of each metric against clean photos, in percent, as bars by model."""
    entries = [entry for entry in summary.conditions[1:] if entry.failed is None]
    last = {entry.family: entry.name for entry in entries}
    all_of_them = len(entries) <= _MANY_CONDITIONS
    shown = [entry for entry in entries if all_of_them or last[entry.family] == entry.name]
    names = {entry.name: label(entry) for entry in shown}
    rows: Rows = [
        {
            "model": model.name,
            "metric": metric_name,
            "condition": names[row.condition],
            "change": 100 * getattr(row.change, metric).value,
        }
        for model in summary.models
        for row in model.conditions
        for metric, metric_name in CHANGED.items()
        if row.condition in names and getattr(row.change, metric).value is not None
    ]
    models = [model.name for model in summary.models]
    chart = (
        base(rows)
        .mark_bar()
        .encode(
            alt.X("condition:N").sort(list(names.values())).title(None).axis(labelAngle=-50, labelLimit=240),
            alt.Y("change:Q").title("change, %"),
            color=alt.Color("model:N").scale(domain=models, range="category"),
            xOffset=alt.XOffset("model:N").scale(domain=models),
        )
    )
    faceted = chart.properties(width=max(24 * len(names), 240), height=110).facet(
        row=alt.Row("metric:N").sort(list(CHANGED.values())).title(None).header(labelAngle=0, labelAlign="left")
    )
    note = "Against the same comparisons with clean photos, at the fixed threshold (EER has its own)."
    if not all_of_them:
        note += " The worst severity of each family."
    return _dressed(faceted.resolve_scale(y="independent"), "Change of each metric, in percent", [note])


FIGURES: dict[str, Callable[[StressSummary], Any]] = {
    "loss": loss_bars,
    "frr": frr_curves,
    "fmr": fmr_curves,
    "eer": eer_curves,
    "detection": detection_curves,
    "distances": distance_curves,
    "heat-map": heat_map,
    "changes": change_bars,
}


def write_stress_figures(summary: StressSummary, folder: Path) -> Drawn:
    """Write every figure as SVG, as PNG at twice the size, and its numbers as CSV.

    Args:
        summary: summary of the run.
        folder: folder to write to; it is made where it is missing. Each file is replaced as a whole.

    Returns:
        The files, and reasons for missing figures. A figure without numbers is left out.

    Raises:
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    charts, tables = {}, []
    for name, draw in FIGURES.items():
        chart = draw(summary)
        rows = _data_of(chart.to_dict())
        if not rows:
            remove_figure(folder, name)
            continue
        charts[name] = chart
        tables.append(folder / f"{name}.csv")
        columns = [column for column in rows[0] if column != "text"]
        write_csv(tables[-1], columns, ({column: row.get(column) for column in columns} for row in rows))
    return write_charts(charts, folder).with_files(tables)


def _data_of(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows in the specification of a chart; in a faceted chart, Altair moves them to the top level."""
    return [row for rows in spec.get("datasets", {}).values() for row in rows]


def _families(rows: Rows) -> list[str]:
    return list(dict.fromkeys(row["family"] for row in rows))


def _panels(chart: Any, rows: Rows, title: str, subtitle: list[str]) -> Any:
    """A panel for each family; each panel has its own horizontal axis."""
    families = _families(rows)
    columns = min(_COLUMNS, max(len(families), 1))
    faceted = chart.properties(width=_PANEL, height=118).facet(
        facet=alt.Facet("family:N").sort(families).title(None), columns=columns, spacing={"row": 30, "column": 22}
    )
    return _dressed(faceted.resolve_axis(x="independent"), title, subtitle)


def _dressed(chart: Any, title: str, subtitle: list[str]) -> Any:
    config = chart_config(LIGHT)
    config["header"] = {"labelColor": LIGHT["ink"], "labelFontSize": 11.5, "labelFontWeight": 600, "labelLimit": 260}
    config["axis"] |= {"titlePadding": 6}
    return chart.properties(
        title=alt.Title(title, subtitle=subtitle),
        description=" ".join([f"{title}.", *subtitle]),
        config=config,
    )
