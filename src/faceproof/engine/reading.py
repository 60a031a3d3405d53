"""Decode photos in threads, some photos ahead of the nets, and group them into blocks.

The memory of decoded photos is bounded. While a photo is decoded, the estimate from its header counts. Afterwards its
pixels count, until its block is done. A photo is decoded as soon as there is memory for it. If the current block
occupies that memory, the block ends. Photos keep their order, and the result of a photo does not depend on its block.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from faceproof.engine.values import ModelCondition
from faceproof.errors import ImageDecodeError
from faceproof.people.decode import decode_with_digest, estimated_bytes
from faceproof.people.types import Photo
from faceproof.systems.faces.types import Face
from faceproof.systems.photo_table import PhotoOutcome
from faceproof.systems.pipeline import Pixels

BATCH_PIXELS = 8_000_000
"""Largest number of pixels of the photos that are detected together; a larger photo is detected alone."""
AHEAD_BYTES = 200_000_000
"""If the photos that are decoded ahead take more bytes than this, their number is limited to that of the threads."""
_ALONE_BYTES = 64_000_000
"""A file of this size or more is decoded alone, as its header can be as long as the file."""


@dataclass(slots=True)
class Item:
    """A photo during a job.

    Attributes:
        photo: the photo.
        key: its key in the cache; empty: it is not cached.
        rows: rows of the tables that it fills.
        todo: recognisers and conditions without a result yet.
        pixels: the decoded photo, until its block is done.
        decode_ms: duration of decoding.
        undecodable: the reason if it cannot be decoded.
        memory_bytes_in_use: its current share of the memory for decoding.
        face: the selected face without degradation.
        faces_found: number of faces without degradation; None: no detector ran.
        no_face: the reason if there is no face without degradation.
        detected: whether the detector has seen the photo without degradation.
    """

    photo: Photo
    key: str
    rows: list[int]
    todo: set[ModelCondition] = field(default_factory=set)
    pixels: Pixels | None = None
    decode_ms: float | None = None
    undecodable: str | None = None
    memory_bytes_in_use: int = 0
    face: Face | None = None
    faces_found: int | None = None
    no_face: str = ""
    detected: bool = False

    def outcome(self, pixels: Pixels | None = None) -> PhotoOutcome:
        """A row without a result: the size of the pixels and the duration of decoding."""
        height, width = (None, None) if pixels is None else pixels.shape[:2]
        return PhotoOutcome(width_px=width, height_px=height, decode_ms=self.decode_ms)

    def release(self) -> None:
        """Free the pixels."""
        self.pixels, self.memory_bytes_in_use = None, 0


def decoded(
    items: Iterable[Item], pool: ThreadPoolExecutor, ahead_by: int, workers: int, memory_bytes: int
) -> Iterator[Item | None]:
    """Decode items ahead of their use, in order.

    Args:
        items: the items.
        pool: threads that read headers and decode.
        ahead_by: largest number of items that are decoded ahead or whose headers are read ahead.
        workers: number of threads of the pool.
        memory_bytes: memory for decoding and for decoded photos. A photo that needs more is refused.

    Yields:
        The items, with pixels or with the reason of the failure. None: the next item has no memory until the items
        that were yielded are released. They must be released before the next step.
    """
    coming, more = iter(items), True
    with_estimate: deque[tuple[Item, Future[int]]] = deque()
    ahead: deque[Future[Item]] = deque()
    in_memory: list[Item] = []
    while True:
        while more and len(with_estimate) + len(ahead) <= ahead_by:
            if more := (item := next(coming, None)) is not None:
                with_estimate.append((item, pool.submit(_bytes_to_decode, item, memory_bytes)))
        while with_estimate and (not ahead or with_estimate[0][1].done()):
            item, estimate = with_estimate[0][0], with_estimate[0][1].result()
            in_memory = [one for one in in_memory if one.memory_bytes_in_use]
            taken = sum(one.memory_bytes_in_use for one in in_memory)
            enough = len(ahead) >= workers and taken + estimate > AHEAD_BYTES
            if in_memory and (taken + estimate > memory_bytes or enough):
                break
            with_estimate.popleft()
            item.memory_bytes_in_use = estimate
            in_memory.append(item)
            ahead.append(pool.submit(_decode, item, memory_bytes))
        if ahead:
            yield ahead.popleft().result()
        elif with_estimate:
            yield None
            in_memory.clear()
        else:
            return


def _bytes_to_decode(item: Item, memory_bytes: int) -> int:
    """Memory to decode a photo; all memory if it must be decoded alone; 0 if it is refused at once."""
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
    item.memory_bytes_in_use = 0 if item.pixels is None else item.pixels.nbytes
    item.decode_ms = (time.perf_counter() - start) * 1000
    return item


def blocks(items: Iterable[Item | None], size: int) -> Iterator[list[Item]]:
    """Group items: at most ``size`` photos and `BATCH_PIXELS` pixels; a None among the items ends a group."""
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
