"""A pipeline of a user's model, detector and changes: what is refused, and what the contract becomes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from patterns import PLAIN, blocks

from faceproof.errors import ConfigurationError
from faceproof.systems.faces.alignment import ARCFACE_112, five_point_template
from faceproof.systems.load import changed_contract, load_pipeline
from faceproof.systems.recipe import Recipe
from faceproof.systems.weights.card import InputContract
from faceproof.systems.weights.zoo import get_card

CUT_OUT = InputContract(**PLAIN)
ALIGNED = InputContract(**PLAIN | {"size_px": 112, "alignment": "five_point", "template_points": ARCFACE_112})


def model(contract=CUT_OUT):
    return SimpleNamespace(contract=contract, embed=blocks, template_size=108)


def test_without_changes_the_contract_is_that_of_the_model():
    for contract in (CUT_OUT, ALIGNED):
        assert changed_contract(contract, Recipe()) == contract


def test_a_run_of_dlibs_network_is_repeated_with_the_cards_points():
    """Crop size and alignment as a run's manifest has them: the points are dlib's, not those of other recognisers."""
    card = get_card("dlib-resnet").contract
    assert changed_contract(card, Recipe(size_px=150, alignment="five_point", mirrored=False)) == card
    half = changed_contract(card, Recipe(size_px=75))
    np.testing.assert_allclose(half.template_points, np.array(card.template_points) / 2)
    bare = get_card("facenet-vggface2").contract
    aligned = changed_contract(bare.model_copy(update={"margin_px": 0}), Recipe(size_px=112, alignment="five_point"))
    np.testing.assert_allclose(aligned.template_points, five_point_template(112))


def test_a_contract_that_is_no_longer_aligned_loses_its_points():
    cut_out = changed_contract(ALIGNED, Recipe(alignment="margin_crop", margin_px=20))
    assert (cut_out.alignment, cut_out.margin_px, cut_out.template_points) == ("margin_crop", 20, None)


def test_changes_that_do_not_fit_together_are_refused():
    assert changed_contract(ALIGNED, Recipe(margin_px=0)) == ALIGNED
    with pytest.raises(ConfigurationError, match="A margin has no meaning with five_point alignment"):
        changed_contract(ALIGNED, Recipe(margin_px=1))
    with pytest.raises(ConfigurationError, match=r"This recipe cannot be used: .*leaves no face in a crop of 24 px"):
        changed_contract(CUT_OUT, Recipe(margin_px=24))
    assert changed_contract(CUT_OUT, Recipe(margin_px=23)).margin_px == 23


def test_a_pipeline_has_what_was_asked_for():
    pipeline = load_pipeline(
        model(), None, Recipe(detector="none", size_px=36), batch_size=1, workers=1, decode_memory="2kB"
    )
    assert (pipeline.batch_size, pipeline.workers, pipeline.decode_memory) == (1, 1, 2000)
    assert pipeline.detector.name == "none"
    assert pipeline.recognizer.contract == CUT_OUT.model_copy(update={"size_px": 36})
    assert pipeline.selection == "subject"


def test_the_selection_is_that_of_the_changed_contract(tmp_path):
    recipe = Recipe(detector=boxes(tmp_path), selection="largest")
    pipeline = load_pipeline(model(), None, recipe)
    assert (pipeline.selection, pipeline.batch_size) == ("largest", 32)


def test_a_detector_that_is_loaded_already_is_taken_in_place_of_the_recipes():
    detector = load_pipeline(model(), None, Recipe(detector="none")).detector
    again = load_pipeline(model(), None, Recipe(detector="none"), detector=detector)
    assert again.detector is detector


@pytest.mark.parametrize("numbers", [{"batch_size": 0}, {"workers": 0}, {"batch_size": -1}])
def test_less_than_one_photo_or_thread_is_refused(numbers):
    with pytest.raises(ConfigurationError, match="must be 1 or more"):
        load_pipeline(model(), None, Recipe(detector="none"), **numbers)


@pytest.mark.parametrize("option", [{"alignment": "margin_crop"}, {"margin_px": 0}, {"selection": "largest"}])
def test_options_without_effect_on_prepared_faces_are_refused(option):
    (name,) = option
    with pytest.raises(ConfigurationError, match=rf"`{name}` means nothing with `detector='none'`"):
        load_pipeline(model(), None, Recipe(detector="none", **option))


def boxes(tmp_path):
    path = tmp_path / "faces.csv"
    path.write_text("photo,x0,y0,x1,y1\na/1.jpg,1,2,30,40\n")
    return path


def test_a_model_that_aligns_refuses_faces_that_never_have_landmarks(tmp_path):
    recipe = Recipe(detector=boxes(tmp_path))
    with pytest.raises(ConfigurationError, match=r"faces\.csv have none\. Add them, or cut the faces out"):
        load_pipeline(model(ALIGNED), None, recipe)
    assert load_pipeline(model(), None, recipe).detector.landmarks is False
    some_have = SimpleNamespace(find=lambda photos: [None] * len(photos))
    assert load_pipeline(model(ALIGNED), None, Recipe(detector=some_have)).detector.landmarks is None
