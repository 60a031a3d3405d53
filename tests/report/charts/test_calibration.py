"""The reliability plot and the Tippett plot show the numbers of the summary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from edited import edited

from faceproof.report.charts.calibration import reliability, tippett
from faceproof.report.words.key_numbers import key_numbers
from faceproof.summary.evaluation_schema import EvaluationSummary


def rows_of(chart: Any, mark: str, style: str | None = None) -> list[dict[str, Any]]:
    """Rows of the first layer with a mark and a style."""
    spec = chart.to_dict()
    for layer in spec["layer"]:
        if layer["mark"]["type"] == mark and layer["mark"].get("style") == style:
            data = layer["data"]
            return data["values"] if "values" in data else spec["datasets"][data["name"]]
    raise AssertionError(f"no layer {mark} {style}")


def domain_of(chart: Any) -> list[float]:
    return next(layer for layer in chart.to_dict()["layer"] if "x" in layer["encoding"])["encoding"]["x"]["scale"][
        "domain"
    ]


def test_points_are_observed_against_stated_ratios_with_their_intervals(summary: EvaluationSummary) -> None:
    assert summary.calibration is not None
    rows = summary.calibration.reliability
    assert rows is not None
    chart = reliability(summary)
    points = rows_of(chart, "point", "operating_point")
    both = [pair for pair in zip(rows.stated, rows.observed, strict=True) if pair[1] is not None]
    assert [(row["stated"], row["observed"]) for row in points] == both
    assert (points[0]["stated ratio"], points[0]["observed ratio"]) == ("1/31.6", "1/25.1")
    assert (points[-1]["stated ratio"], points[-1]["mated"], points[-1]["non-mated"]) == ("31.6", "80", "3")
    bars = rows_of(chart, "rule", "interval")
    assert [bar["stated"] for bar in bars] == rows.stated
    assert [bar["low"] for bar in bars] == rows.low
    # The last bin has no non-mated comparison: its bar goes up to the edge.
    assert [bar["high"] for bar in bars] == [*rows.high[:-1], 3.0]
    assert domain_of(chart) == [-3.0, 3.0]


def test_the_tippett_plot_has_both_curves_up_to_the_cap(summary: EvaluationSummary) -> None:
    assert summary.calibration is not None
    curve = summary.calibration.tippett
    assert curve is not None
    rows = rows_of(tippett(summary), "line")
    for kind, shares in (("mated: the same person", curve.mated), ("non-mated: different people", curve.non_mated)):
        assert [row["share"] for row in rows if row["kind"] == kind] == pytest.approx(shares, abs=1e-6)
    assert domain_of(tippett(summary)) == [curve.llr[0], curve.llr[-1]]
    (subtitle,) = tippett(summary).to_dict()["title"]["subtitle"]
    assert subtitle.startswith("Misleading: ")
    assert subtitle.count("%") == 2


@pytest.mark.parametrize("figure", [reliability, tippett])
@pytest.mark.parametrize(
    ("calibration", "reason"),
    [
        (None, "the run is of a version that computed no likelihood ratios"),
        ({"line": None, "reliability": None, "tippett": None, "reason": "some people leave none"}, "some people leave"),
    ],
)
def test_without_ratios_the_figure_says_why(
    summary: EvaluationSummary, figure: Callable[..., Any], calibration: dict[str, Any] | None, reason: str
) -> None:

    def change(values: dict[str, Any]) -> None:
        values["calibration"] = calibration and values["calibration"] | calibration

    told = figure(edited(summary, change)).to_dict()["usermeta"]["nothing_to_draw"]
    assert told.startswith(reason)


def test_the_numbers_are_among_the_key_numbers_and_old_runs_have_none(summary: EvaluationSummary) -> None:
    names = ["cllr", "min_cllr", "calibration_loss", "misleading_mated", "misleading_non_mated"]
    found = {one.key: one for one in key_numbers(summary)}
    assert [key for key in found if key in names] == names
    assert found["min_cllr"].value == "0.0200"
    assert found["calibration_loss"].value == "0.0100"
    assert found["misleading_mated"].value.endswith("%")
    old = edited(summary, lambda values: values.pop("calibration"))
    assert not [one for one in key_numbers(old) if one.key in names]
