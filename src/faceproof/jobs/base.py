"""The finished run that the jobs return."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import pyarrow as pa

from faceproof.runs.run_folder import open_run
from faceproof.summary.comparison_schema import ComparisonSummary
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.summary.stored import read_summary
from faceproof.summary.stress_schema import StressSummary

_REPR_COLUMNS = 118

Say = Callable[[str], None]
SummaryT = TypeVar("SummaryT", EvaluationSummary, StressSummary, ComparisonSummary)


@dataclass(frozen=True, slots=True, repr=False)
class Run(Generic[SummaryT]):
    """A finished run.

    Attributes:
        folder: the run folder.
        summary: all numbers of the run, as in ``metrics.json`` (in ``comparison.json`` for a comparison).
    """

    folder: Path
    summary: SummaryT

    def __repr__(self) -> str:
        """Folder, headline and fields of ``summary``."""
        names = textwrap.shorten(", ".join(type(self.summary).model_fields), _REPR_COLUMNS - 11, placeholder=" ...")
        headline = textwrap.shorten(self.summary.headline, _REPR_COLUMNS, placeholder=" ...")
        return f"Run(folder={str(self.folder)!r})\n  {headline}\n  summary: {names}"

    def scores(self) -> pa.Table:
        """``scores.parquet``: the similarity of each comparison, or why there is none.

        Raises:
            RunFolderError: the run has no such table (a comparison of runs), or the table cannot be read.
        """
        return open_run(self.folder, "evaluation", "stress").table("scores")

    def photos(self) -> pa.Table:
        """``photos.parquet``: the outcome of each photo.

        Raises:
            RunFolderError: the run has no such table (a comparison of runs), or the table cannot be read.
        """
        return open_run(self.folder, "evaluation", "stress").table("photos")


def load_run(folder: str | Path) -> Run[EvaluationSummary] | Run[StressSummary] | Run[ComparisonSummary]:
    """Load a finished run of ``evaluate``, ``score``, ``stress`` or ``compare`` from its folder.

    Args:
        folder: the run folder.

    Returns:
        The run, as the job returned it.

    Raises:
        RunFolderError: the folder is no run folder, or the run is unfinished or damaged.

    Examples:
        >>> load_run("runs/mine").summary.eer.value  # doctest: +SKIP
        0.0123
    """
    folder = Path(folder)
    summary = read_summary(open_run(folder))
    if isinstance(summary, EvaluationSummary):
        return Run(folder, summary)
    if isinstance(summary, StressSummary):
        return Run(folder, summary)
    return Run(folder, summary)
