"""The page in a real Chromium, opened from disk and without a network."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from edited import edited

from faceproof.metrics.dependence import Influence
from faceproof.metrics.intervals import Interval, Rate, combined_interval
from faceproof.report.charts.drawing import Drawn
from faceproof.report.charts.evaluation import write_figures
from faceproof.report.charts.theme import DARK, LIGHT
from faceproof.report.pages.evaluation import write_report
from faceproof.report.words.formatting import percent, percent_range
from faceproof.scoring.native_score import USUAL_SCORES
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import EvaluationSummary, OperatingPoint

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SummaryOf = Callable[..., EvaluationSummary]
Show = Callable[..., "Page"]

FIGURES = ("scatter", "histogram", "roc", "det", "reliability", "tippett")
HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>\"' {{ 7*7 }} 😀 \u2028 </style>"


@dataclass
class Seen:
    """What pages did besides being shown."""

    opened: int = 0
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Nothing was logged, thrown or alerted, and nothing was loaded but the pages and their data."""
        assert (self.console, self.errors, self.dialogs) == ([], [], [])
        assert {url.split(":", 1)[0] for url in self.requests} <= {"file", "data"}
        assert len([url for url in self.requests if url.startswith("file:")]) == self.opened


@pytest.fixture(scope="module")
def seen() -> Seen:
    return Seen()


@pytest.fixture(autouse=True)
def _quiet(seen: Seen) -> Iterator[None]:
    """After every test: see ``Seen.check``."""
    yield
    try:
        seen.check()
    finally:
        seen.console, seen.errors, seen.dialogs = [], [], []


@pytest.fixture(scope="module")
def show(browser: Browser, seen: Seen) -> Iterator[Show]:
    """Open a file in a new window and wait until its figures are drawn."""
    contexts = []

    def show(file: Path, *, width: int = 1280, scripts: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, offline=True, java_script_enabled=scripts
        )
        contexts.append(context)
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.on("console", lambda message: seen.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("request", lambda request: seen.requests.append(request.url))
        page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
        seen.opened += 1
        page.goto(file.as_uri())
        if scripts:
            page.wait_for_function("document.documentElement.dataset.drawn === 'true'")
        return page

    yield show
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def report(summary: EvaluationSummary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(summary, tmp_path_factory.mktemp("run"), photos_root=None)


@pytest.fixture(scope="module")
def hostile_report(summary_of: SummaryOf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def change(values: dict[str, Any]) -> None:
        for entries in values["failures"].values():
            for entry in entries:
                entry |= {key: HOSTILE for key, value in entry.items() if isinstance(value, str)}
        values |= {"headline": HOSTILE, "warnings": [HOSTILE]}
        for point in values["operating_points"]:
            point["label"] = HOSTILE
        values["run"]["systems"][0]["name"] = values["run"]["command"] = HOSTILE

    summary = edited(summary_of(120, 120, person=HOSTILE), change)
    return write_report(summary, tmp_path_factory.mktemp("hostile"), photos_root=None)


@pytest.fixture(scope="module")
def wide(show: Show, report: Path) -> Page:
    """The page in a window of 1280 px; the tests that share it leave it as it was or say where they start from."""
    return show(report)


@pytest.fixture(scope="module")
def narrow(show: Show, report: Path) -> Page:
    """The page in a window of 390 px, as on a telephone."""
    return show(report, width=390)


@pytest.fixture(params=[1280, 390], ids=["wide", "narrow"])
def either(request: pytest.FixtureRequest) -> Page:
    page: Page = request.getfixturevalue("wide" if request.param == 1280 else "narrow")
    return page


def counts(page: Page) -> dict[str, int]:
    cells = page.locator("[data-count]").evaluate_all("cells => cells.map(c => [c.dataset.count, c.textContent])")
    return {name: int(text.replace(",", "")) for name, text in cells}


def cells_of(point: OperatingPoint) -> dict[str, int]:
    return {name: getattr(point.confusion, name) for name in ("tp", "fn", "tn", "fp")}


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def edges(page: Page, selector: str) -> dict[str, float]:
    found: dict[str, float] = page.locator(selector).first.evaluate("node => node.getBoundingClientRect().toJSON()")
    return found


def test_every_figure_is_drawn(summary: EvaluationSummary, wide: Page) -> None:
    for name in FIGURES:
        assert wide.locator(f"#chart-{name} svg.marks").count() == 1
        box = edges(wide, f"#chart-{name} svg.marks")
        assert box["width"] > 400
        assert box["height"] > 200
    points = wide.locator("#chart-scatter .mark-symbol.role-mark path")
    assert points.count() == summary.scatter.shown
    assert wide.locator("figure.chart .nothing").count() == 0


def test_the_page_starts_at_the_default_operating_point(summary: EvaluationSummary, show: Show, report: Path) -> None:
    page, point = show(report), summary.operating_points[0]
    assert counts(page) == cells_of(point)
    assert page.locator("#at").text_content() == f"{point.threshold_distance:.4f}"
    assert page.locator("button[aria-pressed=true]").get_attribute("data-point") == summary.default_operating_point


def test_the_slider_shows_the_counts_and_rates_of_every_step(summary: EvaluationSummary, wide: Page) -> None:
    """The page works rates and their intervals out by itself; NumPy and ``percent`` have to agree."""
    table = summary.threshold_table.as_json()
    found = wide.evaluate(
        """() => {
          const slider = document.getElementById("threshold");
          const read = (kind) => Object.fromEntries([...document.querySelectorAll(`[data-${kind}]`)].map(
            (place) => [place.dataset[kind], place.textContent]));
          return [...Array(Number(slider.max) + 1).keys()].map((step) => {
            slider.value = String(step);
            slider.dispatchEvent(new Event("input"));
            return [read("count"), read("rate"), read("range"), document.getElementById("at").textContent];
          });
        }"""
    )
    assert len(found) == len(table["distance"])
    for step, (cells, rates, ranges, at) in enumerate(found):
        tp, fn, tn, fp = (table[key][step] for key in ("tp", "fn", "tn", "fp"))
        assert at == f"{table['distance'][step]:.3f}"
        assert cells == {"tp": f"{tp:,}", "fn": f"{fn:,}", "tn": f"{tn:,}", "fp": f"{fp:,}"}
        ends = {name: (table[f"{name}_low"][step], table[f"{name}_high"][step]) for name in ("fmr", "fnmr")}
        expected = expected_rates(tp, fn, tn, fp, ends)
        for name, (value, n, interval) in expected.items():
            if n == 0:
                assert (rates[name], ranges[name]) == ("cannot be estimated", "nothing is accepted")
                continue
            assert rates[name] == percent(value, n)
            assert ranges[name] == percent_range(Estimate(value=value, low=interval[0], high=interval[1], n=n))


def expected_rates(
    tp: int, fn: int, tn: int, fp: int, ends: dict[str, tuple[float, float]]
) -> dict[str, tuple[float, int, tuple[float, float]]]:
    """Value, n and interval of each rate, by NumPy's side of the page."""
    m, n = tp + fn, fp + tn
    fmr, fnmr = (
        Rate(k / of, of, k, Interval(*ends[name], "score interval"), Influence(np.zeros(1), 0.0, 0.0))
        for name, k, of in (("fmr", fp, n), ("fnmr", fn, m))
    )
    combined = {
        "accuracy": (lambda a, b: 1 - (m * b + n * a) / (m + n), m + n),
        "precision": (lambda a, b: m * (1 - b) / (m * (1 - b) + n * a) if m * (1 - b) + n * a else math.nan, tp + fp),
        "f1": (lambda a, b: 2 * m * (1 - b) / (m * (2 - b) + n * a), tp + fp + fn),
    }
    found = {"fmr": (fp / n, n, ends["fmr"]), "fnmr": (fn / m, m, ends["fnmr"])}
    found["recall"] = (tp / m, m, (1 - ends["fnmr"][1], 1 - ends["fnmr"][0]))
    for name, (value, trials) in combined.items():
        interval = combined_interval(value, fmr, fnmr)
        assert trials == 0 or (interval.low is not None and interval.high is not None)
        found[name] = (value(fmr.value, fnmr.value), trials, (interval.low or 0.0, interval.high or 0.0))
    return found


def test_the_slider_moves_by_hand_and_by_key(summary: EvaluationSummary, wide: Page) -> None:
    table, slider = summary.threshold_table.as_json(), wide.locator("#threshold")
    for act, step in ((lambda: slider.fill("217"), 217), (lambda: slider.press("ArrowRight"), 218)):
        act()
        assert slider.input_value() == str(step)
        assert counts(wide) == {key: table[key][step] for key in ("tp", "fn", "tn", "fp")}
        assert slider.get_attribute("aria-valuetext") == f"distance {table['distance'][step]:.3f}"
        assert wide.locator("button[aria-pressed=true]").count() == 0
        # A threshold that is picked by eye is chosen on what it is judged on.
        assert wide.locator("[data-optimistic]").is_visible()


def test_the_slider_tells_the_usual_score_too(summary_of: SummaryOf, show: Show, tmp_path: Path) -> None:
    summary = summary_of(120, 120)
    angle = USUAL_SCORES["angle_deg"]

    def change(values: dict[str, Any]) -> None:
        values["run"]["systems"][0]["card"]["templates"] = {"unit_length": False, "score": "angle_deg"}
        for one in (*values["operating_points"], *values["fnmr_at_fmr"]):
            at = one["threshold_distance"]
            one["threshold_usual"] = None if at is None else float(angle.of_distance(at))

    told = edited(summary, change)
    page, usual = show(write_report(told, tmp_path, None)), told.operating_points[0].threshold_usual
    assert usual is not None
    assert page.locator("#at-usual").text_content() == f"(angle {angle.text(usual)})"
    slider = page.locator("#threshold")
    slider.fill("200")
    assert page.locator("#at-usual").text_content() == "(angle 60.00°)"
    assert slider.get_attribute("aria-valuetext") == "distance 1.000, angle 60.00°"


def test_a_button_goes_to_its_operating_point_exactly(summary: EvaluationSummary, wide: Page) -> None:
    points = [point for point in summary.operating_points if point.threshold_distance is not None]
    assert wide.locator("button[data-point]").count() == len(points) == 5
    for point in points:
        wide.locator("#threshold").fill("77")
        wide.locator(f"button[data-point='{point.name}']").click()
        assert counts(wide) == cells_of(point)
        assert wide.locator("#at").text_content() == f"{point.threshold_distance:.4f}"
        assert wide.locator("#at-label").text_content() == point.label
        pressed = wide.locator("button[aria-pressed=true]").evaluate_all("all => all.map(b => b.dataset.point)")
        assert pressed == [point.name]
        assert wide.locator("[data-optimistic]").is_visible() == point.optimistic
        nearest = summary.threshold_table.distance[int(wide.locator("#threshold").input_value())]
        assert nearest == pytest.approx(point.threshold_distance, abs=0.0026)
        for name in ("accuracy", "precision", "recall", "fmr", "fnmr"):
            estimate = getattr(point, name)
            assert wide.locator(f"[data-rate={name}]").text_content() == percent(estimate.value, estimate.n)
            assert wide.locator(f"[data-range={name}]").text_content() == percent_range(estimate)


def test_the_line_of_the_histogram_goes_along_and_its_label_stays_in_the_figure(either: Page) -> None:
    figure, slider = either.locator("#chart-histogram svg"), either.locator("#threshold")
    at = []
    for step, text in (("0", "threshold 0.000"), ("200", "threshold 1.000"), ("400", "threshold 2.000")):
        slider.fill(step)
        figure.get_by_text(text).first.wait_for()
        at.append(edges(either, "#chart-histogram .mark-rule.role-mark line")["left"])
        frame = edges(either, "#chart-histogram svg")
        label = figure.get_by_text(text).first.evaluate("node => node.getBoundingClientRect().toJSON()")
        assert label["left"] >= frame["left"]
        # Right of the line there is no room for it any more near the right edge: it is cut off there.
        assert label["right"] <= frame["right"] + 1, text
    assert at[1] - at[0] == pytest.approx(at[2] - at[1], abs=1)
    assert at[2] - at[0] > 200


def test_the_roc_changes_its_axis_and_what_is_said_of_it(wide: Page) -> None:
    said = wide.locator("figure[aria-labelledby=title-roc] .sub")
    ticks = wide.locator("#chart-roc svg").get_by_text("90%", exact=True)
    assert "logarithmic" in said.inner_text()
    try:
        wide.get_by_role("radio", name="linear").check()
        ticks.first.wait_for()
        assert wide.locator("#chart-roc svg").count() == 1
        # "FMR on a logarithmic axis; the left edge is 0 of 3,000" is not true of the linear axis.
        assert "logarithmic" not in said.inner_text()
    finally:
        wide.get_by_role("radio", name="logarithmic").check()
        ticks.first.wait_for(state="detached")
    assert "logarithmic" in said.inner_text()


def widths(page: Page) -> tuple[int, int]:
    scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return scroll, client


def test_nothing_is_wider_than_the_window(either: Page) -> None:
    scroll, client = widths(either)
    assert client in {1280, 390}
    assert scroll <= client
    for name in FIGURES:
        box = edges(either, f"#chart-{name} svg")
        assert box["left"] >= 0
        assert box["right"] <= client


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_names_and_open_details_are_not_wider_than_the_window(
    show: Show, hostile_report: Path, width: int
) -> None:
    page = show(hostile_report, width=width)
    page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true; })")
    scroll, client = widths(page)
    assert scroll <= client == width


def test_no_word_is_broken_in_a_table_of_a_narrow_window(narrow: Page) -> None:
    # A table too wide for a telephone lies in a box that scrolls; squeezed, it breaks "comparisons" after six letters.
    broken = narrow.evaluate(
        """() => {
          const broken = [];
          for (const table of document.querySelectorAll("table:not(.settings)")) {
            const texts = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
            for (let node = texts.nextNode(); node; node = texts.nextNode()) {
              for (const word of node.data.matchAll(/[\\p{L}\\d.,%]+/gu)) {
                const range = document.createRange();
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                const lines = new Set([...range.getClientRects()].map((line) => Math.round(line.top)));
                if (lines.size > 1) broken.push(word[0]);
              }
            }
          }
          return broken;
        }"""
    )
    assert broken == []


def test_no_text_of_a_figure_is_cut_off(either: Page) -> None:
    either.locator("button[data-point=best_accuracy]").click()
    either.locator("#chart-histogram svg").get_by_text("threshold 1.091").first.wait_for()
    # A line is a little taller than its letters, which for text on its side is its width.
    cut = either.evaluate(
        """() => [...document.querySelectorAll(".plot svg.marks")].flatMap((svg) => {
          const frame = svg.getBoundingClientRect();
          return [...svg.querySelectorAll("text")].filter((text) => {
            const box = text.getBoundingClientRect();
            const spare = box.height > box.width ? 2 : 1;
            return box.width > 0 && (box.left < frame.left - spare || box.right > frame.right + spare
              || box.top < frame.top - spare || box.bottom > frame.bottom + spare);
          }).map((text) => text.textContent);
        })"""
    )
    assert cut == []


def test_a_dark_setting_gives_a_dark_page_and_dark_figures(wide: Page) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    strokes = "[...new Set([...document.querySelectorAll('#chart-det path')].map(p => getComputedStyle(p).stroke))]"
    try:
        for scheme, colours, other in (("light", LIGHT, DARK), ("dark", DARK, LIGHT)):
            wide.emulate_media(color_scheme=scheme)
            assert wide.evaluate(paper) == rgb(colours["paper"])
            assert rgb(colours["tp"]) in wide.evaluate(strokes)
            assert rgb(other["tp"]) not in wide.evaluate(strokes)
        wide.emulate_media(media="print", color_scheme="dark")
        assert wide.evaluate(paper) == rgb(LIGHT["paper"])
    finally:
        wide.emulate_media(media="null", color_scheme="null")


def test_on_paper_there_are_no_controls_and_all_is_open(wide: Page) -> None:
    controls = wide.locator(".no-print")
    assert wide.locator("#threshold").is_visible()
    assert controls.count() >= 3
    try:
        wide.emulate_media(media="print")
        assert not any(controls.nth(i).is_visible() for i in range(controls.count()))
        assert not wide.locator("#threshold").is_visible()
        assert wide.locator("table.confusion").is_visible()
        wide.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert wide.locator("details[open]").count() == wide.locator("details").count() > 5
    finally:
        wide.evaluate("window.dispatchEvent(new Event('afterprint'))")
        wide.emulate_media(media="null")
    assert wide.locator("details[open]").count() == 0


def test_hostile_names_are_shown_and_never_run(show: Show, hostile_report: Path, seen: Seen) -> None:
    page = show(hostile_report)
    assert page.locator(".headline").text_content() == HOSTILE
    assert page.locator(".warnings li").all_text_contents() == [HOSTILE]
    who = page.locator("bdi.who").all_text_contents()
    assert len(who) > 1
    assert set(who) == {HOSTILE}
    page.locator("button[data-point=eer]").click()
    assert page.locator("#at-label").text_content() == HOSTILE
    # The tooltip is made by Vega from the names of the two photos.
    page.locator("#chart-scatter .mark-symbol.role-mark path").first.evaluate(
        """point => {
          const { x, y, width, height } = point.getBoundingClientRect();
          const at = { bubbles: true, clientX: x + width / 2, clientY: y + height / 2 };
          for (const kind of ["pointermove", "mousemove"]) point.dispatchEvent(new PointerEvent(kind, at));
        }"""
    )
    tooltip = page.locator("#vg-tooltip-element")
    tooltip.wait_for()
    assert f"{HOSTILE}/{HOSTILE}_0001.jpg" in (tooltip.text_content() or "")
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 3
    assert seen.dialogs == []


@pytest.mark.parametrize("numbers", [(60, 0), (0, 60), (0, 0)], ids=["mated only", "non-mated only", "nothing"])
def test_where_little_can_be_drawn_the_page_says_why(
    summary_of: SummaryOf, tmp_path: Path, show: Show, numbers: tuple[int, int]
) -> None:

    def change(values: dict[str, Any]) -> None:
        for point in values["operating_points"]:
            point |= {"threshold_distance": None, "threshold_similarity": None, "confusion": None}
        values["scatter"] |= {key: [] for key, value in values["scatter"].items() if isinstance(value, list)}

    page = show(write_report(edited(summary_of(*numbers), change), tmp_path, None))
    drawn = [name for name in FIGURES if page.locator(f"#chart-{name} svg").count()]
    assert drawn == (["histogram"] if sum(numbers) else [])
    said = page.locator("figure.chart .nothing").all_inner_texts()
    assert len(said) == len(FIGURES) - len(drawn)
    assert all(re.fullmatch(r"Nothing to draw: no .+\.", text) for text in said)
    assert page.locator("#threshold").count() == 0


def test_without_scripts_tables_remain_and_the_reason_is_given(report: Path, show: Show) -> None:
    page = show(report, scripts=False)
    assert page.locator("noscript .nothing").is_visible()
    assert not page.locator("#tryout").is_visible()
    assert page.get_by_text("Operating points: what each threshold gives").is_visible()


def test_without_the_drawing_script_the_page_shows_files_and_the_slider_works(
    summary_of: SummaryOf, tmp_path: Path, show: Show
) -> None:
    summary = summary_of(120, 120)
    drawn = write_figures(summary, tmp_path / "figures")
    page = show(write_report(summary, tmp_path, None, Drawn(files=drawn.files)))
    assert page.locator("figure.drawn svg").count() == len(FIGURES)
    before = page.locator("[data-count=tp]").inner_text()
    page.locator("#threshold").fill("10")
    assert page.locator("[data-count=tp]").inner_text() != before
    assert page.locator("input[name=roc-axis]").count() == 0


def test_the_policy_stops_a_script_that_got_in(hostile_report: Path, tmp_path: Path, show: Show, seen: Seen) -> None:
    smuggled = "<script>window.smuggled = 1</script><img src='data:,' onerror='window.smuggled = 2'>"
    file = tmp_path / "report.html"
    file.write_text(hostile_report.read_text("utf-8").replace("<main", f"{smuggled}<main", 1), "utf-8")
    page = show(file)
    assert page.evaluate("window.smuggled === undefined")
    blocked = [line for line in seen.console if "Content Security Policy" in line]
    assert len(blocked) == len(seen.console) == 2
    seen.console.clear()
