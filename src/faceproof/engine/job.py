"""One pass over the photos, for all recognisers and conditions.

Threads decode each photo once, some photos ahead of the nets. Photos are processed in blocks with a limited number of
pixels. A block is detected without degradation, then under one condition after another. Threads degrade the photos for
the next condition meanwhile. Faces are embedded in chunks of fixed size. The row of a photo does not depend on the
other photos of its batch: the nets get fixed shapes, and all other steps process one photo at a time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faceproof.degrade.types import Condition
from faceproof.engine.cache import TemplateCache
from faceproof.engine.reading import Item, blocks, decoded
from faceproof.engine.values import ModelCondition, Progress
from faceproof.errors import CacheError, DegradationError, ModelError
from faceproof.people.types import Photo
from faceproof.systems.faces.types import Face, Faces, Failure
from faceproof.systems.photo_table import PhotoOutcome, PhotoTable
from faceproof.systems.pipeline import Pipeline, Pixels
from faceproof.systems.recognition.recognizer import CHUNK, NO_FINITE_TEMPLATE, Recognizer


@dataclass(slots=True)
class _Ready:
    """A prepared face that is not embedded yet."""

    item: Item
    cell: ModelCondition
    outcome: PhotoOutcome
    crop: Pixels


class Job:
    """One call of `process_all`."""

    def __init__(
        self,
        photos: Sequence[Photo],
        pipelines: Sequence[Pipeline],
        conditions: Sequence[Condition],
        needed: Mapping[int, NDArray[np.bool_]],
        caches: Mapping[ModelCondition, TemplateCache],
        progress: Progress | None,
    ) -> None:
        self.photos, self.conditions, self.needed = photos, conditions, needed
        self.detector = pipelines[0].detector
        self.batch_size, self.workers = pipelines[0].batch_size, pipelines[0].workers
        self.decode_memory = pipelines[0].decode_memory
        self.pipelines = pipelines
        self.recognizers = [pipeline.recognizer for pipeline in pipelines]
        self.caches, self.progress = caches, progress
        cells = [(p, c) for c in range(len(conditions)) for p in range(len(pipelines))]
        self.tables = {cell: PhotoTable(photos, self.recognizers[cell[0]].template_size) for cell in cells}
        for (_, c), table in self.tables.items():
            if c in needed:
                table.templates[~needed[c]] = np.nan
        self.failed: dict[int, str] = {}
        self.ready: list[list[_Ready]] = [[] for _ in pipelines]

    def run(self) -> None:
        """Fill the tables."""
        items = self._distinct()
        total = sum(len(self._rows(item, cell)) for item in items.values() for cell in item.todo)
        done = sum(self._take_from_cache(items, cell, cache) for cell, cache in self.caches.items())
        if self.progress:
            self.progress.start(total, done)
        try:
            self._compute([item for item in items.values() if item.todo])
        finally:
            self._flush()
        for c, why in self.failed.items():
            self._fail_all(c, why)

    def _flush(self) -> None:
        """Write all caches; if one cannot be written, the others are written all the same."""
        errors = []
        for cache in self.caches.values():
            try:
                cache.flush()
            except CacheError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _fail_all(self, condition: int, why: str) -> None:
        """Overwrite all rows of a condition that failed, so that none looks like a result."""
        for (_, c), table in self.tables.items():
            if c == condition:
                for row in range(len(self.photos)):
                    if self._needs(row, c):
                        table.put(row, PhotoOutcome().fail("degrade", why))

    def _distinct(self) -> dict[str, Item]:
        """An item for each different photo, by its key; a photo without a key has an item of its own."""
        items: dict[str, Item] = {}
        for row, photo in enumerate(self.photos):
            key = self.detector.key(photo)
            item = items.setdefault(key or f"row {row}", Item(photo, key, []))
            item.rows.append(row)
            item.todo |= {cell for cell in self.tables if self._needs(row, cell[1])}
        return items

    def _needs(self, row: int, condition: int) -> bool:
        return condition not in self.needed or bool(self.needed[condition][row])

    def _rows(self, item: Item, cell: ModelCondition) -> list[int]:
        return [row for row in item.rows if self._needs(row, cell[1])]

    def _take_from_cache(self, items: dict[str, Item], cell: ModelCondition, cache: TemplateCache) -> int:
        done = 0
        for digest, outcome in cache.load(items):
            item = items[digest]
            if outcome.outcome == "detect" and outcome.face is not None:
                outcome.outcome = "align"  # rows of earlier versions, which had no name for this stage
            if cell not in item.todo:
                continue  # not needed, or two runs computed it at the same time
            if cell[1] == 0 and not item.detected:
                item.face, item.faces_found, item.detected = outcome.face, outcome.faces_found, True
                item.no_face = outcome.reason or ""
            done += self._put(item, cell, outcome)
        return done

    def _put(self, item: Item, cell: ModelCondition, outcome: PhotoOutcome) -> int:
        rows = self._rows(item, cell)
        for row in rows:
            self.tables[cell].put(row, outcome)
        item.todo.discard(cell)
        return len(rows)

    def _finish(self, item: Item, cell: ModelCondition, outcome: PhotoOutcome) -> None:
        """Store a computed row in its table and in the cache; nothing if its condition has failed meanwhile."""
        if cell not in item.todo:
            return
        rows = self._put(item, cell, outcome)
        cache = self.caches.get(cell)
        # A photo that could not be decoded, detected, degraded or embedded is tried again by the next run.
        searched = outcome.outcome in {"detect", "align"} and outcome.faces_found is not None
        known = outcome.outcome == "template" or searched
        if cache and item.key and known:
            cache.add(item.key, outcome)
        if self.progress:
            self.progress.advance(rows)

    def _compute(self, items: Iterable[Item]) -> None:
        with ThreadPoolExecutor(self.workers, "faceproof-decode") as pool:
            try:
                ahead_by = self.batch_size + self.workers
                coming = decoded(items, pool, ahead_by, self.workers, self.decode_memory)
                for block in blocks(coming, self.batch_size):
                    self._block(block, pool)
                self._embed(everything=True)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _block(self, block: list[Item], pool: ThreadPoolExecutor) -> None:
        for item in block:
            if item.undecodable is not None:
                for cell in sorted(item.todo):
                    self._finish(item, cell, item.outcome().fail("decode", item.undecodable))
        alive = [item for item in block if item.pixels is not None]
        self._detect_clean([item for item in alive if not item.detected or self._cells(item, 0)], pool)
        later = range(1, len(self.conditions))
        ahead: deque[tuple[int, list[Item], list[Future[Pixels | None]]]] = deque()
        for c in later:
            items = [item for item in alive if self._cells(item, c)]
            if items:
                ahead.append((c, items, [pool.submit(self._degraded, item, c) for item in items]))
            if len(ahead) > 1:
                self._under_condition(*ahead.popleft(), pool)
        while ahead:
            self._under_condition(*ahead.popleft(), pool)
        for item in block:
            item.release()

    def _cells(self, item: Item, condition: int) -> list[ModelCondition]:
        return [(p, condition) for p in range(len(self.recognizers)) if (p, condition) in item.todo]

    def _detect_clean(self, items: list[Item], pool: ThreadPoolExecutor) -> None:
        pictures = [item.pixels for item in items if item.pixels is not None]
        self._detected(0, items, pictures, pool)

    def _degraded(self, item: Item, condition: int) -> Pixels | None:
        """The degraded photo; None if the condition needs a face and there is none, or if the condition has failed."""
        how, pixels = self.conditions[condition], item.pixels
        if pixels is None or condition in self.failed or how.stage == "aligned":
            return None
        if how.family.on_face and item.face is None:
            return None
        return how.apply(pixels, item.photo.sha256, item.face)

    def _under_condition(
        self, condition: int, items: list[Item], futures: list[Future[Pixels | None]], pool: ThreadPoolExecutor
    ) -> None:
        how = self.conditions[condition]
        try:
            degraded = [future.result() for future in futures]
            if how.stage == "aligned":
                self._aligned(condition, items, pool)
                return
        except DegradationError as error:
            self.failed.setdefault(condition, str(error))
        if condition in self.failed:
            for item in items:
                for cell in self._cells(item, condition):
                    self._finish(item, cell, item.outcome().fail("degrade", self.failed[condition]))
            return
        with_picture = [(item, picture) for item, picture in zip(items, degraded, strict=True) if picture is not None]
        for item, picture in zip(items, degraded, strict=True):
            if picture is None:
                self._no_face_when_clean(item, condition)
        self._detected(condition, [item for item, _ in with_picture], [picture for _, picture in with_picture], pool)

    def _no_face_when_clean(self, item: Item, condition: int) -> None:
        why = item.no_face if item.faces_found is None else f"{item.no_face} in the photo as it is"
        for cell in self._cells(item, condition):
            outcome = item.outcome(item.pixels)
            outcome.faces_found = item.faces_found
            self._finish(item, cell, outcome.fail("detect", why))

    def _detected(self, condition: int, items: list[Item], pictures: list[Pixels], pool: ThreadPoolExecutor) -> None:
        """Find the faces, prepare them for each recogniser that needs them, and embed complete chunks."""
        if not items:
            return
        start = time.perf_counter()
        found = self.detector.find(pictures, [item.photo.id for item in items])
        cut = list(pool.map(self._cut, items, pictures, found, [condition] * len(items)))
        each = (time.perf_counter() - start) * 1000 / len(items)
        for item, results in zip(items, cut, strict=True):
            for cell, outcome, crop in results:
                outcome.detect_ms = each
                self._queue_crop(item, cell, outcome, crop)
        self._embed()

    def _cut(
        self, item: Item, pixels: Pixels, found: Faces | Failure, condition: int
    ) -> list[tuple[ModelCondition, PhotoOutcome, Pixels | None]]:
        """The prepared face for each recogniser, or None with the reason in the outcome."""
        face, faces_found, why = self._chosen(found, pixels)
        if condition == 0:
            item.face, item.faces_found, item.no_face, item.detected = face, faces_found, why, True
        results: list[tuple[ModelCondition, PhotoOutcome, Pixels | None]] = []
        for cell in self._cells(item, condition):
            outcome = item.outcome(pixels)
            outcome.faces_found = faces_found
            if face is None:
                results.append((cell, outcome.fail("detect", why), None))
                continue
            results.append((cell, outcome, self._prepared(cell, pixels, face, outcome)))
        return results

    def _chosen(self, found: Faces | Failure, pixels: Pixels) -> tuple[Face | None, int | None, str]:
        """The selected face, the number of faces (None: no detector ran), and the reason if there is no face."""
        faces_found = None if isinstance(found, Failure) or self.detector.prepared else len(found)
        face = self.pipelines[0].choose_face(found, pixels.shape[0], pixels.shape[1])
        return (None, faces_found, face.reason) if isinstance(face, Failure) else (face, faces_found, "")

    def _prepared(self, cell: ModelCondition, pixels: Pixels, face: Face, outcome: PhotoOutcome) -> Pixels | None:
        outcome.face = face
        pipeline = self.pipelines[cell[0]]
        crop = pipeline.prepare(pixels, face)
        if crop is None:
            outcome.fail("align", pipeline.why_not_prepared(face))
        return crop

    def _aligned(self, condition: int, items: list[Item], pool: ThreadPoolExecutor) -> None:
        """Degrade the prepared faces of photos without degradation."""
        for item in items:
            if item.face is None:
                self._no_face_when_clean(item, condition)
        with_face = [item for item in items if item.face is not None]
        work = [(item, cell) for item in with_face for cell in self._cells(item, condition)]
        for (item, cell), (outcome, crop) in zip(
            work, pool.map(self._degraded_crop, *zip(*work, strict=True)) if work else (), strict=True
        ):
            self._queue_crop(item, cell, outcome, crop)
        self._embed()

    def _degraded_crop(self, item: Item, cell: ModelCondition) -> tuple[PhotoOutcome, Pixels | None]:
        pixels, face = item.pixels, item.face
        assert pixels is not None
        assert face is not None
        outcome, pipeline = item.outcome(pixels), self.pipelines[cell[0]]
        outcome.faces_found = item.faces_found
        crop = self._prepared(cell, pixels, face, outcome)
        if crop is None:
            return outcome, None
        inside = pipeline.face_in_crop(pixels.shape[0], pixels.shape[1], face)
        worse = self.conditions[cell[1]].apply(crop, item.photo.sha256, inside)
        if worse.shape != crop.shape:
            size = (crop.shape[1], crop.shape[0])
            worse = np.asarray(Image.fromarray(worse).resize(size, Image.Resampling.BILINEAR))
        return outcome, worse

    def _queue_crop(self, item: Item, cell: ModelCondition, outcome: PhotoOutcome, crop: Pixels | None) -> None:
        if crop is None:
            self._finish(item, cell, outcome)
        else:
            self.ready[cell[0]].append(_Ready(item, cell, outcome, crop))

    def _embed(self, *, everything: bool = False) -> None:
        """Embed prepared faces in complete chunks; with ``everything``, also the faces that fill no chunk."""
        for recognizer, waiting in zip(self.recognizers, self.ready, strict=True):
            end = len(waiting) if everything else len(waiting) // CHUNK * CHUNK
            for first in range(0, end, CHUNK):
                self._embed_chunk(recognizer, waiting[first : min(first + CHUNK, end)])
            del waiting[:end]

    def _embed_chunk(self, recognizer: Recognizer, part: list[_Ready]) -> None:
        start = time.perf_counter()
        try:
            templates, norms = recognizer.embed(np.stack([one.crop for one in part]))
        except ModelError as error:
            self._one_by_one(recognizer, part, error)
            return
        each = (time.perf_counter() - start) * 1000 / len(part)
        for one, template, norm in zip(part, templates, norms, strict=True):
            one.outcome.embed_ms = each
            one.outcome.template_norm = float(norm)
            if np.isfinite(template).all():
                one.outcome.outcome, one.outcome.template = "template", template
            else:
                one.outcome.fail("embed", NO_FINITE_TEMPLATE)
            self._finish(one.item, one.cell, one.outcome)

    def _one_by_one(self, recognizer: Recognizer, part: list[_Ready], error: ModelError) -> None:
        """Embed each face of a failed chunk separately, so that only the faces that cause the failure fail."""
        if len(part) > 1:
            for one in part:
                self._embed_chunk(recognizer, [one])
        else:
            self._finish(part[0].item, part[0].cell, part[0].outcome.fail("embed", str(error)))
