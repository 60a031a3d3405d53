"""From a plan to a finished run: execute, store, judge, show."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from faceproof.jobs.base import Run, SummaryT
from faceproof.runs.run_folder import StoredRun
from faceproof.runs.run_writing import new_run

if TYPE_CHECKING:
    from faceproof.runs.manifest_schema import Manifest


@dataclass(frozen=True)
class Plan:
    """What a run is going to do, settled before work starts.

    Attributes:
        manifest: what is done, with a digest of each part.
        folder: the run folder.
        lines: what it takes, as sentences.
    """

    manifest: Manifest
    folder: Path
    lines: list[str] = field(default_factory=list)

    def in_words(self) -> list[str]:
        """Systems, photos, comparisons, conditions, and what it takes, as sentences."""
        manifest = self.manifest
        people, protocol = manifest.people, manifest.protocol
        worse = [condition for condition in manifest.conditions if condition.severity]
        suite = "" if manifest.suite is None else f" of suite {manifest.suite.name}"
        return [
            f"Systems: {', '.join(system.name for system in manifest.systems)}.",
            f"People: {people.people or 0:,} with {people.photos or 0:,} photos in {people.root}." if people else "",
            f"Comparisons: {protocol.comparisons or 0:,} by protocol {protocol.name} ({protocol.mated or 0:,} mated, "
            f"{protocol.non_mated or 0:,} non-mated).",
            f"Conditions: the photos as they are{f' and {len(worse):,} degradations{suite}' if worse else ''}.",
            *self.lines,
            f"Run folder: {self.folder}",
        ]


def run_folder(out: str | Path | None, started: datetime, name: str) -> Path:
    """Where a run goes: what was given, or a new folder below ``runs/`` with a plain form of the name."""
    plain = re.sub(r"[^\w.+-]+", "_", name)
    return Path(out) if out is not None else Path("runs") / f"{started:%Y%m%d-%H%M%S}-{plain}"


def carry_out(
    plan: Plan,
    execute: Callable[[Path], Manifest],
    show: Callable[[StoredRun], SummaryT],
    *,
    overwrite: bool,
) -> Run[SummaryT]:
    """Write a run folder.

    Args:
        plan: what is done.
        execute: writes the tables to the staging folder that it gets, and returns the manifest of the finished run.
        show: computes and writes numbers, figures and page beside the tables.
        overwrite: see `faceproof.evaluate`.

    Raises:
        RunFolderError: see `faceproof.runs.run_writing.new_run`.
    """
    with new_run(plan.folder, plan.manifest, overwrite=overwrite) as writer:
        manifest = execute(writer.staging)
        summary = show(StoredRun(writer.staging, manifest))
        writer.publish(manifest)
    return Run(plan.folder, summary)
