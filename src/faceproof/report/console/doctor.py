"""An audit on the console."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from faceproof.report.console.terminal import print_text
from faceproof.report.words.formatting import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from faceproof.findings.doctor.result import Audit, Finding

_STYLES = {"fault": "bold red", "hint": "bold yellow"}
_INDENT = "  "


def print_audit(console: Console, audit: Audit) -> None:
    """Print what an audit found, what could not be checked, and what passed."""
    print_text(console, audit_headline(audit), style="bold")
    for _, findings in groupby(audit.findings, key=lambda finding: (finding.severity, finding.check)):
        console.print()
        _print_findings(console, list(findings))
    if audit.not_run:
        console.print()
        print_text(console, f"Not checked ({count(len(audit.not_run))}):", style="bold")
        for one in audit.not_run:
            print_text(console, f"{_named(one.check)}: {one.reason}", mark=_INDENT)
    if audit.passed:
        console.print()
        print_text(console, f"Nothing found ({count(len(audit.passed))}):", style="bold")
        print_text(console, f"{', '.join(map(_named, audit.passed))}.", mark=_INDENT)


def audit_headline(audit: Audit) -> str:
    """One sentence: numbers of faults and hints, and what was looked at."""
    faults, hints = (
        f"{count(n) if n else 'no'} {word}{'' if n == 1 else 's'}"
        for n, word in ((len(audit.faults), "fault"), (len(audit.hints), "hint"))
    )
    people = "unnamed people" if audit.people is None else f"{count(audit.people)} people"
    lost = f", {count(audit.without_score)} without a usable score" if audit.without_score else ""
    return (
        f"{faults.capitalize()} and {hints} in {audit.source}: {count(audit.comparisons)} comparisons of {people}, "
        f"{count(audit.mated)} mated{lost}."
    )


def _print_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print what one check found; the advice is the same for all of it."""
    first = findings[0]
    print_text(console, f"{first.severity.upper()} {_named(first.check)}", style=_STYLES[first.severity])
    for finding in findings:
        print_text(console, finding.found, mark=_INDENT)
        for text in finding.evidence:
            print_text(console, text, mark=f"{_INDENT}- ")
    print_text(console, f"What to do: {first.advice}", mark=_INDENT)
    print_text(console, f"False alarms: {first.false_alarm}.", mark=_INDENT, style="dim")


def _named(check: str) -> str:
    return check.replace("_", " ")
