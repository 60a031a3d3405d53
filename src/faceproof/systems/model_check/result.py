"""The result of the model check, as the manifest has it and the command line shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from faceproof.records import Entry
from faceproof.systems.model_check.checks import Outcome, complaints, found_in, outcome_of
from faceproof.systems.weights.card import InputContract


class CheckResult(Entry):
    """One check (`faceproof.systems.model_check.checks.Check`), of this version or of an earlier one."""

    name: str
    outcome: Outcome
    found: str

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, entry: Mapping[str, Any]) -> dict[str, Any]:
        return {"name": entry.get("name"), "outcome": outcome_of(entry), "found": found_in(entry)}


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
    def _of_earlier_versions(cls, entry: Mapping[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in entry.items() if name not in ("passed", "told")}
        compared = entry.get("neighbours") or []
        if any(isinstance(one, Mapping) and "separation" not in one for one in compared):
            del kept["neighbours"]  # earlier versions compared d', which is another number
        return kept | {"outcome": outcome_of(entry)}

    def complaints(self) -> list[str]:
        """What was found wrong or could not be decided, in sentences that go on after the model's name."""
        return complaints(self.as_json())

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
        not_told_apart: those of them that may be as good, in words.
        toml: the contract as a card.
        card: where the card goes.
        works: whether the contract separates people at all.
        written: whether the card was written.
    """

    model: str
    best: str
    d_prime: float | None
    neighbours: list[ContractResult]
    not_told_apart: list[str]
    toml: str
    card: str
    works: bool
    written: bool
