"""Write Parquet files atomically, with a checksum on every page, and verify the checksums when reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from faceproof.files import replaced_whole

_COMPRESSION: Final = "zstd"


def write_parquet(path: Path, tables: Iterable[pa.Table]) -> None:
    """Write one or more tables with the same columns into one file, in order.

    Args:
        path: the file; its folder has to exist.
        tables: at least one; only one is in memory at a time.

    Raises:
        OSError: the disk is full, or the folder cannot be written; no file is left behind.
    """
    rest = iter(tables)
    first = next(rest)
    with (
        replaced_whole(path) as part,
        pq.ParquetWriter(part, first.schema, compression=_COMPRESSION, write_page_checksum=True) as writer,
    ):
        writer.write_table(first)
        for table in rest:
            writer.write_table(table)


def parquet_bytes(table: pa.Table) -> memoryview:
    """A table as the bytes of a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression=_COMPRESSION, write_page_checksum=True)
    return memoryview(sink.getvalue())


def read_parquet(
    source: Path | bytes,
    *,
    columns: Sequence[str] | None = None,
    equal: Mapping[str, str] | None = None,
) -> pa.Table:
    """A table, or some of its columns and rows.

    Args:
        source: a file, or its bytes.
        columns: names of columns; None: all.
        equal: text that a row has to hold, by the name of the column; None or empty: all rows.

    Raises:
        OSError: the file cannot be read, or a page does not match its checksum.
        pyarrow.ArrowException: it is no Parquet file.
    """
    return pq.read_table(
        pa.BufferReader(source) if isinstance(source, bytes) else source,
        columns=None if columns is None else list(columns),
        filters=[(column, "=", text) for column, text in (equal or {}).items()] or None,
        page_checksum_verification=True,
    )
