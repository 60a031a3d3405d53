"""The numbers of an evaluation with its headline and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faceproof.findings.scored import join_scores, rows_of_condition
from faceproof.report.words.evaluation_cautions import cautions
from faceproof.report.words.evaluation_headline import headline
from faceproof.summary.evaluation import summarize

if TYPE_CHECKING:
    from faceproof.runs.run_folder import RunTables


def summary_in_words(
    run: RunTables, *, threshold_distance: float | None = None, folds: int = 10, seed: int | None = None
) -> dict[str, Any]:
    """Every number of a run, with ``headline`` and ``warnings``: what ``metrics.json`` holds.

    Args:
        run: the tables of a run folder.
        threshold_distance: see `faceproof.summary.evaluation.summarize`.
        folds: likewise.
        seed: likewise.

    Raises:
        ConfigurationError, RunFolderError: as `faceproof.summary.evaluation.summarize`.
    """
    scored = join_scores(run)
    summary = summarize(run, threshold_distance=threshold_distance, folds=folds, seed=seed, scored=scored)
    summary["headline"] = headline(summary)
    summary["warnings"] = cautions(scored, rows_of_condition(run.photos, run.condition), summary)
    return summary
