"""Writing files so that they are there whole or not at all, tables that no spreadsheet runs, and digests."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_STARTS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠'")


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write to a name of this process's own beside the file, then rename.

    Args:
        path: the file; its folder has to be there.
        content: what it will hold.

    Raises:
        OSError: the disk is full, or the folder cannot be written; nothing is left behind.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> int:
    """Write a table as CSV, UTF-8, quoted by RFC 4180, every cell `guarded`, row by row, replaced as a whole.

    Args:
        path: the file; its folder has to be there.
        columns: names, in order; a row may lack some.
        rows: by column.

    Returns:
        Number of rows.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    written = 0
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            for row in rows:
                writer.writerow({name: guarded(cell) for name, cell in row.items()})
                written += 1
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return written


def guarded(cell: object) -> object:
    """A cell that no spreadsheet runs: text that starts like a formula gets an apostrophe in front.

    Text that starts with an apostrophe gets one too, so that taking one off always gives the original back.
    Numbers are left alone.

    Source: OWASP, CSV Injection.

    >>> guarded("=1+1"), guarded("Ann"), guarded("'tis"), guarded(-0.5)
    ("'=1+1", 'Ann', "''tis", -0.5)
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_STARTS_A_FORMULA) else cell


def unguarded(cell: str) -> str:
    """The text that `guarded` made a cell of; any other text as it is.

    >>> unguarded("'=1+1"), unguarded("'tis"), unguarded("''tis")
    ('=1+1', "'tis", "'tis")
    """
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_STARTS_A_FORMULA) else cell


def sha256_of(path: Path) -> str:
    """Digest of a file's bytes, hexadecimal.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_json(value: object) -> str:
    """SHA-256 of a JSON value, hexadecimal, whatever the order of its keys.

    Raises:
        ValueError: a number is NaN or infinite.
        TypeError: it is no JSON value.

    >>> sha256_of_json({"a": 1, "b": 2}) == sha256_of_json({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode()).hexdigest()
