"""The rows of a comparison of runs: which there are, and what stands in place of a number that is not known."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from edited import merged

from faceproof.report.words.comparison_rows import Cell, p_value, side_by_side
from faceproof.runs.run_folder import open_run
from faceproof.summary.stored import read_summary

COMPARED = Path(__file__).parents[2] / "data" / "runs-0.1" / "compare"


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    """Two small runs with the same detector."""
    return read_summary(open_run(Path(shutil.copytree(COMPARED, tmp_path_factory.mktemp("rows") / "run"))))


def rows_of(summary, **more):
    return {row.what: row for row in side_by_side(summary, **more)}


def test_rows_come_in_the_order_in_which_they_matter(summary):
    assert list(rows_of(summary)) == [
        *("Accuracy, held-out folds", "Equal error rate (EER)", "Area under the ROC (AUC)", "Separation d'"),
        *("FNMR at FMR 1%", "FNMR at FMR 0.1%", "Photos with a face", "Photos not usable (FTA)"),
        *("Comparisons not made", "Mean time per photo", "Numbers in a template", "Model", "Weights"),
    ]


def test_a_cell_has_a_value_with_its_interval_or_why_there_is_none(summary):
    rows = rows_of(summary, joiner=" to ")
    assert rows["Separation d'"].cells[0] == Cell("2.94", "1.73 to 4.15")
    assert rows["FNMR at FMR 1%"].cells[0] == Cell(
        "–", "", "cannot be estimated: An FMR of 1% needs 100 non-mated comparisons or more; there are 12."
    )
    assert [what for what, row in rows.items() if row.optimistic] == ["Equal error rate (EER)"]


def test_what_is_known_of_the_systems_is_a_row_and_what_is_not_a_dash(summary):
    rows = rows_of(summary)
    assert [cell.value for cell in rows["Comparisons not made"].cells] == ["2", "2"]
    assert [cell.value for cell in rows["Mean time per photo"].cells] == ["62.1 ms", "41.5 ms"]
    assert [cell.value for cell in rows["Weights"].cells] == ["538f1a3f6f48", "99a8fd405f26"]
    unknown = merged(summary, "runs", 1, model="", weights_sha256=None, template_size=None)
    rows = rows_of(merged(unknown, "runs", 1, "times", total_ms=None))
    for what in ("Model", "Weights", "Numbers in a template"):
        assert rows[what].cells[1] == Cell("–")
    assert rows["Mean time per photo"].cells[1] == Cell("–", "", "cannot be estimated: no time was recorded")


def test_comparisons_of_both_kinds_that_were_not_made_are_added(summary):
    changed = merged(summary, "not_made", 0, mated=1_000, non_mated=234)
    assert [cell.value for cell in rows_of(changed)["Comparisons not made"].cells] == ["1,234", "2"]


@pytest.mark.parametrize(
    ("detector", "told"),
    [
        ({"name": "mtcnn", "pad": 0.0}, None),
        ({"name": "mtcnn", "pad": 0.35}, ["mtcnn", "mtcnn, border 35%"]),
        ({"name": "none"}, ["mtcnn", "none"]),
        (None, ["mtcnn", "–"]),
    ],
)
def test_detectors_are_a_row_where_they_differ(summary, detector, told):
    row = rows_of(merged(summary, "runs", 1, "manifest", detector=detector)).get("Detector")
    assert (row and [cell.value for cell in row.cells]) == told


@pytest.mark.parametrize(
    ("p", "text"),
    [(None, "–"), (0.0, "below 0.0001"), (0.000099, "below 0.0001"), (1e-4, "0.0001"), (0.05, "0.05"), (0.345, "0.34")],
)
def test_a_p_value_is_never_zero(p, text):
    assert p_value(p) == text
