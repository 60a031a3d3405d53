"""Model cards and contracts: which values go together, and the bounds of each."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from faceproof.systems.weights.card import CardThreshold, InputContract, TemplateContract
from faceproof.systems.weights.zoo import get_card

POINTS = ((38.0, 51.0), (73.0, 51.0), (56.0, 71.0), (41.0, 92.0), (70.0, 92.0))


def contract(**changes):
    settings = {"size_px": 112, "pixel_mean": 0.0, "pixel_divisor": 1.0, "alignment": "margin_crop"}
    return InputContract(**(settings | changes))


@pytest.mark.parametrize(("size_px", "taken"), [(0, False), (1, True), (1024, True), (1025, False), (True, False)])
def test_a_crop_has_1_to_1024_pixels(size_px, taken):
    if taken:
        assert contract(size_px=size_px).size_px == size_px
    else:
        with pytest.raises(ValidationError, match="size_px"):
            contract(size_px=size_px)


@pytest.mark.parametrize("divisor", [0, -1.0, (1.0, 0.0, 1.0), (1.0, 1.0, -0.5), True, float("inf"), float("nan")])
def test_a_divisor_is_a_finite_number_above_zero(divisor):
    with pytest.raises(ValidationError, match="pixel_divisor"):
        contract(pixel_divisor=divisor)


def test_what_a_contract_does_not_say_is_usual():
    assert contract().model_dump() == {
        **{"size_px": 112, "color_order": "rgb", "pixel_mean": 0.0, "pixel_divisor": 1.0},
        **{"alignment": "margin_crop", "margin_px": 0, "template_points": None, "mirrored": False},
        "selection": "subject",
    }
    assert TemplateContract().model_dump() == {"unit_length": False, "score": "euclidean"}
    assert TemplateContract().usual_score.name == "euclidean"
    assert TemplateContract(score="angle_deg").usual_score.name == "angle_deg"


@pytest.mark.parametrize(("distance", "taken"), [(-0.01, False), (0, True), (2, True), (2.01, False)])
def test_a_threshold_is_a_distance_from_0_to_2(distance, taken):
    if taken:
        assert CardThreshold(distance=distance, origin="measured").distance == distance
    else:
        with pytest.raises(ValidationError, match="distance"):
            CardThreshold(distance=distance, origin="measured")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "FaceNet"},
        {"name": "-net"},
        {"name": "a net"},
        {"tensors_sha256": "0" * 63},
        {"file_sha256": "G" * 64},
        {"template_size": None},
    ],
)
def test_a_card_with_an_odd_name_or_digest_or_without_a_template_size_is_refused(change):
    card = get_card("facenet-vggface2")
    with pytest.raises(ValidationError, match=next(iter(change))):
        type(card).model_validate(card.model_dump() | change)


def test_a_download_has_a_file_name():
    card = get_card("facenet-casia")
    with pytest.raises(ValidationError, match="file_name"):
        type(card).model_validate(card.model_dump() | {"file_name": None})


@pytest.mark.parametrize("mean", [127.5, 0, (122.782, 117.001, 104.298)])
def test_the_mean_is_a_number_or_three_and_stays_so_in_json(mean):
    dumped = contract(pixel_mean=mean).model_dump(mode="json")["pixel_mean"]
    assert dumped == (list(mean) if isinstance(mean, tuple) else mean)
    assert type(dumped) is (list if isinstance(mean, tuple) else float)
    assert contract(pixel_mean=dumped) == contract(pixel_mean=mean)


@pytest.mark.parametrize("mean", [(1.0, 2.0), (1.0, 2.0, 3.0, 4.0), "red", None])
def test_a_mean_of_other_than_one_or_three_numbers_is_refused(mean):
    with pytest.raises(ValidationError, match="pixel_mean"):
        contract(pixel_mean=mean)


def test_cards_cannot_be_changed_and_refuse_unknown_fields():
    card = get_card("mtcnn")
    with pytest.raises(ValidationError, match="frozen"):
        card.name = "other"
    with pytest.raises(ValidationError, match="Extra inputs"):
        contract(blur=1)


def test_detector_has_no_contract_and_a_recogniser_must_have_one():
    card = get_card("facenet-vggface2")
    with pytest.raises(ValidationError, match="contract"):
        type(card).model_validate(card.model_dump() | {"contract": None})
    with pytest.raises(ValidationError, match="contract"):
        type(card).model_validate(card.model_dump() | {"kind": "detector"})


def test_points_go_with_five_point_alignment_and_nothing_else():
    assert contract(alignment="five_point", template_points=POINTS).template_points == POINTS
    with pytest.raises(ValidationError, match="template_points"):
        contract(alignment="five_point")
    with pytest.raises(ValidationError, match="template_points"):
        contract(template_points=POINTS)
    with pytest.raises(ValidationError):
        contract(alignment="five_point", template_points=POINTS[:4])


def test_margin_that_leaves_no_face_is_refused():
    with pytest.raises(ValidationError, match="leaves no face"):
        contract(margin_px=112)
    assert contract(margin_px=111).margin_px == 111
    assert contract(alignment="five_point", template_points=POINTS, margin_px=112).margin_px == 112
    with pytest.raises(ValidationError, match="margin_px"):
        contract(margin_px=-1)
