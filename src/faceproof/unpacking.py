"""Estimate the memory for reading a compressed file before it is read: a few megabytes may expand to gigabytes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from faceproof.errors import FaceproofError
from faceproof.memory import memory_limit
from faceproof.sizes import in_words

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_WIDEST = 8  # bytes of the widest number in a column
_STRING = 60  # bytes of an empty Python string


def refuse_unless_room(path: Path, needed: int, failure: type[FaceproofError]) -> None:
    """Refuse a file that needs more than half of the available memory.

    Args:
        path: the file, for the message.
        needed: memory in bytes that the file takes when it is read.
        failure: class of the error to raise.

    Raises:
        FaceproofError: a ``failure``: there is too little memory.
    """
    limit = memory_limit()
    if needed > limit // 2:
        raise failure(
            f"{path} takes {in_words(needed)} of memory when it is read, more than half of the {in_words(limit)} that "
            "this machine or container has. Use fewer rows, or a machine with more memory."
        )


def open_parquet(file: BinaryIO, columns: Iterable[str]) -> pq.ParquetFile:
    """A Parquet file whose text columns are read as dictionaries of distinct values.

    Args:
        file: the file, open at its start.
        columns: columns that will be read.

    Returns:
        The file, with no data read yet.

    Raises:
        pyarrow.ArrowException: the file is no Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = set(columns)
    kinds = {field.name: field.type for field in pq.read_schema(file) if field.name in wanted}
    texts = [name for name, kind in kinds.items() if pa.types.is_string(kind) or pa.types.is_large_string(kind)]
    file.seek(0)
    return pq.ParquetFile(file, read_dictionary=texts)


def numbers_bytes(file: pq.ParquetFile, columns: Iterable[str]) -> int:
    """Memory in bytes for columns of numbers, or of lists of numbers, when a Parquet file is read.

    Args:
        file: the open file.
        columns: names of the columns.
    """
    wanted, metadata = set(columns), file.metadata
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    chunks = [group.column(place) for group in groups for place in range(group.num_columns)]
    return sum(_WIDEST * chunk.num_values for chunk in chunks if chunk.path_in_schema.split(".")[0] in wanted)


def texts_bytes(column: pa.ChunkedArray[Any]) -> int:
    """Memory in bytes for a column of text as Python strings; a dictionary is not expanded for the computation.

    Args:
        column: text, or a dictionary of text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    total = _STRING * len(column)
    for chunk in column.chunks:
        if isinstance(chunk, pa.DictionaryArray):
            lengths = pc.call_function("binary_length", [chunk.dictionary]).take(chunk.indices)
        else:
            lengths = pc.call_function("binary_length", [chunk])
        total += int(pc.sum(lengths).as_py() or 0)
    return total
