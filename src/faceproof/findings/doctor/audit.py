"""Run all checks on one set of comparisons."""

from __future__ import annotations

from faceproof.errors import ConfigurationError
from faceproof.findings.doctor import (
    claimed,
    decisions,
    groups,
    kinds,
    losses,
    order,
    pairs,
    reported_rates,
    triangles,
    values,
)
from faceproof.findings.doctor.audited import AuditedScores
from faceproof.findings.doctor.check import LEVEL, TESTS, CannotRun, Case, Check, Found
from faceproof.findings.doctor.claims import Claims
from faceproof.findings.doctor.result import MOST_EXAMPLES, Audit, Finding, NotRun
from faceproof.systems.external.listed_pairs import ListedPairs

CHECKS: tuple[Check, ...] = (
    *kinds.CHECKS,
    *values.CHECKS,
    *pairs.CHECKS,
    *groups.CHECKS,
    *decisions.CHECKS,
    *losses.CHECKS,
    *claimed.CHECKS,
    *reported_rates.CHECKS,
    *order.CHECKS,
    *triangles.CHECKS,
)
"""All checks, in the order of the result."""


def audit(
    scores: AuditedScores,
    claims: Claims | None = None,
    pairs: ListedPairs | None = None,
    *,
    source: str = "",
    level: float = LEVEL,
) -> Audit:
    """Run all checks.

    Args:
        scores: the comparisons.
        claims: reported numbers, or None.
        pairs: the pair list of the test, or None.
        source: path of the data.
        level: level of all statistical tests together (Bonferroni), above 0 and below 1.

    Raises:
        ConfigurationError: ``level`` is out of range.
    """
    if not 0 < level < 1:
        raise ConfigurationError(f"level is {level:g}; expected a number above 0 and below 1", argument="level")
    case = Case(scores, claims, pairs, level / TESTS)
    found, not_run, passed = [], [], []
    for check in CHECKS:
        outcome = check.run(case)
        if isinstance(outcome, CannotRun):
            not_run.append(NotRun(check=check.name, reason=outcome.reason))
        elif not outcome:
            passed.append(check.name)
        else:
            found += [_finding(check, one, level) for one in outcome]
    return Audit(
        source=source,
        comparisons=len(scores),
        mated=int(scores.mated.sum()),
        without_score=int((~scores.made).sum()),
        people=None if scores.people is None else scores.people.total,
        level=level,
        findings=[
            *(one for one in found if one.severity == "fault"),
            *(one for one in found if one.severity == "hint"),
        ],
        not_run=not_run,
        passed=passed,
    )


def _finding(check: Check, found: Found, level: float) -> Finding:
    return Finding(
        check=check.name,
        severity=found.severity,
        found=found.text,
        evidence=tuple(found.evidence[:MOST_EXAMPLES]),
        false_alarm=check.false_alarm or f"at most {level / TESTS:.2g} (one of {TESTS} tests that share {level:g})",
        advice=check.advice,
    )
