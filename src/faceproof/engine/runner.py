"""Make the templates of photos: decode, degrade, detect, embed.

`faceproof.engine.job` divides the work. The division changes no result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.degrade.types import CLEAN, Condition
from faceproof.engine.cache import TemplateCache
from faceproof.engine.job import Job
from faceproof.engine.values import ModelCondition, Progress
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
    """The templates of all photos, without degradation.

    Args:
        photos: the photos; photos with the same bytes are computed once.
        pipeline: detector, selection and recogniser.
        cache: the cache of templates between runs; None: no cache.
        progress: receives the number of photos that are done.

    Returns:
        One row a photo. A photo that fails has the reason in its row.

    Raises:
        KeyboardInterrupt: on Ctrl-C, after the finished templates were written to the cache.
        CacheError: the cache cannot be written.
    """
    caches = {} if cache is None else {(0, 0): cache}
    return process_all(photos, [pipeline], caches=caches, progress=progress).tables[0, 0]


@dataclass(frozen=True, slots=True)
class Processed:
    """The result of `process_all`.

    Attributes:
        tables: a table for each recogniser and condition, by their indices.
        failed: the reason of each condition that failed as a whole, by its index.
    """

    tables: dict[ModelCondition, PhotoTable]
    failed: dict[int, str]


def process_all(
    photos: Sequence[Photo],
    pipelines: Sequence[Pipeline],
    conditions: Sequence[Condition] = (CLEAN,),
    *,
    needed: Mapping[int, NDArray[np.bool_]] | None = None,
    caches: Mapping[ModelCondition, TemplateCache] | None = None,
    progress: Progress | None = None,
) -> Processed:
    """Templates of all photos by several recognisers, under several conditions.

    Args:
        photos: the photos; photos with the same bytes are computed once.
        pipelines: they share one detector and one selection.
        conditions: the first is `CLEAN`.
        needed: for a condition, by its index, the photos that need it, bool (photos,); other conditions: all photos.
        caches: the cache of each recogniser and condition, by their indices.
        progress: receives the number of photos that are done; a photo counts once for each recogniser and condition.

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
