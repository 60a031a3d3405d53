"""One check of a model: its outcome, what was measured, and what is required."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["passed", "failed", "not told apart", "skipped"]

_DECIMALS = 8


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check.

    Attributes:
        name: what holds when the check passes, as a clause: "templates are finite".
        outcome: ``passed``, ``failed``, or ``not told apart`` where the faces at hand do not decide it.
        found: what was measured and what is required, as one sentence without its full stop. It is right for every
            outcome.
    """

    name: str
    outcome: Outcome
    found: str

    @property
    def passed(self) -> bool:
        """Whether the outcome is ``passed``."""
        return self.outcome == "passed"

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"name": self.name, "outcome": self.outcome, "found": self.found}


def below(name: str, quantity: str, value: float, bound: float, show: str = ".3f") -> Check:
    """A check that passes where a value is below a bound.

    Args:
        name: see `Check`.
        quantity: what the value is, in words that begin the sentence.
        value: what was measured; NaN fails.
        bound: must not be reached.
        show: format specification of value and bound, with a fixed number of decimals.

    >>> below("templates differ", "median cosine", 1.0, 0.97).found
    'median cosine is 1.000; it must be below 0.97'
    >>> below("templates differ", "median cosine", 0.96999, 0.97).found
    'median cosine is 0.96999; it must be below 0.97'
    """
    return _bounded(name, quantity, value, f"below {_short(bound, show)}", lambda shown: shown < bound, show)


def at_least(name: str, quantity: str, value: float, bound: float, show: str = ".3f") -> Check:
    """A check that passes where a value reaches a bound; see `below`.

    >>> at_least("people are separated", "d'", 1.432, 1.5, ".2f").found
    "d' is 1.43; it must be at least 1.5"
    """
    return _bounded(name, quantity, value, f"at least {_short(bound, show)}", lambda shown: shown >= bound, show)


def overall(outcomes: Iterable[str]) -> Outcome:
    """The outcome of several checks: failed if one failed, passed only if all passed.

    >>> overall(["passed", "not told apart"]), overall(["not told apart", "failed"]), overall(["passed"])
    ('not told apart', 'failed', 'passed')
    """
    seen = set(outcomes)
    if "failed" in seen:
        return "failed"
    return "not told apart" if "not told apart" in seen else "passed"


def outcome_of(entry: Mapping[str, Any]) -> Outcome:
    """The outcome of a check, or of all of them, from a manifest of this or of an earlier version.

    Earlier versions have ``passed`` (None: skipped) and, where a check could not be decided, ``told`` False.

    >>> outcome_of({"passed": True, "told": False}), outcome_of({"passed": None, "reason": "skipped"})
    ('not told apart', 'skipped')
    """
    if "outcome" in entry:
        outcome: Outcome = entry["outcome"]
        return outcome
    if entry.get("checks"):
        return overall(outcome_of(check) for check in entry["checks"])
    if entry["passed"] is None:
        return "skipped"
    if not entry["passed"]:
        return "failed"
    return "passed" if entry.get("told", True) else "not told apart"


def found_in(check: Mapping[str, Any]) -> str:
    """What a check found, from a manifest of this or of an earlier version.

    Earlier versions wrote a requirement as if it were met, which reads wrongly where the check failed.

    >>> found_in({"found": "median cosine 1.000, below 0.97", "passed": False})
    'median cosine 1.000; it must be below 0.97'
    >>> found_in({"found": "d' 1.43, 1.5 or more", "passed": False})
    "d' 1.43; it must be 1.5 or more"
    """
    found: str = check["found"]
    if "outcome" in check:
        return found
    return re.sub(r", (below [\d.]+%?|[\d.]+ or more)$", r"; it must be \1", found)


def complaints(found: Mapping[str, Any]) -> list[str]:
    """What a model check found wrong or could not decide, in sentences that go on after the model's name.

    Args:
        found: result of `faceproof.systems.model_check.job.check_pipeline`, or a manifest's ``canary``, of any version.
    """
    outcome = outcome_of(found)
    if outcome == "skipped":
        return []
    if found.get("reason"):
        return [f"failed the model check: {found['reason']}."]
    of_check = {
        "failed": "failed the model check ({name}): {found}.",
        "not told apart": "was checked and it cannot be told whether {name}: {found}.",
    }
    return [
        of_check[outcome].format(name=check["name"], found=found_in(check))
        for wanted in of_check
        for check in found.get("checks", ())
        if (outcome := outcome_of(check)) == wanted
    ]


def _bounded(name: str, quantity: str, value: float, required: str, holds: Callable[[float], bool], show: str) -> Check:
    if math.isnan(value):
        return Check(name, "failed", f"{quantity} cannot be computed; it must be {required}")
    outcome: Outcome = "passed" if holds(value) else "failed"
    return Check(name, outcome, f"{quantity} is {_exact_enough(value, holds, show)}; it must be {required}")


def _exact_enough(value: float, holds: Callable[[float], bool], show: str) -> str:
    """A value with as many decimals as it takes to lie on the right side of the bound as printed."""
    decimals, kind = int(show[1:-1]), show[-1]
    for places in range(decimals, _DECIMALS):
        text = f"{value:.{places}{kind}}"
        shown = float(text.rstrip("%")) / (100 if kind == "%" else 1)
        if holds(shown) == holds(value):
            return text
    return repr(value)


def _short(bound: float, show: str) -> str:
    return f"{100 * bound:g}%" if show.endswith("%") else f"{bound:g}"
