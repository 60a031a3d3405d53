"""Tables of a run: columns of the right type, and rows that belong together."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from faceproof.errors import RunFolderError
from faceproof.runs.run_folder import read_run
from faceproof.runs.table_checks import check_tables, typed

FOLDER = Path("runs/mine")


def scores(**columns):
    """A table of scores with two rows, some of its columns replaced."""
    usual = {"comparison": [0, 1], "condition": ["clean"] * 2, "similarity": [0.5, None], "reason": [None, "why"]}
    return pa.table({name: cells for name, cells in (usual | columns).items() if cells is not None})


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("comparison", pa.array([0, 1], pa.uint8())),
        ("similarity", pa.array([0.5, 1], pa.float32())),
        ("similarity", pa.array([0, 1])),
        ("similarity", pa.nulls(2)),
        ("condition", pa.array(["clean"] * 2).dictionary_encode()),
        ("condition", pa.array(["clean"] * 2, pa.large_string())),
        ("more", pa.array([True, False])),
    ],
)
def test_columns_of_another_width_encoding_or_name_are_taken(column, cells):
    table = scores(**{column: cells})
    assert typed(table, "scores", FOLDER) is table


@pytest.mark.parametrize(
    ("column", "cells", "said"),
    [
        ("comparison", pa.array([0.0, 1.0]), "'comparison' holds double; expected whole number"),
        ("comparison", pa.array([True, False]), "'comparison' holds bool; expected whole number"),
        ("similarity", pa.array(["0.5", "1"]), "'similarity' holds string; expected number"),
        ("condition", pa.array([1, 2]).dictionary_encode(), "'condition' holds dictionary<.*>; expected text"),
        ("condition", pa.array([b"a", b"b"]), "'condition' holds binary; expected text"),
    ],
)
def test_a_column_of_another_type_is_refused_with_what_it_holds(column, cells, said):
    with pytest.raises(RunFolderError, match=said) as caught:
        typed(scores(**{column: cells}), "scores", FOLDER)
    assert caught.value.path == FOLDER


def test_missing_columns_are_all_named():
    with pytest.raises(RunFolderError, match=r"mine lacks the columns comparison, reason\. Give"):
        typed(scores(comparison=None, reason=None), "scores", FOLDER)


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        (pa.list_(pa.float32()), True),
        (pa.large_list(pa.float64()), True),
        (pa.list_(pa.float32(), 4), True),
        (pa.list_(pa.int32()), False),
        (pa.float32(), False),
        (pa.null(), False),
    ],
)
def test_a_box_is_a_list_of_real_numbers(old_run, kind, taken):
    photos = pq.read_table(old_run / "photos.parquet")
    place = photos.column_names.index("box_xyxy_px")
    photos = photos.set_column(place, "box_xyxy_px", pa.nulls(len(photos), kind))
    if taken:
        assert typed(photos, "photos", FOLDER) is photos
    else:
        with pytest.raises(RunFolderError, match=r"'box_xyxy_px' holds .*; expected list of numbers"):
            typed(photos, "photos", FOLDER)


def compared(*pairs, numbers=None):
    return pa.table(
        {
            "comparison": pa.array(list(range(len(pairs))) if numbers is None else numbers, pa.int64()),
            "photo_a": pa.array([a for a, _ in pairs], pa.string()),
            "photo_b": pa.array([b for _, b in pairs], pa.string()),
        }
    )


def photos(*ids):
    return pa.table({"photo": pa.array(ids, pa.string())})


def scored(*numbers):
    return pa.table({"comparison": pa.array(numbers, pa.int64())})


@pytest.mark.parametrize(
    ("comparisons", "known", "of_scores"),
    [
        (compared(), photos(), scored()),
        (compared(("a", "b")), photos("a", "b"), scored(0)),
        (compared(("a", "b"), ("b", "a")), photos("b", "a", "c"), scored(1, 0)),
        (compared(("a", "b"), ("c", "d")), photos(), scored(0, 1)),  # nothing is known of photos
    ],
)
def test_tables_that_belong_together_pass_in_any_order(comparisons, known, of_scores):
    check_tables(FOLDER, comparisons, known, of_scores)


@pytest.mark.parametrize(
    ("comparisons", "known", "of_scores", "said"),
    [
        (compared(("a", "b")), photos("a", "b"), scored(), r"scores\.parquet has 0 rows and .* has 1; expected"),
        (compared(("a", "b")), photos("a", "b"), scored(0, 0), r"scores\.parquet has 2 rows and .* has 1; expected"),
        (compared(("a", "b"), ("a", "c"), numbers=[3, 3]), photos(), scored(3, 3), "one comparison more than once"),
        (compared(("a", "b"), ("a", "c")), photos(), scored(0, 0), "have other comparisons"),
        (compared(("a", "b")), photos(), scored(1), "have other comparisons"),
        (compared(("a", "b")), photos("b"), scored(0), "has no row of a, which is compared"),
        (compared(("a", "b"), ("b", "a")), photos("b"), scored(0, 1), "has no row of a, which is compared"),
        (compared(("a", "b")), photos("a"), scored(0), "has no row of b, which is compared"),
    ],
)
def test_tables_that_do_not_belong_together_are_refused(comparisons, known, of_scores, said):
    with pytest.raises(RunFolderError, match=said) as caught:
        check_tables(FOLDER, comparisons, known, of_scores)
    assert caught.value.path == FOLDER


# Version 1 kept no digests: its tables are checked by what is in them.


def test_lost_rows_are_noticed(old_run):
    scores = pq.read_table(old_run / "scores.parquet")
    pq.write_table(scores.slice(0, 2), old_run / "scores.parquet")
    with pytest.raises(RunFolderError, match=r"2 rows and comparisons\.parquet has 3"):
        read_run(old_run)


def test_other_comparisons_are_noticed(old_run):
    scores = pq.read_table(old_run / "scores.parquet")
    moved = scores.set_column(0, "comparison", pa.array([0, 1, 3]))
    pq.write_table(moved, old_run / "scores.parquet")
    with pytest.raises(RunFolderError, match="have other comparisons"):
        read_run(old_run)


def test_a_photo_without_a_row_is_noticed(old_run):
    photos = pq.read_table(old_run / "photos.parquet")
    pq.write_table(photos.slice(1), old_run / "photos.parquet")
    with pytest.raises(RunFolderError, match="no row of ann/1"):
        read_run(old_run)


@pytest.mark.parametrize(
    ("name", "column", "cells"),
    [
        ("scores", "similarity", ["0.9", "0.1", "0.8"]),
        ("scores", "comparison", [0.0, 1.0, 2.0]),
        ("comparisons", "mated", [1, 0, 1]),
        ("comparisons", "photo_a", [1, 2, 3]),
        ("photos", "decode_ms", ["1", "2", "3", "4"]),
        ("photos", "box_xyxy_px", [1.0, 2.0, 3.0, 4.0]),
    ],
)
def test_a_column_of_another_type_is_noticed(old_run, name, column, cells):
    table = pq.read_table(old_run / f"{name}.parquet")
    pq.write_table(
        table.set_column(table.column_names.index(column), column, pa.array(cells)), old_run / f"{name}.parquet"
    )
    with pytest.raises(RunFolderError, match=rf"{name}\.parquet: column '{column}' holds"):
        read_run(old_run)


def test_text_that_is_no_unicode_is_noticed(old_run):
    table = pq.read_table(old_run / "photos.parquet")
    raw = pa.array([b"\xff"] * len(table), pa.binary()).view(pa.string())
    pq.write_table(table.set_column(table.column_names.index("reason"), "reason", raw), old_run / "photos.parquet")
    with pytest.raises(RunFolderError, match=r"photos\.parquet is damaged"):
        read_run(old_run)
