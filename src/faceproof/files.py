"""Read regular files, write files atomically, and compute their digests."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import secrets
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faceproof.errors import CacheError, FaceproofError

_MOST_TOML_BYTES = 1 << 18
# Keys such as a.a.a: time and memory of tomllib grow with the square of the depth.
_DEEP_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){50}""")
_SPECIAL = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_STARTS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠'")


def cache_root() -> Path:
    """The folder of everything that faceproof caches: FACEPROOF_CACHE or the platform's cache folder.

    Raises:
        CacheError: the user has no home folder, and FACEPROOF_CACHE is not set.
    """
    from platformdirs import user_cache_path

    named = os.environ.get("FACEPROOF_CACHE")
    try:
        return Path(named).expanduser() if named else user_cache_path("faceproof", appauthor=False)
    except RuntimeError as error:
        raise CacheError(
            f"There is no folder for the cache, since this user has no home folder ({error}). Set FACEPROOF_CACHE to "
            "a writable folder."
        ) from error


def check_file(path: Path, what: str, failure: type[FaceproofError], *, most_bytes: int | None = None) -> int:
    """Check that a file is a regular one, since reading a pipe or a device can block for ever.

    Args:
        path: the file; links are followed.
        what: description of the file, as the subject of a sentence: "The weights file".
        failure: class of the error to raise.
        most_bytes: largest allowed size in bytes; None: any.

    Returns:
        Its size in bytes. Do not read a file of 0 bytes: files of the kernel report 0, and reading one can block.

    Raises:
        FaceproofError: a ``failure``: it is missing, a folder, a pipe, a socket or a device, or too large.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise failure(f"{what} {path} cannot be read ({getattr(error, 'strerror', None) or error}).") from error
    if stat.S_ISDIR(found.st_mode):
        raise failure(f"{what} {path} is a folder. Expected a file.")
    if not stat.S_ISREG(found.st_mode):
        kind = next((name for is_kind, name in _SPECIAL if is_kind(found.st_mode)), "no regular file")
        raise failure(
            f"{what} {path} is {kind}. Expected a regular file: a pipe, /dev/stdin and <(command) are not supported, "
            "since a file is read more than once. Write the content to a file and give that."
        )
    if most_bytes is not None and found.st_size > most_bytes:
        raise failure(f"{what} {path} has {found.st_size:,} bytes. Expected at most {most_bytes:,}.")
    return found.st_size


def read_toml(
    path: Path, what: str, failure: type[FaceproofError], *, parse_float: Callable[[str], Any] = float
) -> dict[str, Any]:
    """The content of a TOML file.

    Args:
        path: the file, UTF-8.
        what: description of the file, as in `check_file`.
        failure: class of the error to raise.
        parse_float: makes a value of the text of a number that is not whole.

    Returns:
        The values by key.

    Raises:
        FaceproofError: a ``failure``: the file cannot be read, or is no TOML.
    """
    size = check_file(path, what, failure, most_bytes=_MOST_TOML_BYTES)
    nested = f"{what} {path} cannot be read as TOML: arrays or tables are nested too deep."
    try:
        text = path.read_bytes().decode("utf-8") if size else ""
        if _DEEP_KEY.search(text):
            raise failure(nested)
        return tomllib.loads(text, parse_float=parse_float)
    except OSError as error:
        raise failure(f"{what} {path} cannot be read ({error.strerror or error}).") from error
    except RecursionError as error:
        raise failure(nested) from error
    except FaceproofError:
        raise
    except (ValueError, OverflowError) as error:  # ValueError: no UTF-8, no TOML, or a number of too many digits
        raise failure(f"{what} {path} is no TOML: {error}.") from error


@contextmanager
def replaced_whole(path: Path) -> Iterator[Path]:
    """A temporary path in the folder of a file, renamed to the file when the block ends without an error.

    Readers therefore see the complete old content or the complete new one. The temporary name is unique, and the
    temporary file is removed when the block raises.

    Args:
        path: the file; its folder must exist.

    Yields:
        The temporary path.

    Raises:
        OSError: the file cannot be renamed.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file atomically, by `replaced_whole`.

    Args:
        path: the file; its folder must exist.
        content: the content of the file.

    Raises:
        OSError: the disk is full, or the folder is not writable; no temporary file remains.
    """
    with replaced_whole(path) as part:
        part.write_bytes(content)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> int:
    """Write a table as CSV (UTF-8, quoted by RFC 4180, cells `guarded`), atomically.

    Args:
        path: the file; its folder must exist.
        columns: names of the columns, in order.
        rows: values by column; a row may lack columns.

    Returns:
        Number of rows.
    """
    written = 0
    with replaced_whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: guarded(cell) for name, cell in row.items()})
            written += 1
    return written


def guarded(cell: object) -> object:
    """A cell that a spreadsheet does not execute: text that starts like a formula gets an apostrophe in front.

    Text that starts with an apostrophe gets one too, so that removing one always restores the original. Numbers are
    not changed.

    Source: OWASP, CSV Injection.

    >>> guarded("=1+1"), guarded("Ann"), guarded("'tis"), guarded(-0.5)
    ("'=1+1", 'Ann', "''tis", -0.5)
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_STARTS_A_FORMULA) else cell


def unguarded(cell: str) -> str:
    """The inverse of `guarded`; other text is returned unchanged.

    >>> unguarded("'=1+1"), unguarded("'tis"), unguarded("''tis")
    ('=1+1', "'tis", "'tis")
    """
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_STARTS_A_FORMULA) else cell


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal.

    Args:
        path: the file.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_json(value: object) -> str:
    """SHA-256 of a JSON value, hexadecimal; it does not depend on the order of keys.

    Raises:
        ValueError: a number is NaN or infinite.
        TypeError: the value is no JSON value.

    >>> sha256_of_json({"a": 1, "b": 2}) == sha256_of_json({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode()).hexdigest()


def write_metrics_json(path: Path, summary: Mapping[str, object]) -> None:
    """Write a summary as strict JSON, one section per line, atomically.

    Args:
        path: the file; its folder must exist.
        summary: JSON values by section.

    Raises:
        ValueError: a number is NaN or infinite.
        OSError: the disk is full, or the folder is not writable.
    """
    lines = (f"{json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in summary.items())
    write_whole(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode())
