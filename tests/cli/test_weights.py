"""``faceproof weights`` as a person uses it: data on stdout, all else on stderr."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from faceproof.systems.weights.dlib_file import find_dlib_file
from faceproof.systems.weights.mtcnn_wheel import find_wheel_folder, read_wheel
from faceproof.systems.weights.tensors import write_tensors
from faceproof.systems.weights.zoo import get_card, list_cards

DIGEST = get_card("mtcnn").tensors_sha256


@pytest.fixture
def run(foreseen):
    """``faceproof weights`` in this process."""
    return partial(foreseen, "weights")


@pytest.fixture(autouse=True)
def _no_way_out(monkeypatch):
    """Whoever tries the network all the same meets a closed port."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.fixture(scope="module")
def tensors():
    return read_wheel(find_wheel_folder())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder named in FACEPROOF_WEIGHTS."""
    (tmp_path / "weights").mkdir()
    monkeypatch.setenv("FACEPROOF_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def cached():
    """Where the cascade's weights would lie in the cache."""
    return Path(os.environ["FACEPROOF_CACHE"]) / "weights" / "mtcnn.safetensors"


@pytest.fixture
def right(tmp_path, tensors):
    write_tensors(tmp_path / "right.safetensors", tensors, {})
    return tmp_path / "right.safetensors"


@pytest.fixture
def wrong(tmp_path, tensors):
    altered = tensors | {"pnet.conv1.bias": tensors["pnet.conv1.bias"] + np.float32(1e-3)}
    write_tensors(tmp_path / "wrong.safetensors", altered, {})
    return tmp_path / "wrong.safetensors"


class TestList:
    def test_every_model_with_its_place(self, run):
        done = run("list")
        assert done.stderr == ""
        header, *rows = done.stdout.splitlines()
        assert header.split()[0] == "name"
        assert [row.split()[0] for row in rows] == [card.name for card in list_cards()]
        assert rows[0].rstrip().endswith(f"wheel: {find_wheel_folder()}")
        assert all(row.rstrip().endswith("not here") for row in rows[1:3])
        assert rows[3].rstrip().endswith(f"wheel: {find_dlib_file()}" if find_dlib_file() else "not here")
        assert "CASIA-WebFace (494,414 photos, 10,575 people)" in rows[2], "a pipe gets whole lines"

    def test_json_has_every_copy_in_the_order_of_use(self, process, folder, cached, right):
        named = folder / "mtcnn.safetensors"
        cached.parent.mkdir()
        for path in (named, cached):
            path.write_bytes(right.read_bytes())
        done = process("weights", "list", "--json")
        assert done.stderr == ""
        mtcnn, vggface2, casia, dlib, *_ = json.loads(done.stdout)
        assert mtcnn["found"] == [
            {"place": "folder", "path": str(named)},
            {"place": "cache", "path": str(cached)},
            {"place": "wheel", "path": str(find_wheel_folder())},
        ]
        assert (vggface2["found"], vggface2["template_size"]) == ([], 512)
        assert (mtcnn["tensors_sha256"], casia["tensors_sha256"]) == (DIGEST, None)
        assert (dlib["name"], dlib["template_size"]) == ("dlib-resnet", 128)
        assert "read that data set's terms" in vggface2["licence_note"]

    def test_files_are_not_opened(self, run, folder):
        (folder / "facenet-casia.safetensors").write_bytes(b"damaged")
        assert f"folder: {folder / 'facenet-casia.safetensors'}" in run("list").stdout


class TestPull:
    def test_what_is_here_is_not_fetched(self, run):
        done = run("pull", "mtcnn")
        assert done.stdout == f"mtcnn: {find_wheel_folder()} (verified, tensors SHA-256 {DIGEST})\n"
        assert done.stderr == ""

    def test_json_even_with_force_where_there_is_nothing_to_download(self, run, folder, right):
        right.rename(folder / "mtcnn.safetensors")
        done = run("pull", "mtcnn", "--force", "--json")
        assert json.loads(done.stdout) == {
            "name": "mtcnn",
            "source": str(folder / "mtcnn.safetensors"),
            "tensors_sha256": DIGEST,
            "verified": True,
        }
        assert done.stderr == ""

    def test_offline_fails_with_the_command_that_would_help(self, run):
        done = run("pull", "facenet-vggface2", "--offline", "--json", code=1)
        assert done.stdout == ""
        assert done.stderr.startswith("faceproof: The weights of facenet-vggface2 are not on this machine")
        assert "Run faceproof weights pull facenet-vggface2, or get https://" in done.stderr

    def test_a_file_from_elsewhere_is_kept_in_the_cache_if_it_is_right(self, run, cached, right, wrong):
        done = run("pull", "mtcnn", "--from", wrong, code=1)
        assert done.stdout == ""
        assert f"{wrong} does not hold the weights of mtcnn, though names and shapes fit" in done.stderr
        assert not cached.exists()
        done = run("pull", "mtcnn", "--from", right, "--offline")
        assert done.stdout == f"mtcnn: {right} (verified, tensors SHA-256 {DIGEST})\n"
        assert run("pull", "mtcnn").stdout.startswith(f"mtcnn: {cached} (verified")

    def test_a_wrong_copy_is_an_error_even_where_a_right_one_is_at_hand(self, run, folder, wrong):
        wrong.rename(folder / "mtcnn.safetensors")
        done = run("pull", "mtcnn", code=1)
        assert done.stdout == ""
        assert f"{folder / 'mtcnn.safetensors'} does not hold the weights of mtcnn" in done.stderr
        assert "Remove it" in done.stderr

    @pytest.mark.parametrize("other", [["--offline"], ["--from", "file.pt"]])
    def test_force_contradicts_other_options(self, run, other):
        done = run("pull", "facenet-vggface2", "--force", *other, code=2)
        assert done.stdout == ""
        assert f"--force downloads anew and {other[0]} does not" in done.stderr


class TestVerify:
    def test_all_that_is_here_is_right_and_what_is_not_here_does_no_harm(self, run):
        done = run("verify")
        assert done.stderr == ""
        _header, *rows = done.stdout.splitlines()
        assert [row.split()[:2] for row in rows] == [
            ["mtcnn", "ok"],
            ["facenet-vggface2", "not"],
            ["facenet-casia", "not"],
            ["dlib-resnet", "ok" if find_dlib_file() else "not"],
            *([f"face-transformer-{variant}", "not"] for variant in ("p8s8", "p10s8", "p12s8")),
        ]
        assert DIGEST in rows[0]

    def test_what_is_asked_for_by_name_must_be_here(self, process):
        done = process("weights", "verify", "mtcnn", "facenet-casia", "--json", code=1)
        assert [(row["name"], row["outcome"]) for row in json.loads(done.stdout)] == [
            ("mtcnn", "ok"),
            ("facenet-casia", "not here"),
        ]

    def test_every_copy_is_opened_and_a_wrong_one_is_a_row_with_its_reason(self, run, folder, wrong):
        wrong.rename(folder / "mtcnn.safetensors")
        done = run("verify", "--json", code=1)
        first, second, *_ = json.loads(done.stdout)
        assert (first["place"], first["outcome"]) == ("folder", "wrong")
        assert f"expected {DIGEST}" in first["reason"]
        assert (second["place"], second["outcome"], second["tensors_sha256"]) == ("wheel", "ok", DIGEST)
        table = run("verify", code=1)
        assert [row.split()[:2] for row in table.stdout.splitlines()[1:3]] == [["mtcnn", "wrong"], ["mtcnn", "ok"]]
        assert f"expected {DIGEST}" in table.stderr
        assert "expected" not in table.stdout

    def test_a_file_by_its_path(self, run, right):
        done = run("verify", "mtcnn", "--path", right, "--json")
        assert json.loads(done.stdout) == [
            {"name": "mtcnn", "place": "path", "path": str(right), "outcome": "ok", "tensors_sha256": DIGEST}
        ]

    def test_a_file_that_is_not_there(self, run, tmp_path):
        done = run("verify", "mtcnn", "--path", tmp_path / "none.pt", "--json", code=1)
        assert json.loads(done.stdout)[0]["outcome"] == "wrong"
        assert "No such file" in json.loads(done.stdout)[0]["reason"]

    @pytest.mark.parametrize("names", [[], ["mtcnn", "facenet-casia"]])
    def test_a_path_needs_one_name(self, run, right, names):
        done = run("verify", *names, "--path", right, code=2)
        assert done.stdout == ""
        assert "--path needs the name of one model" in done.stderr

    @pytest.mark.real_photos
    def test_real_weights_are_right_and_unverified_under_another_name(self, run, shared, folder):
        real = shared / "weights" / "facenet-vggface2.safetensors"
        for name in ("facenet-vggface2", "facenet-casia"):
            (folder / f"{name}.safetensors").symlink_to(real.resolve())
        done = run("verify", "facenet-vggface2", "facenet-casia", "--json")
        vggface2, casia = json.loads(done.stdout)
        assert (vggface2["outcome"], casia["outcome"]) == ("ok", "unverified")
        assert vggface2["tensors_sha256"] == casia["tensors_sha256"] == get_card("facenet-vggface2").tensors_sha256
        assert "Unverified weights: facenet-casia" in done.stderr
        assert "Unverified weights: facenet-vggface2" not in done.stderr
        assert "(UNVERIFIED, tensors SHA-256 " in run("pull", "facenet-casia", "--offline").stdout
