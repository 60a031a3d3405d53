"""Usual input contracts, to compare with the declared one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceproof.systems.faces.alignment import ARCFACE_112
from faceproof.systems.weights.card import InputContract

Points = NDArray[np.float64]

IMAGENET_MEAN, IMAGENET_SD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
RANGES: dict[str, tuple[Any, Any]] = {
    "0 to 255": (0.0, 1.0),
    "0 to 1": (0.0, 255.0),
    "-1 to 1": (127.5, 127.5),
    "-127.5 to 127.5": (127.5, 1.0),
    "ImageNet mean and sd": (IMAGENET_MEAN, IMAGENET_SD),
}
"""Usual pixel values: mean that is subtracted and divisor, of values 0 to 255."""

_ARCFACE: Points = np.array(ARCFACE_112, np.float64)
_RIGHT_8: Points = np.array([8.0, 0.0])
_SPHEREFACE: Points = _ARCFACE - _RIGHT_8
_DLIB: Points = np.array(
    [(47.5492, 46.599), (100.4761, 46.599), (74.0127, 76.5625), (50.4149, 103.0233), (97.6104, 103.0233)]
)
TEMPLATES: dict[str, Points] = {
    "112 x 112 (ArcFace)": _ARCFACE / 112,
    "112 x 96 (SphereFace, CosFace), not centred": _SPHEREFACE / 112,
    "112 x 96 (SphereFace, CosFace), stretched": _SPHEREFACE / (96, 112),
    "128 x 128 (InsightFace, shifted by 8)": (_ARCFACE + _RIGHT_8) / 128,
    "150 x 150 (dlib)": _DLIB / 150,
}
"""Usual places of the five landmarks, as shares of the crop's side: float64 (5, 2)."""

MARGINS: dict[str, float] = {"no margin": 0.0, "a margin of 31%": 50 / 160, "a margin of 50%": 0.5}
"""Usual margins of crops without alignment, as shares of the crop's side."""

_SAME_RANGE, _SAME_POINTS, _SAME_MARGIN = 0.02, 0.01, 0.04


def neighbours_of(contract: InputContract) -> Iterator[tuple[str, InputContract]]:
    """Usual contracts that differ from a declared one in pixel values (order and range) or in alignment.

    Args:
        contract: the declared one.

    Yields:
        In what it differs, in words, and the contract. Those that hardly differ from the declared one are left out.

    >>> contract = InputContract(size_px=112, pixel_mean=0, pixel_divisor=255, alignment="margin_crop")
    >>> [text for text, _ in neighbours_of(contract)][:3]
    ['RGB, values 0 to 255', 'RGB, values -1 to 1', 'RGB, values -127.5 to 127.5']
    """
    usual = any(same_range(contract, mean, divisor) for mean, divisor in RANGES.values())
    for order in ("rgb", "bgr"):
        same_order = order == contract.color_order
        if not same_order and not usual:
            yield f"{order.upper()}, values as declared", changed(contract, color_order=order)
        for text, (mean, divisor) in RANGES.items():
            if same_order and same_range(contract, mean, divisor):
                continue
            pixels = {"color_order": order, "pixel_mean": mean, "pixel_divisor": divisor}
            yield f"{order.upper()}, values {text}", changed(contract, **pixels)
    for text, other in aligned_contracts(contract):
        if not same_alignment(contract, other):
            yield text, other


def any_contract(size_px: int) -> InputContract:
    """A provisional contract, for a model without a card."""
    return InputContract(size_px=size_px, pixel_mean=0.0, pixel_divisor=1.0, alignment="margin_crop")


def pixel_contracts(contract: InputContract) -> Iterator[tuple[str, InputContract]]:
    """A contract with every usual order and range of pixel values."""
    for order in ("rgb", "bgr"):
        for text, (mean, divisor) in RANGES.items():
            pixels = {"color_order": order, "pixel_mean": mean, "pixel_divisor": divisor}
            yield f"{order.upper()}, values {text}", changed(contract, **pixels)


def aligned_contracts(contract: InputContract) -> Iterator[tuple[str, InputContract]]:
    """A contract with every usual alignment."""
    for text, share in TEMPLATES.items():
        points = [(x, y) for x, y in (share * contract.size_px).round(4).tolist()]
        aligned = {"alignment": "five_point", "margin_px": 0, "template_points": points}
        yield f"five points of {text}", changed(contract, **aligned)
    for text, margin in MARGINS.items():
        cut = {"alignment": "even_margin_crop", "margin_px": round(margin * contract.size_px), "template_points": None}
        yield f"face box with {text}, not aligned", changed(contract, **cut)


def changed(contract: InputContract, **changes: Any) -> InputContract:
    """A contract with some fields changed, validated."""
    return InputContract.model_validate(contract.model_dump() | changes)


def same_range(contract: InputContract, mean: Any, divisor: Any) -> bool:
    """Whether a contract normalises pixels nearly as ``mean`` and ``divisor`` do: within 2% of the range."""
    ends = []
    for one_mean, one_divisor in ((contract.pixel_mean, contract.pixel_divisor), (mean, divisor)):
        values = np.array([[0.0], [255.0]])
        ends.append((values - np.atleast_1d(one_mean)) / np.atleast_1d(one_divisor))
    span = float(np.ptp(ends[1]))
    return bool(np.abs(ends[0] - ends[1]).max() <= _SAME_RANGE * span)


def same_alignment(contract: InputContract, other: InputContract) -> bool:
    """Whether two contracts align nearly alike: landmarks within 1% of the crop's side, margins within 4% of it."""
    if (contract.template_points is None) != (other.template_points is None):
        return False
    if contract.template_points is None or other.template_points is None:
        margins = (contract.margin_px / contract.size_px, other.margin_px / other.size_px)
        return abs(margins[0] - margins[1]) <= _SAME_MARGIN
    return points_apart(contract, other) <= _SAME_POINTS


def points_apart(contract: InputContract, other: InputContract) -> float:
    """The largest distance between the places of a landmark, as a share of the crop's side; both are five_point."""
    one, two = (np.array(each.template_points, np.float64) / each.size_px for each in (contract, other))
    return float(np.hypot(*(one - two).T).max())
