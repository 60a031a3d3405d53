"""What the jobs share: the run that they return, and the check of thresholds and seeds."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa

_REPR_COLUMNS = 118

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """A finished run.

    Attributes:
        folder: the run folder.
        summary: every number, as in ``metrics.json`` (``comparison.json`` of a comparison).
    """

    folder: Path
    summary: dict[str, Any]

    def __repr__(self) -> str:
        """Folder, headline, and what ``summary`` holds."""
        names = textwrap.shorten(", ".join(self.summary), _REPR_COLUMNS - 11, placeholder=" ...")
        headline = textwrap.shorten(str(self.summary.get("headline", "")), _REPR_COLUMNS, placeholder=" ...")
        return f"Run(folder={str(self.folder)!r})\n  {headline}\n  summary: {names}"

    def scores(self) -> pa.Table:
        """``scores.parquet``: the similarity of each comparison, or why there is none.

        Raises:
            RunFolderError: the run has no such table (a comparison of runs), or it cannot be read.
        """
        return _table(self.folder, "scores")

    def photos(self) -> pa.Table:
        """``photos.parquet``: what became of each photo.

        Raises:
            RunFolderError: the run has no such table (a comparison of runs), or it cannot be read.
        """
        return _table(self.folder, "photos")


def load_run(folder: str | Path) -> Run:
    """A finished run of ``evaluate``, ``score`` or ``stress`` from its folder.

    Args:
        folder: the run folder.

    Returns:
        The run, as the job returned it.

    Raises:
        RunFolderError: it is no run folder, unfinished, or damaged.

    Examples:
        >>> load_run("runs/mine").summary["eer"]["value"]  # doctest: +SKIP
        0.0123
    """
    from faceproof.runs.run_folder import read_metrics

    return Run(Path(folder), read_metrics(Path(folder)))


def _table(folder: Path, name: str) -> pa.Table:
    from faceproof.runs.run_folder import open_manifest, read_run_table

    return read_run_table(folder, open_manifest(folder), name)


def check_judging(threshold: float | None, seed: int) -> None:
    """Refuse a threshold or a seed that makes no sense, before anything is computed.

    Raises:
        ConfigurationError: the threshold is no distance of unit templates, or the seed is below 0.
    """
    if threshold is not None and not 0 <= threshold <= 2:
        raise ConfigurationError(f"A threshold of distance {threshold} makes no sense: expected 0 to 2.")
    if seed < 0:
        raise ConfigurationError(f"The seed is {seed}; expected 0 or more.")
