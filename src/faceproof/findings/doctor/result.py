"""The result of an audit, as the command line prints it and ``--json`` writes it."""

from __future__ import annotations

from typing import Literal

from faceproof.records import Record

Severity = Literal["fault", "hint"]

MOST_EXAMPLES = 10
"""Largest number of examples of a finding."""


class Finding(Record):
    """Something that a check found.

    Attributes:
        check: name of the check.
        severity: ``fault``: numbers from these data are wrong or mean something else; ``hint``: to be looked at.
        found: what was found, in sentences.
        evidence: rows, names and numbers that show it, at most `MOST_EXAMPLES`.
        false_alarm: how often the check finds something in data without this fault.
        advice: what to do.
    """

    check: str
    severity: Severity
    found: str
    evidence: tuple[str, ...] = ()
    false_alarm: str
    advice: str


class NotRun(Record):
    """A check that could not run, and why."""

    check: str
    reason: str


class Audit(Record):
    """The result of all checks.

    Attributes:
        source: path of the score file or run folder.
        comparisons: number of comparisons.
        mated: number of mated comparisons.
        without_score: number of comparisons that have no score.
        people: number of people; None where the data name none.
        level: total level of all statistical tests together.
        findings: what was found, faults first.
        not_run: checks that could not run.
        passed: names of the checks that ran and found nothing.
    """

    source: str
    comparisons: int
    mated: int
    without_score: int
    people: int | None
    level: float
    findings: list[Finding]
    not_run: list[NotRun]
    passed: list[str]

    @property
    def faults(self) -> list[Finding]:
        """The findings of severity ``fault``."""
        return [finding for finding in self.findings if finding.severity == "fault"]

    @property
    def hints(self) -> list[Finding]:
        """The findings of severity ``hint``."""
        return [finding for finding in self.findings if finding.severity == "hint"]

    def of(self, check: str) -> list[Finding]:
        """The findings of one check."""
        return [finding for finding in self.findings if finding.check == check]
