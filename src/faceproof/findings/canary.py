"""The model check: whether a recogniser separates people, and whether it gets the pictures that it was made for.

A net that gets pictures of the wrong kind still gives templates, and the numbers that follow look like those of a poor
model. So before a run a few dozen faces are embedded: under the declared contract, shifted by one pixel, mirrored, and
under neighbouring contracts (colour order, range of pixel values, alignment).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceproof.detection.types import Face
from faceproof.findings.checks import Check, Outcome, overall
from faceproof.findings.contracts import changed, every_contract, neighbours_of, same_range
from faceproof.findings.people_apart import gain_interval, pairs_of, people_drawn_again
from faceproof.findings.template_checks import (
    check_changed_faces,
    check_components,
    check_different_people,
    check_finite,
    check_lengths,
    check_separation,
    median_cosine,
)
from faceproof.metrics.separation import d_prime
from faceproof.recognition.card import InputContract
from faceproof.recognition.recognizer import Recognizer, prepare_face

Array = NDArray[np.float32]

VERSION = 3
"""Changes with the checks, so that results kept in the cache by earlier versions are not used."""

BETTER = 1.15
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class CanaryFaces:
    """Faces that a recogniser is checked with.

    Attributes:
        people: who is on each photo.
        photos: uint8 (h, w, 3), RGB, each.
        faces: the face in each.
    """

    people: tuple[str, ...]
    photos: tuple[NDArray[np.uint8], ...]
    faces: tuple[Face, ...]

    def __add__(self, other: CanaryFaces) -> CanaryFaces:
        """These and others."""
        return CanaryFaces(self.people + other.people, self.photos + other.photos, self.faces + other.faces)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A contract beside the declared one.

    Attributes:
        text: in what it differs; empty for the declared one.
        contract: the contract.
        d_prime: how well it separates people.
        low: lower end of the 95% interval of its gain over the declared one (bootstrap over people).
        high: upper end.
    """

    text: str
    contract: InputContract
    d_prime: float
    low: float
    high: float

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; a number that cannot be computed is None."""
        return {
            "text": self.text,
            "d_prime": finite_or_none(self.d_prime),
            "low": finite_or_none(self.low),
            "high": finite_or_none(self.high),
            "contract": self.contract.model_dump(mode="json"),
        }


@dataclass(frozen=True, slots=True)
class Canary:
    """The result of a model check.

    Attributes:
        model: name of the recogniser.
        faces: number of faces that it was checked with.
        checks: the checks.
        neighbours: the declared contract first, then its neighbours.
    """

    model: str
    faces: int
    checks: tuple[Check, ...]
    neighbours: tuple[Neighbour, ...]

    @property
    def outcome(self) -> Outcome:
        """Failed if one check failed, passed only if all passed."""
        return overall(check.outcome for check in self.checks)

    @property
    def better(self) -> Neighbour | None:
        """The contract that separates people clearly better than the declared one, if there is one."""
        declared = self.neighbours[0]
        clear = [one for one in self.neighbours[1:] if one.low > 0 and one.d_prime > BETTER * max(declared.d_prime, 0)]
        return max(clear, key=lambda one: one.d_prime, default=None)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "version": VERSION,
            "model": self.model,
            "faces": self.faces,
            "outcome": self.outcome,
            "checks": [check.as_dict() for check in self.checks],
            "neighbours": [one.as_dict() for one in self.neighbours],
        }


def finite_or_none(value: float) -> float | None:
    """A number that JSON can hold."""
    return value if math.isfinite(value) else None


def check_recognizer(recognizer: Recognizer, faces: CanaryFaces, known: InputContract | None = None) -> Canary:
    """Run all checks on a recogniser.

    Args:
        recognizer: with the contract that is declared.
        faces: some dozens, of several people with two or more each.
        known: the contract that its makers give, where it is known.

    Returns:
        The checks and the neighbouring contracts.

    Raises:
        ModelError: the recogniser fails on these faces.
    """
    declared = recognizer.contract
    templates, lengths = _embedded(recognizer, declared, faces)
    usable = _finite_rows(templates)
    checks = [check_finite(usable)]
    if recognizer.card.templates.unit_length and usable.any():
        checks.append(check_lengths(lengths[usable]))
    if usable.sum() < _FEWEST:
        declared_only = Neighbour("", declared, float("nan"), 0.0, 0.0)
        return Canary(recognizer.card.name, usable.size, tuple(checks), (declared_only,))
    kept = _some(faces, usable)
    templates = templates[usable]
    mated, similarity = pairs_of(kept.people, templates)
    checks += [check_different_people(similarity[~mated]), check_components(templates)]
    shifted = _described(recognizer, declared, kept, shift_px=1)
    checks += check_changed_faces(templates, shifted, _described(recognizer, declared, kept, mirror=True))
    checks.append(check_separation(d_prime(similarity, mated)))
    neighbours = list(_neighbours(recognizer, kept, similarity, mated))
    canary = Canary(recognizer.card.name, usable.size, tuple(checks), tuple(neighbours))
    checks.append(_about_neighbours(canary))
    if known is not None:
        checks.append(_about_the_card(recognizer, kept, templates, known))
    return replace(canary, checks=tuple(checks))


def proposal(recognizer: Recognizer, faces: CanaryFaces) -> list[tuple[str, InputContract, float]]:
    """How well each of `every_contract` separates people, the best first: (text, contract, d')."""
    found = []
    for text, contract in every_contract(recognizer.contract.size_px):
        templates = _described(recognizer, contract, faces)
        usable = _finite_rows(templates)
        mated, similarity = pairs_of(_some(faces, usable).people, templates[usable])
        found.append((text, contract, d_prime(similarity, mated) if usable.sum() >= _FEWEST else float("-inf")))
    return sorted(found, key=lambda one: -one[2])


def _described(
    recognizer: Recognizer, contract: InputContract, faces: CanaryFaces, shift_px: int = 0, mirror: bool = False
) -> Array:
    """Templates under a contract, without the mirrored face added; rows of NaN where there is none."""
    return _embedded(recognizer, contract, faces, shift_px, mirror)[0]


def _embedded(
    recognizer: Recognizer, contract: InputContract, faces: CanaryFaces, shift_px: int = 0, mirror: bool = False
) -> tuple[Array, Array]:
    """As `_described`, and the length of each template as the net gives it."""
    unmirrored = replace(recognizer, contract=changed(contract, mirrored=False))
    crops = [prepare_face(contract, photo, face) for photo, face in zip(faces.photos, faces.faces, strict=True)]
    blank = np.zeros((contract.size_px, contract.size_px, 3), np.uint8)
    batch = np.stack([blank if crop is None else crop for crop in crops])
    if shift_px:
        batch = np.concatenate([batch[:, :, :shift_px], batch[:, :, :-shift_px]], axis=2)
    templates, lengths = unmirrored.embed(batch[:, :, ::-1] if mirror else batch)
    templates[[crop is None for crop in crops]] = np.nan
    return templates, lengths


def _finite_rows(templates: Array) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(templates).all(axis=1), dtype=np.bool_)


def _some(faces: CanaryFaces, usable: NDArray[np.bool_]) -> CanaryFaces:
    rows: list[int] = np.flatnonzero(usable).tolist()
    return CanaryFaces(
        tuple(faces.people[row] for row in rows),
        tuple(faces.photos[row] for row in rows),
        tuple(faces.faces[row] for row in rows),
    )


def _neighbours(
    recognizer: Recognizer, faces: CanaryFaces, declared: NDArray[np.float64], mated: NDArray[np.bool_]
) -> Iterator[Neighbour]:
    weights = people_drawn_again(faces.people)
    yield Neighbour("", recognizer.contract, d_prime(declared, mated), 0.0, 0.0)
    for text, contract in neighbours_of(recognizer.contract):
        templates = _described(recognizer, contract, faces)
        if not np.isfinite(templates).all():
            yield Neighbour(text, contract, float("-inf"), float("-inf"), float("-inf"))
            continue
        _, similarity = pairs_of(faces.people, templates)
        low, high = gain_interval(similarity, declared, mated, weights)
        yield Neighbour(text, contract, d_prime(similarity, mated), low, high)


def _about_neighbours(canary: Canary) -> Check:
    declared, better = canary.neighbours[0].d_prime, canary.better
    name = "no other contract separates people better"
    required = f"no other may be above {BETTER:g} times that with an interval of its gain above 0"
    best = better or max(canary.neighbours[1:], key=lambda one: one.d_prime)
    found = f"d' is {declared:.2f} as declared and {best.d_prime:.2f} with the best other contract ({best.text})"
    return Check(name, "failed" if better else "passed", f"{found}; {required}")


def _about_the_card(recognizer: Recognizer, faces: CanaryFaces, templates: Array, known: InputContract) -> Check:
    """Whether pixels and alignment are those that the model's makers give."""
    name, declared = "the contract agrees with the model's card", recognizer.contract
    wrong = [
        field
        for field, same in (
            ("color_order", declared.color_order == known.color_order),
            ("pixel values", same_range(declared, known.pixel_mean, known.pixel_divisor)),
            ("alignment", (declared.alignment == "five_point") == (known.alignment == "five_point")),
            ("size_px", declared.size_px == known.size_px),
        )
        if not same
    ]
    if not wrong:
        return Check(name, "passed", "colours, pixel values, size and alignment agree with the card")
    found = f"{', '.join(wrong)} differ from the card"
    if declared.size_px == known.size_px:
        moved = median_cosine(templates, _described(recognizer, known, faces))
        found += f"; the median cosine to templates made as the card says is {moved:.3f}"
    return Check(name, "failed", found)
