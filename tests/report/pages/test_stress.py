"""The page of a stress run: complete in itself, with every condition on it, and deaf to hostile names."""

from __future__ import annotations

import copy
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from edited import edited, merged
from pages import Node, parsed, words

from faceproof.report.charts.drawing import Drawn
from faceproof.report.charts.stress import write_stress_figures
from faceproof.report.charts.theme import DARK, LIGHT
from faceproof.report.pages.stress import render_stress_report, write_stress_report
from faceproof.report.words.formatting import percent
from faceproof.report.words.stress import label
from faceproof.runs.run_folder import open_run
from faceproof.summary.stress_schema import StressSummary

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EVIL, FORMULA, MARKUP = "<script>alert(1)</script>", "=1+1", "<img src=x onerror=alert(1)>"
HOSTILE = [
    "<script>alert(1)</script>",
    '"></script><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' \" onfocus=\"alert(1)\" autofocus x=",
    "</style></title></textarea></svg><b>",
    "<!-- --> ]]> <![CDATA[",
    "&lt;b&gt; &amp;amp; {{ 7 * 7 }} {% raw %} {0}",
    "two\nlines\tand a tab",
    "😀 Zoë 李小龙 \u202e\u2028\u2029",
]


@pytest.fixture(scope="module")
def page(stress_run: Any) -> Node:
    return parsed((stress_run.folder / "report.html").read_text("utf-8"))


def test_the_page_is_a_pure_function_of_the_summary(stress_run: Any) -> None:
    before = copy.deepcopy(stress_run.summary)
    assert render_stress_report(stress_run.summary, {}) == render_stress_report(before, {})
    assert stress_run.summary == before


def test_the_page_loads_and_runs_nothing(page: Node) -> None:
    forbidden = {
        "script",
        "link",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "video",
        "foreignobject",
        "use",
        "image",
    }
    assert not {node.tag for node in page.walk()} & forbidden
    for node in page.walk():
        for name, value in node.attributes.items():
            assert not name.startswith("on"), name
            if name in {"src", "href", "srcset", "action", "data", "poster", "xlink:href"}:
                assert re.match(r"data:image/|#", value or ""), value
            assert "url(" not in (value or "").replace("url(#", "")
    for style in page.all("style"):
        assert "url(" not in style.text()
        assert "@import" not in style.text()


def test_the_policy_allows_no_network_and_no_script(page: Node) -> None:
    content = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    policy = dict(directive.strip().split(" ", 1) for directive in str(content).split(";"))
    assert policy["default-src"] == policy["script-src"] == "'none'"
    assert policy["img-src"] == "data:"
    assert not {"connect-src", "font-src", "frame-src"} & set(policy)
    assert policy["base-uri"] == policy["form-action"] == "'none'"


def test_headline_facts_and_warnings_come_first(stress_run: Any, page: Node) -> None:
    header = page.one("header")
    assert header.one("p", css="headline").text() == stress_run.summary.headline
    assert [item.text() for item in header.one("section", css="warnings").all("li")] == stress_run.summary.warnings
    facts = words(header.one("p", css="facts"))
    assert "8 people, 120 comparisons (8 mated, 112 non-mated), 8 conditions of suite" in facts
    assert "both photos of a comparison degraded, before any face is sought" in facts
    assert page.one("title").text() == "Stress: dlib-resnet"


def test_without_warnings_there_is_no_box(stressed: StressSummary) -> None:
    assert parsed(render_stress_report(merged(stressed, warnings=[]), {})).all("section", css="warnings") == []


def test_every_condition_is_a_row_with_its_rates(stress_run: Any, page: Node) -> None:
    rows = {words(row.all("th")[0]): row for row in page.one("table", css="conditions").one("tbody").all("tr")}
    for found in stress_run.summary.models[0].conditions:
        entry = stress_run.summary.entry(found.condition)
        cells = [words(cell) for cell in rows.pop(label(entry)).all("td")]
        held = found.held
        for cell, estimate in zip(cells, (found.rates.detection_rate, held.frr, held.fnmr, held.fmr), strict=False):
            expected = "cannot be estimated" if estimate.value is None else percent(estimate.value, estimate.n)
            assert cell.startswith(expected)
    assert [name.split("counts")[0] for name in rows] == ["No template as they are"]


def test_a_condition_that_failed_is_named_with_the_reason(stress_run: Any, page: Node) -> None:
    (entry,) = (entry for entry in stress_run.summary.conditions if entry.failed)
    said = [words(p) for p in page.all("p", css="small")]
    assert f"{label(entry)} failed: picky-1: the function raised ValueError: {EVIL}." in said


def test_each_model_and_family_has_its_index(stress_run: Any, page: Node) -> None:
    (model,) = stress_run.summary.models
    index = words(page.one("table", css="wide").one("tbody").all("td")[-1])
    assert index.startswith(f"{model.index.value:.3f}")
    (families,) = (t for t in page.all("table") if "What is left" in t.one("caption").text())
    shown = {words(row.one("th")): words(row.one("td")) for row in families.one("tbody").all("tr")}
    assert list(shown) == [family.title for family in model.families]
    for family in model.families:
        assert shown[family.title].startswith(f"{family.left.value:.3f}")


def test_every_figure_is_on_the_page_in_the_pages_own_colours(page: Node) -> None:
    drawings = [figure.one("svg") for figure in page.all("figure", css="drawn")]
    assert len(drawings) == 8
    for svg in drawings:
        assert "max-width" in str(svg.attributes["style"])
        colours = {str(value) for node in svg.walk() for value in node.attributes.values()}
        assert any(value.startswith("var(--chart-") for value in colours)
        assert not {LIGHT["ink"], LIGHT["muted"]} & colours


def test_the_photos_are_within_the_page(stress_run: Any, page: Node) -> None:
    images = page.all("img")
    assert all(str(image.attributes["src"]).startswith("data:image/jpeg;base64,") for image in images)
    assert all(image.attributes.get("alt") for image in images)
    assert len(page.all("img", css="sheet")) == 1
    flips = stress_run.summary.models[0].flips
    assert len(page.all("figure", css="couple")) == len(flips) > 0
    shown = len(images) - 1 + len(page.all("div", css="noface"))
    assert shown == 4 * len(flips)


def test_settings_and_digests_are_there(stress_run: Any, page: Node) -> None:
    rows = {
        words(row.one("th")): row.one("td").text()
        for table in page.all("table", css="settings")
        for row in table.all("tr")
    }
    run = stress_run.summary.run
    assert rows["command"] == EVIL
    assert rows["weights"] in {run.system.weights, run.detector.weights}
    assert rows["sha256"] == run.protocol.sha256
    assert rows["photo_list_sha256"] == run.people.photo_list_sha256
    assert (rows["stage"], rows["side"], rows["seed"]) == ("capture", "both", "0")


def test_awkward_names_of_people_and_titles_appear_as_they_are(stress_run: Any, page: Node) -> None:
    people = {who.text() for who in page.all("bdi", css="who")}
    named = {getattr(flip, side) for flip in stress_run.summary.models[0].flips for side in ("person_a", "person_b")}
    assert all(any(name in who for who in people) for name in named)
    assert named & {MARKUP, FORMULA, "caf\ufffd"}
    heads = {words(node) for node in page.all("th", scope="row")}
    assert {f"{EVIL}, radius 1 px", f"{FORMULA}, x 0.5"} <= heads
    assert f"conditions of suite {EVIL};" in words(page.one("header"))
    assert not [image for image in page.all("img") if image.attributes.get("src") == "x"]


def test_without_photos_names_stand_alone(stress_run: Any, tmp_path: Path) -> None:
    copied = tmp_path / "run"
    shutil.copytree(stress_run.folder, copied)
    written = write_stress_report(stress_run.summary, open_run(copied), None, {})
    shown = parsed(written.read_text("utf-8"))
    assert written == copied / "report.html"
    assert shown.all("img") == []
    assert shown.all("div", css="noface") == []
    assert len(shown.all("bdi", css="who")) == len(stress_run.summary.models[0].flips)


def test_photos_that_are_gone_are_said_to_be_missing(stress_run: Any, tmp_path: Path) -> None:
    copied = tmp_path / "run"
    shutil.copytree(stress_run.folder, copied)
    (tmp_path / "nobody").mkdir()
    written = write_stress_report(stress_run.summary, open_run(copied), tmp_path / "nobody", {})
    shown = parsed(written.read_text("utf-8"))
    assert shown.all("img") == []
    assert {words(node) for node in shown.all("div", css="noface")} == {"cannot be shown"}


def poisoned(summary: StressSummary, text: str) -> StressSummary:
    """A summary with a text wherever there is free text."""

    def change(values: dict[str, Any]) -> None:
        values |= {"headline": text, "warnings": [text]}
        for entry in values["conditions"]:
            entry |= {"title": text, "told": text if entry["severity"] else "as it is"}
            if entry.get("failed"):
                entry["failed"] = text
        for model in values["models"]:
            model |= {"name": text, "title": text}
            model["held"] |= {"label": text, "how": text}
            for family in model["families"]:
                family["title"] = text
            for row in model["conditions"]:
                for estimate in (row["eer"], *row["held"].values(), *row["loss"].values()):
                    if isinstance(estimate, dict) and "reason" in estimate and estimate["value"] is None:
                        estimate["reason"] = text
            for flip in model["flips"]:
                flip.update(dict.fromkeys(("person_a", "person_b", "photo_a", "photo_b"), text))
                for one in flip["flips"]:
                    one |= {"title": text, "told": text}
        values["run"]["suite"]["name"] = text
        for system in values["run"]["systems"]:
            system |= {"name": text, "reference": text}
            system["card"] |= {"name": text, "title": text}
        values["run"] |= {"command": text, "finished": text, "faceproof_version": text}
        values["run"]["people"] |= {"root": text, text: {text: text}}

    return edited(summary, change)


def page_of(summary: StressSummary) -> Node:
    (model,) = summary.models
    pictures = {"a": ("data:image/jpeg;base64,", None), "b": (None, "data:image/jpeg;base64,")}
    strips = {(model.name, flip.comparison): {"sides": pictures, "text": model.name} for flip in model.flips}
    return parsed(render_stress_report(summary, {}, sheet="data:image/jpeg;base64,", strips=strips))


def skeleton(page: Node) -> list[tuple[str, dict[str, str | None]]]:
    """Tags and attributes without the places where a name may break and without the attributes that hold a name."""
    named = {"datetime", "aria-label", "alt"}
    return [
        (node.tag, {name: "" if name in named else value for name, value in node.attributes.items()})
        for node in page.walk()
        if node.tag != "wbr"
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_as_it_is_and_changes_no_tag(stress_run: Any, text: str) -> None:
    hostile = page_of(poisoned(stress_run.summary, text))
    assert skeleton(hostile) == skeleton(page_of(poisoned(stress_run.summary, "Ann")))
    assert hostile.one("p", css="headline").text() == text
    assert hostile.one("section", css="warnings").one("li").text() == text
    assert {who.text() for who in hostile.all("bdi", css="who")} == {text}
    assert hostile.one("title").text() == f"Stress: {text}"
    assert {image.attributes["alt"] for image in hostile.all("img")} >= {
        f"Photo {text}, clean",
        f"Photo {text}, {text}",
    }


def test_hostile_titles_stay_text_in_the_drawings_too(stressed: StressSummary, tmp_path: Path) -> None:
    families = dict.fromkeys(entry.family for entry in stressed.conditions[1:])
    texts = dict.fromkeys([EVIL, "&lt;b&gt; &amp;amp; {{ 7 * 7 }} {% raw %} {0}", *HOSTILE])
    titles = dict(zip(families, texts, strict=False))

    def change(values: dict[str, Any]) -> None:
        for entry in values["conditions"][1:]:
            entry["title"] = titles[entry["family"]]

    stressed = edited(stressed, change)
    write_stress_figures(stressed, tmp_path)
    drawing = (tmp_path / "heat-map.svg").read_text("utf-8")
    harmless = parsed(render_stress_report(stressed, {}))
    shown = parsed(render_stress_report(stressed, {"heat-map": drawing}))
    added = {node.tag for node in shown.one("figure", css="drawn").walk()}
    assert added <= {"figure", "svg", "g", "rect", "path", "line", "text", "tspan", "defs", "clippath"}
    for tag in ("script", "img", "b", "style", "input"):
        assert len(shown.all(tag)) == len(harmless.all(tag))
    said = {words(node) for node in shown.one("figure", css="drawn").all("text")}
    assert {EVIL, "&lt;b&gt; &amp;amp; {{ 7 * 7 }} {% raw %} {0}"} <= said


def test_a_name_that_is_no_unicode_cannot_stop_the_page(
    stressed: StressSummary, stress_run: Any, tmp_path: Path
) -> None:
    copied = tmp_path / "run"
    shutil.copytree(stress_run.folder, copied)
    stressed = merged(stressed, "models", 0, "flips", 0, person_a=os.fsdecode(b"caf\xe9"))
    written = write_stress_report(stressed, open_run(copied), None, {})
    assert "caf?" in written.read_text("utf-8")


def test_two_models_have_a_table_each(stressed: StressSummary) -> None:
    other = merged(stressed.models[0], name="another-model")
    both = stressed.model_copy(update={"models": [*stressed.models, other]})
    shown = parsed(render_stress_report(both, {}))
    assert len(shown.all("table", css="conditions")) == 2
    assert words(shown.one("h1")) == "How dlib-resnet and another-model break as photos get worse"


@pytest.mark.browser
class TestInABrowser:
    @pytest.fixture(params=[390, 1200], ids=["narrow", "wide"])
    def shown(self, request: pytest.FixtureRequest, browser: Browser, stress_run: Any) -> Iterator[Page]:
        """The page from disk, without a network; nothing may be logged, thrown or loaded but the page itself."""
        context = browser.new_context(viewport={"width": request.param, "height": 900}, offline=True)
        page, seen = context.new_page(), []
        page.on("console", lambda message: seen.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: None if request.url.startswith("data:") else seen.append(request.url))
        page.goto((stress_run.folder / "report.html").as_uri())
        yield page
        context.close()
        assert seen == [(stress_run.folder / "report.html").as_uri()]

    def test_nothing_is_wider_than_the_window(self, shown: Page) -> None:
        shown.locator("details").evaluate_all("all => all.forEach(details => { details.open = true; })")
        scroll, client = shown.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert scroll <= client
        edges = shown.locator("figure.drawn svg").evaluate_all(
            "all => all.map(node => node.getBoundingClientRect()).map(box => [box.left, box.right, box.width])"
        )
        assert len(edges) == 8
        for left, right, width in edges:
            assert left >= 0
            assert right <= client
            assert width > 100

    def test_a_dark_setting_gives_a_dark_page_and_dark_figures(self, shown: Page) -> None:
        paper = "getComputedStyle(document.body).backgroundColor"
        ink = "[...new Set([...document.querySelectorAll('.drawn text')].map(t => getComputedStyle(t).fill))]"
        for scheme, colours, other in (("light", LIGHT, DARK), ("dark", DARK, LIGHT)):
            shown.emulate_media(color_scheme=scheme)
            assert shown.evaluate(paper) == rgb(colours["paper"])
            found = shown.evaluate(ink)
            assert rgb(colours["ink"]) in found
            assert rgb(other["ink"]) not in found

    def test_hostile_names_are_shown_and_never_run(self, shown: Page) -> None:
        assert EVIL in (shown.locator("p.facts").text_content() or "")
        assert any(f"{EVIL}, radius 1 px" in text for text in shown.locator("th").all_text_contents())
        assert shown.locator("script").count() == 0
        assert shown.locator("img[src=x]").count() == 0


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def test_a_missing_figure_leaves_its_reason_in_its_place(stressed: StressSummary) -> None:
    whole = parsed(render_stress_report(stressed, {"loss": "<svg></svg>", "frr": "<svg></svg>"}))
    drawn = Drawn(missing={"heat-map": "it was <killed>", "frr": "it was <killed>"})
    page = parsed(render_stress_report(stressed, {"loss": "<svg></svg>"}, drawn=drawn))
    assert len(page.all("figure", css="drawn")) == 1
    said = [words(node) for node in page.all("p", css="nothing")]
    assert said == [f"The figure {name} is missing: it was <killed>." for name in ("heat-map", "frr")]
    assert len(whole.all("figure", css="drawn")) == 2
    assert whole.all("p", css="nothing") == []


def test_figures_that_were_left_out_are_told(stressed: StressSummary) -> None:
    page = parsed(render_stress_report(stressed, {}, drawn=Drawn(wanted=False)))
    said = [words(node) for node in page.all("p", css="nothing")]
    assert said == ["The figures were left out (--no-figures). faceproof report with this folder draws them."]
