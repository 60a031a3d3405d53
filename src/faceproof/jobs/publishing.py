"""Computes and writes the numbers, figures and page of a run, for a new run and for a report made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from faceproof.degrade.types import Condition
from faceproof.errors import ConfigurationError
from faceproof.files import write_metrics_json
from faceproof.findings.flips import write_changes_csv
from faceproof.findings.ledger import open_ledger, write_failures_csv
from faceproof.findings.scored import join_scores
from faceproof.jobs.base import Run, Say
from faceproof.report.charts.drawing import Drawn, left_out
from faceproof.report.pages.evaluation import write_report
from faceproof.report.words.evaluation import in_words
from faceproof.report.words.stress import stress_in_words
from faceproof.runs.conditions import conditions_of
from faceproof.runs.manifest_schema import Judging
from faceproof.runs.run_folder import TABLE_FILES, RunTables, StoredRun, open_run
from faceproof.runs.run_writing import rewritten_run
from faceproof.scoring.scales import threshold_distance
from faceproof.scoring.threshold import Threshold, distance_of
from faceproof.summary.evaluation import summarize
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.summary.stored import METRICS
from faceproof.summary.stress import summarize_stress, write_conditions_csv
from faceproof.summary.stress_schema import StressSummary


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Writes numbers, figures and page of a run.

    Attributes:
        figures: draw the figures; False: numbers and page without figures.
        conditions: conditions by name; empty: those of the manifest whose functions are available.
        target: folder to write to; None: the run folder.
        say: called with messages about the progress and about figures that could not be drawn.
    """

    figures: bool = True
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    target: Path | None = None
    say: Say = lambda _: None

    def evaluation(self, run: StoredRun, judging: Judging | None = None) -> EvaluationSummary:
        """Write ``metrics.json``, ``failures.csv``, ``figures/`` and ``report.html`` of an evaluation.

        Args:
            run: the run.
            judging: threshold and folds; None: those of the manifest.

        Raises:
            RunFolderError: a table cannot be read.
            ConfigurationError: threshold or folds are not valid.
        """
        self.say("Computing the numbers and drawing the report ...")
        folder, tables, judging = self.target or run.folder, run.tables(), judging or run.manifest.judging
        # The manifest in metrics.json has the settings of these numbers.
        tables = replace(tables, manifest=tables.manifest.model_copy(update={"judging": judging}))
        scored = join_scores(tables)
        summary = in_words(
            summarize(tables, threshold_distance=judging.threshold_distance, folds=judging.folds, scored=scored),
            scored,
            tables,
        )
        write_metrics_json(folder / METRICS, summary.as_json())
        threshold = summary.default_point.threshold_similarity
        write_failures_csv(folder / "failures.csv", open_ledger(tables, threshold, scored))
        if self.figures:
            # Imported here so that Altair is loaded only where figures are drawn.
            from faceproof.report.charts.evaluation import write_figures

            drawn = write_figures(summary, folder / "figures")
        else:
            drawn = left_out(folder / "figures")
        write_report(summary, folder, run.photos_root, drawn, tables=run.folder)
        self._note(drawn)
        return summary

    def stress(self, run: StoredRun) -> StressSummary:
        """Write ``metrics.json``, ``conditions.csv``, ``changes.csv``, ``figures/`` and ``report.html``.

        Raises:
            RunFolderError: a table cannot be read.
        """
        # Imported here since the page makes degraded photos, which loads further libraries.
        from faceproof.report.pages.stress import write_stress_report

        self.say("Computing the numbers ...")
        folder = self.target or run.folder
        numbers, decisions = summarize_stress(run)
        summary = stress_in_words(numbers)
        write_metrics_json(folder / METRICS, summary.as_json())
        write_conditions_csv(folder / "conditions.csv", summary)
        write_changes_csv(folder / "changes.csv", decisions)
        self.say("Drawing the report ...")
        if self.figures:
            # Imported here so that Altair is loaded only where figures are drawn.
            from faceproof.report.charts.stress import write_stress_figures

            drawn = write_stress_figures(summary, folder / "figures")
        else:
            drawn = left_out(folder / "figures")
        conditions = self.conditions or conditions_of(run.manifest)
        write_stress_report(summary, run, run.photos_root, conditions, drawn, folder=folder)
        self._note(drawn)
        return summary

    def _note(self, drawn: Drawn) -> None:
        for note in drawn.notes():
            self.say(f"Note: {note}")


def report_again(
    folder: str | Path,
    *,
    threshold: float | Threshold | None = None,
    folds: int | None = None,
    figures: bool = True,
    say: Say = lambda _: None,
) -> Run[EvaluationSummary] | Run[StressSummary]:
    """Compute numbers, figures and page of a finished run again from its tables.

    Args:
        folder: the run folder.
        threshold: for an evaluation: fixed threshold. A number is a distance, 0 to 2, or in a run of scores a value in
            the scale of the scores. None: the threshold of the run.
        folds: for an evaluation: number of folds of cross-validation; None: as in the run.
        figures: draw the figures; False: remove existing figures.
        say: called with messages about the progress and about figures that could not be drawn.

    Returns:
        The run with its new numbers.

    Raises:
        RunFolderError: the folder holds no finished run of ``evaluate``, ``score`` or ``stress``.
        ConfigurationError: threshold or folds are given for a stress run, or are not valid.
    """
    folder = Path(folder)
    run = open_run(folder, "evaluation", "stress")
    if run.manifest.kind == "stress" and (threshold is not None or folds is not None):
        raise ConfigurationError("[[threshold]] and [[folds]] are for runs of evaluate; leave them out.")
    manifest = run.manifest
    with rewritten_run(folder) as writer:
        shown = Shown(figures=figures, target=writer.staging, say=say)
        if manifest.kind == "stress":
            stress = shown.stress(run)
            writer.publish(manifest, keep=TABLE_FILES)
            return Run(folder, stress)
        summary = shown.evaluation(run, _judging(run, threshold, folds))
        writer.publish(manifest, keep=TABLE_FILES)
    return Run(folder, summary)


def _judging(run: StoredRun, threshold: float | Threshold | None, folds: int | None) -> Judging:
    """Settings of thresholds and folds of the run, with the given threshold or folds in place of its own."""
    update: dict[str, object] = {}
    if threshold is not None:
        update["threshold_distance"] = threshold_in_run(run.tables(), threshold)
    if folds is not None:
        update["folds"] = folds
    return run.manifest.judging.model_copy(update=update)


def threshold_in_run(run: RunTables, threshold: float | Threshold) -> float:
    """Convert a threshold to a distance, 0 to 2; in a run of scores, a number is a value in the scale of the scores.

    Raises:
        ConfigurationError: the threshold is not valid in that scale.
    """
    scale = run.manifest.system.scale
    if scale is None or (isinstance(threshold, Threshold) and threshold.unit != "score"):
        distance = distance_of(threshold)
        assert distance is not None
        return distance
    value = threshold.value if isinstance(threshold, Threshold) else threshold
    return threshold_distance(value, scale, *(run.scores[name].to_numpy() for name in ("score", "similarity")))
