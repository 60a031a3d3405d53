"""What all figures share: rows within the chart, text over a halo, a title that is read aloud."""

from __future__ import annotations

import altair as alt
import pytest

from faceproof.report.charts.base import base, finish, nothing_to_draw, text_over_halo
from faceproof.report.charts.theme import LIGHT, chart_config


def rows_of(chart) -> list[dict]:
    spec = chart.to_dict()
    data = spec["data"]
    return data["values"] if "values" in data else spec["datasets"][data["name"]]


def test_a_chart_carries_all_its_rows_whatever_their_number():
    rows = [{"x": number} for number in range(5_001)]  # Altair refuses more than 5,000 rows in a data frame
    chart = base(rows).mark_point(style="comparison").encode(x="x:Q")
    assert rows_of(chart) == rows
    assert rows_of(base([]).mark_point()) == []


def test_rows_that_change_later_do_not_change_the_chart():
    row = {"x": 1}
    chart = base([row]).mark_point()
    row["x"] = 2
    assert rows_of(chart) == [{"x": 1}]


def test_text_is_drawn_twice_the_halo_below():
    layers = text_over_halo([{"text": "a", "x": 1, "y": 2}], alt.X("x:Q"), alt.Y("y:Q"), dx=7)
    specs = [layer.to_dict() for layer in layers]
    assert [spec["mark"] for spec in specs] == [
        {"type": "text", "style": "halo", "dx": 7},
        {"type": "text", "style": "label", "dx": 7},
    ]
    for spec in specs:
        assert spec["encoding"]["text"] == {"field": "text", "type": "nominal"}
        assert (spec["encoding"]["x"]["field"], spec["encoding"]["y"]["field"]) == ("x", "y")


@pytest.mark.parametrize(("subtitle", "read"), [([], "Title."), (["One.", "Two."], "Title. One. Two.")])
def test_a_figure_has_title_description_and_the_light_colours(subtitle, read):
    spec = finish([base([{"x": 1}]).mark_point()], "Title", subtitle, 321).to_dict()
    assert (spec["width"], spec["height"], spec["description"]) == (720, 321, read)
    assert spec["title"] == {"text": "Title", "subtitle": subtitle}
    config = chart_config(LIGHT)
    assert config["view"].items() <= spec["config"].pop("view").items()
    assert spec["config"] == {name: value for name, value in config.items() if name != "view"}
    assert len(spec["layer"]) == 1


def test_a_figure_without_data_says_why():
    spec = nothing_to_draw("ROC", "no comparison was made").to_dict()
    (layer,) = spec["layer"]
    assert layer["mark"]["style"] == "nothing"
    assert rows_of(nothing_to_draw("ROC", "no comparison was made")) == [
        {"text": "nothing to draw: no comparison was made"}
    ]
    assert spec["usermeta"] == {"nothing_to_draw": "no comparison was made"}
    assert (spec["title"]["text"], spec["height"]) == ("ROC", 160)
