"""The page and the figures of a comparison: complete in themselves, and no name can become markup."""

from __future__ import annotations

import csv
import html
import re
import shutil
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest
from edited import merged
from PIL import Image

from faceproof.jobs.comparing import compare
from faceproof.report.charts.comparison import FIGURES, drawn_names, write_compare_figures
from faceproof.report.charts.drawing import Drawn
from faceproof.report.charts.theme import DARK, LIGHT
from faceproof.report.pages import comparison as compare_page
from faceproof.report.pages.comparison import render_compare_report, write_compare_report
from faceproof.report.pages.evaluation import page_svg
from faceproof.report.pictures.thumbnails import PhotoStrips

HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>\"' {{ 7*7 }} 😀 \u2028 </style>"


@pytest.fixture(scope="module")
def three(made_up_run, two_scores, tmp_path_factory):
    """Three runs of two models; the third lacks a comparison; photos of some people are there."""
    root = tmp_path_factory.mktemp("three")
    pairs, first, second = two_scores()
    rng = np.random.default_rng(0)
    for photo in {photo for pair in pairs for photo in pair}:
        (root / "people" / photo).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (80, 80, 3), dtype=np.uint8)).save(root / "people" / photo)
    settings = {"pairs": pairs, "root": root / "people"}
    runs = [
        made_up_run(similarity=first, model="model-a", **settings),
        made_up_run(similarity=second, model="model-b", embed_ms=40.0, **settings),
        made_up_run(
            similarity=2 * first - second, model="model-a", embed_ms=9.0, failed=frozenset({pairs[3][1]}), **settings
        ),
    ]
    folders = [run.write(root / name) for name, run in zip(("plain", "other", "later"), runs, strict=True)]
    return compare(folders, out=root / "out")


@pytest.fixture(scope="module")
def hostile(made_up_run, two_scores, tmp_path_factory):
    """Two runs of which model, title, people, settings and a reason are as nasty as names can be."""
    root = tmp_path_factory.mktemp("hostile")
    pairs, first, second = two_scores()
    pairs = [tuple(f"{HOSTILE.replace('/', '∕')}{photo}" for photo in pair) for pair in pairs]
    more = {"card": {"title": HOSTILE, "contract": {HOSTILE: HOSTILE}}, "device": HOSTILE, "command": HOSTILE}
    runs = [
        made_up_run(pairs, first, model=f"{HOSTILE} a", manifest=more),
        made_up_run(pairs, second, model=f"{HOSTILE} b", failed=frozenset({pairs[0][0]})),
    ]
    return compare([run.write(root / str(place)) for place, run in enumerate(runs)], out=root / "out")


def page_of(compared):
    return (compared.folder / "report.html").read_text("utf-8")


class _Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("which", ["three", "hostile"])
class TestCompleteInItself:
    def test_it_runs_nothing_and_loads_nothing(self, which, request):
        tags = _Tags(page_of(request.getfixturevalue(which))).found
        assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "object", "embed", "base", "form"}
        for tag, attributes in tags:
            assert not [name for name in attributes if name.startswith("on")], tag
            for name in ("src", "href", "xlink:href", "action"):
                assert re.match(r"(data:image/|#)", attributes.get(name, "#"))

    def test_no_style_points_to_a_network(self, which, request):
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?\s*(?!#)[^)\s]*", page_of(request.getfixturevalue(which)))

    def test_the_content_security_policy_allows_no_script(self, which, request):
        metas = [
            attributes for tag, attributes in _Tags(page_of(request.getfixturevalue(which))).found if tag == "meta"
        ]
        policy = next(one["content"] for one in metas if one.get("http-equiv") == "Content-Security-Policy")
        assert "default-src 'none'" in policy
        assert "script-src 'none'" in policy

    def test_every_figure_is_on_it_in_the_colours_of_the_page(self, which, request):
        page = page_of(request.getfixturevalue(which))
        drawn = re.findall(r"<figure class=\"chart drawn[^>]*>(.*?)</figure>", page, re.DOTALL)
        assert len(drawn) == len(FIGURES)
        for svg in drawn:
            assert "var(--chart-" in svg
            assert not [colour for colour in LIGHT.values() if f'"{colour}"' in svg]


class TestWhatItShows:
    def test_every_run_and_every_number(self, three):
        page = html.unescape(page_of(three))
        for run in three.summary.runs:
            assert f'<bdi class="name">{run.name}</bdi>' in page
            assert run.weights_sha256[:12] in page
        for what in ("Accuracy, held-out folds", "FNMR at FMR 1%", "Photos not usable (FTA)", "Mean time per photo"):
            assert what in page
        assert "model-b and later against plain" in page

    def test_what_cannot_be_told_has_its_reason(self, three):
        assert "cannot be estimated: An FMR of 0.1% needs 1,000 non-mated comparisons" in html.unescape(page_of(three))

    def test_the_operating_point_and_the_caveats(self, three):
        page = html.unescape(page_of(three))
        assert three.summary.operating_point.how in page
        assert "A difference counts as shown where two tests agree" in " ".join(page.split())
        for warning in three.summary.warnings:
            assert warning in page

    def test_flips_come_with_both_photos_and_both_distances(self, three):
        page = page_of(three)
        shown = [entry for flips in three.summary.flips for way in ("worse", "better") for entry in getattr(flips, way)]
        assert len(shown) > 10
        assert page.count('<figure class="couple">') == len(shown)
        assert page.count("data:image/jpeg;base64,") == 2 * len(shown)
        for entry in shown:
            assert f"distance <b>{entry.distance:.3f}</b> (threshold {entry.threshold_distance:.3f})" in page

    def test_what_one_run_could_not_make_is_listed(self, three):
        page = html.unescape(page_of(three))
        assert "Not made by later, made by another" in page
        assert "photo b: detect: no face was found" in page

    def test_settings_that_differ_are_set_apart(self, three):
        page = page_of(three)
        table = page[page.index("What differs between the runs") :]
        table = table[: table.index("</table>")]
        assert re.findall(r'<th scope="row">(.*?)</th>', table) == ["model", "weights"]

    def test_without_the_photos_it_says_so(self, three, tmp_path):
        for run in three.summary.runs:
            assert run.manifest.people.root
        page = render_compare_report(three.summary, {}, PhotoStrips())
        assert "names only" in page
        assert "data:image" not in page

    def test_boxes_are_those_of_the_first_run_that_found_the_face(self, three, monkeypatch):
        photo = three.summary.flips[0].worse[0].photo_a
        found = {"plain": {}, "other": {photo: (1, 1, 5, 5)}, "later": {photo: (2, 2, 9, 9)}}
        seen = {}
        monkeypatch.setattr(compare_page, "boxes_of_run", lambda folder: found[folder.name])
        monkeypatch.setattr(compare_page, "thumbnail", lambda root, name, box: seen.setdefault(name, box))
        compare_page._photos(three.summary)
        assert seen.pop(photo) == (1, 1, 5, 5)
        assert set(seen.values()) == {None}

    def test_a_photo_outside_of_the_folder_of_people_is_not_shown(self, made_up_run, two_scores, tmp_path):
        pairs, first, second = two_scores()
        (tmp_path / "people").mkdir()
        Image.new("RGB", (40, 40)).save(tmp_path / "secret.png")
        pairs = [("../secret.png", b) if a.startswith("p00") else (a, b) for a, b in pairs]
        labels = [a.split("/")[0] == b.split("/")[0] for a, b in two_scores()[0]]
        runs = [
            made_up_run(pairs, scores, labels=labels, root=tmp_path / "people", model=name).write(tmp_path / name)
            for name, scores in (("a", first), ("b", second))
        ]
        page = page_of(compare(runs, out=tmp_path / "out", figures=False))
        assert "outside of the folder of people" in page
        assert "data:image" not in page

    def test_the_same_summary_gives_the_same_page(self, three, tmp_path):
        shutil.copytree(three.folder / "figures", tmp_path / "figures")
        assert write_compare_report(three.summary, tmp_path).read_text("utf-8") == page_of(three)


class TestHostileNames:
    def test_they_appear_as_text_and_as_nothing_else(self, hostile):
        page = page_of(hostile)
        assert "<script" not in page
        assert "<img src=x" not in page
        assert "49 😀" not in page
        assert html.escape("<script>alert(1)</script>") in page

    def test_figures_stay_whole(self, hostile):
        for name in FIGURES:
            text = (hostile.folder / "figures" / f"{name}.svg").read_text("utf-8")
            assert "<script" not in text
            ET.fromstring(text)
            ET.fromstring(page_svg(text))

    def test_a_long_name_that_would_be_cut_within_an_emoji(self, made_up_run, two_scores, tmp_path):
        pairs, first, second = two_scores()
        for n in (18, 19, 20):
            name = n * "x" + 60 * "😀"
            runs = [
                made_up_run(pairs, scores, model=f"{name}{end}").write(tmp_path / f"{n}{end[0]}")
                for end, scores in (("a", first), ("b\x1b\x00", second))
            ]
            compared = compare(runs, out=tmp_path / f"out-{n}")
            assert name in page_of(compared)


@pytest.mark.parametrize(
    ("names", "drawn"),
    [
        (["a", "b"], ["a", "b"]),
        ([40 * "x", "b"], [40 * "x", "b"]),
        ([f"{19 * 'x'}--{20 * 'y'}", "b"], [f"{19 * 'x'}…{20 * 'y'}", "b"]),
        ([f"{19 * 'x'}{one}{30 * 'y'}" for one in "ab"], [f"{n}: {19 * 'x'}…{20 * 'y'}" for n in (1, 2)]),
        (["\x1b[1m", "\ud83d"], ["\\x1b[1m", "\\ud83d"]),
    ],
)
def test_names_in_figures_are_short_different_and_printable(names, drawn):
    assert drawn_names(names) == drawn


class TestFigures:
    @pytest.mark.parametrize("name", list(FIGURES))
    def test_each_is_written_as_svg_png_and_csv(self, three, name):
        stem = three.folder / "figures" / name
        for run in ("model-b", "later"):
            assert run in stem.with_suffix(".svg").read_text("utf-8")
        with Image.open(stem.with_suffix(".png")) as picture:
            assert picture.width > 800
        with stem.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {"model-b", "later"} <= {row["run"] for row in rows}

    def test_curves_in_the_csv_are_those_of_the_summary(self, three):
        with (three.folder / "figures" / "roc.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["run"] == "later"]
        curve = three.summary.runs[2].curves.det
        assert [float(row["fnmr"]) for row in rows] == curve.fnmr

    def test_a_name_that_starts_like_a_formula_is_guarded(self, made_up_run, two_scores, tmp_path):
        pairs, first, second = two_scores()
        runs = [
            made_up_run(pairs, scores, model=name).write(tmp_path / str(place))
            for place, (name, scores) in enumerate((("=1+1", first), ("@sum", second)))
        ]
        compare(runs, out=tmp_path / "out")
        for name in FIGURES:
            with (tmp_path / "out" / "figures" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                assert {row["run"] for row in csv.DictReader(file)} <= {"'=1+1", "'@sum"}

    def test_one_without_numbers_is_left_out_and_an_older_one_removed(self, three, tmp_path):
        summary = merged(three.summary, differences=[], cost={"measure": None, "points": [], "reason": "none"})
        shutil.copytree(three.folder / "figures", tmp_path, dirs_exist_ok=True)
        assert {path.stem for path in tmp_path.iterdir()} == set(FIGURES)
        write_compare_figures(summary, tmp_path)
        assert {path.stem for path in tmp_path.iterdir()} == {"roc", "det"}
        page = render_compare_report(merged(three.summary, cost=summary.cost), {}, PhotoStrips())
        assert "Nothing to draw: none." in page

    def test_one_that_is_missing_leaves_its_reason_in_its_place(self, three):
        drawn = Drawn(missing=dict.fromkeys(FIGURES, "it was <killed>"))
        page = render_compare_report(three.summary, {}, PhotoStrips(), drawn)
        said = [f"The figure <code>{name}</code> is missing: it was &lt;killed&gt;." for name in FIGURES]
        assert [page.count(line) for line in said] == [1] * len(FIGURES)
        assert "Nothing to draw" not in page

    def test_where_they_were_left_out_the_page_says_so(self, three, tmp_path):
        runs = [run.folder for run in three.summary.runs]
        folder = compare(runs, common=True, out=tmp_path / "out", figures=False).folder
        page = (folder / "report.html").read_text("utf-8")
        assert page.count("The figures were left out (<code>--no-figures</code>). Compare once more") == 1
        assert "Nothing to draw" not in page
        assert not (folder / "figures").exists()

    def test_names_in_the_scatter_do_not_lie_on_each_other(self, made_up_run, two_scores, tmp_path):
        pairs, first, _ = two_scores()
        names = [f"run-{place}" for place in range(6)]
        runs = [made_up_run(pairs, first, model=name).write(tmp_path / name) for name in names]
        compare(runs, out=tmp_path / "out")
        svg = (tmp_path / "out" / "figures" / "cost.svg").read_text("utf-8")
        heights = [
            float(y) for y, text in re.findall(r'translate\([\d.]+,([\d.]+)\)"[^>]*>(run-\d)</text>', svg) if text
        ]
        heights = sorted(set(heights))
        assert len(heights) == 6
        assert min(np.diff(heights)) > 10


@pytest.mark.browser
class TestInABrowser:
    @pytest.fixture(scope="class")
    @classmethod
    def open_page(cls, browser):
        """Open a page offline and say what it did besides being shown."""

        def open_page(compared, *, width=1280, scheme="light"):
            context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, color_scheme=scheme)
            page, seen = context.new_page(), []
            page.on("console", lambda message: seen.append(message.text))
            page.on("pageerror", lambda error: seen.append(str(error)))
            page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
            page.on("request", lambda request: seen.append(request.url) if "http" in request.url[:5] else None)
            page.goto((compared.folder / "report.html").as_uri())
            return page, seen

        return open_page

    @pytest.mark.parametrize("width", [1280, 390])
    @pytest.mark.parametrize("which", ["three", "hostile"])
    def test_nothing_is_asked_for_and_nothing_is_wider_than_the_window(self, open_page, request, which, width):
        page, seen = open_page(request.getfixturevalue(which), width=width)
        for details in page.locator("details").all():
            details.evaluate("node => { node.open = true; }")
        assert seen == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("figure.drawn svg").count() == len(FIGURES)
        for svg in page.locator("figure.drawn svg").all():
            box = svg.bounding_box()
            assert box["width"] > 250
            assert box["height"] > 60

    def test_colours_follow_the_reader(self, open_page, three):
        for scheme, colours in (("light", LIGHT), ("dark", DARK)):
            page, _ = open_page(three, scheme=scheme)
            drawn = page.locator("figure.drawn svg path[stroke='var(--chart-tp)']").first
            wanted = tuple(int(colours["tp"][i : i + 2], 16) for i in (1, 3, 5))
            assert drawn.evaluate("node => getComputedStyle(node).stroke") == f"rgb{wanted}"
            paper = tuple(int(colours["paper"][i : i + 2], 16) for i in (1, 3, 5))
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == f"rgb{paper}"

    def test_photos_are_shown(self, open_page, three):
        page, _ = open_page(three)
        first = page.locator("#flips ~ .couples img").first
        first.scroll_into_view_if_needed()
        assert first.evaluate("async node => { await node.decode(); return node.naturalWidth; }") == 80

    def test_the_numbers_are_read_out_with_their_run(self, open_page, three):
        page, _ = open_page(three)
        table = page.locator("table.runs").first
        heads = [text.strip() for text in table.locator("thead th").all_inner_texts()]
        assert heads == ["plain", "model-b", "later"]
        row = table.locator("tbody tr", has_text="Mean time per photo")
        assert row.locator("td").all_inner_texts() == ["12.0 ms", "44.0 ms", "12.9 ms"]
