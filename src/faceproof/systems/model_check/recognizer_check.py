"""The model check: whether a recogniser separates people, and whether its input contract is right.

A net with wrong input still gives templates, and its results look like those of a poor model. Before a run, some dozens
of faces are therefore embedded: under the declared contract, shifted by one pixel, and mirrored. If the contract of the
model's makers is not known, the faces are also embedded under all usual contracts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.people_apart import pairs_of
from faceproof.metrics.separation import d_prime
from faceproof.systems.model_check.check_faces import NO_FACES, CheckFaces, finite_rows, templates_of
from faceproof.systems.model_check.checks import Check, Outcome, overall
from faceproof.systems.model_check.contract_check import (
    Neighbour,
    Tried,
    check_card,
    check_contract,
    compare_contracts,
    differences,
)
from faceproof.systems.model_check.result import CheckResult, ModelCheck
from faceproof.systems.model_check.template_checks import (
    check_changed_faces,
    check_class_scores,
    check_components,
    check_different_people,
    check_finite,
    check_lengths,
    check_own_separation,
    check_precision,
    check_separation,
)
from faceproof.systems.recognition.recognizer import Recognizer
from faceproof.systems.weights.card import InputContract

VERSION = 4
"""Changes with the checks, so that results kept in the cache by earlier versions are not used."""

_FEWEST_FACES, _CHANGED_FACES = 4, 30
_FEWEST_PEOPLE = 8


@dataclass(frozen=True, slots=True)
class Canary:
    """The result of a model check.

    Attributes:
        model: name of the recogniser.
        faces: number of packaged faces that it was checked with.
        own_faces: number of faces of the user's.
        checks: the checks.
        neighbours: the declared contract first, then those that were compared with it.
    """

    model: str
    faces: int
    own_faces: int
    checks: tuple[Check, ...]
    neighbours: tuple[Neighbour, ...]

    @property
    def outcome(self) -> Outcome:
        """Failed if one check failed, passed only if all passed."""
        return overall(check.outcome for check in self.checks)

    def result(self) -> ModelCheck:
        """As the manifest has it."""
        return ModelCheck(
            version=VERSION,
            model=self.model,
            faces=self.faces,
            own_faces=self.own_faces,
            outcome=self.outcome,
            checks=[CheckResult(name=one.name, outcome=one.outcome, found=one.found) for one in self.checks],
            neighbours=[one.result() for one in self.neighbours],
        )


def check_recognizer(
    recognizer: Recognizer, faces: CheckFaces, known: InputContract | None = None, own: CheckFaces = NO_FACES
) -> Canary:
    """Run all checks on a recogniser.

    Args:
        recognizer: with the contract that is declared.
        faces: the packaged ones.
        known: the contract that its makers give, where it is known.
        own: faces of the user's.

    Returns:
        The checks and the contracts that were compared.

    Raises:
        ModelError: the recogniser fails on these faces.
    """
    templates, lengths = templates_of(recognizer, faces)
    usable = finite_rows(templates)
    checks = [check_finite(usable)]
    if recognizer.card.templates.unit_length and usable.any():
        checks.append(check_lengths(lengths[usable]))
    name = recognizer.card.name
    if usable.sum() < _FEWEST_FACES:
        return Canary(name, usable.size, len(own), tuple(checks), ())
    groups = [Described(faces.at(np.flatnonzero(usable).tolist()), templates[usable])]
    if len(own) and (described := _described(recognizer, own)).faces.with_several() >= _FEWEST_PEOPLE:
        groups.append(described)
    checks += _of_templates(recognizer, groups[0])
    of_contract, neighbours, seen = _of_contract(recognizer, groups, known)
    checks.append(check_class_scores([templates[usable], *seen], lengths[usable]))
    checks += check_precision(recognizer.quantized, templates[usable], lengths[usable])
    checks += [check_own_separation(one.d_prime(), len(one.faces)) for one in groups[1:]]
    return Canary(name, usable.size, len(own), (*checks, of_contract), tuple(neighbours))


@dataclass(frozen=True, slots=True)
class Described:
    """Faces and their templates under the declared contract, float32 (faces, d), all finite."""

    faces: CheckFaces
    templates: NDArray[np.float32]

    def d_prime(self) -> float:
        """Their d' over all pairs; NaN where it cannot be computed."""
        mated, similarity = pairs_of(self.faces.people, self.templates)
        return d_prime(similarity, mated)


def _described(recognizer: Recognizer, faces: CheckFaces) -> Described:
    """Those faces that have a finite template."""
    templates, _ = templates_of(recognizer, faces)
    usable = finite_rows(templates)
    return Described(faces.at(np.flatnonzero(usable).tolist()), templates[usable])


def _of_templates(recognizer: Recognizer, described: Described) -> Iterator[Check]:
    """The checks of templates under the declared contract."""
    faces, templates = described.faces, described.templates
    mated, similarity = pairs_of(faces.people, templates)
    yield check_different_people(similarity[~mated])
    yield check_components(templates)
    some = faces.at(range(min(len(faces), _CHANGED_FACES)))
    shifted, mirrored = (
        templates_of(recognizer, some, shift_px=shift_px, mirror=mirror)[0]
        for shift_px, mirror in ((1, False), (0, True))
    )
    yield from check_changed_faces(templates[: len(some)], shifted, mirrored)
    yield check_separation(described.d_prime())


def _of_contract(
    recognizer: Recognizer, groups: Sequence[Described], known: InputContract | None
) -> tuple[Check, list[Neighbour], list[NDArray[np.float32]]]:
    """The check of the contract, the contracts that were compared, and all templates made for that.

    A contract that agrees with the card needs no comparison, and one that does not is compared with the card's alone.
    """
    declared = recognizer.contract
    if known is not None and not list(differences(declared, known)):
        return check_card(declared, known, None), [], []
    tried = Tried(recognizer, [one.faces for one in groups], [one.templates for one in groups])
    if known is None:
        neighbours = compare_contracts(tried, declared)
        return check_contract(neighbours), neighbours, tried.seen
    neighbours = [tried.declared()]
    as_known = tried.neighbour("as the card says", known) if known.size_px == declared.size_px else None
    if as_known is not None:
        neighbours.append(as_known)
    return check_card(declared, known, as_known), neighbours, tried.seen
