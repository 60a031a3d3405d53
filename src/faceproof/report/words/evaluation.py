"""Adds headline and warnings to the summary of an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faceproof.findings.scored import ScoredComparisons, rows_of_condition
from faceproof.report.words.certainty import certainty
from faceproof.report.words.evaluation_cautions import cautions
from faceproof.report.words.evaluation_headline import headline
from faceproof.summary.evaluation_schema import EvaluationSummary

if TYPE_CHECKING:
    from faceproof.runs.run_folder import RunTables


def in_words(summary: EvaluationSummary, scored: ScoredComparisons, run: RunTables) -> EvaluationSummary:
    """The summary with its headline, the certainty of its main number, and warnings.

    Args:
        summary: summary of the run.
        scored: comparisons of the run.
        run: tables of the run.
    """
    warnings = cautions(scored, rows_of_condition(run.photos, run.condition), summary)
    written = {"headline": headline(summary), "certainty": certainty(summary), "warnings": warnings}
    return summary.model_copy(update=written)
