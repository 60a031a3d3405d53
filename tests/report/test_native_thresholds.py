"""Thresholds in a model's usual score: where they are known, and where they are shown."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import pytest
from pages import Node, parsed, words
from rich.console import Console

from faceproof.report.console.evaluation import print_summary
from faceproof.report.pages.evaluation import render_report
from faceproof.report.pictures.thumbnails import PhotoStrips
from faceproof.scoring.native_score import USUAL_SCORES
from faceproof.summary.native_thresholds import add_usual_thresholds, shown_usual_score, usual_score_in
from faceproof.systems.weights.zoo import get_card

Summary = dict[str, Any]

OTHERS = [name for name in USUAL_SCORES if name != "euclidean"]


def told_in(summary: Summary, score: str) -> Summary:
    """The summary of a model that has a usual score."""
    summary = copy.deepcopy(summary)
    summary["run"] = summary["run"] | {"card": {"templates": {"unit_length": False, "score": score}}}
    add_usual_thresholds([*summary["operating_points"], *summary["fnmr_at_fmr"]], USUAL_SCORES[score])
    return summary


def page_of(summary: Summary) -> Node:
    return parsed(render_report(summary, PhotoStrips()))


def rows_of(page: Node) -> dict[str, list[str]]:
    """The rows of the table of operating points by their head."""
    table = next(one for one in page.all("table") if words(one.one("caption")).startswith("Operating points"))
    rows = [row for row in table.all("tr") if row.all("th", scope="row")]
    return {words(row.all("th")[0]): [words(cell) for cell in row.all("td")] for row in rows}


def printed(summary: Summary) -> list[str]:
    out = io.StringIO()
    print_summary(summary, Console(width=80, file=out))
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]


def default_of(summary: Summary) -> Any:
    return next(one for one in summary["operating_points"] if one["name"] == summary["default_operating_point"])


def test_the_score_of_a_run_is_that_of_its_card() -> None:
    card = get_card("face-transformer-p8s8").model_dump(mode="json")
    assert usual_score_in({"card": card}) is USUAL_SCORES["squared_euclidean"]
    facenet = {"card": get_card("facenet-vggface2").model_dump(mode="json")}
    assert usual_score_in(facenet) is USUAL_SCORES["euclidean"]
    assert shown_usual_score(facenet) is None


@pytest.mark.parametrize(
    "manifest",
    [{}, {"card": None}, {"card": {"name": "old"}}, {"card": {"templates": None}}, {"card": {"templates": {}}}],
    ids=["none", "made elsewhere", "of before", "null", "empty"],
)
def test_where_no_card_says_one_there_is_none(manifest: dict[str, Any]) -> None:
    assert usual_score_in(manifest) is shown_usual_score(manifest) is None


def test_a_threshold_that_is_not_there_stays_so() -> None:
    entries: list[dict[str, Any]] = [{"threshold_distance": 1.0}, {"threshold_distance": None}]
    add_usual_thresholds(entries, USUAL_SCORES["angle_deg"])
    assert [one["threshold_usual"] for one in entries] == [pytest.approx(60.0), None]
    add_usual_thresholds(entries, None)
    assert [one["threshold_usual"] for one in entries] == [None, None]


@pytest.mark.parametrize("name", OTHERS)
def test_the_console_has_a_row_for_it(summary: Summary, name: str) -> None:
    score, told = USUAL_SCORES[name], told_in(summary, name)
    value = score.text(default_of(told)["threshold_usual"])
    assert f"Threshold, {score.label} {value} the model's usual score" in " ".join(printed(told))


@pytest.mark.parametrize("name", OTHERS)
def test_the_page_has_it_beside_distance_and_similarity_once(summary: Summary, name: str) -> None:
    score, told = USUAL_SCORES[name], told_in(summary, name)
    page = page_of(told)
    values = [one["threshold_usual"] for one in told["operating_points"] if one["threshold_usual"] is not None]
    rows = [cells for head, cells in rows_of(page).items() if head.startswith("Threshold")]
    assert rows[-1] == [score.text(value) for value in values]
    assert len(rows) == (2 if name == "cosine_similarity" else 3)
    heads = [words(head) for head in page.all("th", scope="col")]
    assert heads.count(score.label) == (0 if name == "cosine_similarity" else 1)
    terms = dict(zip(map(words, page.all("dt")), map(words, page.all("dd")), strict=True))
    assert score.words in terms[score.label]
    assert score.direction in terms[score.label]


@pytest.mark.parametrize("name", OTHERS)
def test_the_slider_knows_it_at_every_step(summary: Summary, name: str) -> None:
    score = USUAL_SCORES[name]
    data = json.loads(page_of(told_in(summary, name)).one("script", id="report-data").text())
    assert data["usual"]["label"] == score.label
    expected = [score.text(float(score.of_distance(at))) for at in data["table"]["distance"]]
    assert data["usual"]["steps"] == expected
    assert all(one["usual"] == score.text(float(score.of_distance(one["distance"]))) for one in data["points"])


def test_nothing_is_added_where_it_is_the_distance_or_not_known(summary: Summary) -> None:
    told = told_in(summary, "euclidean")
    page = page_of(told)
    assert rows_of(page) == rows_of(page_of(summary))
    assert json.loads(page.one("script", id="report-data").text())["usual"] is None
    assert printed(told) == printed(summary)
