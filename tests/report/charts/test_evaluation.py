"""The figures as files: what is drawn where, what is said where nothing can be drawn, and that nothing is loaded."""

from __future__ import annotations

import copy
import re
import shutil
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from edited import edited, merged
from PIL import Image

from faceproof.report.charts.curves import roc
from faceproof.report.charts.drawing import drawable, left_out, write_charts
from faceproof.report.charts.evaluation import FIGURES, OUTCOMES, histogram, scatter, write_figures
from faceproof.report.charts.theme import LIGHT
from faceproof.summary.evaluation_schema import EvaluationSummary

SummaryOf = Callable[..., EvaluationSummary]

SVG = "{http://www.w3.org/2000/svg}"
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
ALL = ("scatter", "histogram", "roc", "det", "reliability", "tippett")
HOSTILE = "<script>alert(1)</script> </svg>]]> \"'& 😀 \u2028 &amp;"


def layer_of(chart: Any, style: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows and encoding of the one layer of a style."""
    spec = chart.to_dict()
    (layer,) = (layer for layer in spec["layer"] if layer["mark"]["style"] == style)
    data = layer["data"]
    return data["values"] if "values" in data else spec["datasets"][data["name"]], layer["encoding"]


def without_threshold(summary: EvaluationSummary) -> EvaluationSummary:
    """As where one kind of comparison is missing and no threshold was given: nothing can be judged."""

    def change(values: dict[str, Any]) -> None:
        for point in values["operating_points"]:
            point |= {"threshold_distance": None, "threshold_similarity": None, "confusion": None}
        columns = ("comparison", "distance", "jitter", "outcome", "photo_a", "photo_b")
        values["scatter"] |= {name: [] for name in columns} | {"shown": 0}

    return edited(summary, change)


def with_labels(summary: EvaluationSummary, label: str) -> EvaluationSummary:
    """A summary whose operating points all have this label."""

    def change(values: dict[str, Any]) -> None:
        for point in values["operating_points"]:
            point["label"] = label

    return edited(summary, change)


@pytest.fixture(scope="module")
def folder(summary: EvaluationSummary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "a run" / "figures"
    write_figures(summary, folder)
    return folder


def svg(path: Path) -> ET.Element:
    return ET.fromstring(path.read_bytes())


def texts(root: ET.Element) -> list[str]:
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def marks(root: ET.Element, kind: str) -> Iterator[ET.Element]:
    """The marks of a kind (rule, symbol, text) that stand for data, without those of axes and legends."""
    for group in root.iter(f"{SVG}g"):
        if {f"mark-{kind}", "role-mark"} <= set(group.get("class", "").split()):
            yield from group


def place(node: ET.Element) -> tuple[float, float]:
    found = re.search(r"translate\(([-\d.e]+),([-\d.e]+)\)", node.get("transform", ""))
    assert found is not None
    return float(found[1]), float(found[2])


def to_pixels(root: ET.Element, axis: str) -> Callable[[float], float]:
    """From a value on the x or the y axis to pixels, read off two labels of that axis."""
    name = f"{axis.upper()}-axis"
    group = next(g for g in root.iter(f"{SVG}g") if g.get("aria-label", "").startswith(name))
    labels = next(g for g in group.iter(f"{SVG}g") if "role-axis-label" in g.get("class", ""))
    values, pixels = [], []
    for label in labels:
        values.append(float("".join(label.itertext())))
        pixels.append(place(label)[0 if axis == "x" else 1])
    slope, start = np.polyfit(values, pixels, 1)
    if axis == "y":
        # Text hangs a few pixels below its value; the grid does not.
        grid = next(g for g in root.iter(f"{SVG}g") if "role-axis-grid" in g.get("class", ""))
        start += max(place(line)[1] for line in grid) + 0.5 - max(pixels)
    return lambda value: float(slope * value + start)


def test_every_figure_is_a_svg_and_a_png(summary: EvaluationSummary, folder: Path) -> None:
    names = {f"{name}.{suffix}" for name in ALL for suffix in ("svg", "png")}
    assert {path.name for path in folder.iterdir()} == names
    for name in FIGURES:
        root = svg(folder / f"{name}.svg")
        assert root.tag == f"{SVG}svg"
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        assert 720 <= width < 900
        assert 300 <= height < 600
        with Image.open(folder / f"{name}.png") as picture:
            assert picture.format == "PNG"
            assert picture.size == (2 * width, 2 * height)
            assert len(picture.convert("RGB").getcolors(2**20) or []) > 20


def test_the_files_are_named_and_old_ones_replaced(summary_of: SummaryOf, tmp_path: Path) -> None:
    (tmp_path / "roc.svg").write_text("old")
    written = write_figures(summary_of(0, 0), tmp_path).files
    assert sorted(written) == sorted(tmp_path.iterdir())
    assert "old" not in (tmp_path / "roc.svg").read_text()


def test_the_same_summary_gives_the_same_bytes(summary: EvaluationSummary, folder: Path, tmp_path: Path) -> None:
    before = copy.deepcopy(summary)
    for path in write_figures(summary, tmp_path).files:
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name
    assert summary == before


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_loads_and_runs_nothing(folder: Path, name: str) -> None:
    source = (folder / f"{name}.svg").read_text("utf-8")
    assert set(re.findall(r"\w+://[^\s\"'<>)]+", source)) <= NAMESPACES
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", source))
    root = ET.fromstring(source)
    drawn = {"svg", "g", "defs", "clipPath", "rect", "path", "line", "text", "tspan"}
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= drawn
    attributes = {attribute.lower() for node in root.iter() for attribute in node.attrib}
    assert not {a for a in attributes if "href" in a or a == "src" or a.startswith("on")}


def test_the_scatter_has_the_threshold_and_both_means_where_they_belong(
    summary: EvaluationSummary, folder: Path
) -> None:
    root = svg(folder / "scatter.svg")
    pixel = to_pixels(root, "y")
    lines = list(marks(root, "rule"))
    dashed = sorted(place(line)[1] for line in lines if line.get("stroke-dasharray"))
    solid = [place(line)[1] for line in lines if not line.get("stroke-dasharray")]
    means = [getattr(summary.distances, kind).mean for kind in ("non_mated", "mated")]
    threshold = summary.operating_points[0].threshold_distance
    assert dashed == pytest.approx([pixel(mean) for mean in means], abs=1)
    assert solid == pytest.approx([pixel(threshold)], abs=1)
    said = texts(root)
    for text in (f"threshold {threshold:.3f}", *(f"mean{mean:.3f}" for mean in means)):
        assert text in said


def test_the_scatter_has_a_point_for_each_comparison_in_the_colour_of_its_outcome(
    summary: EvaluationSummary, folder: Path
) -> None:
    points = Counter(point.get("fill") for point in marks(svg(folder / "scatter.svg"), "symbol"))
    outcomes = Counter(summary.scatter.outcome)
    assert points == {LIGHT[outcome.lower()]: n for outcome, n in outcomes.items()}
    said = texts(svg(folder / "scatter.svg"))
    assert {name for name, _ in OUTCOMES.values()} <= set(said)
    assert any(text.startswith("All 6,000 comparisons. At or below the line (threshold of best") for text in said)


def test_the_scatter_says_when_it_shows_a_sample(summary: EvaluationSummary) -> None:
    sampled = merged(summary, "scatter", of=250_000)
    subtitle = scatter(sampled).to_dict()["title"]["subtitle"][0]
    assert subtitle.startswith("6,000 of 250,000 comparisons: every error, a sample of the rest.")


def test_the_histogram_has_the_threshold_where_it_belongs(summary: EvaluationSummary, folder: Path) -> None:
    root = svg(folder / "histogram.svg")
    threshold = summary.operating_points[0].threshold_distance
    (line,) = marks(root, "rule")
    assert place(line)[0] == pytest.approx(to_pixels(root, "x")(threshold), abs=1)
    assert f"threshold {threshold:.3f}" in texts(root)


def test_the_histogram_shows_shares_of_each_kind(summary_of: SummaryOf) -> None:
    summary = summary_of(200, 3000)
    chart = histogram(summary)
    rows, _ = layer_of(chart, "bin")
    for kind, n in (("mated: the same person", 200), ("non-mated: different people", 3000)):
        of_kind = [row for row in rows if row["kind"] == kind]
        assert sum(row["n"] for row in of_kind) == n
        assert sum(row["share"] for row in of_kind) == pytest.approx(1, abs=1e-4)
    assert chart.to_dict()["title"]["subtitle"] == ["200 mated and 3,000 non-mated comparisons in bins of 0.025."]


@pytest.mark.parametrize("name", ["roc", "det"])
def test_curves_name_every_operating_point_that_has_a_threshold(folder: Path, name: str) -> None:
    root = svg(folder / f"{name}.svg")
    said = ", ".join(texts(root))
    for label in ("best accuracy", "EER", "FMR 10%", "FMR 1%", "FMR 0.1%"):
        assert label in said
    assert "FMR 0.01%" not in said
    assert len(list(marks(root, "symbol"))) == 5
    assert len(list(marks(root, "rule"))) == 10


def test_an_fmr_of_zero_stands_at_the_left_edge_of_the_logarithmic_roc(summary: EvaluationSummary) -> None:
    rows, encoding = layer_of(roc(summary), "curve")
    floor = 0.5 / 3000
    assert min(row["fmr"] for row in rows) == pytest.approx(floor, rel=1e-4)
    assert encoding["x"]["scale"]["domain"] == [floor, 1]
    rows, encoding = layer_of(roc(summary, log_fmr=False), "curve")
    assert min(row["fmr"] for row in rows) == 0
    assert encoding["x"]["scale"]["domain"] == [0, 1]


def test_the_crosses_of_the_roc_are_the_rates_and_their_intervals(summary: EvaluationSummary) -> None:
    rows = {row["text"]: row for row in layer_of(roc(summary), "operating_point")[0]}
    for point in summary.operating_points[:5]:
        name = {"best_accuracy": "best accuracy", "eer": "EER"}.get(point.name)
        row = rows[name or f"FMR {100 * float(point.name.removeprefix('fmr_')):g}%"]
        fmr, fnmr = point.fmr, point.fnmr
        assert [row["fmr"], row["fmr_low"], row["fmr_high"]] == [getattr(fmr, end) for end in ("value", "low", "high")]
        assert [1 - row["tmr"], 1 - row["tmr_high"], 1 - row["tmr_low"]] == pytest.approx(
            [getattr(fnmr, end) for end in ("value", "low", "high")]
        )


def test_det_axes_are_normal_deviates(summary: EvaluationSummary) -> None:
    rows, _ = layer_of(FIGURES["det"](summary), "curve")
    for row in rows:
        for deviate, rate in (("fmr", "FMR"), ("fnmr", "FNMR")):
            assert NormalDist().cdf(row[deviate]) == pytest.approx(row[rate], rel=1e-3)
    columns = (getattr(summary.curves.det, kind) for kind in ("fmr", "fnmr"))
    both = [pair for pair in zip(*columns, strict=True) if min(pair) > 0 and max(pair) < 1]
    assert [(row["FMR"], row["FNMR"]) for row in rows] == [pytest.approx(pair, rel=1e-4) for pair in both]


def reason_of(name: str, summary: EvaluationSummary) -> str | None:
    return FIGURES[name](summary).to_dict().get("usermeta", {}).get("nothing_to_draw")


@pytest.mark.parametrize(("numbers", "missing"), [((3000, 0), "no non-mated"), ((0, 3000), "no mated")])
def test_with_one_kind_only_the_curves_say_why_and_the_histogram_is_drawn(
    summary_of: SummaryOf, numbers: tuple[int, int], missing: str, tmp_path: Path
) -> None:
    summary = without_threshold(summary_of(*numbers))
    write_figures(summary, tmp_path)
    for name in ("roc", "det", "reliability", "tippett"):
        reason = f"{missing} comparison was made"
        assert reason_of(name, summary) == reason
        root = svg(tmp_path / f"{name}.svg")
        assert f"nothing to draw: {reason}" in texts(root)
        assert not [*marks(root, "line"), *marks(root, "symbol")]
    assert "nothing to draw: no threshold could be set" in texts(svg(tmp_path / "scatter.svg"))
    bars = {bar.get("fill") for bar in marks(svg(tmp_path / "histogram.svg"), "rect")}
    assert bars == {LIGHT["tp" if numbers[0] else "tn"]}
    assert not list(marks(svg(tmp_path / "histogram.svg"), "rule"))


def test_with_one_kind_and_a_threshold_the_scatter_is_drawn(summary_of: SummaryOf, tmp_path: Path) -> None:
    write_figures(summary_of(50, 0), tmp_path)
    root = svg(tmp_path / "scatter.svg")
    assert len(list(marks(root, "symbol"))) == 50
    dashed = [line for line in marks(root, "rule") if line.get("stroke-dasharray")]
    assert len(dashed) == 1


@pytest.mark.parametrize("judged", [True, False], ids=["threshold given", "no threshold"])
def test_without_comparisons_every_figure_says_why(summary_of: SummaryOf, tmp_path: Path, judged: bool) -> None:
    summary = summary_of(0, 0) if judged else without_threshold(summary_of(0, 0))
    write_figures(summary, tmp_path)
    for name in FIGURES:
        reason = reason_of(name, summary)
        assert reason is not None
        # That no threshold could be set would be true as well, but it is not why.
        assert reason.endswith("comparison was made"), name
        assert f"nothing to draw: {reason}" in texts(svg(tmp_path / f"{name}.svg"))


def test_without_any_error_det_says_why_and_the_rest_is_drawn(summary_of: SummaryOf) -> None:
    summary = summary_of(20, 20)
    assert summary.operating_points[0].accuracy.value == 1
    assert reason_of("det", summary) == "no threshold makes errors of both kinds"
    assert [name for name in FIGURES if reason_of(name, summary) is None] == [name for name in ALL if name != "det"]


def test_names_of_photos_never_reach_a_figure(summary_of: SummaryOf, labelled: Path) -> None:
    plain, named = summary_of(40, 40), summary_of(40, 40, person=ODD_PERSON)
    for name in FIGURES.keys() - {"scatter"}:
        assert FIGURES[name](plain).to_dict() == FIGURES[name](named).to_dict(), name
    # The scatter's data have them, for the page.
    for suffix in ("svg", "png"):
        one, other = ((labelled / f"{kind} scatter.{suffix}").read_bytes() for kind in ("plain", "named"))
        # Clip paths are numbered.
        assert re.sub(rb"clip\d+", b"", one) == re.sub(rb"clip\d+", b"", other)


ODD_PERSON = f"{HOSTILE}\n\t\0\x1b[31m{'x' * 500}"
ODD_LABELS = [HOSTILE, "bell\x07", "\x00\x1b[31m", "a" + "\U0001f600" * 60, "\ud800"]


@pytest.fixture(scope="module")
def labelled(summary_of: SummaryOf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every figure with each odd label, and the scatter with plain and with odd names: all drawn by one process."""
    folder = tmp_path_factory.mktemp("labelled")
    summaries = [with_labels(summary_of(40, 40), text) for text in ODD_LABELS]
    charts = {f"label {n} {name}": make(one) for n, one in enumerate(summaries) for name, make in FIGURES.items()}
    charts |= {"plain scatter": scatter(summary_of(40, 40))}
    charts |= {"named scatter": scatter(summary_of(40, 40, person=ODD_PERSON))}
    write_charts(charts, folder)
    return folder


def test_a_label_cannot_break_a_figure(labelled: Path) -> None:
    root = svg(labelled / f"label {ODD_LABELS.index(HOSTILE)} scatter.svg")
    assert any(drawable(HOSTILE) in text for text in texts(root))
    assert not list(root.iter(f"{SVG}script"))


@pytest.mark.parametrize("label", range(len(ODD_LABELS)), ids=[repr(text)[:20] for text in ODD_LABELS])
def test_no_text_ends_the_drawing(labelled: Path, label: int) -> None:
    for name in FIGURES:
        for suffix in ("svg", "png"):
            assert (labelled / f"label {label} {name}.{suffix}").stat().st_size


def test_figures_that_are_left_out_leave_none_of_before(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    assert len(list(tmp_path.iterdir())) == 2 * len(ALL)
    (tmp_path / "notes.txt").write_text("not a figure")
    drawn = left_out(tmp_path)
    assert not drawn.wanted
    assert (drawn.files, list(drawn.notes())) == ((), [])
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert not left_out(tmp_path / "nowhere").wanted
