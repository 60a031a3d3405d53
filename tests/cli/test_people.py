"""``faceproof people synth`` and ``faceproof demo`` as a person uses them. No photo of anybody is needed."""

from __future__ import annotations

import json

import pytest
from stopping import stopped
from typer.testing import CliRunner

from faceproof.cli import app
from faceproof.systems.weights.dlib_file import find_dlib_file

needs_dlib = pytest.mark.skipif(
    find_dlib_file() is None, reason="the weights of dlib-resnet are not installed (extra 'embedded')"
)


@pytest.fixture
def run(foreseen):
    """faceproof in this process."""
    return foreseen


def test_synth_says_that_nobody_exists_and_where_they_are(run, process, tmp_path):
    done = process("people", "synth", tmp_path / "p", "--people", 3, "--photos", 2, "--seed", 7)
    assert "6 photos of 3 people who do not exist" in done.stdout
    assert len(list((tmp_path / "p").rglob("*.jpg"))) == 6
    again = run("people", "synth", tmp_path / "p", "--people", 3, "--photos", 2, "--seed", 7, "--json", "-q")
    assert json.loads(again.stdout) == {"folder": str(tmp_path / "p"), "people": 3, "photos": 6, "drawn_now": 0}
    assert again.stderr == ""


def test_synth_in_groups(run, tmp_path):
    run("people", "synth", tmp_path / "p", "--people", 4, "--photos", 2, "--groups")
    assert {path.name for path in (tmp_path / "p").iterdir()} == {"matched_faces", "mismatched_faces"}


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [(["--people", 0], 2, "people is 0"), (["--photos", 0], 2, "photos is 0"), (["--workers", 0], 2, "workers is 0")],
)
def test_numbers_that_make_no_sense(run, tmp_path, options, code, message):
    done = run("people", "synth", tmp_path / "p", *options, code=code)
    assert message in done.stderr
    assert not (tmp_path / "p").exists()


def test_one_photo_of_each_person_is_said_to_make_a_kind_of_comparison_impossible(run, tmp_path):
    assert "impossible" in run("people", "synth", tmp_path / "p", "--people", 2, "--photos", 1).stderr


def test_a_folder_with_something_else_is_refused(run, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    assert "Choose another folder" in run("people", "synth", tmp_path, "--people", 1, code=1).stderr


def test_a_million_people_can_be_stopped(tmp_path):
    enough = f"len(list(Path({str(tmp_path / 'p')!r}).rglob('*.jpg'))) > 20"
    done = stopped(enough, "people", "synth", tmp_path / "p", "--people", "1000000")
    assert done.returncode == 130, done.stderr
    assert "go on from there" in done.stderr
    photos = list((tmp_path / "p").rglob("*.jpg"))
    assert len(photos) > 20
    assert photos[0].parent.name.startswith("synthetic-0")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demonstration on few people; its model check too is on few, since whether it passes is tested elsewhere."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEPROOF_CACHE", str(folder / "cache"))
        patch.setattr("faceproof.systems.model_check.faces.PEOPLE", 6)
        done = CliRunner().invoke(app, ["demo", "--out", str(folder / "d"), "--people", "20", "--photos", "3"])
        assert done.exit_code == 0, done.output
        yield folder, done


@needs_dlib
class TestDemo:
    @pytest.fixture(autouse=True)
    def _shared_cache(self, _own_cache, demo, monkeypatch):
        monkeypatch.setenv("FACEPROOF_CACHE", str(demo[0] / "cache"))

    def test_it_leaves_a_report_that_says_that_nobody_exists(self, demo):
        folder, done = demo
        assert "These are synthetic people and no evidence about a real system" in " ".join(done.stdout.split())
        metrics = json.loads((folder / "d/run/metrics.json").read_text())
        assert metrics["headline"].startswith("These are synthetic people")
        assert metrics["run"]["people"]["synthetic"] is True
        assert metrics["counts"]["photos"] == 60
        assert (folder / "d/run/report.html").stat().st_size > 100_000

    def test_it_says_where_the_report_is_and_what_to_try_next(self, demo):
        folder, done = demo
        assert str(folder / "d/run/report.html") in done.stdout
        assert done.stdout.count("\n  faceproof ") == 3

    def test_it_may_be_run_again(self, run, demo):
        run("demo", "--out", demo[0] / "d", "--people", 20, "--photos", 3, "--quiet", "--no-figures")

    def test_a_run_on_them_is_known_as_synthetic_whatever_the_folder_is_called(self, process, demo):
        folder, _ = demo
        done = process("evaluate", folder / "d/synthetic-people", "--model", "dlib-resnet", "--protocol", "all",
                       "--out", folder / "other", "--no-figures", "--no-canary", "--json", "--quiet")  # fmt: skip
        assert json.loads(done.stdout)["headline"].startswith("These are synthetic people")
        assert done.stderr == ""

    def test_the_other_commands_work_on_the_run_and_on_the_people(self, run, demo, tmp_path):
        folder = demo[0] / "d"
        assert "Gate missed" in run("report", folder / "run", "--fail-if", "eer > 0.01%", "--no-figures", code=3).stderr
        one, two = sorted((folder / "synthetic-people/synthetic-0003").iterdir())[:2]
        answer = json.loads(run("verify", one, two, "--model", "dlib-resnet", "--json").stdout)
        assert 0 < answer["distance"] < 0.6
        assert "LFW outside View 2" in answer["threshold_origin"]
        again = run("verify", one, two, "--run", folder / "run", "--picture", tmp_path / "p.png").stdout
        assert "operating point fmr_0.01 of the run" in again  # 300 non-mated comparisons cannot set FMR 0.1%.
        assert f"{answer['distance']:.4f}" in again
        assert len(json.loads(run("detect", one, two, "--json").stdout)) == 2
        run("split", folder / "synthetic-people", tmp_path / "split")
        assert len(list((tmp_path / "split/matched_faces").iterdir())) == 20

    def test_a_report_again_is_judged_as_the_run_was(self, run, demo, tmp_path):
        people = demo[0] / "d/synthetic-people"
        command = ["evaluate", people, "--model", "dlib-resnet", "--protocol", "all", "--out", tmp_path / "r"]
        quick = ["--json", "--no-figures"]
        first = json.loads(run(*command, "--threshold", 0.45, "--folds", 3, *quick).stdout)
        again = json.loads(run("report", tmp_path / "r", *quick).stdout)
        assert again == first
        assert again["default_operating_point"] == "fixed"

    def test_json_alone_on_stdout(self, run, demo):
        quick = ["--json", "--quiet", "--no-figures"]
        done = run("demo", "--out", demo[0] / "d", "--people", 20, "--photos", 3, *quick)
        assert json.loads(done.stdout)["counts"]["people"] == 20
        assert done.stderr == ""
