"""Estimate of the memory, disk space and time that a run needs, before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from faceproof.disk_room import check_room
from faceproof.engine.workload import Workload
from faceproof.errors import ImageDecodeError
from faceproof.memory import memory_limit
from faceproof.people.comparison_memory import memory_of, refuse_too_many
from faceproof.people.decode import decode_photo
from faceproof.people.types import Photo
from faceproof.sizes import in_words
from faceproof.systems.faces.types import Failure
from faceproof.systems.pipeline import Pipeline, Pixels
from faceproof.systems.recognition.recognizer import CHUNK

WORTH_A_TRIAL = 1000
"""Smallest number of templates for which the time is measured; fewer take a minute or less on most machines."""

_TRIAL_PHOTOS, _TRIES = 4, 20
_BASE_BYTES, _PHOTO_BYTES = 700_000_000, 400
_COMPARISON_SECONDS = 5e-6


def estimate(work: Workload, cache: Path | None, folder: Path, *, advice: str, always_time: bool = False) -> list[str]:
    """Memory, disk space and time of a run, as sentences for the console.

    Args:
        work: the templates that are made.
        cache: folder of the template cache; None: no cache.
        folder: the run folder.
        advice: how to use less disk space: the beginning of a sentence.
        always_time: estimate the time however short it is.

    Raises:
        CacheError: a disk has not enough space.
        PeopleError: the comparisons do not fit into memory.
    """
    refuse_too_many(len(work.comparisons), "Take fewer.")
    memory = _BASE_BYTES + _PHOTO_BYTES * work.templates() + memory_of(len(work.comparisons))
    lines = [
        f"Memory: about {in_words(memory)} of {in_words(memory_limit())}.",
        check_room(work.room(cache, folder), advice=advice),
    ]
    if always_time or work.templates() >= WORTH_A_TRIAL:
        lines += _time(work)
    return lines


def _time(work: Workload) -> Iterator[str]:
    each = sum(seconds_per_template(pipeline, work.comparisons.photos) for pipeline in work.pipelines)
    if each:
        scoring = len(work.cells()) * len(work.comparisons) * _COMPARISON_SECONDS
        rate = len(work.pipelines) / each
        yield (
            f"Time: about {time_in_words(work.photos() * each + scoring)} at {rate:.1f} templates a second, as "
            "measured on the first photos; less for templates that are in the cache."
        )


def seconds_per_template(pipeline: Pipeline, photos: Sequence[Photo]) -> float:
    """Seconds from file to template, measured on the first photos that can be decoded; 0 if none can.

    The first call of a net takes much longer than the others, so each net is called once before the measurement.

    Args:
        pipeline: detector and recogniser.
        photos: those of the run.
    """
    _crops(pipeline, photos[:_TRIES], 1)
    start = perf_counter()
    tried, crops = _crops(pipeline, photos[:_TRIES], _TRIAL_PHOTOS)
    before = (perf_counter() - start) / max(tried, 1)
    if not crops:
        return before if tried else 0.0
    batch = np.stack([crops[i % len(crops)] for i in range(CHUNK)])
    pipeline.recognizer.embed(batch)
    start = perf_counter()
    pipeline.recognizer.embed(batch)
    return before + (perf_counter() - start) / CHUNK


def _crops(pipeline: Pipeline, photos: Sequence[Photo], most: int) -> tuple[int, list[Pixels]]:
    """The number of photos that were decoded, ``most`` at most, and the prepared faces in them."""
    crops: list[Pixels] = []
    tried = 0
    for photo in photos:
        if tried == most:
            break
        try:
            pixels = decode_photo(photo.path, memory_bytes=pipeline.decode_memory)
        except ImageDecodeError:
            continue
        tried += 1
        face = pipeline.find_face(pixels, photo.id)
        crop = None if isinstance(face, Failure) else pipeline.prepare(pixels, face)
        if crop is not None:
            crops.append(crop)
    return tried, crops


def time_in_words(seconds: float) -> str:
    """A duration in words, to about two digits.

    >>> time_in_words(40), time_in_words(500), time_in_words(9000), time_in_words(400_000)
    ('40 s', '8 min', '2.5 h', '4.6 days')
    """
    for unit, size, digits in (("days", 86_400, 1), ("h", 3_600, 1), ("min", 60, 0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{seconds:.0f} s"
