"""Compare the declared input contract with others by a paired test on the same faces."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.people_apart import Gain, PairSums, gain_of, pair_sums, separation
from faceproof.systems.model_check.check_faces import CheckFaces, finite_rows, templates_of
from faceproof.systems.model_check.checks import Check
from faceproof.systems.model_check.contracts import neighbours_of, points_apart, same_alignment, same_range
from faceproof.systems.model_check.result import ContractResult
from faceproof.systems.recognition.recognizer import Recognizer
from faceproof.systems.weights.card import InputContract

Array = NDArray[np.float32]

MATTERS = 0.1
"""Smallest gain of separation that counts as better, in standard deviations of non-mated cosines."""

SCREENED_PEOPLE = 10
"""People on whose faces every contract is tried; only those that may be better are tried on all faces."""

_NAMED = 4


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A contract that is compared with the declared one.

    Attributes:
        text: in what it differs; empty for the declared one.
        contract: the contract.
        separation: of the people on all faces that it was tried on (`faceproof.metrics.people_apart.separation`).
        gain: over the declared contract, on the same faces.
        faces: number of faces that it was tried on.
    """

    text: str
    contract: InputContract
    separation: float
    gain: Gain
    faces: int

    @property
    def better(self) -> bool:
        """Whether it separates people better, by so much that it matters."""
        return self.gain.low > 0 and self.gain.value >= MATTERS

    @property
    def worse(self) -> bool:
        """Whether it separates people less well, or not at all."""
        return not math.isfinite(self.separation) or self.gain.high < 0

    def result(self) -> ContractResult:
        """As the manifest has it; a number that cannot be computed is None."""
        return ContractResult(
            text=self.text,
            separation=finite_or_none(self.separation),
            gain=finite_or_none(self.gain.value),
            low=finite_or_none(self.gain.low),
            high=finite_or_none(self.gain.high),
            faces=self.faces,
            contract=self.contract,
        )


def finite_or_none(value: float) -> float | None:
    """The value, or None if it is not finite: JSON has no such numbers."""
    return value if math.isfinite(value) else None


class Tried:
    """A recogniser's templates of groups of faces under one contract after another.

    Attributes:
        seen: all templates so far, for checks of the output as such.
    """

    def __init__(self, recognizer: Recognizer, groups: Sequence[CheckFaces], declared: Sequence[Array]) -> None:
        """Take the templates of each group under the declared contract, float32 (faces, d), all finite."""
        self._recognizer, self._groups, self._declared = recognizer, groups, declared
        first = groups[0].rows_of_first_people(SCREENED_PEOPLE)
        self._rows = (first, np.setdiff1d(np.arange(len(groups[0])), first))
        self.seen: list[Array] = []

    def declared(self) -> Neighbour:
        """The declared contract itself."""
        sums = [
            pair_sums(faces.people, templates) for faces, templates in zip(self._groups, self._declared, strict=True)
        ]
        return Neighbour("", self._recognizer.contract, _separation(sums), Gain(0.0, 0.0, 0.0), self._count())

    def neighbour(self, text: str, contract: InputContract) -> Neighbour:
        """Try a contract: on the first people, and on all faces where it is not clearly worse on those."""
        first, rest = self._rows
        faces, *others = self._groups
        templates = np.full((len(faces), self._recognizer.template_size), np.nan, np.float32)
        templates[first] = self._templates(faces.at(first.tolist()), contract)
        people = tuple(faces.people[row] for row in first)
        screened = _compared(text, contract, [people], [self._declared[0][first]], [templates[first]])
        if screened.worse or screened.faces == self._count():
            return screened
        if rest.size:
            templates[rest] = self._templates(faces.at(rest.tolist()), contract)
        of_all = [templates, *(self._templates(group, contract) for group in others)]
        return _compared(text, contract, [group.people for group in self._groups], self._declared, of_all)

    def _templates(self, faces: CheckFaces, contract: InputContract) -> Array:
        templates = templates_of(self._recognizer, faces, contract)[0]
        self.seen.append(templates[finite_rows(templates)])
        return templates

    def _count(self) -> int:
        return sum(len(group) for group in self._groups)


def _compared(
    text: str,
    contract: InputContract,
    people: Sequence[Sequence[str]],
    declared: Sequence[Array],
    other_templates: Sequence[Array],
) -> Neighbour:
    """Compare a contract's templates with the declared contract's; a face without a template makes it worse."""
    faces = sum(len(templates) for templates in other_templates)
    if not all(finite_rows(templates).all() for templates in other_templates):
        nothing = float("-inf")
        return Neighbour(text, contract, float("nan"), Gain(nothing, nothing, nothing), faces)
    pairs = [
        (pair_sums(who, base), pair_sums(who, other))
        for who, base, other in zip(people, declared, other_templates, strict=True)
    ]
    return Neighbour(text, contract, _separation([other for _, other in pairs]), gain_of(pairs), faces)


def _separation(sums: Sequence[PairSums]) -> float:
    """Separation over groups, each in proportion to its people."""
    people = sum(one.people for one in sums)
    return sum(one.people / people * float(separation(one)[0]) for one in sums) if people else float("nan")


def compare_contracts(tried: Tried, contract: InputContract) -> list[Neighbour]:
    """The declared contract, and every usual one that differs from it in pixel values or alignment."""
    return [tried.declared(), *(tried.neighbour(text, other) for text, other in neighbours_of(contract))]


def check_contract(neighbours: Sequence[Neighbour]) -> Check:
    """Whether the declared contract, the first, separates people better than every other."""
    name = "the declared contract separates people best"
    declared, others = neighbours[0], neighbours[1:]
    if not math.isfinite(declared.separation):
        best = max(others, key=lambda one: one.separation if math.isfinite(one.separation) else -math.inf)
        found = "the declared contract gives no separation that can be computed"
        if math.isfinite(best.separation):
            found += f", and {best.text} one of {best.separation:.2f}"
        return Check(name, "failed", f"{found}; the templates must differ")
    better = sorted((one for one in others if one.better), key=lambda one: -one.gain.value)
    if better:
        found = f"{_named(better)} separate people better than the declared contract ({declared.separation:.2f})"
        required = f"none may gain {MATTERS:g} or more with an interval above 0"
        return Check(name, "failed", f"{found}; {required}")
    undecided = sorted((one for one in others if not one.worse), key=lambda one: -one.gain.value)
    worse = len(others) - len(undecided)
    if undecided:
        found = f"{worse} of {len(others)} other contracts are worse; not distinguishable from the declared one"
        return Check(name, "inconclusive", f"{found}: {_named(undecided)}")
    return Check(name, "passed", f"all {len(others)} other contracts that were tried are worse")


def check_card(declared: InputContract, known: InputContract, as_known: Neighbour | None) -> Check:
    """Whether pixels and alignment are those that the model's makers give.

    Args:
        declared: the contract that is used.
        known: the card's.
        as_known: what the card's contract gains over the declared one, where both have the same size.
    """
    name = "the contract agrees with the model's card"
    wrong = list(differences(declared, known))
    if not wrong:
        return Check(name, "passed", "colour order, pixel values, size and alignment agree with the card")
    found = f"{'; '.join(wrong)}"
    if as_known is not None and math.isfinite(as_known.gain.value):
        found += f"; as the card says, separation gains {as_known.gain.text}"
    return Check(name, "failed", found)


def differences(declared: InputContract, known: InputContract) -> Iterable[str]:
    """The differences between a contract and the card's, in words."""
    if declared.color_order != known.color_order:
        yield f"colour order is {declared.color_order.upper()}; the card has {known.color_order.upper()}"
    if not same_range(declared, known.pixel_mean, known.pixel_divisor):
        yield f"pixel values are {_pixels(declared)}; the card has {_pixels(known)}"
    if declared.size_px != known.size_px:
        yield f"size_px is {declared.size_px}; the card has {known.size_px}"
    if (declared.template_points is None) != (known.template_points is None):
        yield f"alignment is {declared.alignment}; the card has {known.alignment}"
    elif declared.template_points is not None and not same_alignment(declared, known):
        moved = points_apart(declared, known) * declared.size_px
        yield f"template_points lie up to {moved:.1f} px from the card's"


def _pixels(contract: InputContract) -> str:
    mean, divisor = (
        f"({', '.join(f'{one:g}' for one in value)})" if isinstance(value, tuple) else f"{value:g}"
        for value in (contract.pixel_mean, contract.pixel_divisor)
    )
    return f"(x - {mean}) / {divisor}"


def _named(neighbours: Sequence[Neighbour]) -> str:
    """Contracts with their gains; the first few of many."""
    shown = "; ".join(f"{one.text} (gain {one.gain.text})" for one in neighbours[:_NAMED])
    more = len(neighbours) - _NAMED
    return f"{shown}; and {more} more" if more > 0 else shown
