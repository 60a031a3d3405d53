"""``faceproof compare`` as a person uses it. No net and no photo is needed."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def run(foreseen):
    """faceproof in this process."""
    return foreseen


@pytest.fixture(scope="module")
def runs(made_up_run, two_scores, tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    pairs, first, second = two_scores()
    a = made_up_run(pairs, first).write(root / "a")
    b = made_up_run(pairs, second, model="model-b").write(root / "b")
    part = made_up_run(pairs[:200], second[:200], model="part").write(root / "part")
    return a, b, part


def test_it_prints_the_runs_side_by_side_and_leaves_a_folder(run, runs, tmp_path):
    done = run("compare", *runs[:2], "--out", tmp_path / "out")
    assert "model-a" in done.stdout
    assert "model-b against model-a" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80 or str(tmp_path) in done.stdout
    assert "Comparing model-a, model-b" in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "comparison.json", "manifest.json", "flips.csv", "report.html", "figures",
    }  # fmt: skip
    numbers = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert numbers["run"]["command"].startswith("faceproof compare ")


def test_json_and_quiet(process, runs, tmp_path):
    done = process("compare", *runs[:2], "--out", tmp_path / "out", "--json", "--quiet", "--no-figures")
    assert done.stderr == ""
    numbers = json.loads(done.stdout)
    assert numbers["folder"] == str(tmp_path / "out")
    kept = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert numbers["differences"] == kept["differences"]
    assert "curves" not in numbers["runs"][0]


def test_by_default_the_folder_is_new_and_below_runs(run, runs, tmp_path):
    run("compare", *runs[:2], "-q", "--no-figures", cwd=tmp_path)
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.endswith("-compare")


def test_other_pair_lists_are_refused_and_common_compares_what_they_share(run, runs, tmp_path):
    done = run("compare", runs[0], runs[2], "--out", tmp_path / "out", code=2)
    assert "200 comparisons instead of" in done.stderr
    assert "--common" in done.stderr
    done = run("compare", runs[0], runs[2], "--out", tmp_path / "out", "--common", "--no-figures")
    assert "left out" in " ".join(done.stdout.split())


def test_a_comparison_is_replaced_only_when_asked(run, runs, tmp_path):
    run("compare", *runs[:2], "--out", tmp_path / "out", "-q", "--no-figures")
    assert "--overwrite" in run("compare", *runs[:2], "--out", tmp_path / "out", code=1).stderr
    run("compare", *runs[:2], "--out", tmp_path / "out", "--overwrite", "-q", "--no-figures")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [(["a"], 2, "two or more"), (["a", "a"], 2, "same folder"), (["a", "nowhere"], 1, "no run folder"), ([], 2, "RUN")],
)
def test_what_makes_no_sense(run, runs, tmp_path, arguments, code, message):
    done = run("compare", *arguments, code=code, cwd=runs[0].parent)
    assert message in done.stderr


def test_help_names_every_option(run):
    text = run("compare", "--help").stdout
    assert all(option in text for option in ("--out", "--common", "--overwrite", "--json", "--quiet"))
