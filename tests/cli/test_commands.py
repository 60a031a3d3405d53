"""The command line as a person uses it: real photos, real weights, a process of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from stopping import DECODING, stopped

FACEPROOF = [sys.executable, "-m", "faceproof.cli"]
COMMANDS = ["evaluate", "report", "verify", "detect", "split", "weights", "models", "data", "check", "rerun", "diff"]


def run(*arguments, code=0, cwd=None):
    done = subprocess.run(
        [*FACEPROOF, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=cwd, timeout=600
    )
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(foreseen, command):
    assert "--help" in foreseen(command, "--help").stdout


def test_version():
    assert run("--version").stdout.startswith("faceproof ")


def test_an_unknown_model_is_a_usage_error_with_a_suggestion(foreseen, tmp_path):
    assert "facenet-vggface2" in foreseen("evaluate", tmp_path, "--model", "facenet-vggface", code=2).stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--protocol", "lfw"], "--pairs"),
        (["--mated", "3"], "--mated"),
        (["--select", "subjekt"], "subject"),
        (["--margin", "200"], "margin"),
        (["--fail-if", "eer"], "Gate"),
        (["--device", "cuda:77"], "cuda:77"),
        (["--batch-size", "0"], "batch_size"),
    ],
)
@pytest.mark.real_photos
def test_options_that_make_no_sense_exit_with_2(shared, tmp_path, options, message):
    done = run("evaluate", tmp_path, "--weights", shared / "weights/facenet-vggface2.safetensors", *options, code=2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def people(shared, tmp_path_factory):
    """Twelve people of LFW with two photos, twelve with one, and a person with an awkward name and bad photos."""
    root = tmp_path_factory.mktemp("people")
    folders = sorted((shared / "data/lfw-deepfunneled").iterdir())
    several = [f for f in folders if len(list(f.iterdir())) == 2][:12]
    single = [f for f in folders if len(list(f.iterdir())) == 1][:12]
    for folder in several + single:
        shutil.copytree(folder, root / folder.name)
    odd = root / "<script>alert('x')</script>\n\"quote\" 😀".replace("/", "∕")
    odd.mkdir()
    shutil.copy(next(several[0].iterdir()), odd / "1.jpg")
    (odd / "2.jpg").write_text("no picture at all")
    return root


@pytest.fixture(scope="module")
def weights(shared):
    return ["--weights", shared / "weights/facenet-vggface2.safetensors", "--offline"]


@pytest.fixture(scope="module")
def finished(people, weights, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "first"
    os.environ["FACEPROOF_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    return folder, run("evaluate", people, *weights, "--out", folder)


@pytest.mark.real_photos
class TestEvaluate:
    def test_leaves_every_file_of_a_run(self, finished):
        folder, done = finished
        names = {path.name for path in folder.iterdir()}
        assert names == {
            "manifest.json", "comparisons.parquet", "photos.parquet", "scores.parquet", "metrics.json",
            "failures.csv", "report.html", "figures",
        }  # fmt: skip
        figures = {path.name for path in (folder / "figures").iterdir()}
        names = ("scatter", "histogram", "roc", "det", "reliability", "tippett")
        assert figures == {f"{name}.{kind}" for name in names for kind in ("svg", "png")}
        assert "Accuracy" in done.stdout or "accuracy" in done.stdout
        assert "templates of" in done.stderr

    def test_a_bad_photo_is_a_row_and_the_run_goes_on(self, finished):
        metrics = json.loads((finished[0] / "metrics.json").read_text())
        assert metrics["counts"]["failures_by_stage"]["decode"] == 1
        assert metrics["counts"]["not_compared_mated"] == 1
        assert "2.jpg" in (finished[0] / "failures.csv").read_text()

    def test_names_cannot_break_the_page(self, finished):
        page = (finished[0] / "report.html").read_text()
        assert "<script>alert(" not in page

    def test_a_finished_run_is_not_overwritten_unasked(self, finished, people, weights):
        assert "--overwrite" in run("evaluate", people, *weights, "--out", finished[0], code=1).stderr

    def test_json_and_quiet(self, finished, people, weights, tmp_path):
        done = run("evaluate", people, *weights, "--out", tmp_path / "r", "--json", "--quiet", "--batch-size", 5)
        numbers = json.loads(done.stdout)
        assert done.stderr == ""
        first = json.loads((finished[0] / "metrics.json").read_text())
        assert numbers["eer"] == first["eer"]
        assert numbers["distances"] == first["distances"]

    def test_gates_exit_with_3(self, finished):
        assert "Gate missed" in run("report", finished[0], "--fail-if", "fta > 0", code=3).stderr
        run("report", finished[0], "--fail-if", "fta > 50%")

    def test_report_again_gives_the_same_numbers(self, finished):
        before = (finished[0] / "metrics.json").read_text()
        run("report", finished[0], "--quiet")
        assert (finished[0] / "metrics.json").read_text() == before

    def test_report_at_a_threshold(self, finished):
        numbers = json.loads(run("report", finished[0], "--threshold", "1.1", "--json").stdout)
        assert numbers["default_operating_point"] == "fixed"
        run("report", finished[0], "--quiet")

    def test_ctrl_c_leaves_a_run_that_can_go_on(self, people, weights, tmp_path, monkeypatch):
        monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path / "cache"))
        command = ["evaluate", people, *weights, "--out", tmp_path / "r", "--batch-size", "2", "--no-canary"]
        done = stopped(DECODING, *command)
        assert done.returncode == 130, done.stderr
        assert re.search(r"^Stopped\. \d+ of 3\d photos are done .* give the same command again", done.stderr, re.M)
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        run("report", tmp_path / "r", code=1)
        run(*command)


@pytest.mark.real_photos
class TestVerifyAndDetect:
    def test_two_photos(self, shared, weights, tmp_path):
        root = shared / "data/lfw-deepfunneled"
        ann, other = root / "Aaron_Peirsol/Aaron_Peirsol_0001.jpg", root / "Aaron_Peirsol/Aaron_Peirsol_0002.jpg"
        done = run("verify", ann, other, *weights, "--picture", tmp_path / "p.png")
        assert done.stdout.startswith("same person")
        assert "threshold" in done.stdout
        assert (tmp_path / "p.png").stat().st_size > 1000
        stranger = root / "Aaron_Sorkin/Aaron_Sorkin_0001.jpg"
        answer = json.loads(run("verify", ann, stranger, *weights, "--json").stdout)
        assert answer["same_person"] is False
        assert answer["threshold_origin"]

    def test_the_threshold_of_a_run(self, finished, shared, weights):
        photo = shared / "data/lfw-deepfunneled/Aaron_Sorkin/Aaron_Sorkin_0001.jpg"
        done = run("verify", photo, photo, *weights, "--run", finished[0], "--at", "eer")
        assert "operating point eer" in done.stdout
        assert "best_accuracy" in run(
            "verify", photo, photo, *weights, "--run", finished[0], "--at", "nowhere", code=2
        ).stderr  # fmt: skip

    def test_a_photo_without_a_face_is_a_clear_error(self, shared, weights, tmp_path):
        from PIL import Image

        Image.new("RGB", (90, 90)).save(tmp_path / "blank.png")
        done = run("verify", tmp_path / "blank.png", tmp_path / "blank.png", *weights, code=1)
        assert "no face found. See what the detector sees" in done.stderr

    def test_detect_writes_crops_and_annotated_pictures(self, shared, tmp_path):
        photo = shared / "data/photos/multiface.jpg"
        done = run("detect", photo, "--json", "--crops", tmp_path / "c", "--annotated", tmp_path / "a")
        assert len(json.loads(done.stdout)[0]["faces"]) == 6
        assert len(list((tmp_path / "c").iterdir())) == 6
        assert (tmp_path / "a" / "multiface.png").is_file()

    def test_detect_goes_on_after_a_bad_photo(self, shared, tmp_path):
        (tmp_path / "bad.jpg").write_bytes(b"")
        done = run("detect", tmp_path / "bad.jpg", shared / "data/photos/multiface.jpg", code=1)
        assert "6 faces" in done.stdout
        assert "bad.jpg" in done.stderr
