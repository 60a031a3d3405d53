"""Input contracts beside a declared one: what a model may really have been made for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from faceproof.detection.alignment import five_point_template
from faceproof.recognition.card import InputContract

IMAGENET_MEAN, IMAGENET_SD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
RANGES: dict[str, tuple[Any, Any]] = {
    "0 to 255": (0.0, 1.0),
    "0 to 1": (0.0, 255.0),
    "-1 to 1": (127.5, 127.5),
    "ImageNet mean and sd": (IMAGENET_MEAN, IMAGENET_SD),
}
_MARGIN = 50 / 160
_SAME_RANGE = 0.02


def neighbours_of(contract: InputContract) -> Iterator[tuple[str, InputContract]]:
    """Contracts that differ in one thing: colours, range of values, or alignment.

    >>> contract = InputContract(size_px=112, pixel_mean=0, pixel_divisor=255, alignment="margin_crop")
    >>> [text for text, _ in neighbours_of(contract)][:2]
    ['channels in the order BGR', 'values 0 to 255']
    """
    other = "rgb" if contract.color_order == "bgr" else "bgr"
    yield f"channels in the order {other.upper()}", changed(contract, color_order=other)
    for text, (mean, divisor) in RANGES.items():
        if not same_range(contract, mean, divisor):
            yield f"values {text}", changed(contract, pixel_mean=mean, pixel_divisor=divisor)
    size = contract.size_px
    if contract.alignment == "five_point":
        margin = round(_MARGIN * size)
        yield (
            "cut out without alignment",
            changed(contract, alignment="even_margin_crop", margin_px=margin, template_points=None),
        )
    else:
        yield (
            "aligned by five points",
            changed(contract, alignment="five_point", margin_px=0, template_points=five_point_template(size)),
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
    aligned = changed(base, alignment="five_point", margin_px=0, template_points=five_point_template(size_px))
    return [
        (
            f"{order.upper()}, values {text}, {'aligned by five points' if contract is aligned else 'cut out'}",
            changed(contract, color_order=order, pixel_mean=mean, pixel_divisor=divisor),
        )
        for contract in (aligned, base)
        for order in ("rgb", "bgr")
        for text, (mean, divisor) in RANGES.items()
    ]


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
