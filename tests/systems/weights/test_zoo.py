import subprocess
import sys

import pytest

from faceproof.errors import ConfigurationError
from faceproof.systems.faces.alignment import ARCFACE_112
from faceproof.systems.weights.layouts import expected_layout
from faceproof.systems.weights.zoo import get_card, list_cards


def test_names_are_unique_and_lead_back_to_their_card():
    names = [card.name for card in list_cards()]
    assert len(set(names)) == len(names)
    assert all(get_card(name).name == name for name in names)


def test_name_may_be_in_any_case():
    assert get_card(" FaceNet-VGGFace2 ").name == "facenet-vggface2"


def test_unknown_name_suggests_the_closest_and_lists_all():
    with pytest.raises(ConfigurationError, match=r"Did you mean 'facenet-vggface2'\?.*facenet-casia"):
        get_card("facenet-vgface2")


def test_name_like_none_of_them_suggests_nothing():
    with pytest.raises(ConfigurationError) as raised:
        get_card("zzzz")
    assert "Did you mean" not in str(raised.value)
    assert "mtcnn" in str(raised.value)


def test_every_card_has_a_licence_a_known_architecture_and_a_way_to_its_weights():
    for card in list_cards():
        assert card.licence
        assert card.licence_note
        assert expected_layout(card.architecture)
        assert card.wheel or card.download_url or card.file_from


def test_where_people_get_a_file_is_told_of_what_faceproof_cannot_get_and_of_nothing_else():
    for card in list_cards():
        assert (card.file_from is None) == bool(card.wheel or card.download_url)


def test_every_recogniser_says_what_comes_out_of_it():
    scores = {card.name: card.templates.score for card in list_cards() if card.kind == "recogniser"}
    transformers = [name for name in scores if name.startswith("face-transformer")]
    assert scores == dict.fromkeys(("facenet-vggface2", "facenet-casia", "dlib-resnet"), "euclidean") | dict.fromkeys(
        transformers, "squared_euclidean"
    )
    # All nets are cut off before the step that makes unit length.
    assert not any(card.templates.unit_length for card in list_cards())


def test_downloads_are_https():
    urls = [card.download_url for card in list_cards() if card.download_url]
    assert urls
    assert all(url.startswith("https://") for url in urls)


def test_facenet_contract_is_the_one_the_network_was_trained_with():
    fed = get_card("facenet-vggface2").contract
    assert (fed.size_px, fed.color_order, fed.pixel_mean, fed.pixel_divisor) == (160, "rgb", 127.5, 128.0)
    assert (fed.alignment, fed.mirrored) == ("even_margin_crop", True)
    assert fed.template_points is None


def test_dlibs_contract_is_the_one_the_network_was_trained_with():
    fed = get_card("dlib-resnet").contract
    assert (fed.size_px, fed.color_order, fed.pixel_divisor) == (150, "rgb", 256.0)
    assert fed.pixel_mean == (122.782, 117.001, 104.298)
    assert fed.alignment == "five_point"
    relative = [(0.225492, 0.215990), (0.754761, 0.215990), (0.490127, 0.515625)]
    relative += [(0.254149, 0.780233), (0.726104, 0.780233)]
    for (x, y), (u, v) in zip(fed.template_points, relative, strict=True):
        assert (x, y) == (
            pytest.approx((u + 0.25) / 1.5 * 150, abs=1e-3),
            pytest.approx((v + 0.25) / 1.5 * 150, abs=1e-3),
        )


@pytest.mark.parametrize("variant", ["p8s8", "p10s8", "p12s8"])
def test_face_transformers_get_aligned_faces_with_their_pixels_as_they_are(variant):
    card = get_card(f"face-transformer-{variant}")
    fed = card.contract
    assert (fed.size_px, fed.color_order, fed.pixel_mean, fed.pixel_divisor) == (112, "rgb", 0.0, 1.0)
    assert (fed.alignment, fed.template_points, fed.mirrored) == ("five_point", ARCFACE_112, True)
    assert (card.architecture, card.template_size) == (f"face_transformer_{variant}", 512)
    assert card.download_url is card.wheel is card.tensors_sha256 is card.threshold is None


def test_face_transformers_say_what_their_authors_claim():
    claims = {
        "p8s8": {"LFW": 0.9983, "CALFW": 0.9592, "CPLFW": 0.9255, "CFP-FP": 0.9619, "AgeDB-30": 0.9782},
        "p10s8": {},
        "p12s8": {"LFW": 0.9980, "CALFW": 0.9618, "CPLFW": 0.9308, "CFP-FP": 0.9677, "AgeDB-30": 0.9805},
    }
    for variant, claimed in claims.items():
        card = get_card(f"face-transformer-{variant}")
        assert {figure.dataset: figure.value for figure in card.published} == claimed
        assert (card.file_name is None) == (not claimed), "no claims without a checkpoint to hold them to"
        assert {figure.by for figure in card.published} <= {card.source.who}


def test_face_transformers_say_what_is_known_of_their_licence_and_what_is_not():
    card = get_card("face-transformer-p8s8")
    assert card.licence == "MIT (code); weights: not stated"
    assert "does not say on which terms" in card.licence_note
    assert "MS-Celeb-1M" in card.licence_note


def test_template_size_is_that_of_the_last_layer():
    for card in list_cards():
        if card.kind == "recogniser":
            (*_, last) = (shape for shape in expected_layout(card.architecture).values() if len(shape) == 2)
            assert last[0] == card.template_size


def test_card_survives_json():
    for card in list_cards():
        assert type(card).model_validate_json(card.model_dump_json()) == card


def test_cards_are_cheap_to_import():
    code = "import sys, faceproof.systems.weights.resolve; print({'torch', 'joblib', 'rich'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], timeout=300, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def test_a_threshold_on_a_card_says_where_it_comes_from():
    known = [card for card in list_cards() if card.threshold]
    assert [card.name for card in known] == ["facenet-vggface2", "dlib-resnet"]
    assert all("LFW outside View 2" in card.threshold.origin for card in known)
