"""Writes the numbers, figures and page of an evaluation, when it is run and again later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.files import write_metrics_json
from faceproof.jobs.base import Run, Say

if TYPE_CHECKING:
    from faceproof.runs.run_folder import RunTables


def publish(
    run: RunTables,
    folder: Path,
    photos_root: Path | None,
    *,
    threshold: float | None = None,
    folds: int = 10,
    figures: bool = True,
    tables: Path | None = None,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Write ``metrics.json``, ``failures.csv``, ``figures/`` and ``report.html`` from a run's tables.

    Args:
        run: the tables.
        folder: where to write.
        photos_root: folder of people, for the photos on the page; None: a page without photos.
        threshold: see `evaluate`.
        folds: see `evaluate`.
        figures: see `evaluate`.
        tables: folder with the run's tables; None: ``folder``.
        say: told in words what is being done, and which figures could not be drawn.

    Returns:
        Every number, as in ``metrics.json``.
    """
    from faceproof.findings.ledger import open_ledger, write_failures_csv
    from faceproof.report.charts.drawing import left_out
    from faceproof.report.pages.evaluation import write_report
    from faceproof.report.words.evaluation import summary_in_words

    if figures:
        from faceproof.report.charts.evaluation import write_figures

    say("Computing the numbers and drawing the report ...")
    summary = summary_in_words(run, threshold_distance=threshold, folds=folds)
    write_metrics_json(folder / "metrics.json", summary)
    points = {point["name"]: point for point in summary["operating_points"]}
    chosen = points.get(summary["default_operating_point"], {})
    write_failures_csv(folder / "failures.csv", open_ledger(run, chosen.get("threshold_similarity")))
    drawn = write_figures(summary, folder / "figures") if figures else left_out(folder / "figures")
    write_report(summary, folder, photos_root, drawn, tables=tables)
    for note in drawn.notes():
        say(f"Note: {note}")
    return summary


def report_again(
    folder: str | Path,
    *,
    threshold: float | None = None,
    folds: int | None = None,
    figures: bool = True,
    say: Say = lambda _: None,
) -> Run:
    """Compute and draw a finished run again from its tables.

    Args:
        folder: the run folder.
        threshold: see `evaluate`, in a run of scores in their own scale; None: as the run was judged.
        folds: likewise.
        figures: draw the figures; False: remove those of before.
        say: told which figures could not be drawn.

    Raises:
        RunFolderError: when it is no finished run.
    """
    from faceproof.runs.run_folder import TABLE_FILES, read_run
    from faceproof.runs.run_writing import rewritten_run

    folder = Path(folder)
    run = read_run(folder)
    judged = run.manifest.get("judging", {})
    threshold = judged.get("threshold_distance") if threshold is None else threshold_in_run(run, threshold)
    folds = judged.get("folds", 10) if folds is None else folds
    root = Path(str(run.manifest["people"]["root"]))
    photos_root = root if root.is_dir() else None
    with rewritten_run(folder) as writer:
        summary = publish(
            *(run, writer.staging, photos_root),
            threshold=threshold,
            folds=folds,
            figures=figures,
            tables=folder,
            say=say,
        )
        writer.publish(run.manifest, keep=TABLE_FILES)
    return Run(folder, summary)


def threshold_in_run(run: RunTables, threshold: float) -> float:
    """The distance that a threshold stands for: in a run of scores it is given in their own scale.

    Raises:
        ConfigurationError: it is not on that scale.
    """
    from faceproof.scoring.scales import scale_in, threshold_distance

    scale = scale_in(run.manifest)
    if scale is None:
        return threshold
    return threshold_distance(threshold, scale, *(run.scores[name].to_numpy() for name in ("score", "similarity")))
