"""The photos, systems and conditions that templates are made of: what that takes, and where templates are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faceproof.degrade.types import Condition
from faceproof.disk_room import Need, temporary_folder
from faceproof.engine.cache import SHARD_ROWS, TemplateCache
from faceproof.engine.values import ModelCondition
from faceproof.people.types import Comparisons
from faceproof.systems.pipeline import Pipeline

Side = Literal["both", "probe"]

_ROWS_AT_RISK = 10_000
"""Largest number of rows, over all caches, that are not written yet: a killed run loses no more."""
_ROW_BYTES = {"cache": 180, "run": 120, "score": 20}
_PAGE_BYTES = 10_000_000
"""Size of page, figures and numbers of a run; most of it is the plotting library in the page."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Conditions, recognisers and comparisons.

    Attributes:
        conditions: the first is the photo without degradation.
        pipelines: they share detector and selection.
        comparisons: the comparisons.
        side: ``both``: both photos of a comparison are degraded; ``probe``: only the second.
    """

    conditions: list[Condition]
    pipelines: list[Pipeline]
    comparisons: Comparisons
    side: Side

    @property
    def systems(self) -> list[str]:
        """Name of each system."""
        return [pipeline.recognizer.card.name for pipeline in self.pipelines]

    def needed(self) -> dict[int, NDArray[np.bool_]]:
        """The photos that a condition needs, bool (photos,), by its index; a condition that needs all has no entry."""
        if self.side == "both":
            return {}
        probes = np.zeros(len(self.comparisons.photos), np.bool_)
        probes[self.comparisons.row_b] = True
        return dict.fromkeys(range(1, len(self.conditions)), probes)

    def photos(self) -> int:
        """Number of photos; a photo counts once for each condition that needs it."""
        every, later = len(self.comparisons.photos), len(self.conditions) - 1
        return every + later * (len(np.unique(self.comparisons.row_b)) if self.side == "probe" else every)

    def templates(self) -> int:
        """Number of templates of all models, if none is in the cache."""
        return self.photos() * len(self.pipelines)

    def cells(self) -> list[ModelCondition]:
        """Every recogniser with every condition, by their indices."""
        return [(p, c) for p in range(len(self.pipelines)) for c in range(len(self.conditions))]

    def caches(self, root: Path) -> dict[ModelCondition, TemplateCache]:
        """The cache of each recogniser and condition that can be cached; with many caches, shards are smaller."""
        kept = [(p, c) for p, c in self.cells() if self.conditions[c].cacheable and self.pipelines[p].cacheable]
        rows = min(SHARD_ROWS, max(_ROWS_AT_RISK // max(len(kept), 1), 64))
        return {
            (p, c): TemplateCache(
                *(root, self.pipelines[p].recipe(self.conditions[c]), rows),
                template_size=self.pipelines[p].recognizer.template_size,
            )
            for p, c in kept
        }

    def room(self, cache: Path | None, run: Path) -> list[Need]:
        """An upper bound of the disk space that the run needs.

        Args:
            cache: folder of the template cache; None: no cache.
            run: the run folder.
        """
        sizes = [4 * pipeline.recognizer.template_size for pipeline in self.pipelines]
        photos, scores = self.photos(), len(self.conditions) * len(self.comparisons)
        kept = sum(photos * (size + _ROW_BYTES["cache"]) for size in sizes)
        for_a_while = sum(len(self.conditions) * len(self.comparisons.photos) * size for size in sizes)
        tables = len(sizes) * (photos * _ROW_BYTES["run"] + scores * _ROW_BYTES["score"])
        needs = [
            Need("temporary folder", temporary_folder(), for_a_while),
            Need("run folder", run, tables + _PAGE_BYTES),
        ]
        return needs if cache is None else [Need("template cache", cache, kept), *needs]
