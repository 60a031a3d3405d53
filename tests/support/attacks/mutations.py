"""Ways to damage a photo's bytes, each a function of the bytes, of another photo's and of a random generator."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from attacks.pictures import Base, chunk

Rng = np.random.Generator
Mutation = Callable[[bytes, bytes, Rng], bytes]

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".avif")
_SIZES = (0, 1, 2, 47, 49, 255, 256, 4096, 10_000, 32_767, 65_500, 65_535, 100_000, 2**24, 2**31 - 1, 2**32 - 1)
_PNG_SIGNATURE = 8
_JPEG_FRAMES = re.compile(rb"\xff[\xc0-\xc2]\x00[\x08-\x20]\x08")


def mutated(base: Base, others: Sequence[Base], rng: Rng) -> tuple[str, str, bytes]:
    """A damaged photo.

    Args:
        base: the photo.
        others: photos to take parts of.
        rng: decides what is done.

    Returns:
        What was done, the suffix, the bytes.
    """
    other = others[int(rng.integers(len(others)))]
    names = [str(name) for name in rng.choice(list(MUTATIONS), size=1 if rng.random() < 0.8 else 2)]
    content = base.content
    for name in names:
        content = MUTATIONS[name](content, other.content, rng)
    suffix = base.suffix
    if "swap_suffix" in names:
        suffix = str(rng.choice([one for one in SUFFIXES if one != suffix]))
    return f"{base.kind} {'+'.join(names)}", suffix, content


def flip_bits(content: bytes, other: bytes, rng: Rng) -> bytes:
    """Up to 16 bits, half of the time near the start, where headers are."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 17))):
        changed[_place(content, rng)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def overwrite(content: bytes, other: bytes, rng: Rng) -> bytes:
    """A run of up to 64 bytes is zeros, ones or noise."""
    length = int(rng.integers(1, 65))
    at = _place(content, rng)
    noise = rng.integers(0, 256, length).astype(np.uint8).tobytes()
    run = (b"\0" * length, b"\xff" * length, noise)[int(rng.integers(3))]
    return content[:at] + run[: len(content) - at] + content[at + length :]


def truncate(content: bytes, other: bytes, rng: Rng) -> bytes:
    """The end is missing."""
    return content[: int(rng.integers(1, len(content)))]


def blank_tail(content: bytes, other: bytes, rng: Rng) -> bytes:
    """The end is zeros, as an interrupted download leaves it."""
    kept = int(rng.integers(1, len(content)))
    return content[:kept] + b"\0" * (len(content) - kept)


def splice(content: bytes, other: bytes, rng: Rng) -> bytes:
    """The start of one photo and the end of another."""
    return content[: int(rng.integers(1, len(content)))] + other[int(rng.integers(len(other))) :]


def append(content: bytes, other: bytes, rng: Rng) -> bytes:
    """Noise, zeros, or another photo after the end."""
    noise = rng.integers(0, 256, int(rng.integers(1, 4096))).astype(np.uint8).tobytes()
    return content + (noise, b"\0" * 1000, other)[int(rng.integers(3))]


def repeat_part(content: bytes, other: bytes, rng: Rng) -> bytes:
    """A part of the file, where it has some, comes several times."""
    parts = _parts(content)
    at = int(rng.integers(len(parts)))
    return b"".join([*parts[:at], *[parts[at]] * int(rng.integers(2, 40)), *parts[at + 1 :]])


def remove_part(content: bytes, other: bytes, rng: Rng) -> bytes:
    """A part of the file is missing."""
    parts = _parts(content)
    at = int(rng.integers(len(parts)))
    return b"".join([*parts[:at], *parts[at + 1 :]]) or content[:1]


def shuffle_parts(content: bytes, other: bytes, rng: Rng) -> bytes:
    """Two parts of the file change places."""
    parts = _parts(content)
    one, two = (int(place) for place in rng.integers(len(parts), size=2))
    parts[one], parts[two] = parts[two], parts[one]
    return b"".join(parts)


def claim_size(content: bytes, other: bytes, rng: Rng) -> bytes:
    """The header claims another width or height."""
    size = int(rng.choice(_SIZES))
    changed = bytearray(content)
    for at, form in _size_fields(content):
        if rng.random() < 0.7:
            limit = 1 << (8 * struct.calcsize(form))
            struct.pack_into(form, changed, at, size % limit)
    if content.startswith(b"\x89PNG") and rng.random() < 0.7:
        changed[29:33] = struct.pack(">I", zlib.crc32(changed[12:29]))
    if re.match(rb"P[1-6]\s", content):
        return re.sub(rb"\d+", str(size).encode(), bytes(changed), count=1 + int(rng.integers(2)))
    return bytes(changed)


def add_chunk(content: bytes, other: bytes, rng: Rng) -> bytes:
    """A long text, profile or comment in the header."""
    noise = rng.integers(0, 256, int(rng.integers(1, 60_000))).astype(np.uint8).tobytes()
    if content.startswith(b"\x89PNG"):
        kind = (b"tEXt", b"zTXt", b"iCCP", b"eXIf", b"tRNS", b"PLTE", b"acTL", b"gAMA")[int(rng.integers(8))]
        return content[:33] + chunk(kind, noise) + content[33:]
    if content.startswith(b"\xff\xd8"):
        kind = (b"\xfe", b"\xe1", b"\xe2", b"\xee", b"\xdb", b"\xc4", b"\xdd")[int(rng.integers(7))]
        return content[:2] + b"\xff" + kind + struct.pack(">H", min(len(noise) + 2, 65_535)) + noise + content[2:]
    at = _place(content, rng)
    return content[:at] + noise[:500] + content[at:]


def swap_suffix(content: bytes, other: bytes, rng: Rng) -> bytes:
    """The bytes stay; `mutated` gives the photo the suffix of another format."""
    return content


MUTATIONS: dict[str, Mutation] = {
    function.__name__: function
    for function in (
        *(flip_bits, overwrite, truncate, blank_tail, splice, append, repeat_part, remove_part, shuffle_parts),
        *(claim_size, add_chunk, swap_suffix),
    )
}


def _place(content: bytes, rng: Rng) -> int:
    end = len(content) if rng.random() < 0.5 else min(len(content), 200)
    return int(rng.integers(end))


def _parts(content: bytes) -> list[bytes]:
    """The file cut at its chunks or segments; elsewhere into blocks of 64 bytes."""
    starts = list(_starts(content)) if content[:4] in (b"\x89PNG", b"RIFF") or content[:2] == b"\xff\xd8" else []
    if len(starts) < 2:
        starts = list(range(0, len(content), 64))
    return [content[one:two] for one, two in zip([0, *starts[1:]], [*starts[1:], len(content)], strict=True)]


def _starts(content: bytes) -> Iterator[int]:
    """Where chunks of a PNG or WEBP, or segments of a JPEG begin."""
    jpeg, png = content.startswith(b"\xff\xd8"), content.startswith(b"\x89PNG")
    at = 2 if jpeg else _PNG_SIGNATURE if png else 12
    yield 0
    while at + 8 <= len(content):
        yield at
        if jpeg:
            if content[at] != 0xFF or content[at + 1] == 0xDA:
                return
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        elif png:
            at += 12 + int.from_bytes(content[at : at + 4], "big")
        else:
            at += 8 + int.from_bytes(content[at + 4 : at + 8], "little")


def _size_fields(content: bytes) -> Iterator[tuple[int, str]]:
    """Where width and height stand in the header, and their form."""
    if content.startswith(b"\x89PNG") and len(content) > 33:
        yield from ((16, ">I"), (20, ">I"))
    elif content.startswith(b"\xff\xd8"):
        for frame in _JPEG_FRAMES.finditer(content):
            yield from ((frame.start() + 5, ">H"), (frame.start() + 7, ">H"))
    elif content.startswith(b"GIF8") and len(content) > 10:
        yield from ((6, "<H"), (8, "<H"))
    elif content.startswith(b"BM") and len(content) > 26:
        yield from ((18, "<I"), (22, "<I"))
    elif content.startswith(b"RIFF") and len(content) > 30:
        yield from ((24, "<H"), (26, "<H"))
    elif (at := content.find(b"ispe")) >= 0 and at + 16 <= len(content):
        yield from ((at + 8, ">I"), (at + 12, ">I"))
    elif content[:2] in (b"II", b"MM"):
        yield from _tiff_sizes(content)


def _tiff_sizes(content: bytes) -> Iterator[tuple[int, str]]:
    """Values of the tags of width and height, and of rows in a strip, in the first directory of a TIFF."""
    order = "<" if content.startswith(b"II") else ">"
    (at,) = struct.unpack_from(order + "I", content, 4)
    if at + 2 > len(content):
        return
    (entries,) = struct.unpack_from(order + "H", content, at)
    for entry in range(at + 2, min(at + 2 + 12 * entries, len(content) - 12), 12):
        tag, kind = struct.unpack_from(order + "HH", content, entry)
        if tag in (256, 257, 278):
            yield entry + 8, order + ("H" if kind == 3 else "I")
