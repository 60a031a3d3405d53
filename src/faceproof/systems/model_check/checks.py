"""One check of a model: its outcome, what was measured, and what is required."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["passed", "failed", "inconclusive", "skipped"]

_DECIMALS = 8


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check.

    Attributes:
        name: what holds when the check passes, as a clause: "templates are finite".
        outcome: ``passed``, ``failed``, or ``inconclusive`` where the faces at hand do not decide it.
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

    >>> overall(["passed", "inconclusive"]), overall(["inconclusive", "failed"]), overall(["passed"])
    ('inconclusive', 'failed', 'passed')
    """
    seen = set(outcomes)
    if "failed" in seen:
        return "failed"
    return "inconclusive" if "inconclusive" in seen else "passed"


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
