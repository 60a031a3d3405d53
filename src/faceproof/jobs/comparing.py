"""Comparison of finished evaluations: their numbers, and differences to the first run on the same comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from faceproof.errors import ConfigurationError
from faceproof.files import write_metrics_json
from faceproof.findings.disputed import write_flips_csv
from faceproof.findings.joined import JoinedRuns, how_pair_lists_differ, join_runs, named_runs
from faceproof.findings.pair_lists import NamedRun
from faceproof.jobs.base import Run, Say
from faceproof.jobs.carry_out import Plan, carry_out, run_folder
from faceproof.report.charts.drawing import Drawn, left_out
from faceproof.report.pages.comparison import write_compare_report
from faceproof.report.words.comparison import comparison_in_words
from faceproof.runs import manifest
from faceproof.runs.run_folder import StoredRun, read_run
from faceproof.summary.comparison import summarize_comparison
from faceproof.summary.comparison_schema import ComparisonSummary
from faceproof.summary.stored import COMPARISON


def compare(
    runs: Sequence[str | Path],
    *,
    common: bool = False,
    out: str | Path | None = None,
    overwrite: bool = False,
    figures: bool = True,
    say: Say = lambda _: None,
    command: str | None = None,
) -> Run[ComparisonSummary]:
    """Compare finished runs, and write a folder with all numbers, figures and disputed comparisons.

    Args:
        runs: two or more run folders of ``faceproof evaluate`` or ``faceproof score``; the first is the baseline.
        common: where the runs have different pair lists, compare them on the comparisons that all of them have.
        out: the folder to write; None: a new folder below ``runs/``.
        overwrite: replace a comparison that ``out`` holds.
        figures: draw the figures; False: numbers and page without figures.
        say: called with messages about the progress.
        command: the command line, for ``comparison.json``.

    Returns:
        The folder and all numbers, as in ``comparison.json`` (docs/compare.md).

    Raises:
        ConfigurationError: there are fewer than two runs, a run is given twice, or the pair lists differ.
        RunFolderError: a run is unfinished, damaged or no evaluation, or ``out`` cannot be used.

    Examples:
        >>> compared = compare(["runs/a", "runs/b"])  # doctest: +SKIP
        >>> compared.summary.differences[0].accuracy.value  # doctest: +SKIP
        -0.0123
    """
    started = datetime.now(UTC)
    folders = _different_folders(runs)
    named = named_runs(folders, [read_run(folder) for folder in folders])
    if not common:
        _refuse_other_pair_lists(named)
    joined = join_runs(named)
    _refuse_nothing_in_common(joined, common=common)
    plans = [run.tables.manifest.plan or str(run.folder.resolve()) for run in joined.runs]
    digests = manifest.plan_digests(runs=plans, settings=[common])
    plan = Plan(manifest.begun("comparison", command, started, plan=digests), run_folder(out, started, "compare"))

    def show(run: StoredRun) -> ComparisonSummary:
        say(f"Comparing {', '.join(joined.names)} on {len(joined):,} comparisons ...")
        numbers, disputed = summarize_comparison(joined, common=common, command=command, finished=manifest.stamp())
        summary = comparison_in_words(numbers)
        write_metrics_json(run.folder / COMPARISON, summary.as_json())
        write_flips_csv(run.folder / "flips.csv", disputed.every())
        say("Drawing the report ...")
        drawn = _drawn(summary, run.folder / "figures", figures=figures)
        write_compare_report(summary, run.folder, drawn)
        for note in drawn.notes():
            say(f"Note: {note}")
        return summary

    return carry_out(
        plan,
        lambda _: plan.manifest.model_copy(update={"finished": manifest.stamp()}),
        show,
        overwrite=overwrite,
    )


def _drawn(summary: ComparisonSummary, place: Path, *, figures: bool) -> Drawn:
    if not figures:
        return left_out(place)
    # Imported here so that Altair is loaded only where figures are drawn.
    from faceproof.report.charts.comparison import write_compare_figures

    return write_compare_figures(summary, place)


def _different_folders(runs: Sequence[str | Path]) -> list[Path]:
    folders = [Path(runs)] if isinstance(runs, str | Path) else [Path(run) for run in runs]
    if len(folders) < 2:
        raise ConfigurationError(f"{len(folders)} run was given; expected two or more run folders to compare.")
    seen: dict[Path, Path] = {}
    for folder in folders:
        if folder.resolve() in seen:
            raise ConfigurationError(
                f"{folder} is the same folder as {seen[folder.resolve()]}; expected different runs. Leave one out.",
                path=folder,
            )
        seen[folder.resolve()] = folder
    return folders


def _refuse_other_pair_lists(named: Sequence[NamedRun]) -> None:
    first = named[0]
    for other in named[1:]:
        digests = {run.tables.manifest.protocol.sha256 for run in (first, other)}
        differences = how_pair_lists_differ(first, other)
        # The digest of imported comparisons is computed in another way, so equal comparisons have unequal digests.
        imported = any(run.tables.manifest.system.source for run in (first, other))
        if differences or (len(digests) > 1 and not imported):
            raise ConfigurationError(
                f"{other.folder} was run on another pair list than {first.folder}: "
                f"{'; '.join(differences) or 'the digests of the lists differ'}. Numbers of different comparisons "
                "cannot be compared. Compare what they share with [[common=True]], or evaluate both on the same people "
                "with the same protocol.",
                path=other.folder,
            )


def _refuse_nothing_in_common(joined: JoinedRuns, *, common: bool) -> None:
    if not len(joined):
        more = ", by photo id, bytes and label" if common else ""
        raise ConfigurationError(
            f"{', '.join(str(run.folder) for run in joined.runs)} have no comparison in common{more}. Evaluate them on "
            "the same people with the same protocol."
        )
