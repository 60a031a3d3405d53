"""Gates for automated checks: ``fnmr@fmr=1e-3 > 0.02`` is a condition under which a run has failed."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from faceproof.errors import ConfigurationError
from faceproof.records import Record
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import EvaluationSummary

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_FORM = re.compile(r"\s*([a-z_0-9]+)(?:@fmr=([0-9.eE+-]+))?\s*(<=|>=|<|>)\s*([0-9.eE+-]+)\s*(%?)\s*")
_OF_THE_RUN = ("eer", "auc", "d_prime")
_OF_THE_PHOTOS = ("detection_rate", "fta")
_OF_THE_POINT = ("precision", "recall", "f1", "fmr", "fnmr", "far", "frr")
METRICS = ("accuracy", *_OF_THE_RUN, *_OF_THE_PHOTOS, *_OF_THE_POINT)
"""Metrics that a gate may use; ``accuracy`` is the cross-validated accuracy."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition under which a run has failed.

    Attributes:
        text: text of the gate.
        metric: one of `METRICS`.
        at_fmr: the target FMR of ``fnmr@fmr=``; else None.
        fails: compares the metric with the limit; True means failed.
        limit: limit of the metric; a percentage is stored as a fraction.
    """

    text: str
    metric: str
    at_fmr: float | None
    fails: Callable[[float, float], bool]
    limit: float


def parse_gate(text: str) -> Gate:
    """Parse a gate.

    Raises:
        ConfigurationError: the text is not a valid gate.

    >>> parse_gate("fnmr@fmr=1e-3 > 2%").limit
    0.02
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ConfigurationError(f'Gate {text!r} cannot be understood. Expected for instance "fnmr@fmr=1e-3 > 0.02".')
    metric, at_fmr, sign, limit, percent = found.groups()
    if metric not in METRICS or (at_fmr and metric != "fnmr"):
        close = get_close_matches(metric, METRICS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close and close[0] != metric else ""
        raise ConfigurationError(
            f"Gate {text!r}: {metric!r} cannot be asked for{' at an FMR' if at_fmr else ''}.{hint} "
            f"Known: {', '.join(METRICS)}, fnmr@fmr=F."
        )
    try:
        return Gate(text, metric, float(at_fmr) if at_fmr else None, _OPERATORS[sign], _fraction(limit, percent))
    except ValueError as error:
        raise ConfigurationError(f"Gate {text!r}: {error}.") from error


def missed(gate: Gate, summary: EvaluationSummary) -> str | None:
    """Why a run misses a gate; None where it passes. A metric that cannot be estimated misses the gate.

    Raises:
        ConfigurationError: the run has no FNMR at the FMR of the gate.
    """
    estimate = _asked(gate, summary)
    value = estimate.value
    if value is None:
        return f"{gate.text}: cannot be estimated ({estimate.reason or 'the data cannot give it'})"
    return f"{gate.text}: it is {value:.6g}" if gate.fails(value, gate.limit) else None


def _fraction(limit: str, percent: str) -> float:
    return float(limit) / 100 if percent else float(limit)


def _asked(gate: Gate, summary: EvaluationSummary) -> Estimate:
    """The estimate that a gate compares with its limit."""
    if gate.at_fmr is not None:
        for entry in summary.fnmr_at_fmr:
            if abs(entry.fmr - gate.at_fmr) <= 1e-9:
                return entry.fnmr
        known = ", ".join(f"{entry.fmr:g}" for entry in summary.fnmr_at_fmr)
        raise ConfigurationError(f"Gate {gate.text!r}: FNMR is measured at FMR {known} only.")
    if gate.metric == "accuracy":
        return summary.folds.accuracy
    if gate.metric in _OF_THE_RUN:
        where: Record = summary
    else:
        where = summary.rates if gate.metric in _OF_THE_PHOTOS else summary.default_point
    found: Estimate = getattr(where, gate.metric)
    return found
