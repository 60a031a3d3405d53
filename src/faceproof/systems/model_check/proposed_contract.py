"""Find the usual contract that separates people best, for a model without a card."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from faceproof.metrics.people_apart import pair_sums, pairs_of, separation
from faceproof.metrics.separation import d_prime
from faceproof.systems.model_check.check_faces import CheckFaces, finite_rows, templates_of
from faceproof.systems.model_check.contract_check import Neighbour, Tried, compare_contracts
from faceproof.systems.model_check.contracts import aligned_contracts, pixel_contracts
from faceproof.systems.recognition.recognizer import Recognizer
from faceproof.systems.weights.card import InputContract

_SCREENED_PEOPLE = 10


@dataclass(frozen=True, slots=True)
class Proposal:
    """The contract that separates people best.

    Attributes:
        text: the contract in words.
        contract: the contract.
        d_prime: of the packaged faces; NaN where it cannot be computed.
        neighbours: the contract itself first, then every usual one beside it.
    """

    text: str
    contract: InputContract
    d_prime: float
    neighbours: tuple[Neighbour, ...]


def propose(recognizer: Recognizer, faces: CheckFaces) -> Proposal:
    """Try usual pixel values with two alignments, then all usual alignments with the best of them, then its neighbours.

    Args:
        recognizer: with any contract of the right size.
        faces: the packaged ones.

    Raises:
        ModelError: the recogniser fails on these faces.
    """
    few = faces.at(faces.rows_of_first_people(_SCREENED_PEOPLE).tolist())
    alignments = dict(aligned_contracts(recognizer.contract))
    usual = [text for text in alignments if "ArcFace" in text or "31%" in text]
    tried: dict[tuple[str, str], tuple[InputContract, float]] = {}

    def attempt(pixels: str, alignment: str, contract: InputContract) -> None:
        if (pixels, alignment) not in tried:
            tried[pixels, alignment] = (contract, _separation(recognizer, few, contract))

    for alignment in usual:
        for pixels, contract in pixel_contracts(alignments[alignment]):
            attempt(pixels, alignment, contract)
    pixels = _best(tried)[0]
    for alignment, contract in alignments.items():
        attempt(pixels, alignment, dict(pixel_contracts(contract))[pixels])
    return climbed(recognizer, faces, _best(tried), alignments)


def climbed(
    recognizer: Recognizer, faces: CheckFaces, start: tuple[str, str], alignments: Mapping[str, InputContract]
) -> Proposal:
    """Step to the best neighbour until no neighbour is better on all faces; start from the best on some faces.

    The steps end: each raises the separation on the same faces, and a neighbour without all templates is worse.
    """
    pixels, alignment = start
    while True:
        contract = dict(pixel_contracts(alignments[alignment]))[pixels]
        found = _examined(recognizer, faces, f"{pixels}, {alignment}", contract)
        better = max((one for one in found.neighbours if one.better), key=lambda one: one.gain.value, default=None)
        if better is None:
            return found
        pixels, alignment = (pixels, better.text) if better.text in alignments else (better.text, alignment)


def _examined(recognizer: Recognizer, faces: CheckFaces, text: str, contract: InputContract) -> Proposal:
    """A contract with its neighbours, on all faces."""
    fed = replace(recognizer, contract=contract)
    templates = templates_of(fed, faces)[0]
    usable = finite_rows(templates)
    kept = faces.at(np.flatnonzero(usable).tolist())
    if kept.with_several() < 2:
        return Proposal(text, contract, float("nan"), ())
    neighbours = compare_contracts(Tried(fed, [kept], [templates[usable]]), contract)
    mated, similarity = pairs_of(kept.people, templates[usable])
    return Proposal(text, contract, d_prime(similarity, mated), tuple(neighbours))


def _separation(recognizer: Recognizer, faces: CheckFaces, contract: InputContract) -> float:
    """Separation of people under a contract; minus infinity where it cannot be computed."""
    templates = templates_of(recognizer, faces, contract)[0]
    usable = finite_rows(templates)
    if usable.sum() < 2:
        return float("-inf")
    people = [faces.people[row] for row in np.flatnonzero(usable).tolist()]
    value = float(separation(pair_sums(people, templates[usable]))[0])
    return value if math.isfinite(value) else float("-inf")


def _best(tried: dict[tuple[str, str], tuple[InputContract, float]]) -> tuple[str, str]:
    return max(tried, key=lambda key: tried[key][1])
