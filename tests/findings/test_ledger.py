"""The ledger against plain loops over small tables, and its file against odd names."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.errors import RunFolderError
from faceproof.files import guarded
from faceproof.findings.ledger import COLUMNS, open_ledger, write_failures_csv
from faceproof.findings.scored import join_scores
from faceproof.runs.manifest_schema import Manifest

ODD_NAMES = [
    "=HYPERLINK(1)",
    "+1",
    "-2",
    "@sum",
    "\tTab",
    "\rReturn",
    "line\nbreak",
    'quo"te, comma',
    "Zoë 🦊",
    "'tis",
]


def make_run(rows: list[tuple[str, str, float | None]], failed: dict[str, tuple[str, str]] | None = None) -> Any:
    """A run of comparisons (photo a, photo b, similarity); a photo that failed has a stage and a reason."""
    failed = failed or {}
    photos = sorted({photo for a, b, _ in rows for photo in (a, b)} | set(failed))
    people = [[photo.rpartition("/")[0] for photo in side] for side in zip(*[row[:2] for row in rows], strict=True)]
    people = people or [[], []]
    numbers = pa.array(range(len(rows)), pa.int64())
    text = pa.string()
    return SimpleNamespace(
        condition="clean",
        manifest=Manifest.model_validate({"model": "m", "people": {"root": "r"}, "seed": 0}),
        comparisons=pa.table(
            {
                "comparison": numbers,
                "photo_a": pa.array([row[0] for row in rows], text),
                "photo_b": pa.array([row[1] for row in rows], text),
                "person_a": pa.array(people[0], text),
                "person_b": pa.array(people[1], text),
                "mated": pa.array([a == b for a, b in zip(*people, strict=True)], pa.bool_()),
                "fold": pa.array([None] * len(rows), pa.int16()),
            }
        ),
        photos=pa.table(
            {
                "photo": pa.array(photos, text),
                "person": pa.array([photo.rpartition("/")[0] for photo in photos], text),
                "condition": pa.array(["clean"] * len(photos), text),
                "outcome": pa.array([failed.get(photo, ("template",))[0] for photo in photos], text),
                "reason": pa.array([failed.get(photo, (None, None))[1] for photo in photos], text),
            }
        ),
        scores=pa.table(
            {
                "comparison": numbers,
                "condition": pa.array(["clean"] * len(rows), text),
                "similarity": pa.array([row[2] for row in rows], pa.float64()),
            }
        ),
    )


SMALL = [
    ("ann/1", "ann/2", 0.9),
    ("ann/1", "ann/3", 0.2),
    ("ann/1", "bob/1", 0.7),
    ("ann/2", "bob/1", 0.5),
    ("ann/3", "bob/1", 0.1),
    ("bob/1", "bob/2", None),
    ("ann/1", "bob/2", None),
    ("cem/1", "cem/2", -0.3),
    ("cem/1", "cem/3", None),
]
FAILED = {"bob/2": ("detect", "no face was found"), "cem/3": ("decode", "the file is empty")}


def test_failures_are_those_of_a_plain_loop_worst_first() -> None:
    ledger = open_ledger(make_run(SMALL, FAILED), 0.5)
    matches, misses = ledger.errors("false_match"), ledger.errors("false_non_match")
    assert [row.comparison for row in matches] == [2, 3]
    assert [row.comparison for row in misses] == [7, 1]
    assert misses[0].person_a == "cem"
    assert misses[0].photo_b == "cem/2"
    assert matches[0].distance == pytest.approx(np.sqrt(0.6))
    assert matches[0].margin == pytest.approx(1 - np.sqrt(0.6))
    assert matches[1].margin == 0


def test_a_photo_that_is_compared_with_itself_loses_one_comparison_and_not_two() -> None:
    with_itself = [*SMALL, ("bob/2", "bob/2", None)]
    lost = {
        row.photo: row.comparisons_lost for row in open_ledger(make_run(with_itself, FAILED), 0.5).failures_to_acquire()
    }
    assert lost == {"bob/2": 3, "cem/3": 1}


def test_a_photo_without_a_template_is_listed_with_what_it_cost_and_is_no_error_of_a_decision() -> None:
    ledger = open_ledger(make_run(SMALL, FAILED), 0.5)
    assert [failure.as_json() for failure in ledger.failures_to_acquire()] == [
        {
            "photo": "bob/2",
            "person": "bob",
            "stage": "detect",
            "reason": "no face was found",
            "comparisons_lost": 2,
        },
        {
            "photo": "cem/3",
            "person": "cem",
            "stage": "decode",
            "reason": "the file is empty",
            "comparisons_lost": 1,
        },
    ]


def test_without_a_threshold_nothing_is_decided_but_lost_photos_stay() -> None:
    ledger = open_ledger(make_run(SMALL, FAILED), None)
    assert ledger.errors("false_match") == ledger.errors("false_non_match") == []
    assert len(ledger.failures_to_acquire()) == 2


def test_a_run_without_comparisons_has_no_failures(tmp_path: Path) -> None:
    assert write_failures_csv(tmp_path / "failures.csv", open_ledger(make_run([]), 0.5)) == 0
    assert (tmp_path / "failures.csv").read_text().strip() == ",".join(COLUMNS)


def test_scores_are_joined_by_number_not_by_row() -> None:
    run = make_run(SMALL, FAILED)
    expected = join_scores(run).similarity
    run.scores = run.scores.take([8, 2, 0, 1, 3, 4, 7, 6, 5])
    np.testing.assert_array_equal(join_scores(run).similarity, expected)
    run.scores = run.scores.slice(0, 4)
    assert np.isnan(join_scores(run).similarity[[3, 4, 5, 6, 7, 8]]).all()
    np.testing.assert_array_equal(join_scores(run).similarity[:3], expected[:3])


def test_a_score_of_another_condition_is_left_alone() -> None:
    run = make_run(SMALL, FAILED)
    blurred = run.scores.set_column(1, "condition", pa.array(["blur"] * len(SMALL)))
    run.scores = pa.concat_tables([blurred, run.scores])
    assert join_scores(run).similarity[0] == 0.9


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("comparison", [0, 0, 1, 2, 3, 4, 5, 6, 7], "more than once"),
        ("comparison", [0, 1, 2, 3, 4, 5, 6, 7, 99], "99"),
        ("similarity", [1.5] + [0.0] * 8, "cosine"),
        ("similarity", [float("inf")] + [0.0] * 8, "cosine"),
    ],
)
def test_scores_that_do_not_fit_are_refused(column: str, values: list[Any], message: str) -> None:
    run = make_run(SMALL, FAILED)
    run.scores = run.scores.set_column(run.scores.column_names.index(column), column, pa.array(values))
    with pytest.raises(RunFolderError, match=message):
        join_scores(run)


def test_people_get_the_same_number_on_both_sides_whatever_the_order_of_rows() -> None:
    run = make_run(SMALL, FAILED)
    person_a, person_b = join_scores(run).person_codes()
    assert person_a.tolist() == [0, 0, 0, 0, 0, 1, 0, 2, 2]
    assert person_b.tolist() == [0, 0, 1, 1, 1, 1, 1, 2, 2]
    run.comparisons = pa.concat_tables([run.comparisons.slice(4), run.comparisons.slice(0, 4)])
    again = join_scores(run).person_codes()
    assert np.roll(again[0], 4).tolist() == person_a.tolist()


def test_odd_names_come_back_from_the_file_and_none_starts_a_formula(tmp_path: Path) -> None:
    rows = [(f"{name}/1", f"{name}/2", -0.5) for name in ODD_NAMES]
    rows += [(f"{a}/1", f"{b}/1", 0.9) for a, b in itertools.pairwise(ODD_NAMES)]
    rows += [("gone/1", f"{name}/1", None) for name in ODD_NAMES]
    ledger = open_ledger(make_run(rows, {"gone/1": ("decode", "=1+1")}), 0.5)
    path = tmp_path / "failures.csv"
    assert write_failures_csv(path, ledger) == 2 * len(ODD_NAMES)
    with path.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["kind"] for row in read] == ["false_match"] * 9 + ["false_non_match"] * 10 + ["no_template"]
    names = {row["person_a"] for row in read if row["kind"] == "false_non_match"}
    assert {name.removeprefix("'") for name in names} == set(ODD_NAMES)
    assert not [
        cell for row in read for key, cell in row.items() if key != "similarity" and cell[:1] in "=+-@\t\r" and cell
    ]
    assert read[-1]["reason"] == "decode: =1+1"
    assert float(read[-2]["similarity"]) == -0.5
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_half_written_stays_when_the_file_cannot_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "failures.csv"
    path.mkdir()
    with pytest.raises(OSError, match=r"failures\.csv"):
        write_failures_csv(path, open_ledger(make_run(SMALL, FAILED), 0.5))
    assert list(tmp_path.iterdir()) == [path]


def test_a_long_ledger_is_written_in_parts_and_whole(tmp_path: Path) -> None:
    run = make_run([(f"p{i}/1", f"p{i}/2", -0.5) for i in range(25)])
    ledger = open_ledger(run, 0.5)
    whole = ledger.errors("false_non_match")
    parts = [row for start in range(0, 25, 10) for row in ledger.errors("false_non_match", 10, start)]
    assert parts == whole
    assert [row.comparison for row in whole] == list(range(25))


@given(st.text())
def test_a_guarded_cell_gives_its_text_back(text: str) -> None:
    cell = guarded(text)
    assert isinstance(cell, str)
    assert cell[:1] not in set("=+-@\t\r\n")
    assert (cell[1:] if cell.startswith("'") else cell) == text


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.75])), min_size=1, max_size=30))
def test_every_wrong_decision_is_in_the_ledger_once(decided: list[tuple[bool, float]]) -> None:
    rows = [(f"p{i}/1", f"p{i}/2" if mated else f"q{i}/1", at) for i, (mated, at) in enumerate(decided)]
    ledger = open_ledger(make_run(rows), 0.25)
    for kind, is_mated in (("false_match", False), ("false_non_match", True)):
        found = ledger.errors(kind)
        wrong = [i for i, (mated, at) in enumerate(decided) if mated == is_mated and (at >= 0.25) != mated]
        assert sorted(row.comparison for row in found) == wrong
        margins = [row.margin for row in found]
        assert margins == sorted(margins, reverse=True)
