"""Parquet files: whole or not at all, and with a checksum on every page."""

from __future__ import annotations

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from faceproof.engine.parquet_files import parquet_bytes, read_parquet, write_parquet

TABLE = pa.table({"x": [1, 2, 3], "name": ["a", "b", "c"]})


def test_tables_lie_below_each_other_in_their_order(tmp_path):
    path = tmp_path / "t.parquet"
    write_parquet(path, iter([TABLE.slice(1), TABLE.slice(0, 1), TABLE.slice(0, 0)]))
    assert read_parquet(path).to_pydict() == {"x": [2, 3, 1], "name": ["b", "c", "a"]}
    assert os.listdir(tmp_path) == ["t.parquet"]
    write_parquet(path, [TABLE])
    assert read_parquet(path).equals(TABLE)


def test_tables_of_other_columns_leave_no_file(tmp_path):
    with pytest.raises(ValueError, match="schema"):
        write_parquet(tmp_path / "t.parquet", [TABLE, TABLE.select(["x"])])
    assert os.listdir(tmp_path) == []


def test_some_columns_and_rows_are_read_from_a_file_as_from_its_bytes(tmp_path):
    content = bytes(parquet_bytes(TABLE))
    (tmp_path / "t.parquet").write_bytes(content)
    for source in (content, tmp_path / "t.parquet"):
        assert read_parquet(source).equals(TABLE)
        assert read_parquet(source, columns=("name",), equal={"name": "b"}).to_pydict() == {"name": ["b"]}
        assert read_parquet(source, columns=[]).column_names == []


def test_files_and_bytes_are_compressed(tmp_path):
    many = pa.table({"x": pa.array([7] * 10_000)})
    write_parquet(tmp_path / "t.parquet", [many])
    for source in (tmp_path / "t.parquet", pa.BufferReader(parquet_bytes(many))):
        assert pq.read_metadata(source).row_group(0).column(0).compression == "ZSTD"


def test_a_flipped_bit_is_noticed_without_a_digest(tmp_path):
    path, table = tmp_path / "t.parquet", pa.table({"x": pa.array([0.1 * i for i in range(500)])})
    write_parquet(path, [table])
    whole = path.read_bytes()
    silent = 0
    for place in range(0, 8 * len(whole), 53):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        try:
            silent += not read_parquet(bytes(flipped)).equals(table)
        except (OSError, pa.ArrowException):
            continue
    assert silent == 0


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "t.parquet").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_parquet(tmp_path / "t.parquet", [pa.table({"x": [1]})])
    assert os.listdir(tmp_path) == ["t.parquet"]
