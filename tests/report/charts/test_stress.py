"""The figures of a stress run as files: what is drawn, that it is what the summary says, and that nothing is loaded."""

from __future__ import annotations

import copy
import csv
import re
import shutil
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from edited import edited, merged
from PIL import Image

from faceproof.report.charts.drawing import write_charts
from faceproof.report.charts.stress import CHANGED, FIGURES, KINDS, PARTS, family_rows, write_stress_figures
from faceproof.report.words.stress import label
from faceproof.runs.manifest_schema import ConditionEntry
from faceproof.summary.stress_schema import StressSummary

SVG = "{http://www.w3.org/2000/svg}"
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
EVIL, FORMULA = "<script>alert(1)</script>", "=1+1"
RATES: dict[str, Callable[[Any], Any]] = {
    "frr": lambda row: row.held.frr,
    "fmr": lambda row: row.held.fmr,
    "eer": lambda row: row.eer,
    "detection": lambda row: row.rates.detection_rate,
}
EMPTY = "#c9ced6"


@pytest.fixture(scope="module")
def folder(stress_run: Any) -> Path:
    folder: Path = stress_run.folder / "figures"
    return folder


def svg(path: Path) -> ET.Element:
    return ET.fromstring(path.read_bytes())


def texts(root: ET.Element) -> list[str]:
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float | None:
    return None if text == "" else float(text)


def usable(summary: StressSummary) -> list[ConditionEntry]:
    return [entry for entry in summary.conditions[1:] if entry.failed is None]


def without_threshold(summary: StressSummary) -> StressSummary:
    """As where an FMR was asked for that the comparisons cannot resolve."""

    def change(values: dict[str, Any]) -> None:
        for row in values["models"][0]["conditions"]:
            held = [row["held"][name] for name in ("frr", "fmr", "fnmr")]
            for estimate in (*held, *row["loss"].values(), *row["change"].values()):
                estimate |= {"value": None, "low": None, "high": None}

    return edited(summary, change)


def test_every_figure_is_a_svg_a_png_and_a_table(stress_run: Any, folder: Path) -> None:
    expected = {f"{name}.{suffix}" for name in FIGURES for suffix in ("svg", "png", "csv")}
    assert {path.name for path in folder.iterdir()} == expected | {"contact-sheet.png"}
    for name in FIGURES:
        root = svg(folder / f"{name}.svg")
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        assert 150 < width < 1400
        assert 100 < height < 1200
        with Image.open(folder / f"{name}.png") as picture:
            assert picture.format == "PNG"
            assert picture.size == pytest.approx((2 * width, 2 * height), abs=1)


def test_the_same_summary_gives_the_same_files(stress_run: Any, folder: Path, tmp_path: Path) -> None:
    before = copy.deepcopy(stress_run.summary)
    written = write_stress_figures(stress_run.summary, tmp_path / "new" / "folder").files
    assert sorted(written) == sorted((tmp_path / "new" / "folder").iterdir())
    for path in written:
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name
    assert stress_run.summary == before


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_loads_and_runs_nothing(folder: Path, name: str) -> None:
    source = (folder / f"{name}.svg").read_text("utf-8")
    assert set(re.findall(r"\w+://[^\s\"'<>)]+", source)) <= NAMESPACES
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", source))
    root = ET.fromstring(source)
    drawn = {"svg", "g", "defs", "clipPath", "rect", "path", "line", "text", "tspan", "linearGradient", "stop"}
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= drawn
    attributes = {attribute.lower() for node in root.iter() for attribute in node.attrib}
    assert not {a for a in attributes if "href" in a or a == "src" or a.startswith("on")}


@pytest.mark.parametrize("name", RATES)
def test_a_curve_is_the_rate_of_every_severity_from_the_clean_photos_on(
    stress_run: Any, folder: Path, name: str
) -> None:
    conditions = {row.condition: RATES[name](row) for row in stress_run.summary.models[0].conditions}
    several = [e for e in usable(stress_run.summary) if e.family in {"gaussian-blur", "brightness-down"}]
    expected = {(e.title, str(e.severity)): conditions[e.name] for e in several}
    expected |= {(title, "0"): conditions["clean"] for title in (EVIL, FORMULA)}
    found = {(row["family"].lstrip("'"), row["severity"]): row for row in rows_of(folder / f"{name}.csv")}
    assert set(found) == {key for key, estimate in expected.items() if estimate.value is not None}
    for key, row in found.items():
        for end in ("value", "low", "high"):
            assert number(row[end]) == pytest.approx(getattr(expected[key], end), abs=1e-4)


def test_a_family_of_one_severity_makes_no_curve(folder: Path) -> None:
    for name in (*RATES, "distances"):
        assert "Square on the face" not in (folder / f"{name}.svg").read_text("utf-8")
    for name in ("heat-map", "loss"):
        assert "Square on the face" in (folder / f"{name}.svg").read_text("utf-8")


def test_the_bars_of_the_loss_are_its_parts_and_add_up(stress_run: Any, folder: Path) -> None:
    rows = rows_of(folder / "loss.csv")
    loss = {row.condition: row.loss for row in stress_run.summary.models[0].conditions}
    assert {row["part"] for row in rows} == set(PARTS.values())
    for entry in usable(stress_run.summary):
        mine = [row for row in rows if row["condition"].lstrip("'") == label(entry)]
        assert len(mine) == 3
        total = sum(float(row["loss"]) for row in mine)
        assert total == pytest.approx(loss[entry.name].loss.value, abs=1e-6)


def test_the_mean_distances_are_those_of_both_kinds(stress_run: Any, folder: Path) -> None:
    rows = rows_of(folder / "distances.csv")
    assert {row["kind"] for row in rows} == set(KINDS.values())
    clean = stress_run.summary.models[0].conditions[0].distances
    for kind, words in KINDS.items():
        at_zero = [float(row["distance"]) for row in rows if row["kind"] == words and row["severity"] == "0"]
        assert at_zero == pytest.approx([getattr(clean, kind).mean] * 2)


def test_changes_are_percentages_of_what_clean_photos_gave(stress_run: Any, folder: Path) -> None:
    rows = rows_of(folder / "changes.csv")
    changes = {row.condition: row.change for row in stress_run.summary.models[0].conditions}
    entries = {label(entry): entry.name for entry in usable(stress_run.summary)}
    assert rows
    for row in rows:
        metric = next(name for name, words in CHANGED.items() if words == row["metric"])
        change = getattr(changes[entries[row["condition"].lstrip("'")]], metric).value
        assert float(row["change"]) == pytest.approx(100 * change, rel=1e-4)


class TestHeatMap:
    @staticmethod
    def cells(root: ET.Element) -> dict[str, str]:
        marked = [node for node in root.iter(f"{SVG}path") if node.get("aria-roledescription") == "rect mark"]
        return {str(node.get("aria-label")): str(node.get("fill")) for node in marked}

    def test_it_has_a_cell_for_each_condition(self, stress_run: Any, folder: Path) -> None:
        cells = self.cells(svg(folder / "heat-map.svg"))
        assert len(cells) == len(usable(stress_run.summary))
        assert "none made" in texts(svg(folder / "heat-map.svg"))

    def test_where_nothing_was_compared_it_is_not_as_pale_as_where_nothing_went_wrong(self, folder: Path) -> None:
        none_made = texts(svg(folder / "heat-map.svg")).count("none made")
        colours = list(self.cells(svg(folder / "heat-map.svg")).values())
        assert colours.count(EMPTY) == none_made > 0


def test_severities_are_written_once_along_an_axis(folder: Path) -> None:
    assert repeated(svg(folder / "frr.svg")) == []


def test_few_severities_are_written_once_along_an_axis(stressed: StressSummary, tmp_path: Path) -> None:
    kept = {"clean", "gaussian-blur-1", "gaussian-blur-3"}

    def change(values: dict[str, Any]) -> None:
        values["conditions"] = [entry for entry in values["conditions"] if entry["name"] in kept]
        values["conditions"][-1]["severity"] = 2
        (model,) = values["models"]
        model["conditions"] = [row for row in model["conditions"] if row["condition"] in kept]

    write_charts({"frr": FIGURES["frr"](edited(stressed, change))}, tmp_path)
    assert repeated(svg(tmp_path / "frr.svg")) == []


def repeated(root: ET.Element) -> list[str]:
    """Numbers that stand twice along one x axis."""
    found = []
    for axis in root.iter(f"{SVG}g"):
        if axis.get("aria-label", "").startswith("X-axis"):
            marks = next(node for node in axis.iter(f"{SVG}g") if "role-axis-label" in node.get("class", ""))
            found += [text for text, times in Counter(texts(marks)).items() if times > 1]
    return found


def test_names_of_people_never_reach_a_figure(stress_run: Any, folder: Path) -> None:
    people = {getattr(flip, side) for flip in stress_run.summary.models[0].flips for side in ("person_a", "person_b")}
    assert people
    for path in [*folder.glob("*.svg"), *folder.glob("*.csv")]:
        assert not [name for name in people if name in path.read_text("utf-8") and name != FORMULA]


@pytest.mark.parametrize("name", FIGURES)
def test_a_title_stays_text_in_a_drawing(folder: Path, name: str) -> None:
    assert any(EVIL in text for text in texts(svg(folder / f"{name}.svg")))
    assert "<script" not in (folder / f"{name}.svg").read_text("utf-8")


def test_no_table_holds_a_formula(stress_run: Any) -> None:
    for path in [stress_run.folder / "conditions.csv", *(stress_run.folder / "figures").glob("*.csv")]:
        assert not [cell for row in rows_of(path) for cell in row.values() if cell and cell.startswith("=")], path.name


def test_a_figure_without_numbers_is_left_out_and_an_old_one_taken_away(
    stressed: StressSummary, folder: Path, tmp_path: Path
) -> None:
    for file in folder.iterdir():
        if file.stem in FIGURES:
            shutil.copy(file, tmp_path)
    assert (tmp_path / "loss.svg").exists()
    written = write_stress_figures(without_threshold(stressed), tmp_path).files
    assert sorted(tmp_path.iterdir()) == sorted(written)
    left = {path.stem for path in written}
    assert {"eer", "detection", "distances"} <= left
    assert not {"frr", "fmr", "loss", "changes"} & left


def test_where_every_condition_failed_nothing_is_drawn(stressed: StressSummary, tmp_path: Path) -> None:

    def change(values: dict[str, Any]) -> None:
        for place in (values, values["models"][0]):
            place["conditions"] = place["conditions"][:1]

    assert write_stress_figures(edited(stressed, change), tmp_path / "none").files == ()


def test_two_models_stand_side_by_side(stressed: StressSummary, tmp_path: Path) -> None:
    other = merged(stressed.models[0], name="another-model")
    write_stress_figures(stressed.model_copy(update={"models": [*stressed.models, other]}), tmp_path)
    for name in FIGURES:
        said = texts(svg(tmp_path / f"{name}.svg"))
        assert {"dlib-resnet", "another-model"} <= set(said), name
        if "model" in rows_of(tmp_path / f"{name}.csv")[0]:
            assert {row["model"] for row in rows_of(tmp_path / f"{name}.csv")} == {"dlib-resnet", "another-model"}


def test_two_families_of_one_title_are_not_mixed(stressed: StressSummary) -> None:

    def change(values: dict[str, Any]) -> None:
        for entry in values["conditions"]:
            entry["title"] = "Blur"

    rows = family_rows(edited(stressed, change), lambda row: {"eer": row.eer.value})
    places = Counter((row["model"], row["family"], row["severity"]) for row in rows)
    assert max(places.values()) == 1
