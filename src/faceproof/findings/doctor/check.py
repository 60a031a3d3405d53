"""What a check of an audit is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from faceproof.findings.doctor.audited import AuditedScores
from faceproof.findings.doctor.claims import Claims
from faceproof.findings.doctor.result import Severity
from faceproof.systems.external.listed_pairs import ListedPairs

LEVEL = 0.05
"""Level of all statistical tests together, unless another one is asked for."""
TESTS = 5
"""Number of statistical tests: upside down, loss by kind, people in training, drift of each kind."""

CONSTRUCTION = "0 by construction"
JUDGED = "no test: for a person to look at"


@dataclass(frozen=True)
class Case:
    """Everything that an audit looks at.

    Attributes:
        scores: the comparisons.
        claims: reported numbers; None without a claims file.
        pairs: the pair list of the test; None without one.
        level: level of each statistical test.
    """

    scores: AuditedScores
    claims: Claims | None = None
    pairs: ListedPairs | None = None
    level: float = LEVEL / TESTS


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a check found; see `faceproof.findings.doctor.result.Finding`."""

    severity: Severity
    text: str
    evidence: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CannotRun:
    """Why a check cannot run."""

    reason: str


Outcome = Sequence[Found] | CannotRun


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes:
        name: a few words in lower case, with underscores.
        run: looks at a case.
        false_alarm: how often it finds something in data without the fault; None: the level of a statistical test.
        advice: what to do where it finds something.
    """

    name: str
    run: Callable[[Case], Outcome]
    false_alarm: str | None
    advice: str


NO_PEOPLE = CannotRun("the data name no people (columns person_a and person_b)")
NO_PHOTOS = CannotRun("the data name no photos (columns photo_a and photo_b)")
NO_CLAIMS = CannotRun("no claims were given")
NO_MEASURE = CannotRun("it is not known what the scores are (option score, such as cosine_similarity)")


def counted(n: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> counted(1, "row"), counted(1200, "row"), counted(2, "person", "people")
    ('1 row', '1,200 rows', '2 people')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
