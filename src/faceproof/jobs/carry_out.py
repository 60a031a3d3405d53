"""Carries out the plan of a run: writes tables, numbers, figures and page to the run folder."""

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
    """The plan of a run, complete before work starts.

    Attributes:
        manifest: manifest of the run, with a digest of each part of the plan.
        folder: the run folder.
        lines: what the run needs, such as time and disk space, as sentences.
    """

    manifest: Manifest
    folder: Path
    lines: list[str] = field(default_factory=list)

    def in_words(self) -> list[str]:
        """Systems, photos, comparisons, conditions, and ``lines``, as sentences."""
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
    """The folder of a run: ``out``, or where it is None a new folder below ``runs/``, named after ``name``."""
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
        plan: plan of the run.
        execute: writes the tables to a staging folder, its argument, and returns the manifest of the finished run.
        show: computes numbers, and writes numbers, figures and page to the same folder as the tables.
        overwrite: see `faceproof.evaluate`.

    Raises:
        RunFolderError: see `faceproof.runs.run_writing.new_run`.
    """
    with new_run(plan.folder, plan.manifest, overwrite=overwrite) as writer:
        manifest = execute(writer.staging)
        summary = show(StoredRun(writer.staging, manifest))
        writer.publish(manifest)
    return Run(plan.folder, summary)
