"""Options and files that make no sense, as a person meets them: one line, an exit code, nothing waited for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

OWN_MODEL = ["--model", "own:Model", "--detector", "none"]
FILES = {
    "weights": (["evaluate", "people", "--weights", "odd"], "The weights file odd is", 1),
    "weights from": (["weights", "pull", "facenet-casia", "--from", "odd"], "The weights file odd is", 1),
    "templates": (["evaluate", "people", "--templates", "odd"], "The template file odd is", 1),
    "pairs": (["evaluate", "people", *OWN_MODEL, "--protocol", "csv", "--pairs", "odd"], "The pair list odd is", 1),
    "lfw pairs": (["evaluate", "people", *OWN_MODEL, "--protocol", "lfw", "--pairs", "odd"], "The pair list odd is", 1),
    "scores": (["score", "odd"], "The score file odd is", 1),
    "suite": (["stress", "people", "--suite", "odd.toml"], "The suite odd.toml is", 2),
    "faces": (["detect", "people", "--detector", "odd.csv"], "The file of faces odd.csv is", 2),
    "model": (["models", "show", "odd.onnx"], "The model odd.onnx is", 1),
}  # fmt: skip

OWN = """
import json
import shutil
import subprocess
import sys

contract = {"size_px": 8, "pixel_mean": 0, "pixel_divisor": 255, "alignment": "even_margin_crop"}


class Model:
    def __init__(self):
        self.contract = contract

    def embed(self, batch):
        return batch.mean(axis=(2, 3))


class Quits(Model):
    template_size = 3

    def embed(self, batch):
        sys.exit(0)


class Unready(Model):
    @property
    def contract(self):
        sys.exit(0)

    @contract.setter
    def contract(self, value):
        pass


def finder():
    sys.exit(0)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with four photos of two people and a module of models, where the command runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.syspath_prepend(tmp_path)
    for photo in range(4):
        folder = tmp_path / "people" / f"p{photo // 2}"
        folder.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(photo).integers(0, 255, (16, 16, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{photo}.png")
    (tmp_path / "own.py").write_text(OWN)
    yield tmp_path
    assert not (tmp_path / "state").exists()  # nothing was unforeseen


@pytest.fixture
def refused(run):
    """Runs a command that has to fail: its last line on stderr; there is no traceback and no result."""

    def refused(*arguments, code):
        done = run(*arguments, code=code)
        sys.modules.pop("own", None)
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        last = done.stderr.splitlines()[-1]
        assert last.startswith("faceproof: ")
        return last.removeprefix("faceproof: ")

    return refused


@pytest.mark.parametrize("which", FILES)
def test_a_file_that_is_no_regular_file(here, refused, special, which):
    arguments, said, code = FILES[which]
    name = next(word for word in arguments if word.startswith("odd"))
    called = special(here / name)
    message = refused(*arguments, code=code)
    if called == "a folder" and which.startswith("weights"):
        assert message.startswith("odd is a folder; expected a weights file.")
    else:
        assert message.startswith(f"{said} {called}. Expected a ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--model", "dlib-resnet", "--crop-size", 50], "dlib-resnet takes crops of 103 px or more"),
        (["--model", "facenet-vggface2", "--crop-size", 74], "facenet-vggface2 takes crops of 75 px or more"),
        (["--model", "own:Model", "--crop-size", 5000], "--crop-size is 5000. Input should be less"),
        (["--model", "own:Unready"], "own:Unready: its attribute contract tried to end the process (SystemExit: 0)."),
        (["--model", "own:Model", "--detector", "own:finder"], "own:finder: the factory tried to end the process"),
        (["--model", "own:Model", "--device", "cuda:x"], "Device 'cuda:x' cannot be used"),
    ],
)
def test_what_cannot_work_is_refused_before_the_run(here, refused, options, said):
    assert refused("evaluate", "people", *options, code=2).startswith(said)
    assert not (here / "runs").exists()


def test_a_model_that_ends_the_process_is_a_reason_for_each_photo(here, refused, run):
    photos = sorted((here / "people" / "p0").iterdir())
    options = ["--model", "own:Quits", "--detector", "none", "--protocol", "all", "--no-canary", "--out", "run"]
    run("evaluate", "people", *options)
    assert "tried to end the process (SystemExit: 0)" in (here / "run" / "metrics.json").read_text()
    assert refused("verify", *photos, "--model", "own:Quits", code=1)


def test_a_machine_without_proc(here):
    """An empty folder in place of /proc, where the system lets a user mount one: the same faces are found."""
    hidden = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        'mount -t tmpfs none /proc && exec "$@"',
        "-",
    ]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*hidden, "true"], timeout=60, capture_output=True, check=False).returncode
    ):
        pytest.skip("this system does not let a user mount anything over /proc")
    command = [sys.executable, "-m", "faceproof.cli", "detect", "people", "--json"]
    plain, bare = (
        subprocess.run([*before, *command], capture_output=True, text=True, check=False, timeout=600, cwd=here)
        for before in ([], hidden)
    )
    assert (bare.returncode, bare.stdout) == (plain.returncode, plain.stdout)
    assert len(json.loads(bare.stdout)) == 4
    assert "NNPACK" not in bare.stderr
