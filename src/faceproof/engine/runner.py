"""Drives photos through decode, degradation, detection and recognition: what goes in, what comes out.

How the work is cut up, and why that changes no number, is in `faceproof.engine.job`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from faceproof.degrade.types import CLEAN, Condition
from faceproof.detection.detector import Detector
from faceproof.detection.selection import choose
from faceproof.detection.types import Face, Failure
from faceproof.engine.cache import TemplateCache
from faceproof.engine.photo_table import PhotoTable
from faceproof.errors import ConfigurationError
from faceproof.people.decode import default_decode_memory
from faceproof.people.types import Photo
from faceproof.recognition.card import InputContract
from faceproof.recognition.recognizer import Recognizer, face_in_crop, prepare_face, whole_photo

Pixels = NDArray[np.uint8]
Cell = tuple[int, int]
"""Which recogniser, and under which condition."""


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
        workers: threads that decode, degrade and crop.
        decode_memory: bytes that photos may take while they are decoded and wait, decoded, for their turn; a photo
            that needs more fails with that reason.
    """

    detector: Detector
    recognizer: Recognizer
    selection: str = "subject"
    batch_size: int = 32
    workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, 8))
    decode_memory: int = field(default_factory=default_decode_memory)

    @property
    def cacheable(self) -> bool:
        """Whether its templates may be kept between runs."""
        return self.recognizer.cacheable and self.detector.cacheable

    @property
    def contract(self) -> InputContract:
        """What faces are prepared by: the recogniser's contract, or what is left of it for photos that are faces."""
        contract = self.recognizer.contract
        return whole_photo(contract) if self.detector.prepared else contract

    def prepare(self, photo: Pixels, face: Face) -> Pixels | None:
        """The face as the net sees it; see `faceproof.recognition.recognizer.prepare_face`."""
        return prepare_face(self.contract, photo, face)

    def find_face(self, photo: Pixels, photo_id: str = "") -> Face | Failure:
        """The face that is compared in one photo, or why there is none."""
        found = self.detector.find([photo], [photo_id])[0]
        if isinstance(found, Failure):
            return found
        return choose(found, photo.shape[0], photo.shape[1], self.selection) or Failure("no face found")

    def why_not_prepared(self, face: Face) -> str:
        """Why `prepare` gives nothing for a face."""
        if self.contract.alignment == "five_point":
            lack = "its landmarks coincide or make no face" if face.has_landmarks else "the detector gave no landmarks"
            return f"the face cannot be aligned: {lack}"
        return "the face's box is empty or lies outside of the photo"

    def face_in_crop(self, height: int, width: int, face: Face) -> Face:
        """Where the face lies in what `prepare` gives; see `faceproof.recognition.recognizer.face_in_crop`."""
        return face_in_crop(self.contract, height, width, face)

    def recipe(self, condition: Condition = CLEAN) -> dict[str, object]:
        """Everything that decides a template besides the photo, as JSON values."""
        return {
            "condition": condition.recipe(),
            "detector": self.detector.recipe(),
            "selection": self.selection,
            "recognizer": self.recognizer.recipe(),
        }


def process(
    photos: Sequence[Photo],
    pipeline: Pipeline,
    *,
    cache: TemplateCache | None = None,
    progress: Progress | None = None,
) -> PhotoTable:
    """Templates of all photos as they are.

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
    caches = {} if cache is None else {(0, 0): cache}
    return process_all(photos, [pipeline], caches=caches, progress=progress).tables[0, 0]


@dataclass(frozen=True, slots=True)
class Processed:
    """What `process_all` made.

    Attributes:
        tables: a table for each recogniser and condition, by their places.
        failed: why a condition failed as a whole, by its place.
    """

    tables: dict[Cell, PhotoTable]
    failed: dict[int, str]


def process_all(
    photos: Sequence[Photo],
    pipelines: Sequence[Pipeline],
    conditions: Sequence[Condition] = (CLEAN,),
    *,
    needed: Mapping[int, NDArray[np.bool_]] | None = None,
    caches: Mapping[Cell, TemplateCache] | None = None,
    progress: Progress | None = None,
) -> Processed:
    """Templates of all photos by several recognisers, under several conditions.

    Args:
        photos: the photos; the same bytes are computed once.
        pipelines: they share one detector and one selection.
        conditions: the first is `CLEAN`.
        needed: bool (photos,) for a condition, by its place: which photos it is wanted for; else all.
        caches: where templates of a recogniser and a condition are kept between runs, by their places.
        progress: told how far it is; one photo counts once for each recogniser and condition.

    Returns:
        The tables. A condition whose function fails has all of its rows failed, and the others go on.

    Raises:
        ConfigurationError: the pipelines do not share a detector and a selection, or the first condition is not clean.
        KeyboardInterrupt: as it came, after what is done has been kept.
        CacheError: when the cache cannot be written.
    """
    from faceproof.engine.job import Job

    first = pipelines[0]
    if any(p.detector is not first.detector or p.selection != first.selection for p in pipelines):
        raise ConfigurationError("Recognisers that run together share one detector and one selection of the face.")
    if conditions[0].severity:
        raise ConfigurationError("The first condition is the photo as it is.")
    job = Job(photos, pipelines, conditions, needed or {}, caches or {}, progress)
    job.run()
    return Processed(job.tables, job.failed)
