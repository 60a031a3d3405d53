"""The table in the terminal, at the 80 columns that every terminal has."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from edited import edited, merged
from rich.cells import cell_len
from rich.console import Console

from faceproof.report.console.evaluation import print_summary
from faceproof.report.words.key_numbers import key_numbers
from faceproof.summary.evaluation_schema import EvaluationSummary


def printed(summary: EvaluationSummary, report: Path | None = None, width: int = 80) -> str:
    out = io.StringIO()
    print_summary(summary, Console(width=width, file=out), report)
    return out.getvalue()


def row(text: str, start: str) -> str:
    """A row of the table on one line, with what is wrapped below it."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(start))
    below = []
    for line in lines[at + 1 :]:
        if not line.startswith(" " * 40) or not line.strip():
            break
        below.append(line)
    return " ".join(" ".join([lines[at], *below]).split())


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def test_every_key_number_is_a_row_with_its_interval(summary: EvaluationSummary) -> None:
    text = printed(summary)
    on_the_page_only = ("min_cllr", "calibration_loss", "misleading_mated", "misleading_non_mated")
    for key in key_numbers(summary, joiner=" to "):
        if key.key in on_the_page_only:
            assert key.what not in text
            continue
        cells = [key.what, key.value, key.interval] if key.available else [key.what, "-", key.note]
        assert row(text, key.what).startswith(" ".join(cells))
    assert row(text, "Mated, rejected") == "Mated, rejected 34 FN at distance 1.091"
    assert row(text, "Non-mated, accepted") == "Non-mated, accepted 5 FP at distance 1.091"
    assert row(text, "Mean distance, mated") == "Mean distance, mated 0.650 standard deviation 0.141"
    assert row(text, "Comparisons not made") == "Comparisons not made 1 of 6,001; a photo gave no template"
    assert row(text, "Mean time per photo") == "Mean time per photo 29.6 ms decode, detect, embed"


def test_it_fits_80_columns_and_cuts_nothing(
    summary: EvaluationSummary, summary_of: Callable[..., EvaluationSummary]
) -> None:
    for each in (summary, summary_of(0, 0)):
        text = printed(each)
        assert max(cell_len(line) for line in text.splitlines()) <= 80
        assert "…" not in text


def test_headline_and_warnings_are_printed_in_full(summary: EvaluationSummary) -> None:
    text = in_one_line(printed(summary))
    assert text.startswith(summary.headline)
    for warning in summary.warnings:
        assert f"! {warning}" in text
    assert "! " not in printed(merged(summary, warnings=[]))


def test_optimistic_numbers_are_marked_and_the_mark_explained(summary: EvaluationSummary) -> None:
    text = printed(summary)
    assert "optimistic; threshold of best accuracy" in row(text, "Accuracy at distance 1.091")
    assert "optimistic; FMR and FNMR equal" in row(text, "Equal error rate (EER)")
    assert "optimistic" not in row(text, "Accuracy, held-out folds")
    assert "optimistic: the threshold was chosen on the comparisons that it is judged on." in text

    def change(values: dict[str, Any]) -> None:
        values["eer"]["optimistic"] = False
        for point in values["operating_points"]:
            point["optimistic"] = point["accuracy"]["optimistic"] = False

    assert "optimistic" not in printed(edited(summary, change))


def test_what_cannot_be_told_is_no_zero(summary_of: Callable[..., EvaluationSummary]) -> None:
    summary = merged(summary_of(0, 0), times=dict.fromkeys(("decode_ms", "detect_ms", "embed_ms", "total_ms")))
    text = printed(summary)
    reason = "cannot be estimated: only one kind of comparison was made"
    assert row(text, "Equal error rate (EER)") == f"Equal error rate (EER) - {reason}"
    assert row(text, "Mean distance, mated") == "Mean distance, mated - cannot be estimated: no mated comparison"
    assert row(text, "Mean time per photo") == "Mean time per photo - cannot be estimated: no time was recorded"
    assert "0.00%" not in text
    undecided = merged(summary, "operating_points", 0, threshold_distance=None, confusion=None)
    assert "Mated, accepted" not in printed(undecided)


def test_the_path_of_the_report_stays_on_one_line(summary: EvaluationSummary) -> None:
    path = Path("/runs") / ("long" * 30) / "report.html"
    assert printed(summary, path).splitlines()[-1] == f"Report: {path}"
    assert "Report:" not in printed(summary)


@pytest.mark.parametrize(
    "name",
    [
        "[red]Ann[/red]",
        "[link=https://example.org]Ann[/link]",
        "[/]",
        ":smile:",
        "<script>alert(1)</script>",
        "Zoë 😀 李",
    ],
)
def test_a_name_is_no_markup(summary: EvaluationSummary, name: str) -> None:
    hostile = merged(summary, headline=f"{name} decided", warnings=[f"Such as {name} here."])
    hostile = merged(hostile, "operating_points", 0, label=name)
    text = in_one_line(printed(hostile, Path(f"/runs/{name.replace('/', '_')}")))
    assert text.startswith(f"{name} decided")
    assert f"! Such as {name} here." in text
    assert f"optimistic; {name}" in in_one_line(row(printed(hostile, width=160), "Accuracy at"))
    assert text.endswith(name.replace("/", "_"))


@pytest.mark.parametrize("place", ["headline", "warning", "reason", "report"])
def test_a_name_steers_no_terminal(summary: EvaluationSummary, place: str) -> None:
    hostile, report = summary, Path("/runs/lfw")
    # Colour, window title, the one-byte form of an escape, carriage return, backspace, right to left.
    name = "Ann\x1b[31m\x1b]0;title\x07\x9b31m\r\x08\u202eBob"
    if place == "headline":
        hostile = merged(summary, headline=f"{name} decided")
    elif place == "warning":
        hostile = merged(summary, warnings=[f"Such as {name}."])
    elif place == "reason":
        hostile = merged(summary, "auc", value=None, reason=name)
    else:
        report /= name
    text = printed(hostile, report)
    assert "Ann" in text
    assert [c for c in text if not c.isprintable() and c != "\n"] == []
