"""Results of checking a finished run: its files, the files that it was made of, and its repetition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from faceproof.findings.differences import ScoreDifferences
from faceproof.summary.number_differences import NumberDifference

CheckOutcome = Literal["same", "differs", "missing", "not loaded", "not recorded", "not checked"]


@dataclass(frozen=True, slots=True)
class FileCheck:
    """Check of one part of a run against its manifest.

    Attributes:
        what: the part, such as ``photos``.
        outcome: ``same`` as in the manifest; ``differs``, ``missing`` or ``not loaded``: the run cannot be repeated
            with what is here; ``not recorded``: the manifest has no digest; ``not checked``: the part could not be
            checked.
        found: the result in one sentence.
        names: the first files or names that differ or are missing.
        option: argument that gives the place of the part, where it has moved; None where there is none.
    """

    what: str
    outcome: CheckOutcome
    found: str
    names: tuple[str, ...] = ()
    option: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the part differs, is missing, or cannot be loaded."""
        return self.outcome in ("differs", "missing", "not loaded")


@dataclass(frozen=True, slots=True)
class RunCheck:
    """Check of the files of a run, and of the files that it was made of.

    Attributes:
        folder: the run folder.
        checks: the check of each part.
        notes: other versions, and what else is no difference of files.
        manifest_sha256: digest of the manifest, which has the digests of all other files; None in schema version 1.
    """

    folder: Path
    checks: tuple[FileCheck, ...]
    notes: tuple[str, ...] = ()
    manifest_sha256: str | None = None

    @property
    def same(self) -> bool:
        """Whether no part differs, is missing, or cannot be loaded."""
        return not any(check.failed for check in self.checks)


@dataclass(frozen=True, slots=True)
class RerunCheck:
    """Comparison of a stored run with its repetition.

    Attributes:
        folder: the folder of the stored run.
        tolerance: largest absolute difference of similarities that counts as equal.
        scores: differences of similarities and decisions, for each system under each condition; decisions of both are
            at the thresholds of the stored run.
        numbers: numbers of the stored ``metrics.json`` that do not follow from the stored tables.
        numbers_checked: how many numbers were computed again from the stored tables; None where the stored ones are of
            an earlier schema version, which has other formulas.
        conditions: conditions that only one of the runs has results for.
        notes: other versions or another machine, one sentence each.
    """

    folder: Path
    tolerance: float
    scores: tuple[ScoreDifferences, ...]
    numbers: tuple[NumberDifference, ...]
    numbers_checked: int | None
    conditions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether all similarities and decisions are the same within the tolerance, and all numbers follow."""
        return not (self.numbers or self.conditions or any(one.different for one in self.scores))
