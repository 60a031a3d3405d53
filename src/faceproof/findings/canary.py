"""A look at a recogniser before it is trusted: does it tell faces apart, and does it get what it was made for?

A net that is fed pictures of the wrong kind still gives templates, and the numbers that follow look like those of a
poor model. So before a run a few dozen faces are described: as the contract says, shifted by one pixel, mirrored, and
under neighbouring contracts (colours swapped, another range of pixel values, another alignment). A contract under
which another one separates people clearly better is not the right one. What a model promises of its templates is
held against them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceproof.detection.alignment import five_point_template
from faceproof.detection.types import Face
from faceproof.findings.people_apart import gain_interval, pairs_of, people_drawn_again
from faceproof.metrics.separation import d_prime
from faceproof.recognition.card import InputContract
from faceproof.recognition.recognizer import Recognizer, prepare_face

Array = NDArray[np.float32]

VERSION = 2
"""Changes when the checks do, so that results kept from before are not taken for today's."""

IMAGENET_MEAN, IMAGENET_SD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
RANGES: dict[str, tuple[Any, Any]] = {
    "0 to 255": (0.0, 1.0),
    "0 to 1": (0.0, 255.0),
    "-1 to 1": (127.5, 127.5),
    "ImageNet mean and sd": (IMAGENET_MEAN, IMAGENET_SD),
}
_MARGIN = 50 / 160

ALIKE, DIRECTION, SHIFT, MIRROR, APART, BETTER = 0.97, 0.5, 0.9, 0.7, 1.5, 1.15
_AS_GOOD_AS_THE_SAME = 0.02
_LENGTH_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class CanaryFaces:
    """Faces to look at.

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
class Check:
    """One question to the recogniser.

    Attributes:
        name: what is asked, in a few words.
        passed: the answer.
        found: what was found, in words.
        told: whether it could be answered at all; one that could not passes.
    """

    name: str
    passed: bool
    found: str
    told: bool = True


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A contract beside the declared one.

    Attributes:
        told: in what it differs; empty for the declared one.
        contract: the contract.
        d_prime: how far it separates the same people from different ones.
        low: lower end of the 95% interval of what it gains against the declared one (people drawn again).
        high: upper end.
    """

    told: str
    contract: InputContract
    d_prime: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Canary:
    """What the look at a recogniser found.

    Attributes:
        model: its name.
        faces: how many were looked at.
        checks: the questions.
        neighbours: the declared contract first, then its neighbours.
    """

    model: str
    faces: int
    checks: tuple[Check, ...]
    neighbours: tuple[Neighbour, ...]

    @property
    def passed(self) -> bool:
        """Whether every check did."""
        return all(check.passed for check in self.checks)

    @property
    def better(self) -> Neighbour | None:
        """The contract that is clearly better than the declared one, if there is one."""
        declared = self.neighbours[0]
        clear = [one for one in self.neighbours[1:] if one.low > 0 and one.d_prime > BETTER * max(declared.d_prime, 0)]
        return max(clear, key=lambda one: one.d_prime, default=None)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; a separation or gain that cannot be told is None."""
        return {
            "version": VERSION,
            "model": self.model,
            "faces": self.faces,
            "passed": self.passed,
            "checks": [asdict(check) for check in self.checks],
            "neighbours": [
                {
                    "told": one.told,
                    "d_prime": told_or_none(one.d_prime),
                    "low": told_or_none(one.low),
                    "high": told_or_none(one.high),
                    "contract": one.contract.model_dump(mode="json"),
                }
                for one in self.neighbours
            ],
        }


def told_or_none(value: float) -> float | None:
    """A number that JSON can hold."""
    return value if math.isfinite(value) else None


def look_at(recognizer: Recognizer, faces: CanaryFaces, known: InputContract | None = None) -> Canary:
    """Ask a recogniser everything.

    Args:
        recognizer: with the contract that is declared.
        faces: some dozens, of several people with two or more each.
        known: the contract that its makers give, where it is known.

    Raises:
        ModelError: it fails on these faces.
    """
    declared = recognizer.contract
    templates, lengths = _embedded(recognizer, declared, faces)
    usable = _finite_rows(templates)
    checks = [Check("templates are finite", bool(usable.all()), f"{int(usable.sum())} of {usable.size}")]
    if recognizer.card.templates.unit_length and usable.any():
        checks.append(_about_lengths(lengths[usable]))
    if usable.sum() < 4:
        declared_only = Neighbour("", declared, float("nan"), 0.0, 0.0)
        return Canary(recognizer.card.name, usable.size, tuple(checks), (declared_only,))
    kept = _some(faces, usable)
    templates = templates[usable]
    mated, similarity = pairs_of(kept.people, templates)
    checks += _about_templates(recognizer, kept, templates, mated, similarity)
    neighbours = list(_neighbours(recognizer, kept, similarity, mated))
    canary = Canary(recognizer.card.name, usable.size, tuple(checks), tuple(neighbours))
    checks.append(_about_neighbours(canary))
    if known is not None:
        checks.append(_about_the_card(recognizer, kept, templates, known))
    return replace(canary, checks=tuple(checks))


def neighbours_of(contract: InputContract) -> Iterator[tuple[str, InputContract]]:
    """Contracts that differ in one thing: colours, range of values, or alignment.

    >>> contract = InputContract(size_px=112, pixel_mean=0, pixel_divisor=255, alignment="margin_crop")
    >>> [told for told, _ in neighbours_of(contract)][:2]
    ['channels in the order BGR', 'values 0 to 255']
    """
    other = "rgb" if contract.color_order == "bgr" else "bgr"
    yield f"channels in the order {other.upper()}", _changed(contract, color_order=other)
    for told, (mean, divisor) in RANGES.items():
        if not _same_range(contract, mean, divisor):
            yield f"values {told}", _changed(contract, pixel_mean=mean, pixel_divisor=divisor)
    size = contract.size_px
    if contract.alignment == "five_point":
        margin = round(_MARGIN * size)
        yield (
            "cut out without alignment",
            _changed(contract, alignment="even_margin_crop", margin_px=margin, template_points=None),
        )
    else:
        yield (
            "aligned by five points",
            _changed(contract, alignment="five_point", margin_px=0, template_points=five_point_template(size)),
        )


def every_contract(size_px: int) -> list[tuple[str, InputContract]]:
    """All combinations of colours, range and alignment, for a model that nothing is known of."""
    base = InputContract(
        size_px=size_px,
        pixel_mean=0.0,
        pixel_divisor=1.0,
        alignment="even_margin_crop",
        margin_px=round(_MARGIN * size_px),
    )
    aligned = _changed(base, alignment="five_point", margin_px=0, template_points=five_point_template(size_px))
    return [
        (
            f"{order.upper()}, values {told}, {'aligned by five points' if contract is aligned else 'cut out'}",
            _changed(contract, color_order=order, pixel_mean=mean, pixel_divisor=divisor),
        )
        for contract in (aligned, base)
        for order in ("rgb", "bgr")
        for told, (mean, divisor) in RANGES.items()
    ]


def proposal(recognizer: Recognizer, faces: CanaryFaces) -> list[tuple[str, InputContract, float]]:
    """How well each of `every_contract` separates people, the best first: (in words, contract, d')."""
    found = []
    for told, contract in every_contract(recognizer.contract.size_px):
        templates = _described(recognizer, contract, faces)
        usable = _finite_rows(templates)
        mated, similarity = pairs_of(_some(faces, usable).people, templates[usable])
        found.append((told, contract, d_prime(similarity, mated) if usable.sum() > 3 else float("-inf")))
    return sorted(found, key=lambda one: -one[2])


def _changed(contract: InputContract, **changes: Any) -> InputContract:
    return InputContract.model_validate(contract.model_dump() | changes)


def _same_range(contract: InputContract, mean: Any, divisor: Any) -> bool:
    ends = []
    for one_mean, one_divisor in ((contract.pixel_mean, contract.pixel_divisor), (mean, divisor)):
        values = np.array([[0.0], [255.0]])
        ends.append((values - np.atleast_1d(one_mean)) / np.atleast_1d(one_divisor))
    span = float(np.ptp(ends[1]))
    return bool(np.abs(ends[0] - ends[1]).max() <= _AS_GOOD_AS_THE_SAME * span)


def _described(
    recognizer: Recognizer, contract: InputContract, faces: CanaryFaces, shift_px: int = 0, mirror: bool = False
) -> Array:
    """Templates under a contract, without the mirrored face added; rows of NaN where there is none."""
    return _embedded(recognizer, contract, faces, shift_px, mirror)[0]


def _embedded(
    recognizer: Recognizer, contract: InputContract, faces: CanaryFaces, shift_px: int = 0, mirror: bool = False
) -> tuple[Array, Array]:
    """As `_described`, and how long each template is as the net gives it."""
    as_one = replace(recognizer, contract=_changed(contract, mirrored=False))
    crops = [prepare_face(contract, photo, face) for photo, face in zip(faces.photos, faces.faces, strict=True)]
    blank = np.zeros((contract.size_px, contract.size_px, 3), np.uint8)
    batch = np.stack([blank if crop is None else crop for crop in crops])
    if shift_px:
        batch = np.concatenate([batch[:, :, :shift_px], batch[:, :, :-shift_px]], axis=2)
    templates, lengths = as_one.embed(batch[:, :, ::-1] if mirror else batch)
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


def _about_lengths(lengths: Array) -> Check:
    low, high = float(lengths.min()), float(lengths.max())
    unit = max(abs(low - 1), abs(high - 1)) <= _LENGTH_TOLERANCE
    return Check("templates come with unit length", unit, f"lengths {low:.5g} to {high:.5g}; declared 1")


def _about_templates(
    recognizer: Recognizer,
    faces: CanaryFaces,
    templates: Array,
    mated: NDArray[np.bool_],
    similarity: NDArray[np.float64],
) -> Iterator[Check]:
    alike = float(np.median(similarity[~mated]))
    yield Check("templates of different people differ", alike < ALIKE, f"median cosine {alike:.3f}, below {ALIKE}")
    centred = templates - templates.mean(axis=0)
    strength = np.linalg.svd(centred, compute_uv=False) ** 2
    share = float(strength[0] / strength.sum()) if strength.sum() > 0 else 1.0
    yield Check(
        "no direction rules", share < DIRECTION, f"the strongest has {share:.0%} of the variance, below {DIRECTION:.0%}"
    )
    moved = _cosine(templates, _described(recognizer, recognizer.contract, faces, shift_px=1))
    yield Check("a shift of one pixel changes little", moved >= SHIFT, f"median cosine {moved:.3f}, {SHIFT} or more")
    turned = _cosine(templates, _described(recognizer, recognizer.contract, faces, mirror=True))
    yield Check(
        "the mirrored face is the same person", turned >= MIRROR, f"median cosine {turned:.3f}, {MIRROR} or more"
    )
    apart = d_prime(similarity, mated)
    yield Check("people are told apart", bool(apart >= APART), f"d' {apart:.2f}, {APART} or more")


def _cosine(a: Array, b: Array) -> float:
    return float(np.median((a.astype(np.float64) * b).sum(axis=1)))


def _neighbours(
    recognizer: Recognizer, faces: CanaryFaces, declared: NDArray[np.float64], mated: NDArray[np.bool_]
) -> Iterator[Neighbour]:
    weights = people_drawn_again(faces.people)
    yield Neighbour("", recognizer.contract, d_prime(declared, mated), 0.0, 0.0)
    for told, contract in neighbours_of(recognizer.contract):
        templates = _described(recognizer, contract, faces)
        if not np.isfinite(templates).all():
            yield Neighbour(told, contract, float("-inf"), float("-inf"), float("-inf"))
            continue
        _, similarity = pairs_of(faces.people, templates)
        low, high = gain_interval(similarity, declared, mated, weights)
        yield Neighbour(told, contract, d_prime(similarity, mated), low, high)


def _about_neighbours(canary: Canary) -> Check:
    declared, better = canary.neighbours[0].d_prime, canary.better
    name = "no other contract is clearly better"
    if better is not None:
        return Check(name, False, f"{better.told}: d' {better.d_prime:.2f} against {declared:.2f} as declared")
    best = max(canary.neighbours[1:], key=lambda one: one.d_prime)
    return Check(name, True, f"as declared d' {declared:.2f}; best other {best.d_prime:.2f} ({best.told})")


def _about_the_card(recognizer: Recognizer, faces: CanaryFaces, templates: Array, known: InputContract) -> Check:
    """Whether pixels and alignment are those that the model's makers give."""
    name, declared = "fed as its makers say", recognizer.contract
    wrong = [
        field
        for field, same in (
            ("color_order", declared.color_order == known.color_order),
            ("pixel values", _same_range(declared, known.pixel_mean, known.pixel_divisor)),
            ("alignment", (declared.alignment == "five_point") == (known.alignment == "five_point")),
            ("size_px", declared.size_px == known.size_px),
        )
        if not same
    ]
    if not wrong:
        return Check(name, True, "colours, pixel values, size and alignment agree with the card")
    told = f"{', '.join(wrong)} differ from the card"
    if declared.size_px == known.size_px:
        moved = _cosine(templates, _described(recognizer, known, faces))
        told += f"; templates move to a median cosine of {moved:.3f}"
    return Check(name, False, told)
