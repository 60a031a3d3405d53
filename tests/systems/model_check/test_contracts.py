from __future__ import annotations

import numpy as np
import pytest

from faceproof.systems.model_check.contracts import (
    TEMPLATES,
    aligned_contracts,
    changed,
    neighbours_of,
    pixel_contracts,
    same_alignment,
    same_range,
)
from faceproof.systems.weights.card import InputContract
from faceproof.systems.weights.zoo import get_card

FACENET, DLIB = (get_card(name).contract for name in ("facenet-vggface2", "dlib-resnet"))
ARCFACE = dict(aligned_contracts(InputContract(size_px=112, pixel_mean=0, pixel_divisor=255, alignment="margin_crop")))[
    "five points of 112 x 112 (ArcFace)"
]
PIXELS, ALIGNMENT = {"color_order", "pixel_mean", "pixel_divisor"}, {"alignment", "margin_px", "template_points"}


@pytest.mark.parametrize("contract", [FACENET, DLIB, ARCFACE])
def test_neighbours_differ_in_pixel_values_or_in_alignment(contract):
    for _, other in neighbours_of(contract):
        differing = {name for name, value in other if getattr(contract, name) != value}
        assert differing
        assert differing <= PIXELS or differing <= ALIGNMENT


@pytest.mark.parametrize(("contract", "missing"), [
    (FACENET, {"RGB, values -1 to 1", "face box with a margin of 31%, not aligned"}),
    (ARCFACE, {"RGB, values 0 to 1", "five points of 112 x 112 (ArcFace)"}),
    (DLIB, {"five points of 150 x 150 (dlib)"}),
])  # fmt: skip
def test_the_declared_contract_is_no_neighbour_of_itself(contract, missing):
    alignments = [text for text, _ in aligned_contracts(contract)]
    pixels = [text for text, _ in pixel_contracts(contract)]
    assert len(pixels) == 10
    expected = {*pixels, *alignments, "BGR, values as declared"} - missing
    if contract is not DLIB:
        expected.remove("BGR, values as declared")
    assert {text for text, _ in neighbours_of(contract)} == expected


def test_colours_and_range_are_changed_together():
    both = dict(neighbours_of(ARCFACE))["BGR, values ImageNet mean and sd"]
    assert (both.color_order, both.pixel_mean, both.alignment) == ("bgr", (123.675, 116.28, 103.53), "five_point")


@pytest.mark.parametrize(
    ("template", "left_eye"),
    [
        ("112 x 112 (ArcFace)", (38.2946, 51.6963)),
        ("112 x 96 (SphereFace, CosFace), not centred", (30.2946, 51.6963)),
        ("112 x 96 (SphereFace, CosFace), stretched", (30.2946 * 112 / 96, 51.6963)),
        ("128 x 128 (InsightFace, shifted by 8)", (46.2946 * 112 / 128, 51.6963 * 112 / 128)),
        ("150 x 150 (dlib)", (47.5492 * 112 / 150, 46.599 * 112 / 150)),
    ],
)
def test_where_the_left_eye_lies_in_a_crop_of_112_px(template, left_eye):
    contract = dict(aligned_contracts(ARCFACE))[f"five points of {template}"]
    assert contract.template_points[0] == pytest.approx(left_eye, abs=1e-3)


def test_dlibs_template_is_that_of_its_card():
    np.testing.assert_allclose(np.array(DLIB.template_points) / 150, TEMPLATES["150 x 150 (dlib)"], atol=1e-6)


def test_ranges_within_two_percent_are_the_same():
    assert same_range(FACENET, 127.5, 127.5)
    assert not same_range(FACENET, 127.5, 120)
    assert not same_range(FACENET, 0, 255)


@pytest.mark.parametrize(("mean", "same"), [(3.8, True), (6.4, False), (-3.8, True), (-6.4, False)])
def test_a_range_that_is_moved_by_more_than_two_percent_is_another(mean, same):
    """Of 255: 3.8 are 1.5%, 6.4 are 2.5%."""
    assert same_range(changed(FACENET, pixel_mean=0.0, pixel_divisor=255.0), mean, 255.0) == same


def test_usual_margins_are_those_of_a_crop_of_160_px():
    """50 px of 160 for FaceNet, and half of the crop."""
    usual = {text: contract.margin_px for text, contract in aligned_contracts(FACENET) if text.startswith("face box")}
    assert list(usual.values()) == [0, 50, 80]


def test_alignments_are_the_same_within_a_percent_of_the_side_and_margins_within_four():
    moved = changed(ARCFACE, template_points=[(x + 1.1, y) for x, y in ARCFACE.template_points])
    far = changed(ARCFACE, template_points=[(x + 1.2, y) for x, y in ARCFACE.template_points])
    assert same_alignment(ARCFACE, moved)
    assert not same_alignment(ARCFACE, far)
    assert not same_alignment(ARCFACE, FACENET)
    assert same_alignment(FACENET, changed(FACENET, margin_px=44, alignment="margin_crop"))
    assert not same_alignment(FACENET, changed(FACENET, margin_px=42))
