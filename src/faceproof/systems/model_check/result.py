"""The result of the model check, as the manifest has it and the command line shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from faceproof.records import Entry
from faceproof.systems.model_check.checks import Outcome, overall
from faceproof.systems.weights.card import InputContract

_COMPLAINTS: dict[Outcome, str] = {
    "failed": "failed the model check ({name}): {found}.",
    "inconclusive": "was checked and it is undecided whether {name}: {found}.",
}


class CheckResult(Entry):
    """One check (`faceproof.systems.model_check.checks.Check`), of this version or of an earlier one."""

    name: str
    outcome: Outcome
    found: str

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, entry: object) -> object:
        if not isinstance(entry, Mapping):
            return entry
        return {"name": entry.get("name"), "outcome": _outcome(entry), "found": _found(entry)}


class ContractResult(Entry):
    """A contract that was compared with the declared one.

    Attributes:
        text: in what it differs; empty for the declared one.
        separation: of the people; None where it cannot be computed.
        gain: over the declared contract; likewise.
        low: lower end of its 95% interval; likewise.
        high: upper end; likewise.
        faces: number of faces that it was tried on.
        contract: the contract.
    """

    text: str
    separation: float | None
    gain: float | None
    low: float | None
    high: float | None
    faces: int
    contract: InputContract


class ModelCheck(Entry):
    """All checks of a model.

    Attributes:
        outcome: of all checks together.
        reason: why it was skipped, or why the model failed as a whole.
        version: of the checks.
        model: its name.
        faces: number of packaged faces.
        own_faces: number of the user's faces.
        checks: each check.
        neighbours: the contracts that were compared; the first is the declared one.
    """

    outcome: Outcome
    reason: str | None = None
    version: int | None = None
    model: str | None = None
    faces: int | None = None
    own_faces: int | None = None
    checks: list[CheckResult] = []
    neighbours: list[ContractResult] = []

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, entry: object) -> object:
        if not isinstance(entry, Mapping):
            return entry
        kept = {name: value for name, value in entry.items() if name not in ("passed", "told")}
        compared = entry.get("neighbours") or []
        if any(isinstance(one, Mapping) and "separation" not in one for one in compared):
            del kept["neighbours"]  # earlier versions compared d', which is another number
        return kept | {"outcome": _outcome(entry)}

    def complaints(self) -> list[str]:
        """What was found wrong or could not be decided, in sentences that go on after the model's name."""
        if self.outcome == "skipped":
            return []
        if self.reason:
            return [f"failed the model check: {self.reason}."]
        return [
            text.format(name=check.name, found=check.found)
            for outcome, text in _COMPLAINTS.items()
            for check in self.checks
            if check.outcome == outcome
        ]

    def names(self, outcome: Outcome) -> list[str]:
        """Names of the checks that had an outcome."""
        return [check.name for check in self.checks if check.outcome == outcome]


class ContractProposal(Entry):
    """The contract that separates people best with an ONNX file that nothing is known of.

    Attributes:
        model: the file.
        best: the contract in words.
        d_prime: with it; None where it cannot be computed.
        neighbours: this one and those beside it.
        undecided: those of them that may be as good, in words.
        toml: the contract as a card.
        card: where the card goes.
        works: whether the contract separates people at all.
        written: whether the card was written.
    """

    model: str
    best: str
    d_prime: float | None
    neighbours: list[ContractResult]
    undecided: list[str]
    toml: str
    card: str
    works: bool
    written: bool


def _outcome(entry: Mapping[str, Any]) -> Outcome:
    """The outcome of a check, or of all of them, from a manifest of this or of an earlier version.

    Manifests of version 2 have ``not told apart`` where this version has ``inconclusive``. Those of version 1 have
    ``passed`` (None: skipped) and, where a check could not be decided, ``told`` False.
    """
    if "outcome" in entry:
        outcome: Outcome = "inconclusive" if entry["outcome"] == "not told apart" else entry["outcome"]
        return outcome
    if entry.get("checks"):
        return overall(_outcome(check) for check in entry["checks"])
    if "passed" not in entry:
        raise ValueError("the outcome is missing")
    if entry["passed"] is None:
        return "skipped"
    if not entry["passed"]:
        return "failed"
    return "passed" if entry.get("told", True) else "inconclusive"


def _found(check: Mapping[str, Any]) -> object:
    """What a check found. Version 1 of the manifest wrote a requirement as if it were met, also where it was not."""
    found = check.get("found")
    if "outcome" in check or not isinstance(found, str):
        return found
    return re.sub(r", (below [\d.]+%?|[\d.]+ or more)$", r"; it must be \1", found)
