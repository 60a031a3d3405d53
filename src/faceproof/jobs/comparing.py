"""Runs of ``faceproof evaluate`` side by side, and every run against the first on the very same comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from faceproof.errors import ConfigurationError
from faceproof.jobs.base import Run, Say

if TYPE_CHECKING:
    from faceproof.findings.joined import JoinedRuns
    from faceproof.findings.pair_lists import NamedRun

NUMBERS = "comparison.json"


def compare(
    runs: Sequence[str | Path],
    *,
    common: bool = False,
    out: str | Path | None = None,
    overwrite: bool = False,
    figures: bool = True,
    say: Say = lambda _: None,
    command: str | None = None,
) -> Run:
    """Hold finished runs against each other, and write a folder with every number, figure and disputed comparison.

    Args:
        runs: two or more run folders of ``faceproof evaluate``; the first is what the others are held against.
        common: where the runs have different pair lists, compare what all of them have, joined by the photos.
        out: the folder to write; None for a new one below ``runs/``.
        overwrite: write to it though it holds a comparison.
        figures: draw the figures; False: numbers and page without them.
        say: told in words what is being done.
        command: as given, for ``comparison.json``.

    Returns:
        The folder, and every number as in ``comparison.json`` (docs/compare.md).

    Raises:
        ConfigurationError: fewer than two runs, one twice, or runs that have different comparisons.
        RunFolderError: a run is unfinished, damaged or none of evaluate, or ``out`` cannot be used.

    Examples:
        >>> compared = compare(["runs/a", "runs/b"])  # doctest: +SKIP
        >>> compared.summary["differences"][0]["accuracy"]["value"]  # doctest: +SKIP
        -0.0123
    """
    from faceproof.files import write_metrics_json
    from faceproof.findings.disputed import write_flips_csv
    from faceproof.findings.joined import join_runs, named_runs
    from faceproof.report.charts.drawing import left_out
    from faceproof.report.pages.comparison import write_compare_report
    from faceproof.report.words.comparison import compare_cautions, compare_headline
    from faceproof.runs.manifest import begun, plan_entry, stamp
    from faceproof.runs.run_folder import read_run
    from faceproof.runs.run_writing import new_run
    from faceproof.summary.comparison import summarize_comparison
    from faceproof.version import __version__

    if figures:
        from faceproof.report.charts.comparison import write_compare_figures

    started = datetime.now(UTC)
    folders = _different_folders(runs)
    named = named_runs(folders, [read_run(folder) for folder in folders])
    if not common:
        _refuse_other_pair_lists(named)
    joined = join_runs(named)
    _refuse_nothing_in_common(joined, common=common)
    folder = Path(out or Path("runs") / f"{started:%Y%m%d-%H%M%S}-compare")
    manifest = begun("comparison", command, started)
    manifest["plan"] = plan_entry(
        runs=[run.tables.manifest.get("plan") or str(run.folder.resolve()) for run in joined.runs], settings=[common]
    )
    with new_run(folder, manifest, overwrite=overwrite) as writer:
        say(f"Comparing {', '.join(joined.names)} on {len(joined):,} comparisons ...")
        head = {"faceproof_version": __version__, "command": command, "finished": stamp(started)}
        summary, disputed = summarize_comparison(joined, head, common=common)
        summary["headline"], summary["warnings"] = compare_headline(summary), compare_cautions(summary)
        write_metrics_json(writer.staging / NUMBERS, summary)
        write_flips_csv(writer.staging / "flips.csv", disputed.every())
        say("Drawing the report ...")
        place = writer.staging / "figures"
        drawn = write_compare_figures(summary, place) if figures else left_out(place)
        write_compare_report(summary, writer.staging, drawn)
        for note in drawn.notes():
            say(f"Note: {note}")
        writer.publish(manifest | {"finished": stamp()})
    return Run(folder, summary)


def _different_folders(runs: Sequence[str | Path]) -> list[Path]:
    folders = [Path(runs)] if isinstance(runs, str | Path) else [Path(run) for run in runs]
    if len(folders) < 2:
        raise ConfigurationError(f"{len(folders)} run was given; expected two or more run folders to compare.")
    seen: dict[Path, Path] = {}
    for folder in folders:
        if folder.resolve() in seen:
            raise ConfigurationError(
                f"{folder} is the same folder as {seen[folder.resolve()]}; expected different runs. Leave one out."
            )
        seen[folder.resolve()] = folder
    return folders


def _refuse_other_pair_lists(named: Sequence[NamedRun]) -> None:
    from faceproof.findings.joined import how_pair_lists_differ

    first = named[0]
    for other in named[1:]:
        digests = {(run.tables.manifest.get("protocol") or {}).get("sha256") for run in (first, other)}
        differences = how_pair_lists_differ(first, other)
        # What was imported has a digest of another kind, over the same comparisons.
        imported = any(run.tables.manifest.get("source") for run in (first, other))
        if differences or (len(digests) > 1 and not imported):
            raise ConfigurationError(
                f"{other.folder} was run on another pair list than {first.folder}: "
                f"{'; '.join(differences) or 'the digests of the lists differ'}. Numbers of different comparisons "
                "cannot be held against each other. Compare what they share with --common, or evaluate both on the "
                "same people with the same protocol."
            )


def _refuse_nothing_in_common(joined: JoinedRuns, *, common: bool) -> None:
    if not len(joined):
        more = ", by photo id, bytes and label" if common else ""
        raise ConfigurationError(
            f"{', '.join(str(run.folder) for run in joined.runs)} have no comparison in common{more}. Evaluate them on "
            "the same people with the same protocol."
        )
