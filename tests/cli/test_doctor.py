"""``faceproof doctor`` as a person uses it: exit codes, what it prints, and odd input."""

from __future__ import annotations

import json

import numpy as np
import pytest
from honest_scores import sampled

from faceproof.findings.doctor.result import Audit


@pytest.fixture(scope="module")
def honest():
    return sampled(20, 3, 100)


@pytest.fixture
def scores(honest, tmp_path):
    return honest.write(tmp_path / "scores.csv")


def test_honest_results_end_with_0_though_there_are_hints(run, scores):
    done = run("doctor", scores)
    flat = " ".join(done.stdout.split())
    assert flat.startswith(f"No faults and 1 hint in {scores}: 160 comparisons of 20 people, 60 mated.")
    assert "HINT labels that look wrong" in done.stdout
    assert "people in two folds: the data have no folds (column fold)" in done.stdout
    assert done.stderr == ""


def test_a_fault_ends_with_3(run, honest, tmp_path):
    file = honest.having(score=1 - honest.score).write(tmp_path / "s.csv")
    done = run("doctor", file, code=3)
    assert " ".join(done.stdout.split()).startswith("1 fault and no hints in ")
    assert "FAULT scores upside down" in done.stdout
    assert "False alarms: at most 0.01 (one of 5 tests that share 0.05)." in done.stdout


def test_json_is_the_audit(run, scores, tmp_path):
    claims = tmp_path / "claims.toml"
    claims.write_text('auc = "0.500"\ncomparisons = 12\n')
    done = run("doctor", scores, "--claims", claims, "--json", "--level", 0.1, code=3)
    audit = Audit.model_validate_json(done.stdout)
    assert json.loads(done.stdout) == audit.model_dump(mode="json")
    assert (audit.level, audit.source) == (0.1, str(scores))
    assert [one.found.split(" is claimed")[0] for one in audit.faults] == ["comparisons = 12", "auc = 0.500"]


def test_the_advice_of_one_check_is_printed_once(run, scores, tmp_path):
    (tmp_path / "claims.toml").write_text('auc = "0.500"\neer = "0.400"\n')
    done = run("doctor", scores, "--claims", tmp_path / "claims.toml", code=3)
    assert done.stdout.count(" is claimed, and the data give") == 2
    assert done.stdout.count("FAULT claims recomputed") == 1
    assert done.stdout.count("Compute the number again") == 1


def test_a_pair_list(run, honest, scores, tmp_path):
    lines = scores.read_text().splitlines()
    (tmp_path / "fewer.csv").write_text("\n".join(lines[:-3]) + "\n")
    done = run("doctor", tmp_path / "fewer.csv", "--pairs", scores, code=3)
    assert "3 pairs of 160" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--score", "cosine"], "--score is 'cosine'; expected one of euclidean"),
        (["--score", "euclidean"], "the file has a column similarity"),
        (["--level", "0"], "--level is 0; expected a number above 0 and below 1"),
        (["--level", "nan"], "--level is nan"),
        (["--decimal", "dot"], "expected 'comma' or 'point'"),
        (["--claims", "claims.toml"], "'acuracy' is no claim. Did you mean 'accuracy'?"),
        (["--claims", "deep.toml"], "expected a number"),
    ],
)
def test_wrong_options_end_with_2(foreseen, scores, tmp_path, options, message):
    (tmp_path / "claims.toml").write_text("acuracy = 0.9\n")
    (tmp_path / "deep.toml").write_text("[accuracy]\nvalue = 0.9\n")
    done = foreseen("doctor", scores, *options, code=2, cwd=tmp_path)
    assert message in " ".join(done.stderr.split())


@pytest.mark.parametrize("option", ["", "--claims", "--pairs"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b"similarity,mated\n"])
def test_files_that_cannot_be_read_end_with_1(foreseen, scores, tmp_path, option, content):
    bad = tmp_path / "bad"
    if content is not None:
        bad.write_bytes(content)
    if option == "--claims" and content == b"":
        content = b"x"
        bad.write_bytes(content)
    arguments = [bad] if not option else [scores, option, bad]
    done = foreseen("doctor", *arguments, code=1)
    assert str(bad) in done.stderr
    assert done.stdout == ""


def test_a_folder_that_is_no_run(foreseen, tmp_path):
    assert "is no run folder" in foreseen("doctor", tmp_path, code=1).stderr


@pytest.mark.parametrize(
    "rows",
    [
        ["0.5,1"],
        ["inf,1", "-inf,0"],
        ["nan,1", ",0"],
        ["1e308,1", "-1e308,0", "1e-308,1", "0,0"],
        ["0.5,1"] * 50,
        ["0.5,0"] * 50,
        ["0.5,1", "0.5,0"] * 40,
        ["1e308,1", "-1e308,0"] * 40,
        [f"{x},1" for x in range(60)] + [f"{x},0" for x in range(60)],
    ],
)
@pytest.mark.parametrize("kind", ["similarity", "distance"])
def test_odd_scores_are_audited(foreseen, tmp_path, kind, rows):
    file = tmp_path / "s.csv"
    file.write_text("\n".join([f"{kind},mated", *rows]) + "\n")
    claims = tmp_path / "c.toml"
    lines = [
        'accuracy = "0.9"',
        'eer = "0.1"',
        'auc = "0.9"',
        '"fnmr@fmr=0.1" = "0.5"',
        'threshold = "1e300"',
        "tp = 3",
    ]
    claims.write_text("\n".join(lines))
    done = foreseen("doctor", file, "--claims", claims, code=3)
    assert f"{len(rows)} comparison" in " ".join(done.stdout.split())


@pytest.mark.parametrize("people", [1, 2])
def test_one_or_two_people_are_audited(foreseen, tmp_path, people):
    rng = np.random.default_rng(0)
    rows = []
    for row in range(80):
        a, b = f"p{row % people}", f"p{(row // 2) % people}"
        rows.append(f"{rng.random():.6f},{int(a == b)},{a},{b},{row % 3},{a}/{row}.jpg,{b}/{row + 1}.jpg")
    file = tmp_path / "s.csv"
    file.write_text("\n".join(["similarity,mated,person_a,person_b,fold,photo_a,photo_b", *rows]))
    assert f"of {people} people" in " ".join(foreseen("doctor", file, code=3).stdout.split())
