"""Thresholds in a model's usual score: where they are known, and where they are shown."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from edited import edited
from pages import Node, parsed, words
from rich.console import Console

from faceproof.findings.linked import link
from faceproof.report.console.evaluation import print_summary
from faceproof.report.pages.evaluation import render_report
from faceproof.report.pictures.thumbnails import PhotoStrips
from faceproof.runs.manifest_schema import Manifest
from faceproof.scoring.native_score import USUAL_SCORES, UsualScore
from faceproof.summary.decisions import operating_points
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.summary.native_thresholds import shown_usual_score
from faceproof.systems.weights.zoo import get_card

OTHERS = [name for name in USUAL_SCORES if name != "euclidean"]


def told_in(summary: EvaluationSummary, score: str) -> EvaluationSummary:
    """The summary of a model that has a usual score."""
    usual = USUAL_SCORES[score]

    def change(values: dict[str, Any]) -> None:
        values["run"]["systems"][0]["card"]["templates"] = {"unit_length": False, "score": score}
        for one in (*values["operating_points"], *values["fnmr_at_fmr"]):
            at = one["threshold_distance"]
            one["threshold_usual"] = None if at is None else float(usual.of_distance(at))

    return edited(summary, change)


def page_of(summary: EvaluationSummary) -> Node:
    return parsed(render_report(summary, PhotoStrips()))


def rows_of(page: Node) -> dict[str, list[str]]:
    """The rows of the table of operating points by their head."""
    table = next(one for one in page.all("table") if words(one.one("caption")).startswith("Operating points"))
    rows = [row for row in table.all("tr") if row.all("th", scope="row")]
    return {words(row.all("th")[0]): [words(cell) for cell in row.all("td")] for row in rows}


def printed(summary: EvaluationSummary) -> list[str]:
    out = io.StringIO()
    print_summary(summary, Console(width=80, file=out))
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]


def manifest_of(**system: Any) -> Manifest:
    """A manifest of one system, as it is read from a run folder."""
    return Manifest.model_validate({"systems": [{"name": "some", **system}], "people": {"root": "people"}})


def usual_and_shown(manifest: Manifest) -> tuple[UsualScore | None, UsualScore | None]:
    return manifest.system.usual_score, shown_usual_score(manifest.system)


@pytest.mark.parametrize(
    ("model", "usual", "shown"),
    [
        ("face-transformer-p8s8", "squared_euclidean", "squared_euclidean"),
        ("facenet-vggface2", "euclidean", None),
    ],
)
def test_the_score_of_a_run_is_that_of_its_card(model: str, usual: str, shown: str | None) -> None:
    found = usual_and_shown(manifest_of(card=get_card(model).model_dump(mode="json")))
    assert found == (USUAL_SCORES[usual], shown and USUAL_SCORES[shown])


@pytest.mark.parametrize(
    "system",
    [{}, {"card": None}, {"card": {"title": "old"}}, {"card": {"title": "old", "templates": None}}],
    ids=["none", "made elsewhere", "of before", "null"],
)
def test_where_no_card_says_one_there_is_none(system: dict[str, Any]) -> None:
    assert usual_and_shown(manifest_of(**system)) == (None, None)


def test_a_card_that_names_no_score_means_the_distance() -> None:
    manifest = manifest_of(card={"title": "some", "templates": {}})
    assert usual_and_shown(manifest) == (USUAL_SCORES["euclidean"], None)


def test_a_threshold_that_is_not_there_stays_so() -> None:
    # Five non-mated comparisons resolve no FMR of 10% or less.
    similarity, mated = np.array([0.5, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1]), np.array([True] * 2 + [False] * 5)
    usual = USUAL_SCORES["angle_deg"]
    linked = link(similarity, mated, None)
    points = {one.name: one for one in operating_points(linked, 1.0, usual)}
    assert points["fixed"].threshold_usual == pytest.approx(60.0)
    untold = [one for one in points.values() if one.threshold_distance is None]
    assert {"fmr_0.1", "fmr_0.01", "fmr_0.001"} <= {one.name for one in untold}
    assert {one.threshold_usual for one in untold} == {None}
    assert {one.threshold_usual for one in operating_points(linked, 1.0, None)} == {None}


@pytest.mark.parametrize("name", OTHERS)
def test_the_console_has_a_row_for_it(summary: EvaluationSummary, name: str) -> None:
    score, told = USUAL_SCORES[name], told_in(summary, name)
    value = score.text(told.default_point.threshold_usual)
    assert f"Threshold, {score.label} {value} the model's usual score" in " ".join(printed(told))


@pytest.mark.parametrize("name", OTHERS)
def test_the_page_has_it_beside_distance_and_similarity_once(summary: EvaluationSummary, name: str) -> None:
    score, told = USUAL_SCORES[name], told_in(summary, name)
    page = page_of(told)
    values = [one.threshold_usual for one in told.operating_points if one.threshold_usual is not None]
    rows = [cells for head, cells in rows_of(page).items() if head.startswith("Threshold")]
    assert rows[-1] == [score.text(value) for value in values]
    assert len(rows) == (2 if name == "cosine_similarity" else 3)
    heads = [words(head) for head in page.all("th", scope="col")]
    assert heads.count(score.label) == (0 if name == "cosine_similarity" else 1)
    terms = dict(zip(map(words, page.all("dt")), map(words, page.all("dd")), strict=True))
    assert score.words in terms[score.label]
    assert score.direction in terms[score.label]


@pytest.mark.parametrize("name", OTHERS)
def test_the_slider_knows_it_at_every_step(summary: EvaluationSummary, name: str) -> None:
    score = USUAL_SCORES[name]
    data = json.loads(page_of(told_in(summary, name)).one("script", id="report-data").text())
    assert data["usual"]["label"] == score.label
    expected = [score.text(float(score.of_distance(at))) for at in data["table"]["distance"]]
    assert data["usual"]["steps"] == expected
    assert all(one["usual"] == score.text(float(score.of_distance(one["distance"]))) for one in data["points"])


def test_nothing_is_added_where_it_is_the_distance_or_not_known(summary: EvaluationSummary) -> None:
    told = told_in(summary, "euclidean")
    page = page_of(told)
    assert rows_of(page) == rows_of(page_of(summary))
    assert json.loads(page.one("script", id="report-data").text())["usual"] is None
    assert printed(told) == printed(summary)
