"""How much memory a compressed file takes is computed before it is read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import faceproof.unpacking
from faceproof.errors import PeopleError
from faceproof.unpacking import numbers_bytes, open_parquet, refuse_unless_room, texts_bytes


@pytest.mark.parametrize(("needed", "refused"), [(0, False), (1000, False), (1001, True)])
def test_a_file_may_take_half_of_the_memory(monkeypatch: pytest.MonkeyPatch, needed: int, refused: bool) -> None:
    monkeypatch.setattr(faceproof.unpacking, "memory_limit", lambda: 2001)
    if refused:
        with pytest.raises(PeopleError, match=r"a\.npz takes 1 kB of memory when it is read, more than half of the 2 "):
            refuse_unless_room(Path("a.npz"), needed, PeopleError)
    else:
        refuse_unless_room(Path("a.npz"), needed, PeopleError)


def stored(table: pa.Table, **options: object) -> io.BytesIO:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    file.seek(0)
    return file


def test_wanted_columns_of_text_are_read_as_dictionaries() -> None:
    table = pa.table({"photo": ["a", "a"], "note": ["b", "b"], "long": pa.array(["c", "c"], pa.large_string())})
    table = table.append_column("x", pa.array([1.0, 2.0]))
    read = open_parquet(stored(table), ["photo", "long", "x", "missing"]).read()
    is_dictionary = {field.name: pa.types.is_dictionary(field.type) for field in read.schema}
    assert is_dictionary == {"photo": True, "note": False, "long": True, "x": False}
    assert {name: read[name].to_pylist() for name in read.column_names} == table.to_pydict()


def test_a_number_counts_8_bytes_in_lists_and_in_every_group_of_rows() -> None:
    lists = pa.array([[1.0, 2.0, 3.0], [4.0], [5.0]], pa.list_(pa.float32()))
    table = pa.table({"x": pa.array([1, 2, None], pa.int8()), "template": lists, "templates": [1, 2, 3]})
    file = open_parquet(stored(table, row_group_size=2), [])
    assert file.num_row_groups == 2
    assert [numbers_bytes(file, columns) for columns in ([], ["x"], ["template"], ["x", "template"])] == [0, 24, 40, 64]


@pytest.mark.parametrize(
    ("texts", "needed"), [([], 0), ([""], 60), (["abc", "é"], 125), ([None, "ab"], 122), ([None], 60)]
)
def test_a_text_counts_60_bytes_and_its_letters(texts: list[str | None], needed: int) -> None:
    column = pa.chunked_array([pa.array(texts, pa.string())])
    assert texts_bytes(column) == texts_bytes(column.dictionary_encode()) == needed
    assert texts_bytes(pa.chunked_array([*column.chunks, *column.chunks], pa.string())) == 2 * needed


def test_a_long_text_that_is_repeated_counts_each_time_and_is_not_expanded() -> None:
    repeated = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1000, np.int32)), pa.array(["x" * 10**6]))
    assert texts_bytes(pa.chunked_array([repeated])) == 1000 * (60 + 10**6)
