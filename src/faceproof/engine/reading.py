"""Photos on their way through a job: decoded in threads a little ahead of the nets, and taken in blocks."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from faceproof.detection.types import Face
from faceproof.engine.photo_table import PhotoOutcome
from faceproof.engine.runner import Cell, Pixels
from faceproof.errors import ImageDecodeError
from faceproof.people.decode import decode_photo
from faceproof.people.types import Photo

BATCH_PIXELS = 8_000_000
"""Pixels of the photos that are detected together, at most (a larger photo goes alone)."""


@dataclass(slots=True)
class Item:
    """A photo on its way: the rows it fills, what is still to be made of it, its pixels and its face while in use.

    ``key`` tells it in the cache (empty: it is not kept); ``no_face`` is why there is none in the photo as it is.
    """

    photo: Photo
    key: str
    rows: list[int]
    todo: set[Cell] = field(default_factory=set)
    pixels: Pixels | None = None
    decode_ms: float | None = None
    undecodable: str | None = None
    face: Face | None = None
    faces_found: int | None = None
    no_face: str = ""
    looked_at: bool = False

    def outcome(self, pixels: Pixels | None = None) -> PhotoOutcome:
        """An empty row with what is known beforehand."""
        height, width = (None, None) if pixels is None else pixels.shape[:2]
        return PhotoOutcome(width_px=width, height_px=height, decode_ms=self.decode_ms)


def decoded(items: Iterable[Item], pool: ThreadPoolExecutor, ahead_by: int) -> Iterator[Item]:
    """Items in order, decoded a little ahead."""
    ahead: deque[Future[Item]] = deque()
    for item in items:
        ahead.append(pool.submit(_decode, item))
        if len(ahead) > ahead_by:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


def _decode(item: Item) -> Item:
    start = time.perf_counter()
    try:
        content = item.photo.path.read_bytes()
        if item.photo.sha256 and hashlib.sha256(content).hexdigest() != item.photo.sha256:
            raise ImageDecodeError("the file changed after the run had begun")
        item.pixels = decode_photo(content)
    except ImageDecodeError as error:
        item.undecodable = str(error)
    except OSError as error:
        item.undecodable = f"the file cannot be read ({error.strerror or error})"
    except MemoryError:
        item.undecodable = "not enough memory to decode it"
    item.decode_ms = (time.perf_counter() - start) * 1000
    return item


def blocks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Items in groups of at most ``size`` photos and `BATCH_PIXELS` pixels."""
    block: list[Item] = []
    pixels = 0
    for item in items:
        more = 0 if item.pixels is None else item.pixels.shape[0] * item.pixels.shape[1]
        if block and (len(block) >= size or pixels + more > BATCH_PIXELS):
            yield block
            block, pixels = [], 0
        block.append(item)
        pixels += more
    if block:
        yield block
