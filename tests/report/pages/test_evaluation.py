"""The page as text: complete in itself, honest about what cannot be estimated, and deaf to hostile names."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from edited import edited, merged
from pages import Node, parsed, words
from PIL import Image

from faceproof.findings.scored import join_scores
from faceproof.report.pages.evaluation import render_report, write_report
from faceproof.report.pictures.thumbnails import PhotoStrips, Thumbnail
from faceproof.report.words.evaluation import in_words
from faceproof.runs.manifest_schema import Manifest
from faceproof.runs.run_folder import RunTables
from faceproof.summary.evaluation import summarize
from faceproof.summary.evaluation_schema import EvaluationSummary

SummaryOf = Callable[..., EvaluationSummary]

HOSTILE = [
    "<script>alert(1)</script>",
    '"></script><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' \" onfocus=\"alert(1)\" autofocus x=",
    "</style></title></textarea><b>",
    "<!-- --> ]]> <![CDATA[",
    "&lt;b&gt; &amp;amp; {{ 7 * 7 }} {% raw %}",
    "two\nlines\tand a tab",
    "😀 Zoë 李小龙 \u202e\u2028\u2029",
]


def page_of(summary: EvaluationSummary, photos: PhotoStrips | None = None) -> Node:
    return parsed(render_report(summary, photos or PhotoStrips()))


def run_of(similarity: list[float], mated: list[bool]) -> RunTables:
    """The tables of a run: person pI in a mated comparison I, pI and qI in a non-mated one; NaN was not made."""
    sides = [f"p{i}" for i in range(len(mated))], [f"{'p' if same else 'q'}{i}" for i, same in enumerate(mated)]
    photos = [f"{person}/{side}.jpg" for side, people in enumerate(sides) for person in people]
    numbers, n = pa.array(range(len(mated)), pa.int64()), len(mated)
    lost = [math.isnan(at) for at in similarity] * 2
    outcome = ["detect" if gone else "template" for gone in lost]
    entries = {"systems": [{"name": "facenet-vggface2"}], "people": {"root": "photos", "synthetic": False}}
    return RunTables(
        condition="clean",
        manifest=Manifest.model_validate(entries),
        comparisons=pa.table(
            {
                "comparison": numbers,
                **{f"photo_{side}": pa.array(photos[i * n : (i + 1) * n], pa.string()) for i, side in enumerate("ab")},
                **{f"person_{side}": pa.array(people, pa.string()) for side, people in zip("ab", sides, strict=True)},
                "mated": pa.array(mated, pa.bool_()),
                "fold": pa.array([None] * n, pa.int16()),
            }
        ),
        photos=pa.table(
            {
                "photo": pa.array(photos, pa.string()),
                "person": pa.array([photo.split("/")[0] for photo in photos], pa.string()),
                "sha256": pa.array(photos, pa.string()),
                "condition": pa.array(["clean"] * 2 * n, pa.string()),
                "outcome": pa.array(outcome, pa.string()),
                "reason": pa.array(["no face was found" if gone else None for gone in lost], pa.string()),
                "faces_found": pa.array([0 if gone else 1 for gone in lost], pa.int32()),
                **{f"{stage}_ms": pa.array([1.0] * 2 * n, pa.float32()) for stage in ("decode", "detect", "embed")},
            }
        ),
        scores=pa.table(
            {
                "comparison": numbers,
                "condition": pa.array(["clean"] * n, pa.string()),
                "similarity": pa.array([None if math.isnan(at) else at for at in similarity], pa.float64()),
            }
        ),
    )


def summary_in_words(run: RunTables, **settings: Any) -> EvaluationSummary:
    scored = join_scores(run)
    return in_words(summarize(run, **settings, scored=scored), scored, run)


@pytest.fixture(scope="module")
def page(summary: EvaluationSummary) -> Node:
    return page_of(summary)


def test_the_page_is_a_pure_function_of_the_summary(summary_of: SummaryOf) -> None:
    summary = summary_of(60, 60)
    before = copy.deepcopy(summary)
    assert render_report(summary, PhotoStrips()) == render_report(before, PhotoStrips())
    assert summary == before


def test_the_page_loads_nothing(page: Node) -> None:
    assert {node.tag for node in page.walk()} & {"link", "iframe", "object", "embed", "base", "form", "video"} == set()
    for node in page.walk():
        for name, value in node.attributes.items():
            assert not name.startswith("on"), name
            if name in {"src", "href", "srcset", "action", "data", "poster"}:
                assert re.match(r"data:image/|#", value or ""), value
    style = page.one("style").text()
    assert "url(" not in style
    assert "@import" not in style
    (leading,) = (href.attributes["href"] for href in page.all("a"))
    assert page.one("h2", id=str(leading).removeprefix("#"))


def test_the_policy_allows_no_network_and_only_the_scripts_of_the_page(page: Node) -> None:
    content = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    policy = dict(directive.strip().split(" ", 1) for directive in str(content).split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == "data:"
    assert "connect-src" not in policy
    scripts = [node for node in page.all("script") if node.attributes.get("type") != "application/json"]
    digests = [base64.b64encode(hashlib.sha256(script.text().encode()).digest()).decode() for script in scripts]
    assert policy["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert all(not script.attributes for script in scripts)


def test_headline_and_warnings_come_first(summary: EvaluationSummary, page: Node) -> None:
    header = page.one("header")
    assert header.one("p", css="headline").text() == summary.headline
    listed = [item.text() for item in header.one("section", css="warnings").all("li")]
    assert listed == summary.warnings
    assert page.one("title").text() == "facenet-vggface2 on lfw: faceproof report"
    assert "warnings" not in {node.attributes.get("class") for node in page_of(merged(summary, warnings=[])).walk()}


def test_the_large_numbers_are_those_of_the_summary(page: Node) -> None:
    cards = {words(card.one("h3")): card for card in page.all("div", css="card")}
    assert list(cards) == [
        *("Accuracy, held-out folds", "FNMR at FMR 0.1%", "Equal error rate (EER)", "Area under the ROC (AUC)"),
        *("Photos with a face", "Photos not usable (FTA)"),
    ]
    assert words(cards["Accuracy, held-out folds"].one("p", css="big")) == "98.90%"
    assert words(cards["Accuracy, held-out folds"].one("p", css="range")) == "95% interval 98.61 – 99.19%"
    marked = [name for name, card in cards.items() if card.all("span", css="tag")]
    assert marked == ["Equal error rate (EER)"]


def test_optimistic_operating_points_are_marked_in_every_table(summary: EvaluationSummary, page: Node) -> None:
    heads = page.one("table", css="wide").one("thead").all("th")
    assert [bool(head.all("span", css="tag")) for head in heads] == [True, True, False, False, False]
    marked = [row for row in page.all("th", scope="row") if row.all("span", css="tag")]
    assert [words(row) for row in marked] == [
        "Accuracy at distance 1.091 optimistic",
        "Equal error rate (EER) optimistic",
        "Lowest possible Cllr (minCllr) optimistic",
        "Calibration loss optimistic",
    ]

    def change(values: dict[str, Any]) -> None:
        least = [values["calibration"][name] for name in ("min_cllr", "loss")]
        points = values["operating_points"]
        for estimate in (values["eer"], *points, points[0]["accuracy"], *least):
            estimate["optimistic"] = False

    # What stays: the line that explains the mark, and the one that the slider shows.
    assert len(page_of(edited(summary, change)).all("span", css="tag")) == 2


def test_the_script_gets_exact_counts_and_no_figure_without_data(summary: EvaluationSummary, page: Node) -> None:
    data = json.loads(page.one("script", id="report-data").text())
    assert data["table"] == summary.threshold_table.as_json()
    assert set(data["specs"]) == {"scatter", "histogram", "roc", "det", "reliability", "tippett", "roc_linear"}
    assert data["start"] == "best_accuracy"
    told = [point for point in summary.operating_points if point.threshold_distance is not None]
    assert [(p["distance"], p["confusion"]) for p in data["points"]] == [
        (p.threshold_distance, {key: getattr(p.confusion, key) for key in ("tp", "fn", "tn", "fp")}) for p in told
    ]
    buttons = [button.attributes["data-point"] for button in page.all("button")]
    assert buttons == [point.name for point in told]
    assert page.one("input", id="threshold").attributes["max"] == str(len(data["table"]["distance"]) - 1)


def test_settings_and_digests_are_there_in_full(summary: EvaluationSummary, page: Node) -> None:
    rows: dict[str, list[str]] = {}
    for table in page.all("table", css="settings"):
        for row in table.all("tr"):
            rows.setdefault(words(row.one("th")), []).append(row.one("td").text())
    assert rows["command"] == ["faceproof evaluate photos/lfw --model facenet-vggface2 --protocol lfw"]
    assert summary.run.detector is not None
    assert rows["weights"] == [summary.run.system.weights, summary.run.detector.weights]
    assert rows["settings.pairs"] == ["lfw-pairs.txt"]
    assert rows["thresholds"] == ["[0.6, 0.7, 0.7]"]


@pytest.mark.parametrize(
    ("root", "title"),
    [("", "arcface on a folder of people"), ("C:\\photos\\staff\\", "arcface on staff")],
    ids=["no name", "a name"],
)
def test_a_manifest_of_few_words_gives_a_page(summary_of: SummaryOf, root: str, title: str) -> None:
    manifest = {"systems": [{"name": "arcface"}], "people": {"root": root}}
    shown = page_of(merged(summary_of(60, 60), run=manifest))
    assert words(shown.one("h1")) == title
    assert "synthetic" not in words(shown.one("header"))


def test_without_photos_names_stand_alone(summary: EvaluationSummary, page: Node) -> None:
    assert page.all("img") == []
    mistakes = page.one("section", **{"aria-labelledby": "mistakes"})
    assert "The photos were not at hand when this page was made, so names only." in words(mistakes)
    names = [who.text() for who in mistakes.all("bdi", css="who")]
    entries = summary.failures.false_matches + summary.failures.false_non_matches
    assert names == [getattr(entry, key) for entry in entries for key in ("person_a", "person_b")] + ["Marilyn_Monroe"]
    assert mistakes.all("div", css="noface") == []


def test_with_photos_each_is_shown_or_says_why_not(summary: EvaluationSummary, tmp_path: Path) -> None:
    worst = summary.failures.false_non_matches[0]
    photo = tmp_path / "people" / worst.photo_a
    photo.parent.mkdir(parents=True)
    Image.new("RGB", (250, 250), "gray").save(photo)
    boxes = {"photo": [worst.photo_a], "condition": ["clean"], "box_xyxy_px": [[70.0, 60.0, 180.0, 200.0]]}
    pq.write_table(pa.table(boxes), tmp_path / "photos.parquet")
    written = write_report(summary, tmp_path, tmp_path / "people")
    shown = parsed(written.read_text("utf-8"))
    (image,) = shown.all("img")
    assert str(image.attributes["src"]).startswith("data:image/jpeg;base64,")
    assert image.attributes["alt"] == f"Photo {worst.photo_a}"
    reasons = [words(node) for node in shown.all("div", css="noface")]
    couples = len(summary.failures.false_matches + summary.failures.false_non_matches)
    assert len(reasons) == 2 * couples - 1 + 1
    assert all("file not found" in reason for reason in reasons)
    assert "names only" not in words(shown)


def test_an_older_page_is_replaced_as_a_whole(summary_of: SummaryOf, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("old")
    written = write_report(summary_of(60, 60), tmp_path, photos_root=None)
    assert list(tmp_path.iterdir()) == [written] == [tmp_path / "report.html"]
    assert written.read_bytes().startswith(b"<!doctype html>")


def test_a_name_that_is_no_unicode_cannot_stop_the_page(summary_of: SummaryOf, tmp_path: Path) -> None:
    summary = summary_of(60, 60, person="caf\udce9")
    assert "caf?" in write_report(summary, tmp_path, None).read_text("utf-8")


@pytest.mark.parametrize("kind", [True, False], ids=["mated only", "non-mated only"])
def test_with_one_kind_of_comparison_the_page_says_why(kind: bool) -> None:
    summary = summary_in_words(run_of([at / 60 for at in range(60)], [kind] * 60))
    shown = page_of(summary)
    missing = "no non-mated comparison was made" if kind else "no mated comparison was made"
    nothing = [words(place) for place in shown.all("p", css="nothing") if "Nothing to draw" in words(place)]
    assert nothing == ["Nothing to draw: no threshold could be set.", *[f"Nothing to draw: {missing}."] * 4]
    cards = {words(card.one("h3")): words(card) for card in shown.all("div", css="card")}
    for name in ("Accuracy", "Equal error rate (EER)", "Area under the ROC (AUC)"):
        assert "cannot be estimated" in cards[name]
        assert "100.00%" not in cards[name]
    # A target FMR needs non-mated comparisons only, and gives the slider a point to start from.
    assert len(shown.all("input", id="threshold")) == (0 if kind else 1)
    assert set(json.loads(shown.one("script", id="report-data").text())["specs"]) == {"histogram"}


@pytest.mark.parametrize(
    "run", [run_of([], []), run_of([math.nan] * 40, [True, False] * 20)], ids=["empty", "all lost"]
)
@pytest.mark.parametrize("threshold", [None, 1.0])
def test_without_a_comparison_the_page_says_so_and_no_rate_is_zero(run: RunTables, threshold: float | None) -> None:
    summary = summary_in_words(run, threshold_distance=threshold)
    shown = page_of(summary)
    told = shown.one("p", css="headline").text()
    assert "Nothing was compared" in told or "Nothing could be compared" in told
    assert len([place for place in shown.all("p", css="nothing") if "Nothing to draw" in words(place)]) == 6
    cards = {words(card.one("h3")): words(card) for card in shown.all("div", css="card")}
    for name in ("Equal error rate (EER)", "Area under the ROC (AUC)"):
        assert "cannot be estimated" in cards[name]
    for table in shown.all("table"):
        for row in table.all("tr"):
            if row.all("th") and words(row.all("th")[0]).startswith(("Accuracy", "Precision", "Recall", "FMR", "FNMR")):
                told = " ".join(words(cell) for cell in row.all("td"))
                assert "%" not in re.sub(r"An FMR of [\d.]+% needs", "", told)


def poisoned(summary: EvaluationSummary, text: str) -> tuple[EvaluationSummary, PhotoStrips]:
    """A summary with a text wherever there is free text, and reasons of that text in place of all photos."""

    def change(values: dict[str, Any]) -> None:
        values |= {"headline": text, "warnings": [text]}
        for point in values["operating_points"]:
            point |= {"label": text, "how": text}
        for estimate in (*values["rates"].values(), *(values[key] for key in ("eer", "auc", "d_prime"))):
            estimate["how"] = text
        for row in values["fnmr_at_fmr"]:
            row["fnmr"] |= {"how": text} | ({"reason": text} if row["fnmr"]["value"] is None else {})
        values["folds"]["how"] = text
        for entries in values["failures"].values():
            for entry in entries:
                entry |= {key: text for key, value in entry.items() if isinstance(value, str)}
        values["scatter"] |= {side: [text] * values["scatter"]["shown"] for side in ("photo_a", "photo_b")}
        notice = {"kind": text, "message": text, "examples": [text]}
        values["run"] = {
            **{"finished": text, "faceproof_version": text, "command": text, text: text},
            "systems": [{"name": text, "reference": text, "weights": text, text: text}],
            "people": {"root": text, "synthetic": False, "notices": [notice], text: {text: text}},
            "protocol": {"name": text, "settings": {text: text}, "notes": [text, text]},
        }

    return edited(summary, change), PhotoStrips({text: Thumbnail(None, text)}, at_hand=True)


def skeleton(page: Node) -> list[tuple[str, dict[str, str | None]]]:
    """Tags and attributes without the places where a name may break and without the attributes that hold a name."""
    named = {"datetime", "aria-label", "content"}
    return [
        (node.tag, {name: "" if name in named else value for name, value in node.attributes.items()})
        for node in page.walk()
        if node.tag != "wbr"
    ]


@pytest.fixture(scope="module")
def harmless(summary_of: SummaryOf) -> Node:
    return page_of(*poisoned(summary_of(120, 120), "Ann"))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_shown_as_it_is_and_changes_no_tag(summary_of: SummaryOf, harmless: Node, text: str) -> None:
    hostile = page_of(*poisoned(summary_of(120, 120), text))
    assert skeleton(hostile) == skeleton(harmless)
    assert hostile.one("p", css="headline").text() == text
    assert hostile.one("section", css="warnings").one("li").text() == text
    assert {who.text() for who in hostile.all("bdi", css="who")} == {text}
    assert {reason.text() for reason in hostile.all("div", css="noface")} == {text}
    assert hostile.one("h1").text().startswith(f"{text} on ")
    assert text in {button.text() for button in hostile.all("button")}
    data = json.loads(hostile.one("script", id="report-data").text())
    assert {point["label"] for point in data["points"]} == {text}
    rows = [row for rows in data["specs"]["scatter"]["datasets"].values() for row in rows]
    assert {row["a"] for row in rows if "a" in row} == {text}


def test_a_hostile_name_stays_inside_its_attribute(summary_of: SummaryOf) -> None:
    text = "\"><script>alert(1)</script> ' & _"
    summary, _ = poisoned(summary_of(120, 120), text)
    page = page_of(summary, PhotoStrips({text: Thumbnail("data:image/jpeg;base64,", None)}, at_hand=True))
    assert {image.attributes["alt"] for image in page.all("img")} == {f"Photo {text}"}
    assert page.one("time").attributes["datetime"] == text
    assert len(page.all("script")) == 3
