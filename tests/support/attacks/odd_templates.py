"""Odd files of templates: npz and Parquet with types, shapes, numbers and claims that nobody should trust."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from attacks.bench import child_rng
from attacks.cases import Case, Must

Rng = np.random.Generator
Truth = dict[str, list[float] | None]

SIZE = 16
_DTYPES = ("f2", "f4", "f8", ">f4", ">f8", "i1", "i4", "u1", "?", "c8", "U8", "S8", "O", "m8[s]", "M8[D]", "f4,f4")
_NUMBERS = frozenset({"f2", "f4", "f8", ">f4", ">f8", "i1", "i4", "u1"})
_CLAIMS = (10**9, 10**10, 10**12, 2**62, -1)
_ROWS = ("NaN", "infinite", "zeros", "huge", "tiny", "negative", "one NaN")
_BOMB_BLOCK = 1 << 24


def read(path: Path) -> Truth:
    """Template of each photo as the library reads it, None where it has none that can be used."""
    from faceproof.systems.external.template_file import read_templates

    found = read_templates(path)
    rows = found.templates.astype(float).tolist()
    return {photo: None if row in found.failures else rows[row] for row, photo in enumerate(found.photos)}


def cases(seed: int, count: int, bomb_bytes: int) -> Iterator[Case]:
    """So many odd template files; one claims to hold ``bomb_bytes`` of zeros and does."""
    made = [*_fixed(bomb_bytes)]
    yield from made[:count]
    makers = (_typed, _with_odd_row, _in_parquet, _claiming)
    for number in range(count - len(made)):
        rng = child_rng(seed, "templates", number)
        what, content, truth = makers[number % len(makers)](rng, number // len(makers))
        yield Case(f"templates {number}: {what}", "templates.npz", content, read, truth)


Made = tuple[str, bytes, Any]


def _photos(count: int) -> list[str]:
    return [f"Ann Lée/{number:03d}.jpg" for number in range(count)]


def _truth(photos: list[str], templates: np.ndarray) -> Truth:
    found: Truth = {}
    for photo, row in zip(photos, templates.astype(np.float64), strict=True):
        largest = np.abs(row).max()
        if not np.isfinite(row).all() or largest == 0:
            found[photo] = None
            continue
        scaled = row / largest
        found[photo] = (scaled / np.linalg.norm(scaled)).tolist()
    return found


def _typed(rng: Rng, number: int) -> Made:
    dtype = _DTYPES[number % len(_DTYPES)]
    count = int(rng.integers(2, 9))
    drawn = rng.normal(0, 40, (count, SIZE))
    plain = np.clip(drawn, 0, 100) if dtype == "u1" else np.clip(drawn, -100, 100)
    numbers = plain.astype(dtype) if dtype in _NUMBERS else np.zeros((count, SIZE), dtype)
    numbers = np.asfortranarray(numbers) if rng.random() < 0.3 else numbers
    photos = _photos(count)
    content = _npz(photo=np.array(photos), template=numbers)
    return f"dtype {dtype}", content, _truth(photos, numbers) if dtype in _NUMBERS else Must.REFUSE


def _with_odd_row(rng: Rng, number: int) -> Made:
    what = _ROWS[number % len(_ROWS)]
    rows = rng.normal(0, 1, (5, SIZE))
    rows[2] = {
        "NaN": np.full(SIZE, np.nan),
        "infinite": np.full(SIZE, np.inf),
        "zeros": np.zeros(SIZE),
        "huge": rows[2] * 1e300,
        "tiny": rows[2] * 1e-300,
        "negative": -np.abs(rows[2]),
        "one NaN": np.where(np.arange(SIZE) == 3, np.nan, rows[2]),
    }[what]
    photos = _photos(5)
    return f"a row of {what} numbers", _npz(photo=np.array(photos), template=rows), _truth(photos, rows)


def _in_parquet(rng: Rng, number: int) -> Made:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds: tuple[tuple[str, Any, bool], ...] = (
        ("list<float>", pa.list_(pa.float32()), True),
        ("list<double>", pa.list_(pa.float64()), True),
        ("fixed list", pa.list_(pa.float32(), SIZE), True),
        ("large list", pa.large_list(pa.float64()), True),
        ("whole numbers", pa.list_(pa.int32()), True),
        ("text", pa.string(), False),
        ("lists of text", pa.list_(pa.string()), False),
        ("one number", pa.float64(), False),
        ("nested lists", pa.list_(pa.list_(pa.float32())), False),
    )
    what, kind, sound = kinds[number % len(kinds)]
    rows = np.rint(rng.normal(0, 40, (6, SIZE)))
    photos = _photos(6)
    values: list[Any] = rows.tolist()
    if not sound:
        nested = {"text": "1, 2", "lists of text": ["1", "2"], "one number": 0.5, "nested lists": [[0.5], [0.25]]}
        values = [nested[what]] * 6
    oddity = number // len(kinds) % 4 if sound and what != "fixed list" else 0
    truth: Any = _truth(photos, rows) if sound else Must.REFUSE
    if oddity == 1:
        values[3], truth[photos[3]] = None, None
    elif oddity == 2:
        values[3], truth = values[3][:-1], Must.REFUSE
    elif oddity == 3:
        photos[3], truth = photos[2], Must.REFUSE
    table = pa.table({"photo": photos, "template": pa.array(values, kind)})
    content = io.BytesIO()
    pq.write_table(table, content)
    damaged = bytearray(content.getvalue())
    if rng.random() < 0.25:
        place = len(damaged) - int(rng.integers(1, 400))
        damaged[place] ^= 1 << int(rng.integers(8))
        return f"parquet, {what}, a flipped bit in its last part", bytes(damaged), Must.NOT_CRASH
    return f"parquet, {what}, oddity {oddity}", bytes(damaged), truth


def _claiming(rng: Rng, number: int) -> Made:
    """An array whose header claims more than follows."""
    claim = _CLAIMS[number % len(_CLAIMS)]
    name, shape = (
        ("template", f"({claim}, {SIZE})"),
        ("template", f"(4, {claim})"),
        ("photo", f"({claim},)"),
        ("template", f"({claim}, 0)"),
    )[number // len(_CLAIMS) % 4]
    dtype = "<U20" if name == "photo" else "<f4"
    arrays = {"photo": _npy(np.array(_photos(4))), "template": _npy(np.ones((4, SIZE), np.float32))}
    arrays[name] = _npy_bytes(f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}", b"\0" * 1000)
    return f"{name} claims the shape {shape}", _zipped(arrays), Must.REFUSE


def _fixed(bomb_bytes: int) -> Iterator[Case]:
    rows, photos = np.eye(4, SIZE), np.array(_photos(4))
    sound = _npz(photo=photos, template=rows)
    right = _truth(photos.tolist(), rows)

    def case(name: str, content: bytes, truth: Any = Must.REFUSE) -> Case:
        return Case(f"templates: {name}", "templates.npz", content, read, truth)

    yield case("a sound file", sound, right)
    yield case("compressed", _npz(np.savez_compressed, photo=photos, template=rows), right)
    yield case("an extra array", _npz(photo=photos, template=rows, more=np.array([{}], dtype=object)), right)
    yield case("no photo", _npz(template=rows))
    yield case("no rows", _npz(photo=photos[:0], template=rows[:0]))
    yield case("a photo twice", _npz(photo=photos[[0, 0, 1, 2]], template=rows))
    yield case("a photo too few", _npz(photo=photos[:3], template=rows))
    yield case("an empty name", _npz(photo=np.array(["", *photos[1:]]), template=rows))
    yield case("one row", _npz(photo=photos[:1], template=rows[0]))
    yield case("three dimensions", _npz(photo=photos, template=rows[..., None]))
    yield case("names as bytes", _npz(photo=np.char.encode(photos, "utf-8"), template=rows), right)
    yield case("names in latin-1", _npz(photo=np.char.encode(photos, "latin-1"), template=rows))
    yield case("an npy file", _npy(rows))
    yield case("a cut file", sound[: len(sound) // 2])
    yield case("noise", bytes(range(256)) * 20)
    yield case("an empty file", b"")
    yield case("an empty zip", _zipped({}))
    yield case("a header of nested brackets", _zipped({"photo": _npy(photos), "template": _npy_bytes("(" * 900, b"")}))
    yield case("a header that is code", _zipped({"photo": _npy(photos), "template": _npy_bytes("exit(7)", b"")}))
    yield case("a member twice", _zipped({"photo": _npy(photos), "template": _npy(rows)}, again="template"))
    yield case(f"{bomb_bytes:,} bytes of zeros", _bomb(bomb_bytes), Must.NOT_CRASH)


def _npz(save: Callable[..., None] = np.savez, **arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    save(content, **arrays)
    return content.getvalue()


def _npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def _npy_bytes(header: str, body: bytes) -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def _zipped(members: dict[str, bytes], again: str | None = None) -> bytes:
    import warnings

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of a member that is there twice
        for name, body in members.items():
            archive.writestr(f"{name}.npy", body)
        if again is not None:
            archive.writestr(f"{again}.npy", members[again][::-1])
    return content.getvalue()


def _bomb(size: int) -> bytes:
    """Templates of zeros of so many bytes, in a file of a thousandth of that: one block, repeated as it is packed."""
    blocks = max(size // _BOMB_BLOCK, 1)
    rows = blocks * _BOMB_BLOCK // (SIZE * 4)
    head = _npy_bytes(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {SIZE}), }}", b"")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed_head = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = bytes(_BOMB_BLOCK)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    body = packed_head + block * blocks + packer.flush()
    checksum = zlib.crc32(head)
    for _ in range(blocks):
        checksum = zlib.crc32(zeros, checksum)
    return _archive_of(b"template.npy", body, checksum, len(head) + blocks * _BOMB_BLOCK)


def _archive_of(name: bytes, body: bytes, checksum: int, size: int) -> bytes:
    """A zip file with one member that is packed already, and a small one with names of photos."""
    fields = (checksum, len(body), size % 2**32, len(name), 0)
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 33, *fields) + name + body
    central = struct.pack("<IHHHHHHIIIHH", 0x02014B50, 20, 20, 0, 8, 0, 33, *fields) + struct.pack(
        "<HHHII", 0, 0, 0, 0, 0
    )
    central += name
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(central), len(local), 0)
    content = io.BytesIO(local + central + end)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("photo.npy", _npy(np.array(_photos(4))))
    return content.getvalue()
