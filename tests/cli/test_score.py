"""``faceproof score`` and ``faceproof evaluate --templates`` as a person uses them: a process of its own."""

from __future__ import annotations

import json

import numpy as np
import pytest

SCORES = "similarity,label\n90,genuine\n80,genuine\n75,impostor\n20,impostor\n,genuine\n"


def quickly(arguments, figures):
    """Arguments of faceproof, without figures where they are not wanted."""
    able = arguments[0] in {"score", "evaluate", "report"}
    return [*arguments, *(["--no-figures"] if able and not figures else [])]


@pytest.fixture
def run(foreseen):
    """faceproof in this process, without figures where none are asked for."""

    def run(*arguments, figures=False, **settings):
        return foreseen(*quickly(arguments, figures), **settings)

    return run


@pytest.fixture
def scores(tmp_path):
    (tmp_path / "scores.csv").write_text(SCORES)
    return tmp_path / "scores.csv"


@pytest.fixture
def templates(tmp_path):
    rows = np.repeat(np.eye(4), 2, axis=0) + 0.1 * np.arange(32).reshape(8, 4) / 32
    ids = np.array([f"{name}/{photo}.jpg" for name in "abcd" for photo in "12"])
    np.savez(tmp_path / "faces.npz", photo=ids, template=rows)
    return tmp_path / "faces.npz"


def test_both_commands_have_help(run):
    assert "SCORES" in run("score", "--help").stdout
    assert "--templates" in run("evaluate", "--help").stdout


def test_score_leaves_a_run_that_report_draws_again(run, scores, tmp_path):
    done = run(
        "score",
        scores,
        "--threshold",
        70,
        "--name",
        "vendor",
        "--out",
        tmp_path / "run",
        "--fail-if",
        "eer > 0.9",
        figures=True,
    )
    assert "vendor decided" in done.stdout
    assert "linearly" in done.stdout
    assert "Reading the scores" in done.stderr
    before = (tmp_path / "run" / "metrics.json").read_bytes()
    run("report", tmp_path / "run", "--quiet", figures=True)
    assert (tmp_path / "run" / "metrics.json").read_bytes() == before
    assert "--overwrite" in run("score", scores, "--out", tmp_path / "run", code=1).stderr
    assert "Gate missed" in run("report", tmp_path / "run", "--fail-if", "fmr > 0", code=3).stderr
    assert "made elsewhere" in run("verify", "a.jpg", "b.jpg", "--run", tmp_path / "run", code=2).stderr


def test_score_as_json_below_runs(process, scores, tmp_path):
    options = ["--json", "--quiet", "--name", "a b/c", "--fail-if", "fmr >= 0", "--no-figures"]
    done = process("score", scores, *options, cwd=tmp_path, code=3)
    numbers = json.loads(done.stdout)
    assert numbers["folder"].startswith("runs/")
    assert numbers["folder"].endswith("-a_b_c")
    assert numbers["run"]["systems"][0]["name"] == "a b/c"
    assert numbers["counts"]["not_compared_mated"] == 1


def test_mistakes_in_a_score_file_exit_with_1_and_options_with_2(run, scores, tmp_path):
    scores.write_text(SCORES + "30,who knows\n")
    assert "label are 'who knows' (1 row, first in line 7)" in run("score", scores, code=1).stderr
    assert "cannot be read" in run("score", tmp_path / "nowhere.csv", code=1).stderr
    scores.write_text(SCORES)
    assert "Gate" in run("score", scores, "--fail-if", "eer", code=2).stderr
    assert "1 folds" in run("score", scores, "--folds", 1, "--out", tmp_path / "run", code=2).stderr


def test_thousands_beside_plain_numbers_need_a_decimal_mark(run, scores, tmp_path):
    rows = [("6,640", 1), ("7,120", 1), ("5,980", 1), ("640", -1), ("712", -1), ("81", -1), ("9", -1)]
    scores.write_text("similarity;label\n" + "".join(f"{score};{label}\n" for score, label in rows))
    refused = run("score", scores, "--out", tmp_path / "run", code=1).stderr
    assert "'6,640' in line 2 (1 of 3), '640' in line 5 (1 of 4)" in refused
    assert "--decimal comma or --decimal point" in refused
    assert not (tmp_path / "run").exists()
    done = run("score", scores, "--decimal", "point", "--json", "--out", tmp_path / "run")
    numbers = json.loads(done.stdout)
    assert numbers["eer"]["value"] == 0
    assert (numbers["counts"]["mated"], numbers["counts"]["non_mated"]) == (3, 4)
    assert "'6,640' in line 2 is 6640." in done.stderr
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["protocol"]["settings"] == {"decimal": "point"}
    assert "decimal is 'dot'" in run("score", scores, "--decimal", "dot", code=2).stderr


def test_a_pair_list_without_its_protocol_is_told_which_to_say(run, templates):
    done = run("evaluate", "--templates", templates, "--pairs", "pairs.csv", code=2)
    assert "Protocol 'folders' takes no pair list. Say --protocol lfw or --protocol csv" in done.stderr


def test_templates_with_and_without_a_folder(run, templates, tmp_path):
    people = tmp_path / "people"
    for name in "abcd":
        (people / name).mkdir(parents=True)
        for photo in "123":
            (people / name / f"{photo}.jpg").write_text(f"{name} {photo}")
    done = run(
        "evaluate", "--templates", templates, "--protocol", "all", "--out", tmp_path / "a", "--json", "--name", "x"
    )
    alone = json.loads(done.stdout)
    assert (alone["run"]["systems"][0]["name"], alone["counts"]["comparisons"], alone["counts"]["failures"]) == (
        "x",
        28,
        0,
    )
    assert "not of unit length" in done.stderr
    done = run("evaluate", people, "--templates", templates, "--protocol", "all", "--out", tmp_path / "b", "--json")
    assert json.loads(done.stdout)["counts"]["failures_by_stage"]["embed"] == 4
    assert "4 photos fail: no template in faces.npz (4)" in done.stderr
    run("report", tmp_path / "b", "--quiet")


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (["--model", "facenet-vggface2"], "--model"),
        (["--weights", "w"], "--weights"),
        (["--crop-size", "160"], "--crop-size"),
        (["--margin", "0"], "--margin"),
        (["--alignment", "five_point"], "--alignment"),
        (["--no-mirror"], "--mirror"),
        (["--select", "subject"], "--select"),
        (["--min-face-size", "20"], "--min-face-size"),
        (["--device", "cpu"], "--device"),
        (["--batch-size", "32"], "--batch-size"),
        (["--workers", "1"], "--workers"),
        (["--decode-memory", "1GB"], "--decode-memory"),
        (["--no-cache"], "--no-cache"),
        (["--offline"], "--offline"),
    ],
)
def test_options_of_nets_are_refused_with_templates(templates, options, option):
    from typer.testing import CliRunner

    from faceproof.cli import app
    from faceproof.errors import ConfigurationError

    result = CliRunner().invoke(app, ["evaluate", "--templates", str(templates), *options])
    assert isinstance(result.exception, ConfigurationError)
    assert str(result.exception) == f"{option} means nothing with --templates, which are made already. Leave it out."


def test_people_or_templates_have_to_be_given(run, tmp_path):
    assert "PEOPLE, the folder of people, is missing" in run("evaluate", code=2).stderr
    assert "--name goes with --templates" in run("evaluate", tmp_path, "--name", "x", code=2).stderr
    assert "--mated means nothing" in run("evaluate", "--templates", "t.npz", "--mated", 3, code=2).stderr
