"""The commands rerun, check and diff: what they print, and how they end."""

from __future__ import annotations

import json
import sys

import pytest
from edited import merged
from receipts import OWN, copied, with_similarity, write_people

import faceproof
from faceproof.runs.manifest_file import write_manifest
from faceproof.runs.run_folder import open_run
from faceproof.systems.recipe import Recipe


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """An evaluation of a model of one's own, and a copy of it with one other similarity."""
    root = tmp_path_factory.mktemp("receipts")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setattr(sys, "path", list(sys.path))
        write_people(root / "people")
        (root / "receipt_own.py").write_text(OWN)
        usual = {"recipe": Recipe(detector="none"), "protocol": "all", "figures": False, "canary": False}
        faceproof.evaluate(root / "people", model="receipt_own:Model", out=root / "run", cache=False, **usual)
        with_similarity(copied(root / "run", root / "edited"), 4, 1e-3)
        yield root
    sys.modules.pop("receipt_own", None)


@pytest.fixture
def at(world, foreseen):
    def at(*arguments, code=0):
        return foreseen(*arguments, code=code, cwd=world)

    return at


def words(text):
    return " ".join(text.split())


def test_a_sound_run_ends_with_0(at):
    said = words(at("rerun", "run", "--check").stdout)
    assert said.startswith("No difference: the repetition of run has the same similarities and decisions.")
    assert "All 66 similarities are exactly equal." in said
    assert "All templates were computed; the template cache was not used." in said
    said = words(at("check", "run").stdout)
    assert said.startswith("No difference: everything that run was made of, and its files, are as in its manifest.")
    assert f"manifest_sha256: {json.loads(at('check', 'run', '--json').stdout)['manifest_sha256']}" in said
    said = words(at("diff", "run", "run").stdout)
    assert said.startswith("No difference between run and run in settings, data, systems and results. A: run B: run")


def test_a_difference_ends_with_3_and_is_named(at):
    said = words(at("rerun", "edited", "--check", code=3).stdout)
    assert said.startswith("The repetition of edited differs: 1 similarity by more than 1e-05")
    assert "4: ann/1.png and cem/2.png:" in said
    said = words(at("diff", "run", "edited", code=3).stdout)
    assert said.startswith("run and edited differ in similarities.")
    assert "1 of 66 similarities differ; the largest difference is 0.001; 0 decisions differ" in said


def test_a_run_that_cannot_be_repeated_ends_with_1(at, tmp_path):
    done = at("rerun", "run", "--check", "--people", tmp_path / "none", code=1)
    assert done.stdout == ""
    assert "The run in run cannot be repeated. None of the 12 photos can be read (ann/1.png, " in done.stderr
    assert done.stderr.rstrip().endswith("Give its place with --people.")
    said = words(at("check", "run", "--people", tmp_path / "none", code=3).stdout)
    assert said.startswith("run is not as in its manifest: photos (missing).")


def test_what_is_json_is_the_result(at, tmp_path):
    found = json.loads(at("rerun", "edited", "--check", "--json", code=3).stdout)
    assert (found["same"], found["scores"][0]["different"], found["out"]) == (False, 1, None)
    assert found["scores"][0]["examples"][0]["comparison"] == 4
    found = json.loads(at("rerun", "run", "--check", "--json", "--out", tmp_path / "kept").stdout)
    assert (found["same"], found["out"]) == (True, str(tmp_path / "kept"))
    found = json.loads(at("check", "run", "--json").stdout)
    assert (found["same"], found["folder"], found["checks"][0]["outcome"]) == (True, "run", "same")
    found = json.loads(at("diff", "run", "edited", "--json", code=3).stdout)
    assert (found["same"], found["a"], found["numbers"]) == (False, "run", [])


def test_without_check_it_prints_the_new_run(at, tmp_path):
    done = at("rerun", "run", "--out", tmp_path / "new", "--no-cache")
    assert "EER" in done.stdout
    manifest = json.loads((tmp_path / "new" / "manifest.json").read_text())
    assert manifest["command"].startswith("faceproof rerun run --out ")
    assert "holds a finished run" in at("rerun", "run", "--out", tmp_path / "new", code=1).stderr
    found = json.loads(at("rerun", "run", "--out", tmp_path / "new", "--overwrite", "--json").stdout)
    assert found["folder"] == str(tmp_path / "new")


def test_versions_alone_are_said_and_end_with_0(at, world, tmp_path):
    other = copied(world / "run", tmp_path / "run")
    write_manifest(other, merged(open_run(other).manifest, "versions", torch="1.0"))
    said = words(at("diff", "run", other).stdout)
    assert "They differ in versions, which count as no difference of results." in said
    assert "versions.torch" in said


def test_quiet_says_nothing_on_stderr(at):
    for arguments in (["rerun", "run", "--check"], ["check", "run"], ["diff", "run", "run"]):
        assert at(*arguments, "--quiet").stderr == ""


@pytest.mark.parametrize("columns", ["200", "80", "30"])
def test_any_width_has_every_word(at, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    for arguments, code in ((["check", "run"], 0), (["diff", "run", "edited"], 3), (["rerun", "edited", "--check"], 3)):
        assert "…" not in at(*arguments, code=code).stdout


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["rerun", "run", "--tolerance", "1"], "--tolerance goes with --check", 2),
        (["rerun", "run", "--check", "--tolerance", "nan"], "expected 0 or more", 2),
        (["rerun", "run", "--pairs", "people"], "--pairs means nothing here", 2),
        (["rerun", "people"], "people is no run folder", 1),
        (["check", "receipt_own.py"], "receipt_own.py", 1),
        (["diff", "run", "nowhere"], "nowhere is no run folder", 1),
        (["diff", "run", "run", "--tolerance", "inf"], "expected 0 or more", 2),
    ],
)
def test_odd_input_is_refused(at, arguments, said, code):
    done = at(*arguments, code=code)
    assert said in done.stderr
    assert done.stdout == ""
