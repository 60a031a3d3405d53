"""Two photos: what cannot be compared is refused with the photo's name, never decided."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from faceproof.errors import ConfigurationError, FaceproofError, ImageDecodeError, ModelError
from faceproof.jobs.verification import Threshold, verify
from faceproof.systems.recipe import Recipe
from faceproof.systems.recognition.recognizer import NO_FINITE_TEMPLATE
from faceproof.systems.weights.card import InputContract

WHOLE = Recipe(detector="none")


class First:
    """The first pixel is the template."""

    contract = InputContract(size_px=8, pixel_mean=0, pixel_divisor=1, alignment="even_margin_crop")

    def embed(self, batch):
        return batch[:, :, 0, 0]


@pytest.fixture
def photo(tmp_path):
    def make(name, colour):
        Image.fromarray(np.full((8, 8, 3), colour, np.uint8)).save(tmp_path / name)
        return tmp_path / name

    return make


def test_the_angle_between_two_templates_decides(photo):
    one, other = photo("one.png", (200, 0, 0)), photo("other.png", (0, 0, 90))
    found = verify(one, other, model=First(), recipe=WHOLE, threshold=Threshold(1.5, origin="given"))
    assert (found.similarity, found.same_person) == (0, True)
    assert found.distance == pytest.approx(2**0.5)
    assert (
        verify(one, other, model=First(), recipe=WHOLE, threshold=Threshold(1.4, origin="given")).same_person is False
    )


def test_a_threshold_may_be_a_number(photo):
    one, other = photo("one.png", (200, 0, 0)), photo("other.png", (0, 0, 90))
    found = verify(one, other, model=First(), recipe=WHOLE, threshold=1.5)
    assert found.threshold == Threshold(1.5, "distance", "given by you")
    assert found.same_person is True
    assert verify(one, other, model=First(), recipe=WHOLE, threshold=1).same_person is False


@pytest.mark.parametrize("threshold", [-0.1, 2.1, float("nan")])
def test_a_threshold_that_is_no_distance_is_refused(photo, threshold):
    with pytest.raises(ConfigurationError, match="makes no sense: expected 0 to 2"):
        verify(photo("a.png", 9), photo("b.png", 8), model=First(), recipe=WHOLE, threshold=threshold)


def test_a_threshold_may_be_a_cosine_and_no_score_of_a_file(photo):
    one, other = photo("one.png", (200, 0, 0)), photo("other.png", (0, 0, 90))
    system = {"model": First(), "recipe": WHOLE}
    assert verify(one, other, threshold=Threshold(0.0, "cosine"), **system).same_person is True
    assert verify(one, other, threshold=Threshold(0.1, "cosine"), **system).same_person is False
    with pytest.raises(ConfigurationError, match="score of a file; expected a distance or a cosine"):
        verify(one, other, threshold=Threshold(0.5, "score"), **system)


def test_a_template_that_is_not_finite_is_no_decision(photo):
    one, black = photo("one.png", (200, 0, 0)), photo("black.png", (0, 0, 0))
    with pytest.raises(ModelError, match=rf"black\.png: {NO_FINITE_TEMPLATE}\.") as raised:
        verify(one, black, model=First(), recipe=WHOLE, threshold=Threshold(1.5, origin="given"))
    assert (raised.value.path, raised.value.stage) == (black, "embed")


def test_a_photo_that_cannot_be_read_is_named(photo, tmp_path):
    one = photo("one.png", (200, 0, 0))
    (tmp_path / "text.png").write_text("no photo")
    for name in ("text.png", "absent.png"):
        with pytest.raises(ImageDecodeError, match=rf"/{name}: \S.*\.$"):
            verify(one, tmp_path / name, model=First(), recipe=WHOLE)


def test_a_photo_that_is_no_regular_file_is_not_opened(photo, tmp_path, special):
    special(tmp_path / "odd.png")
    with pytest.raises(FaceproofError, match=r"/odd\.png: "):
        verify(photo("one.png", (200, 0, 0)), tmp_path / "odd.png", model=First(), recipe=WHOLE)
