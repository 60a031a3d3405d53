"""Photos on their way through a job: decoded in threads a little ahead of the nets, and taken in blocks.

What is decoded and not yet used is bounded in bytes. A photo counts with the estimate from its header while it is
decoded, then with its pixels until its block is done. A photo is decoded when there is room for it; where the block
that is being gathered holds the room, that block ends. Photos keep their order, and what is made of a photo does not
depend on its block.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from faceproof.engine.values import Cell
from faceproof.errors import ImageDecodeError
from faceproof.people.decode import decode_with_digest, estimated_bytes
from faceproof.people.types import Photo
from faceproof.systems.faces.types import Face
from faceproof.systems.photo_table import PhotoOutcome
from faceproof.systems.pipeline import Pixels

BATCH_PIXELS = 8_000_000
"""Pixels of the photos that are detected together, at most (a larger photo goes alone)."""
AHEAD_BYTES = 200_000_000
"""Where photos that are decoded ahead take more than this, only so many are as there are threads."""
_ALONE_BYTES = 64_000_000
"""A file of this size or more is decoded alone, as its header can be as long as the file."""


@dataclass(slots=True)
class Item:
    """A photo on its way: the rows it fills, what is still to be made of it, its pixels and its face while in use.

    ``key`` tells it in the cache (empty: it is not kept); ``no_face`` is why there is none in the photo as it is;
    ``held_bytes`` is what it takes of the memory for decoding, now.
    """

    photo: Photo
    key: str
    rows: list[int]
    todo: set[Cell] = field(default_factory=set)
    pixels: Pixels | None = None
    decode_ms: float | None = None
    undecodable: str | None = None
    held_bytes: int = 0
    face: Face | None = None
    faces_found: int | None = None
    no_face: str = ""
    looked_at: bool = False

    def outcome(self, pixels: Pixels | None = None) -> PhotoOutcome:
        """An empty row with what is known beforehand."""
        height, width = (None, None) if pixels is None else pixels.shape[:2]
        return PhotoOutcome(width_px=width, height_px=height, decode_ms=self.decode_ms)

    def release(self) -> None:
        """Let go of the pixels."""
        self.pixels, self.held_bytes = None, 0


def decoded(
    items: Iterable[Item], pool: ThreadPoolExecutor, ahead_by: int, workers: int, memory_bytes: int
) -> Iterator[Item | None]:
    """Items in order, decoded a little ahead.

    Args:
        items: what is to be decoded.
        pool: threads that look at headers and decode.
        ahead_by: items that are decoded or looked at ahead, at most.
        workers: threads of the pool.
        memory_bytes: what may be decoded and held at a time. A photo that needs more goes alone, and is refused.

    Yields:
        The items, with pixels or with the reason why there are none. None where the next one has no room as long as
        those that were given are held: they have to be released before the next step.
    """
    coming, more = iter(items), True
    looked: deque[tuple[Item, Future[int]]] = deque()
    ahead: deque[Future[Item]] = deque()
    held: list[Item] = []
    while True:
        while more and len(looked) + len(ahead) <= ahead_by:
            if more := (item := next(coming, None)) is not None:
                looked.append((item, pool.submit(_bytes_to_decode, item, memory_bytes)))
        while looked and (not ahead or looked[0][1].done()):
            item, estimate = looked[0][0], looked[0][1].result()
            held = [one for one in held if one.held_bytes]
            taken = sum(one.held_bytes for one in held)
            enough = len(ahead) >= workers and taken + estimate > AHEAD_BYTES
            if held and (taken + estimate > memory_bytes or enough):
                break
            looked.popleft()
            item.held_bytes = estimate
            held.append(item)
            ahead.append(pool.submit(_decode, item, memory_bytes))
        if ahead:
            yield ahead.popleft().result()
        elif looked:
            yield None
            held.clear()
        else:
            return


def _bytes_to_decode(item: Item, memory_bytes: int) -> int:
    """Memory that decoding a photo takes, all where it is to go alone; 0 for one that will be refused at once."""
    try:
        if item.photo.path.stat().st_size >= _ALONE_BYTES:
            return memory_bytes
        return min(estimated_bytes(item.photo.path, memory_bytes=memory_bytes), memory_bytes)
    except (ImageDecodeError, OSError):
        return 0


def _decode(item: Item, memory_bytes: int) -> Item:
    start = time.perf_counter()
    try:
        item.pixels, _ = decode_with_digest(item.photo.path, item.photo.sha256, memory_bytes=memory_bytes)
    except ImageDecodeError as error:
        item.undecodable = str(error)
    except MemoryError:
        item.undecodable = "too large: not enough memory to decode it"
    item.held_bytes = 0 if item.pixels is None else item.pixels.nbytes
    item.decode_ms = (time.perf_counter() - start) * 1000
    return item


def blocks(items: Iterable[Item | None], size: int) -> Iterator[list[Item]]:
    """Items in groups of at most ``size`` photos and `BATCH_PIXELS` pixels; None among the items ends a group."""
    block: list[Item] = []
    pixels = 0
    for item in items:
        more = 0 if item is None or item.pixels is None else item.pixels.shape[0] * item.pixels.shape[1]
        if block and (item is None or len(block) >= size or pixels + more > BATCH_PIXELS):
            yield block
            block, pixels = [], 0
        if item is not None:
            block.append(item)
            pixels += more
    if block:
        yield block
