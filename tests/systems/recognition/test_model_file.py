"""The card beside a model's file, without the file."""

from __future__ import annotations

import pytest

from faceproof.errors import ConfigurationError
from faceproof.systems.model_check.contracts import aligned_contracts, any_contract, pixel_contracts
from faceproof.systems.recognition.model_file import (
    ModelFile,
    as_toml,
    contract_from,
    foreign_card,
    read_model_file,
    threshold_from,
    with_model_file,
)
from faceproof.systems.weights.card import TemplateContract
from faceproof.systems.weights.zoo import get_card

CONTRACT = get_card("dlib-resnet").contract


def card_of(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return foreign_card("mine", CONTRACT, 128, "onnx", read_model_file(path), str(path))


def test_a_card_that_says_nothing_of_templates_gets_the_usual_ones(tmp_path):
    card = card_of(tmp_path, 'title = "Mine"\n')
    assert card.templates == TemplateContract(unit_length=False, score="euclidean")
    assert card.threshold is None


@pytest.mark.parametrize(
    ("threshold", "score", "distance"),
    [
        (1.1, "euclidean", 1.1),
        (1.5, "squared_euclidean", 1.5**0.5),
        (0.35, "cosine_similarity", 1.3**0.5),
        (0.5, "cosine_distance", 1.0),
        (60, "angle_deg", 1.0),
    ],
)
def test_a_threshold_is_given_in_the_usual_score(tmp_path, threshold, score, distance):
    card = card_of(tmp_path, f'threshold = {threshold}\n[templates]\nunit_length = true\nscore = "{score}"\n')
    assert card.templates == TemplateContract(unit_length=True, score=score)
    assert card.threshold.distance == pytest.approx(distance, rel=1e-15)
    assert card.threshold.origin == "the model's card"


def test_a_threshold_may_be_a_distance_whatever_the_usual_score(tmp_path):
    card = card_of(tmp_path, 'threshold_distance = 0.9\n[templates]\nscore = "angle_deg"\n')
    assert card.threshold.distance == 0.9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("threshold = 1\nthreshold_distance = 1\n", r"mine\.toml .*threshold and threshold_distance are both given"),
        ("threshold = 2.5\n", r"mine\.toml: its threshold .*distance is 2\.5; expected 0 to 2"),
        ('threshold = 3\n[templates]\nscore = "cosine_similarity"\n', r"cosine similarity is 3; expected -1 to 1"),
        ("threshold = true\n", r"mine\.toml .*threshold: .*expected a number, not true or false"),
        ("threshold = nan\n", r"mine\.toml .*threshold: .*finite"),
        ("threshold_distance = 3\n", r"mine\.toml .*threshold_distance: .*less than or equal to 2"),
        ('[templates]\nscore = "cosine"\n', r"templates\.score: .*'cosine_similarity'"),
        ('[templates]\nunit_length = "perhaps"\n', r"templates\.unit_length: .*boolean"),
        ("[templates]\nunit = true\n", r"templates\.unit: "),
    ],
)
def test_what_makes_no_sense_is_told_with_the_place(tmp_path, text, said):
    with pytest.raises(ConfigurationError, match=said):
        card_of(tmp_path, text)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"size_px": True}, {"margin_px": False}, {"pixel_mean": True}, {"pixel_divisor": True}),
        {"pixel_mean": [1.0, True, 3.0]},
        {"alignment": "five_point", "template_points": [[1, 2], [3, 4], [5, 6], [7, 8], [9, True]]},
    ],
)
def test_true_and_false_are_no_numbers_of_a_contract(wrong):
    sound = {"size_px": 112, "pixel_mean": 127.5, "pixel_divisor": 128, "alignment": "margin_crop"}
    assert contract_from(sound, None, "x").pixel_divisor == 128
    with pytest.raises(ConfigurationError, match="expected a number, not true or false"):
        contract_from(sound | wrong, None, "x")


def test_beside_a_known_file_the_users_card_counts():
    known = get_card("facenet-vggface2")
    assert with_model_file(known, ModelFile(), "mine.toml") == known
    in_degrees = ModelFile(threshold=60, templates=TemplateContract(score="angle_deg"))
    changed = with_model_file(known, in_degrees, "mine.toml")
    assert changed.threshold.distance == pytest.approx(1.0)
    assert changed.model_copy(update={"templates": known.templates, "threshold": known.threshold}) == known
    assert threshold_from(ModelFile(threshold=0.9), known.templates, "mine.toml").distance == 0.9


def test_a_proposed_card_is_minimal_and_valid(tmp_path):
    proposed = [one for _, aligned in aligned_contracts(any_contract(112)) for _, one in pixel_contracts(aligned)]
    assert len(proposed) == 80
    for contract in proposed:
        path = tmp_path / "mine.toml"
        path.write_text(as_toml(contract), "utf-8")
        file = read_model_file(path)
        assert file.model_fields_set == {"contract"}
        assert contract_from(file.contract, None, "mine.toml") == contract


@pytest.mark.parametrize("name", ["facenet-vggface2", "MobileFaceNet", "Dlib ResNet", "mtcnn"])
def test_the_name_of_a_model_that_faceproof_knows_is_no_name_for_another(name):
    """A name known by a card or by a digest, however it is written; the file is called so, or its card says so."""
    with pytest.raises(ConfigurationError, match=rf"^{name}: .*Give the file another name, or write name = .* {name}"):
        foreign_card(name, CONTRACT, 128, "onnx")
    with pytest.raises(ConfigurationError, match=r"^mine\.toml: .*Write another name in mine\.toml\.$"):
        foreign_card("mine", CONTRACT, 128, "onnx", ModelFile(name=name), "mine.toml")
    with pytest.raises(ConfigurationError, match=r"^Mine: .*Give it another name in its attribute name\.$"):
        foreign_card("Mine", CONTRACT, 128, "python", ModelFile(name=name), "Mine")


def test_a_name_of_its_own_frees_a_file_from_that_of_a_known_model():
    assert foreign_card("mobilefacenet", CONTRACT, 128, "onnx", ModelFile(name="Mine")).name == "mine"
    assert foreign_card("mobilefacenet-v2", CONTRACT, 128, "onnx").name == "mobilefacenet-v2"
