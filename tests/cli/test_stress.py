"""``faceproof stress``, ``degrade``, ``degradations`` and ``report``: data on stdout, all else on stderr."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys

import numpy as np
import pytest
from PIL import Image
from stopping import DECODING, stopped

from faceproof.degrade.registry import FAMILIES
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.systems.weights.dlib_file import find_dlib_file

needs_dlib = pytest.mark.skipif(
    find_dlib_file() is None, reason="the weights of dlib-resnet are not installed (extra 'embedded')"
)
DLIB = ["--model", "dlib-resnet", "--protocol", "all", "--offline", "--no-canary"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Six people who do not exist, a suite of two conditions, a run on them, and the cache that it left."""
    root = tmp_path_factory.mktemp("world")
    write_population(root / "people", Population(6, 2, seed=2), workers=1)
    (root / "two.toml").write_text(
        '[[degradation]]\nfamily = "gaussian-blur"\nseverities = [4]\n[[degradation]]\nfamily = "jpeg"\nlevels = '
        "[{quality = 5}]\n"
    )
    return root


@pytest.fixture
def cached(world, monkeypatch):
    monkeypatch.setenv("FACEPROOF_CACHE", str(world / "cache"))
    return world


@pytest.fixture
def finished(cached, run):
    """A run of two conditions, made once; and what the command printed."""
    folder, told = cached / "run", cached / "told.json"
    if not told.exists():
        done = run("stress", cached / "people", *DLIB, "--suite", cached / "two.toml", "--out", folder)
        told.write_text(json.dumps([done.stdout, done.stderr]))
    return folder, *json.loads(told.read_text())


def photo(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize("command", ["stress", "degrade", "degradations", "report"])
def test_every_command_has_help(run, command):
    done = run(command, "--help")
    assert "--help" in done.stdout
    assert done.stderr == ""


@needs_dlib
class TestStress:
    def test_it_prints_a_table_and_says_what_it_does_on_stderr(self, finished):
        folder, stdout, stderr = finished
        assert "Gaussian blur, radius 4 px" in stdout
        assert "JPEG, quality 5" in stdout
        assert "robustness index" in stdout
        assert str(folder / "report.html") in stdout
        assert "12 photos, 66 comparisons, 2 conditions and the photos as they are, 1 model: 36 templates." in stderr
        assert "Disk, at most:" in stderr
        assert "Gaussian" not in stderr

    def test_the_command_is_in_the_manifest(self, finished):
        command = json.loads((finished[0] / "manifest.json").read_text())["command"]
        assert command.startswith("faceproof stress ")
        assert "--suite" in command

    def test_json_alone_on_stdout(self, finished, cached, run, tmp_path):
        done = run(
            *("stress", cached / "people", *DLIB, "--suite", cached / "two.toml", "--out", tmp_path / "r"),
            *("--json", "-q", "--no-figures"),
        )
        numbers = json.loads(done.stdout)
        assert done.stderr == ""
        assert numbers["folder"] == str(tmp_path / "r")
        first = json.loads((finished[0] / "metrics.json").read_text())
        assert [row["condition"] for row in numbers["models"][0]["conditions"]] == [
            "clean",
            "gaussian-blur-4",
            "jpeg-1",
        ]
        assert numbers["models"][0]["index"] == first["models"][0]["index"]

    def test_options_reach_the_run(self, cached, run, tmp_path):
        run(
            *("stress", cached / "people", *DLIB, "--suite", cached / "two.toml", "--severities", "1", "--stage"),
            *(
                "aligned",
                "--side",
                "probe",
                "--threshold",
                "0.4",
                "--seed",
                "3",
                "--out",
                tmp_path / "r",
                "--no-cache",
                "--no-figures",
            ),
        )
        manifest = json.loads((tmp_path / "r" / "manifest.json").read_text())
        assert (manifest["stage"], manifest["side"], manifest["seed"]) == ("aligned", "probe", 3)
        assert manifest["suite"]["severities"] == [1]
        assert manifest["judging"] == {"fmr": None, "threshold_distance": 0.4}
        assert [entry["name"] for entry in manifest["conditions"]] == ["clean", "jpeg-1"]

    def test_a_function_of_the_current_folder_is_a_suite(self, cached, run, tmp_path, monkeypatch):
        (tmp_path / "own_cli_suite.py").write_text("def upside_down(photo, severity):\n    return photo[::-1]\n")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", list(sys.path))
        done = run(
            *("stress", cached / "people", *DLIB, "--suite", "own_cli_suite:upside_down", "--severities", "1"),
            *("--out", "r", "--no-figures"),
        )
        assert "Upside down, severity 1" in done.stdout
        sys.modules.pop("own_cli_suite")

    def test_a_finished_run_is_not_overwritten_unasked(self, finished, cached, run, tmp_path):
        folder = shutil.copytree(finished[0], tmp_path / "r")
        command = ["stress", cached / "people", *DLIB, "--suite", cached / "two.toml", "--out", folder, "--no-figures"]
        done = run(*command, code=1)
        assert "--overwrite" in done.stderr
        assert done.stdout == ""
        run(*command, "--overwrite", "--quiet")

    def test_ctrl_c_leaves_a_run_that_can_go_on(self, cached, run, tmp_path, monkeypatch):
        monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path / "cache"))
        command = ["stress", cached / "people", *DLIB, "--batch-size", 2, "--out", tmp_path / "r", "--no-figures"]
        done = stopped(DECODING, *command)
        assert done.returncode == 130, done.stderr
        assert re.search(r"^Stopped\. [\d,]+ of [\d,]+ templates are done .* the same command again", done.stderr, re.M)
        assert "Traceback" not in done.stderr
        assert "unfinished" in run("report", tmp_path / "r", code=1).stderr
        few = ["--suite", cached / "two.toml"]
        assert "unfinished run with other conditions and settings" in run(*command, *few, code=1).stderr
        run(*command, *few, "--overwrite")
        assert (tmp_path / "r" / "manifest.json").exists()


class TestUsage:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--suite", "clasic"], "Did you mean 'classic'"),
            (["--suite", "absent.toml"], "absent.toml cannot be read"),
            (["--suite", "nowhere:f"], "nowhere:f: the module cannot be imported"),
            (["--severities", "9"], "severities 1 to 5, not 9"),
            (["--severities", "x"], "Expected such as 3, 1-5 or 1,3,5"),
            (["--stage", "captur"], "no stage 'captur'. Expected capture or aligned"),
            (["--side", "left"], "no side 'left'. Expected both or probe"),
            (["--model", "dlib-resnt"], "Did you mean 'dlib-resnet'"),
            (["--model", "dlib-resnet", "--model", "dlib-resnet"], "given twice"),
            (["--model", "dlib-resnet", "--model", "facenet-casia", "--threshold", "0.4"], "belongs to one model"),
            (["--model", "dlib-resnet", "--model", "facenet-casia", "--weights", "x"], "belongs to one model"),
            (["--fmr", "0"], "The target FMR is 0"),
            (["--threshold", "3"], "distance 3"),
            (["--protocol", "lfw"], "--pairs"),
            (["--mated", "3"], "--mated means nothing to protocol 'folders'"),
            (["--nonsense"], "--nonsense"),
        ],
    )
    def test_what_makes_no_sense_exits_with_2_and_writes_nothing(self, run, tmp_path, options, said):
        done = run("stress", tmp_path, *options, "--offline", "--out", tmp_path / "r", code=2)
        assert said in " ".join(done.stderr.replace("│", " ").split())
        assert done.stdout == ""
        assert not (tmp_path / "r").exists()

    @needs_dlib
    def test_a_folder_that_is_not_there_exits_with_1(self, run, tmp_path):
        done = run("stress", tmp_path / "nobody", *DLIB, "--out", tmp_path / "r", code=1)
        assert done.stderr.splitlines()[-1].startswith("faceproof: ")
        assert "no such folder" in done.stderr


@needs_dlib
class TestReport:
    def test_it_draws_a_stress_run_again(self, finished, run):
        folder, stdout, _ = finished
        before = {name: (folder / name).read_bytes() for name in ("metrics.json", "changes.csv", "report.html")}
        (folder / "report.html").unlink()
        done = run("report", folder)
        assert done.stdout == stdout
        assert {name: (folder / name).read_bytes() for name in before} == before
        assert json.loads(run("report", folder, "--json", "--quiet", "--no-figures").stdout)["kind"] == "stress"

    @pytest.mark.parametrize("options", [["--threshold", "0.5"], ["--folds", "3"], ["--fail-if", "eer > 1%"]])
    def test_options_for_runs_of_evaluate_are_refused(self, finished, run, options):
        done = run("report", finished[0], *options, code=2)
        assert "are for runs of evaluate; leave them out" in done.stderr
        assert done.stdout == ""

    def test_verify_says_that_a_stress_run_is_no_evaluation(self, finished, cached, run):
        one, two = sorted((cached / "people" / "synthetic-0003").iterdir())[:2]
        done = run("verify", one, two, "--run", finished[0], code=1)
        assert "expected one of faceproof evaluate" in done.stderr


class TestDegrade:
    def test_a_folder_is_written_and_told(self, run, tmp_path):
        for number in range(3):
            photo(tmp_path / "in" / "Ann" / f"{number}.jpg", number)
        (tmp_path / "in" / "notes.txt").write_text("none")
        done = run("degrade", tmp_path / "in", tmp_path / "out", "--degradation", "jpeg", "--severity", 2)
        assert done.stdout == f"JPEG, quality 20: 3 photos written: {tmp_path / 'out'}\n"
        assert len(list((tmp_path / "out" / "Ann").glob("*.png"))) == 3

    def test_one_photo_is_one_photo(self, run, tmp_path):
        source = photo(tmp_path / "in" / "1.png")
        done = run("degrade", source, tmp_path / "out", "--degradation", "blur", "--severity", 1)
        assert done.stdout == f"Gaussian blur, radius 1 px: 1 photo written: {tmp_path / 'out'}\n"

    def test_json_and_quiet(self, run, tmp_path):
        photo(tmp_path / "in" / "1.png")
        (tmp_path / "in" / "cut.jpg").write_bytes(b"\xff\xd8\xff cut")
        command = ["degrade", tmp_path / "in", tmp_path / "out", "--degradation", "rain", "--severity", 3, "--seed", 4]
        done = run(*command, "--json", "--quiet")
        told = json.loads(done.stdout)
        assert done.stderr == ""
        (failed,) = told.pop("failed")
        assert failed["photo"] == str(tmp_path / "in" / "cut.jpg")
        assert failed["reason"]
        assert told == {
            "condition": "rain-3",
            "told": FAMILIES["rain"].at(3).text,
            "written": 1,
            "ignored": 0,
            "folder": str(tmp_path / "out"),
        }

    def test_a_broken_photo_is_named_and_the_others_are_written(self, run, tmp_path):
        photo(tmp_path / "in" / "1.png")
        for number in range(7):
            (tmp_path / "in" / f"cut{number}.jpg").write_bytes(b"\xff\xd8\xff cut")
        done = run("degrade", tmp_path / "in", tmp_path / "out", "--degradation", "sepia", "--severity", 1)
        assert "Sepia: 1 photo written, 7 could not be:" in done.stdout
        assert done.stderr.count("Note: ") == 6
        assert "2 more photos could not be written" in done.stderr

    def test_where_nothing_could_be_written_it_exits_with_1(self, run, tmp_path):
        (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff cut")
        run("degrade", tmp_path / "cut.jpg", tmp_path / "out", "--degradation", "sepia", "--severity", 1, code=1)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--degradation", "gausian-blur", "--severity", "1"], "Did you mean 'gaussian-blur'"),
            (
                ["--degradation", "jpeg", "--severity", "6"],
                "jpeg has severities 1 to 5 (0 is the photo as it is), not 6",
            ),
            (["--degradation", "jpeg", "--severity", "-1"], "not -1"),
            (["--degradation", "jpeg"], "--severity"),
            (["--severity", "1"], "--degradation"),
        ],
    )
    def test_what_makes_no_sense_exits_with_2(self, run, tmp_path, options, said):
        source = photo(tmp_path / "in" / "1.png")
        done = run("degrade", source, tmp_path / "out", *options, code=2)
        assert said in done.stderr
        assert done.stdout == ""
        assert not (tmp_path / "out").exists()

    def test_files_that_are_there_stay_unless_overwriting_is_asked_for(self, run, tmp_path):
        source = photo(tmp_path / "in" / "1.png")
        command = ["degrade", source, tmp_path / "out", "--degradation", "sepia", "--severity", 1]
        run(*command)
        assert "--overwrite" in run(*command, code=2).stderr
        run(*command, "--overwrite")

    def test_a_folder_that_is_not_there_exits_with_1(self, run, tmp_path):
        command = ["degrade", tmp_path / "absent", tmp_path / "out", "--degradation", "sepia", "--severity", 1]
        assert "absent does not exist" in run(*command, code=1).stderr

    @pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode here")
    def test_a_name_that_is_no_unicode_or_steers_a_terminal_is_written_and_told(self, run, tmp_path):
        folder = tmp_path / os.fsdecode(b"caf\xe9")
        photo(folder / "1\x1b[31m.png")
        (folder / "2\x1b[31m.jpg").write_bytes(b"\xff\xd8\xff cut")
        done = run("degrade", folder, tmp_path / "out", "--degradation", "sepia", "--severity", 1)
        assert (tmp_path / "out" / "1\x1b[31m.png").is_file()
        assert "\x1b" not in done.stderr
        told = json.loads(
            run("degrade", folder, tmp_path / "o2", "--degradation", "sepia", "--severity", 1, "--json").stdout
        )
        assert told["failed"][0]["photo"].endswith("2\x1b[31m.jpg")


class TestDegradations:
    def test_json_has_every_family_with_its_severities_and_suites(self, run):
        done = run("degradations", "--json")
        rows = {row["name"]: row for row in json.loads(done.stdout)}
        assert done.stderr == ""
        assert list(rows) == list(FAMILIES)
        for name, family in FAMILIES.items():
            assert rows[name]["title"] == family.title
            assert rows[name]["severities"] == [family.at(s).text for s in range(1, len(family.levels) + 1)]
            assert set(rows[name]["suites"]) <= {"classic", "standard"}
            assert rows[name]["suites"]
        assert rows["gaussian-blur"]["suites"] == ["classic"]

    def test_a_table_for_people_fits_80_columns_and_cuts_nothing(self, run, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        done = run("degradations")
        lines = done.stdout.splitlines()
        assert max(map(len, lines)) <= 80
        assert "…" not in done.stdout
        first = [line.split()[0] for line in lines[1:] if line[:1].strip()]
        assert first == list(FAMILIES)
        assert done.stderr == ""
