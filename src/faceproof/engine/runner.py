"""Makes the templates of photos: decode, degrade, detect, embed.

How the work is cut up, and why that changes no number, is in `faceproof.engine.job`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.degrade.types import CLEAN, Condition
from faceproof.engine.cache import TemplateCache
from faceproof.engine.job import Job
from faceproof.engine.values import Cell, Progress
from faceproof.errors import ConfigurationError
from faceproof.people.types import Photo
from faceproof.systems.photo_table import PhotoTable
from faceproof.systems.pipeline import Pipeline


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
    first = pipelines[0]
    if any(p.detector is not first.detector or p.selection != first.selection for p in pipelines):
        raise ConfigurationError("Recognisers that run together share one detector and one selection of the face.")
    if conditions[0].severity:
        raise ConfigurationError("The first condition is the photo as it is.")
    job = Job(photos, pipelines, conditions, needed or {}, caches or {}, progress)
    job.run()
    return Processed(job.tables, job.failed)
