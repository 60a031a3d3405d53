"""Drives photos through decode, detection and recognition.

Photos are decoded in threads a little ahead of the nets, detected in batches of bounded pixel count, and embedded
in chunks of fixed size. A photo's row never depends on what else is in its batch: the nets see fixed shapes, and
everything else works photo by photo.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from faceproof.detection.mtcnn import Detector
from faceproof.detection.selection import choose
from faceproof.detection.types import Faces
from faceproof.engine.cache import TemplateCache
from faceproof.engine.photo_table import PhotoOutcome, PhotoTable
from faceproof.errors import ImageDecodeError
from faceproof.people.decode import decode_photo
from faceproof.people.types import Photo
from faceproof.recognition.recognizer import CHUNK, Recognizer

BATCH_PIXELS = 8_000_000
"""Pixels of the photos that are detected together, at most (a larger photo goes alone)."""

Pixels = NDArray[np.uint8]


class Progress(Protocol):
    """Told how far a run is."""

    def start(self, total: int, done: int) -> None:
        """``total`` photos, of which ``done`` came from the cache."""

    def advance(self, photos: int) -> None:
        """So many more photos are done."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What makes templates of photos, and how much of it at a time.

    Attributes:
        detector: finds faces.
        recognizer: makes templates.
        selection: which face counts (`faceproof.detection.selection`).
        batch_size: photos detected together, at most.
        workers: threads that decode and crop.
    """

    detector: Detector
    recognizer: Recognizer
    selection: str = "subject"
    batch_size: int = 32
    workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, 8))

    def recipe(self, condition: str = "clean") -> dict[str, object]:
        """Everything that decides a template besides the photo, as JSON values."""
        return {
            "condition": condition,
            "detector": self.detector.recipe(),
            "selection": self.selection,
            "recognizer": self.recognizer.recipe(),
        }


@dataclass(slots=True)
class _Item:
    """A photo on its way: the rows it fills, its pixels until its face is cut out, what is known of it."""

    photo: Photo
    rows: list[int]
    outcome: PhotoOutcome = field(default_factory=PhotoOutcome)
    pixels: Pixels | None = None


def process(
    photos: Sequence[Photo],
    pipeline: Pipeline,
    *,
    cache: TemplateCache | None = None,
    progress: Progress | None = None,
) -> PhotoTable:
    """Templates of all photos.

    Args:
        photos: the photos; the same bytes are computed once.
        pipeline: what computes them.
        cache: where templates are kept between runs; None: nowhere.
        progress: told how far it is.

    Returns:
        One row a photo. A photo that fails has the reason in its row.

    Raises:
        KeyboardInterrupt: as it came, after what is done has been kept.
        CacheError: when the cache cannot be written.
    """
    table = PhotoTable(photos, pipeline.recognizer.template_size)
    items = _distinct(photos)
    done = _take_from_cache(items, table, cache) if cache else 0
    waiting = [item for item in items.values() if not item.outcome.outcome]
    if progress:
        progress.start(len(photos), done)
    try:
        for item in _computed(waiting, pipeline):
            for row in item.rows:
                table.put(row, item.outcome)
            # A photo that could not be decoded costs little and may be mended: it is tried again next time.
            if cache and item.photo.sha256 and item.outcome.outcome != "decode":
                cache.add(item.photo.sha256, item.outcome)
            item.outcome = PhotoOutcome()
            if progress:
                progress.advance(len(item.rows))
    finally:
        if cache:
            cache.flush()
    return table


def _distinct(photos: Sequence[Photo]) -> dict[str, _Item]:
    """Photos by content; those without a digest each for themselves."""
    items: dict[str, _Item] = {}
    for row, photo in enumerate(photos):
        key = photo.sha256 or f"row {row}"
        items.setdefault(key, _Item(photo, [])).rows.append(row)
    return items


def _take_from_cache(items: dict[str, _Item], table: PhotoTable, cache: TemplateCache) -> int:
    done = 0
    for digest, outcome in cache.load(items):
        item = items[digest]
        if item.outcome.outcome:
            continue  # two runs computed it at the same time
        item.outcome.outcome = outcome.outcome
        for row in item.rows:
            table.put(row, outcome)
        done += len(item.rows)
    return done


def _computed(items: Iterable[_Item], pipeline: Pipeline) -> Iterator[_Item]:
    """Items with their outcome, in an order of no meaning."""
    with ThreadPoolExecutor(pipeline.workers, "faceproof-decode") as pool:
        try:
            ready: list[tuple[_Item, Pixels]] = []
            for batch in _batches(_decoded(items, pool, pipeline), pipeline.batch_size):
                alive = [item for item in batch if item.pixels is not None]
                yield from [item for item in batch if item.pixels is None]
                for item, crop in _faces_cut(alive, pipeline, pool):
                    if crop is None:
                        yield item
                    else:
                        ready.append((item, crop))
                whole_chunks = len(ready) // CHUNK * CHUNK
                yield from _embedded(ready[:whole_chunks], pipeline.recognizer)
                ready = ready[whole_chunks:]
            yield from _embedded(ready, pipeline.recognizer)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _decoded(items: Iterable[_Item], pool: ThreadPoolExecutor, pipeline: Pipeline) -> Iterator[_Item]:
    """Items in order, decoded a little ahead."""
    ahead: deque[Future[_Item]] = deque()
    for item in items:
        ahead.append(pool.submit(_decode, item))
        if len(ahead) > pipeline.batch_size + pipeline.workers:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


def _decode(item: _Item) -> _Item:
    start = time.perf_counter()
    try:
        content = item.photo.path.read_bytes()
        if item.photo.sha256 and hashlib.sha256(content).hexdigest() != item.photo.sha256:
            raise ImageDecodeError("the file changed after the run had begun")
        item.pixels = decode_photo(content)
    except ImageDecodeError as error:
        item.outcome.fail("decode", str(error))
    except OSError as error:
        item.outcome.fail("decode", f"the file cannot be read ({error.strerror or error})")
    except MemoryError:
        item.outcome.fail("decode", "not enough memory to decode it")
    else:
        item.outcome.height_px, item.outcome.width_px = item.pixels.shape[:2]
    item.outcome.decode_ms = (time.perf_counter() - start) * 1000
    return item


def _batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    batch: list[_Item] = []
    pixels = 0
    for item in items:
        more = 0 if item.pixels is None else item.pixels.shape[0] * item.pixels.shape[1]
        if batch and (len(batch) >= size or pixels + more > BATCH_PIXELS):
            yield batch
            batch, pixels = [], 0
        batch.append(item)
        pixels += more
    if batch:
        yield batch


def _faces_cut(items: list[_Item], pipeline: Pipeline, pool: ThreadPoolExecutor) -> list[tuple[_Item, Pixels | None]]:
    """Each item with its prepared face, or with None and the reason in its outcome."""
    if not items:
        return []
    start = time.perf_counter()
    found = pipeline.detector.find([item.pixels for item in items if item.pixels is not None])
    crops = list(pool.map(_cut, items, found, [pipeline] * len(items)))
    each = (time.perf_counter() - start) * 1000 / len(items)
    for item in items:
        item.outcome.detect_ms = each
    return list(zip(items, crops, strict=True))


def _cut(item: _Item, faces: Faces, pipeline: Pipeline) -> Pixels | None:
    """The prepared face, or None and the reason in the outcome; lets go of the photo's pixels."""
    pixels, item.pixels = item.pixels, None
    if pixels is None:
        return None
    item.outcome.faces_found = len(faces)
    face = choose(faces, pixels.shape[0], pixels.shape[1], pipeline.selection)
    if face is None:
        why = "no face found" if not len(faces) else f"{len(faces)} faces, none fit for {pipeline.selection!r}"
        item.outcome.fail("detect", why)
        return None
    item.outcome.face = face
    crop = pipeline.recognizer.prepare(pixels, face)
    if crop is None:
        item.outcome.fail("detect", "the face's box is empty or lies outside of the photo")
    return crop


def _embedded(ready: list[tuple[_Item, Pixels]], recognizer: Recognizer) -> Iterator[_Item]:
    for first in range(0, len(ready), CHUNK):
        part = ready[first : first + CHUNK]
        start = time.perf_counter()
        templates, norms = recognizer.embed(np.stack([crop for _, crop in part]))
        each = (time.perf_counter() - start) * 1000 / len(part)
        for (item, _), template, norm in zip(part, templates, norms, strict=True):
            item.outcome.embed_ms = each
            item.outcome.template_norm = float(norm)
            if np.isfinite(template).all():
                item.outcome.outcome, item.outcome.template = "template", template
            else:
                item.outcome.fail("embed", "the net gave no finite template")
            yield item
