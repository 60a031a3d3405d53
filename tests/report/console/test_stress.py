"""The tables of a stress run in the terminal, at 80 columns."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from edited import edited, merged
from rich.cells import cell_len
from rich.console import Console

from faceproof.report.console.stress import print_stress
from faceproof.report.words.stress import label
from faceproof.summary.stress_schema import StressSummary

COLUMNS = ("found", "FRR", "FMR", "best", "loss", "faces", "drift", "separ")


def printed(summary: StressSummary, report: Path | None = None, width: int = 80) -> str:
    out = io.StringIO()
    print_stress(summary, Console(width=width, file=out), report)
    return out.getvalue()


def rows_of(text: str) -> dict[str, list[str]]:
    """Cells by the name of the condition, with names that are folded put together again."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("condition "))
    rows: dict[str, list[str]] = {}
    name = ""
    for line in lines[start + 1 :]:
        if line.startswith("robustness index") or not line.strip():
            break
        head, *cells = line.strip().rsplit(maxsplit=len(COLUMNS))
        if len(cells) == len(COLUMNS) and all(re.fullmatch(r"-|-?[\d.]+%?", cell) for cell in cells):
            name = head
            rows[name] = cells
        else:
            head = line.strip()
            rows[f"{name} {head}"] = rows.pop(name)
            name = f"{name} {head}"
    return rows


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def test_of_few_conditions_all_are_shown(stressed: StressSummary) -> None:
    assert "The worst severity" not in in_one_line(printed(stressed))


def test_it_fits_80_columns_and_cuts_nothing(stressed: StressSummary) -> None:
    text = printed(stressed, Path("run/report.html"))
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert "…" not in text
    assert "\x1b" not in text


def test_every_condition_that_has_numbers_is_a_row(stressed: StressSummary) -> None:
    rows = rows_of(printed(stressed, width=140))
    entries = [entry for entry in stressed.conditions if entry.failed is None]
    assert list(rows) == [label(entry) for entry in entries]
    assert {len(cells) for cells in rows.values()} == {len(COLUMNS)}
    narrow = rows_of(printed(stressed))
    assert list(narrow.values()) == list(rows.values())


def test_the_cells_are_the_numbers_of_the_summary(stressed: StressSummary) -> None:
    rows = rows_of(printed(stressed, width=140))
    for found, cells in zip(stressed.models[0].conditions, rows.values(), strict=True):
        best = next(point for point in found.operating_points if point.name == "best_accuracy")
        rates = (found.rates.detection_rate, found.held.frr, found.held.fmr, best.accuracy)
        losses = [getattr(found.loss, part) for part in ("loss", "not_found", "drift", "separability")]
        for estimate, cell in zip(rates, cells[:4], strict=True):
            told = None if cell == "-" else float(cell.rstrip("%")) / 100
            assert told == (None if estimate.value is None else pytest.approx(estimate.value, abs=5.1e-4))
        for estimate, cell in zip(losses, cells[4:], strict=True):
            assert float(cell) == pytest.approx(estimate.value, abs=5.1e-4)
            assert cell != "-0.000"


def test_what_cannot_be_told_is_a_dash_and_no_zero(stressed: StressSummary) -> None:
    black = rows_of(printed(stressed, width=140))["Black, severity 1"]
    assert black[:4] == ["0.0%", "100.0%", "-", "-"]


def test_headline_warnings_index_and_the_page_are_there(stressed: StressSummary) -> None:
    text = in_one_line(printed(stressed, Path("run/report.html")))
    assert text.startswith(stressed.headline)
    for warning in stressed.warnings:
        assert f"! {in_one_line(warning)}" in text
    index = stressed.models[0].index
    assert f"robustness index {index.value:.3f} ({index.low:.3f} to {index.high:.3f})" in text
    assert text.endswith("Report: run/report.html")


def test_each_model_has_a_table(stressed: StressSummary) -> None:
    other = merged(stressed.models[0], name="another-model")
    text = printed(stressed.model_copy(update={"models": [*stressed.models, other]}))
    assert len([line for line in text.splitlines() if line.startswith("condition ")]) == 2
    assert "another-model, threshold held: FMR 10% on clean photos of other people" in text


def test_of_many_conditions_the_worst_of_each_family_is_shown_and_it_is_said(stressed: StressSummary) -> None:
    clean, blurred = (
        next(row for row in stressed.models[0].conditions if row.condition == name)
        for name in ("clean", "gaussian-blur-1")
    )
    entries, rows = [stressed.entry("clean")], [clean]
    for number in range(1, 46):
        told = {"name": f"x-{number}", "severity": number, "family": f"x{number % 2}", "told": f"radius {number} px"}
        entries.append(merged(stressed.entry("gaussian-blur-1"), **told))
        rows.append(merged(blurred, condition=f"x-{number}"))
    model = stressed.models[0].model_copy(update={"conditions": rows})
    text = printed(stressed.model_copy(update={"conditions": entries, "models": [model]}), width=140)
    assert [name.split(", ")[-1] for name in rows_of(text)] == ["photos as they are", "radius 44 px", "radius 45 px"]
    assert "The worst severity of each family" in in_one_line(text)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "=1+1", "Zoë 😀 李"])
def test_a_name_appears_as_it_is(stressed: StressSummary, name: str) -> None:
    text = printed(named(stressed, name), width=140)
    assert in_one_line(text).startswith(f"{name} breaks")
    assert f"! Such as {name} here." in in_one_line(text)
    assert f"{name}, threshold held" in text
    assert f"{name}, radius 1 px" in rows_of(text)


@pytest.mark.parametrize("name", ["[red]Ann[/red]", "[/]", ":smile:", "[link=https://example.org]Ann"])
def test_a_name_is_no_markup(stressed: StressSummary, name: str) -> None:
    assert f"{name}, radius 1 px" in rows_of(printed(named(stressed, name), width=140))


def named(summary: StressSummary, name: str) -> StressSummary:
    """The summary with a name in place of titles and of the model, and in headline and warnings."""

    def change(values: dict[str, Any]) -> None:
        for entry in values["conditions"]:
            entry["title"] = name
        values |= {"headline": f"{name} breaks", "warnings": [f"Such as {name} here."]}
        values["models"][0]["name"] = name

    return edited(summary, change)


STEERING = "Ann\x1b[31m\x1b]0;title\x07\x9b31m\r\x08\u202eBob"


@pytest.mark.parametrize("place", ["headline", "warning", "title", "report"])
def test_a_name_steers_no_terminal(stressed: StressSummary, place: str) -> None:
    report = Path("/runs")
    if place == "headline":
        stressed = merged(stressed, headline=STEERING)
    elif place == "warning":
        stressed = merged(stressed, warnings=[STEERING])
    elif place == "title":
        stressed = merged(stressed, "conditions", 1, title=STEERING)
    else:
        report /= STEERING
    text = printed(stressed, report)
    assert "Ann" in text
    assert [c for c in text if not c.isprintable() and c != "\n"] == []


def test_the_name_of_a_model_steers_no_terminal(stressed: StressSummary) -> None:
    hostile = merged(stressed, "models", 0, name=STEERING)
    assert [c for c in printed(hostile) if not c.isprintable() and c != "\n"] == []
